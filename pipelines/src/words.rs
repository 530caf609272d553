//! The words of a post: a stage of its own between reading and judging.
//!
//! In: a folded title and text, and, once, the names of the subjects and the lexicons. Out: [`PostWords`], the
//! **keywords** (what the post is about: frequency in it against rarity in public texts, nouns before verbs) and
//! the **sentiment words** (what speaks well or ill, where the lexicon's word stands on the seams of the cut). And,
//! from many texts, the **new words**: strings that are frequent now, hold together and stand freely, and that
//! nobody wrote before. It judges nothing and knows of no other post of its own.
//!
//! [`PostWords`]: crate::record::PostWords

mod cutter;
mod fresh;
mod hot;
mod rarity;

pub use cutter::{Cutter, FoldedTexts, MAX_KEYWORDS};
pub use fresh::{FreshWord, fresh_words};
pub use hot::{Counts, HotWord, hot_words};
pub use rarity::{Class, Rarity, RarityBuilder};
