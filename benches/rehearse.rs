//! What `guanlan rule rehearse QUERY --days 30` costs on a station of many posts.
//!
//! `cargo bench --bench rehearse -- 1000000 DIR` makes a station of a million generated posts of the last
//! thirty days in DIR (once: what stands there is used again), then rehearses queries of every sort over
//! it: as a whole process, and inside, search and state machine apart. Without arguments 5,000 posts in a
//! folder that goes away. The fastest of three counts. Prints; asserts only that process and parts count
//! the same posts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::Utc;
use guanlan::engine::{DataDir, StoredPosts, rebuild_index};
use guanlan::store::{SqliteStore, Store};
use index::{Index, PostSource, SearchIndex, SearchOptions};
use pipelines::query::{Context, parse};
use pipelines::text::Segmenter;

#[allow(dead_code, reason = "shared with the bench of the index, which uses all of it")]
#[path = "../index/benches/scale/corpus.rs"]
mod corpus;

/// Posts of a transaction.
const BATCH: usize = 20_000;
/// Days that the posts are of.
const DAYS: i32 = 30;
/// Seldom and frequent words, words apart, a neighbourhood, and words that only the texts can tell.
const QUERIES: [&str; 8] = [
    "爆炸",
    "拖欠 工资",
    "(事故 | 爆炸) (死亡 | 安全) -演练",
    "拖欠 NEAR/20 工资",
    "事故 同句 (死亡 | 爆炸)",
    "/死亡.{0,4}事故/",
    "事故",
    "安全",
];

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let posts: u64 = args.first().map_or(Ok(5_000), |text| text.parse())?;
    let temporary = tempfile::tempdir()?;
    let dir = args.get(1).map_or_else(|| temporary.path().join("data"), PathBuf::from);
    let data = DataDir(dir);
    if !data.store().exists() {
        make(&data, posts)?;
    }
    for query in QUERIES {
        measure(&data, query)?;
    }
    Ok(())
}

fn make(data: &DataDir, wanted: u64) -> anyhow::Result<()> {
    let start = Instant::now();
    std::fs::create_dir_all(&data.0)?;
    let store = SqliteStore::open(&data.store())?;
    let end = Utc::now();
    let mut posts = corpus::Corpus::new(7, wanted, end).map(|indexed| {
        let mut post = indexed.post;
        post.post.content_hash = post.post.id.0;
        if let Some(published) = &mut post.post.published {
            published.at = end - (end - published.at) * DAYS / 365;
            post.post.fetched_at = published.at;
        }
        post
    });
    loop {
        let batch: Vec<_> = posts.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        store
            .write(&mut |write| batch.iter().try_for_each(|post| write.put_post(post).map(drop)))?;
    }
    println!("{wanted} posts stored in {:.0} s", start.elapsed().as_secs_f64());
    rebuild_index(
        &store,
        &index::Place::from(data.index()),
        chrono::Utc::now(),
        &|| false,
        &mut |_| {},
    )?;
    let last = store.last_change()?;
    store.write(&mut |write| write.forget_changes(last))?;
    println!("and indexed after {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Prints what `query` costs.
fn measure(data: &DataDir, query: &str) -> anyhow::Result<()> {
    let (whole, said) = best(|| rehearsed(&data.0, query))?;
    let store = SqliteStore::open(&data.store())?;
    let index = Index::open_read_only(data.index(), &Segmenter::default())?;
    let parsed = parse(&format!("({query}) published:{DAYS}d"), &Context::at(Utc::now()))?;
    let posts = StoredPosts(&store);
    let (searching, found) = best(|| count(&index, &parsed, &posts))?;
    anyhow::ensure!(
        said.contains(&format!(" {found} posts")),
        "search finds {found} posts for {query}, rehearsal says: {said}"
    );
    println!(
        "{:>8.0} ms, {:>6.0} of it the bare search: {query}: {said}",
        whole.as_secs_f64() * 1e3,
        searching.as_secs_f64() * 1e3,
    );
    Ok(())
}

fn count(
    index: &Index,
    query: &pipelines::query::Query,
    posts: &dyn PostSource,
) -> anyhow::Result<u64> {
    let options = SearchOptions { limit: 1, totals: true, ..SearchOptions::default() };
    Ok(index.search(query, &options, Some(posts))?.posts.unwrap_or_default())
}

/// The first line that a rehearsal prints.
fn rehearsed(data: &Path, query: &str) -> anyhow::Result<String> {
    let run = Command::new(env!("CARGO_BIN_EXE_guanlan"))
        .args(["--lang", "en", "--data-dir"])
        .arg(data)
        .args(["rule", "rehearse", query, "--days", "30"])
        .stdin(Stdio::null())
        .current_dir(data)
        .output()?;
    anyhow::ensure!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let out = String::from_utf8(run.stdout)?;
    Ok(out.lines().next().unwrap_or_default().to_owned())
}

/// The fastest of three turns, and what the last of them gave.
fn best<T>(work: impl Fn() -> anyhow::Result<T>) -> anyhow::Result<(Duration, T)> {
    let mut best = Duration::MAX;
    let mut last = None;
    for _ in 0..3 {
        let start = Instant::now();
        last = Some(work()?);
        best = best.min(start.elapsed());
    }
    last.map(|value| (best, value)).ok_or_else(|| anyhow::anyhow!("no turn was run"))
}
