//! Cutting folded text into words, with the enterprise's own names known.
//!
//! In: folded text and, once, the user words. Out: byte ranges of words. The dictionary (about 140 ms and
//! 30 MB) is loaded on first use, so a command that needs no words does not pay for it; clones share it.
//! Punctuation and blanks are no words. Refuses to look at original text: fold first.

use std::sync::{Arc, OnceLock};

use jieba_rs::{Jieba, TokenizeMode};
use sha2::{Digest, Sha256};

use super::FOLD_VERSION;
use super::fold::fold;

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
    jieba: OnceLock<Jieba>,
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
    /// piece where it can. Loads nothing yet.
    #[must_use]
    pub fn new(user_words: impl IntoIterator<Item = String>) -> Self {
        let mut user_words: Vec<String> = user_words
            .into_iter()
            .map(|word| fold(&word).text().to_owned())
            .filter(|word| !word.is_empty())
            .collect();
        user_words.sort_unstable();
        user_words.dedup();
        Self { shared: Arc::new(Shared { user_words, jieba: OnceLock::new() }) }
    }

    /// The words of `folded` in order, not overlapping; punctuation and blanks are left out.
    #[must_use]
    pub fn words(&self, folded: &str) -> Vec<Word> {
        let tokens = self.jieba().tokenize(folded, TokenizeMode::Default, true);
        let spans = tokens.into_iter().map(|t| (t.byte_start, t.byte_end));
        spans.filter_map(|(start, end)| word_in(folded, start, end)).collect()
    }

    /// Like [`words`](Self::words), with the shorter words inside long ones too (北京大学 gives 北京, 大学
    /// and 北京大学), ordered by start, then end. For the word view of the index.
    #[must_use]
    pub fn words_and_parts(&self, folded: &str) -> Vec<Word> {
        let tokens = self.jieba().tokenize(folded, TokenizeMode::Search, true);
        let spans = tokens.into_iter().map(|t| (t.byte_start, t.byte_end));
        let mut words: Vec<Word> =
            spans.filter_map(|(start, end)| word_in(folded, start, end)).collect();
        words.sort_unstable_by_key(|word| (word.start, word.end));
        words.dedup();
        words
    }

    /// Names dictionary, user words and folding: texts cut under another stamp may be cut otherwise.
    #[must_use]
    pub fn stamp(&self) -> String {
        let digest = Sha256::digest(self.shared.user_words.join("\n").as_bytes());
        let user: String = digest[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("jieba-rs-0.11/fold-{FOLD_VERSION}/user-{user}")
    }

    fn jieba(&self) -> &Jieba {
        self.shared.jieba.get_or_init(|| {
            let mut jieba = Jieba::new();
            for word in &self.shared.user_words {
                jieba.add_word(word, None, None);
            }
            jieba
        })
    }
}

fn word_in(text: &str, start: usize, end: usize) -> Option<Word> {
    text[start..end].chars().any(char::is_alphanumeric).then_some(Word { start, end })
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
        let own = Segmenter::new(["雲嶺礦業".to_owned()]);
        check(&own, "云岭矿业发生事故,3人被困", &["云岭矿业", "发生", "事故", "3", "人", "被困"]);
        assert!(plain.words("云岭矿业发生事故").len() > own.words("云岭矿业发生事故").len());
        assert_ne!(plain.stamp(), own.stamp());
    }

    #[test]
    fn parts_come_in_order() {
        let text = "北京大学";
        let words = Segmenter::default().words_and_parts(text);
        let found: Vec<_> = words.iter().map(|w| &text[w.start..w.end]).collect();
        assert_eq!(found, ["北京", "北京大学", "大学"]);
    }
}
