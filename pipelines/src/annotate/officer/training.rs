//! Makes the officer's model from labelled texts.
//!
//! In: rows of known runs, lexicons' numbers and labels. Out: an [`OfficerModel`], first with plain heads, then
//! calibrated on margins of rows that were held out. Runs that stand in fewer than `cut` rows are left out **before**
//! anything is numbered, so that no unknown run of a new text falls into the place of a known one. All columns are
//! learned in one pass over the rows: linear support vectors with squared hinge loss, dual coordinate descent,
//! seeded. Pure.

use super::super::polarity::{FoldedPost, evidence, score};
use super::super::train::Shuffle;
use super::file::{Layer, OfficerHead};
use super::grams::Texts;
use super::lean::{EXTRAS, numbers};
use super::model::{COLUMNS, KINDS, OfficerModel, URGENCIES, damped};
use crate::annotate::lexicon::Lexicon;

mod fit;

pub use fit::calibrated;

/// How an officer filed a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Place in `Polarity::ALL`.
    pub polarity: usize,
    /// Place in `PostKind::ALL`.
    pub kind: usize,
    /// 0 to 3.
    pub urgency: u8,
}

/// A labelled text made ready.
#[derive(Clone, Debug)]
pub struct OfficerRow {
    /// Keys and damped counts of the whole and of the title, ascending by key.
    groups: [Vec<(u32, f32)>; 2],
    extras: [f32; EXTRAS],
    /// The lexicons' score.
    pub lean: f32,
    /// What it is.
    pub labels: Labels,
    /// 1 for a row of a set, more for a correction.
    pub weight: f32,
}

/// Recipe: found on folds of whole sources, see `config/models/README.md`.
const CUT: usize = 3;
const COST: f32 = 1.0;
const PASSES: usize = 15;
const ARRIVED: f32 = 2e-3;

/// A row of a folded post.
#[must_use]
pub fn officer_row(
    lexicon: &Lexicon,
    post: &FoldedPost<'_>,
    labels: Labels,
    weight: f32,
) -> OfficerRow {
    let evidence = evidence(lexicon, post);
    let texts = Texts::of(post.title_folded.text(), post.body_folded.text());
    let mut keys: [Vec<u32>; 2] = Default::default();
    texts.each(|group, key| keys[group].push(key));
    let groups = keys.map(|mut keys| {
        keys.sort_unstable();
        let mut counted: Vec<(u32, f32)> = Vec::new();
        for run in keys.chunk_by(|a, b| a == b) {
            counted.push((run[0], damped(u16::try_from(run.len()).unwrap_or(u16::MAX))));
        }
        counted
    });
    OfficerRow { groups, extras: numbers(&evidence), lean: score(&evidence), labels, weight }
}

/// Trains on the rows. Its heads are plain: margins times three.
#[must_use]
pub fn train_officer(rows: &[&OfficerRow], seed: u64) -> OfficerModel {
    let keys = kept(rows);
    let rarity = rarity_of(rows, &keys);
    let ready: Vec<Ready> = rows.iter().map(|row| Ready::of(row, &keys, &rarity)).collect();
    let (planes, bias) = descend(&ready, keys.len() + EXTRAS, seed);
    let mut scales = vec![f32::MIN_POSITIVE; COLUMNS];
    for weights in &planes[..keys.len()] {
        scales.iter_mut().zip(weights).for_each(|(s, w)| *s = s.max(w.abs() / 127.0));
    }
    let byte = |weight: f32, scale: f32| (weight / scale).round().clamp(-127.0, 127.0) as i8;
    let bytes = |plane: &[f32; COLUMNS]| {
        let mut bytes = [0i8; COLUMNS];
        (0..COLUMNS).for_each(|c| bytes[c] = byte(plane[c], scales[c]));
        bytes
    };
    let weights = planes[..keys.len()].iter().map(bytes).collect();
    let head = OfficerHead {
        runs: keys.len(),
        extras: planes[keys.len()..].iter().map(|w| w.to_vec()).collect(),
        bias: bias.to_vec(),
        polarity: plain(KINDS, 3.0),
        kind: plain(URGENCIES - KINDS, 3.0),
        urgency: vec![[3.0, 0.0]; 3],
        unsure: 0.5,
        unsure_kind: 0.5,
        scales,
    };
    OfficerModel::of(head, keys, rarity, weights)
}

/// The margins of a row.
#[must_use]
pub fn margins_of(model: &OfficerModel, row: &OfficerRow) -> [f32; COLUMNS] {
    let mut margins = [0f32; COLUMNS];
    for group in &row.groups {
        let (mut sums, mut length) = ([0f32; COLUMNS], 0f32);
        for (key, count) in group {
            let Ok(place) = model.keys.binary_search(key) else { continue };
            let value = count * f32::from(model.rarity[place]);
            length += value * value;
            let weights = &model.weights[place];
            sums.iter_mut().zip(weights).for_each(|(s, w)| *s += value * f32::from(*w));
        }
        let unit = if length > 0.0 { 1.0 / length.sqrt() } else { 0.0 };
        let scales = &model.head.scales;
        for ((margin, sum), scale) in margins.iter_mut().zip(sums).zip(scales) {
            *margin += sum * unit * scale;
        }
    }
    for (value, weights) in row.extras.iter().zip(&model.head.extras) {
        margins.iter_mut().zip(weights).for_each(|(m, w)| *m += value * w);
    }
    margins.iter_mut().zip(&model.head.bias).for_each(|(m, b)| *m += b);
    margins
}

/// Every margin times `sharp`.
fn plain(classes: usize, sharp: f32) -> Layer {
    let row = |at: usize| (0..classes).map(|other| if other == at { sharp } else { 0.0 }).collect();
    Layer { weights: (0..classes).map(row).collect(), bias: vec![0.0; classes] }
}

/// The keys that stand in enough rows, ascending.
fn kept(rows: &[&OfficerRow]) -> Vec<u32> {
    let mut all: Vec<u32> =
        rows.iter().flat_map(|r| r.groups.iter().flatten().map(|(key, _)| *key)).collect();
    all.sort_unstable();
    all.chunk_by(|a, b| a == b).filter(|same| same.len() >= CUT).map(|same| same[0]).collect()
}

/// Inverse document frequency in 1/16.
fn rarity_of(rows: &[&OfficerRow], keys: &[u32]) -> Vec<u8> {
    let mut holding = vec![0u32; keys.len()];
    for (key, _) in rows.iter().flat_map(|r| r.groups.iter().flatten()) {
        if let Ok(place) = keys.binary_search(key) {
            holding[place] += 1;
        }
    }
    let all = rows.len() as f32 + 1.0;
    let rarity = holding.iter().map(|n| ((all / (*n as f32 + 1.0)).ln() + 1.0) * 16.0);
    rarity.map(|idf| idf.round().clamp(1.0, 255.0) as u8).collect()
}

/// A row as the descent reads it.
struct Ready {
    features: Vec<(u32, f32)>,
    /// Its length squared, and one for the bias.
    length: f32,
    sides: [f32; COLUMNS],
    cost: f32,
}

impl Ready {
    fn of(row: &OfficerRow, keys: &[u32], rarity: &[u8]) -> Self {
        let mut features: Vec<(u32, f32)> = Vec::new();
        for group in &row.groups {
            let from = features.len();
            for (key, count) in group {
                if let Ok(place) = keys.binary_search(key) {
                    features.push((place as u32, count * f32::from(rarity[place])));
                }
            }
            let length = features[from..].iter().map(|f| f.1 * f.1).sum::<f32>().sqrt();
            features[from..].iter_mut().for_each(|f| f.1 /= length);
        }
        let extras = row.extras.iter().enumerate().filter(|(_, value)| **value != 0.0);
        features.extend(extras.map(|(at, value)| ((keys.len() + at) as u32, *value)));
        let length = 1.0 + features.iter().map(|f| f.1 * f.1).sum::<f32>();
        Self { features, length, sides: sides(row.labels), cost: COST * row.weight }
    }
}

/// Which side of each column's plane a row belongs to.
fn sides(labels: Labels) -> [f32; COLUMNS] {
    let mut sides = [-1.0; COLUMNS];
    sides[labels.polarity] = 1.0;
    sides[KINDS + labels.kind] = 1.0;
    for level in 1..=3u8 {
        if labels.urgency >= level {
            sides[URGENCIES + usize::from(level) - 1] = 1.0;
        }
    }
    sides
}

/// The planes of all columns, feature by feature, and their biases.
fn descend(rows: &[Ready], features: usize, seed: u64) -> (Vec<[f32; COLUMNS]>, [f32; COLUMNS]) {
    let mut planes = vec![[0f32; COLUMNS]; features];
    let mut bias = [0f32; COLUMNS];
    let mut multipliers = vec![[0f32; COLUMNS]; rows.len()];
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut shuffle = Shuffle::new(seed);
    for _ in 0..PASSES {
        shuffle.shuffle(&mut order);
        let mut most = 0f32;
        for &at in &order {
            let row = &rows[at];
            let mut margins = bias;
            for (feature, value) in &row.features {
                let plane = &planes[*feature as usize];
                margins.iter_mut().zip(plane).for_each(|(m, w)| *m += w * value);
            }
            let give = 0.5 / row.cost;
            let mut steps = [0f32; COLUMNS];
            let columns = steps.iter_mut().zip(&mut multipliers[at]).zip(&row.sides).zip(&margins);
            for (((step, multiplier), side), margin) in columns {
                let slope = side * margin - 1.0 + *multiplier * give;
                let next = (*multiplier - slope / (row.length + give)).max(0.0);
                most = most.max((next - *multiplier).abs());
                *step = (next - *multiplier) * side;
                *multiplier = next;
            }
            bias.iter_mut().zip(&steps).for_each(|(b, s)| *b += s);
            for (feature, value) in &row.features {
                let plane = &mut planes[*feature as usize];
                plane.iter_mut().zip(&steps).for_each(|(w, s)| *w += s * value);
            }
        }
        if most < ARRIVED {
            break;
        }
    }
    (planes, bias)
}
