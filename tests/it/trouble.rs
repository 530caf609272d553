//! Seven days in which everything goes wrong once: clock, hook, disk, index, database, a backup put back.
//!
//! A station of six sources lives through them in fake time, in a process of its own (this test's binary, so that
//! its disk can be filled: no file may grow, `prlimit --fsize`). In the end every post is stored and found, every
//! alert told, and nothing was purged before its time.

mod sites;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::engine::clock::confirm_by_hand;
use guanlan::engine::faults::Part;
use guanlan::engine::run::Rounds;
use guanlan::engine::{Clock, Station, nobody};
use guanlan::store::{PostRange, SqliteStore, Store};
use sites::{PAST_ITS_DATE, SOURCES, Sites, is_accident, is_feed, published, start};

use crate::lab::Lab;

/// What is set in the child only: where its laboratory is.
const CHILD: &str = "GUANLAN_IT_TROUBLE";

/// How far the station's clock is wrong, in hours since the start.
const ASTRAY: [(Range<i64>, i64); 4] =
    [(10..14, 3_600), (30..34, -3_600), (60..63, 2 * 365 * 86_400), (100..105, -86_400)];

const HOOK_HANGS: Range<i64> = 24..36;
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
             [judge]\ndepth = \"fast\"\n[crawl]\nschedule = \"*/30 * * * *\"\ndelay_secs = 0.0\n\
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
    /// Another program's hold on the database.
    held: Cell<Option<rusqlite::Connection>>,
}

impl Week {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (lab, sites) = (Lab::new(), Sites::new());
        let (ports, hook) = runtime.block_on(sites.serve());
        let config = config(&lab, &ports, hook);
        Self { lab, sites, skew: Arc::default(), config, runtime, held: Cell::default() }
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
            self.before(hour);
            for minute in [0, 30] {
                self.set(hour, minute);
                self.runtime.block_on(rounds.tick(now())).unwrap();
                if minute == 0 && (hour == DISK_FULL_AT || hour == LOCKED_AT) {
                    self.ten_minutes_of_fault(station, &mut rounds, hour);
                    fill_disk(false);
                    self.held.take();
                }
                self.runtime.block_on(rounds.settle()).unwrap();
            }
        }
    }

    /// What happens at the beginning of `hour`.
    fn before(&self, hour: i64) {
        let data = self.lab.data();
        match hour {
            DISK_FULL_AT => fill_disk(true),
            // The follower may be writing into it just now.
            INDEX_GONE_AT => {
                until("the index is gone", || std::fs::remove_dir_all(data.join("index")).is_ok())
            }
            LOCKED_AT => {
                let db = rusqlite::Connection::open(data.join("guanlan.db")).unwrap();
                db.busy_timeout(PATIENCE).unwrap();
                db.execute_batch("BEGIN IMMEDIATE").unwrap();
                self.held.set(Some(db));
            }
            COPIED_AT => {
                let db = rusqlite::Connection::open(data.join("guanlan.db")).unwrap();
                let copy = self.lab.path().join("copy.db");
                db.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
            }
            _ => {}
        }
    }

    /// The fault is met, not only there: it is on the board, and the station goes on ticking.
    fn ten_minutes_of_fault(&self, station: &Station, rounds: &mut Rounds<'_>, hour: i64) {
        let what = format!("hour {hour}: the board says that the store is at fault");
        until(&what, || station.board.is_at_fault(&Part::Store));
        for _ in 0..10 {
            self.sites.time.fetch_add(60, Ordering::SeqCst);
            self.runtime.block_on(rounds.tick((station.collector.clock)())).unwrap();
        }
    }

    /// The copy takes the place of the database, as when a backup is put back.
    fn put_copy_back(&self) {
        let data = self.lab.data();
        for name in ["guanlan.db-wal", "guanlan.db-shm"] {
            // Closed in peace, it left none.
            let _ = std::fs::remove_file(data.join(name));
        }
        std::fs::rename(self.lab.path().join("copy.db"), data.join("guanlan.db")).unwrap();
    }

    /// Until nothing waits to be told.
    fn tell_everything(&self, station: &Station) {
        let mut rounds = Rounds::new(station, (station.collector.clock)()).unwrap();
        until("everything is told", || {
            self.sites.time.fetch_add(1_800, Ordering::SeqCst);
            let now = (station.collector.clock)();
            self.runtime.block_on(async {
                rounds.tick(now).await.unwrap();
                rounds.settle().await.unwrap();
            });
            station.store.deliveries("pending", DateTime::<Utc>::MAX_UTC, 1).unwrap().is_empty()
        });
    }
}

/// The week, in the child.
fn week() {
    let week = Week::new();
    let station = week.open();
    week.live(&station, 0..PUT_BACK_AT);
    station.close().unwrap();
    week.put_copy_back();
    let station = week.open();
    week.live(&station, PUT_BACK_AT..PUT_BACK_AT + 1);
    // The database of yesterday has not seen the time between; all sites are of this machine and confirm nothing.
    assert!(station.time.is_doubted(), "a clock 30 hours ahead of what was last seen is believed");
    confirm_by_hand(&*station.store, (station.collector.clock)()).unwrap();
    week.live(&station, PUT_BACK_AT + 1..END + 1);
    week.tell_everything(&station);
    station.close().unwrap();
    let last_hour = (week.sites.now() - start()).num_hours();
    let store = SqliteStore::open(&week.lab.data().join("guanlan.db")).unwrap();
    every_post_is_stored_and_found(&week, &store, last_hour);
    every_alert_is_told(&week, &store, last_hour);
    only_what_was_past_its_date_was_purged(&store);
}

/// Source and hour of everything that must be there, of the address it stands under.
fn expected(week: &Week, last_hour: i64) -> BTreeMap<String, (i64, i64)> {
    let mut expected = BTreeMap::new();
    for (source, config) in (0..SOURCES).zip(&week.config.sources) {
        for hour in published(source, last_hour) {
            if hour != PAST_ITS_DATE {
                let url = format!("http://{}/p/{hour}.html", config.allow_private[0]);
                expected.insert(url, (source, hour));
            }
        }
    }
    expected
}

fn every_post_is_stored_and_found(week: &Week, store: &SqliteStore, last_hour: i64) {
    let mut stored = BTreeSet::new();
    store
        .each_post(&PostRange::default(), &mut |post| {
            assert!(stored.insert(post.post.url), "a post is stored twice");
            true
        })
        .unwrap();
    let expected: BTreeSet<String> = expected(week, last_hour).into_keys().collect();
    let lost: Vec<_> = expected.difference(&stored).collect();
    let extra: Vec<_> = stored.difference(&expected).collect();
    assert!(lost.is_empty() && extra.is_empty(), "lost {lost:?}, extra {extra:?}");
    let everything = "published:1990-01-01..2099-01-01";
    let search = ["search", everything, "--format", "jsonl", "--limit", "100000"];
    let rows = week.lab.run(&search).good().rows();
    let found: BTreeSet<String> =
        rows.iter().map(|row| row["url"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found.len(), rows.len(), "a post stands twice in the index");
    assert!(found == stored, "{} found, {} stored", found.len(), stored.len());
}

/// One alert for each text of an accident; the file was told each once, the hook each under one key.
fn every_alert_is_told(week: &Week, store: &SqliteStore, last_hour: i64) {
    let keys: BTreeSet<String> = store
        .alerts(&PostRange::default(), 100_000)
        .unwrap()
        .into_iter()
        .map(|stored| stored.alert.key)
        .collect();
    let accidents = expected(week, last_hour).into_values().filter(|(s, h)| is_accident(*s, *h));
    assert_eq!(keys.len(), accidents.count());
    let text = std::fs::read_to_string(week.lab.data().join("alerts.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let told: Vec<String> = lines.map(|line| line["key"].as_str().unwrap().to_owned()).collect();
    let unique: BTreeSet<&String> = told.iter().collect();
    assert_eq!(unique.len(), told.len(), "the file was told twice");
    let heard = week.sites.told.lock().unwrap();
    for key in &keys {
        assert!(unique.contains(&format!("{key}@file")), "the file was never told {key}");
        assert!(heard.contains_key(&format!("{key}@hook")), "the hook was never told {key}");
    }
    assert!(store.deliveries("dead", DateTime::<Utc>::MAX_UTC, 10).unwrap().is_empty());
}

/// One post came to its end, and it is not read anew from the feed that still names it.
fn only_what_was_past_its_date_was_purged(store: &SqliteStore) {
    let purges = store.audits("purge", "", 100).unwrap();
    let purged: Vec<_> = purges.iter().filter(|line| line.detail.ends_with("posts")).collect();
    // Once before the copy of the database was put back at the latest, and perhaps once after.
    assert!(matches!(purged.len(), 1 | 2), "{purges:?}");
    assert!(purged.iter().all(|line| line.detail == "1 posts"), "{purges:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn seven_days_of_trouble_lose_and_double_nothing() {
    if std::env::var(CHILD).is_ok() {
        return week();
    }
    // The signal that goes with a file that may not grow is ignored; what is left is an error of each write.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "trouble::seven_days_of_trouble_lose_and_double_nothing", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = [child.stdout, child.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(child.status.success(), "{}", said.join("\n"));
}
