//! The station on engines of its own: a real PostgreSQL, started here and stopped with the test.
//!
//! In: the programs of this machine. Out: a line a test, and one that sums them up as `cargo test` does. Where an engine
//! cannot be had, each test that needs it is passed over by name, with the reason, and counted as ignored; with
//! `GUANLAN_ENGINES=required` that is a failure. Other arguments are filters.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod backup;
mod console;
mod copying;
mod demo_web;
mod duress;
mod following;
mod hundred;
#[path = "../it/lab.rs"]
#[allow(dead_code, reason = "other tests ask for the rest of it")]
mod lab;
mod opensearch;
mod postgres;
#[path = "../it/promise.rs"]
mod promise;
mod same;
mod sealed;
#[path = "../it/small_web.rs"]
mod small_web;
mod store;
mod tables;
mod three_nodes;
mod trouble;
mod walk;
mod watched;
mod workers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use opensearch::Node;
use postgres::Postgres;

/// What a test needs.
enum Needs {
    /// A server of its own making, which it may stop.
    Postgres(fn(&Postgres)),
    /// A search node of its own, which it may kill.
    Search(fn(Node)),
    /// Both.
    Both(fn(&Postgres, &Node)),
}

/// All tests by name.
const TESTS: &[(&str, Needs)] = &[
    ("store::tables_and_columns_are_those_of_sqlite", Needs::Postgres(tables::are_the_same)),
    ("store::its_own_tests_pass_on_postgres", Needs::Postgres(store::own_tests)),
    ("store::a_walk_of_acts_leaves_both_kinds_alike", Needs::Postgres(walk::both_kinds)),
    ("store::what_is_wrong_is_told_for_what_it_is", Needs::Postgres(trouble::is_told)),
    ("store::a_server_that_dies_loses_and_doubles_nothing", Needs::Postgres(trouble::server_dies)),
    (
        "store::it_goes_to_a_server_and_back_however_often_killed",
        Needs::Postgres(copying::there_and_back),
    ),
    (
        "store::a_backup_is_one_instant_and_comes_back_whole",
        Needs::Postgres(backup::there_and_back),
    ),
    ("store::nothing_goes_in_the_clear_unless_told", Needs::Postgres(sealed::or_refused)),
    ("workers::they_die_at_any_instant", Needs::Postgres(workers::die_at_any_instant)),
    ("workers::they_wait_where_the_disk_is_full", Needs::Postgres(duress::full_disk)),
    ("workers::what_all_have_read_is_one_figure", Needs::Postgres(duress::deep_share)),
    ("workers::they_end_within_five_seconds", Needs::Postgres(duress::ends)),
    (
        "search::what_is_stored_while_it_is_away_is_found_later",
        Needs::Search(following::away_and_back),
    ),
    ("search::an_index_whose_copies_lose_posts_is_refused", Needs::Search(following::loses_posts)),
    (HUNDRED, Needs::Postgres(hundred::die_on_the_demo)),
    (CONSOLE, Needs::Both(console::day)),
];

/// Asked for by their variables alone.
const CONSOLE: &str = "console::a_day_in_a_browser";
const HUNDRED: &str = "workers::they_die_on_the_demo_many_times_over";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_asked = |name: &str| args.is_empty() || args.iter().any(|arg| name.contains(arg));
    let is_required = std::env::var("GUANLAN_ENGINES").is_ok_and(|said| said == "required");
    let is_on = |name: &str| match name {
        CONSOLE => std::env::var(console::ASKED).is_ok(),
        HUNDRED => std::env::var(hundred::COPIES).is_ok(),
        _ => true,
    };
    let asked: Vec<_> = TESTS.iter().filter(|(name, _)| is_asked(name) && is_on(name)).collect();
    // Listing tools ask for names alone.
    if std::env::args().any(|arg| arg == "--list") {
        asked.iter().for_each(|(name, _)| println!("cluster::{name}: test"));
        return ExitCode::SUCCESS;
    }
    let needs_server = asked.iter().any(|(_, needs)| !matches!(needs, Needs::Search(_)));
    let server =
        if needs_server { Postgres::start() } else { Err("nothing asks for it".to_owned()) };
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    for (name, needs) in asked {
        let ran = match needs {
            Needs::Postgres(test) => server
                .as_ref()
                .map(|server| catch_unwind(AssertUnwindSafe(|| test(server))).is_ok())
                .map_err(Clone::clone),
            Needs::Both(test) => server.as_ref().map_err(Clone::clone).and_then(|server| {
                let node = opensearch::try_cluster(opensearch::OLDEST, 1)?.remove(0);
                Ok(catch_unwind(AssertUnwindSafe(|| test(server, &node))).is_ok())
            }),
            Needs::Search(test) => {
                opensearch::try_cluster(opensearch::OLDEST, 1).map(|mut nodes| {
                    let node = nodes.remove(0);
                    catch_unwind(AssertUnwindSafe(|| test(node))).is_ok()
                })
            }
        };
        let told = match ran {
            Err(why) if is_required => {
                failed += 1;
                format!("FAILED, {why}")
            }
            Err(why) => {
                ignored += 1;
                format!("SKIPPED, {why}")
            }
            Ok(true) => {
                passed += 1;
                "ok".to_owned()
            }
            Ok(false) => {
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
