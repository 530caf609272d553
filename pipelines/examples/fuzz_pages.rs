//! Reads mutated and hostile pages for as long as it is told: no panic, no page over the CPU limit.
//!
//! ```text
//! cargo run --release --example fuzz_pages -- FOLDER MINUTES [SEED]
//! ```
//!
//! FOLDER holds saved pages (searched two levels deep). Each round takes one, cuts, doubles, splices and flips
//! parts of it by a seeded generator, or makes hostile markup of its own, and reads it the way the station
//! does. Prints the slowest page with its round, so that the same seed shows it again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pipelines::extract::{self, ReadOptions};
use pipelines::record::{Page, SourceId};

/// SplitMix64: small, seeded, good enough to choose bytes.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().unwrap_or_else(|| "../shared/data".to_owned()));
    let minutes: f64 = args.next().and_then(|m| m.parse().ok()).unwrap_or(1.0);
    let seed: u64 = args.next().and_then(|s| s.parse().ok()).unwrap_or(1);
    let mut pages = Vec::new();
    collect(&dir, 2, &mut pages)?;
    println!("{} pages from {}, seed {seed}, {minutes} minutes", pages.len(), dir.display());
    let until = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let mut slowest = (Duration::ZERO, 0u64, 0usize);
    let (mut round, mut bytes) = (0u64, 0u64);
    let mut told = Instant::now();
    while Instant::now() < until {
        let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(round));
        let body = make(&mut dice, &pages);
        bytes += body.len() as u64;
        let spent = read(&body, round);
        if spent > Duration::from_millis(200) {
            println!("over the limit: round {round}, {spent:?}, {} bytes", body.len());
        }
        if spent > slowest.0 {
            slowest = (spent, round, body.len());
        }
        round += 1;
        if told.elapsed() > Duration::from_secs(60) {
            told = Instant::now();
            println!(
                "{round} pages, {} MB, slowest {:?} (round {}, {} bytes)",
                bytes >> 20,
                slowest.0,
                slowest.1,
                slowest.2
            );
        }
    }
    println!(
        "done: {round} pages, {} MB, no panic, slowest {:?} (round {}, {} bytes)",
        bytes >> 20,
        slowest.0,
        slowest.1,
        slowest.2
    );
    Ok(())
}

fn collect(dir: &Path, depth: u32, pages: &mut Vec<Vec<u8>>) -> anyhow::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() && depth > 0 {
            collect(&path, depth - 1, pages)?;
        } else if path.extension().is_some_and(|e| e == "html") {
            pages.push(std::fs::read(path)?);
        }
    }
    Ok(())
}

/// Reads one page in every way the station does; returns the CPU time of reading it.
fn read(body: &[u8], round: u64) -> Duration {
    // Every other page is read as a thread.
    let url = if round.is_multiple_of(2) {
        "https://example.com/2026/11/22/1.html"
    } else {
        "https://bbs.example.com/thread/1"
    };
    let page = Page {
        url: url.to_owned(),
        requested_url: String::new(),
        source: SourceId::default(),
        status: 200,
        headers: Vec::new(),
        body: body.to_vec(),
        fetched_at: chrono::DateTime::UNIX_EPOCH,
        sha256: [0; 32],
    };
    let now = chrono::DateTime::from_timestamp(1_790_000_000, 0).expect("a constant in range");
    let before = cpu();
    let found = extract::read_page(&page, &ReadOptions::new(now));
    let spent = cpu().saturating_sub(before);
    let text = extract::decode(body, None).text;
    let _ = (extract::page_kind(&text), extract::next_page(&text));
    if let pipelines::record::Verdict::Keep(found) = found {
        let _ = extract::mask(found.text.as_deref().unwrap_or_default());
    }
    spent
}

/// CPU time of this thread where the system tells it, else wall time.
fn cpu() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|t| t.split(' ').next().and_then(|n| n.parse().ok()));
    nanos.map_or_else(
        || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default(),
        Duration::from_nanos,
    )
}

fn make(dice: &mut Dice, pages: &[Vec<u8>]) -> Vec<u8> {
    if pages.is_empty() || dice.below(8) == 0 {
        return hostile(dice);
    }
    let mut body = pages[dice.below(pages.len())].clone();
    for _ in 0..=dice.below(12) {
        let at = dice.below(body.len());
        let len = dice.below(2000).min(body.len() - at);
        match dice.below(7) {
            0 => {
                body.drain(at..at + len);
            }
            1 => {
                let part = body[at..at + len].to_vec();
                let to = dice.below(body.len());
                body.splice(to..to, part);
            }
            2 => {
                let other = &pages[dice.below(pages.len())];
                let from = dice.below(other.len());
                let part = other[from..(from + len * 8).min(other.len())].to_vec();
                body.splice(at..at, part);
            }
            3 => {
                for _ in 0..dice.below(50) {
                    let at = dice.below(body.len());
                    if let Some(byte) = body.get_mut(at) {
                        *byte = dice.next() as u8;
                    }
                }
            }
            4 => body.truncate(at),
            5 => {
                let piece = PIECES[dice.below(PIECES.len())].repeat(dice.below(300));
                body.splice(at..at, piece.into_bytes());
            }
            _ => {
                let piece = PIECES[dice.below(PIECES.len())];
                body.splice(at..at, piece.bytes());
            }
        }
    }
    body
}

const PIECES: [&str; 26] = [
    "<li class=post><em>2026-11-22 10:00</em><p>顶一下，支持。</p></li>",
    "<div class=reply><a>某人</a><p>同意，说得好！</p><time>1小时前</time></div>",
    "<div>",
    "</div>",
    "<table><tr><td>",
    "</td></tr></table>",
    "<p>",
    "<a href='x'>",
    "</a>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<b>",
    "&",
    "&#x",
    "'",
    "\"",
    "<span class='",
    "2026年11月22日 12:30",
    "作者：",
    "（记者 ",
    "<![CDATA[",
    "<svg><title>",
    "\u{feff}",
    "<td>",
];

/// Markup made to cost: deep, wide, unclosed, all entities, all attributes.
fn hostile(dice: &mut Dice) -> Vec<u8> {
    let piece = PIECES[dice.below(PIECES.len())];
    let other = PIECES[dice.below(PIECES.len())];
    let n = dice.below(60_000);
    match dice.below(6) {
        0 => piece.repeat(n).into_bytes(),
        1 => format!("{}正文，{}", piece.repeat(n), other.repeat(n)).into_bytes(),
        2 => format!("{piece}一段，{other}").repeat(n / 4).into_bytes(),
        3 => format!("<div class='{}'>文</div>", "a b-c ".repeat(n)).into_bytes(),
        4 => format!("<p>{}</p>", "记者 作者：（2026-11-22 ".repeat(n)).into_bytes(),
        _ => (0..n * 4).map(|_| dice.next() as u8).collect(),
    }
}
