//! The words of a digest: what posts about us write more often than in the period before, as a list.
//!
//! In: the posts of the period and the counts of the one before. Out: lines with the posts each rests on.

use pipelines::words::{Counts, hot_words};

use super::digest::WordLine;
use super::input::{DigestPost, PeriodKind};
use super::ledger::Ledger;

/// Words told at most.
const WORDS: usize = 12;
/// Posts that a word of the cloud stands in at least.
const LEAST: u64 = 2;

/// Words of the cloud at most.
const CLOUD: usize = 24;

/// The words that most posts about us have, most first; nothing of a single day.
pub(super) fn cloud_lines(ledger: &mut Ledger<'_>) -> Vec<WordLine> {
    if matches!(ledger.input.period, PeriodKind::Day | PeriodKind::Flash) {
        return Vec::new();
    }
    let ours = ledger.ours.clone();
    let mut counts = Counts::default();
    for post in &ours {
        counts.add(post.keywords.iter().map(String::as_str));
    }
    let mut words: Vec<(String, u64)> =
        counts.words.into_iter().filter(|(_, posts)| *posts >= LEAST).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words.truncate(CLOUD);
    let line = |(word, _): (String, u64)| {
        let having = |p: &&&DigestPost| p.keywords.contains(&word);
        let posts = ledger.figure(&[&word], ours.iter().filter(having).copied());
        WordLine { word, posts, before: None }
    };
    words.into_iter().map(line).collect()
}

/// The hot words, most surprising first.
pub(super) fn word_lines(ledger: &mut Ledger<'_>) -> Vec<WordLine> {
    let ours = ledger.ours.clone();
    let mut now = Counts::default();
    for post in &ours {
        now.add(post.keywords.iter().map(String::as_str));
    }
    let previous = ledger.input.previous.as_ref();
    let empty = Counts::default();
    let hot = hot_words(&now, previous.map_or(&empty, |p| &p.words), WORDS);
    hot.into_iter()
        .map(|hot| {
            let having = |p: &&&DigestPost| p.keywords.contains(&hot.word);
            let posts = ledger.figure(&[&hot.word], ours.iter().filter(having).copied());
            WordLine { word: hot.word, posts, before: previous.map(|_| hot.before) }
        })
        .collect()
}
