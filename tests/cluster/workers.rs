//! Four workers on one store, of which one only crawls and one only judges: killed at any instant, the keeper too, with the server started anew meanwhile, and a keeper that falls silent: posts, alerts
//! and deliveries as on one machine, and no host asked faster than its rule.
//!
//! In: a server. Out: nothing; `GUANLAN_WORKER_KILLS` sets how many kills (8), `GUANLAN_KILL_SEED` which (1). The sites grow
//! while the workers die, so that there is work at each instant. What the sites were asked is counted at the sites.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use guanlan::store::{Address, Place, PostRange, Store};

use crate::lab::{Dice, Lab};
use crate::postgres::Postgres;
use crate::small_web::{self, Sheet};
use crate::watched::Watched;

/// Sites.
const SITES: u64 = 9;

/// Posts that each site shows in the end, and of them those that tell of an accident.
const POSTS: u64 = 12;
const EVERY: u64 = 4;

/// The pause that the config asks for between two requests to a host.
const DELAY: Duration = Duration::from_millis(200);

/// What a request may be early by, for the way to the site.
const EARLY: Duration = Duration::from_millis(15);

/// Workers at the same time, by what they do.
pub const ROLES: [&str; 4] = ["all", "all", "crawl", "judge"];

/// How long the sites go on growing after the last kill, roughly: there is something to store once the keeper is silent.
const AFTER_KILLS: Duration = Duration::from_secs(10);

/// How long the sites would take to show all while it is waited that the judge is asked: there is something new all the time.
const AT_LEISURE: Duration = Duration::from_secs(240);

/// How long everything may take after the last kill.
const PATIENCE: Duration = Duration::from_secs(120);

/// The sites and the hook.
pub struct World {
    ports: Vec<u16>,
    watched: Watched,
    growth: Arc<Mutex<Option<Growth>>>,
}

/// How much of what they have the sites show: from a share on they show more and more, until it is all after some time.
#[derive(Clone, Copy)]
struct Growth {
    from: f64,
    since: Instant,
    takes: Duration,
}

impl Growth {
    fn share(self) -> f64 {
        let passed = self.since.elapsed().as_secs_f64() / self.takes.as_secs_f64().max(0.001);
        self.from + (1.0 - self.from) * passed.min(1.0)
    }
}

/// The config of a worker whose sources are read every second.
pub fn on_a_server(evidence: &std::path::Path) -> String {
    let (delay, evidence) = (DELAY.as_secs_f64(), evidence.display());
    format!(
        "[station]\nname = \"云岭矿业集团\"\ncontact = \"a@example.com\"\ndata_dir = \"data\"\n\
         listen = \"127.0.0.1:0\"\n[store]\nkind = \"postgres\"\naddress_env = \"WORKERS_STORE\"\n\
         [evidence]\nfolder = \"{evidence}\"\n[privacy]\nkey_env = \"WORKERS_KEY\"\n[judge]\ndepth = \"fast\"\n\
         [crawl]\nschedule = \"* * * * * *\"\ndelay_secs = {delay}\n\
         [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n"
    )
}

impl World {
    /// Sites that show nothing yet.
    pub fn start() -> Self {
        let (watched, growth, now) = (Watched::start(), Arc::default(), Utc::now());
        let site = |site| {
            let growth: Arc<Mutex<Option<Growth>>> = Arc::clone(&growth);
            let answer = move |uri: &Uri, headers: &HeaderMap| {
                let share = growth.lock().unwrap().map_or(0.0, Growth::share);
                let shown = ((POSTS as f64) * share).ceil() as u64;
                page(site, shown, uri.path(), headers, now)
            };
            watched.site(site, Ipv4Addr::LOCALHOST, answer).port()
        };
        let ports = (0..SITES).map(site).collect();
        Self { ports, watched, growth }
    }

    /// From now on they show more, until it is all in `takes`.
    pub fn grow(&self, takes: Duration) {
        let mut growth = self.growth.lock().unwrap();
        let from = growth.map_or(0.0, Growth::share);
        *growth = Some(Growth { from, since: Instant::now(), takes });
    }

    /// Writes the config of a worker.
    pub fn furnish(&self, lab: &Lab, evidence: &std::path::Path) {
        let hook = self.watched.hook;
        let config = on_a_server(evidence);
        lab.write(
            "guanlan.toml",
            &format!(
                "{config}[[notifier]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{hook}/\"\ndefault = true\n"
            ),
        );
        let mut sources = String::new();
        for (site, port) in self.ports.iter().enumerate() {
            let host = format!("127.0.0.1:{port}");
            // Some sites have two sources: they must not be asked twice as fast.
            for (part, kind) in [("rss", "kind = \"feed\"\nurl"), ("list", "kind = \"list\"\nurls")]
            {
                let (open, close) = if part == "list" { ("[", "]") } else { ("", "") };
                let path = if part == "list" { "list/" } else { "rss.xml" };
                let _ = writeln!(
                    sources,
                    "[[source]]\nid = \"{part}{site}\"\nname = \"第{site}站{part}\"\nallow_private = [\"{host}\"]\n\
                     {kind} = {open}\"http://{host}/{path}\"{close}"
                );
            }
        }
        lab.write("sources/all.toml", &sources);
        lab.write(
            "rules/accident.toml",
            "[[rule]]\nid = \"accident\"\nname = \"事故\"\nkind = \"any\"\nquery = \"井下发生事故\"\n",
        );
    }
}

fn is_accident(n: u64) -> bool {
    n.is_multiple_of(EVERY)
}

fn published(n: u64, now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::minutes(60 + i64::try_from(n).unwrap())
}

/// The numbers of a site's posts: those of its feed, and those of its list.
fn of_site(site: u64, shown: u64) -> std::ops::Range<u64> {
    site * 100..site * 100 + shown
}

fn page(site: u64, shown: u64, path: &str, headers: &HeaderMap, now: DateTime<Utc>) -> Response {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let sheet = |n| Sheet::of(n, is_accident(n), published(n, now));
    let (feed, list): (Vec<Sheet>, Vec<Sheet>) =
        of_site(site, shown).map(sheet).partition(|sheet| sheet.number.is_multiple_of(2));
    small_web::page(host, path, &feed, &list)
}

/// A worker that runs, or none.
pub struct Worker {
    pub lab: Lab,
    /// Of the server.
    pub address: String,
    pub role: &'static str,
    pub child: Option<Child>,
}

impl Worker {
    /// The program in its directory, with the server and the key of all.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.lab.command(args);
        command.env("WORKERS_STORE", &self.address);
        command.env("WORKERS_KEY", "a key that all of them use");
        command
    }

    pub fn start(&mut self) {
        let mut log = std::fs::OpenOptions::new();
        let log = log.create(true).append(true).open(self.lab.path().join("log")).unwrap();
        let mut command = self.command(&["run", "--role", self.role]);
        command.stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// All it said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.lab.path().join("log")).unwrap_or_default()
    }

    /// The last it said.
    pub fn tell(&self) {
        let text = self.log();
        let lines: Vec<_> = text.lines().collect();
        println!("{}\n", lines[lines.len().saturating_sub(12)..].join("\n"));
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number in the environment"))
}

/// Stops the process that keeps the store without ending it: another takes its place, and it cannot write any more.
fn silence_the_keeper(server: &Postgres, workers: &mut [Worker]) -> Option<u32> {
    let keeper = "SELECT value FROM workers.state WHERE name = 'keeper:worker'";
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE {
        let name = server.psql(keeper).unwrap_or_default();
        let of = |worker: &&mut Worker| {
            let pid = worker.child.as_ref().map(|child| format!("-{}-", child.id()));
            pid.is_some_and(|pid| name.contains(&pid))
        };
        if let Some(worker) = workers.iter_mut().find(of) {
            let pid = worker.child.as_ref().map(Child::id);
            pid.iter().for_each(|pid| signal(*pid, "STOP"));
            return pid;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    None
}

fn signal(pid: u32, name: &str) {
    let sent = std::process::Command::new("kill").args(["-s", name, &pid.to_string()]).status();
    assert!(sent.unwrap().success(), "kill -s {name} {pid}");
}

/// The addresses of all posts, and how many kinds of messages are not out yet.
pub fn posts_and_waiting(store: &dyn Store) -> (BTreeSet<String>, usize) {
    let mut posts = BTreeSet::new();
    store
        .each_post(&PostRange::default(), &mut |post| {
            assert!(posts.insert(post.post.url), "a post is stored twice");
            true
        })
        .unwrap();
    let waiting = store.outbox_counts().unwrap();
    let waiting = waiting.iter().filter(|(_, state, _)| state != "sent").count();
    (posts, waiting)
}

/// All posts of the sites, and the alerts of them.
pub fn all() -> (usize, usize) {
    let posts = usize::try_from(SITES * POSTS).unwrap();
    (posts, usize::try_from(SITES * POSTS.div_ceil(EVERY)).unwrap())
}

/// What the store holds in the end.
pub fn holding(store: &dyn Store) -> (BTreeSet<String>, usize, usize) {
    let (posts, waiting) = posts_and_waiting(store);
    let alerts = store.alerts(&PostRange::default(), 10_000).unwrap().len();
    (posts, alerts, waiting)
}

/// Waits until the server answers 1, which is when `what` has happened.
fn until(server: &Postgres, asks: &str, what: &str) {
    let asked = Instant::now();
    while server.psql(asks).ok().as_deref() != Some("1") {
        if asked.elapsed() > PATIENCE {
            let all = "SELECT string_agg(about || ' seen ' || seen, E'\\n') FROM workers.workers";
            panic!("in vain: {what}; {:?}", server.psql(all));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A process has said which key all of them use.
const KEYED: &str = "SELECT 1 FROM workers.state WHERE name = 'author-key'";

/// The one that only judges is heard, with what it judges by.
const JUDGE_THERE: &str = "SELECT 1 FROM workers.workers WHERE about LIKE '%\"roles\":[\"judge\"]%' AND about NOT LIKE '%\"judges_by\":null%'";

/// Sources of most sites are somebody's.
const CRAWLING: &str = "SELECT 1 FROM workers.leases WHERE kind = 'source' HAVING COUNT(*) > 6";

/// The one that only judges has judged something.
const JUDGED: &str = "SELECT 1 FROM workers.workers WHERE about LIKE '%\"roles\":[\"judge\"]%' AND about NOT LIKE '%\"received\":0,%'";

/// Two keys would give an author two pseudonyms: the second process is refused, with the way out.
fn another_key_is_refused(worker: &Worker) {
    let mut command = worker.command(&["run"]);
    command.env("WORKERS_KEY", "a key that is another one");
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("let all use one"), "{said}");
}

/// Nothing is lost or doubled, and no host is asked too fast.
pub fn die_at_any_instant(server: &Postgres) {
    let kills = number("GUANLAN_WORKER_KILLS").unwrap_or(8);
    let mut dice = Dice(1_000_003 * number("GUANLAN_KILL_SEED").unwrap_or(1) as u64);
    let between = |dice: &mut Dice| Duration::from_millis(400 + dice.below(2_200) as u64);
    let world = World::start();
    let address = format!("{}?schema=workers", server.address());
    let evidence = tempfile::tempdir().unwrap();
    let mut workers: Vec<Worker> = ROLES
        .into_iter()
        .map(|role| {
            let lab = Lab::new();
            world.furnish(&lab, evidence.path());
            Worker { lab, address: address.clone(), role, child: None }
        })
        .collect();
    // Who has the hosts keeps them while it asks them every second: that is to be the one that judges nothing by itself.
    let (rest, apart) = workers.split_at_mut(2);
    apart.iter_mut().for_each(Worker::start);
    until(server, KEYED, "a worker comes up");
    another_key_is_refused(&rest[0]);
    until(server, JUDGE_THERE, "the judge says what it judges by");
    until(server, CRAWLING, "the sites are asked");
    rest.iter_mut().for_each(Worker::start);
    world.grow(AT_LEISURE);
    until(server, JUDGED, "the judge is asked");
    world.grow(Duration::from_millis(1_500) * u32::try_from(kills).unwrap() + AFTER_KILLS);
    for kill in 0..kills {
        std::thread::sleep(between(&mut dice));
        let dies = dice.below(workers.len());
        workers[dies].kill();
        if kill == kills / 3 || kill == 2 * kills / 3 {
            server.down().unwrap();
            std::thread::sleep(Duration::from_millis(dice.below(1_500) as u64));
            server.up().unwrap();
        }
        // Sometimes another dies before this one is back.
        if dice.below(3) > 0 {
            workers.iter_mut().filter(|w| w.child.is_none()).for_each(Worker::start);
        }
    }
    workers.iter_mut().filter(|w| w.child.is_none()).for_each(Worker::start);
    let (posts, alerts) = all();
    let silent = silence_the_keeper(server, &mut workers);
    let place = Place::Server(Address::parse(&address).unwrap());
    let asked = Instant::now();
    let store = loop {
        let store = place.open_to_read().ok().flatten();
        let found = store.as_ref().map(|store| holding(&**store)).unwrap_or_default();
        match store {
            Some(store) if (found.0.len(), found.1, found.2) == (posts, alerts, 0) => break store,
            _ if asked.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(200)),
            _ => {
                workers.iter().for_each(Worker::tell);
                let (found, told, left) = (found.0.len(), found.1, found.2);
                panic!("{found} posts of {posts}, {told} alerts of {alerts}, {left} waiting");
            }
        }
    };
    if let Some(silent) = silent {
        signal(silent, "CONT");
    }
    drop(workers);
    whole(&world, &*store, kills, alerts);
}

/// Each alert was told, no host asked too fast, and the counts tie out.
fn whole(world: &World, store: &dyn Store, kills: usize, alerts: usize) {
    let told = world.watched.told();
    assert_eq!(told.len(), alerts, "messages under their keys");
    let twice = told.values().filter(|times| **times > 1).count();
    let pause = world.watched.shortest_pause();
    println!("{kills} kills, {twice} messages told twice under one key, shortest pause {pause:?}");
    assert!(pause + EARLY >= DELAY, "a host was asked after {pause:?}");
    for source in store.source_ids().unwrap() {
        let state = store.source_state(&source.as_str().into()).unwrap();
        assert!(state.tally.ties_out(), "{source}: {:?}", state.tally);
    }
}
