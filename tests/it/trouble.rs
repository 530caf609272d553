//! Seven days in which everything goes wrong once: clock, hook, disk, index, database, a backup put back.
//!
//! A station of six sources lives through them in fake time, in a process of its own (this test's binary, so that
//! its disk can be filled: no file may grow, `prlimit --fsize`). In the end every post is stored and found, every
//! alert told, and nothing was purged before its time.

mod sites;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::engine::run::Rounds;
use guanlan::engine::{Clock, Station, nobody};
use guanlan::store::{PostRange, SqliteStore, Store};
use sites::{PAST_ITS_DATE, SOURCES, Sites, is_accident, is_feed, published, start};

use crate::lab::Lab;

/// What is set in the child only: where its laboratory is.
const CHILD: &str = "GUANLAN_IT_TROUBLE";

/// How far the station's clock is wrong, in hours since the start.
const ASTRAY: [(Range<i64>, i64); 4] = [
    (10..14, 3_600),
    (30..34, -3_600),
    (60..63, 2 * 365 * 86_400),
    (100..105, -86_400),
];

const HOOK_HANGS: Range<i64> = 24..48;
const DISK_FULL_AT: i64 = 50;
const INDEX_GONE_AT: i64 = 75;
const LOCKED_AT: i64 = 80;
const COPIED_AT: i64 = 90;
const PUT_BACK_AT: i64 = 120;
const END: i64 = 7 * 24;

/// What must come does so within this long, or the test has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Posts older than this are purged.
const POSTS_DAYS: i64 = 30;

fn config(lab: &Lab, ports: &[u16], hook: u16) -> Config {
    lab.write(
        "guanlan.toml",
        &format!(
            "[station]\nname = \"云岭矿业集团\"\ncontact = \"desk@example.com\"\ndata_dir = \"data\"\n\
             [crawl]\nschedule = \"*/30 * * * *\"\ndelay_secs = 0.0\n\
             [retention]\nposts_days = {POSTS_DAYS}\n\
             [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n\
             [[notifier]]\nname = \"file\"\nkind = \"file\"\npath = \"data/alerts.jsonl\"\ndefault = true\n\
             [[notifier]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{hook}/\"\n\
             timeout_secs = 1\ndefault = true\n"
        ),
    );
    let mut sources = String::new();
    for (source, port) in (0..SOURCES).zip(ports) {
        let host = format!("127.0.0.1:{port}");
        let kind = if is_feed(source) {
            format!("kind = \"feed\"\nurl = \"http://{host}/rss.xml\"")
        } else {
            format!("kind = \"list\"\nurls = [\"http://{host}/list/\"]")
        };
        let _ = writeln!(
            sources,
            "[[source]]\nid = \"s{source}\"\nname = \"第{source}站\"\nallow_private = [\"{host}\"]\n{kind}"
        );
    }
    lab.write("sources/all.toml", &sources);
    lab.write(
        "rules/accident.toml",
        "[[rule]]\nid = \"accident\"\nname = \"事故\"\nkind = \"any\"\nquery = \"井下发生事故\"\n",
    );
    Config::load(Some(lab.path()), &Overrides::default())
        .unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)))
}

/// Waits for what other threads bring about.
fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// The station's clock: the true time, and how far it is wrong just now.
fn clock(sites: &Arc<Sites>, skew: &Arc<AtomicI64>) -> Clock {
    let (sites, skew) = (sites.clone(), skew.clone());
    Arc::new(move || sites.now() + TimeDelta::seconds(skew.load(Ordering::SeqCst)))
}

/// No file of this process may grow or be written any more, or all may again.
fn fill_disk(is_full: bool) {
    let limit = if is_full { "--fsize=0:" } else { "--fsize=unlimited:" };
    let pid = std::process::id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, limit]).status().unwrap().success());
}

struct Week {
    lab: Lab,
    sites: Arc<Sites>,
    skew: Arc<AtomicI64>,
    config: Config,
    runtime: tokio::runtime::Runtime,
}

impl Week {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (lab, sites) = (Lab::new(), Sites::new());
        let (ports, hook) = runtime.block_on(sites.serve());
        let config = config(&lab, &ports, hook);
        Self { lab, sites, skew: Arc::default(), config, runtime }
    }

    fn open(&self) -> Station {
        Station::open(self.config.clone(), clock(&self.sites, &self.skew), nobody()).unwrap()
    }

    fn set(&self, hour: i64, minute: i64) {
        let now = start() + TimeDelta::hours(hour) + TimeDelta::minutes(minute);
        self.sites.time.store(now.timestamp(), Ordering::SeqCst);
        let skew = ASTRAY.iter().find(|(hours, _)| hours.contains(&hour)).map_or(0, |(_, s)| *s);
        self.skew.store(skew, Ordering::SeqCst);
        self.sites.hook_hangs.store(HOOK_HANGS.contains(&hour), Ordering::SeqCst);
    }

    /// Lives through `hours`, half an hour at a time.
    fn live(&self, station: &Station, hours: Range<i64>) {
        self.set(hours.start, 0);
        let now = || (station.collector.clock)();
        let mut rounds = Rounds::new(station, now()).unwrap();
        for hour in hours {
            for minute in [0, 30] {
                self.set(hour, minute);
                self.runtime.block_on(async {
                    rounds.tick(now()).await.unwrap();
                    if !self.trouble(station, hour, minute) {
                        rounds.settle().await.unwrap();
                    }
                });
            }
        }
        self.runtime.block_on(rounds.settle()).unwrap();
    }
}
