//! What a post weighs in each part of a station, and what a billion of them would.
//!
//! `cargo bench --bench capacity -- 5000 20000` imports so many generated rows into fresh directories, each by the binary as
//! a whole process, judged as any post is; one row in five names a unit. `--engines FILE` puts the tables of FILE ([store],
//! [index]) behind the config, for one size and engines that hold nothing yet. Prints bytes a post of each part (of each table
//! of SQLite too), and the same times a billion; pages of evidence are those of the public data, where it is there. Sizes
//! do not hang on how the program is built: `--profile dev` will do. Asserts only that all rows are kept and found.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::desk::{Desk, Who};
use pipelines::crawl::warc;
use pipelines::locale::Lang;
use pipelines::record::Page;
use serde_json::json;
use sha2::{Digest as _, Sha256};

#[allow(dead_code, reason = "shared with the bench of the index, which uses all of it")]
#[path = "../../index/benches/scale/corpus.rs"]
mod corpus;

use corpus::{Corpus, Dice};

const SEED: u64 = 2026;
const BILLION: f64 = 1e9;

const CONFIG: &str = "[station]\ndata_dir = \"data\"\n[judge]\ndepth = \"fast\"\n\
    [[subject]]\nid = \"group\"\nname = \"云岭矿业集团有限公司\"\nshort_names = [\"云岭矿业\", \"云岭集团\"]\n\
    [[subject]]\nid = \"nanguan\"\nname = \"南关煤矿\"\nshort_names = [\"南关矿\"]\nparent = \"group\"\n";

fn main() -> anyhow::Result<()> {
    let (mut sizes, mut engines) = (Vec::new(), String::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {}
            "--engines" => engines = std::fs::read_to_string(args.next().unwrap_or_default())?,
            size => sizes.push(size.parse::<u64>()?),
        }
    }
    if sizes.is_empty() {
        sizes.push(2_000);
    }
    anyhow::ensure!(engines.is_empty() || sizes.len() == 1, "one size for engines that last");
    for size in sizes {
        weigh(size, &engines)?;
    }
    if let Some((pages, bytes)) = evidence()? {
        shown("a page as evidence", bytes as f64 / pages as f64);
    }
    Ok(())
}

fn shown(what: &str, bytes: f64) {
    println!("{what:<34} {bytes:>9.0} B {:>9.2} TB", bytes * BILLION / 1e12);
}

/// Imports `size` rows and weighs what came of them.
fn weigh(size: u64, engines: &str) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let main = dir.path().join("guanlan.toml");
    std::fs::write(&main, format!("{CONFIG}{engines}"))?;
    let file = dir.path().join("rows.jsonl");
    let text = write_rows(&file, size)?;
    let start = Instant::now();
    let mut import = Command::new(env!("CARGO_BIN_EXE_guanlan"));
    import
        .args(["--quiet", "import", "--map", "id=id,title=title,text=text,published_at=at"])
        .arg(&file)
        .arg("--config")
        .arg(&main)
        .stdout(Stdio::null());
    anyhow::ensure!(import.status()?.success(), "the import failed");
    println!(
        "{size} posts, imported in {:.0} s; a post, and a billion:",
        start.elapsed().as_secs_f64()
    );
    let config = Config::load(Some(&main), &Overrides::default());
    let config = config.map_err(|problems| anyhow::anyhow!(problems.render(Lang::En)))?;
    let data = config.station.data_dir.clone();
    let desk = Desk::open(config)?;
    let station = desk.station(&Who::owner("bench", Lang::En))?;
    anyhow::ensure!(station.posts == size && station.behind == Some(0), "rows are missing");
    let of_one = |bytes: u64| bytes as f64 / size as f64;
    shown("title and text", of_one(text));
    for part in station.sizes.iter().filter(|part| ["store", "index"].contains(&part.part)) {
        shown(part.part, of_one(part.bytes));
    }
    drop(desk);
    for (table, bytes) in tables(&data)? {
        shown(&format!("  {table}"), of_one(bytes));
    }
    Ok(())
}

/// Rows of the last year, in no order of time, as exports come; answers the bytes of their texts.
fn write_rows(file: &Path, size: u64) -> anyhow::Result<u64> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    let (mut dice, end): (Dice, DateTime<Utc>) = (Dice(SEED), Utc::now());
    let mut bytes = 0;
    for (n, indexed) in Corpus::new(SEED, size, end).enumerate() {
        let post = indexed.post.post;
        let unit = ["", "", "", "", "南关煤矿"][n % 5];
        let (title, text) = (format!("{unit}{}", post.title), format!("{unit}{}。", post.text));
        bytes += (title.len() + text.len()) as u64;
        let at = end - TimeDelta::minutes(1 + (dice.roll() % 518_400).cast_signed());
        let row = json!({"id": n, "title": title, "text": text, "at": at.to_rfc3339()});
        writeln!(out, "{row}")?;
    }
    out.flush()?;
    Ok(bytes)
}

/// The largest tables and indexes of the store's file; none where it is on a server.
fn tables(data: &Path) -> anyhow::Result<Vec<(String, u64)>> {
    let file = data.join("guanlan.db");
    if !file.exists() {
        return Ok(Vec::new());
    }
    let store = rusqlite::Connection::open(file)?;
    let sql = "SELECT name, SUM(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 8";
    let mut asked = store.prepare(sql)?;
    let rows =
        asked.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Real pages, and the bytes of their records; none without the public data.
fn evidence() -> anyhow::Result<Option<(u64, u64)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/pages");
    let (mut pages, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(body) = std::fs::read(entry.path().join("page.html")) else { continue };
        let page = Page {
            url: "https://example.com/".to_owned(),
            requested_url: "https://example.com/".to_owned(),
            source: "bench".into(),
            status: 200,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            sha256: Sha256::digest(&body).into(),
            body,
            fetched_at: Utc::now(),
        };
        bytes += warc::pack(&page)?.bytes.len() as u64;
        pages += 1;
    }
    Ok((pages > 0).then_some((pages, bytes)))
}
