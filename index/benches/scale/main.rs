//! Measures the index: size, speed of indexing, memory, latency of queries.
//!
//! ```text
//! cargo bench -p guanlan-index --bench scale -- --posts 100000
//! cargo bench -p guanlan-index --bench scale -- --posts 1000000 --dir DIR --keep
//! cargo bench -p guanlan-index --bench scale -- --serve --dir DIR
//! cargo bench -p guanlan-index --bench scale -- --learn ../shared/data > index/benches/scale/words.tsv
//! cargo bench -p guanlan-index --bench scale -- --variety ../shared/data
//! ```
//! Prints figures; asserts only that what it asks for is found.

mod ask;
mod corpus;
mod learn;

use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{DateTime, Utc};
use index::{Change, Index, WriterOptions};
use pipelines::text::Segmenter;

use corpus::Corpus;

const SEED: u64 = 2026;
/// Posts applied at once, as the station's index thread does.
const BATCH: usize = 500;
/// Posts between commits while loading.
const COMMIT_EVERY: u64 = 100_000;

struct Options {
    posts: u64,
    dir: Option<PathBuf>,
    keep: bool,
    compact: bool,
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
        keep: false,
        compact: false,
        serve: false,
        learn: None,
        variety: None,
        threads: WriterOptions::default().threads,
        memory_mb: WriterOptions::default().memory_bytes >> 20,
        queries: 300,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_else(|| panic!("{arg} wants a value"));
        let number = |text: String| text.parse::<usize>().expect("a number");
        match arg.as_str() {
            "--posts" => o.posts = number(value()) as u64,
            "--dir" => o.dir = Some(value().into()),
            "--keep" => o.keep = true,
            "--compact" => o.compact = true,
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
        ask::measure(&dir, o.queries, SEED);
    }
    if !o.keep && !o.serve && o.dir.is_some() {
        std::fs::remove_dir_all(&dir).expect("the index can be removed");
    }
}

/// The end of the generated year.
pub fn end() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_312_800, 0).expect("in range")
}

fn load(o: &Options, dir: &Path) {
    let index = Index::open_or_create(dir, &Segmenter::default()).expect("a fresh index");
    let options = WriterOptions { threads: o.threads, memory_bytes: o.memory_mb << 20 };
    let mut writer = index.writer(options).expect("nobody else writes");
    let (mut raw, mut count, mut making) = (0u64, 0u64, 0.0);
    let (start, cpu) = (Instant::now(), cpu_secs());
    let mut corpus = Corpus::new(SEED, o.posts, end());
    loop {
        let made = Instant::now();
        let batch: Vec<Change> =
            corpus.by_ref().take(BATCH).map(|p| Change::Put(Box::new(p))).collect();
        making += made.elapsed().as_secs_f64();
        if batch.is_empty() {
            break;
        }
        for change in &batch {
            let Change::Put(p) = change else { continue };
            raw += (p.post.post.title.len() + p.post.post.text.len()) as u64;
        }
        count += batch.len() as u64;
        writer.apply(&batch).expect("posts can be indexed");
        if count % COMMIT_EVERY < BATCH as u64 {
            writer.commit(count).expect("the index can be committed");
            eprintln!("  {count} posts after {:.0} s", start.elapsed().as_secs_f64());
        }
    }
    writer.commit(count).expect("the index can be committed");
    writer.close().expect("merges end");
    let (wall, loaded_cpu) = (start.elapsed().as_secs_f64() - making, cpu_secs());
    // Making the posts is no part of it: what another corpus of the same size takes.
    let making_cpu = cpu_secs();
    let made = Corpus::new(SEED, o.posts.min(5_000), end()).count() as f64;
    let making_cpu = (cpu_secs() - making_cpu) / made * count as f64;
    let cpu = loaded_cpu - cpu - making_cpu;
    if o.compact {
        let start = Instant::now();
        let mut writer = index.writer(options).expect("nobody else writes");
        writer.compact().expect("segments can be merged");
        println!("compacted in {:.0} s", start.elapsed().as_secs_f64());
    }
    let size = dir_size(dir);
    println!("{count} posts, {:.0} MB raw text, {} bytes each", raw as f64 / 1e6, raw / count);
    println!(
        "  indexing {:.0} posts/s wall, {:.0} posts per cpu second",
        count as f64 / wall,
        count as f64 / cpu
    );
    println!("  size {:.0} MB, {:.2} of raw text", size as f64 / 1e6, size as f64 / raw as f64);
    println!("  memory peak {}", memory());
    parts(dir);
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

/// Peak and present memory as the system tells it; what is mapped from files can be given back at once.
pub fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = |name: &str| {
        let line = status.lines().find(|l| l.starts_with(name)).unwrap_or_default();
        let kb: u64 = line.split_whitespace().nth(1).and_then(|v| v.parse().ok()).unwrap_or(0);
        format!("{name} {} MB", kb / 1024)
    };
    ["VmHWM:", "VmRSS:", "RssAnon:", "RssFile:"].map(value).join(", ")
}
