//! A fault of a part is told and tried again: ways out that hang, refuse or move, digests that cannot be written,
//! a clock that leaps. The rest of the station goes on meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU16, AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::desk::{Desk, DeskError, Who};
use guanlan::engine::faults::Part;
use guanlan::engine::import::{self, ImportError};
use guanlan::engine::retention::{self, Cut};
use guanlan::engine::run::Rounds;
use guanlan::engine::{Clock, Station, nobody};
use pipelines::crawl::{ColumnMap, FileFormat};
use serde_json::json;

use crate::lab::Lab;

const MAIN: &str = "[station]\ncontact = \"desk@example.com\"\n[judge]\ndepth = \"fast\"\n[crawl]\ndelay_secs = 0.0\n\
                    schedule = \"*/10 * * * *\"\n[[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n";

pub const FILE: &str =
    "[[notifier]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n";

/// A hook that answers what it is told to, or hangs on 0; it counts what arrives.
#[derive(Clone, Default)]
struct Hook {
    answer: Arc<AtomicU16>,
    arrived: Arc<AtomicUsize>,
    woken: Arc<tokio::sync::Notify>,
}

impl Hook {
    async fn serve(&self) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hook = self.clone();
        let router = Router::new().fallback(move || {
            let hook = hook.clone();
            async move {
                hook.arrived.fetch_add(1, Ordering::SeqCst);
                hook.woken.notify_waiters();
                hook.woken.notify_one();
                match hook.answer.load(Ordering::SeqCst) {
                    0 => std::future::pending().await,
                    status => StatusCode::from_u16(status).unwrap(),
                }
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        port
    }

    fn config(port: u16) -> String {
        format!(
            "[[notifier]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\n\
             timeout_secs = 600\ndefault = true\n"
        )
    }
}

/// A laboratory with a clock that a test sets.
pub struct Bench {
    pub lab: Lab,
    pub secs: Arc<AtomicI64>,
}

impl Bench {
    pub fn new(more: &str) -> Self {
        let lab = Lab::new();
        lab.write("guanlan.toml", &format!("{MAIN}{more}"));
        let start: DateTime<Utc> = "2026-11-20T02:30:00Z".parse().unwrap();
        Self { lab, secs: Arc::new(AtomicI64::new(start.timestamp())) }
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.secs.load(Ordering::SeqCst), 0).unwrap()
    }

    pub fn later(&self, by: TimeDelta) {
        self.secs.fetch_add(by.num_seconds(), Ordering::SeqCst);
    }

    pub fn station(&self) -> Station {
        let overrides = Overrides { data_dir: Some(self.lab.data()), ..Overrides::default() };
        let config = Config::load(Some(self.lab.path()), &overrides);
        let config = config.unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)));
        let secs = self.secs.clone();
        let clock: Clock =
            Arc::new(move || DateTime::from_timestamp(secs.load(Ordering::SeqCst), 0).unwrap());
        Station::open(config, clock, nobody()).unwrap()
    }

    /// What stands in the alert file, as keys.
    pub fn told(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.lab.path().join("alerts.jsonl"));
        let key = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["key"].as_str().unwrap().to_owned()
        };
        text.unwrap_or_default().lines().map(key).collect()
    }
}

pub fn enqueue(station: &Station, keys: &[&str], notifier: &str, now: DateTime<Utc>) {
    station
        .store
        .write(&mut |write| {
            for key in keys {
                let body = json!({ "key": format!("{key}@{notifier}"), "kind": "alert", "title": "事故",
                                   "body_markdown": "事故", "data": {} });
                write.enqueue(&format!("{key}@{notifier}"), notifier, &body.to_string(), now)?;
            }
            Ok(())
        })
        .unwrap();
}

pub fn states(station: &Station, state: &str) -> usize {
    station.store.deliveries(state, DateTime::<Utc>::MAX_UTC, 1_000).unwrap().len()
}

pub async fn step(rounds: &mut Rounds<'_>, bench: &Bench) {
    rounds.tick(bench.now()).await.unwrap();
    rounds.settle().await.unwrap();
}

/// Closes from a thread that may wait.
pub async fn close(station: Station) {
    tokio::task::spawn_blocking(move || station.close().unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_hangs_holds_up_neither_ticks_nor_other_ways_nor_the_stop() {
    let hook = Hook::default();
    let port = hook.serve().await;
    let bench = Bench::new(&format!("{FILE}{}", Hook::config(port)));
    let station = bench.station();
    enqueue(&station, &["a", "b", "c"], "hook", bench.now());
    enqueue(&station, &["a", "b", "c"], "file", bench.now());
    {
        let run = guanlan::engine::run::run(&station);
        tokio::pin!(run);
        // The hook has been asked and hangs for as long as it is let: ten minutes.
        tokio::select! {
            ended = &mut run => panic!("the station ended: {ended:?}"),
            () = hook.woken.notified() => {}
        }
        // The file has everything all the same.
        loop {
            tokio::select! {
                ended = &mut run => panic!("the station ended: {ended:?}"),
                () = tokio::task::yield_now() => {}
            }
            if bench.told().len() == 3 {
                break;
            }
        }
        station.stop.ask();
        run.await.unwrap();
    }
    assert!(hook.arrived.load(Ordering::SeqCst) >= 1);
    let waiting = station.store.deliveries_by("hook", bench.now(), 9).unwrap();
    assert_eq!(waiting.len(), 3, "what hung is sent at the next start");
    close(station).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_at_fault_waits_and_is_shown_and_loses_no_alert() {
    let hook = Hook::default();
    let port = hook.serve().await;
    let bench = Bench::new(&Hook::config(port));
    let station = bench.station();
    let way = Part::Way("hook".to_owned());
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    enqueue(&station, &["a", "b"], "hook", bench.now());
    for status in [307, 401, 403, 404] {
        hook.answer.store(status, Ordering::SeqCst);
        step(&mut rounds, &bench).await;
        assert_eq!((states(&station, "dead"), states(&station, "pending")), (0, 2), "{status}");
        assert!(station.board.is_at_fault(&way));
        // Its pause is kept: nothing is sent before it is over.
        let arrived = hook.arrived.load(Ordering::SeqCst);
        step(&mut rounds, &bench).await;
        assert_eq!(hook.arrived.load(Ordering::SeqCst), arrived);
        bench.later(TimeDelta::minutes(31));
    }
    let fault = station.board.faults().into_iter().find(|f| f.part == way).unwrap();
    assert!(fault.count >= 4 && fault.words.contains("404"), "{fault:?}");
    hook.answer.store(200, Ordering::SeqCst);
    step(&mut rounds, &bench).await;
    assert_eq!((states(&station, "sent"), states(&station, "pending")), (2, 0));
    assert!(!station.board.is_at_fault(&way));
    drop(rounds);
    close(station).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_is_dead_until_an_officer_sends_it_again() {
    let hook = Hook::default();
    let port = hook.serve().await;
    let bench = Bench::new(&format!("{FILE}{}", Hook::config(port)));
    // The command that sends again runs by the clock of the machine.
    bench.secs.store(Utc::now().timestamp(), Ordering::SeqCst);
    let station = bench.station();
    hook.answer.store(422, Ordering::SeqCst);
    enqueue(&station, &["a"], "hook", bench.now());
    enqueue(&station, &["b"], "renamed", bench.now());
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    assert_eq!((states(&station, "dead"), states(&station, "pending")), (1, 1));
    assert!(!station.board.is_at_fault(&Part::Way("hook".to_owned())), "the way works");
    assert!(station.board.is_at_fault(&Part::Way("renamed".to_owned())));

    hook.answer.store(200, Ordering::SeqCst);
    let data = bench.lab.data();
    let data = data.to_str().unwrap();
    let said = bench.lab.run(&["--data-dir", data, "alerts", "resend"]).good();
    assert!(said.out.starts_with("1 deliver"), "{}", said.out);
    bench
        .lab
        .run(&["--data-dir", data, "alerts", "resend", "--by", "renamed", "--to", "file"])
        .good();
    bench.secs.store(Utc::now().timestamp() + 1, Ordering::SeqCst);
    step(&mut rounds, &bench).await;
    assert_eq!(states(&station, "sent"), 2);
    assert_eq!(bench.told(), ["b@renamed"]);
    drop(rounds);
    close(station).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_asked_when_an_officer_says_so() {
    let bench = Bench::new("");
    bench.lab.write(
        "sources/s.toml",
        "[[source]]\nid = \"exports\"\nname = \"台账\"\nkind = \"files\"\npath = \"../inbox\"\nformat = \"csv\"\n\
         map = { text = \"内容\" }\n",
    );
    std::fs::create_dir(bench.lab.path().join("inbox")).unwrap();
    let station = bench.station();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    let kept = || station.tallies(&station.sources()).unwrap()[0].kept;
    bench.lab.write("inbox/one.csv", "内容\n云岭矿业集团拖欠工资三个月\n");
    bench.later(TimeDelta::seconds(1));
    step(&mut rounds, &bench).await;
    assert_eq!(kept(), 0, "it is not due for minutes");
    let desk =
        Desk::new(station.config.clone(), station.store.clone(), station.collector.clock.clone());
    let who = Who::owner("王干事", pipelines::locale::Lang::Zh);
    desk.run_source(&who, "exports").unwrap();
    assert!(matches!(desk.run_source(&who, "none"), Err(DeskError::Unknown { .. })));
    bench.later(TimeDelta::seconds(1));
    step(&mut rounds, &bench).await;
    assert_eq!(kept(), 1);
    assert!(station.store.states("source-asked:").unwrap().is_empty(), "asked once");
    drop(rounds);
    close(station).await;
}

const DIGEST: &str = "[[digest]]\nid = \"daily\"\nperiod = \"day\"\nschedule = \"0 8 * * *\"\n\
                      notify = [\"file\"]\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_cannot_be_written_leaves_the_station_at_work_and_comes_later() {
    let bench = Bench::new(&format!("{FILE}{DIGEST}"));
    let station = bench.station();
    let part = Part::Digest("daily".to_owned());
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    let folder = station.dir.digests();
    std::fs::write(&folder, "in the way").unwrap();
    // The next eight o'clock of Shanghai.
    for _ in 0..5 {
        bench.later(TimeDelta::hours(5));
        step(&mut rounds, &bench).await;
    }
    assert!(station.board.is_at_fault(&part));
    enqueue(&station, &["a"], "file", bench.now());
    step(&mut rounds, &bench).await;
    assert_eq!(bench.told(), ["a@file"], "the rest goes on");
    let shown = bench.lab.run(&["--data-dir", bench.lab.data().to_str().unwrap(), "status"]).good();
    assert!(shown.out.contains("digest daily"), "{}", shown.out);

    std::fs::remove_file(&folder).unwrap();
    bench.later(TimeDelta::minutes(31));
    step(&mut rounds, &bench).await;
    assert!(folder.join("daily-2026-11-21.md").exists());
    assert!(!station.board.is_at_fault(&part));
    step(&mut rounds, &bench).await;
    let told = bench.told();
    assert_eq!(told[1..], ["digest:daily:2026-11-21@file"], "a digest is delivered");
    // Its text stands in its files alone.
    step(&mut rounds, &bench).await;
    let sent = station.store.deliveries("sent", DateTime::<Utc>::MAX_UTC, 9).unwrap();
    assert!(sent.iter().any(|d| d.key.starts_with("digest:") && d.body.is_empty()), "{sent:?}");
    drop(rounds);
    close(station).await;
}

/// A feed that says one thing, and how often it was asked.
async fn feed(asked: &Arc<AtomicUsize>, text: &'static str, published: DateTime<Utc>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = asked.clone();
    let router = Router::new().route(
        "/feed.json",
        axum::routing::get(move || {
            asked.fetch_add(1, Ordering::SeqCst);
            let items = json!([{ "id": "1", "url": "/a1.html", "title": "通报", "content_text": text,
                                 "date_published": published.to_rfc3339() }]);
            let feed = json!({ "version": "https://jsonfeed.org/version/1.1", "title": "站", "items": items });
            async move {
                ([(axum::http::header::CONTENT_TYPE, "application/feed+json")], feed.to_string())
            }
        }),
    );
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

fn feed_source(port: u16) -> String {
    format!(
        "[[source]]\nid = \"feed\"\nname = \"站\"\nkind = \"feed\"\nurl = \"http://127.0.0.1:{port}/feed.json\"\n\
         allow_private = [\"127.0.0.1:{port}\"]\nflatline_hours = 36\n"
    )
}

const TEXT: &str = "云岭矿业集团三号井今日起停产检修，职工工资照发，复产时间另行通知。";

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_two_years_ahead_purges_nothing_and_silences_nothing() {
    let asked = Arc::new(AtomicUsize::new(0));
    let bench = Bench::new(&format!("{FILE}{DIGEST}"));
    let port = feed(&asked, TEXT, bench.now() - TimeDelta::hours(1)).await;
    bench.lab.write("sources/s.toml", &feed_source(port));
    let station = bench.station();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    assert_eq!(station.store.post_count().unwrap(), 1);
    let before = bench.now();
    bench.later(TimeDelta::days(730));
    for _ in 0..3 {
        step(&mut rounds, &bench).await;
        bench.later(TimeDelta::hours(1));
    }
    assert_eq!(station.store.post_count().unwrap(), 1, "nothing is purged by a clock in doubt");
    let shown = bench.lab.run(&["--data-dir", bench.lab.data().to_str().unwrap(), "status"]).good();
    assert!(shown.out.contains("purge --clock-is-right"), "the way out is shown: {}", shown.out);
    assert!(!bench.told().iter().any(|key| key.starts_with("source-silent")), "{:?}", bench.told());

    bench.secs.store((before + TimeDelta::minutes(5)).timestamp(), Ordering::SeqCst);
    step(&mut rounds, &bench).await;
    let heard = asked.load(Ordering::SeqCst);
    // The source is asked again as it always was, and the digest of the next morning comes.
    for _ in 0..30 {
        bench.later(TimeDelta::hours(1));
        step(&mut rounds, &bench).await;
    }
    assert!(asked.load(Ordering::SeqCst) >= heard + 25, "{heard} then {asked:?}");
    assert!(station.dir.digests().join("daily-2026-11-21.md").exists());
    assert!(station.store.source_state(&"feed".into()).unwrap().last_run.unwrap() <= bench.now());
    drop(rounds);
    close(station).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_with_the_right_clock_a_source_does_not_wait_for_two_years() {
    let asked = Arc::new(AtomicUsize::new(0));
    let bench = Bench::new("");
    let port = feed(&asked, TEXT, bench.now() - TimeDelta::days(3)).await;
    bench.lab.write("sources/s.toml", &feed_source(port));
    let right = bench.now();
    bench.later(TimeDelta::days(730));
    for day in 0..2 {
        let station = bench.station();
        let mut rounds = Rounds::new(&station, bench.now()).unwrap();
        step(&mut rounds, &bench).await;
        drop(rounds);
        close(station).await;
        // The clock is set right while the station is down.
        bench.secs.store((right + TimeDelta::days(day)).timestamp(), Ordering::SeqCst);
    }
    let station = bench.station();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    let before = asked.load(Ordering::SeqCst);
    bench.later(TimeDelta::minutes(11));
    step(&mut rounds, &bench).await;
    assert_eq!(asked.load(Ordering::SeqCst), before + 1);
    drop(rounds);
    close(station).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_purge_deletes_does_not_come_back_with_the_next_reading() {
    let asked = Arc::new(AtomicUsize::new(0));
    let bench = Bench::new("[retention]\nposts_days = 7\n");
    let port = feed(&asked, TEXT, bench.now() - TimeDelta::days(15)).await;
    bench.lab.write("sources/s.toml", &feed_source(port));
    let station = bench.station();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(station.store.post_count().unwrap(), 0);
    let tally = station.store.source_state(&"feed".into()).unwrap().tally;
    assert_eq!((tally.received, tally.dropped_total()), (1, 1), "{tally:?}");
    drop(rounds);
    close(station).await;
}

#[test]
fn what_was_purged_on_purpose_stays_away_and_what_was_sent_of_it_loses_its_text() {
    let bench = Bench::new(FILE);
    bench.lab.write("sources/s.toml", EXPORTS);
    bench.lab.write(
        "rules/any.toml",
        "[[rule]]\nid = \"any\"\nname = \"通报\"\nkind = \"any\"\nquery = \"照常生产\"\n",
    );
    let file = bench.lab.write("export.csv", &rows(3, "2026-11-19"));
    let station = bench.station();
    let source = (*station.sources().remove(0)).clone();
    let take =
        || import::file(&station.collector, &file, FileFormat::Csv, &map(), &source).unwrap();
    assert_eq!(take().tally.kept, 3);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(guanlan::engine::delivery::deliver_due(&station.shared().unwrap())).unwrap();
    assert!(!bench.told().is_empty());
    let texts = || {
        let sent = station.store.deliveries("sent", DateTime::<Utc>::MAX_UTC, 99).unwrap();
        sent.iter().filter(|d| d.body.contains("通报")).count()
    };
    assert!(texts() > 0);
    let cleared =
        retention::clear(&station.shared().unwrap(), Cut::before(bench.now()), bench.now());
    assert_eq!(cleared.unwrap().posts, 3);
    assert_eq!(texts(), 0);
    assert_eq!((take().tally.kept, station.store.post_count().unwrap()), (0, 0));
    station.close().unwrap();
}

#[test]
fn what_a_host_was_asked_is_stored_with_the_step_that_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let bench = Bench::new("");
    let port = runtime.block_on(feed(&asked, TEXT, bench.now() - TimeDelta::days(3)));
    bench.lab.write("sources/s.toml", &feed_source(port));
    let station = bench.station();
    let source = station.sources().remove(0);
    // No round, no end: as if the process were killed right after the run's last step.
    runtime.block_on(station.collector.run(&source)).unwrap();
    let host = format!("127.0.0.1:{port}");
    let memory = guanlan::engine::hosts::memory(&*station.store, &host).unwrap().unwrap();
    assert_eq!(memory.asked_today, 2, "robots.txt and the feed");
    assert!(memory.robots.is_some() && memory.last_asked.is_some());
    station.close().unwrap();
}

fn rows(n: usize, day: &str) -> String {
    let row = |i| format!("{i},云岭矿业集团第{i}号通报：今日无事，照常生产。,{day} 08:00\n");
    "编号,内容,时间\n".to_owned() + &(0..n).map(row).collect::<String>()
}

fn map() -> ColumnMap {
    let pairs = [("id", "编号"), ("text", "内容"), ("published_at", "时间")];
    ColumnMap(pairs.map(|(field, column)| (field.to_owned(), column.to_owned())).into())
}

const EXPORTS: &str = "[[source]]\nid = \"exports\"\nname = \"台账\"\nkind = \"files\"\npath = \"../inbox\"\n\
                       format = \"csv\"\n";

#[test]
fn a_long_import_ends_between_two_batches_and_goes_on_at_the_next_start() {
    let bench = Bench::new("");
    bench.lab.write("sources/s.toml", EXPORTS);
    let file = bench.lab.write("export.csv", &rows(1_000, "2026-11-19"));
    let station = bench.station();
    let source = (*station.sources().remove(0)).clone();
    station.stop.ask();
    let ended = import::file(&station.collector, &file, FileFormat::Csv, &map(), &source);
    let Err(ImportError::Stopped(imported)) = ended else { panic!("{ended:?}") };
    assert!(imported.tally.ties_out() && imported.tally.kept > 0 && imported.tally.kept < 1_000);
    station.close().unwrap();
    let station = bench.station();
    assert_eq!(
        station.store.post_count().unwrap(),
        imported.tally.kept,
        "what was acknowledged stays"
    );
    import::file(&station.collector, &file, FileFormat::Csv, &map(), &source).unwrap();
    assert_eq!(station.store.post_count().unwrap(), 1_000);
    station.close().unwrap();
}

#[test]
fn a_run_that_was_cut_by_the_stop_is_due_at_the_next_start() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let bench = Bench::new("");
    let map = "map = { id = \"编号\", text = \"内容\", published_at = \"时间\" }\n";
    bench.lab.write("sources/s.toml", &format!("{EXPORTS}{map}"));
    bench.lab.write("inbox/export.csv", &rows(600, "2026-11-19"));
    let station = bench.station();
    let source = station.sources().remove(0);
    station.stop.ask();
    let cut = runtime.block_on(station.collector.run(&source)).unwrap();
    assert!(cut.kept > 0 && cut.kept < 600, "{cut:?}");
    assert_eq!(station.store.source_state(&source.id).unwrap().last_run, None);
    station.close().unwrap();
    let station = bench.station();
    runtime.block_on(async {
        let mut rounds = Rounds::new(&station, bench.now()).unwrap();
        step(&mut rounds, &bench).await;
    });
    assert_eq!(station.store.post_count().unwrap(), 600);
    station.close().unwrap();
}

#[test]
fn an_exclusion_that_reckons_from_the_present_moves_on_with_it() {
    let bench = Bench::new("");
    bench.lab.write("sources/s.toml", &format!("{EXPORTS}exclude = \"published:7d\"\n"));
    let file = bench.lab.write("export.csv", &rows(1, "2026-11-19"));
    let station = bench.station();
    let source = (*station.sources().remove(0)).clone();
    let take =
        || import::file(&station.collector, &file, FileFormat::Csv, &map(), &source).unwrap();
    assert_eq!(take().tally.kept, 0, "it is a day old");
    bench.later(TimeDelta::days(20));
    assert_eq!(take().tally.kept, 1, "it is 21 days old");
    station.close().unwrap();
}
