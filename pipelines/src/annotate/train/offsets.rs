//! What to add to each label's margin so that rare labels get their due.
//!
//! In: margins of rows by models that did not see them, and the truth. Out: one offset a label, found by
//! coordinate ascent on accuracy plus macro-F1, and a decision function's honest figure: offsets for the rows of one
//! part are found on the other parts only.

use super::folds::{folds, macro_f1};

const STEPS: [f32; 6] = [-0.2, -0.1, -0.05, 0.05, 0.1, 0.2];
const SWEEPS: usize = 2;
/// An offset must earn this much, else it stays 0: small gains on few rows are chance.
const WORTH: f32 = 0.0005;

/// Judges margins to the group (a polarity, or the label itself) they speak for.
pub type Judge<'a> = &'a dyn Fn(&[f32]) -> usize;

/// The best offsets for the rows at `at`.
fn offsets_on(
    margins: &[Vec<f32>],
    truth: &[usize],
    at: &[usize],
    group_of: &[usize],
    judge: Judge<'_>,
) -> Vec<f32> {
    let labels = group_of.len();
    let mut offsets = vec![0f32; labels];
    let figure = |offsets: &[f32]| {
        let right: Vec<usize> = at.iter().map(|i| truth[*i]).collect();
        let guess: Vec<usize> = at.iter().map(|i| judge(&shifted(&margins[*i], offsets))).collect();
        let (accuracy, f1) = macro_f1(&right, &guess);
        accuracy + f1
    };
    let groups = group_of.iter().copied().max().map_or(0, |g| g + 1);
    let mut best = figure(&offsets);
    for _ in 0..SWEEPS {
        for group in 0..groups {
            let start = offsets.clone();
            let mut chosen = start.clone();
            for step in STEPS {
                let tried: Vec<f32> = start
                    .iter()
                    .zip(group_of)
                    .map(|(o, g)| if *g == group { o + step } else { *o })
                    .collect();
                let gained = figure(&tried);
                if gained > best + WORTH {
                    (best, chosen) = (gained, tried);
                }
            }
            offsets = chosen;
        }
    }
    offsets
}

/// Margins with offsets added.
#[must_use]
pub fn shifted(margins: &[f32], offsets: &[f32]) -> Vec<f32> {
    margins.iter().zip(offsets).map(|(m, o)| m + o).collect()
}

/// Offsets for all rows, and accuracy and macro-F1 with offsets found on other rows. `truth` is in groups;
/// `group_of` tells the group of each label.
#[must_use]
pub fn offsets(
    margins: &[Vec<f32>],
    truth: &[usize],
    group_of: &[usize],
    judge: Judge<'_>,
) -> (Vec<f32>, f32, f32) {
    const PARTS: usize = 3;
    let part = folds(truth, PARTS, 7);
    let mut guess = vec![0; truth.len()];
    for held in 0..PARTS {
        let (mine, others): (Vec<usize>, Vec<usize>) =
            (0..truth.len()).partition(|at| part[*at] == held);
        let found = offsets_on(margins, truth, &others, group_of, judge);
        for at in mine {
            guess[at] = judge(&shifted(&margins[at], &found));
        }
    }
    let (accuracy, f1) = macro_f1(truth, &guess);
    let all: Vec<usize> = (0..truth.len()).collect();
    (offsets_on(margins, truth, &all, group_of, judge), accuracy, f1)
}
