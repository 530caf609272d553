//! Parts for cross-validation and the figures that come of it.
//!
//! In: labels as numbers. Out: which part each row is held out in, and macro-F1. Seeded, so that a figure can
//! be had again.

/// A small seeded generator (xorshift): orders and parts need no better one.
pub(in crate::annotate) struct Shuffle(u64);

impl Shuffle {
    pub(in crate::annotate) fn new(seed: u64) -> Self {
        let mut new = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        (0..8).for_each(|_| {
            new.next();
        });
        new
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(in crate::annotate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, (self.next() % (at as u64 + 1)) as usize);
        }
    }
}

/// The part (0..`parts`) in which each row is held out; each label is spread evenly.
#[must_use]
pub fn folds(labels: &[usize], parts: usize, seed: u64) -> Vec<usize> {
    let mut shuffle = Shuffle::new(seed);
    let mut part = vec![0; labels.len()];
    let most = labels.iter().copied().max().unwrap_or_default();
    for label in 0..=most {
        let mut rows: Vec<usize> = (0..labels.len()).filter(|at| labels[*at] == label).collect();
        shuffle.shuffle(&mut rows);
        for (place, row) in rows.into_iter().enumerate() {
            part[row] = place % parts;
        }
    }
    part
}

/// Share right and mean F1 over the labels present among truth or guesses.
#[must_use]
pub fn macro_f1(truth: &[usize], guess: &[usize]) -> (f32, f32) {
    let most = truth.iter().chain(guess).copied().max().unwrap_or_default();
    // rightly found; expected or found
    let mut counts = vec![(0usize, 0usize); most + 1];
    for (expected, found) in truth.iter().zip(guess) {
        counts[*expected].1 += 1;
        counts[*found].1 += 1;
        counts[*found].0 += usize::from(expected == found);
    }
    let right: usize = counts.iter().map(|c| c.0).sum();
    let present = counts.iter().filter(|c| c.1 > 0);
    let scores: Vec<f32> = present.map(|c| 2.0 * c.0 as f32 / c.1 as f32).collect();
    let mean = scores.iter().sum::<f32>() / scores.len().max(1) as f32;
    (right as f32 / truth.len().max(1) as f32, mean)
}
