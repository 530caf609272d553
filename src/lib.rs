//! The edge: command line, config, engine, store, watch delivery, reports.
//!
//! Everything that does IO beside crawling and indexing lives here; `engine` alone knows the order of the
//! stages. The library exists so that tests can reach it; the binary is `main.rs`.

pub mod answers;
pub mod bucket;
pub mod cases;
pub mod cli;
pub mod config;
pub mod demo;
pub mod desk;
pub mod engine;
pub mod eval;
pub mod evidence;
mod key_file;
pub mod notify;
pub mod packs;
mod platform;
pub mod report;
pub mod schedule;
pub mod serve;
pub mod store;
pub mod train;
