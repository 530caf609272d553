//! The words that decided a polarity: what both readers make of each word of the text.
//!
//! In: a reading and the polarity decided on. Out: [`Reasons`]: words and phrases as jieba cuts them and words of the lexicons, on the bytes
//! of the original: the loudest that speak for it, the loudest that speak for another, and of the former as many more as
//! it takes to outweigh the latter. Where all of them do not, or nothing speaks for it, the verdict does not hold: its judge
//! puts it in doubt. Decides nothing itself.

mod ground;

use crate::record::{Basis, Polarity};

use super::super::polarity::{FoldedPost, Own};
use super::Reading;
use super::model::OfficerModel;

use ground::Ground;

/// Words shown that speak for the verdict, against it, and for it where it takes more to outweigh those.
const FOR: usize = 6;
const AGAINST: usize = 3;
const MOST: usize = 14;
/// A phrase of two words says what both say: the quieter at least this share of the louder.
const PHRASE: f32 = 0.25;
/// Signs of a phrase at most.
const PHRASE_SIGNS: usize = 8;

/// A word or phrase as a stretch of signs, and what it says for each polarity, against the mean of the other two.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    first: usize,
    end: usize,
    said: [f32; 3],
    /// The place of the lexicon's word among the evidence.
    lexicon: Option<usize>,
}

/// What a verdict rests on.
pub(super) struct Reasons {
    pub basis: Vec<Basis>,
    /// Whether the words for it outweigh those against it.
    pub hold: bool,
}

/// `within`: the sentences of the subject whose verdict it is; where they do not decide, the whole is looked at.
pub(super) fn reasons(
    model: &OfficerModel,
    post: &FoldedPost<'_>,
    reading: &Reading,
    verdict: Polarity,
    within: Option<&Own>,
) -> Reasons {
    let ground = Ground { model, post, reading };
    let all = reading.candidates.get_or_init(|| ground.candidates());
    if let Some(own) = within {
        let ranges = ground.signs_within(own);
        let holds = |c: &&Candidate| ranges.iter().any(|r| r.start <= c.first && c.end <= r.end);
        let reasons = chosen(&ground, &all.iter().filter(holds).collect::<Vec<_>>(), verdict);
        if reasons.hold {
            return reasons;
        }
    }
    let reasons = chosen(&ground, &all.iter().collect::<Vec<_>>(), verdict);
    if reasons.basis.is_empty() {
        return Reasons {
            basis: ground.whole_text(verdict, within).into_iter().collect(),
            ..reasons
        };
    }
    reasons
}

fn chosen(ground: &Ground<'_>, candidates: &[&Candidate], verdict: Polarity) -> Reasons {
    let own = at(verdict);
    let mut taken: Vec<Candidate> = Vec::new();
    let for_it = |c: &Candidate| c.said[own] > 0.0;
    pick(candidates, own, FOR, &mut taken, for_it);
    let (mut spoken_for, first) = (taken.len(), taken.len());
    let mut against = Vec::new();
    for side in Polarity::ALL.into_iter().filter(|side| *side != verdict) {
        let from = taken.len();
        let loud = |c: &Candidate| c.said[at(side)] > 0.0 && c.said[own] < 0.0;
        pick(candidates, at(side), AGAINST, &mut taken, loud);
        against.extend(taken[from..].iter().map(|c| (*c, side)));
    }
    let heaviest = Polarity::ALL.map(|side| {
        against.iter().filter(|(_, of)| *of == side).map(|(c, _)| c.said[at(side)]).sum::<f32>()
    });
    let wanted = heaviest.into_iter().fold(0.0, f32::max);
    let mut weight: f32 = taken[..first].iter().map(|c| c.said[own]).sum();
    let mut more = Vec::new();
    while weight < wanted && spoken_for < MOST {
        let from = taken.len();
        pick(candidates, own, 1, &mut taken, for_it);
        let Some(next) = taken.get(from) else { break };
        weight += next.said[own];
        more.push(*next);
        spoken_for += 1;
    }
    let spoken = taken[..first].iter().chain(&more).map(|c| ground.basis(c, verdict));
    let against = against.iter().map(|(c, side)| ground.basis(c, *side));
    Reasons { hold: spoken_for > 0 && weight >= wanted, basis: spoken.chain(against).collect() }
}

fn at(polarity: Polarity) -> usize {
    match polarity {
        Polarity::Negative => 0,
        Polarity::Neutral => 1,
        Polarity::Positive => 2,
    }
}

/// The loudest candidates for a side, none overlapping what is chosen; of equals the earlier, the first listed.
fn pick(
    candidates: &[&Candidate],
    side: usize,
    most: usize,
    chosen: &mut Vec<Candidate>,
    fits: impl Fn(&Candidate) -> bool,
) {
    for _ in 0..most {
        let mut best: Option<&Candidate> = None;
        for candidate in candidates {
            let louder = best.is_none_or(|best| {
                let by_worth = candidate.said[side].total_cmp(&best.said[side]);
                by_worth.then(best.first.cmp(&candidate.first)).is_gt()
            });
            let is_free =
                || chosen.iter().all(|c| candidate.end <= c.first || candidate.first >= c.end);
            if louder && fits(candidate) && is_free() {
                best = Some(candidate);
            }
        }
        let Some(best) = best else { break };
        chosen.push(*best);
    }
}
