//! Structured log lines on standard error.
//!
//! In: how often `-v` was said, and `RUST_LOG`, which decides where it is set. Out: a running log. Whatever is
//! asked for, other people's crates are heard down to `info` only: below it parsers write out the pages they
//! read, with every name and number in them.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

/// The crates of this house.
const OURS: [&str; 3] = ["guanlan", "pipelines", "index"];

/// Starts the log; a second call in one process (tests) keeps the first.
pub fn start(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "guanlan=info,pipelines=info,index=info,warn",
        2 => "guanlan=debug,pipelines=debug,index=debug,info",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(is_terminal);
    let lines = match std::env::var("GUANLAN_LOG_FORMAT") {
        Ok(format) if format == "json" => lines.json().boxed(),
        _ => lines.with_target(false).boxed(),
    };
    let started = tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .with(filter_fn(may_speak))
        .try_init();
    drop(started);
}

fn may_speak(line: &Metadata<'_>) -> bool {
    let crate_name = line.target().split("::").next().unwrap_or_default();
    *line.level() <= Level::INFO || OURS.contains(&crate_name)
}
