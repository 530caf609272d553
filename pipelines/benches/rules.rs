//! What it costs to fold a post and to hold it against 10, 1,000 and 10,000 rules.
//!
//! `cargo bench -p guanlan-pipelines --bench rules`. Posts of about 600 characters are made from words
//! drawn by Zipf's law out of 6,000 seeded ones, rules from the same words with the operators officers use
//! most. All sizes are measured turn by turn in one run, in CPU time of one thread, and the best
//! turn of each counts, so that a busy machine disturbs the ratio little. Prints; asserts only that the set says
//! what the queries say alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use pipelines::query::{Context, Facts, Query, QuerySet, Target, parse};
use pipelines::text::fold;

const POSTS: usize = 600;
const TURNS: usize = 5;
/// Posts are gone through so often in a turn, since the system tells CPU time in steps of 4 ms.
const ROUNDS: usize = 10;
const SIZES: [usize; 3] = [10, 1_000, 10_000];
/// Names that rules and posts speak of; each post speaks of one.
const NAMES: usize = 200;

/// xorshift64*: the same seed gives the same corpus anywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % sides
    }

    /// A rank drawn by Zipf's law (exponent 1): the log-uniform inverse.
    fn zipf(&mut self, ranks: usize) -> usize {
        let u = self.roll(1 << 24) as f64 / f64::from(1 << 24);
        ((ranks as f64).powf(u) - 1.0) as usize
    }
}

/// Words of one to four common characters; frequent ranks are shorter, as in Chinese.
fn vocabulary(dice: &mut Dice) -> Vec<String> {
    let word = |rank: usize, dice: &mut Dice| {
        let chars = match rank {
            0..60 => 1,
            60..4_000 => 2,
            4_000..5_000 => 3,
            _ => 4,
        };
        (0..chars).filter_map(|_| char::from_u32(0x4E00 + dice.roll(3_500) as u32)).collect()
    };
    (0..6_000).map(|rank| word(rank, dice)).collect()
}

fn post(words: &[String], dice: &mut Dice) -> String {
    let mut text = String::new();
    let mut chars = 0;
    while chars < 600 {
        let word = &words[dice.zipf(words.len())];
        text.push_str(word);
        chars += word.chars().count() + 1;
        match dice.roll(40) {
            0..3 => text.push('，'),
            3 => text.push('。'),
            4 => text.push('\n'),
            5 => text.push_str("2026年"),
            _ => chars -= 1,
        }
    }
    text
}

/// A rule of two to six content words (nobody searches for the 60 most frequent).
fn rule(words: &[String], dice: &mut Dice) -> String {
    let mut word = || &words[60 + dice.roll(words.len() - 60)];
    let (a, b, c, d) = (word(), word(), word(), word());
    match dice.roll(6) {
        0 => format!("{a} {b}"),
        1 => format!("({a} | {b}) ({c} | {d})"),
        2 => format!("{a} {b} -{c}"),
        3 => format!("{a} NEAR/20 {b}"),
        4 => format!("2 OF ({a}, {b}, {c}) {d}"),
        _ => format!("{a} 同句 ({b} | {c})"),
    }
}

fn main() {
    let mut dice = Dice(20_261_122);
    let words = vocabulary(&mut dice);
    let names: Vec<String> = (0..NAMES)
        .map(|_| (0..4).filter_map(|_| char::from_u32(0x4E00 + dice.roll(3_500) as u32)).collect())
        .collect();
    let posts: Vec<String> = (0..POSTS)
        .map(|_| {
            let (name, text) = (dice.roll(NAMES), post(&words, &mut dice));
            format!("{}{text}", names[name])
        })
        .collect();
    let bytes: usize = posts.iter().map(String::len).sum();
    let topical: Vec<String> = (0..SIZES[2]).map(|_| rule(&words, &mut dice)).collect();
    let about_someone: Vec<String> =
        topical.iter().map(|rule| format!("{} ({rule})", names[dice.roll(NAMES)])).collect();
    let folding = (0..TURNS)
        .map(|_| {
            timed(|| {
                for post in posts.iter().cycle().take(POSTS * ROUNDS) {
                    drop(black_box(fold(post)));
                }
            })
        })
        .min()
        .unwrap_or_default();
    println!(
        "{POSTS} posts of {} bytes; fold: {:.0} MB/s",
        bytes / POSTS,
        (bytes * ROUNDS) as f64 / 1e6 / folding.as_secs_f64()
    );
    measure("rules about someone (a name and a topic)", &about_someone, &posts);
    measure("rules of a topic alone (a post meets many)", &topical, &posts);
}

/// Prints the cost of each size of the set of `rules`.
fn measure(title: &str, rules: &[String], posts: &[String]) {
    println!("{title}");
    let context = Context::at("2026-11-22T00:00:00Z".parse().expect("a valid time"));
    let rules: Vec<Query> =
        rules.iter().map(|rule| parse(rule, &context).expect("generated rules parse")).collect();
    let mut building = [Duration::MAX; SIZES.len()];
    let sets: Vec<QuerySet<usize>> = SIZES
        .iter()
        .enumerate()
        .map(|(i, size)| {
            let queries: Vec<_> = rules[..*size].iter().cloned().enumerate().collect();
            let mut set = None;
            building[i] = timed(|| set = QuerySet::build(queries).ok());
            set.expect("builds")
        })
        .collect();
    agree(&sets[1], &rules[..SIZES[1]], &posts[..20]);
    let mut best = [Duration::MAX; SIZES.len()];
    let mut hits = [0; SIZES.len()];
    for _ in 0..TURNS {
        for (i, set) in sets.iter().enumerate() {
            let took = timed(|| {
                hits[i] = posts
                    .iter()
                    .cycle()
                    .take(POSTS * ROUNDS)
                    .map(|post| set.matches(&Target::of_texts("", post, Facts::default())).len())
                    .sum();
            });
            best[i] = best[i].min(took);
        }
    }
    for (i, size) in SIZES.iter().enumerate() {
        println!(
            "{size:>6} rules: built in {:>6.1} ms, {:>7.0} posts/s, {:>5.2} x the cost of {} rules, {:.2} hits a post",
            building[i].as_secs_f64() * 1e3,
            (POSTS * ROUNDS) as f64 / best[i].as_secs_f64(),
            best[i].as_secs_f64() / best[0].as_secs_f64(),
            SIZES[0],
            hits[i] as f64 / (POSTS * ROUNDS) as f64,
        );
    }
}

/// Time this thread spent on a CPU, where the system tells (Linux); else the time on the clock.
fn timed(work: impl FnOnce()) -> Duration {
    let on_cpu = || -> Option<u64> {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        stat.split(' ').next()?.parse().ok()
    };
    let (before, start) = (on_cpu(), Instant::now());
    work();
    let elapsed = start.elapsed();
    match (before, on_cpu()) {
        (Some(before), Some(after)) => Duration::from_nanos(after - before),
        _ => elapsed,
    }
}

fn agree(set: &QuerySet<usize>, rules: &[Query], posts: &[String]) {
    for post in posts {
        let target = Target::of_texts("", post, Facts::default());
        let together: Vec<usize> = set.matches(&target).into_iter().map(|(i, _)| *i).collect();
        let alone: Vec<usize> = (0..rules.len()).filter(|i| rules[*i].accepts(&target)).collect();
        assert_eq!(together, alone, "the set and its queries disagree");
    }
}
