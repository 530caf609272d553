//! How rare words are in public texts, and what part of speech they are.
//!
//! In: `config/models/words.df`, learned by the example `learn_words` from public texts that are not kept: of each
//! word 32 bits of its hash, its document frequency in steps of a fifth of a power of two, its class. Out: the
//! weight of a word. 32 bits let about one word in 100,000 pass for another, which costs a keyword its rank. Refuses
//! a file of another form.

use std::hash::Hasher;
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHasher};

const MAGIC: &[u8; 8] = b"glwords1";
/// Bytes of one word: hash, then frequency and class.
const ENTRY: usize = 6;

/// What kind of word it is, as far as keywords ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Says nothing alone: particles, pronouns, numbers, adverbs.
    Empty = 0,
    /// Nouns and what is used as one.
    Noun = 1,
    /// Verbs.
    Verb = 2,
    /// Adjectives and set phrases.
    Quality = 3,
    /// Names of places, organisations and things.
    Name = 4,
}

impl Class {
    /// The class of a tag of the dictionary (`n`, `vn`, `ns`, …).
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        match tag {
            "ns" | "nt" | "nz" | "nrt" => Self::Name,
            "vn" | "an" | "l" | "j" | "x" | "eng" => Self::Noun,
            "a" | "ad" | "i" | "z" => Self::Quality,
            _ if tag.starts_with('n') => Self::Noun,
            "vd" | "vshi" | "vyou" => Self::Empty,
            _ if tag.starts_with('v') => Self::Verb,
            _ => Self::Empty,
        }
    }

    fn of_number(number: u8) -> Self {
        match number {
            0 => Self::Empty,
            2 => Self::Verb,
            3 => Self::Quality,
            4 => Self::Name,
            _ => Self::Noun,
        }
    }

    /// What a word of the class counts against a noun.
    fn factor(self) -> f32 {
        match self {
            Self::Empty => 0.0,
            Self::Noun => 1.0,
            Self::Verb => 0.7,
            Self::Quality => 0.6,
            Self::Name => 1.1,
        }
    }
}

/// The table of rarity.
#[derive(Debug)]
pub struct Rarity {
    /// By hash: what one occurrence weighs; 0 for words that say nothing.
    weights: FxHashMap<u32, f32>,
    /// What a word weighs that no public text has.
    unknown: f32,
}

fn hash(word: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(word.as_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "32 bits are kept")]
    let short = (hasher.finish() >> 20) as u32;
    short
}

impl Rarity {
    /// What is shipped.
    ///
    /// # Panics
    /// Never: a test reads the shipped file.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Rarity> = LazyLock::new(|| {
            let bytes = include_bytes!("../../../config/models/words.df");
            Rarity::read(bytes).expect("a test reads the shipped file")
        });
        &SHIPPED
    }

    /// Reads a table; none where the bytes are no such table.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (head, entries) = rest.split_at_checked(4)?;
        if entries.len() % ENTRY != 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "fewer than 16 million texts")]
        let texts = u32::from_le_bytes(head.try_into().ok()?) as f32;
        let weights = entries.chunks_exact(ENTRY).map(|entry| {
            let hash = u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
            let df = (f32::from(entry[4]) / 5.0).exp2();
            (hash, Class::of_number(entry[5]).factor() * (texts / df).ln().max(0.0))
        });
        Some(Self { weights: weights.collect(), unknown: 0.8 * texts.ln() })
    }

    /// What one occurrence of `word` (folded) weighs; 0 where it says nothing.
    #[must_use]
    pub fn weight(&self, word: &str) -> f32 {
        self.weights.get(&hash(word)).copied().unwrap_or(self.unknown)
    }

    /// Whether public texts have the word.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.weights.contains_key(&hash(word))
    }

    /// How many words it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
}

/// Makes a table.
#[derive(Debug, Default)]
pub struct RarityBuilder {
    texts: u32,
    words: FxHashMap<String, (u32, u8)>,
}

impl RarityBuilder {
    /// Adds one text by its words, each with its class.
    pub fn add<'a>(&mut self, words: impl IntoIterator<Item = (&'a str, Class)>) {
        self.texts += 1;
        let mut seen: FxHashMap<&str, Class> = FxHashMap::default();
        seen.extend(words);
        for (word, class) in seen {
            let (count, kind) = self.words.entry(word.to_owned()).or_default();
            *count += 1;
            *kind = class as u8;
        }
    }

    /// The file: words that at least `least` texts have, in the order of their hashes.
    #[must_use]
    pub fn to_bytes(&self, least: u32) -> Vec<u8> {
        let mut entries: Vec<(u32, u32, u8)> = self
            .words
            .iter()
            .filter(|(_, (count, _))| *count >= least)
            .map(|(word, (count, class))| (hash(word), *count, *class))
            .collect();
        // Of two words with one hash the more frequent one stays.
        entries.sort_unstable_by_key(|(hash, count, class)| (*hash, u32::MAX - *count, *class));
        entries.dedup_by_key(|(hash, ..)| *hash);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.texts.to_le_bytes());
        for (hash, count, class) in entries {
            bytes.extend(hash.to_le_bytes());
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 120")]
            let step = (f64::from(count).log2() * 5.0).round() as u8;
            bytes.extend([step, class]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_comes_back_as_it_was_made() {
        let mut builder = RarityBuilder::default();
        for text in 0..64 {
            let rare = (text < 4).then_some(("冒顶", Class::Noun));
            builder.add([("今天", Class::Noun), ("的", Class::Empty)].into_iter().chain(rare));
        }
        let table = Rarity::read(&builder.to_bytes(2)).unwrap();
        assert_eq!(table.len(), 3);
        assert!(table.weight("冒顶") > table.weight("今天"));
        assert_eq!(table.weight("的"), 0.0);
        assert!(table.weight("谁也没写过") > table.weight("冒顶"));
        assert!(table.knows("冒顶") && !table.knows("谁也没写过"));
        assert!(Rarity::read(b"glwords1").is_none() && Rarity::read(b"").is_none());
    }

    #[test]
    fn the_shipped_table_knows_the_language() {
        let table = Rarity::shipped();
        assert!(table.len() > 20_000, "{}", table.len());
        for empty in ["的", "我们", "非常", "三"] {
            assert_eq!(table.weight(empty), 0.0, "{empty}");
        }
        assert!(table.weight("瓦斯") > table.weight("公司") && table.weight("公司") > 0.0);
    }
}
