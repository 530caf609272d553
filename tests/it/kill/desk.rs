//! Kill -9 while alerts go out, clocks of cases run out, and people take steps: the desk's work is neither lost nor doubled.
//!
//! A station has cases whose clocks ran out while it was down; it is killed while it tells of them, beside commands that
//! open cases, take steps and bring rows in that raise alerts. `GUANLAN_KILLS=2000` kills a tenth as often (8 without it).

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use guanlan::cases::{Case, Event, Fields, Order, Step};
use guanlan::config::{Config, Overrides};
use guanlan::engine::cases::{log_step, policy};
use guanlan::store::{PostRange, ReadCases as _, SqliteStore, Store as _};
use pipelines::locale::Lang;

use super::world::World;
use crate::lab::{Dice, Lab};

/// Cases that were opened before the station died.
const CASES: i64 = 12;

const NAME: &str = "desk";

fn store(lab: &Lab) -> SqliteStore {
    SqliteStore::open(&lab.data().join("guanlan.db")).unwrap()
}

/// Cases opened minutes to days ago, so that their clocks stand at every step.
fn old_cases(lab: &Lab) {
    let config = Config::load(Some(lab.path()), &Overrides::default())
        .unwrap_or_else(|p| panic!("{}", p.render(Lang::En)));
    std::fs::create_dir_all(lab.data()).unwrap();
    let policy = policy(&config);
    for n in (0..CASES).rev() {
        let opened = Utc::now() - TimeDelta::minutes(140 * n);
        let fields = [("title", "冒顶"), ("origin", "hand"), ("suggested", "major")];
        let fields: Fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let order = Order { step: Step::Open, fields, who: "duty", now: opened };
        let put = store(lab).write(&mut |write| {
            let number = write.next_case_number(2026)?;
            log_step(write, None, &number, &order, &policy).unwrap();
            Ok(())
        });
        put.unwrap();
    }
}

/// What is killed the `n`th time.
fn command(lab: &Lab, n: usize) -> Command {
    let (title, note) = (format!("title=第{n}件"), format!("note={n}"));
    let mut command = match n % 4 {
        1 => lab.command(&["--quiet", "case", "open", &title]),
        2 => lab.command(&["--quiet", "case", "step", "2026-0001", "note", &note]),
        _ => lab.command(&["--quiet", "run"]),
    };
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs the station until nothing is due any more, then stops it.
fn to_the_end(lab: &Lab) {
    let mut child = command(lab, 0).spawn().unwrap();
    let (started, now) = (Instant::now(), Utc::now() + TimeDelta::days(1));
    loop {
        // Waiting is the point here: another process works.
        std::thread::park_timeout(Duration::from_millis(100));
        let store = store(lab);
        let waiting = store.deliveries("pending", now, 999).unwrap().len();
        let rows = rusqlite::Connection::open(lab.data().join("guanlan.db")).unwrap();
        let posts: i64 = rows.query_row("SELECT COUNT(*) FROM posts", [], |r| r.get(0)).unwrap();
        let told =
            store.case_log(None).unwrap().iter().filter(|l| l.body.contains("escalate")).count();
        if waiting == 0 && posts >= 44 && told > 0 {
            break;
        }
        if started.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!("{waiting} waiting, {posts} posts, {told} clocks told");
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn killed_while_clocks_run_out_and_steps_are_taken_loses_and_doubles_nothing() {
    let kills = super::number("GUANLAN_KILLS").map_or(8, |n| n / 10);
    let world = World::start();
    let lab = Lab::new();
    world.furnish(&lab, NAME);
    let main = std::fs::read_to_string(lab.path().join("guanlan.toml")).unwrap();
    lab.write("guanlan.toml", &format!("{main}[cases]\nnotify = [\"hook\", \"file\"]\n"));
    old_cases(&lab);
    let (mut dice, mut alive) = (Dice(super::number("GUANLAN_KILL_SEED").unwrap_or(1) as u64), 0);
    for n in 0..kills {
        let most = if n % 4 == 1 || n % 4 == 2 { 160 } else { 2_500 };
        let (mut child, started) = (command(&lab, n).spawn().unwrap(), Instant::now());
        let instant = Duration::from_millis(dice.below(most) as u64);
        while started.elapsed() < instant {
            std::thread::park_timeout(Duration::from_micros(200));
        }
        alive += usize::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
    }
    to_the_end(&lab);
    println!("{alive} of {kills} were alive when killed");

    let checked = lab.run(&["case", "verify"]);
    assert!(checked.out.contains("whole"), "{} {}", checked.out, checked.err);
    let (store, heard) = (store(&lab), world.heard(NAME));
    let escalated = escalations(&store);
    let sent: BTreeSet<String> = deliveries(&store, "sent");
    for key in &escalated {
        for way in ["hook", "file"] {
            assert!(
                sent.contains(&format!("{key}@{way}")),
                "{key} was noted and never told by {way}"
            );
        }
        assert!(
            heard.told.keys().any(|told| told.starts_with(key.as_str())),
            "{key}: {:?}",
            heard.told
        );
    }
    let of_cases = sent.iter().filter(|key| key.starts_with("case/")).count();
    assert_eq!(of_cases, escalated.len() * 2, "each clock is told once by each way");
    for alert in store.alerts(&PostRange::default(), 999).unwrap() {
        let key = format!("{}@", alert.alert.key);
        assert!(sent.iter().any(|sent| sent.starts_with(&key)), "{key} was raised and never told");
    }
    assert!(deliveries(&store, "dead").is_empty());
}

fn deliveries(store: &SqliteStore, state: &str) -> BTreeSet<String> {
    let all = store.deliveries(state, Utc::now() + TimeDelta::days(1), 9_999).unwrap();
    let count = all.len();
    let keys: BTreeSet<String> = all.into_iter().map(|delivery| delivery.key).collect();
    assert_eq!(keys.len(), count, "a message stands twice in the outbox");
    keys
}

/// The keys of what the logs say was told, each once; every case whose clock is out has been told of.
fn escalations(store: &SqliteStore) -> BTreeSet<String> {
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for line in store.case_log(None).unwrap() {
        let event: Event = serde_json::from_str(&line.body).unwrap();
        if event.step != Step::Escalate {
            continue;
        }
        let (clock, percent) = (&event.fields["clock"], &event.fields["percent"]);
        let run = event.clocks.iter().rev().find(|run| run.clock.as_str() == clock).unwrap();
        let since = run.since.timestamp();
        *keys.entry(format!("case/{}/{clock}@{since}/{percent}", line.number)).or_default() += 1;
    }
    assert!(keys.values().all(|times| *times == 1), "noted twice: {keys:?}");
    for row in store.cases().unwrap() {
        let case: Case = serde_json::from_str(&row.record).unwrap();
        let is_old = Utc::now() - case.opened > TimeDelta::minutes(61);
        let is_told = keys.keys().any(|key| key.starts_with(&format!("case/{}/", case.number)));
        assert_eq!(is_old, is_told, "{}", case.number);
    }
    keys.into_keys().collect()
}
