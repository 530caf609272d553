//! Numbers by kind: each run of digits is cut at its groups, and each stretch of groups is asked what it is.
//!
//! In: a reading. Out: its private numbers in stars, with the digits at either end kept that tell two of them
//! apart. Kinds with the stronger proof are asked first; what is nothing private is stepped over.

use std::ops::RangeInclusive;

use super::grouping::Window;
use super::kind::{
    has_issuer, is_bank_card, is_identity, is_local, is_mobile, is_old_identity, is_service,
    landline,
};
use super::label::{self, is_after, is_counted, is_quantity, may_be_of_label, words_before};
use super::reading::{Reading, Sign};
use super::run::{Group, Run, is_cross, runs};

/// Longest row of digits that is any kind: a mobile number behind 0086 has 15, a bank card 19.
const MAX_DIGITS: usize = 19;

/// What was found from a group on.
struct Found {
    /// The last group.
    last: usize,
    /// Digits kept at the front.
    head: usize,
    /// Digits kept at the end.
    tail: usize,
    /// An X behind the last digit.
    cross: Option<usize>,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// A phone: a further number may follow it.
    Phone,
    Other,
    /// A public number: it stays.
    Public,
}

/// Masks the numbers of a reading.
pub(super) fn mask(reading: &mut Reading<'_>) {
    let mut phone_end = None;
    let least = if label::QQ.iter().any(|l| reading.text().contains(l)) { 5 } else { 7 };
    for mut run in runs(reading) {
        let mut first = 0;
        if run.iter().map(|group| group.values.len()).sum::<usize>() < least {
            continue;
        }
        while first < run.len() {
            let found = found_from(&reading.signs, &mut run, first, phone_end);
            let Some(found) = found else {
                first += 1;
                continue;
            };
            let groups = &run[first..=found.last];
            let mut places: Vec<usize> = groups.iter().flat_map(|g| &g.places).copied().collect();
            places.extend(found.cross);
            if found.what != What::Public {
                for place in &places[found.head..places.len().saturating_sub(found.tail)] {
                    reading.star(*place);
                }
            }
            if found.what == What::Phone {
                phone_end = places.last().copied();
            }
            first = found.last + 1;
        }
    }
}

/// What begins with the group `first`. Where nothing does and its first digit may belong to what stands before, the
/// group is cut behind it, so that the next one is looked at without.
fn found_from(
    signs: &[Sign],
    run: &mut Run,
    first: usize,
    phone_end: Option<usize>,
) -> Option<Found> {
    let found = Seen::new(signs, run, first, phone_end).found();
    if found.is_none() && run[first].may_run_on() {
        // As far as a number reaches, with the neighbours that it is told from.
        let begin = first.saturating_sub(1);
        let mut cut = run[begin..run.len().min(first + MAX_DIGITS + 2)].to_vec();
        let at = first - begin;
        let (mark, rest) = cut[at].clone().cut(1);
        cut.splice(at..=at, [mark.clone(), rest.clone()]);
        let next = Seen::new(signs, &cut, at + 1, phone_end).found();
        if next.is_some_and(|f| f.what != What::Public) {
            run.splice(first..=first, [mark, rest]);
        }
    }
    found
}

/// What tells whether a stretch is of one kind.
type Kind<'a> = fn(&Seen<'a>, &Window<'_>) -> Option<Found>;

/// A group with what stands around it.
struct Seen<'a> {
    signs: &'a [Sign],
    run: &'a Run,
    first: usize,
    phone_end: Option<usize>,
    /// The signs before it.
    before: String,
    /// Whether a label may be among them.
    has_word_before: bool,
    /// The digits of the groups from the first on, as far as a number reaches.
    values: Vec<u8>,
    /// How many of them each group has.
    sizes: Vec<usize>,
}

impl<'a> Seen<'a> {
    fn new(signs: &'a [Sign], run: &'a Run, first: usize, phone_end: Option<usize>) -> Self {
        let before = words_before(signs, run[first].places[0]);
        let has_word_before = before.contains(may_be_of_label);
        let (mut values, mut sizes) = (Vec::with_capacity(MAX_DIGITS), Vec::new());
        for group in &run[first..] {
            if values.len() + group.values.len() > MAX_DIGITS {
                break;
            }
            values.extend_from_slice(&group.values);
            sizes.push(group.values.len());
        }
        Self { signs, run, first, phone_end, before, has_word_before, values, sizes }
    }

    fn found(&self) -> Option<Found> {
        let windows: Vec<_> = self.windows().collect();
        // With the digits that each can have, so that few stretches are looked at closely.
        let kinds: [(RangeInclusive<usize>, Kind<'a>); 8] = [
            (10..=10, Self::service),
            (5..=12, Self::qq),
            (17..=18, Self::identity),
            (16..=19, Self::bank_card),
            (11..=15, Self::mobile),
            (10..=15, Self::landline),
            (15..=15, Self::old_identity),
            (7..=8, Self::local),
        ];
        kinds.iter().find_map(|(digits, kind)| {
            let fitting = windows.iter().filter(|(has, _)| digits.contains(has));
            fitting.map(|(_, window)| window).find_map(|window| kind(self, window))
        })
    }

    /// The stretches of groups from the first on, each with its digits.
    fn windows(&self) -> impl Iterator<Item = (usize, Window<'_>)> {
        let mut digits = 0;
        self.sizes.iter().enumerate().map(move |(nth, size)| {
            digits += size;
            let (values, sizes) = (&self.values[..digits], &self.sizes[..=nth]);
            let (run, first) = (self.run, self.first);
            (digits, Window { run, first, last: first + nth, values, sizes })
        })
    }

    fn start(&self) -> usize {
        self.run[self.first].places[0]
    }

    fn after(window: &Window<'_>) -> usize {
        window.groups().last().and_then(|g| g.places.last()).map_or(0, |p| p + 1)
    }

    fn is_labelled(&self, labels: &[&str]) -> bool {
        self.has_word_before && is_after(&self.before, labels)
    }

    /// Whether a phone stands right before, with nothing between but signs and a joining word.
    fn follows_phone(&self) -> bool {
        const REACH: usize = 6;
        let Some(end) = self.phone_end.filter(|end| self.start() <= end + 1 + REACH) else {
            return false;
        };
        let between: String =
            self.signs.get(end + 1..self.start()).unwrap_or_default().iter().map(|s| s.c).collect();
        let words = between.trim_matches(|c: char| !c.is_alphanumeric());
        matches!(words, "" | "或" | "和" | "及" | "与" | "或者" | "以及")
    }

    fn qq(&self, window: &Window<'_>) -> Option<Found> {
        let is_whole = self
            .run
            .get(window.last + 1)
            .is_none_or(|g| !matches!(g.gap.as_str(), " " | "-" | "." | ""));
        let digits = window.values.len();
        let is_joined =
            window.groups()[1..].iter().all(|g| matches!(g.gap.as_str(), " " | "-" | "." | ""));
        let is_qq =
            (5..=12).contains(&digits) && is_whole && is_joined && self.is_labelled(label::QQ);
        is_qq.then(|| self.other(window, 0, if digits > 5 { 2 } else { 1 }))
    }

    fn identity(&self, window: &Window<'_>) -> Option<Found> {
        let mut values = window.values.to_vec();
        let cross = (values.len() == 17).then(|| self.cross(Self::after(window))).flatten();
        values.extend(cross.map(|_| 10));
        let is_stated = values.len() == 18 && self.is_labelled(label::IDENTITY);
        let is_written = window.is_even_or_few();
        (is_stated || is_identity(&values) && is_written)
            .then(|| Found { cross, ..self.other(window, 4, 2) })
    }

    /// The place of an X from `at` on, over one sign at most.
    fn cross(&self, at: usize) -> Option<usize> {
        (at..at + 2)
            .take_while(|n| *n == at || self.signs.get(at).is_some_and(|s| !s.c.is_alphanumeric()))
            .find(|n| self.signs.get(*n).is_some_and(|s| is_cross(s.c)))
    }

    fn bank_card(&self, window: &Window<'_>) -> Option<Found> {
        let values = window.values;
        if !(16..=19).contains(&values.len()) || window.has_fraction() {
            return None;
        }
        let sizes = window.sizes;
        let is_in_fours = sizes.len() >= 4 && sizes[..sizes.len() - 1].iter().all(|n| *n == 4);
        // Cards are cut in fours by any sign; otherwise only by those that join.
        let is_joined =
            window.groups()[1..].iter().all(|g| matches!(g.gap.as_str(), "" | " " | "-"));
        let is_usual = is_joined && (sizes.len() == 1 || sizes.len() == 2 && sizes[0] == 6);
        let is_amount = is_quantity(self.signs, &self.before, Self::after(window));
        let is_written = || {
            is_in_fours || !is_amount && (is_usual || is_joined && window.is_unusual_whole(false))
        };
        let is_card = self.is_labelled(label::CARD)
            || is_bank_card(values) && is_written()
            || has_issuer(values) && is_in_fours;
        is_card.then(|| self.other(window, 0, 4))
    }

    fn service(&self, window: &Window<'_>) -> Option<Found> {
        let sizes = window.sizes;
        let is_usual = matches!(sizes, [10] | [3, 7] | [3, 3, 4] | [3, 4, 3] | [4, 3, 3] | [4, 6]);
        (is_usual && is_service(window.values))
            .then(|| Found { what: What::Public, ..self.other(window, 0, 0) })
    }

    fn mobile(&self, window: &Window<'_>) -> Option<Found> {
        let values = window.values;
        let prefixes: [&[u8]; 4] = [&[], &[8, 6], &[0, 0, 8, 6], &[0]];
        let is_prefix = |prefix: &&&[u8]| {
            values.strip_prefix(**prefix).is_some_and(is_mobile)
                && (prefix.is_empty() || window.groups()[0].values.len() > prefix.len())
        };
        let prefix = prefixes.iter().find(is_prefix)?.len();
        let is_labelled = self.is_labelled(label::PHONE) || self.follows_phone();
        let is_amount = || {
            window.has_fraction()
                || (window.groups().len() == 1 || !window.is_usual_mobile(prefix))
                    && is_quantity(self.signs, &self.before, Self::after(window))
        };
        let is_phone =
            window.is_mobile_grouping(prefix, is_labelled) && (is_labelled || !is_amount());
        is_phone.then(|| self.phone(window, prefix + 3, 4))
    }

    fn landline(&self, window: &Window<'_>) -> Option<Found> {
        let values = window.values;
        let sizes = window.sizes;
        let abroad = match values {
            [0, 0, 8, 6, rest @ ..] => Some((4, rest)),
            [8, 6, rest @ ..] => Some((2, rest)),
            _ => None,
        };
        let (prefix, area) = match abroad {
            Some((prefix, rest)) if sizes.len() > 1 => {
                let with_zero: Vec<u8> = std::iter::once(0).chain(rest.iter().copied()).collect();
                (prefix, landline(&with_zero)? - 1)
            }
            _ => (0, landline(values)?),
        };
        let head = prefix + area;
        // The area code is not cut, and what follows it is no date.
        let mut sum = 0;
        let ends: Vec<usize> = sizes
            .iter()
            .map(|n| {
                sum += n;
                sum
            })
            .collect();
        let begins_local = ends.iter().position(|end| *end == head).map(|n| n + 1);
        let is_date = begins_local.is_some_and(|from| window.has_date_from(from));
        let is_whole_area = match prefix {
            0 => ends[0] >= area,
            _ => {
                let is_joined = |g: &Group| g.gap.chars().all(|c| " -()".contains(c));
                ends[0] == prefix && ends[1] >= head && window.groups()[1..].iter().all(is_joined)
            }
        };
        let locals = begins_local.map_or(0, |from| sizes.len() - from);
        let is_usual = is_whole_area && (sizes.len() == 1 || (1..=2).contains(&locals));
        let is_labelled = self.is_labelled(label::PHONE) || self.follows_phone();
        let is_written = is_usual || prefix == 0 && window.is_unusual_whole(is_labelled);
        (is_written && !is_date && !window.has_fraction()).then(|| self.phone(window, head, 3))
    }

    fn old_identity(&self, window: &Window<'_>) -> Option<Found> {
        let values = window.values;
        let is_usual = matches!(window.sizes, [15] | [6, 6, 3] | [6, 9]);
        let is_stated = values.len() == 15 && self.is_labelled(label::IDENTITY);
        (is_stated || is_usual && is_old_identity(values) && !window.has_fraction())
            .then(|| self.other(window, 4, 2))
    }

    /// A number without area code, where a label or the phone before it says what it is.
    fn local(&self, window: &Window<'_>) -> Option<Found> {
        let values = window.values;
        let sizes = window.sizes;
        let is_usual = matches!(sizes, [7] | [8] | [3, 4] | [4, 4] | [4, 3]);
        if !is_local(values) || !(is_usual || window.is_spelled()) || window.has_date_from(0) {
            return None;
        }
        let is_stated = self.is_labelled(label::PHONE) || self.follows_phone();
        let is_figure = window.has_fraction() || is_counted(self.signs, Self::after(window));
        // `7123456-7123457` are two numbers, `712-3456-789` none.
        let goes_on = self.run.get(window.last + 1).is_some_and(|next| {
            window.groups().len() > 1 && next.gap == window.groups()[1].gap && next.values.len() < 7
        });
        (is_stated && !is_figure && !goes_on).then(|| self.phone(window, 0, 3))
    }

    fn phone(&self, window: &Window<'_>, head: usize, tail: usize) -> Found {
        Found { last: window.last, head, tail, cross: None, what: What::Phone }
    }

    fn other(&self, window: &Window<'_>, head: usize, tail: usize) -> Found {
        Found { last: window.last, head, tail, cross: None, what: What::Other }
    }
}
