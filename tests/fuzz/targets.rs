//! What is fuzzed: one target for each kind of thing that comes from outside.
//!
//! In: bytes. Out: nothing; a target panics where a promise does not hold. `limit` is the most processor time one input
//! of 1 MiB at most may take in a release build, `pieces` are what its grammar is made of.

mod files;
mod pages;
mod texts;
mod times;

use std::path::Path;
use std::time::Duration;

/// One target.
pub struct Target {
    pub name: &'static str,
    pub limit: Duration,
    pub pieces: &'static [&'static str],
    /// Kept inputs that are made rather than kept: containers, whose bytes say nothing to a reader.
    pub made: fn() -> Vec<Vec<u8>>,
    pub run: fn(&[u8], &Path),
}

pub const TARGETS: &[Target] = &[
    Target {
        name: "pages",
        limit: Duration::from_millis(1500),
        pieces: pages::PIECES,
        made: none,
        run: pages::page,
    },
    Target {
        name: "feeds",
        // Read in seven ways, one after the other.
        limit: Duration::from_millis(3500),
        pieces: pages::FEED_PIECES,
        made: none,
        run: pages::feed,
    },
    Target {
        name: "tables",
        limit: Duration::from_secs(3),
        pieces: files::TABLE_PIECES,
        made: files::tables,
        run: files::table,
    },
    Target {
        name: "queries",
        limit: Duration::from_secs(2),
        pieces: texts::QUERY_PIECES,
        made: none,
        run: texts::query,
    },
    Target {
        name: "config",
        limit: Duration::from_secs(2),
        pieces: texts::CONFIG_PIECES,
        made: none,
        run: texts::config,
    },
    Target {
        name: "times",
        limit: Duration::from_millis(200),
        pieces: times::PIECES,
        made: none,
        run: times::time,
    },
    Target {
        name: "robots",
        limit: Duration::from_millis(300),
        pieces: texts::ROBOTS_PIECES,
        made: none,
        run: texts::robots,
    },
    Target {
        name: "warc",
        limit: Duration::from_secs(2),
        pieces: files::WARC_PIECES,
        made: files::archives,
        run: files::archive,
    },
    Target {
        name: "zips",
        limit: Duration::from_secs(2),
        pieces: files::ZIP_PIECES,
        made: files::zips,
        run: files::zip,
    },
];

fn none() -> Vec<Vec<u8>> {
    Vec::new()
}
