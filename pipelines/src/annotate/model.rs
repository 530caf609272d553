//! A small linear model over runs of characters: a MiB on disk, microseconds a post, explained by words.
//!
//! In: the bytes of a model file and a text's [`Grams`]. Out: one margin a label, probabilities, and the
//! stretches of text that spoke for a label. A file is the line `GLM2`, one line of JSON ([`Head`]), then
//! zlib: the keys of the features that training kept, one byte of rarity (idf) each, then one signed byte a
//! feature and label. A feature it does not know counts nothing. Refuses files that are cut, of another format,
//! or larger than their head says; never reads a file by itself.

mod features;
mod file;
mod table;

pub use features::{Gram, GramSpec, Grams};
pub(super) use features::{NamedKey, Seen, TEXT_ENDS, look, named_key, settle, stir};
pub use file::{Head, ModelError};
pub(super) use table::{Table, ascending, write_ascending};

/// A loaded model. Weights are kept as bytes: a label's weight is its byte times the label's scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(super) head: Head,
    /// Keys of its features, ascending.
    keys: Vec<u32>,
    /// Rarity of each in 1/16.
    rarity: Vec<u8>,
    /// `place * labels + label`.
    weights: Vec<i8>,
    table: Table,
}

/// What one text scores: the margins and what is needed to say why.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// One a label, in the order of [`Model::labels`]; above zero speaks for it.
    pub margins: Vec<f32>,
    /// 1 / length of the feature vector.
    unit: f32,
}

/// A stretch of a text and what it contributed to a margin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// 0 is the title, 1 the body.
    pub field: u8,
    /// First byte in the folded text of that field.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Its share of the margin.
    pub weight: f32,
}

impl Model {
    /// A model of its parts: ascending keys, a rarity for each, a weight for each and label.
    pub(super) fn of(head: Head, keys: Vec<u32>, rarity: Vec<u8>, weights: Vec<i8>) -> Self {
        let table = Table::of(&keys);
        Self { head, keys, rarity, weights, table }
    }

    /// The labels it tells apart.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.head.labels
    }

    /// How texts are turned into features for it.
    #[must_use]
    pub fn spec(&self) -> &GramSpec {
        &self.head.grams
    }

    /// The head of its file.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The same weights under another head, as calibration needs it. The labels and the grams must be the same.
    #[must_use]
    pub fn with_head(self, head: Head) -> Self {
        Self { head, ..self }
    }

    /// The margins of a text.
    #[must_use]
    pub fn score(&self, grams: &Grams) -> Score {
        self.score_counted(grams.counted().iter().copied())
    }

    /// The margins of features given as key and count.
    pub(super) fn score_counted(&self, counted: impl Iterator<Item = (u32, f32)>) -> Score {
        let labels = self.head.labels.len();
        let mut sums = vec![0f32; labels];
        let mut length = 0f32;
        for (key, value) in counted {
            let Some(place) = self.table.place(key) else { continue };
            let place = place as usize;
            let value = value * f32::from(self.rarity[place]);
            length += value * value;
            let at = place * labels;
            for (sum, weight) in sums.iter_mut().zip(&self.weights[at..at + labels]) {
                *sum += value * f32::from(*weight);
            }
        }
        let unit = if length > 0.0 { 1.0 / length.sqrt() } else { 0.0 };
        let margins = sums
            .iter()
            .zip(&self.head.scales)
            .zip(&self.head.bias)
            .map(|((sum, scale), bias)| sum * unit * scale + bias)
            .collect();
        Score { margins, unit }
    }

    /// Probabilities of the margins, summing to one, at the sharpness that training found.
    #[must_use]
    pub fn probabilities(&self, margins: &[f32]) -> Vec<f32> {
        softmax(margins, self.head.sharpness)
    }

    /// Up to `most` stretches that spoke loudest for `label`, loudest first, none overlapping.
    #[must_use]
    pub fn explain(&self, grams: &Grams, score: &Score, label: usize, most: usize) -> Vec<Stretch> {
        let scale = self.head.scales.get(label).copied().unwrap_or_default() * score.unit;
        grams.stretches(most, |key, damped| {
            let Some(place) = self.table.place(key) else { return 0.0 };
            let place = place as usize;
            let rarity = f32::from(self.rarity[place]);
            let weight = self.weights[place * self.head.labels.len() + label];
            scale * rarity * f32::from(weight) * damped
        })
    }
}

/// `exp(sharpness * margin)`, normalised.
#[must_use]
pub fn softmax(margins: &[f32], sharpness: f32) -> Vec<f32> {
    let top = margins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let raw: Vec<f32> = margins.iter().map(|m| ((m - top) * sharpness).exp()).collect();
    let sum: f32 = raw.iter().sum();
    raw.iter().map(|r| r / sum).collect()
}

/// The place of the largest number; the first of equals; 0 of none.
#[must_use]
pub fn largest(numbers: &[f32]) -> usize {
    let mut best = 0;
    for (at, number) in numbers.iter().enumerate() {
        if *number > numbers[best] {
            best = at;
        }
    }
    best
}
