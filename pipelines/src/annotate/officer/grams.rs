//! From folded texts to the runs of characters that the officer's model knows.
//!
//! In: a folded title and body. Out: [`Texts`], whose runs of one to four characters have keys of 32 bits. There are
//! two groups of runs: the whole (title, then body) and the title alone. A run is known only if all its beginnings
//! are, since the model keeps what stands in three texts or more: the search for longer ones ends at the first
//! that is unknown.

use super::super::model::{Seen, TEXT_ENDS, look, settle, stir};

/// Signs of the whole that are looked at: the texts learned from end before it.
const MOST_SIGNS: usize = 640;
/// Longest run in signs.
pub(super) const LONGEST: usize = 4;
/// What stands between title and body.
pub(super) const BETWEEN: char = '。';
/// First state of the hash of each group.
const SEEDS: [u64; 2] = [0xcbf2_9ce4_8422_2325, 0x8422_2325_cbf2_9ce5];

/// One sign of a group and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    pub seen: Seen,
    /// 0 is the title, 1 the body.
    pub field: u8,
}

/// The two groups of a text.
pub(super) struct Texts {
    /// The whole, and the title alone.
    pub groups: [Vec<Sign>; 2],
}

/// A run that is looked for: where it begins and its hash so far.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub first: u32,
    pub hash: u64,
}

impl Texts {
    pub fn of(title: &str, body: &str) -> Self {
        let signs = |text: &str, field: u8, most: usize| -> Vec<Sign> {
            if text.is_empty() {
                return Vec::new();
            }
            look(text, false, most).into_iter().map(|seen| Sign { seen, field }).collect()
        };
        let headline = signs(title, 0, MOST_SIGNS);
        let mut whole = headline.clone();
        let rest = signs(body, 1, MOST_SIGNS.saturating_sub(headline.len()));
        if !whole.is_empty() && !rest.is_empty() {
            // One text: the end of the title and the beginning of the body are a stop between them.
            if let Some(last) = whole.last_mut().filter(|last| last.seen.sign == TEXT_ENDS) {
                last.seen.sign = BETWEEN;
            }
            whole.extend(&rest[1..]);
        } else {
            whole.extend(rest);
        }
        Self { groups: [whole, headline] }
    }

    /// The runs of one sign of a group.
    pub fn single(&self, group: usize, runs: &mut Vec<Run>) {
        runs.clear();
        let signs = self.groups[group].iter().enumerate();
        runs.extend(signs.map(|(first, sign)| Run {
            first: u32::try_from(first).unwrap_or(u32::MAX),
            hash: stir(SEEDS[group], sign.seen.sign as u64),
        }));
    }

    /// The run made longer by the sign that follows its `length` signs, where there is one.
    pub fn longer(&self, group: usize, run: Run, length: usize) -> Option<Run> {
        let next = self.groups[group].get(run.first as usize + length)?;
        Some(Run { first: run.first, hash: stir(run.hash, next.seen.sign as u64) })
    }

    /// Every run of both groups with its key: what training counts.
    pub fn each(&self, mut visit: impl FnMut(usize, u32)) {
        for (group, signs) in self.groups.iter().enumerate() {
            for first in 0..signs.len() {
                let mut hash = SEEDS[group];
                for sign in signs[first..].iter().take(LONGEST) {
                    hash = stir(hash, sign.seen.sign as u64);
                    visit(group, settle(hash));
                }
            }
        }
    }
}
