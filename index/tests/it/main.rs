//! Tests of the index from outside: it agrees with the in-memory matcher, misses no literal of real texts,
//! pages, groups and counts rightly, and survives crashes and rebuilds.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod agreement;
mod answers;
mod cluster;
mod completeness;
#[path = "../../../tests/shared/data.rs"]
mod data;
mod dice;
mod durability;
mod lab;
#[path = "../../../tests/cluster/opensearch.rs"]
mod opensearch;
mod speech;
