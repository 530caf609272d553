//! Latencies: each kind of query many times, with all facets, days, story lines and the first page.

use std::time::Instant;

use index::{Facet, Index, IndexError, Place, SearchIndex, SearchOptions};
use pipelines::query::{Context, parse};

use crate::corpus::{Corpus, Dice};
use crate::{end, memory, thread_cpu_secs};

/// What is asked, made from random literals.
type Kind = (&'static str, fn(&mut Asker) -> String);

const KINDS: &[Kind] = &[
    ("literal, 1 character", |a| a.literal(1)),
    ("literal, 2 characters", |a| a.literal(2)),
    ("literal, 4 characters", |a| a.literal(4)),
    ("literal, 8 characters", |a| a.literal(8)),
    ("a word of the dictionary", Asker::word),
    ("a b", |a| format!("{} {}", a.word(), a.word())),
    ("a | b | c", |a| format!("{} | {} | {}", a.word(), a.word(), a.word())),
    ("a (b | c) -d", |a| format!("{} ({} | {}) -{}", a.word(), a.word(), a.word(), a.word())),
    ("a b published:30d", |a| format!("{} {} published:30d", a.word(), a.word())),
    ("a channel:weibo risk:>=60", |a| format!("{} channel:weibo risk:>=60", a.word())),
    ("a NEAR/20 b", |a| format!("{} NEAR/20 {}", a.word(), a.word())),
    ("a 同句 b", |a| format!("{} 同句 {}", a.word(), a.word())),
    ("a{3,}", |a| format!("{}{{3,}}", a.word())),
    ("title:a", |a| format!("title:{}", a.word())),
    ("published:7d", |_| "published:7d".to_owned()),
];

/// Makes queries.
struct Asker {
    dice: Dice,
    /// Texts to take literals from.
    texts: Vec<Vec<char>>,
    /// Words as officers type them: two to four characters, not among the hundred most frequent.
    words: Vec<&'static str>,
}

impl Asker {
    fn new(seed: u64) -> Self {
        let corpus = Corpus::new(seed, 2_000, end());
        let texts = corpus.map(|p| p.post.post.text.chars().collect()).collect();
        let all = crate::corpus::Words::load().words;
        let is_typed =
            |w: &&str| (2..=4).contains(&w.chars().count()) && w.chars().all(char::is_alphanumeric);
        let words = all.into_iter().skip(100).filter(is_typed).collect();
        Self { dice: Dice(seed), texts, words }
    }

    /// `n` characters from a random place of a text.
    fn literal(&mut self, n: usize) -> String {
        loop {
            let text = &self.texts[self.dice.below(self.texts.len())];
            if text.len() <= n {
                continue;
            }
            let start = self.dice.below(text.len() - n);
            let piece: String = text[start..start + n].iter().collect();
            let is_plain = piece.chars().all(|c| c.is_alphabetic() && !c.is_ascii());
            if is_plain {
                return format!("\"{piece}\"");
            }
        }
    }

    fn word(&mut self) -> String {
        format!("\"{}\"", self.words[self.dice.below(self.words.len())])
    }
}

/// Opens the index at `place` and prints, for each kind, the median and the 99th percentile.
pub fn measure(place: &Place, queries: usize, seed: u64) {
    let context = Context::at(end());
    let start = Instant::now();
    let index = Index::open_read_only(place, &context.segmenter).expect("an index");
    println!(
        "{} posts, opened in {:.1} ms",
        index.posts().expect("counted"),
        start.elapsed().as_secs_f64() * 1e3
    );
    let options = SearchOptions {
        limit: 20,
        facets: Facet::ALL.to_vec(),
        histogram: Some(8 * 3600),
        ..SearchOptions::default()
    };
    let mut asker = Asker::new(seed);
    println!(
        "{:<28} {:>8} {:>8} {:>8} {:>8} {:>10}",
        "query", "p50 ms", "p99 ms", "cpu p50", "cpu p99", "median hits"
    );
    let (mut everything, mut everything_cpu) = (Vec::new(), Vec::new());
    'kinds: for (name, make) in KINDS {
        let (mut times, mut cpus, mut hits) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..queries {
            let text = make(&mut asker);
            let query = parse(&text, &context).unwrap_or_else(|e| panic!("{text}: {e}"));
            let (start, cpu) = (Instant::now(), thread_cpu_secs());
            let results = match index.search(&query, &options, None) {
                Err(IndexError::NeedsPosts) => {
                    println!("{name:<28} passed over: it needs the texts");
                    continue 'kinds;
                }
                answer => answer.expect("an answer"),
            };
            times.push(start.elapsed().as_secs_f64() * 1e3);
            cpus.push((thread_cpu_secs() - cpu) * 1e3);
            hits.push(results.posts.unwrap_or_default() as f64);
        }
        let (t, c, h) = (sorted(&times), sorted(&cpus), sorted(&hits));
        let at = |v: &[f64], share: f64| v[((v.len() - 1) as f64 * share) as usize];
        println!(
            "{name:<28} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>10}",
            at(&t, 0.5),
            at(&t, 0.99),
            at(&c, 0.5),
            at(&c, 0.99),
            at(&h, 0.5)
        );
        everything.extend(times);
        everything_cpu.extend(cpus);
    }
    for (name, all) in [("wall", sorted(&everything)), ("cpu", sorted(&everything_cpu))] {
        let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize];
        println!("all of them, {name}: p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
    }
    println!("  memory {}", memory());
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}
