//! A station on engines that are made for more than one machine: real servers, started and stopped by the tests; passed
//! over by name where they cannot be had.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod following;
#[path = "../it/lab.rs"]
#[allow(dead_code, reason = "other tests ask for the rest of it")]
mod lab;
mod opensearch;
