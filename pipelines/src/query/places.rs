//! Where a pattern occurs in one text.
//!
//! In: a [`Pattern`] and a text. Out: its [`Place`]s in folded bytes, ordered by start, then end, each
//! once. This is the definition that the index must agree with. Linear in the text but for NEAR, which is
//! linear in the number of places of its operands.

use super::ast::{Alias, Literal, Pattern, Regexp, Unit};
use super::naming::Named;
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
            let rights = places(right, text);
            if rights.is_empty() {
                return rights;
            }
            with_company(pattern, rights, &lefts, text)
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

/// All places of one literal.
pub(super) fn literal_places<'t>(
    literal: &'t Literal,
    view: View<'t, '_>,
) -> impl Iterator<Item = Place> + 't {
    let (text, len) = (view.folded_text(), literal.text.len());
    let (mut sighted, ends) = match view.sighted(literal) {
        Some((starts, ends)) => (Some(starts), ends),
        None => (None, Ends::of(literal)),
    };
    let mut from = 0;
    let mut next_start = move || match &mut sighted {
        Some(sighted) => sighted.next(),
        None => {
            let start = from + text.get(from..)?.find(&literal.text)?;
            from = start + text[start..].chars().next().map_or(1, char::len_utf8);
            Some(start)
        }
    };
    std::iter::from_fn(move || {
        loop {
            let start = next_start()?;
            let place = Place { start, end: start + len };
            if ends.are_whole(text, place) {
                return Some(place);
            }
        }
    })
}

/// Which ends of a literal are a run of word characters that must be a whole run of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    start: bool,
    end: bool,
}

impl Ends {
    pub(super) fn of(literal: &Literal) -> Self {
        let mut chars = literal.text.chars();
        let start = !literal.open_start && chars.clone().next().is_some_and(is_word_char);
        let end = !literal.open_end && chars.next_back().is_some_and(is_word_char);
        Self { start, end }
    }

    fn are_whole(self, text: &str, place: Place) -> bool {
        let is_word = |c: Option<char>| c.is_some_and(is_word_char);
        let runs_on_before = self.start && is_word(text[..place.start].chars().next_back());
        let runs_on_after = self.end && is_word(text[place.end..].chars().next());
        !runs_on_before && !runs_on_after
    }
}

fn regex_places(regexp: &Regexp, text: &str) -> Vec<Place> {
    if !regexp.required.iter().all(|required| text.contains(required.as_str())) {
        return Vec::new();
    }
    let found = regexp.regex.find_iter(text).map(|m| Place { start: m.start(), end: m.end() });
    found.filter(|place| place.start < place.end).collect()
}

/// The places of names that lie where one of the members is named: names within a longer one of theirs too.
fn alias_places(alias: &Alias, text: View) -> Vec<Place> {
    let names = alias.names.iter().flat_map(|name| literal_places(name, text).collect::<Vec<_>>());
    let mut found: Vec<Place> = names.collect();
    if found.is_empty() {
        return found;
    }
    let named = text.named(&alias.naming);
    let named: Vec<&Named> = named.iter().filter(|n| alias.members.contains(&n.subject)).collect();
    found.retain(|place| {
        named.iter().any(|n| n.range.start <= place.start && place.end <= n.range.end)
    });
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
            let near = Nearness::new(lefts, *distance, &text);
            rights.retain(|right| {
                near.ends_before(*right) || (!ordered && near.starts_after(*right))
            });
        }
        Pattern::Same { unit, .. } => {
            rights.retain(|right| shares_unit(*unit, *right, lefts, text));
        }
        _ => {}
    }
    rights
}

/// Those of `lefts` that give company to one of `rights`.
fn lending(pattern: &Pattern, mut lefts: Vec<Place>, rights: &[Place], text: View) -> Vec<Place> {
    match pattern {
        Pattern::Near { distance, ordered, .. } => {
            let near = Nearness::new(rights, *distance, &text);
            lefts.retain(|left| near.starts_after(*left) || (!ordered && near.ends_before(*left)));
        }
        Pattern::Same { unit, .. } => {
            lefts.retain(|left| shares_unit(*unit, *left, rights, text));
        }
        _ => {}
    }
    lefts
}

/// Whether one of `others` lies in the sentence or paragraph of `place`: if any does, one of its two
/// neighbours among them does.
fn shares_unit(unit: Unit, place: Place, others: &[Place], text: View) -> bool {
    let after = others.partition_point(|other| other.start < place.start);
    let neighbours = [after.checked_sub(1).and_then(|i| others.get(i)), others.get(after)];
    neighbours.into_iter().flatten().any(|other| text.are_in_one(unit, place.start, other.start))
}

/// Starts and ends of places, ascending, to ask what lies within a distance.
struct Nearness<'t> {
    /// By start.
    places: &'t [Place],
    /// Their ends in order, where that is not the order of their starts.
    ends: Option<Vec<usize>>,
    distance: usize,
    text: &'t str,
}

impl<'t> Nearness<'t> {
    fn new(places: &'t [Place], distance: u32, text: &View<'t, '_>) -> Self {
        let ends = (!places.is_sorted_by_key(|place| place.end)).then(|| {
            let mut ends: Vec<usize> = places.iter().map(|place| place.end).collect();
            ends.sort_unstable();
            ends
        });
        Self { places, ends, distance: distance as usize, text: text.folded_text() }
    }

    /// Whether one of the places ends before `place` starts, within the distance.
    fn ends_before(&self, place: Place) -> bool {
        let end = match &self.ends {
            Some(ends) => last_upto(ends, place.start, |end| *end),
            None => last_upto(self.places, place.start, |place| place.end),
        };
        end.is_some_and(|end| self.is_near(end, place.start))
    }

    /// Whether one of the places starts after `place` ends, within the distance.
    fn starts_after(&self, place: Place) -> bool {
        let first = self.places.partition_point(|other| other.start < place.end);
        self.places.get(first).is_some_and(|other| self.is_near(place.end, other.start))
    }

    /// Whether so few characters stand between the bytes `from` and `to`: of one to four bytes each.
    fn is_near(&self, from: usize, to: usize) -> bool {
        let bytes = to - from;
        bytes <= self.distance
            || (bytes <= self.distance * 4 && self.text[from..to].chars().count() <= self.distance)
    }
}

/// The last of what is in order of `key` whose key is no more than `most`: that key.
fn last_upto<T>(ordered: &[T], most: usize, key: impl Fn(&T) -> usize) -> Option<usize> {
    let after = ordered.partition_point(|one| key(one) <= most);
    after.checked_sub(1).map(|last| key(&ordered[last]))
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
