//! The linear model of the officer's verdicts: known runs of characters and what each says for every judgement.
//!
//! In: [`Texts`] and the lexicons' sums. Out: [`Scored`]: one margin a column ([`COLUMNS`]), and which runs were
//! met where. Weights are signed bytes with a scale a column; a run that training did not keep counts nothing,
//! since its key is in no slot of the table. Pure; never fails once it is loaded.

use std::cell::RefCell;

use super::super::model::{Table, settle};
use super::file::OfficerHead;
use super::grams::{LONGEST, Run, Texts};
use super::lean::EXTRAS;

/// Judgements of the model: 3 polarities, 13 kinds, urgency of at least 1, 2 and 3; one is spare.
pub const COLUMNS: usize = 20;
/// Where the kinds begin, and the urgencies.
pub(super) const KINDS: usize = 3;
pub(super) const URGENCIES: usize = 16;

/// A loaded model.
#[derive(Clone, Debug, PartialEq)]
pub struct OfficerModel {
    pub(super) head: OfficerHead,
    /// Ascending keys of the known runs.
    pub(super) keys: Vec<u32>,
    /// Rarity of each in 1/16.
    pub(super) rarity: Vec<u8>,
    /// What each says.
    pub(super) weights: Vec<[i8; COLUMNS]>,
    table: Table,
}

/// A known run in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Place of the run in the model.
    pub place: u32,
    /// Its first sign in its group.
    pub first: u32,
    /// Its signs.
    pub length: u8,
    /// 0 is the whole, 1 the title.
    pub group: u8,
}

/// What a text scores.
pub(super) struct Scored {
    pub margins: [f32; COLUMNS],
    pub hits: Vec<Hit>,
    /// What one occurrence of each hit is worth before its weights, in the order of `hits`.
    pub values: Vec<f32>,
}

thread_local! {
    /// How often each known run was met; all zero between two texts.
    static MET: RefCell<Vec<u16>> = const { RefCell::new(Vec::new()) };
}

impl OfficerModel {
    /// A model of its parts; `keys` ascend and have as many entries as `rarity` and `weights`.
    pub(super) fn of(
        head: OfficerHead,
        keys: Vec<u32>,
        rarity: Vec<u8>,
        weights: Vec<[i8; COLUMNS]>,
    ) -> Self {
        let table = Table::of(&keys);
        Self { head, keys, rarity, weights, table }
    }

    /// Runs it knows.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.keys.len()
    }

    /// Every known run of the texts, the shorter ones first.
    fn hits(&self, texts: &Texts) -> Vec<Hit> {
        let mut hits = Vec::with_capacity(texts.groups[0].len() * 3);
        let mut runs: Vec<Run> = Vec::with_capacity(texts.groups[0].len());
        let mut longer: Vec<Run> = Vec::with_capacity(texts.groups[0].len());
        for group in 0..2 {
            texts.single(group, &mut runs);
            for length in 1..=LONGEST {
                longer.clear();
                for run in &runs {
                    let Some(place) = self.table.place(settle(run.hash)) else { continue };
                    let first = run.first;
                    hits.push(Hit { place, first, length: length as u8, group: group as u8 });
                    if length < LONGEST {
                        longer.extend(texts.longer(group, *run, length));
                    }
                }
                std::mem::swap(&mut runs, &mut longer);
            }
        }
        hits
    }

    /// The margins of a text and of its lexicons' sums.
    pub(super) fn score(&self, texts: &Texts, extras: &[f32; EXTRAS]) -> Scored {
        let hits = self.hits(texts);
        let mut margins = [0f32; COLUMNS];
        let mut values = vec![0f32; hits.len()];
        MET.with_borrow_mut(|met| {
            if met.len() < self.keys.len() {
                met.resize(self.keys.len(), 0);
            }
            hits.iter().for_each(|h| met[h.place as usize] += 1);
            let title = hits.partition_point(|h| h.group == 0);
            for range in [0..title, title..hits.len()] {
                self.add_group(&hits[range.clone()], &mut values[range], met, &mut margins);
            }
            hits.iter().for_each(|h| met[h.place as usize] = 0);
        });
        for (margin, scale) in margins.iter_mut().zip(&self.head.scales) {
            *margin *= scale;
        }
        for (value, weights) in extras.iter().zip(&self.head.extras) {
            if *value != 0.0 {
                margins.iter_mut().zip(weights).for_each(|(m, w)| *m += value * w);
            }
        }
        margins.iter_mut().zip(&self.head.bias).for_each(|(m, b)| *m += b);
        Scored { margins, hits, values }
    }

    /// One group: its runs' weights, at unit length. A run counts `(1 + ln n) × rarity`, met n times.
    fn add_group(
        &self,
        hits: &[Hit],
        values: &mut [f32],
        met: &[u16],
        margins: &mut [f32; COLUMNS],
    ) {
        let mut sums = [0f32; COLUMNS];
        let mut length = 0f32;
        for (hit, value) in hits.iter().zip(values.iter_mut()) {
            let place = hit.place as usize;
            let times = met[place];
            let count = if times > 1 { f32::from(times) } else { 1.0 };
            // The share of one occurrence, so that all of them together make the run's value.
            *value = damped(times) / count * f32::from(self.rarity[place]);
            length += *value * *value * count;
            let weights = &self.weights[place];
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += *value * f32::from(*weight);
            }
        }
        let unit = if length > 0.0 { 1.0 / length.sqrt() } else { 0.0 };
        values.iter_mut().for_each(|v| *v *= unit);
        margins.iter_mut().zip(sums).for_each(|(m, s)| *m += s * unit);
    }
}

/// `1 + ln n`.
pub(super) fn damped(times: u16) -> f32 {
    const FIRST: [f32; 9] =
        [0.0, 1.0, 1.693_147, 2.098_612, 2.386_294, 2.609_438, 2.791_759, 2.945_91, 3.079_442];
    FIRST.get(times as usize).copied().unwrap_or_else(|| 1.0 + f32::from(times).ln())
}
