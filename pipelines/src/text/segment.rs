//! Cutting folded text into words, with the enterprise's own names known.
//!
//! In: folded text and, once, the user words. Out: byte ranges of words. User words are found first and stay in one
//! piece; what stands between them is cut by the dictionary. The dictionary (about 140 ms and 30 MB) is loaded on
//! first use, so a command that needs no words does not pay for it, and there is one for the whole process, whatever
//! the user words. Punctuation and blanks are no words. Refuses to look at original text: fold first.

use std::sync::{Arc, LazyLock, OnceLock};

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
use jieba_rs::Jieba;
use sha2::{Digest, Sha256};

use super::fold::fold;
use super::{FOLD_VERSION, hex};

static DICTIONARY: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Whether `folded` is a word of the dictionary.
#[must_use]
pub fn is_dictionary_word(folded: &str) -> bool {
    DICTIONARY.has_word(folded)
}

/// A word as a byte range of the text that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// First byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// The cutter. Cheap to clone.
#[derive(Clone)]
pub struct Segmenter {
    shared: Arc<Shared>,
}

struct Shared {
    user_words: Vec<String>,
    /// Finds the user words; none where there are none.
    finder: OnceLock<Option<CharwiseDoubleArrayAhoCorasick<u32>>>,
}

impl std::fmt::Debug for Segmenter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Segmenter({} user words)", self.shared.user_words.len())
    }
}

impl Default for Segmenter {
    fn default() -> Self {
        Self::new([])
    }
}

impl Segmenter {
    /// A segmenter that keeps each of `user_words` (folded here; order and doubles do not matter) in one
    /// piece, the longest where several begin. Loads nothing yet.
    #[must_use]
    pub fn new(user_words: impl IntoIterator<Item = String>) -> Self {
        let mut user_words: Vec<String> = user_words
            .into_iter()
            .map(|word| fold(&word).text().to_owned())
            .filter(|word| !word.is_empty())
            .collect();
        user_words.sort_unstable();
        user_words.dedup();
        Self { shared: Arc::new(Shared { user_words, finder: OnceLock::new() }) }
    }

    /// The words of `folded` in order, not overlapping; punctuation and blanks are left out.
    #[must_use]
    pub fn words(&self, folded: &str) -> Vec<Word> {
        let mut words = Vec::with_capacity(folded.len() / 5);
        self.each_piece(folded, |start, end, _| {
            words.extend(word_in(folded, start, end));
        });
        words
    }

    /// Tells every piece of `folded` in order, punctuation too: first byte, one past the last, whether it is a
    /// user word.
    pub fn each_piece(&self, folded: &str, mut tell: impl FnMut(usize, usize, bool)) {
        let mut from = 0;
        let gap = |from: usize, to: usize, tell: &mut dyn FnMut(usize, usize, bool)| {
            if from < to {
                for token in DICTIONARY.cut(&folded[from..to], true) {
                    tell(from + token.byte_start, from + token.byte_end, false);
                }
            }
        };
        for found in self.finder().iter().flat_map(|f| f.leftmost_find_iter(folded)) {
            if found.start() < from || cuts_a_run(folded, found.start(), found.end()) {
                continue;
            }
            gap(from, found.start(), &mut tell);
            tell(found.start(), found.end(), true);
            from = found.end();
        }
        gap(from, folded.len(), &mut tell);
    }

    /// Names dictionary, user words and folding: texts cut under another stamp may be cut otherwise.
    #[must_use]
    pub fn stamp(&self) -> String {
        let user = hex(&Sha256::digest(self.shared.user_words.join("\n").as_bytes())[..4]);
        format!("jieba-rs-0.11/whole/fold-{FOLD_VERSION}/user-{user}")
    }

    fn finder(&self) -> Option<&CharwiseDoubleArrayAhoCorasick<u32>> {
        let build = || {
            let words = &self.shared.user_words;
            CharwiseDoubleArrayAhoCorasickBuilder::new()
                .match_kind(MatchKind::LeftmostLongest)
                .build(words)
                .ok() // none for no words
        };
        self.shared.finder.get_or_init(build).as_ref()
    }
}

/// The piece as a word, where it is one.
pub(crate) fn word_in(text: &str, start: usize, end: usize) -> Option<Word> {
    text[start..end].chars().any(char::is_alphanumeric).then_some(Word { start, end })
}

/// Whether an end of the range stands within a run of latin letters or digits.
fn cuts_a_run(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let within = |at: usize| {
        at > 0
            && at < bytes.len()
            && bytes[at - 1].is_ascii_alphanumeric()
            && bytes[at].is_ascii_alphanumeric()
    };
    within(start) || within(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(segmenter: &Segmenter, text: &str, expected: &[&str]) {
        let found: Vec<_> =
            segmenter.words(text).into_iter().map(|w| &text[w.start..w.end]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn user_words_stay_whole() {
        let plain = Segmenter::default();
        let own = Segmenter::new(["雲嶺礦業".to_owned(), "YLKY".to_owned()]);
        check(&own, "云岭矿业发生事故,3人被困", &["云岭矿业", "发生", "事故", "3", "人", "被困"]);
        check(&own, "ylky和ylkyx", &["ylky", "和", "ylkyx"]);
        assert!(plain.words("云岭矿业发生事故").len() > own.words("云岭矿业发生事故").len());
        assert_ne!(plain.stamp(), own.stamp());
    }

    #[test]
    fn pieces_make_up_the_text() {
        let own = Segmenter::new(["云岭".to_owned()]);
        for text in ["", "云岭,云岭。ab 12云岭", "今天天气不错!"] {
            let mut at = 0;
            own.each_piece(text, |start, end, _| {
                assert_eq!(start, at, "{text}");
                at = end;
            });
            assert_eq!(at, text.len());
        }
    }
}
