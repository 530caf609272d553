//! Indexing and search beside two peers, in one run: tantivy with 1- and 2-grams and their places, and Groonga.
//!
//! ```text
//! cargo bench -p guanlan-index --bench peers -- --posts 50000
//! cargo bench -p guanlan-index --bench peers -- --posts 1000000 --dir DIR
//! ```
//! The same generated posts for all; posts per second of processor time; then the same questions, each count and
//! the twenty newest, best of three. Groonga (Debian: `apt-get install groonga`) is left out where it is not
//! there. Asserts that all three count the same hits.

#[allow(dead_code, reason = "shared with the bench beside this one, which uses all of it")]
#[path = "../scale/corpus.rs"]
mod corpus;
mod grams;
mod groonga;
mod ours;

use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{DateTime, Utc};

use corpus::{Corpus, Dice};

const SEED: u64 = 2026;
/// Queries of each kind.
const QUERIES: usize = 300;

/// What is asked: literals that must all be there, of which one each, and one that must not.
struct Asked {
    all: Vec<String>,
    any: Vec<String>,
    not: Option<String>,
}

/// One engine.
trait Peer {
    /// Hits, and seconds for counting them and finding the twenty newest.
    fn ask(&mut self, asked: &Asked) -> (u64, f64);
}

fn main() {
    let (mut posts, mut dir) = (5_000, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--posts" => posts = args.next().and_then(|n| n.parse().ok()).expect("a number"),
            "--dir" => dir = args.next().map(PathBuf::from),
            "--bench" => {}
            other => panic!("unknown option {other}"),
        }
    }
    let temp = tempfile::tempdir().expect("a temporary directory");
    let dir = dir.unwrap_or_else(|| temp.path().to_owned());
    let questions = questions();
    let mut engines: Vec<(&str, Box<dyn Peer>)> = vec![
        ("guanlan", built("guanlan", posts, &dir.join("ours"), ours::build)),
        (
            "tantivy 1-, 2-grams",
            built("tantivy 1-, 2-grams", posts, &dir.join("grams"), grams::build),
        ),
    ];
    if groonga::is_there() {
        let groonga = built("groonga", posts, &dir.join("groonga"), groonga::build);
        engines.push(("groonga", groonga));
    } else {
        println!("groonga is not installed: left out");
    }
    for (kind, asked) in &questions {
        let mut counts = Vec::new();
        for (name, engine) in &mut engines {
            let (hits, mut times) = (asked.iter().map(|asked| best(engine.as_mut(), asked))).fold(
                (0, Vec::new()),
                |(sum, mut times), (hits, secs)| {
                    times.push(secs * 1e3);
                    (sum + hits, times)
                },
            );
            times.sort_by(f64::total_cmp);
            let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
            println!(
                "{kind:<16} {name:<20} p50 {:>8.3} ms  p99 {:>8.3} ms  {hits} hits",
                at(0.5),
                at(0.99)
            );
            counts.push(hits);
        }
        assert!(counts.windows(2).all(|w| w[0] == w[1]), "{kind}: {counts:?}");
    }
}

fn best(engine: &mut dyn Peer, asked: &Asked) -> (u64, f64) {
    let answers = (0..3).map(|_| engine.ask(asked));
    answers.fold((0, f64::MAX), |(_, best), (hits, secs)| (hits, best.min(secs)))
}

/// Builds one engine and prints what that cost.
fn built(
    name: &str,
    posts: u64,
    dir: &Path,
    build: impl FnOnce(&Path, Vec<Text>) -> Box<dyn Peer>,
) -> Box<dyn Peer> {
    std::fs::create_dir_all(dir).expect("a directory can be made");
    let texts: Vec<Text> = texts(posts).collect();
    let raw: usize = texts.iter().map(|text| text.body.len()).sum();
    let (start, cpu) = (Instant::now(), cpu_secs());
    let engine = build(dir, texts);
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_secs() - cpu);
    let size = size_of(dir) as f64 / raw as f64;
    let posts = posts as f64;
    println!(
        "{name:<20} {:.0} posts per processor second, {:.0} posts/s, {size:.2} of raw text",
        posts / cpu,
        posts / wall
    );
    engine
}

/// A post as every engine takes it.
struct Text {
    micros: i64,
    /// Title and body.
    body: String,
    post: Box<index::IndexedPost>,
}

fn texts(posts: u64) -> impl Iterator<Item = Text> {
    Corpus::new(SEED, posts, end()).map(|indexed| {
        let post = &indexed.post.post;
        let body = format!("{}\n{}", post.title, post.text);
        Text { micros: post.time().timestamp_micros(), body, post: Box::new(indexed) }
    })
}

fn end() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_312_800, 0).expect("in range")
}

/// Six kinds of questions, of literals out of the posts and of words of the dictionary.
fn questions() -> Vec<(&'static str, Vec<Asked>)> {
    let mut dice = Dice(SEED);
    let texts: Vec<Vec<char>> =
        Corpus::new(SEED, 2_000, end()).map(|p| p.post.post.text.chars().collect()).collect();
    let words: Vec<&str> = corpus::Words::load()
        .words
        .into_iter()
        .skip(100)
        .filter(|w| (2..=4).contains(&w.chars().count()) && w.chars().all(is_han))
        .collect();
    let mut literal = |n: usize, dice: &mut Dice| loop {
        let text = &texts[dice.below(texts.len())];
        if text.len() > n {
            let start = dice.below(text.len() - n);
            let piece = &text[start..start + n];
            if piece.iter().copied().all(is_han) {
                return piece.iter().collect::<String>();
            }
        }
    };
    let mut kinds = Vec::new();
    for (name, n) in [("2 characters", 2), ("4 characters", 4), ("8 characters", 8)] {
        let all = |dice: &mut Dice, literal: &mut dyn FnMut(usize, &mut Dice) -> String| Asked {
            all: vec![literal(n, dice)],
            any: Vec::new(),
            not: None,
        };
        kinds.push((name, (0..QUERIES).map(|_| all(&mut dice, &mut literal)).collect()));
    }
    let mut some = |n: usize| -> Vec<String> {
        (0..n).map(|_| words[dice.below(words.len())].to_owned()).collect()
    };
    let mut of = |all: usize, any: usize, not: usize| -> Vec<Asked> {
        (0..QUERIES)
            .map(|_| Asked { all: some(all), any: some(any), not: some(not).pop() })
            .collect()
    };
    kinds.push(("a b", of(2, 0, 0)));
    kinds.push(("a | b | c", of(0, 3, 0)));
    kinds.push(("a (b | c) -d", of(1, 2, 1)));
    kinds
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// User and system time of this process and of its children that have ended.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(4).filter_map(|t| t.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn size_of(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).expect("the directory can be read");
    entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            if path.is_dir() { size_of(&path) } else { path.metadata().map_or(0, |m| m.len()) }
        })
        .sum()
}
