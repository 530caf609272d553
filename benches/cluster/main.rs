//! How fast posts are stored and found: one machine against several processes on a server and a search node.
//!
//! `cargo bench --bench cluster -- 20` serves the demo's sites 20 times over and lets a station read them from nothing until the
//! last post is found: embedded (SQLite, tantivy), then on PostgreSQL and OpenSearch with one process, with three, and with
//! one for each role. `--deep` has the deep reader judge as well. Prints posts a second, processor seconds and the
//! most memory of each process, and of the engines. Needs the engines' programs; a trial without them is left out by name.
//! Asserts only that all posts are stored and found.

#![allow(clippy::unwrap_used, reason = "a measurement may fail by panicking")]

#[path = "../../tests/cluster/demo_web.rs"]
mod demo_web;
#[allow(dead_code, reason = "shared with tests that ask for the rest of it")]
#[path = "../../tests/it/lab.rs"]
mod lab;
#[allow(dead_code, reason = "shared with tests that ask for the rest of it")]
#[path = "../../tests/cluster/opensearch.rs"]
mod opensearch;
#[allow(dead_code, reason = "shared with tests that ask for the rest of it")]
#[path = "../../tests/cluster/postgres.rs"]
mod postgres;
#[allow(dead_code, reason = "shared with tests that ask for the rest of it")]
#[path = "../../tests/it/small_web.rs"]
mod small_web;
#[allow(dead_code, reason = "shared with tests that ask for the rest of it")]
#[path = "../../tests/cluster/watched.rs"]
mod watched;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use demo_web::DemoWeb;
use lab::Lab;
use postgres::Postgres;
use watched::Watched;

/// The pause between two requests to a host: the sites shall not be what is waited for.
const DELAY: f64 = 0.005;

/// Ticks of the clock that processes are charged by.
const TICKS_PER_SEC: f64 = 100.0;

const ADDRESS: &str = "GUANLAN_BENCH_STORE";
const KEY: &str = "GUANLAN_BENCH_KEY";

/// A process that runs, with what it does.
struct Process {
    role: &'static str,
    child: Child,
    lab: Lab,
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Bench {
    watched: Watched,
    web: DemoWeb,
    depth: &'static str,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let copies = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(2);
    let depth = if args.iter().any(|arg| arg == "--deep") { "deep" } else { "fast" };
    let watched = Watched::start();
    let web = DemoWeb::start(&watched, copies);
    let bench = Bench { watched, web, depth };
    let posts = bench.posts();
    println!("{posts} posts of {copies} times ten sites, judged {depth}");
    bench.trial("embedded", &["all"], ("", ""), posts, &|| Some(posts));
    let engines = Postgres::start()
        .and_then(|server| Ok((server, opensearch::try_cluster(opensearch::OLDEST, 1)?.remove(0))));
    let (server, node) = match engines {
        Ok(engines) => engines,
        Err(why) => return println!("on a server: left out, {why}"),
    };
    let kinds: [(&str, &str, &[&str]); 4] = [
        ("one process", "one", &["all"]),
        ("three processes", "three", &["all"; 3]),
        ("three that crawl, one keeps", "crawl", &["keep", "crawl", "crawl", "crawl"]),
        ("crawl, judge, keep", "roles", &["keep", "crawl", "judge"]),
    ];
    for (what, name, roles) in kinds {
        let evidence = tempfile::tempdir().unwrap();
        let tables = format!(
            "[store]\nkind = \"postgres\"\naddress_env = \"{ADDRESS}\"\n[privacy]\nkey_env = \"{KEY}\"\n\
             [evidence]\nfolder = \"{}\"\n[index]\nkind = \"opensearch\"\naddresses = [\"{}\"]\nname = \"{name}\"\n",
            evidence.path().display(),
            node.address
        );
        let address = format!("{}?schema={name}", server.address());
        let stored = format!("SELECT COUNT(*) FROM {name}.posts");
        let stored = || server.psql(&stored).ok().and_then(|n| n.parse().ok());
        bench.trial(what, roles, (&tables, &address), posts, &stored);
        let bytes = server.psql(&format!(
            "SELECT SUM(pg_total_relation_size(c.oid)) FROM pg_class c WHERE relnamespace = '{name}'::regnamespace AND relkind = 'r'"
        ));
        let weight = bytes.ok().and_then(|bytes| bytes.parse::<u64>().ok()).unwrap_or(0);
        println!("    store {} bytes a post", weight / posts);
    }
}

impl Bench {
    fn lab(&self, tables: &str) -> Lab {
        let lab = Lab::new();
        let tables = format!("[judge]\ndepth = \"{}\"\n{tables}", self.depth);
        self.web.furnish(&lab, &tables, DELAY, self.watched.hook);
        lab
    }

    /// How many posts the sites have.
    fn posts(&self) -> u64 {
        let lab = self.lab("");
        lab.run(&["crawl"]);
        let said = lab.run(&["status"]).out;
        let line = said.lines().find(|line| line.contains(" posts stored")).unwrap_or_default();
        line.split_whitespace()
            .find_map(|word| word.parse().ok())
            .unwrap_or_else(|| panic!("{said}"))
    }

    /// Lets processes of these roles read the sites until all is found. Only once all is `stored` is it asked how far the
    /// index is, which on a server takes its time.
    fn trial(
        &self,
        what: &str,
        roles: &[&'static str],
        (tables, address): (&str, &str),
        posts: u64,
        stored: &dyn Fn() -> Option<u64>,
    ) {
        let engines = [charged("postgres"), charged("java")];
        let began = Instant::now();
        let start = |role: &&'static str| {
            let lab = self.lab(tables);
            let mut command = lab.command(&["run", "--role", role]);
            command.env(ADDRESS, address).env(KEY, "a key that all of them use");
            let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            Process { role, child, lab }
        };
        let processes: Vec<Process> = roles.iter().map(start).collect();
        let all = format!("{posts} posts stored; the index is 0 steps behind");
        let mut asked = Duration::ZERO;
        loop {
            assert!(began.elapsed() < Duration::from_secs(1_800), "{what}: {:?} stored", stored());
            std::thread::sleep(Duration::from_millis(500));
            if stored() != Some(posts) {
                continue;
            }
            let look = Instant::now();
            let mut status = processes[0].lab.command(&["status"]);
            status.env(ADDRESS, address).env(KEY, "a key that all of them use");
            let said = String::from_utf8_lossy(&status.output().unwrap().stdout).into_owned();
            asked += look.elapsed();
            if said.contains(&all) {
                break;
            }
        }
        let wall = began.elapsed().as_secs_f64();
        println!(
            "{what}: {:.0} posts/s ({wall:.1} s, of which {:.1} s asking how far it is)",
            posts as f64 / wall,
            asked.as_secs_f64()
        );
        for process in &processes {
            let (cpu, peak) = (spent(process.child.id()), peak_mb(process.child.id()));
            println!("    {:<8} {cpu:>7.1} s of processor, {peak} MB", process.role);
        }
        for (name, before) in
            ["postgres", "java"].into_iter().zip(engines).filter(|_| !tables.is_empty())
        {
            let now = charged(name);
            println!("    {name:<8} {:>7.1} s of processor, {} MB", now.0 - before.0, now.1);
        }
    }
}

/// Seconds of processor that a process was charged, and those of its children that have ended.
fn spent(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(4).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    ticks as f64 / TICKS_PER_SEC
}

/// The most memory a process had, in megabytes.
fn peak_mb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Processor seconds of all processes called `name`, and the memory that is theirs alone or shared among them, in megabytes.
fn charged(name: &str) -> (f64, u64) {
    let (mut cpu, mut kilobytes) = (0.0, 0);
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let called = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if called.trim() != name {
            continue;
        }
        cpu += spent(process);
        let shares = std::fs::read_to_string(entry.path().join("smaps_rollup")).unwrap_or_default();
        let line = shares.lines().find(|line| line.starts_with("Pss:")).unwrap_or_default();
        kilobytes +=
            line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0);
    }
    (cpu, kilobytes / 1024)
}
