//! What `guanlan import` costs, by how much and what is imported.
//!
//! `cargo bench --bench import -- 5000 20000 80000` imports so many rows of each kind into fresh directories,
//! each by the binary as a whole process: texts of the public data beside the repository where it is there,
//! generated ones, one in five an altered copy of a letter before, all of one wording (one story), all under
//! one short title (no story). `-- --binary PATH 20000` measures another build. Prints processor time of a
//! row, wall time and the most memory of each; the same rows for the same arguments. Asserts only that
//! all rows are kept and found.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

#[allow(dead_code, reason = "shared with the bench of the index, which uses all of it")]
#[path = "../../index/benches/scale/corpus.rs"]
mod corpus;
mod public;

use corpus::{Corpus, Dice};

const SEED: u64 = 2026;

/// Row `n` of a kind, of so many: title and text.
type Kind = (&'static str, fn(&Texts, usize, &mut Dice) -> (String, String));

const KINDS: [Kind; 5] = [
    ("public", |texts, n, _| texts.public(n)),
    ("generated", |texts, n, _| texts.generated(n)),
    ("one in five altered", |texts, n, dice| match n % 5 {
        4 => altered(texts.generated(n - 1 - dice.below(4)), dice),
        _ => texts.generated(n),
    }),
    ("one wording, one story", |texts, _, dice| altered(texts.generated(0), dice)),
    ("one short title, no story", |texts, n, _| ("投诉".to_owned(), texts.generated(n).1)),
];

fn main() -> anyhow::Result<()> {
    let mut binary = PathBuf::from(env!("CARGO_BIN_EXE_guanlan"));
    let (mut sizes, mut args) = (Vec::new(), std::env::args().skip(1));
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {}
            "--binary" => binary = args.next().unwrap_or_default().into(),
            size => sizes.push(size.parse::<usize>()?),
        }
    }
    if sizes.is_empty() {
        sizes.push(2_000);
    }
    let texts = Texts::load(sizes.iter().copied().max().unwrap_or(0));
    println!("{:<26} {:>7} {:>10} {:>8} {:>8}", "rows", "", "cpu µs/row", "wall s", "peak MB");
    for (name, row) in KINDS {
        if name == "public" && texts.public.is_empty() {
            println!("{name:<26} left out: the public data is not here");
            continue;
        }
        for size in &sizes {
            let used = measure(&binary, *size, |n, dice| row(&texts, n, dice))?;
            let micros = used.cpu.as_secs_f64() * 1e6 / *size as f64;
            let wall = used.wall.as_secs_f64();
            println!("{name:<26} {size:>7} {micros:>10.0} {wall:>8.1} {:>8}", used.peak_mb);
        }
    }
    Ok(())
}

/// What rows are made of.
struct Texts {
    public: Vec<String>,
    generated: Vec<(String, String)>,
}

impl Texts {
    fn load(most: usize) -> Self {
        let corpus = Corpus::new(SEED, most as u64, Utc::now());
        let words = corpus.map(|indexed| (indexed.post.post.title, indexed.post.post.text));
        Self { public: public::texts(), generated: words.collect() }
    }

    /// A public text; beyond their number they come again, each time under another first line.
    fn public(&self, n: usize) -> (String, String) {
        let text = &self.public[n % self.public.len()];
        match n / self.public.len() {
            0 => (String::new(), text.clone()),
            again => (String::new(), format!("{}\n{text}", self.generated(again * 7_919 + n).0)),
        }
    }

    fn generated(&self, n: usize) -> (String, String) {
        self.generated[n % self.generated.len()].clone()
    }
}

/// A letter with a name, a number and two characters of its own, as form letters have.
fn altered((title, text): (String, String), dice: &mut Dice) -> (String, String) {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..2 {
        let at = dice.below(chars.len().max(1));
        if let Some(place) = chars.get_mut(at) {
            *place = ['甲', '乙', '丙', '丁', '戊'][dice.below(5)];
        }
    }
    let text: String = chars.into_iter().collect();
    (title, format!("{text}第{}号来信。", dice.roll() % 10_000_000))
}

struct Used {
    cpu: Duration,
    wall: Duration,
    peak_mb: u64,
}

/// Imports rows of the last year into a fresh directory.
fn measure(
    binary: &Path,
    rows: usize,
    row: impl Fn(usize, &mut Dice) -> (String, String),
) -> anyhow::Result<Used> {
    let dir = tempfile::tempdir()?;
    let (file, data) = (dir.path().join("rows.jsonl"), dir.path().join("data"));
    write_rows(&file, rows, row)?;
    let (start, before) = (Instant::now(), children_cpu()?);
    let map = "id=id,title=title,text=text,published_at=at";
    let mut child = Command::new(binary)
        .args(["--quiet", "import", "--map", map])
        .arg(&file)
        .arg("--data-dir")
        .arg(&data)
        .current_dir(dir.path())
        .stdout(Stdio::null())
        .spawn()?;
    let mut peak_mb = 0;
    let ended = loop {
        peak_mb = peak_mb.max(peak_of(child.id()));
        match child.try_wait()? {
            Some(ended) => break ended,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    anyhow::ensure!(ended.success(), "the import failed: {ended}");
    let used = Used { cpu: children_cpu()? - before, wall: start.elapsed(), peak_mb };
    check(binary, &data, rows)?;
    Ok(used)
}

fn write_rows(
    file: &Path,
    rows: usize,
    row: impl Fn(usize, &mut Dice) -> (String, String),
) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    let (mut dice, end): (Dice, DateTime<Utc>) = (Dice(SEED), Utc::now());
    for n in 0..rows {
        let (title, text) = row(n, &mut dice);
        // In no order of time, as exports come.
        let at = end - TimeDelta::minutes(1 + (dice.roll() % 518_400).cast_signed());
        let row = json!({"id": n, "title": title, "text": text, "at": at.to_rfc3339()});
        writeln!(out, "{row}")?;
    }
    Ok(out.flush()?)
}

/// Every row is in the store and in the index.
fn check(binary: &Path, data: &Path, rows: usize) -> anyhow::Result<()> {
    let status =
        Command::new(binary).args(["--lang", "en", "status", "--data-dir"]).arg(data).output()?;
    let said = String::from_utf8_lossy(&status.stdout).into_owned();
    let wanted = format!("{rows} posts stored; the index is 0 steps behind");
    anyhow::ensure!(said.contains(&wanted), "{wanted}: {said}");
    Ok(())
}

/// Processor time, user and system, of the children that have ended; in ticks of a hundredth of a second.
fn children_cpu() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
