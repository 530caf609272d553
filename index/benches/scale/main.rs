//! Measures the index: size, speed of indexing, memory, latency of queries.
//!
//! ```text
//! cargo bench -p guanlan-index --bench scale -- --posts 100000
//! cargo bench -p guanlan-index --bench scale -- --posts 1000000 --dir DIR --keep
//! cargo bench -p guanlan-index --bench scale -- --serve --dir DIR
//! cargo bench -p guanlan-index --bench scale -- --posts 100000 --cluster http://127.0.0.1:9200 --shards 2
//! cargo bench -p guanlan-index --bench scale -- --learn ../shared/data > index/benches/scale/words.tsv
//! cargo bench -p guanlan-index --bench scale -- --variety ../shared/data
//! ```
//! Prints figures; asserts only that what it asks for is found. `--cluster` does the same in an OpenSearch cluster, under the
//! name `scale`, which is left there; what only the texts can tell is passed over.

mod ask;
mod corpus;
mod learn;

use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{DateTime, Utc};
use index::{Change, ClusterPlace, Index, IndexedPost, Login, Place, RebuildLock, WriterOptions};
use pipelines::text::Segmenter;

use corpus::Corpus;

const SEED: u64 = 2026;
/// Posts made at once and then indexed, so that the two can be timed apart.
const BATCH: usize = 10_000;
/// Posts between commits while loading.
const COMMIT_EVERY: u64 = 100_000;

struct Options {
    posts: u64,
    dir: Option<PathBuf>,
    cluster: Option<String>,
    shards: usize,
    keep: bool,
    by_change: bool,
    serve: bool,
    learn: Option<PathBuf>,
    variety: Option<PathBuf>,
    threads: usize,
    memory_mb: usize,
    queries: usize,
}

fn options() -> Options {
    let mut o = Options {
        posts: 20_000,
        dir: None,
        cluster: None,
        shards: 1,
        keep: false,
        by_change: false,
        serve: false,
        learn: None,
        variety: None,
        threads: WriterOptions::default().threads,
        memory_mb: WriterOptions::bulk().memory_bytes >> 20,
        queries: 300,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_else(|| panic!("{arg} wants a value"));
        let number = |text: String| text.parse::<usize>().expect("a number");
        match arg.as_str() {
            "--posts" => o.posts = number(value()) as u64,
            "--dir" => o.dir = Some(value().into()),
            "--cluster" => o.cluster = Some(value()),
            "--shards" => o.shards = number(value()),
            "--keep" => o.keep = true,
            "--by-change" => o.by_change = true,
            "--serve" => o.serve = true,
            "--learn" => o.learn = Some(value().into()),
            "--variety" => o.variety = Some(value().into()),
            "--threads" => o.threads = number(value()),
            "--memory-mb" => o.memory_mb = number(value()),
            "--queries" => o.queries = number(value()),
            "--bench" => {}
            other => panic!("unknown option {other}"),
        }
    }
    o
}

fn main() {
    let o = options();
    if let Some(data) = &o.learn {
        learn::print_words(data);
        return;
    }
    if let Some(data) = &o.variety {
        learn::print_variety(data);
        return;
    }
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = o.dir.clone().unwrap_or_else(|| temp.path().to_owned());
    if !o.serve {
        load(&o, &dir);
        println!("  run again with --serve --dir for latencies and memory while serving");
    }
    if o.serve || o.dir.is_none() {
        ask::measure(&place(&o, &dir), o.queries, SEED);
    }
    if !o.keep && !o.serve && o.dir.is_some() {
        std::fs::remove_dir_all(&dir).expect("the index can be removed");
    }
}

/// Where the index is: in `dir`, or in the cluster that was named.
fn place(o: &Options, dir: &Path) -> Place {
    let Some(address) = &o.cluster else { return dir.into() };
    ClusterPlace {
        addresses: vec![address.clone()],
        name: "scale".to_owned(),
        login: Login::Nobody,
        ca: None,
        shards: u32::try_from(o.shards).expect("few"),
        replicas: 0,
        timeout: std::time::Duration::from_secs(120),
        dir: dir.to_owned(),
    }
    .into()
}

/// The end of the generated year.
pub fn end() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_312_800, 0).expect("in range")
}

/// Posts on their way into the index, and the time and the work that making them took.
struct Supply {
    corpus: Corpus,
    batch: std::vec::IntoIter<IndexedPost>,
    raw: u64,
    making_secs: f64,
    making_cpu_secs: f64,
}

impl Iterator for Supply {
    type Item = Result<IndexedPost, std::io::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.batch.len() == 0 {
            let (start, cpu) = (Instant::now(), thread_cpu_secs());
            let batch: Vec<IndexedPost> = self.corpus.by_ref().take(BATCH).collect();
            let len = |p: &IndexedPost| (p.post.post.title.len() + p.post.post.text.len()) as u64;
            self.raw += batch.iter().map(len).sum::<u64>();
            self.batch = batch.into_iter();
            self.making_secs += start.elapsed().as_secs_f64();
            self.making_cpu_secs += thread_cpu_secs() - cpu;
        }
        self.batch.next().map(Ok)
    }
}

/// Builds an index as `guanlan reindex` does, or as the station does, change by change.
fn load(o: &Options, dir: &Path) {
    let options = WriterOptions { threads: o.threads, memory_bytes: o.memory_mb << 20 };
    let mut supply = Supply {
        corpus: Corpus::new(SEED, o.posts, end()),
        batch: Vec::new().into_iter(),
        raw: 0,
        making_secs: 0.0,
        making_cpu_secs: 0.0,
    };
    let most = watch_memory();
    let (start, cpu) = (Instant::now(), cpu_secs());
    let (mut reached, mut added) = (0, (0.0, 0.0));
    let mut told = |count: u64| {
        // The last number is told again when all is merged.
        if count > reached {
            (reached, added) = (count, (start.elapsed().as_secs_f64(), cpu_secs()));
        }
        if count.is_multiple_of(COMMIT_EVERY) {
            eprintln!("  {count} posts after {:.0} s", added.0);
        }
    };
    if o.by_change {
        let index =
            Index::open_or_create(place(o, dir), &Segmenter::default()).expect("a fresh index");
        let mut writer = index.writer(options).expect("nobody else writes");
        for (post, count) in supply.by_ref().flatten().zip(1u64..) {
            writer.apply(&[Change::Put(Box::new(post))]).expect("posts can be indexed");
            if count.is_multiple_of(COMMIT_EVERY) {
                writer.commit(count).expect("the index can be committed");
                told(count);
            }
        }
        writer.commit(o.posts).expect("the index can be committed");
        told(o.posts);
        writer.close().expect("merges end");
    } else {
        let lock = RebuildLock::take(place(o, dir)).expect("nobody else rebuilds");
        Index::rebuild(&lock, options, 0, supply.by_ref(), &mut told).expect("an index is built");
    }
    let (wall, cpu_all) = (start.elapsed().as_secs_f64(), cpu_secs());
    let posts = o.posts as f64;
    let per = |secs: f64, name: &str| println!("  {name}: {:.0} posts/s", posts / secs);
    let Supply { raw, making_secs, making_cpu_secs, .. } = supply;
    println!("{posts} posts, {:.0} MB raw text, {} bytes each", raw as f64 / 1e6, raw / o.posts);
    per(wall - making_secs, "indexing and merging, wall");
    per(cpu_all - cpu - making_cpu_secs, "indexing and merging, per cpu second");
    per(added.0 - making_secs, "indexing before the last segments and merging, wall");
    per(added.1 - cpu - making_cpu_secs, "the same, per cpu second");
    let size = match place(o, dir) {
        Place::Cluster(cluster) => cluster.health().expect("the cluster answers").bytes,
        Place::Folder(dir) => dir_size(&dir),
    };
    println!("  size {:.0} MB, {:.2} of raw text", size as f64 / 1e6, size as f64 / raw as f64);
    let most = most.load(std::sync::atomic::Ordering::Relaxed);
    println!("  memory of its own, most: {most} MB; {}", memory());
    if o.cluster.is_none() {
        parts(dir);
    }
}

/// Bytes by kind of file, largest first.
fn parts(dir: &Path) {
    let mut kinds = std::collections::BTreeMap::<String, u64>::new();
    walk(dir, &mut |path, len| {
        let kind = path.extension().map_or_else(String::new, |e| e.to_string_lossy().into_owned());
        *kinds.entry(kind).or_default() += len;
    });
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|(_, len)| std::cmp::Reverse(*len));
    for (kind, len) in kinds.iter().take(6) {
        println!("    .{kind} {:.1} MB", *len as f64 / 1e6);
    }
    fields(dir);
}

/// Bytes of the texts by field: postings, places, dictionaries.
fn fields(dir: &Path) {
    let name = std::fs::read_to_string(dir.join("CURRENT")).expect("an index");
    let index = tantivy::Index::open_in_dir(dir.join(name.trim())).expect("an index");
    let searcher = index.reader().expect("a reader").searcher();
    let usage = searcher.space_usage().expect("sizes are known");
    for name in ["pairs", "title", "body"] {
        let mut sums = [0.0; 3];
        for segment in usage.segments() {
            let parts = [segment.postings(), segment.positions(), segment.termdict()];
            for (sum, part) in sums.iter_mut().zip(parts) {
                let used = part.fields().find(|used| used.field_name() == name);
                *sum += used.map_or(0.0, |used| used.total().get_bytes() as f64 / 1e6);
            }
        }
        println!("    field {name}: postings, places, terms {sums:.1?} MB");
    }
}

fn dir_size(dir: &Path) -> u64 {
    let mut sum = 0;
    walk(dir, &mut |_, len| sum += len);
    sum
}

fn walk(dir: &Path, see: &mut dyn FnMut(&Path, u64)) {
    for entry in std::fs::read_dir(dir).expect("the directory can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, see);
        } else {
            see(&path, path.metadata().map_or(0, |m| m.len()));
        }
    }
}

/// User and system time of this process so far, in seconds; 0 where the system does not tell.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

/// The most memory of its own that this process was seen with, in MB; watched ten times a second.
fn watch_memory() -> std::sync::Arc<std::sync::atomic::AtomicU64> {
    let most = std::sync::Arc::<std::sync::atomic::AtomicU64>::default();
    let seen = most.clone();
    std::thread::spawn(move || {
        loop {
            seen.fetch_max(status_mb("RssAnon:"), std::sync::atomic::Ordering::Relaxed);
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    most
}

/// What this thread alone has run, in seconds.
fn thread_cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    nanos.unwrap_or_default() / 1e9
}

/// Peak and present memory as the system tells it; what is mapped from files can be given back at once.
pub fn memory() -> String {
    let value = |name: &str| format!("{name} {} MB", status_mb(name));
    ["VmHWM:", "VmRSS:", "RssAnon:", "RssFile:"].map(value).join(", ")
}

fn status_mb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|v| v.parse::<u64>().ok()).unwrap_or(0) / 1024
}
