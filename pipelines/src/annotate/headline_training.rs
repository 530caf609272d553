//! Learns the weights by which [`same_happening`](super::same_happening) judges.
//!
//! In: texts (for the rarity of terms) and labelled pairs of headlines. Out: the bytes of
//! `config/models/stories.bin`. Logistic regression by AdaGrad, one fixed order of the pairs: the same
//! input gives the same bytes. It keeps no text: only hashes of frequent terms and weights.

use std::collections::HashMap;

use super::headline::{
    DENSE, FREQUENT, Model, Profile, SPARSE, SPARSE_VALUE, WEIGHT_SCALE, features, visit_terms,
};
use crate::text::fold;

/// Characters of a headline that are read.
pub const HEADLINE_CHARS: usize = 160;

/// Two headlines and whether they tell of the same happening.
#[derive(Clone, Debug)]
pub struct LabelledPair {
    /// The one.
    pub a: String,
    /// The other.
    pub b: String,
    /// The truth.
    pub same: bool,
}

/// A model that was just learned.
pub struct StoryModel(Model);

/// How many rounds over the pairs; more does not lift the F1 of the five folds.
const ROUNDS: usize = 40;
const RATE: f32 = 0.1;
/// Decay of the weights of particular terms, which would else be learned by heart.
const DECAY: f32 = 1e-5;
/// Terms in fewer texts than this count as rare.
const FREQUENT_FROM: u32 = 6;

impl StoryModel {
    /// Learns rarity from `texts` and weights from `pairs`; `threshold` is for the caller to choose.
    #[must_use]
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>, pairs: &[LabelledPair]) -> Self {
        let mut model = rarity(texts);
        let rows: Vec<Row> = pairs.iter().map(|p| Row::of(&model, p)).collect();
        descend(&mut model, &rows);
        Self(model)
    }

    /// The score of a pair, 0 to 1.
    #[must_use]
    pub fn score(&self, a: &str, b: &str) -> f32 {
        let profile = |text: &str| Profile::with(&self.0, fold(text).text(), HEADLINE_CHARS);
        self.0.score(&profile(a), &profile(b))
    }

    /// The bytes of the file of weights.
    #[must_use]
    pub fn to_bytes(&self, threshold: f32) -> Vec<u8> {
        let (frequent, sparse) = (self.0.frequent.clone(), self.0.sparse.clone());
        let Model { rare, bias, dense, .. } = self.0;
        Model { frequent, rare, bias, dense, sparse, threshold }.write()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255 by min")]
fn rarity<'a>(texts: impl Iterator<Item = &'a str>) -> Model {
    let mut counts: HashMap<u64, u32> = HashMap::new();
    let mut total = 0u32;
    for text in texts {
        let mut seen: Vec<u64> = Vec::new();
        visit_terms(fold(text).text(), HEADLINE_CHARS, |_, hash| seen.push(hash), &mut 0);
        seen.sort_unstable();
        seen.dedup();
        for hash in seen {
            *counts.entry(hash).or_default() += 1;
        }
        total += 1;
    }
    let weight = |count: u32| {
        let idf = (f64::from(total + 1) / f64::from(count + 1)).ln();
        (idf * f64::from(WEIGHT_SCALE)).round().clamp(1.0, 255.0) as u8
    };
    let mut frequent: Vec<(u64, u32)> =
        counts.into_iter().filter(|(_, count)| *count >= FREQUENT_FROM).collect();
    // Where two fall on one slot the more frequent stays.
    frequent.sort_unstable_by_key(|&(hash, count)| (count, hash));
    let mut table = vec![(0u8, 0u8); FREQUENT];
    for (hash, count) in frequent {
        table[(hash & 0xffff) as usize] = ((hash >> 16) as u8, weight(count));
    }
    Model {
        frequent: table,
        rare: weight(FREQUENT_FROM / 3),
        bias: 0.0,
        dense: [0.0; DENSE],
        sparse: vec![0.0; SPARSE],
        threshold: 0.5,
    }
}

struct Row {
    dense: [f32; DENSE],
    sparse: Vec<usize>,
    same: bool,
}

impl Row {
    fn of(model: &Model, pair: &LabelledPair) -> Self {
        let profile = |text: &str| Profile::with(model, fold(text).text(), HEADLINE_CHARS);
        let mut sparse = Vec::new();
        let dense = features(&profile(&pair.a), &profile(&pair.b), |slot| sparse.push(slot));
        Self { dense, sparse, same: pair.same }
    }
}

/// Standardised features learn evenly; mean and deviation are folded into the weights at the end.
fn descend(model: &mut Model, rows: &[Row]) {
    let (mean, scale) = moments(rows);
    let mut dense = [0.0f32; DENSE];
    let mut dense_sum = [1e-6f32; DENSE];
    let mut sparse_sum = vec![1e-6f32; SPARSE];
    let (mut bias, mut bias_sum) = (0.0f32, 1e-6f32);
    for round in 0..ROUNDS {
        for step in 0..rows.len() {
            // A fixed walk that visits every row once a round, each round in another order.
            let row = &rows[(step * 7919 + round * 104_729) % rows.len()];
            let x: [f32; DENSE] = std::array::from_fn(|k| (row.dense[k] - mean[k]) * scale[k]);
            let sum = bias
                + x.iter().zip(&dense).map(|(x, w)| x * w).sum::<f32>()
                + row.sparse.iter().map(|&s| model.sparse[s] * SPARSE_VALUE).sum::<f32>();
            let error = 1.0 / (1.0 + (-sum).exp()) - f32::from(u8::from(row.same));
            for k in 0..DENSE {
                adagrad(&mut dense[k], &mut dense_sum[k], error * x[k], RATE);
            }
            for &slot in &row.sparse {
                let gradient = error * SPARSE_VALUE + DECAY * model.sparse[slot];
                adagrad(&mut model.sparse[slot], &mut sparse_sum[slot], gradient, RATE);
            }
            adagrad(&mut bias, &mut bias_sum, error, RATE);
        }
    }
    for k in 0..DENSE {
        model.dense[k] = dense[k] * scale[k];
        bias -= model.dense[k] * mean[k];
    }
    model.bias = bias;
}

fn adagrad(weight: &mut f32, sum: &mut f32, gradient: f32, rate: f32) {
    *sum += gradient * gradient;
    *weight -= rate * gradient / sum.sqrt();
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn moments(rows: &[Row]) -> ([f32; DENSE], [f32; DENSE]) {
    let n = rows.len().max(1) as f32;
    let mean: [f32; DENSE] =
        std::array::from_fn(|k| rows.iter().map(|r| r.dense[k]).sum::<f32>() / n);
    let scale = std::array::from_fn(|k| {
        let variance = rows.iter().map(|r| (r.dense[k] - mean[k]).powi(2)).sum::<f32>() / n;
        if variance > 1e-9 { 1.0 / variance.sqrt() } else { 0.0 }
    });
    (mean, scale)
}
