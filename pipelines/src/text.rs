//! The one reading of text: folded, laid out in cells, cut into words, sentences and paragraphs.
//!
//! In: any text. Out: [`Folded`] text with a map back to bytes of the original, and the [`Cell`]s that
//! both the index and the in-memory matcher work on. Everything that compares texts (search, rules,
//! lexicons, names) compares folded text; everything that is shown is the original.
//!
//! **Cells** are what a literal is made of. In folded text, a run of latin, Greek, Cyrillic … letters and
//! digits is ONE cell; every other character (CJK, kana, punctuation, symbol, emoji) is a cell by itself;
//! a blank is no cell. A cell has a position counted in characters of the folded text. *A literal matches
//! where its cells stand contiguously*: at the same distances, each cell equal to a whole cell of the
//! text, so that `ai` does not hit `training`. `*` opens an end: `*ai*` does. Since a blank survives
//! folding only between two word characters, cells stand contiguously exactly where the folded literal is
//! a substring of the folded text and its ends do not cut a run. An index that stores cells with these
//! positions agrees with the matcher by construction.
//!
//! Refuses to translate words (軟體 becomes 软体, not 软件) and to look at context: what a character
//! becomes never depends on the phrase it stands in, else a substring of a text could fold differently.

mod cells;
mod fold;
mod segment;
mod split;
mod table;
mod visible;

pub use cells::{Cell, Cells, cells, is_word_char};
pub use fold::{Folded, fold};
pub(crate) use segment::word_in;
pub use segment::{Segmenter, Word, is_dictionary_word};
pub use split::{Splits, paragraphs, sentences, share_paragraph, share_sentence};
pub use visible::{is_steering, visible, visible_line};

/// Lowercase hex digits, two a byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Changes whenever folding or cells change: stamped in the index, which must then be rebuilt.
pub const FOLD_VERSION: u32 = 1;
