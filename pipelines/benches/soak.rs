//! Soak on loopback: 200 hosts, 20,000 pages, at no politeness and at a polite delay.
//!
//! `cargo bench -p guanlan-pipelines --bench soak` serves the pages from a process of its own, fetches them with
//! the fetcher in this one, and prints pages per second, user seconds, peak memory and the shortest distance
//! between two requests to one host. With `SCRAPY=/path/to/scrapy` the same pages are then crawled by Scrapy
//! (`soak_spider.py`) in the same run. No figure is asserted but those that are promises: all pages arrive, and no
//! host is asked faster than its rule.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case should stop there")]

#[path = "../../tests/site/site.rs"]
mod site;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use pipelines::crawl::frontier::in_turns;
use pipelines::crawl::{FetchOutcome, FetchPolicy, Fetcher, SourceConfig};
use pipelines::record::FetchJob;
use site::{RobotsFile, Site};

const HOSTS: usize = 200;
const PAGES_PER_HOST: usize = 100;
const AT_ONCE: usize = 200;
/// Enough for the polite run to be over in seconds.
const POLITE: Duration = Duration::from_millis(100);

fn main() {
    if std::env::args().any(|arg| arg == "serve") {
        return serve();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for (name, delay, pages) in
        [("none", Duration::ZERO, PAGES_PER_HOST), ("polite", POLITE, PAGES_PER_HOST / 2)]
    {
        let mut server = Server::start();
        let before = user_secs();
        let start = Instant::now();
        let kept = runtime.block_on(crawl(server.port, delay, pages));
        let secs = start.elapsed().as_secs_f64();
        let shortest = server.shortest_gap_ms();
        println!(
            "guanlan, politeness {name}: {kept} pages in {secs:.1} s = {:.0}/s, {:.1} s user, peak {} MiB, shortest gap {shortest:.0} ms",
            kept as f64 / secs,
            user_secs() - before,
            peak_mib("self"),
        );
        assert_eq!(kept, HOSTS * pages, "every page arrives");
        assert!(shortest + 1.0 >= delay.as_secs_f64() * 1000.0, "a host was asked too fast");
        if let Ok(scrapy) = std::env::var("SCRAPY") {
            let mut server = Server::start();
            run_scrapy(&scrapy, name, server.port, delay, pages);
            println!("  its shortest gap {:.0} ms", server.shortest_gap_ms());
        }
    }
}

async fn crawl(port: u16, delay: Duration, pages: usize) -> usize {
    let policy =
        FetchPolicy { delay, daily_budget: 0, ..FetchPolicy::new("mailto:bench@yunling.example") };
    let fetcher = Fetcher::new(policy).unwrap();
    let hosts: Vec<String> = (1..=HOSTS).map(|n| format!("127.0.1.{n}:{port}")).collect();
    let source = source(&hosts);
    let now = Utc::now();
    let jobs = hosts.iter().flat_map(|host| (0..pages).map(move |n| job(host, n, now))).collect();
    stream::iter(in_turns(jobs, now))
        .map(|job| {
            let (fetcher, source) = (&fetcher, &source);
            async move {
                match fetcher.fetch(&job, source, now).await {
                    FetchOutcome::Page(_) => 1,
                    other => {
                        eprintln!("{}: {other:?}", job.url);
                        0
                    }
                }
            }
        })
        .buffer_unordered(AT_ONCE)
        .fold(0, |sum, kept| async move { sum + kept })
        .await
}

fn source(hosts: &[String]) -> SourceConfig {
    let urls: Vec<String> = hosts.iter().map(|host| format!("\"http://{host}/list\"")).collect();
    let private: Vec<String> = hosts.iter().map(|host| format!("\"{host}\"")).collect();
    let text = format!(
        "id='soak'\nname='soak'\nkind='list'\nurls=[{}]\nallow_private=[{}]",
        urls.join(","),
        private.join(",")
    );
    toml::from_str(&text).unwrap()
}

fn job(host: &str, number: usize, now: DateTime<Utc>) -> FetchJob {
    FetchJob::new(format!("http://{host}/article/{number}"), &"soak".into(), now)
}

/// The site in a process of its own, so that its memory and time are not counted.
struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Self { child, input, output, port: line.trim().parse().unwrap() }
    }

    fn shortest_gap_ms(&mut self) -> f64 {
        writeln!(self.input, "report").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve() {
    let robots = RobotsFile::Text("User-agent: *\nDisallow: /forbidden/\n".into());
    let site = Site::at("0.0.0.0:0", robots, HashMap::new());
    println!("{}", site.address.port());
    for _ in std::io::stdin().lines() {
        let mut last: HashMap<String, Instant> = HashMap::new();
        let mut shortest = f64::INFINITY;
        for asked in site.asked() {
            let host = asked.headers.get("host").cloned().unwrap_or_default();
            if let Some(before) = last.insert(host, asked.at) {
                shortest = shortest.min((asked.at - before).as_secs_f64() * 1000.0);
            }
        }
        println!("{shortest}");
    }
}

fn run_scrapy(scrapy: &str, name: &str, port: u16, delay: Duration, pages: usize) {
    let spider = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/soak_spider.py");
    let start = Instant::now();
    let output = Command::new(scrapy)
        .args(["runspider", spider, "-s", "LOG_LEVEL=ERROR"])
        .args(["-a", &format!("port={port}"), "-a", &format!("hosts={HOSTS}")])
        .args(["-a", &format!("pages={pages}")])
        .args(["-s", &format!("DOWNLOAD_DELAY={}", delay.as_secs_f64())])
        .args(["-s", &format!("CONCURRENT_REQUESTS={AT_ONCE}")])
        .output()
        .unwrap();
    let secs = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("scrapy, politeness {name}: {} in {secs:.1} s (start-up included)", said.trim());
    if !output.status.success() {
        println!("{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn peak_mib(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// User seconds of this process, from the kernel's count of ticks (100 a second on Linux).
fn user_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default().to_owned();
    after.split_whitespace().nth(11).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0) / 100.0
}
