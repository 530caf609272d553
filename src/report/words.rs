//! The words of a digest: what posts about us write more often than in the period before, as a list.
//!
//! In: the posts of the period and the counts of the one before. Out: lines with the posts each rests on.

use pipelines::words::{Counts, hot_words};

use super::digest::WordLine;
use super::input::DigestPost;
use super::ledger::Ledger;

/// Words told at most.
const WORDS: usize = 12;

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
