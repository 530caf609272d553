//! Counts over a folder of public texts: words, for `words.tsv`, and how the variety of neighbouring
//! characters grows with the size, in them and in generated posts. Keeps words and counts, no texts.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use pipelines::text::{Segmenter, fold};

use crate::corpus::Corpus;

/// Words counted less often are left out: rare ones are names and slips.
const LEAST: u64 = 8;
const MOST_WORDS: usize = 20_000;

/// Prints word, tab, count; most frequent first.
pub fn print_words(data: &Path) {
    let segmenter = Segmenter::default();
    let mut counts = HashMap::<String, u64>::new();
    let mut count = |text: &str| {
        let folded = fold(text);
        let text = folded.text();
        let mut at = 0;
        for word in segmenter.words(text) {
            for sign in text[at..word.start]
                .chars()
                .filter(|c| "，。、；：！？“”（）《》,.:()!?".contains(*c))
            {
                *counts.entry(sign.to_string()).or_default() += 1;
            }
            *counts.entry(text[word.start..word.end].to_owned()).or_default() += 1;
            at = word.end;
        }
    };
    for text in texts(data) {
        count(&text);
    }
    let mut words: Vec<_> =
        counts.into_iter().filter(|(w, n)| *n >= LEAST && w.chars().count() <= 8).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (word, n) in words.into_iter().take(MOST_WORDS) {
        println!("{word}\t{n}");
    }
}

/// The texts of petitions and feeds.
fn texts(data: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut keep =
        |text: &serde_json::Value| all.push(text.as_str().unwrap_or_default().to_owned());
    for name in ["petitions/messages.jsonl", "petitions/classified.jsonl"] {
        for line in std::fs::read_to_string(data.join(name)).expect("the data folder").lines() {
            let row: serde_json::Value = serde_json::from_str(line).expect("JSON Lines");
            keep(&row["text"]);
        }
    }
    for entry in std::fs::read_dir(data.join("streams")).expect("the data folder") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a feed");
        let feed: serde_json::Value = serde_json::from_str(&text).expect("JSON Feed");
        for item in feed["items"].as_array().into_iter().flatten() {
            keep(&item["content_text"]);
            keep(&item["title"]);
        }
    }
    all
}

/// Prints, for real and for generated texts of the same size, the different pairs of neighbouring
/// characters, those of them met once, and how many different ones 600 characters have.
pub fn print_variety(data: &Path) {
    let real = texts(data).into_iter().map(|text| fold(&text).text().to_owned()).collect();
    let posts = Corpus::new(crate::SEED, 60_000, crate::end());
    let generated = posts.step_by(6).map(|p| fold(&p.post.post.text).text().to_owned()).collect();
    for (name, texts) in [("real", real), ("generated", generated)] {
        let chars = shuffled(texts);
        for size in [250_000, 500_000, 1_000_000, 2_000_000, 4_000_000] {
            let Some(chars) = chars.get(..size) else { break };
            let mut counts = HashMap::<(char, char), u32>::new();
            chars.windows(2).for_each(|w| *counts.entry((w[0], w[1])).or_default() += 1);
            let once = counts.values().filter(|n| **n == 1).count();
            let of_one =
                |w: &[char]| w.windows(2).map(|w| (w[0], w[1])).collect::<HashSet<_>>().len();
            let of_each: usize = chars.chunks_exact(600).map(of_one).sum();
            let of_each = of_each / (size / 600);
            println!(
                "{name}: {size} characters, {} pairs, {once} once, {of_each} in 600",
                counts.len()
            );
        }
    }
}

/// The characters of `texts`, the texts in another, always the same, order.
fn shuffled(mut texts: Vec<String>) -> Vec<char> {
    let mut dice = crate::corpus::Dice(crate::SEED);
    for i in (1..texts.len()).rev() {
        texts.swap(i, dice.below(i + 1));
    }
    texts.iter().flat_map(|text| text.chars()).collect()
}
