//! The station on engines of its own: a real PostgreSQL, started here and stopped with the test.
//!
//! In: the programs of this machine. Out: a line a test, and one that sums them up as `cargo test` does. Where an engine
//! cannot be had, each test that needs it is passed over by name, with the reason, and counted as ignored; with
//! `GUANLAN_ENGINES=required` that is a failure. Other arguments are filters.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod postgres;
mod same;
mod store;
mod tables;
mod trouble;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use postgres::Postgres;

/// What a test needs.
enum Needs {
    /// A server of its own making, which it may stop.
    Postgres(fn(&Postgres)),
}

/// All tests by name.
const TESTS: &[(&str, Needs)] = &[
    ("store::tables_and_columns_are_those_of_sqlite", Needs::Postgres(tables::are_the_same)),
    ("store::its_own_tests_pass_on_postgres", Needs::Postgres(store::own_tests)),
    ("store::a_walk_of_acts_leaves_both_kinds_alike", Needs::Postgres(walk::both_kinds)),
    ("store::what_is_wrong_is_told_for_what_it_is", Needs::Postgres(trouble::is_told)),
    ("store::a_server_that_dies_loses_and_doubles_nothing", Needs::Postgres(trouble::server_dies)),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_asked = |name: &str| args.is_empty() || args.iter().any(|arg| name.contains(arg));
    let is_required = std::env::var("GUANLAN_ENGINES").is_ok_and(|said| said == "required");
    let asked: Vec<_> = TESTS.iter().filter(|(name, _)| is_asked(name)).collect();
    // Listing tools ask for names alone.
    if std::env::args().any(|arg| arg == "--list") {
        asked.iter().for_each(|(name, _)| println!("cluster::{name}: test"));
        return ExitCode::SUCCESS;
    }
    let server =
        if asked.is_empty() { Err("nothing asks for it".to_owned()) } else { Postgres::start() };
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    for (name, Needs::Postgres(test)) in asked {
        let told = match &server {
            Err(why) if is_required => {
                failed += 1;
                format!("FAILED, {why}")
            }
            Err(why) => {
                ignored += 1;
                format!("SKIPPED, {why}")
            }
            Ok(server) if catch_unwind(AssertUnwindSafe(|| test(server))).is_ok() => {
                passed += 1;
                "ok".to_owned()
            }
            Ok(_) => {
                failed += 1;
                "FAILED".to_owned()
            }
        };
        println!("test cluster::{name} ... {told}");
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
