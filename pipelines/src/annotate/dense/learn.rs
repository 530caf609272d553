//! Learns a softmax over dense numbers: multinomial logistic regression by limited-memory BFGS.
//!
//! In: rows of numbers, a label and a weight each, how strongly weights are held small. Out: for each label its weights and what is
//! added, over the numbers as they come (they are brought to mean 0 and spread 1 inside). No chance in it: the same rows give
//! the same numbers.

use std::collections::VecDeque;
use std::sync::Arc;

/// A labelled post.
#[derive(Clone, Debug)]
pub struct DenseRow {
    /// What the encoder makes of it.
    pub states: Arc<[f32]>,
    /// Place of its label.
    pub label: usize,
    /// What it counts.
    pub weight: f32,
}

/// Steps at most.
const STEPS: usize = 80;
/// Steps remembered.
const MEMORY: usize = 8;
/// A step that gains less than this share of the loss is the last.
const ENOUGH: f64 = 1e-6;

/// Weights of each label, each row followed by what is added. `pull` is what a weight of one costs against one post.
#[must_use]
pub fn learn(rows: &[&DenseRow], labels: usize, pull: f32) -> Vec<f32> {
    let Some(width) = rows.first().map(|row| row.states.len()) else { return Vec::new() };
    let scale = Scale::of(rows, width);
    let scaled: Vec<Vec<f32>> = rows.iter().map(|row| scale.put_on(&row.states)).collect();
    let task = Task { rows, scaled: &scaled, labels, width, pull };
    let mut at = vec![0f32; labels * (width + 1)];
    let (mut loss, mut slope) = task.loss(&at);
    let mut known: VecDeque<(Vec<f32>, Vec<f32>)> = VecDeque::new();
    for _ in 0..STEPS {
        let way = direction(&slope, &known);
        let Some((next, next_loss, next_slope)) = task.step(&at, loss, &slope, &way) else { break };
        let gained = (loss - next_loss) / loss.max(f64::MIN_POSITIVE);
        known.push_back((difference(&next, &at), difference(&next_slope, &slope)));
        if known.len() > MEMORY {
            known.pop_front();
        }
        (at, loss, slope) = (next, next_loss, next_slope);
        if gained < ENOUGH {
            break;
        }
    }
    scale.taken_off(&at, width)
}

/// Means and spreads of the numbers.
struct Scale {
    mean: Vec<f32>,
    factor: Vec<f32>,
}

impl Scale {
    fn of(rows: &[&DenseRow], width: usize) -> Self {
        let count = rows.len() as f64;
        let (mut sum, mut squares) = (vec![0f64; width], vec![0f64; width]);
        for row in rows {
            for ((sum, square), x) in sum.iter_mut().zip(&mut squares).zip(row.states.iter()) {
                *sum += f64::from(*x);
                *square += f64::from(*x) * f64::from(*x);
            }
        }
        let mean: Vec<f32> = sum.iter().map(|s| (s / count) as f32).collect();
        let spread =
            sum.iter().zip(&squares).map(|(s, q)| (q / count - (s / count).powi(2)).sqrt());
        let factor = spread.map(|s| if s > 1e-6 { (1.0 / s) as f32 } else { 0.0 }).collect();
        Self { mean, factor }
    }

    fn put_on(&self, states: &[f32]) -> Vec<f32> {
        let both = self.mean.iter().zip(&self.factor);
        states.iter().zip(both).map(|(x, (mean, factor))| (x - mean) * factor).collect()
    }

    /// The same weights for numbers as they come.
    fn taken_off(&self, at: &[f32], width: usize) -> Vec<f32> {
        let mut out = Vec::with_capacity(at.len());
        for row in at.chunks_exact(width + 1) {
            let mut added = row[width];
            for ((weight, mean), factor) in row[..width].iter().zip(&self.mean).zip(&self.factor) {
                out.push(weight * factor);
                added -= weight * factor * mean;
            }
            out.push(added);
        }
        out
    }
}

/// A place on the way, with its loss and slope.
type Place = (Vec<f32>, f64, Vec<f32>);

struct Task<'a> {
    rows: &'a [&'a DenseRow],
    scaled: &'a [Vec<f32>],
    labels: usize,
    width: usize,
    pull: f32,
}

impl Task<'_> {
    /// The loss at `at` and its slope.
    fn loss(&self, at: &[f32]) -> (f64, Vec<f32>) {
        let mut slope = vec![0f32; at.len()];
        let mut loss = 0.0;
        let each = self.width + 1;
        for (row, x) in self.rows.iter().zip(self.scaled) {
            let odds: Vec<f32> =
                at.chunks_exact(each).map(|w| dot(&w[..self.width], x) + w[self.width]).collect();
            let shares = super::super::model::softmax(&odds, 1.0);
            loss -= f64::from(row.weight) * f64::from(shares[row.label].max(1e-12).ln());
            for label in 0..self.labels {
                let truth = f32::from(u8::from(label == row.label));
                let error = row.weight * (shares[label] - truth);
                let part = &mut slope[label * each..(label + 1) * each];
                part[..self.width].iter_mut().zip(x).for_each(|(s, x)| *s += error * x);
                part[self.width] += error;
            }
        }
        for (part, weights) in slope.chunks_exact_mut(each).zip(at.chunks_exact(each)) {
            for (s, w) in part[..self.width].iter_mut().zip(weights) {
                *s += self.pull * w;
                loss += f64::from(0.5 * self.pull * w * w);
            }
        }
        (loss, slope)
    }

    /// The first place along `way` that is lower by what its slope promises.
    fn step(&self, at: &[f32], loss: f64, slope: &[f32], way: &[f32]) -> Option<Place> {
        let promised = f64::from(dot(slope, way));
        let steep = dot(slope, slope).sqrt();
        let mut length = if promised < 0.0 && steep > 0.0 { 1.0f32 } else { return None };
        for _ in 0..20 {
            let next: Vec<f32> = at.iter().zip(way).map(|(a, w)| a + length * w).collect();
            let (next_loss, next_slope) = self.loss(&next);
            if next_loss <= loss + 1e-4 * f64::from(length) * promised {
                return Some((next, next_loss, next_slope));
            }
            length *= 0.5;
        }
        None
    }
}

/// Downhill, bent by what was learned of the ground: the two-loop recursion.
fn direction(slope: &[f32], known: &VecDeque<(Vec<f32>, Vec<f32>)>) -> Vec<f32> {
    let mut way: Vec<f32> = slope.iter().map(|s| -s).collect();
    let mut shares = Vec::with_capacity(known.len());
    for (moved, bent) in known.iter().rev() {
        let curve = dot(moved, bent);
        let share = if curve > 0.0 { dot(moved, &way) / curve } else { 0.0 };
        way.iter_mut().zip(bent).for_each(|(w, b)| *w -= share * b);
        shares.push((share, curve));
    }
    let first = || 1.0 / dot(slope, slope).sqrt().max(1.0);
    let scale = known.back().map_or_else(first, |(moved, bent)| {
        (dot(moved, bent) / dot(bent, bent).max(f32::MIN_POSITIVE)).max(1e-8)
    });
    way.iter_mut().for_each(|w| *w *= scale);
    for ((moved, bent), (share, curve)) in known.iter().zip(shares.into_iter().rev()) {
        let back = if curve > 0.0 { dot(bent, &way) / curve } else { 0.0 };
        way.iter_mut().zip(moved).for_each(|(w, m)| *w += (share - back) * m);
    }
    way
}

fn difference(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let mut sums = [0f32; 8];
    for (a, b) in a8.iter().zip(b8) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}
