//! A search node of our own for tests: OpenSearch from its Maven artefacts, without its distribution.
//!
//! In: a version. Out: nodes that answer on a free port of this machine and end with the test, however it ends; or none,
//! with a line `skipped: …` that names what is missing (Java, Maven, or the artefacts). The jars stay in
//! `target/cluster`. Included by path, since tests of two packages ask.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The version that is always tried, and the newest, which needs Java 21.
pub const OLDEST: &str = "2.19.6";
#[allow(dead_code, reason = "not every test that includes this asks for it")]
pub const NEWEST: &str = "3.9.0";

/// Until a node answers: it takes 5 s alone, and much longer on a machine that builds beside it.
const UP_WITHIN: Duration = Duration::from_secs(120);

/// Says what is passed over, also where the output of tests is kept back.
#[allow(dead_code, reason = "not every test that includes this asks for it")]
pub fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

/// A running node.
pub struct Node {
    child: Child,
    dir: PathBuf,
    pub address: String,
    how: How,
}

/// How it was started, so that it can be started again.
#[derive(Clone)]
struct How {
    java: PathBuf,
    class_path: String,
    /// The memory it may have, of several less: they hold little.
    heap: &'static str,
    settings: Vec<String>,
    port: u16,
    log: PathBuf,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

impl Node {
    /// Kills it, as a loss of power would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on what it had.
    #[allow(dead_code, reason = "not every test that includes this asks for it")]
    pub fn start_again(&mut self) {
        self.child = self.how.start();
        assert!(is_up(self.how.port, &mut self.child), "{}", self.how.last_words());
    }

    /// Keeps it from doing anything (`SIGSTOP`), or lets it go on.
    #[allow(dead_code, reason = "not every test that includes this asks for it")]
    pub fn hold(&self, held: bool) {
        let signal = if held { "-STOP" } else { "-CONT" };
        let done = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(done.is_ok_and(|status| status.success()));
    }
}

impl How {
    fn start(&self) -> Child {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        Command::new(&self.java)
            .args([format!("-Xms{}", self.heap), format!("-Xmx{}", self.heap)])
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .arg("-Dlog4j2.disable.jmx=true")
            .args(["-cp", &self.class_path, "SearchNode"])
            .args(&self.settings)
            // It ends when this end of its input is closed, be it by our death.
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }
}

/// What programs may still take of this machine's memory; much where that is not known.
#[allow(dead_code, reason = "not every test that includes this asks for it")]
pub fn free_memory_mb() -> u64 {
    let known = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = known.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.map_or(u64::MAX, |kib| kib / 1024)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One node of `version`; none, told by name, where it cannot be had.
#[allow(dead_code, reason = "not every test that includes this asks for it")]
pub fn node(version: &str) -> Option<Node> {
    cluster(version, 1)?.pop()
}

/// A cluster of `size` nodes; none, told by name, where it cannot be had.
#[allow(dead_code, reason = "not every test that includes this asks for it")]
pub fn cluster(version: &str, size: usize) -> Option<Vec<Node>> {
    try_cluster(version, size).map_err(|why| skipped(&why)).ok()
}

/// The same, or why it cannot be had.
pub fn try_cluster(version: &str, size: usize) -> Result<Vec<Node>, String> {
    let (java, class_path) =
        program(version).map_err(|why| format!("OpenSearch {version}: {why}"))?;
    let ports: Vec<(u16, u16)> = (0..size).map(|_| (free_port(), free_port())).collect();
    let seeds: Vec<String> = ports.iter().map(|(_, t)| format!("127.0.0.1:{t}")).collect();
    let names: Vec<String> = (1..=size).map(|nth| format!("n{nth}")).collect();
    let mut nodes = Vec::new();
    for ((http, transport), name) in ports.iter().zip(&names) {
        let dir =
            std::env::temp_dir().join(format!("guanlan-search-{}-{http}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let settings = [
            ("path.home", dir.display().to_string()),
            ("node.name", name.clone()),
            ("cluster.name", format!("guanlan-{}", ports[0].1)),
            ("http.port", http.to_string()),
            ("transport.port", transport.to_string()),
            ("network.host", "127.0.0.1".to_owned()),
            ("transport.type", "netty4".to_owned()),
            ("http.type", "netty4".to_owned()),
            ("discovery.seed_hosts", seeds.join(",")),
            ("cluster.initial_cluster_manager_nodes", names.join(",")),
            ("cluster.routing.allocation.disk.threshold_enabled", "false".to_owned()),
        ];
        let settings = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (java, class_path) = (java.clone(), class_path.clone());
        let heap = if size > 1 { "384m" } else { "512m" };
        let how = How { java, class_path, heap, settings, port: *http, log: dir.join("node.log") };
        let address = format!("http://127.0.0.1:{http}");
        nodes.push(Node { child: how.start(), dir, address, how });
    }
    for node in &mut nodes {
        if !is_up(node.how.port, &mut node.child) {
            panic!("OpenSearch {version} does not come up: {}", node.how.last_words());
        }
    }
    Ok(nodes)
}

/// Waits until the node answers and has a manager.
fn is_up(port: u16, child: &mut Child) -> bool {
    let until = Instant::now() + UP_WITHIN;
    while Instant::now() < until && child.try_wait().is_ok_and(|ended| ended.is_none()) {
        if get(port, "/_cluster/health")
            .is_some_and(|answer| answer.split(' ').nth(1) == Some("200"))
        {
            return true;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    false
}

fn get(port: u16, path: &str) -> Option<String> {
    asked(port, "GET", path, "")
}

fn asked(port: u16, method: &str, path: &str, body: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// What a node answers to a request that goes well.
#[allow(dead_code, reason = "not every test that includes this asks for it")]
pub fn request(node: &Node, method: &str, path: &str, body: &str) -> String {
    answered(node, method, path, body).unwrap_or_else(|said| panic!("{said}"))
}

/// The same; what it says where the request does not go well.
#[allow(dead_code, reason = "not every test that includes this asks for it")]
fn answered(node: &Node, method: &str, path: &str, body: &str) -> Result<String, String> {
    let answer = asked(node.how.port, method, path, body).unwrap_or_default();
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(&*answer)?;
    let went_well = head.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
    if went_well { Ok(body.to_owned()) } else { Err(answer) }
}

/// Asks until there is an answer, for as long as two minutes.
#[allow(dead_code, reason = "not every test that includes this asks for it")]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let asked = Instant::now();
    while asked.elapsed() < UP_WITHIN {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("{what} does not come about")
}

/// The number of the node that holds the first copy of the index's first shard (`p`), or the other (`r`), once all are at work.
#[allow(dead_code, reason = "not every test that includes this asks for it")]
pub fn holder(nodes: &[Node], asked: usize, name: &str, copy: &str) -> usize {
    let listed = || {
        let path = format!("/_cat/shards/{name}?h=shard,prirep,state,node");
        let listed = answered(&nodes[asked], "GET", &path, "").ok()?;
        let rows: Vec<Vec<&str>> =
            listed.lines().map(|line| line.split_whitespace().collect()).collect();
        let at_work = !rows.is_empty() && rows.iter().all(|row| row.get(2) == Some(&"STARTED"));
        let row = rows.iter().find(|row| row[..2] == ["0", copy]).filter(|_| at_work)?;
        row.last()?.trim_start_matches('n').parse::<usize>().ok()
    };
    until("a shard with its copy", listed) - 1
}

/// The Java to run `version` with and its class path, fetched and compiled where that was not done yet.
fn program(version: &str) -> Result<(PathBuf, String), String> {
    let line = version.split('.').next().unwrap_or_default();
    let java = java(if line == "2" { 17 } else { 21 })?;
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let checkout = checkout.ancestors().find(|dir| dir.join("Cargo.lock").exists());
    let checkout = checkout.ok_or("no checkout around this")?;
    let ours = checkout.join("tests/cluster/opensearch");
    let cache = checkout.join("target/cluster").join(format!("opensearch-{version}"));
    fs::create_dir_all(&cache).map_err(|e| e.to_string())?;
    // Tests of two programs may ask at the same time.
    let lock = File::create(cache.join("lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    let (jars, classes) = (cache.join("jars"), cache.join("classes"));
    if !cache.join("fetched").exists() {
        run(Command::new("mvn")
            .args(["-q", "-B", "-f"])
            .arg(ours.join("pom.xml"))
            .arg(format!("-Dopensearch.version={version}"))
            .arg("dependency:copy-dependencies")
            .arg(format!("-DoutputDirectory={}", jars.display())))?;
        fs::write(cache.join("fetched"), version).map_err(|e| e.to_string())?;
    }
    let all_jars = format!("{}/*", jars.display());
    let source = ours.join(line).join("SearchNode.java");
    let written = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).ok();
    if written(&classes.join("SearchNode.class")) < written(&source) {
        run(Command::new(java.with_file_name("javac"))
            .args(["-cp", &all_jars, "-d"])
            .arg(&classes)
            .arg(source))?;
    }
    Ok((java, format!("{}:{all_jars}", classes.display())))
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|error| format!("`{name}` cannot be run ({error})"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    let first = said.lines().find(|line| line.contains("ERROR") || line.contains("error"));
    Err(format!("`{name}` failed: {}", first.unwrap_or(&said).trim()))
}

/// A Java of at least this version with its compiler: the one of the path, else the oldest that fits of those installed.
fn java(least: u32) -> Result<PathBuf, String> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&on_path).map(|dir| dir.join("java"));
    let installed = fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let installed = installed.map(|entry| entry.path().join("bin/java"));
    for java in on_path.chain(installed) {
        let Ok(java) = java.canonicalize() else { continue };
        if !java.with_file_name("javac").exists() {
            continue;
        }
        let Ok(said) = Command::new(&java).arg("-version").output() else { continue };
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let number = said.split('"').nth(1).and_then(|v| v.split(['.', '-']).next());
        if let Some(number) = number.and_then(|n| n.parse().ok()) {
            found.push((number, java));
        }
    }
    found.sort();
    found
        .into_iter()
        .find(|(version, _)| *version >= least)
        .map(|(_, java)| java)
        .ok_or(format!("no Java of version {least} or newer with its compiler"))
}
