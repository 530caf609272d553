//! Where a pattern occurs in one text.
//!
//! In: a [`Pattern`] and a text. Out: its [`Place`]s in folded bytes, ordered by start, then end, each
//! once. This is the definition that the index must agree with. Linear in the text but for NEAR, which is
//! linear in the number of places of its operands.

use super::ast::{Alias, Literal, Pattern, Regexp, Unit};
use super::target::View;
use crate::text::is_word_char;

/// A byte range of a folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub start: usize,
    pub end: usize,
}

/// Whether `pattern` occurs at all.
pub(super) fn occurs(pattern: &Pattern, text: View) -> bool {
    match pattern {
        Pattern::Literal(literal) => literal_places(literal, text).next().is_some(),
        Pattern::Either(patterns) => patterns.iter().any(|pattern| occurs(pattern, text)),
        _ => !places(pattern, text).is_empty(),
    }
}

/// All places of `pattern`.
pub(super) fn places(pattern: &Pattern, text: View) -> Vec<Place> {
    match pattern {
        Pattern::Literal(literal) => literal_places(literal, text).collect(),
        Pattern::Word(literal) => literal_places(literal, text)
            .filter(|place| text.is_on_words(place.start, place.end))
            .collect(),
        Pattern::Regex(regexp) => regex_places(regexp, text.text()),
        Pattern::Alias(alias) => alias_places(alias, text),
        Pattern::Either(patterns) => {
            in_order(patterns.iter().flat_map(|pattern| places(pattern, text)).collect())
        }
        Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
            let lefts = places(left, text);
            if lefts.is_empty() {
                return Vec::new();
            }
            with_company(pattern, places(right, text), &lefts, text)
        }
    }
}

/// The words to mark where `pattern` stands at `kept`: its own places, and those that lend it company.
pub(super) fn marks(pattern: &Pattern, kept: &[Place], text: View, out: &mut Vec<Place>) {
    match pattern {
        Pattern::Literal(_) | Pattern::Word(_) | Pattern::Regex(_) | Pattern::Alias(_) => {
            out.extend_from_slice(kept);
        }
        Pattern::Either(patterns) => {
            for pattern in patterns {
                let mut own = places(pattern, text);
                own.retain(|place| kept.binary_search(place).is_ok());
                if !own.is_empty() {
                    marks(pattern, &own, text, out);
                }
            }
        }
        Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
            marks(right, kept, text, out);
            let company = lending(pattern, places(left, text), kept, text);
            marks(left, &company, text, out);
        }
    }
}

fn literal_places<'t>(
    literal: &'t Literal,
    view: View<'t, '_>,
) -> impl Iterator<Item = Place> + 't {
    let text = view.folded_text();
    let step = literal.text.chars().next().map_or(1, char::len_utf8);
    let mut sighted = view.sighted(&literal.text).map(<[_]>::iter);
    let mut from = 0;
    let mut next_start = move || match &mut sighted {
        Some(sighted) => sighted.next().map(|(_, start)| *start as usize),
        None => {
            let start = from + text.get(from..)?.find(&literal.text)?;
            from = start + step;
            Some(start)
        }
    };
    std::iter::from_fn(move || {
        loop {
            let start = next_start()?;
            let place = Place { start, end: start + literal.text.len() };
            if stands_whole(literal, text, place) {
                return Some(place);
            }
        }
    })
}

/// Whether the ends of `place` do not cut a run of word characters that the literal wants whole.
fn stands_whole(literal: &Literal, text: &str, place: Place) -> bool {
    let cuts = |inside: Option<char>, outside: Option<char>| {
        inside.is_some_and(is_word_char) && outside.is_some_and(is_word_char)
    };
    let (before, after) = (&text[..place.start], &text[place.end..]);
    let starts =
        literal.open_start || !cuts(literal.text.chars().next(), before.chars().next_back());
    starts && (literal.open_end || !cuts(literal.text.chars().next_back(), after.chars().next()))
}

fn regex_places(regexp: &Regexp, text: &str) -> Vec<Place> {
    if !regexp.required.iter().all(|required| text.contains(required.as_str())) {
        return Vec::new();
    }
    let found = regexp.regex.find_iter(text).map(|m| Place { start: m.start(), end: m.end() });
    found.filter(|place| place.start < place.end).collect()
}

fn alias_places(alias: &Alias, text: View) -> Vec<Place> {
    let of = |names: &[Literal]| -> Vec<Place> {
        names.iter().flat_map(|name| literal_places(name, text).collect::<Vec<_>>()).collect()
    };
    let mut found = of(&alias.names[alias.certain..]);
    if !found.is_empty() && !alias.exclude.is_empty() {
        let namesakes = of(&alias.exclude);
        found.retain(|place| {
            !namesakes.iter().any(|other| {
                (other.start < place.end && place.start < other.end)
                    || text.sentence_of(other.start) == text.sentence_of(place.start)
            })
        });
    }
    found.extend(of(&alias.names[..alias.certain]));
    in_order(found)
}

fn in_order(mut places: Vec<Place>) -> Vec<Place> {
    places.sort_unstable();
    places.dedup();
    places
}

/// Those of `rights` that have one of `lefts` near, or in their sentence or paragraph.
fn with_company(
    pattern: &Pattern,
    mut rights: Vec<Place>,
    lefts: &[Place],
    text: View,
) -> Vec<Place> {
    match pattern {
        Pattern::Near { distance, ordered, .. } => {
            let near = Nearness::new(lefts, *distance, text);
            rights.retain(|right| {
                near.ends_before(*right) || (!ordered && near.starts_after(*right))
            });
        }
        Pattern::Same { unit, .. } => {
            let units = in_units(lefts, *unit, text);
            rights.retain(|right| units.binary_search(&unit_of(*unit, *right, text)).is_ok());
        }
        _ => {}
    }
    rights
}

/// Those of `lefts` that give company to one of `rights`.
fn lending(pattern: &Pattern, mut lefts: Vec<Place>, rights: &[Place], text: View) -> Vec<Place> {
    match pattern {
        Pattern::Near { distance, ordered, .. } => {
            let near = Nearness::new(rights, *distance, text);
            lefts.retain(|left| near.starts_after(*left) || (!ordered && near.ends_before(*left)));
        }
        Pattern::Same { unit, .. } => {
            let units = in_units(rights, *unit, text);
            lefts.retain(|left| units.binary_search(&unit_of(*unit, *left, text)).is_ok());
        }
        _ => {}
    }
    lefts
}

fn unit_of(unit: Unit, place: Place, text: View) -> usize {
    match unit {
        Unit::Sentence => text.sentence_of(place.start),
        Unit::Paragraph => text.paragraph_of(place.start),
    }
}

fn in_units(places: &[Place], unit: Unit, text: View) -> Vec<usize> {
    places.iter().map(|place| unit_of(unit, *place, text)).collect()
}

/// Starts and ends of places in characters, ascending, to ask what lies within a distance.
struct Nearness<'t, 'a> {
    starts: Vec<usize>,
    ends: Vec<usize>,
    distance: usize,
    text: View<'t, 'a>,
}

impl<'t, 'a> Nearness<'t, 'a> {
    fn new(places: &[Place], distance: u32, text: View<'t, 'a>) -> Self {
        let starts = places.iter().map(|place| text.position(place.start)).collect();
        let mut ends: Vec<usize> = places.iter().map(|place| text.position(place.end)).collect();
        ends.sort_unstable();
        Self { starts, ends, distance: distance as usize, text }
    }

    /// Whether one of the places ends before `place` starts, within the distance.
    fn ends_before(&self, place: Place) -> bool {
        let start = self.text.position(place.start);
        let after = self.ends.partition_point(|end| *end <= start);
        after > 0 && start - self.ends[after - 1] <= self.distance
    }

    /// Whether one of the places starts after `place` ends, within the distance.
    fn starts_after(&self, place: Place) -> bool {
        let end = self.text.position(place.end);
        let first = self.starts.partition_point(|start| *start < end);
        self.starts.get(first).is_some_and(|start| start - end <= self.distance)
    }
}

/// How many places there are if none may overlap: from the left, the longer first where two begin together.
pub(super) fn apart(places: &[Place]) -> u32 {
    let mut ordered = places.to_vec();
    ordered.sort_unstable_by_key(|place| (place.start, usize::MAX - place.end));
    let (mut count, mut from) = (0, 0);
    for place in ordered {
        if place.start >= from {
            count += 1;
            from = place.end;
        }
    }
    count
}
