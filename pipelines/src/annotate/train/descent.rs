//! One separating plane: the linear support vector machine with squared hinge loss, solved in its dual.
//!
//! In: rows of unit length, the label to tell from the rest, a cost a row. Out: weights and bias. The method
//! is the coordinate descent of Hsieh and others (2008); the order of rows is shuffled by a seeded generator.

use super::folds::Shuffle;
use super::{Recipe, Row};

/// Below this change of any multiplier in a pass the descent has arrived.
const ARRIVED: f32 = 1e-3;

pub(super) fn plane(
    rows: &[Row],
    features: usize,
    label: usize,
    costs: &[f32],
    recipe: &Recipe,
) -> (Vec<f32>, f32) {
    let mut weights = vec![0f32; features];
    let mut bias = 0f32;
    let mut multipliers = vec![0f32; rows.len()];
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut shuffle = Shuffle::new(recipe.seed);
    for _ in 0..recipe.passes {
        shuffle.shuffle(&mut order);
        let mut most = 0f32;
        for &at in &order {
            let row = &rows[at];
            let side = if row.label == label { 1.0 } else { -1.0 };
            let give = 0.5 / costs[at];
            let margin: f32 =
                bias + row.features.iter().map(|f| weights[f.0 as usize] * f.1).sum::<f32>();
            let slope = side * margin - 1.0 + multipliers[at] * give;
            // a row has length one and the bias counts as one feature more
            let next = (multipliers[at] - slope / (2.0 + give)).max(0.0);
            let step = next - multipliers[at];
            if step.abs() < 1e-7 {
                continue;
            }
            most = most.max(step.abs());
            multipliers[at] = next;
            bias += step * side;
            for (bucket, value) in &row.features {
                weights[*bucket as usize] += step * side * value;
            }
        }
        if most < ARRIVED {
            break;
        }
    }
    (weights, bias)
}
