//! What a newcomer and a post that is there have in common, in figures.
//!
//! In: both tellings and the weights of words as of now. Out: [`PAIR_FIGURES`] numbers, the first [`COMMON_FIGURES`] of which
//! grow with what the two share. Judges nothing: the trees do.

use super::{Order, Telling, Weighed};

/// Figures of a pair.
pub(in super::super) const PAIR_FIGURES: usize = 40;

/// Figures of where two tellings part.
const APART: usize = 16;
/// The first figures of a pair: the more of them the better, whoever of a story has them.
pub(in super::super) const COMMON_FIGURES: usize = 22;

/// Weight that two sorted lists share, the whole weight of each, and the heaviest shared words.
#[derive(Default)]
struct Shared {
    sum: f32,
    a: f32,
    b: f32,
    top: [f32; 10],
}

impl Shared {
    fn of(a: &[u32], b: &[u32], weights: &Weighed<'_>) -> Self {
        let mut shared = Self::default();
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            let (x, y) = (a.get(i).copied(), b.get(j).copied());
            match (x, y) {
                (Some(x), Some(y)) if x == y => {
                    let w = weights.of(x);
                    shared.sum += w;
                    shared.a += w;
                    shared.b += w;
                    shared.note(w);
                    i += 1;
                    j += 1;
                }
                (Some(x), y) if y.is_none_or(|y| x < y) => {
                    shared.a += weights.of(x);
                    i += 1;
                }
                (_, Some(y)) => {
                    shared.b += weights.of(y);
                    j += 1;
                }
                _ => break,
            }
        }
        shared
    }

    fn note(&mut self, mut weight: f32) {
        for top in &mut self.top {
            if weight > *top {
                std::mem::swap(top, &mut weight);
            }
        }
    }

    /// Of the poorer one.
    fn of_less(&self) -> f32 {
        self.sum / self.a.min(self.b).max(1.0)
    }

    fn of_both(&self) -> f32 {
        2.0 * self.sum / (self.a + self.b).max(1.0)
    }
}

/// Share of the weight of `words` that `other` has, too.
fn covered(words: &[u32], other: &[u32], weights: &Weighed<'_>) -> f32 {
    let shared = Shared::of(words, other, weights);
    shared.sum / shared.a.max(1.0)
}

/// The heaviest runs of words in a row that `other` has, too, heaviest first.
fn runs<const N: usize>(words: &[&[u32]], other: &[u32], weights: &Weighed<'_>) -> [f32; N] {
    let mut heaviest = [0.0f32; N];
    for part in words {
        let mut run = 0.0;
        for word in part.iter().chain(std::iter::once(&0)) {
            if *word != 0 && other.binary_search(word).is_ok() {
                run += weights.of(*word);
                continue;
            }
            for top in &mut heaviest {
                if run > *top {
                    std::mem::swap(top, &mut run);
                }
            }
            run = 0.0;
        }
    }
    heaviest
}

fn count_shared(a: &[u32], b: &[u32]) -> usize {
    a.iter().filter(|x| b.binary_search(x).is_ok()).count()
}

/// The figures of a newcomer and a post that is there.
pub(in super::super) fn pair(
    own: &Telling,
    order: &Order,
    other: &Telling,
    weights: &Weighed<'_>,
) -> [f32; PAIR_FIGURES] {
    let mut out = [0.0; PAIR_FIGURES];
    let mut at = 0;
    let mut put = |value: f32| {
        out[at] = value;
        at += 1;
    };
    let titles = Shared::of(&own.title, &other.title, weights);
    let words = Shared::of(&own.words, &other.words, weights);
    let run = runs::<5>(&[&order.title, &order.lead], &other.words, weights);
    let title_run = runs::<2>(&[&order.title], &other.words, weights);
    let (there, back) =
        (covered(&own.title, &other.words, weights), covered(&other.title, &own.words, weights));
    let numbers = Shared::of(&own.numbers, &other.numbers, weights);
    // Common ones first: the more the better.
    for value in [
        titles.sum,
        titles.of_less(),
        titles.of_both(),
        titles.top[0],
        titles.top[2],
        words.sum,
        words.of_less(),
        words.of_both(),
        words.top[0],
        words.top[3],
        words.top[9],
        there.min(back),
        there.max(back),
        run[0].min(80.0),
        run[1].min(60.0),
        run[2].min(40.0),
        run[4].min(30.0),
        title_run[0].min(80.0),
        title_run[1].min(60.0),
        numbers.sum,
        count_shared(&own.title_numbers, &other.title_numbers) as f32,
        (own.days & other.days).count_ones() as f32,
    ] {
        put(value);
    }
    for value in apart(own, other) {
        put(value);
    }
    put(words.a.min(words.b));
    put(words.a.max(words.b));
    out
}

/// Figures of where two tellings part, and of their forms.
fn apart(own: &Telling, other: &Telling) -> [f32; APART] {
    let missing = |a: &[u32], b: &[u32]| (a.len() - count_shared(a, b)) as f32;
    let speaks = |a: &Telling, b: &Telling| a.speaker != 0 && a.speaker == b.speaker;
    [
        missing(&own.title_numbers, &other.numbers)
            .min(missing(&other.title_numbers, &own.numbers)),
        missing(&own.numbers, &other.numbers).min(missing(&other.numbers, &own.numbers)),
        f32::from(own.days != 0 && other.days != 0 && own.days & other.days == 0),
        f32::from(own.direction * other.direction),
        f32::from(speaks(own, other)),
        f32::from(own.speaker != 0 && other.speaker != 0 && own.speaker != other.speaker),
        f32::from(own.headline != 0 && own.headline == other.headline),
        f32::from(own.template != 0 && own.template == other.template),
        f32::from(own.matter.differs(&other.matter)),
        f32::from(own.matter.is_opposite(&other.matter)),
        f32::from(own.asks || other.asks),
        f32::from(own.parts.max(other.parts)),
        f32::from(own.title_chars.min(other.title_chars)),
        f32::from(own.title_chars.max(other.title_chars)),
        f32::from(own.lead_chars.min(other.lead_chars)),
        f32::from(own.lead_chars.max(other.lead_chars)),
    ]
}
