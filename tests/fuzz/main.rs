//! Fuzzing what comes from outside: pages, feeds, tables, queries, config, times, robots.txt, WARC files, zips.
//!
//! In: nothing, or a target with minutes, a seed and if wanted a folder of further inputs
//! (`cargo test --release --test fuzz -- pages 30 7 ../shared/data/pages`). Out: without
//! arguments a quick pass of every kept corpus and a few hundred changes of it, as a part of `cargo test`; with them
//! a long run that tells the slowest input and ends with status 1 at a panic, a slow input, or memory or time that
//! grows beyond its bound. What broke something is written to `target/fuzz/<target>` and belongs into the corpus.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod dice;
mod driver;
mod targets;

use std::path::Path;
use std::process::ExitCode;

use driver::Driver;
use targets::TARGETS;

/// Changed inputs per target in the quick pass.
const QUICK_ROUNDS: u64 = 100;

/// Longest changed input of the quick pass: a build without optimisation is some twenty times slower.
const QUICK_BYTES: usize = 16 * 1024;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let named = args.first().and_then(|name| TARGETS.iter().find(|target| target.name == name));
    let Some(target) = named else { return quick(&args) };
    let minutes: f64 = args.get(1).and_then(|m| m.parse().ok()).unwrap_or(1.0);
    let seed: u64 = args.get(2).and_then(|s| s.parse().ok()).unwrap_or(1);
    let mut driver = Driver::new(target, seed);
    if let Some(folder) = args.get(3) {
        driver.also(Path::new(folder));
    }
    println!("{}: {} inputs kept, seed {seed}, {minutes} minutes", target.name, driver.seeds());
    match driver.corpus().and_then(|()| driver.growth()).and_then(|()| driver.minutes(minutes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => failed(target.name, &why),
    }
}

/// Each corpus once, and a few changes of it. Other arguments are filters of the test harness: a target is passed
/// over where its name holds none of them.
fn quick(args: &[String]) -> ExitCode {
    let words: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    for target in TARGETS {
        let name = format!("fuzz::{}", target.name);
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let mut driver = Driver::new(target, 7);
        driver.cut_to(QUICK_BYTES);
        if let Err(why) = driver.corpus().and_then(|()| driver.rounds(QUICK_ROUNDS)) {
            return failed(target.name, &why);
        }
        println!("test {name} ... ok ({} inputs)", driver.tried());
    }
    ExitCode::SUCCESS
}

fn failed(target: &str, why: &str) -> ExitCode {
    println!("test fuzz::{target} ... FAILED: {why}");
    ExitCode::from(1)
}
