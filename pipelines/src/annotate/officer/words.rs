//! The words that decided a polarity: what the model's runs and the lexicons' words contributed, sign by sign.
//!
//! In: a reading and the polarity decided on. Out: [`Basis`] on the bytes of the original: first the words that speak
//! for it, then the loudest that speak for another, never more of these than of those. A run's contribution is spread
//! over its signs; a word is worth what lies on its signs. Decides nothing.

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
struct Candidate<'a> {
    first: usize,
    end: usize,
    said: [f32; 3],
    lexicon: Option<&'a Evidence>,
}

pub(super) fn basis(
    model: &OfficerModel,
    post: &FoldedPost<'_>,
    reading: &Reading,
    verdict: Polarity,
    within: Option<&Own>,
) -> Vec<Basis> {
    let ground = Ground { model, post, reading, within };
    let own = at(verdict);
    let sums = ground.sums();
    let candidates = ground.candidates(&sums);
    let mut chosen: Vec<Candidate<'_>> = Vec::new();
    pick(&candidates, own, FOR, &mut chosen, |c| c.said[own] > 0.0);
    let weight: f32 = chosen.iter().map(|c| c.said[own]).sum();
    let mut all: Vec<Basis> = chosen.iter().map(|c| ground.basis(c, verdict)).collect();
    if chosen.is_empty() {
        return ground.whole_text(verdict).into_iter().collect();
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

/// The loudest candidates for a side, none overlapping what is chosen.
fn pick<'a>(
    candidates: &[Candidate<'a>],
    side: usize,
    most: usize,
    chosen: &mut Vec<Candidate<'a>>,
    fits: impl Fn(&Candidate<'a>) -> bool,
) {
    let mut fitting: Vec<&Candidate<'a>> = candidates.iter().filter(|c| fits(c)).collect();
    fitting.sort_by(|a, b| b.said[side].total_cmp(&a.said[side]).then(a.first.cmp(&b.first)));
    let until = chosen.len() + most;
    for candidate in fitting {
        if chosen.len() == until {
            break;
        }
        if chosen.iter().all(|c| candidate.end <= c.first || candidate.first >= c.end) {
            chosen.push(*candidate);
        }
    }
}

struct Ground<'a> {
    model: &'a OfficerModel,
    post: &'a FoldedPost<'a>,
    reading: &'a Reading,
    /// Where only some sentences are to be looked at.
    within: Option<&'a Own>,
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
            let Some((first, end)) = self.signs_of(&one.span).filter(|_| all > 0.0) else {
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

    /// The signs that stand on a span of the original.
    fn signs_of(&self, span: &Span) -> Option<(usize, usize)> {
        let field = u8::from(span.field == TextField::Body);
        let signs = &self.reading.texts.groups[0];
        let from = signs.partition_point(|s| s.field < field);
        let to = signs.partition_point(|s| s.field <= field);
        let folding = self.folding(field);
        let starts = |sign: &super::grams::Sign| {
            folding.original_span(sign.seen.start as usize, sign.seen.end as usize).0 as u32
        };
        let first = from + signs[from..to].partition_point(|s| starts(s) < span.start);
        let end = from + signs[from..to].partition_point(|s| starts(s) < span.end);
        // The sign of the beginning stands on no byte.
        let first = first + usize::from(signs.get(first).is_some_and(|s| s.seen.end == 0));
        (first < end).then_some((first, end))
    }

    fn folding(&self, field: u8) -> &'a Folded {
        if field == 0 { self.post.title_folded } else { self.post.body_folded }
    }

    fn candidates(&self, sums: &[[f32; 3]]) -> Vec<Candidate<'a>> {
        let signs = &self.reading.texts.groups[0];
        let candidate = |first: usize, end: usize, lexicon: Option<&'a Evidence>| {
            let all = [0, 1, 2].map(|k| sums[end][k] - sums[first][k]);
            let total: f32 = all.iter().sum();
            let said = all.map(|own| own - (total - own) / 2.0);
            Candidate { first, end, said, lexicon }
        };
        let mut candidates: Vec<Candidate<'a>> = Vec::new();
        for one in &self.reading.evidence {
            if let Some((first, end)) = self.signs_of(&one.span) {
                candidates.push(candidate(first, end, Some(one)));
            }
        }
        let words = |hit: &&super::model::Hit| {
            let range = hit.first as usize..hit.first as usize + hit.length as usize;
            hit.group == 0
                && hit.length >= 2
                && signs[range.clone()].iter().all(|s| s.seen.sign.is_alphanumeric())
                && signs[range.start].field == signs[range.end - 1].field
        };
        let hits = self.reading.scored.hits.iter().filter(words);
        candidates.extend(
            hits.map(|h| candidate(h.first as usize, h.first as usize + h.length as usize, None)),
        );
        if let Some(own) = self.within {
            candidates.retain(|c| own.holds(&self.span(c)));
        }
        candidates
    }

    fn span(&self, candidate: &Candidate<'_>) -> Span {
        let signs = &self.reading.texts.groups[0];
        let (first, last) = (signs[candidate.first], signs[candidate.end - 1]);
        let folding = self.folding(first.field);
        let (start, end) = folding.original_span(first.seen.start as usize, last.seen.end as usize);
        let field = if first.field == 0 { TextField::Title } else { TextField::Body };
        Span { field, start: start as u32, end: end as u32 }
    }

    fn basis(&self, candidate: &Candidate<'_>, side: Polarity) -> Basis {
        let worth = candidate.said[at(side)];
        let agrees = |e: &&Evidence| match side {
            Polarity::Negative => e.weight < 0.0,
            Polarity::Positive => e.weight > 0.0,
            Polarity::Neutral => false,
        };
        let (span, why) = match candidate.lexicon.filter(agrees) {
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
    fn whole_text(&self, verdict: Polarity) -> Option<Basis> {
        let (weight, why) = match verdict {
            Polarity::Negative => (-WHOLE_TEXT, "model"),
            Polarity::Neutral => (WHOLE_TEXT, "plain"),
            Polarity::Positive => (WHOLE_TEXT, "model"),
        };
        if let Some((field, start, end)) = self.within.and_then(|own| own.ranges.first().copied()) {
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
