//! Word F1 of the segmenter against gold text cut by hand.
//!
//! In: files `<corpus>_….utf8` with words apart by blanks. Out: F1 by corpus. Punctuation, which the segmenter
//! leaves out, is left out of the gold too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use pipelines::text::{Segmenter, fold};
use serde::Serialize;

/// Words found as the gold has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SegmentationScore {
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Words of the gold.
    pub n: usize,
}

/// Scores each corpus of a folder; none when the folder is missing.
///
/// # Errors
/// A folder or file that cannot be read.
pub(super) fn score(folder: &Path) -> Result<BTreeMap<String, SegmentationScore>> {
    let mut scores = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(scores);
    }
    let segmenter = Segmenter::default();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let corpus = name.split(['_', '-', '.']).next().unwrap_or_default().to_owned();
        if path.extension().is_some_and(|e| e == "utf8") {
            let gold = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            scores.insert(corpus, of(&gold, &segmenter));
        }
    }
    Ok(scores)
}

fn of(gold: &str, segmenter: &Segmenter) -> SegmentationScore {
    let (mut hit, mut found, mut meant) = (0usize, 0usize, 0usize);
    for line in gold.lines() {
        let mut sentence = String::new();
        let mut truth = BTreeSet::new();
        for word in line.split_whitespace() {
            let folded = fold(word);
            let start = sentence.len();
            sentence.push_str(folded.text());
            if folded.text().chars().any(char::is_alphanumeric) {
                truth.insert((start, sentence.len()));
            }
        }
        let words = segmenter.words(&sentence);
        meant += truth.len();
        found += words.len();
        hit += words.iter().filter(|w| truth.contains(&(w.start, w.end))).count();
    }
    SegmentationScore { f1: 2.0 * hit as f64 / (found + meant).max(1) as f64, n: meant }
}
