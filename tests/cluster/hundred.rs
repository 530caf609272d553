//! Workers on one store and three search nodes, on the demo's sites many times over, killed at any instant: posts, hits, alerts and
//! messages as on one machine that nobody disturbs, and no host asked faster than its rule.
//!
//! In: a server; `GUANLAN_DEMO_COPIES` sets how often the demo is there, and that this is run at all; `GUANLAN_WORKER_KILLS` how many
//! kills (12), `GUANLAN_KILL_SEED` which (1). Out: a line of figures. The server dies twice; of three search nodes with a copy of
//! each shard the one with the copy dies and comes back, then the one with the first copy dies for good.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::DateTime;
use guanlan::store::{Address, Place, PostRange, Store};
use pipelines::record::RuleId;

use crate::demo_web::DemoWeb;
use crate::lab::{Dice, Lab, stored};
use crate::postgres::Postgres;
use crate::three_nodes::ThreeNodes;
use crate::watched::Watched;
use crate::workers::{ROLES, Worker, number, posts_and_waiting};

/// The variable that asks for it.
pub const COPIES: &str = "GUANLAN_DEMO_COPIES";

/// The pause between two requests to a host, and what a request may be early by for the way to the site.
const DELAY: Duration = Duration::from_millis(100);
const EARLY: Duration = Duration::from_millis(15);

/// How long everything may take after the last kill.
const PATIENCE: Duration = Duration::from_secs(900);

/// What is held in the end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Holding {
    posts: BTreeSet<String>,
    /// By rule.
    hits: Vec<usize>,
    /// Rules that told, each as often as it did.
    alerts: Vec<String>,
    waiting: usize,
}

impl Holding {
    fn of(store: &dyn Store) -> Self {
        let (posts, waiting) = posts_and_waiting(store);
        let hits = |rule| store.hits(&RuleId::from(rule), DateTime::UNIX_EPOCH).unwrap().len();
        let alerts = store.alerts(&PostRange::default(), 100_000).unwrap();
        let mut alerts: Vec<String> =
            alerts.into_iter().map(|a| a.alert.rule.to_string()).collect();
        alerts.sort();
        Self { posts, hits: ["accident", "pay", "river"].map(hits).to_vec(), alerts, waiting }
    }

    fn in_short(&self) -> String {
        let Self { posts, hits, alerts, waiting } = self;
        let kind = |rule: &String| rule.split(':').next().unwrap_or_default().to_owned();
        let kinds: Vec<String> = alerts.iter().map(kind).collect();
        let alerts = kinds.chunk_by(|a, b| a == b).map(|of| format!("{} {}", of.len(), of[0]));
        let alerts: Vec<String> = alerts.collect();
        format!("{} posts, {hits:?} hits, alerts: {alerts:?}, {waiting} waiting", posts.len())
    }
}

/// What one machine holds after a round that nobody disturbs.
fn undisturbed(web: &DemoWeb) -> Holding {
    let lab = Lab::new();
    let watched = Watched::start();
    web.furnish(&lab, "[judge]\ndepth = \"fast\"\n", DELAY.as_secs_f64(), watched.hook);
    let ran = lab.run(&["crawl"]);
    assert!(lab.data().exists(), "{}{}", ran.out, ran.err);
    Holding::of(&*stored(&lab.data()))
}

/// Nothing is lost or doubled, and no host is asked too fast.
pub fn die_on_the_demo(server: &Postgres) {
    let copies = number(COPIES).unwrap_or(100) as u64;
    let kills = number("GUANLAN_WORKER_KILLS").unwrap_or(12);
    let mut dice = Dice(1_000_003 * number("GUANLAN_KILL_SEED").unwrap_or(1) as u64);
    let watched = Watched::start();
    let web = DemoWeb::start(&watched, copies);
    let expected = undisturbed(&web);
    println!("undisturbed: {}", expected.in_short());
    let mut nodes = ThreeNodes::start();
    let address = format!("{}?schema=hundred", server.address());
    let evidence = tempfile::tempdir().unwrap();
    let tables = tables(evidence.path(), &nodes.table());
    let worker = |role| {
        let lab = Lab::new();
        web.furnish(&lab, &tables, DELAY.as_secs_f64(), watched.hook);
        Worker { lab, address: address.clone(), role, child: None }
    };
    let mut workers: Vec<Worker> = ROLES.into_iter().map(worker).collect();
    let place = Place::Server(Address::parse(&address).unwrap());
    let began = Instant::now();
    workers.iter_mut().for_each(Worker::start);
    for kill in 0..kills {
        std::thread::sleep(Duration::from_millis(400 + dice.below(2_200) as u64));
        let dies = dice.below(workers.len());
        workers[dies].kill();
        if kill == kills / 3 || kill == 2 * kills / 3 {
            server.down().unwrap();
            std::thread::sleep(Duration::from_millis(dice.below(1_500) as u64));
            server.up().unwrap();
        }
        nodes.go_through(kill, kills);
        if dice.below(3) > 0 {
            workers.iter_mut().filter(|w| w.child.is_none()).for_each(Worker::start);
        }
        if kill % 10 == 9 {
            println!(
                "{} kills, {:.0} s: {}",
                kill + 1,
                began.elapsed().as_secs_f64(),
                held(&place).in_short()
            );
        }
    }
    workers.iter_mut().filter(|w| w.child.is_none()).for_each(Worker::start);
    let asked = Instant::now();
    let (all, stored) = (expected.posts.len().to_string(), "SELECT COUNT(*) FROM hundred.posts");
    let is_whole = || server.psql(stored).ok() == Some(all.clone()) && held(&place).waiting == 0;
    while !is_whole() || !is_level(&workers[0], expected.posts.len()) {
        if asked.elapsed() > PATIENCE {
            workers.iter().for_each(Worker::tell);
            panic!("{} of {}", held(&place).in_short(), expected.in_short());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    println!("whole after {:.0} s", began.elapsed().as_secs_f64());
    assert_eq!(nodes.posts(), expected.posts.len() as u64, "posts in the index that is left");
    drop(workers);
    is_as_undisturbed(&watched, &place, &expected, kills);
}

/// The config of a process on shared engines.
fn tables(evidence: &std::path::Path, index: &str) -> String {
    format!(
        "[judge]\ndepth = \"fast\"\n[store]\nkind = \"postgres\"\naddress_env = \"WORKERS_STORE\"\n\
         [privacy]\nkey_env = \"WORKERS_KEY\"\n[evidence]\nfolder = \"{}\"\n{index}",
        evidence.display()
    )
}

/// Everything is as on one machine, and no host was asked too fast.
fn is_as_undisturbed(watched: &Watched, place: &Place, expected: &Holding, kills: usize) {
    let told = watched.told();
    let twice = told.values().filter(|times| **times > 1).count();
    let (pause, found) = (watched.shortest_pause(), held(place));
    println!(
        "{kills} kills: {}; {} messages, {twice} told twice under one key, shortest pause {pause:?}",
        found.in_short(),
        told.len()
    );
    assert!(found.posts == expected.posts, "other posts than on one machine");
    assert_eq!(found, *expected);
    assert!(pause + EARLY >= DELAY, "a host was asked after {pause:?}");
    let store = place.open_to_read().unwrap().unwrap();
    for source in store.source_ids().unwrap() {
        let state = store.source_state(&source.as_str().into()).unwrap();
        assert!(state.tally.ties_out(), "{source}: {:?}", state.tally);
    }
}

fn held(place: &Place) -> Holding {
    let store = place.open_to_read().ok().flatten();
    store.map(|store| Holding::of(&*store)).unwrap_or_default()
}

/// Whether the index holds what the store holds, by the program's own word.
fn is_level(worker: &Worker, posts: usize) -> bool {
    let said = worker.command(&["status"]).output().unwrap();
    String::from_utf8_lossy(&said.stdout)
        .contains(&format!("{posts} posts stored; the index is 0 steps behind"))
}
