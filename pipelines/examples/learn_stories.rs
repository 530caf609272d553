//! Learns the weights by which two headlines are judged to tell of the same happening.
//!
//! `cargo run --release --example learn_stories -p guanlan-pipelines -- DATA_DIR OUT` reads
//! `DATA_DIR/stories/pairs-train.jsonl` (`a`, `b`, `same`) and, for the rarity of words, the feeds in
//! `DATA_DIR/streams`; prints precision, recall and F1 of five folds that share no headline; writes OUT
//! (`config/models/stories.bin`). It keeps no text.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use pipelines::annotate::{LabelledPair, StoryModel};

const FOLDS: usize = 5;
/// A little above the promised 0.9, because the folds measure precision to about ±0.015.
const WANTED_PRECISION: f64 = 0.915;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let data = args.next().ok_or("usage: learn_stories DATA_DIR OUT")?;
    let out = args.next().ok_or("usage: learn_stories DATA_DIR OUT")?;
    let data = Path::new(&data);
    let pairs = read_pairs(&data.join("stories/pairs-train.jsonl"))?;
    let mut texts = feed_texts(&data.join("streams"))?;
    texts.extend(pairs.iter().flat_map(|p| [p.a.clone(), p.b.clone()]));
    texts.sort_unstable();
    texts.dedup();

    // First of all: how good are models that never saw the headlines they judge?
    let folds = folds_of(&pairs);
    let mut judged: Vec<(f32, bool)> = Vec::new();
    for fold in 0..FOLDS {
        let (held, known): (Vec<_>, Vec<_>) =
            pairs.iter().zip(&folds).partition(|(_, f)| **f == fold);
        let known: Vec<LabelledPair> = known.into_iter().map(|(p, _)| p.clone()).collect();
        let model = StoryModel::learn(texts.iter().map(String::as_str), &known);
        judged.extend(held.iter().map(|(p, _)| (model.score(&p.a, &p.b), p.same)));
    }
    let threshold = choose_threshold(&mut judged);

    // Then one model of all pairs, with the threshold that the folds chose.
    let model = StoryModel::learn(texts.iter().map(String::as_str), &pairs);
    std::fs::write(&out, model.to_bytes(threshold))?;
    println!("{} pairs, {} texts → {out}, threshold {threshold:.3}", pairs.len(), texts.len());
    Ok(())
}

/// The lowest score at which precision is still as wanted; prints the figures of the folds.
fn choose_threshold(judged: &mut [(f32, bool)]) -> f32 {
    judged.sort_by(|x, y| y.0.total_cmp(&x.0));
    let positives = judged.iter().filter(|(_, same)| *same).count() as f64;
    let (mut right, mut best, mut best_f1) = (0.0, (1.0f32, 0.0, 0.0), (0.0, 0.0));
    for (rank, (score, same)) in judged.iter().enumerate() {
        right += f64::from(u8::from(*same));
        let (precision, recall) = (right / (rank as f64 + 1.0), right / positives);
        let f1 = 2.0 * right / (rank as f64 + 1.0 + positives);
        if precision >= WANTED_PRECISION {
            best = (*score, precision, recall);
        }
        if f1 > best_f1.0 {
            best_f1 = (f1, precision);
        }
    }
    let (score, precision, recall) = best;
    let f1 = 2.0 * precision * recall / (precision + recall);
    println!("five folds: precision {precision:.3}, recall {recall:.3}, F1 {f1:.3} at {score:.3}");
    println!(
        "best F1 of the folds at any precision: {:.3} (precision {:.3})",
        best_f1.0, best_f1.1
    );
    score
}

/// Pairs that share a headline, even through others, fall in one fold.
fn folds_of(pairs: &[LabelledPair]) -> Vec<usize> {
    let mut parent: HashMap<&str, &str> = HashMap::new();
    fn root<'a>(parent: &HashMap<&'a str, &'a str>, mut text: &'a str) -> &'a str {
        while let Some(up) = parent.get(text).filter(|up| **up != text) {
            text = up;
        }
        text
    }
    for pair in pairs {
        let (a, b) = (root(&parent, &pair.a), root(&parent, &pair.b));
        parent.insert(a, a);
        parent.insert(b, a);
    }
    let mut fold_of_root: HashMap<&str, usize> = HashMap::new();
    let roots = pairs.iter().map(|pair| root(&parent, &pair.a));
    roots
        .map(|root| {
            let next = fold_of_root.len() % FOLDS;
            *fold_of_root.entry(root).or_insert(next)
        })
        .collect()
}

fn read_pairs(path: &Path) -> Result<Vec<LabelledPair>, Box<dyn Error>> {
    let mut pairs = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let same = row["same"].as_bool().ok_or("a pair without a label")?;
        pairs.push(LabelledPair { a: text("a"), b: text("b"), same });
    }
    Ok(pairs)
}

fn feed_texts(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let feed: serde_json::Value = serde_json::from_slice(&std::fs::read(entry?.path())?)?;
        for item in feed["items"].as_array().into_iter().flatten() {
            texts.push(item["title"].as_str().unwrap_or_default().to_owned());
        }
    }
    Ok(texts)
}
