//! The words that decided a polarity: what the model's runs and the lexicons' words contributed, sign by sign.
//!
//! In: a reading and the polarity decided on. Out: [`Basis`] on the bytes of the original: first the words that speak
//! for it, then the loudest that speak for another, never more of these than of those. A run's contribution is spread
//! over its signs; a word is worth what lies on its signs. Decides nothing.

use std::ops::Range;

use crate::record::{Basis, Polarity, Span, TextField};
use crate::text::Folded;

use super::super::polarity::{Evidence, FoldedPost, Own};
use super::lean::{numbers, place};
use super::model::OfficerModel;
use super::{KINDS, Reading};

/// Words shown that speak for the verdict, and against it.
const FOR: usize = 6;
const AGAINST: usize = 3;
/// What a text in which nothing speaks for its verdict rests on: itself.
const WHOLE_TEXT: f32 = 0.01;
const WHOLE_CHARS: usize = 24;

/// A stretch of signs and what it says for each polarity, against the mean of the other two.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    first: usize,
    end: usize,
    said: [f32; 3],
    /// The place of the lexicon's word among the evidence.
    lexicon: Option<usize>,
}

pub(super) fn basis(
    model: &OfficerModel,
    post: &FoldedPost<'_>,
    reading: &Reading,
    verdict: Polarity,
    within: Option<&Own>,
) -> Vec<Basis> {
    let ground = Ground { model, post, reading };
    let all = reading.candidates.get_or_init(|| ground.candidates(&ground.sums()));
    let own_signs = within.map(|own| ground.signs_within(own));
    let holds = |c: &&Candidate| {
        let ranges = own_signs.as_ref();
        ranges.is_none_or(|all| all.iter().any(|r| r.start <= c.first && c.end <= r.end))
    };
    let candidates: Vec<&Candidate> = all.iter().filter(holds).collect();
    let own = at(verdict);
    let mut chosen: Vec<Candidate> = Vec::new();
    pick(&candidates, own, FOR, &mut chosen, |c| c.said[own] > 0.0);
    let weight: f32 = chosen.iter().map(|c| c.said[own]).sum();
    let mut all: Vec<Basis> = chosen.iter().map(|c| ground.basis(c, verdict)).collect();
    if chosen.is_empty() {
        return ground.whole_text(verdict, within).into_iter().collect();
    }
    for side in Polarity::ALL.into_iter().filter(|side| *side != verdict) {
        let from = chosen.len();
        let side_at = at(side);
        pick(&candidates, side_at, AGAINST, &mut chosen, |c| {
            c.said[side_at] > 0.0 && c.said[own] < 0.0
        });
        let mut left = weight;
        for candidate in &chosen[from..] {
            left -= candidate.said[side_at];
            if left <= 0.0 {
                break;
            }
            all.push(ground.basis(candidate, side));
        }
    }
    all
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

struct Ground<'a> {
    model: &'a OfficerModel,
    post: &'a FoldedPost<'a>,
    reading: &'a Reading,
}

impl<'a> Ground<'a> {
    /// For each sign of the whole the sum of what all signs before it said for each polarity.
    fn sums(&self) -> Vec<[f32; 3]> {
        let signs = self.reading.texts.groups[0].len();
        let mut spread = vec![[0f32; 3]; signs];
        let head = &self.model.head;
        let layer = &head.polarity.weights;
        let unit: [[f32; 3]; 3] =
            [0, 1, 2].map(|k| [0, 1, 2].map(|j| layer[k][j] * head.scales[j]));
        let scored = &self.reading.scored;
        for (hit, value) in scored.hits.iter().zip(&scored.values) {
            let weights = &self.model.weights[hit.place as usize][..KINDS];
            let share = value / f32::from(hit.length);
            let said = unit.map(|of| {
                of.iter().zip(weights).map(|(u, w)| u * f32::from(*w)).sum::<f32>() * share
            });
            let first = hit.first as usize;
            // The title alone has the signs with which the whole begins.
            for sign in &mut spread[first..(first + hit.length as usize).min(signs)] {
                sign.iter_mut().zip(said).for_each(|(s, c)| *s += c);
            }
        }
        self.add_lexicon(&mut spread);
        let mut sum = [0f32; 3];
        let mut sums = Vec::with_capacity(signs + 1);
        sums.push(sum);
        for sign in spread {
            sum.iter_mut().zip(sign).for_each(|(s, c)| *s += c);
            sums.push(sum);
        }
        sums
    }

    fn add_lexicon(&self, spread: &mut [[f32; 3]]) {
        let evidence = &self.reading.evidence;
        let numbers = numbers(evidence);
        let head = &self.model.head;
        for one in evidence {
            let number = place(one);
            let alike = evidence.iter().filter(|e| place(e) == number);
            let all: f32 = alike.map(|e| e.weight.abs()).sum();
            let Some((first, end)) = self.signs_of(one).filter(|_| all > 0.0) else {
                continue;
            };
            let share = numbers[number] * one.weight.abs() / all / (end - first) as f32;
            let weights = &head.extras[number];
            let said = [0, 1, 2].map(|k| {
                (0..3).map(|j| head.polarity.weights[k][j] * weights[j]).sum::<f32>() * share
            });
            for sign in &mut spread[first..end] {
                sign.iter_mut().zip(said).for_each(|(s, c)| *s += c);
            }
        }
    }

    /// The signs of a field of the whole.
    fn field(&self, field: TextField) -> (usize, usize) {
        let field = u8::from(field == TextField::Body);
        let signs = &self.reading.texts.groups[0];
        (signs.partition_point(|s| s.field < field), signs.partition_point(|s| s.field <= field))
    }

    /// The signs on which a word of the lexicons stands.
    fn signs_of(&self, word: &Evidence) -> Option<(usize, usize)> {
        let signs = &self.reading.texts.groups[0];
        let (from, to) = self.field(word.span.field);
        let before = |at: u32| from + signs[from..to].partition_point(|s| s.seen.start < at);
        let (first, end) = (before(word.folded.0), before(word.folded.1));
        // The sign of the beginning stands on no byte.
        let first = first + usize::from(signs.get(first).is_some_and(|s| s.seen.end == 0));
        (first < end).then_some((first, end))
    }

    /// The signs that lie wholly within the sentences of a subject.
    fn signs_within(&self, own: &Own) -> Vec<Range<usize>> {
        let signs = &self.reading.texts.groups[0];
        let ranges = own.ranges.iter().map(|(field, start, end)| {
            let (from, to) = self.field(*field);
            let folding = self.folding(u8::from(*field == TextField::Body));
            let span = |sign: &super::grams::Sign| {
                folding.original_span(sign.seen.start as usize, sign.seen.end as usize)
            };
            let begins = |s: &super::grams::Sign| (span(s).0 as u32) < *start;
            let ends = |s: &super::grams::Sign| span(s).1 as u32 <= *end;
            let first = from + signs[from..to].partition_point(begins);
            first..(from + signs[from..to].partition_point(ends)).max(first)
        });
        ranges.collect()
    }

    fn folding(&self, field: u8) -> &'a Folded {
        if field == 0 { self.post.title_folded } else { self.post.body_folded }
    }

    fn candidates(&self, sums: &[[f32; 3]]) -> Vec<Candidate> {
        let candidate = |first: usize, end: usize, lexicon: Option<usize>| {
            let all = [0, 1, 2].map(|k| sums[end][k] - sums[first][k]);
            let total: f32 = all.iter().sum();
            let said = all.map(|own| own - (total - own) / 2.0);
            Candidate { first, end, said, lexicon }
        };
        let mut candidates: Vec<Candidate> = Vec::new();
        for (at, one) in self.reading.evidence.iter().enumerate() {
            if let Some((first, end)) = self.signs_of(one) {
                candidates.push(candidate(first, end, Some(at)));
            }
        }
        let words = self.word_ends();
        for hit in &self.reading.scored.hits {
            let (first, end) = (hit.first as usize, hit.first as usize + hit.length as usize);
            if hit.group == 0 && hit.length >= 2 && end <= words[first] {
                candidates.push(candidate(first, end, None));
            }
        }
        candidates
    }

    /// Of each sign the end of the letters and figures of its field that begin with it; itself where it is none.
    fn word_ends(&self) -> Vec<usize> {
        let signs = &self.reading.texts.groups[0];
        let mut ends = vec![0; signs.len()];
        for at in (0..signs.len()).rev() {
            ends[at] = match (signs[at].seen.sign.is_alphanumeric(), signs.get(at + 1)) {
                (false, _) => at,
                (true, Some(next)) if next.field == signs[at].field => ends[at + 1],
                (true, _) => at + 1,
            };
        }
        ends
    }

    fn span(&self, candidate: &Candidate) -> Span {
        let signs = &self.reading.texts.groups[0];
        let (first, last) = (signs[candidate.first], signs[candidate.end - 1]);
        let folding = self.folding(first.field);
        let (start, end) = folding.original_span(first.seen.start as usize, last.seen.end as usize);
        let field = if first.field == 0 { TextField::Title } else { TextField::Body };
        Span { field, start: start as u32, end: end as u32 }
    }

    fn basis(&self, candidate: &Candidate, side: Polarity) -> Basis {
        let worth = candidate.said[at(side)];
        let agrees = |e: &&Evidence| match side {
            Polarity::Negative => e.weight < 0.0,
            Polarity::Positive => e.weight > 0.0,
            Polarity::Neutral => false,
        };
        let (span, why) =
            match candidate.lexicon.map(|at| &self.reading.evidence[at]).filter(agrees) {
                Some(evidence) => (evidence.span, evidence.basis().why),
                None => {
                    let why = if side == Polarity::Neutral { "plain" } else { "model" };
                    (self.span(candidate), why.to_owned())
                }
            };
        let weight = if side == Polarity::Negative { -worth } else { worth };
        Basis { span, weight, why }
    }

    /// Where nothing speaks for the verdict more than for another it rests on the text as it begins.
    fn whole_text(&self, verdict: Polarity, within: Option<&Own>) -> Option<Basis> {
        let (weight, why) = match verdict {
            Polarity::Negative => (-WHOLE_TEXT, "model"),
            Polarity::Neutral => (WHOLE_TEXT, "plain"),
            Polarity::Positive => (WHOLE_TEXT, "model"),
        };
        if let Some((field, start, end)) = within.and_then(|own| own.ranges.first().copied()) {
            let span = Span { field, start, end };
            return Some(Basis { span, weight, why: why.to_owned() });
        }
        let (field, text) = match (self.post.title, self.post.body) {
            ("", "") => return None,
            ("", body) => (TextField::Body, body),
            (title, _) => (TextField::Title, title),
        };
        let end = text.char_indices().nth(WHOLE_CHARS).map_or(text.len(), |(at, _)| at);
        let span = Span { field, start: 0, end: end as u32 };
        Some(Basis { span, weight, why: why.to_owned() })
    }
}
