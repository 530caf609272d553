//! What each sign and each word of a text says for each polarity.
//!
//! In: a reading. Out: [`Candidate`]s. What a run of characters contributes in the linear model is spread over its signs, and so is
//! a word of the lexicons and, at its share, what the deep reader's tokens contribute; a word is worth what lies on its
//! signs.

use std::ops::Range;

use crate::record::{Basis, Polarity, Span, TextField};
use crate::text::Folded;

use super::super::super::polarity::{Evidence, FoldedPost, Own};
use super::super::grams::Sign;
use super::super::lean::{numbers, place};
use super::super::model::OfficerModel;
use super::super::{KINDS, Reading};
use super::{Candidate, PHRASE, PHRASE_SIGNS, at};
use crate::text::Segmenter;
use encoder::Said;

/// What a text in which nothing speaks for its verdict rests on: itself.
const WHOLE_TEXT: f32 = 0.01;
const WHOLE_CHARS: usize = 24;

pub(super) struct Ground<'a> {
    pub model: &'a OfficerModel,
    pub post: &'a FoldedPost<'a>,
    pub reading: &'a Reading,
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
        if let Some((said, share)) = &self.reading.deep {
            spread.iter_mut().flatten().for_each(|s| *s *= 1.0 - share);
            self.add_deep(&mut spread, said, *share);
        }
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

    /// The deep reader's tokens, each spread over its signs.
    fn add_deep(&self, spread: &mut [[f32; 3]], said: &[Said], share: f32) {
        for (field, is_title) in [(TextField::Title, true), (TextField::Body, false)] {
            let (from, to) = self.field(field);
            let folding = self.folding(u8::from(!is_title));
            let signs = self.reading.texts.groups[0][from..to].iter().map(|sign| {
                folding.original_span(sign.seen.start as usize, sign.seen.end as usize).0 as u32
            });
            let starts = signs.collect::<Vec<_>>();
            for one in said.iter().filter(|one| one.is_title == is_title) {
                let [first, end] = one.bytes.map(|at| starts.partition_point(|s| *s < at));
                let each = one.polarity.map(|p| p * share / (end - first).max(1) as f32);
                for sign in &mut spread[from + first..from + end] {
                    sign.iter_mut().zip(each).for_each(|(s, c)| *s += c);
                }
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
    pub fn signs_within(&self, own: &Own) -> Vec<Range<usize>> {
        let signs = &self.reading.texts.groups[0];
        let ranges = own.ranges.iter().map(|(field, start, end)| {
            let (from, to) = self.field(*field);
            let folding = self.folding(u8::from(*field == TextField::Body));
            let span = |sign: &Sign| {
                folding.original_span(sign.seen.start as usize, sign.seen.end as usize)
            };
            let begins = |s: &Sign| (span(s).0 as u32) < *start;
            let ends = |s: &Sign| span(s).1 as u32 <= *end;
            let first = from + signs[from..to].partition_point(begins);
            first..(from + signs[from..to].partition_point(ends)).max(first)
        });
        ranges.collect()
    }

    fn folding(&self, field: u8) -> &'a Folded {
        if field == 0 { self.post.title_folded } else { self.post.body_folded }
    }

    /// Words of the lexicons, words of two signs and more as they are cut, and phrases of two words that say the same.
    pub fn candidates(&self) -> Vec<Candidate> {
        let sums = self.sums();
        let candidate = |first: usize, end: usize, lexicon: Option<usize>| {
            let all = [0, 1, 2].map(|k| sums[end][k] - sums[first][k]);
            let total: f32 = all.iter().sum();
            let said = all.map(|own| own - (total - own) / 2.0);
            Candidate { first, end, said, lexicon }
        };
        let evidence = self.reading.evidence.iter().enumerate();
        let known = evidence.filter_map(|(at, one)| {
            self.signs_of(one).map(|(first, end)| candidate(first, end, Some(at)))
        });
        let mut candidates: Vec<Candidate> = known.collect();
        for words in self.cut() {
            for (at, &(first, end)) in words.iter().enumerate() {
                let one = candidate(first, end, None);
                if end - first >= 2 {
                    candidates.push(one);
                }
                let next = words.get(at + 1).filter(|next| next.0 == end);
                let Some(&(_, last)) = next.filter(|next| next.1 - first <= PHRASE_SIGNS) else {
                    continue;
                };
                if say_the_same(&one, &candidate(end, last, None)) {
                    candidates.push(candidate(first, last, None));
                }
            }
        }
        candidates
    }

    /// The words of title and text as stretches of signs, as far as these go.
    fn cut(&self) -> [Vec<(usize, usize)>; 2] {
        let cut = self.reading.cut.get_or_init(|| {
            let segmenter = Segmenter::default();
            [self.post.title_folded, self.post.body_folded].map(|t| segmenter.words(t.text()))
        });
        [TextField::Title, TextField::Body].map(|field| {
            let (from, to) = self.field(field);
            let signs = &self.reading.texts.groups[0][from..to];
            let begins = signs.partition_point(|s| s.seen.end == 0);
            let at = |byte: usize| {
                from + signs.partition_point(|s| (s.seen.start as usize) < byte).max(begins)
            };
            let words = &cut[usize::from(field == TextField::Body)];
            let stretches = words.iter().map(|word| (at(word.start), at(word.end)));
            stretches
                .take_while(|(first, _)| *first < to)
                .filter(|(first, end)| first < end)
                .collect()
        })
    }

    fn span(&self, candidate: &Candidate) -> Span {
        let signs = &self.reading.texts.groups[0];
        let (first, last) = (signs[candidate.first], signs[candidate.end - 1]);
        let folding = self.folding(first.field);
        let (start, end) = folding.original_span(first.seen.start as usize, last.seen.end as usize);
        let field = if first.field == 0 { TextField::Title } else { TextField::Body };
        Span { field, start: start as u32, end: end as u32 }
    }

    pub fn basis(&self, candidate: &Candidate, side: Polarity) -> Basis {
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
    pub fn whole_text(&self, verdict: Polarity, within: Option<&Own>) -> Option<Basis> {
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

/// Whether both are for the same polarity, neither much louder.
fn say_the_same(one: &Candidate, other: &Candidate) -> bool {
    Polarity::ALL.into_iter().map(at).any(|side| {
        let (a, b) = (one.said[side], other.said[side]);
        let is_loudest = (0..3).all(|k| one.said[k] + other.said[k] <= a + b);
        is_loudest && a.min(b) > 0.0 && a.min(b) >= PHRASE * a.max(b)
    })
}
