//! A light layer over the shipped model: what officers' corrections on one source say of how its like are judged.
//!
//! In: what the models make of posts of a source, and what officers said of the same posts. Out: a number to add to
//! the log-probability of each polarity and kind of any post of that source. Learned as the likeliest bias under a
//! normal prior around nothing (`PULL`): a dozen corrections of one mind turn a verdict that the models hold likely by
//! ten to one, corrections that contradict each other, or that only say what the models say, move little. It is bound
//! (`MOST`), since officers correct what is wrong and seldom confirm what is right, so that what they correct is no
//! fair sample of the source. It knows of no store; who keeps layers says which source has which.

use serde::{Deserialize, Serialize};

use crate::record::{Polarity, PostKind};

use super::officer::{Heads, log_softmax};

/// Corrections of a field that a layer takes: with fewer one officer's slip would be a rule.
pub const LEAST: usize = 6;
/// How strongly the numbers are pulled to nothing: the prior has a standard deviation of 0.7, a factor of two in odds.
const PULL: f32 = 2.0;
/// What a number is at most, either way.
const MOST: f32 = 1.5;
/// Steps of the descent; after 60 nothing moves by a thousandth.
const STEPS: usize = 200;

/// A post of a source as the models judge it, and what an officer said of it.
#[derive(Clone, Copy, Debug)]
pub struct Lesson {
    /// What the models make of it, without any layer.
    pub heads: Heads,
    /// What it is, where that was said.
    pub polarity: Option<Polarity>,
    /// What kind, where that was said.
    pub kind: Option<PostKind>,
}

/// What is added to the log-probabilities of posts of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceLayer {
    /// In the order of `Polarity::ALL`.
    pub polarity: [f32; 3],
    /// Corrections of polarity it was learned from.
    pub polarities: usize,
    /// In the order of `PostKind::ALL`.
    pub kind: [f32; 13],
    /// Corrections of kind it was learned from.
    pub kinds: usize,
}

impl SourceLayer {
    /// What the lessons of one source say; none where they are too few.
    #[must_use]
    pub fn learned(lessons: &[Lesson]) -> Option<Self> {
        let place = |polarity| Polarity::ALL.iter().position(|p| *p == polarity);
        let polarities: Vec<([f32; 3], usize)> =
            lessons.iter().filter_map(|l| Some((l.heads.polarity, place(l.polarity?)?))).collect();
        let place = |kind| PostKind::ALL.iter().position(|k| *k == kind);
        let kinds: Vec<([f32; 13], usize)> =
            lessons.iter().filter_map(|l| Some((l.heads.kind, place(l.kind?)?))).collect();
        let mut layer = Self::default();
        if polarities.len() >= LEAST {
            (layer.polarity, layer.polarities) = (bias(&polarities), polarities.len());
        }
        if kinds.len() >= LEAST {
            (layer.kind, layer.kinds) = (bias(&kinds), kinds.len());
        }
        (layer != Self::default()).then_some(layer)
    }

    /// The same judgement with the layer over it; each head sums to one again.
    #[must_use]
    pub fn over(&self, heads: &Heads) -> Heads {
        Heads {
            polarity: log_softmax(&added(&heads.polarity, &self.polarity)),
            kind: log_softmax(&added(&heads.kind, &self.kind)),
            ..*heads
        }
    }
}

fn added<const N: usize>(logs: &[f32; N], bias: &[f32; N]) -> [f32; N] {
    let mut all = *logs;
    all.iter_mut().zip(bias).for_each(|(log, bias)| *log += bias);
    all
}

/// The bias under which what was said is likeliest, the prior counted in.
fn bias<const N: usize>(rows: &[([f32; N], usize)]) -> [f32; N] {
    let mut bias = [0f32; N];
    // No steeper than this is the slope of the loss, so that no step goes too far.
    let step = 1.0 / (rows.len() as f32 / 2.0 + PULL);
    for _ in 0..STEPS {
        let mut slope = bias.map(|b| b * PULL);
        for (logs, said) in rows {
            let judged = log_softmax(&added(logs, &bias));
            for (class, (slope, log)) in slope.iter_mut().zip(judged).enumerate() {
                *slope += log.exp() - if class == *said { 1.0 } else { 0.0 };
            }
        }
        bias.iter_mut().zip(slope).for_each(|(b, slope)| *b -= step * slope);
    }
    bias.map(|b| b.clamp(-MOST, MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(polarity: [f32; 3]) -> Heads {
        Heads {
            polarity: polarity.map(f32::ln),
            kind: log_softmax(&[0.0; 13]),
            urgency: log_softmax(&[0.0; 4]),
        }
    }

    fn lessons(count: usize, said: Polarity) -> Vec<Lesson> {
        let heads = heads([0.1, 0.85, 0.05]);
        vec![Lesson { heads, polarity: Some(said), kind: None }; count]
    }

    fn judged(layer: &SourceLayer) -> (Polarity, f32) {
        let (polarity, sure, _) = layer.over(&heads([0.1, 0.85, 0.05])).polarity();
        (polarity, sure)
    }

    #[test]
    fn a_dozen_corrections_of_one_mind_turn_the_thirteenth_and_stay_a_probability() {
        let layer = SourceLayer::learned(&lessons(12, Polarity::Negative)).unwrap();
        assert_eq!((layer.polarities, layer.kinds, layer.kind), (12, 0, [0.0; 13]));
        let (polarity, sure) = judged(&layer);
        assert!(polarity == Polarity::Negative && sure > 0.5 && sure < 0.9, "{sure}");
        let sum: f32 = layer.over(&heads([0.1, 0.85, 0.05])).polarity.iter().map(|p| p.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        // Nothing is so sure that a layer could not be outvoted by a post that says otherwise.
        let other = layer.over(&heads([0.01, 0.98, 0.01])).polarity().0;
        assert_eq!(other, Polarity::Neutral);
    }

    #[test]
    fn few_corrections_confirmed_verdicts_and_quarrels_leave_things_as_they_are() {
        assert_eq!(SourceLayer::learned(&lessons(LEAST - 1, Polarity::Negative)), None);
        let confirmed = SourceLayer::learned(&lessons(12, Polarity::Neutral)).unwrap();
        let (polarity, sure) = judged(&confirmed);
        assert!(polarity == Polarity::Neutral && sure < 0.97, "{confirmed:?}");
        let both = [lessons(6, Polarity::Negative), lessons(6, Polarity::Neutral)].concat();
        let quarrel = SourceLayer::learned(&both).unwrap();
        assert_eq!(judged(&quarrel).0, Polarity::Neutral, "{quarrel:?}");
    }

    #[test]
    fn kinds_are_learned_by_themselves() {
        let lesson =
            Lesson { heads: heads([0.2, 0.6, 0.2]), polarity: None, kind: Some(PostKind::Ad) };
        let layer = SourceLayer::learned(&[lesson; 8]).unwrap();
        assert_eq!((layer.polarity, layer.kinds), ([0.0; 3], 8));
        assert_eq!(layer.over(&lesson.heads).filing(0.0).kind, PostKind::Ad);
    }
}
