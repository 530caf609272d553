//! From margins to probabilities that mean what they say: layers fitted on margins of rows that were held out.
//!
//! In: margins by models that did not learn from their rows, and the labels. Out: the model with its heads fitted.
//! A layer is a softmax regression over a head's own margins, fitted by accelerated descent.

use super::super::super::train::sharpness;
use super::{COLUMNS, KINDS, Labels, Layer, OfficerModel, URGENCIES, plain};

const STEPS: usize = 400;
/// Pull of the weights towards nothing.
const DECAY: f32 = 1e-4;

/// The model with heads fitted on `margins` of rows that were held out.
#[must_use]
pub fn calibrated(
    mut model: OfficerModel,
    margins: &[[f32; COLUMNS]],
    labels: &[Labels],
) -> OfficerModel {
    let own =
        |from: usize, to: usize| -> Vec<&[f32]> { margins.iter().map(|m| &m[from..to]).collect() };
    let polarity: Vec<usize> = labels.iter().map(|l| l.polarity).collect();
    let kind: Vec<usize> = labels.iter().map(|l| l.kind).collect();
    model.head.polarity = layer(&own(0, KINDS), &polarity, KINDS);
    // Kinds differ too much from source to source: a layer over thirteen of them costs two points on new ones.
    let of_kind: Vec<Vec<f32>> = own(KINDS, URGENCIES).into_iter().map(<[f32]>::to_vec).collect();
    let sharp = sharpness(&of_kind, &kind);
    model.head.kind = plain(URGENCIES - KINDS, sharp);
    model.head.urgency = (1..=3u8)
        .map(|level| {
            let at = URGENCIES + usize::from(level) - 1;
            let truth: Vec<usize> =
                labels.iter().map(|l| usize::from(l.urgency >= level)).collect();
            // Two classes whose margins mirror each other are one slope and one offset.
            let mirrored: Vec<[f32; 2]> = margins.iter().map(|m| [-m[at], m[at]]).collect();
            let rows: Vec<&[f32]> = mirrored.iter().map(|m| m.as_slice()).collect();
            let of = layer(&rows, &truth, 2);
            let slope =
                (of.weights[1][1] - of.weights[1][0]) - (of.weights[0][1] - of.weights[0][0]);
            [slope, of.bias[1] - of.bias[0]]
        })
        .collect();
    model
}

fn layer(margins: &[&[f32]], truth: &[usize], classes: usize) -> Layer {
    let mut at = plain(classes, 3.0);
    let mut before = at.clone();
    // Half the mean length squared, with one for the bias, bounds how steep the loss bends.
    let lengths = margins.iter().map(|m| 1.0 + m.iter().map(|x| x * x).sum::<f32>());
    let steepest = (0.5 * lengths.sum::<f32>() / margins.len().max(1) as f32).max(0.5);
    for step in 0..STEPS {
        let push = step as f32 / (step as f32 + 3.0);
        let ahead = combine(&at, &before, push);
        let slope = gradient(&ahead, margins, truth);
        before = at;
        at = subtract(&ahead, &slope, 1.0 / steepest);
    }
    at
}

/// `one + (one - other) × push`.
fn combine(one: &Layer, other: &Layer, push: f32) -> Layer {
    map(one, other, |a, b| a + (a - b) * push)
}

fn subtract(one: &Layer, slope: &Layer, step: f32) -> Layer {
    map(one, slope, |a, g| a - g * step)
}

fn map(one: &Layer, other: &Layer, f: impl Fn(f32, f32) -> f32) -> Layer {
    let row = |a: &Vec<f32>, b: &Vec<f32>| a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect();
    Layer {
        weights: one.weights.iter().zip(&other.weights).map(|(a, b)| row(a, b)).collect(),
        bias: row(&one.bias, &other.bias),
    }
}

fn gradient(at: &Layer, margins: &[&[f32]], truth: &[usize]) -> Layer {
    let classes = at.bias.len();
    let mut slope = Layer { weights: vec![vec![0.0; classes]; classes], bias: vec![0.0; classes] };
    let mut shares = vec![0f32; classes];
    for (row, right) in margins.iter().zip(truth) {
        for ((share, weights), bias) in shares.iter_mut().zip(&at.weights).zip(&at.bias) {
            *share = bias + weights.iter().zip(*row).map(|(w, m)| w * m).sum::<f32>();
        }
        let top = shares.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        shares.iter_mut().for_each(|s| *s = (*s - top).exp());
        let sum: f32 = shares.iter().sum();
        for (class, share) in shares.iter().enumerate() {
            let error = share / sum - f32::from(u8::from(class == *right));
            slope.bias[class] += error;
            slope.weights[class].iter_mut().zip(*row).for_each(|(s, m)| *s += error * m);
        }
    }
    let rows = margins.len().max(1) as f32;
    for (slopes, weights) in slope.weights.iter_mut().zip(&at.weights) {
        slopes.iter_mut().zip(weights).for_each(|(s, w)| *s = *s / rows + DECAY * w);
    }
    slope.bias.iter_mut().for_each(|s| *s /= rows);
    slope
}
