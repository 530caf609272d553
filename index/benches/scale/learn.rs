//! Counts words over a folder of public texts, for `words.tsv`. Keeps words and counts, no texts.

use std::collections::HashMap;
use std::path::Path;

use pipelines::text::{Segmenter, fold};

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
    for name in ["petitions/messages.jsonl", "petitions/classified.jsonl"] {
        for line in std::fs::read_to_string(data.join(name)).expect("the data folder").lines() {
            let row: serde_json::Value = serde_json::from_str(line).expect("JSON Lines");
            count(row["text"].as_str().unwrap_or_default());
        }
    }
    for entry in std::fs::read_dir(data.join("streams")).expect("the data folder") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a feed");
        let feed: serde_json::Value = serde_json::from_str(&text).expect("JSON Feed");
        for item in feed["items"].as_array().into_iter().flatten() {
            count(item["content_text"].as_str().unwrap_or_default());
            count(item["title"].as_str().unwrap_or_default());
        }
    }
    let mut words: Vec<_> =
        counts.into_iter().filter(|(w, n)| *n >= LEAST && w.chars().count() <= 8).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (word, n) in words.into_iter().take(MOST_WORDS) {
        println!("{word}\t{n}");
    }
}
