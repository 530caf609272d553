//! The learned judge: which story a newcomer belongs to.
//!
//! In: `config/models/happenings.bin` (frequent words, trees, bounds). Out: how likely a newcomer belongs to a story,
//! from the figures of the two. Learned by `guanlan train` from labelled happenings; a file that is cut or
//! of another version is refused.

use std::sync::LazyLock;

use super::rarity::{Rarity, Table, Weighed};
use super::{Commons, Telling};
use crate::extract::Trees;

/// The number counts what the trees are shown: with 2 came the cosines of what posts are about.
const MAGIC: &[u8; 8] = b"GLHAPPN2";

/// What decides.
#[derive(Clone, Debug)]
pub struct Judge {
    table: Table,
    trees: Trees,
    /// From here on a newcomer joins a story.
    pub(in super::super) join: f32,
    /// From here on a newcomer that belongs to two stories makes them one.
    pub(in super::super) merge: f32,
}

/// The shipped judge.
pub(in super::super) static JUDGE: LazyLock<Judge> = LazyLock::new(|| {
    Judge::read(include_bytes!("../../../../config/models/happenings.bin"))
        .expect("the shipped weights of happenings are whole (tested)")
});

impl Judge {
    /// A judge of what was learned.
    #[must_use]
    pub fn new(commons: &Commons, trees: Trees, join: f32, merge: f32) -> Self {
        Self { table: commons.table(), trees, join, merge }
    }

    /// The same with other trees and bounds.
    #[must_use]
    pub fn with(&self, trees: Trees, join: f32, merge: f32) -> Self {
        Self { table: self.table.clone(), trees, join, merge }
    }

    /// The same from other bounds on.
    #[must_use]
    pub fn bounded(&self, join: f32, merge: f32) -> Self {
        Self { join, merge, ..self.clone() }
    }

    /// From which likelihood on a newcomer joins a story, and from which on it makes two stories one.
    #[must_use]
    pub fn bounds(&self) -> (f32, f32) {
        (self.join, self.merge)
    }

    /// The judge that is shipped.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &JUDGE
    }

    /// Reads what [`Judge::to_bytes`] wrote; `None` where it is something else or cut.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let float = |at: usize| Some(f32::from_le_bytes(rest.get(at..at + 4)?.try_into().ok()?));
        let (join, merge) = (float(0)?, float(4)?);
        let mut at = 8;
        let table = Table::read(rest, &mut at)?;
        let trees = Trees::read(rest, &mut at).ok()?;
        (at == rest.len()).then_some(Self { table, trees, join, merge })
    }

    /// The bytes of the file of weights.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.join.to_le_bytes());
        bytes.extend(self.merge.to_le_bytes());
        self.table.write(&mut bytes);
        self.trees.write(&mut bytes);
        bytes
    }

    /// How likely the figures are those of a newcomer and its story, 0 to 1.
    pub(in super::super) fn likely(&self, figures: &[f32]) -> f32 {
        self.trees.probability(figures)
    }

    /// Weights of words among the posts of `window`.
    pub(in super::super) fn weighed<'a>(&'a self, window: &'a Rarity) -> Weighed<'a> {
        Weighed::new(&self.table, window)
    }

    /// The words a post is looked up by: its rarest in Chinese at large, those of the headline before others.
    pub(in super::super) fn keys(&self, telling: &Telling, count: usize) -> Vec<u32> {
        let of_title = |word: &u32| telling.title.binary_search(word).is_ok();
        let weight = |word: &u32| self.table.weight(*word) * if of_title(word) { 1.4 } else { 1.0 };
        let words = telling.words.iter().chain(&telling.numbers);
        let mut keys: Vec<(f32, u32)> = words.map(|word| (weight(word), *word)).collect();
        keys.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        keys.truncate(count);
        keys.into_iter().map(|(_, word)| word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_judge_is_whole_and_writes_back_as_it_was() {
        let shipped = include_bytes!("../../../../config/models/happenings.bin");
        let judge = Judge::read(shipped).unwrap();
        assert_eq!(judge.to_bytes(), shipped);
        assert!(Judge::read(&shipped[..shipped.len() - 1]).is_none());
        assert!(Judge::read(b"something else").is_none());
        let older = [b"GLHAPPN1", &shipped[8..]].concat();
        assert!(Judge::read(&older).is_none());
        assert!(judge.join > 0.2 && judge.join <= judge.merge && judge.merge <= 1.0);
    }
}
