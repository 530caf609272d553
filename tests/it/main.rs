//! The program as its users meet it: the binary, run on a laboratory of its own.
//!
//! Each module is one promise. Nothing here reaches beyond loopback, sleeps, or needs the folder of shared
//! data; a test that measures on it says so and is passed over where it is missing.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../shared/data.rs"]
mod data;
mod lab;

mod answers;
mod api;
mod backup;
mod bucket;
mod cases;
mod collecting;
mod console;
mod corrections;
mod demo;
mod digests;
mod duties;
mod duty;
mod evidence;
mod gate;
mod grouping;
mod growing;
mod hostile;
mod import;
mod judging;
mod kept;
mod kill;
mod lending;
mod listening;
mod login;
mod packs;
mod pages;
mod people;
mod privacy;
mod promise;
mod publications;
mod rebuild;
mod refusals;
mod rehearse;
mod reports;
mod rooms;
mod small_web;
mod sources;
mod stop;
mod streams;
mod tables;
mod trouble;
mod truth;
mod ways;
mod week;
