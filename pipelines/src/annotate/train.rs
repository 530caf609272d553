//! Makes models from labelled texts: linear support vectors by dual coordinate descent, one label against the rest.
//!
//! In: rows of features, label and weight (a correction by an officer is a row of more weight). Out: a
//! `Model` of a few MiB. The same rows, recipe and seed give the same bytes on every machine
//! of one kind. Pure: reading sets and writing files is for the edge. Refuses to train on fewer than two labels.

mod descent;
mod folds;
mod offsets;
mod quantise;

pub(in crate::annotate) use folds::Shuffle;
pub use folds::{folds, macro_f1};
pub use offsets::{offsets, shifted};

use super::model::{GramSpec, Grams, Head, Model, largest};

/// A labelled text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelledText {
    /// Headline, or what else takes the place of the first field.
    pub title: String,
    /// The text.
    pub text: String,
    /// What it is.
    pub label: String,
    /// 1 for a row of a set; more for a correction.
    pub weight: f32,
}

/// How to train; the numbers stand in `config/models/README.md` with the cross-validation they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Name of the model.
    pub name: String,
    /// How texts become features.
    pub grams: GramSpec,
    /// Features of fewer rows are left out before they are numbered.
    pub cut: usize,
    /// Cost of a violated margin.
    pub cost: f32,
    /// 0: rows count alike; 1: labels count alike.
    pub balance: f32,
    /// Passes over the rows.
    pub passes: usize,
    /// Seed of the order of rows.
    pub seed: u64,
}

/// Why nothing was trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Nothing to tell apart.
    #[error("model `{0}` cannot be trained: fewer than two labels among its rows")]
    Labels(String),
}

/// A row ready for training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Key and damped count, ascending.
    pub features: Vec<(u32, f32)>,
    /// Place of its label.
    pub label: usize,
    /// Weight.
    pub weight: f32,
}

/// The labels of rows, ascending.
#[must_use]
pub fn labels_of<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<String> {
    let set: std::collections::BTreeSet<&str> = labels.collect();
    set.into_iter().map(str::to_owned).collect()
}

/// Texts (already folded) to rows.
#[must_use]
pub fn rows_of(texts: &[LabelledText], labels: &[String], spec: &GramSpec) -> Vec<Row> {
    texts
        .iter()
        .filter_map(|text| {
            let label = labels.binary_search(&text.label).ok()?;
            let grams = Grams::of(&text.title, &text.text, spec);
            Some(Row { features: grams.counted().to_vec(), label, weight: text.weight })
        })
        .collect()
}

/// Trains a model on rows.
///
/// # Errors
/// [`TrainError::Labels`] when there is nothing to tell apart.
pub fn train(rows: &[Row], labels: &[String], recipe: &Recipe) -> Result<Model, TrainError> {
    let seen: std::collections::BTreeSet<usize> = rows.iter().map(|r| r.label).collect();
    if labels.len() < 2 || seen.len() < 2 {
        return Err(TrainError::Labels(recipe.name.clone()));
    }
    let (keys, rarity) = kept(rows, recipe.cut);
    let scaled: Vec<Row> = rows.iter().map(|row| scale(row, &keys, &rarity)).collect();
    let costs = costs_of(rows, labels.len(), recipe);
    let planes: Vec<(Vec<f32>, f32)> = (0..labels.len())
        .map(|label| descent::plane(&scaled, keys.len(), label, &costs, recipe))
        .collect();
    let (weights, scales) = quantise::bytes(&planes);
    let bias = planes.iter().map(|(_, bias)| *bias).collect();
    let head = Head {
        name: recipe.name.clone(),
        labels: labels.to_vec(),
        features: keys.len(),
        grams: recipe.grams.clone(),
        scales,
        bias,
        sharpness: 3.0,
        lexicon_weight: 0.0,
    };
    Ok(Model::of(head, keys, rarity, weights))
}

/// The keys that stand in at least `cut` rows, ascending, and the inverse document frequency of each in 1/16.
fn kept(rows: &[Row], cut: usize) -> (Vec<u32>, Vec<u8>) {
    let mut all: Vec<u32> =
        rows.iter().flat_map(|r| r.features.iter().map(|(key, _)| *key)).collect();
    all.sort_unstable();
    let rows = rows.len() as f32 + 1.0;
    let idf = |holding: usize| ((rows / (holding as f32 + 1.0)).ln() + 1.0) * 16.0;
    all.chunk_by(|a, b| a == b)
        .filter(|same| same.len() >= cut)
        .map(|same| (same[0], idf(same.len()).round().clamp(1.0, 255.0) as u8))
        .unzip()
}

/// A row by the places of its features, at length one.
fn scale(row: &Row, keys: &[u32], rarity: &[u8]) -> Row {
    let mut features: Vec<(u32, f32)> = row
        .features
        .iter()
        .filter_map(|(key, value)| {
            let place = keys.binary_search(key).ok()?;
            Some((place as u32, value * f32::from(rarity[place])))
        })
        .collect();
    let length = features.iter().map(|f| f.1 * f.1).sum::<f32>().sqrt();
    features.iter_mut().for_each(|f| f.1 /= length);
    Row { features, label: row.label, weight: row.weight }
}

fn costs_of(rows: &[Row], labels: usize, recipe: &Recipe) -> Vec<f32> {
    let mut count = vec![0f32; labels];
    rows.iter().for_each(|r| count[r.label] += r.weight);
    let total: f32 = count.iter().sum();
    rows.iter()
        .map(|row| {
            let even = total / (labels as f32 * count[row.label].max(1.0));
            recipe.cost * row.weight * even.powf(recipe.balance)
        })
        .collect()
}

/// Margins of every row by models that did not see it: `parts`-fold cross-validation over `rows`, with
/// `always` in every training part.
///
/// # Errors
/// As [`train`].
pub fn cross_validate(
    rows: &[Row],
    always: &[Row],
    labels: &[String],
    recipe: &Recipe,
    parts: usize,
) -> Result<Vec<Vec<f32>>, TrainError> {
    let of: Vec<usize> = rows.iter().map(|r| r.label).collect();
    let part = folds(&of, parts, recipe.seed);
    let mut margins = vec![Vec::new(); rows.len()];
    for held in 0..parts {
        let kept = rows.iter().zip(&part).filter(|(_, p)| **p != held).map(|(r, _)| r);
        let training: Vec<Row> = always.iter().chain(kept).cloned().collect();
        let model = train(&training, labels, recipe)?;
        for (at, row) in rows.iter().enumerate().filter(|(at, _)| part[*at] == held) {
            margins[at] = model.score_counted(row.features.iter().copied()).margins;
        }
    }
    Ok(margins)
}

/// The sharpness that makes the margins' probabilities most likely for the true labels.
#[must_use]
pub fn sharpness(margins: &[Vec<f32>], truth: &[usize]) -> f32 {
    let loss = |sharp: f32| -> f32 {
        let likely = margins.iter().zip(truth).map(|(m, t)| super::model::softmax(m, sharp)[*t]);
        -likely.map(|p| p.max(1e-6).ln()).sum::<f32>()
    };
    let tried: Vec<f32> = (2..=24).map(|n| n as f32 * 0.5).collect();
    let losses: Vec<f32> = tried.iter().map(|s| -loss(*s)).collect();
    tried[largest(&losses)]
}
