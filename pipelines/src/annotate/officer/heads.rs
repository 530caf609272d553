//! Log-probabilities of the three judgements: what the linear model and any other reader agree in form on.
//!
//! In: margins. Out: [`Heads`], which can be mixed. Knows nothing of words.

use crate::record::{Filing, Polarity, PostKind};

/// Log-probabilities of one post, each head summing to one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heads {
    /// In the order of `Polarity::ALL`.
    pub polarity: [f32; 3],
    /// In the order of `PostKind::ALL`.
    pub kind: [f32; 13],
    /// Urgency 0 to 3.
    pub urgency: [f32; 4],
}

/// Probabilities are never nearer to 0 than this.
const LEAST: f32 = 1e-4;

impl Heads {
    /// Both readers: `share` of `other`, the rest of this one, as log-probabilities and made to sum to one again.
    #[must_use]
    pub fn mixed(&self, other: &Self, share: f32) -> Self {
        fn mix<const N: usize>(one: &[f32; N], other: &[f32; N], share: f32) -> [f32; N] {
            let mut all = *one;
            all.iter_mut().zip(other).for_each(|(a, b)| *a = *a * (1.0 - share) + b * share);
            log_softmax(&all)
        }
        Self {
            polarity: mix(&self.polarity, &other.polarity, share),
            kind: mix(&self.kind, &other.kind, share),
            urgency: mix(&self.urgency, &other.urgency, share),
        }
    }

    /// Probability of urgency 2 or 3.
    #[must_use]
    pub fn today(&self) -> f32 {
        (self.urgency[2].exp() + self.urgency[3].exp()).min(1.0)
    }

    /// How unsure it is of polarity and kind together: 0 where both are certain, 2 where neither tells anything.
    #[must_use]
    pub fn doubt(&self) -> f32 {
        2.0 - gap(&self.polarity) - gap(&self.kind)
    }

    /// The likeliest polarity, its probability, and the next likely.
    #[must_use]
    pub fn polarity(&self) -> (Polarity, f32, Polarity) {
        let (first, second) = best_two(&self.polarity);
        (Polarity::ALL[first], self.polarity[first].exp(), Polarity::ALL[second])
    }

    /// Kind and urgency; below `unsure` the next likely kind is named as well.
    #[must_use]
    pub fn filing(&self, unsure: f32) -> Filing {
        let (first, second) = best_two(&self.kind);
        let kind_confidence = self.kind[first].exp();
        let urgency = best_two(&self.urgency).0;
        Filing {
            kind: PostKind::ALL[first],
            kind_confidence,
            other_kind: (kind_confidence < unsure).then(|| PostKind::ALL[second]),
            unlayered: None,
            urgency: urgency as u8,
            today: self.today(),
            leader: self.urgency[3].exp(),
        }
    }
}

/// Log-odds made to log-probabilities.
#[must_use]
pub fn log_softmax<const N: usize>(odds: &[f32; N]) -> [f32; N] {
    let top = odds.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = odds.iter().map(|o| (o - top).exp()).sum();
    odds.map(|o| o - top - sum.ln())
}

/// Log-probabilities of urgency 0 to 3 from the log-odds of at least 1, 2 and 3, which are made to fall.
pub(super) fn urgency_of(at_least: [f32; 3]) -> [f32; 4] {
    let chance = at_least.map(|odds| 1.0 / (1.0 + (-odds).exp()));
    let (one, two) = (chance[0], chance[1].min(chance[0]));
    let three = chance[2].min(two);
    log_softmax(&[1.0 - one, one - two, two - three, three].map(|p| p.max(LEAST).ln()))
}

/// The places of the largest two numbers.
fn best_two<const N: usize>(numbers: &[f32; N]) -> (usize, usize) {
    let (mut first, mut second) = if numbers[1] > numbers[0] { (1, 0) } else { (0, 1) };
    for (at, number) in numbers.iter().enumerate().skip(2) {
        if *number > numbers[first] {
            (first, second) = (at, first);
        } else if *number > numbers[second] {
            second = at;
        }
    }
    (first, second)
}

fn gap<const N: usize>(logs: &[f32; N]) -> f32 {
    let (first, second) = best_two(logs);
    logs[first].exp() - logs[second].exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(polarity: [f32; 3]) -> Heads {
        Heads {
            polarity: log_softmax(&polarity),
            kind: log_softmax(&[0.0; 13]),
            urgency: urgency_of([0.0, 1.0, -2.0]),
        }
    }

    #[test]
    fn a_mix_lies_between_both_and_sums_to_one() {
        let (one, other) = (heads([2.0, 0.0, 0.0]), heads([0.0, 2.0, 0.0]));
        let mixed = one.mixed(&other, 0.5);
        assert!((mixed.polarity[0] - mixed.polarity[1]).abs() < 1e-5);
        let sum: f32 = mixed.polarity.iter().map(|p| p.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert_eq!(one.mixed(&other, 0.0).polarity().0, Polarity::Negative);
        assert_eq!(one.polarity().2, Polarity::Neutral);
    }

    #[test]
    fn urgency_never_rises_with_its_level() {
        let urgency = urgency_of([0.0, 1.0, -2.0]);
        let sum: f32 = urgency.iter().map(|p| p.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        // At least 2 was said to be likelier than at least 1: nothing is left for exactly 1.
        assert!(urgency[1].exp() < 0.001, "{urgency:?}");
    }
}
