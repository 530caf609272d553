//! Digits of a text as runs: groups of digits that stand together, apart by a few signs that are no letters.
//!
//! In: a reading. Out: its [`Run`]s. What stands between two groups is a gap, by any sign: blank, dash, dot,
//! slash, bracket, line break, picture. Stars of a mask end a run, and so does any letter.

use super::kind::is_mobile;
use super::reading::{Reading, Sign, Style};

/// Most signs between two groups of a number, the same sign in a row counted once.
const MAX_GAP: usize = 4;

/// Most signs between two groups, however alike.
const MAX_GAP_SIGNS: usize = 12;

/// As many stars are a mask, not a separator.
pub(super) const STARS_OF_A_MASK: usize = 4;

/// Digits that touch and are written alike.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Places of its signs in the reading.
    pub(super) places: Vec<usize>,
    /// Their values.
    pub(super) values: Vec<u8>,
    /// What stands between it and the group before, the same sign in a row written once. Empty for the first.
    pub(super) gap: String,
    style: Style,
}

impl Group {
    /// Whether a digit that belongs to the word or mark before may run into it: `周三一三八`, `①①③⑧`.
    pub(super) fn may_run_on(&self) -> bool {
        matches!(self.style, Style::Chinese | Style::Other) && self.values.len() > 1
    }

    /// The first `at` digits, and the rest.
    pub(super) fn cut(mut self, at: usize) -> (Self, Self) {
        let (places, values) = (self.places.split_off(at), self.values.split_off(at));
        let rest = Self { places, values, gap: String::new(), style: self.style };
        (self, rest)
    }
}

/// Groups that may belong together.
pub(super) type Run = Vec<Group>;

/// The runs of a reading, in order.
pub(super) fn runs(reading: &Reading<'_>) -> Vec<Run> {
    let signs = &reading.signs;
    let mut runs: Vec<Run> = Vec::new();
    let mut run: Run = Vec::new();
    let mut at = 0;
    while at < signs.len() {
        if signs[at].digit.is_none() || is_dash(signs, at) {
            at += 1;
            continue;
        }
        let group = group_at(signs, at);
        let start = group.places[0];
        let last = run.last().and_then(|g: &Group| g.places.last().copied());
        at = group.places.last().map_or(at, |p| *p) + 1;
        match last.and_then(|last| gap(&signs[last + 1..start], signs, last + 1)) {
            Some(gap) => split_off(&mut run, Group { gap, ..group }),
            None => {
                runs.extend((!run.is_empty()).then(|| std::mem::take(&mut run)));
                split_off(&mut run, group);
            }
        }
    }
    runs.extend((!run.is_empty()).then_some(run));
    runs
}

fn group_at(signs: &[Sign], at: usize) -> Group {
    let style = signs[at].style;
    let (mut places, mut values) = (Vec::new(), Vec::new());
    for (place, sign) in signs.iter().enumerate().skip(at) {
        match sign.digit {
            Some(value) if sign.style == style => {
                places.push(place);
                values.push(value);
            }
            _ => break,
        }
    }
    Group { places, values, gap: String::new(), style }
}

/// Adds a group; where Chinese digits run on before or behind a phone (`周三一三八…`), in pieces.
fn split_off(run: &mut Run, group: Group) {
    let len = group.values.len();
    let is_run_on = group.style == Style::Chinese && (12..=14).contains(&len);
    let phone = (0..=len.saturating_sub(11))
        .find(|at| is_run_on && is_mobile(&group.values[*at..*at + 11]));
    match phone {
        Some(at) => {
            let (before, rest) = group.cut(at);
            let (phone, behind) = rest.cut(11);
            run.extend([before, phone, behind].into_iter().filter(|g| !g.values.is_empty()));
        }
        None => run.push(group),
    }
}

/// The gap of `between`, or none where it parts two runs.
fn gap(between: &[Sign], signs: &[Sign], from: usize) -> Option<String> {
    if between.len() > MAX_GAP_SIGNS {
        return None;
    }
    let mut gap = String::new();
    for (n, sign) in between.iter().enumerate() {
        let is_letter = sign.c.is_alphabetic() && !is_dash(signs, from + n);
        if sign.is_closed || is_letter {
            return None;
        }
        if !gap.ends_with(sign.c) {
            gap.push(sign.c);
        }
    }
    let stars = between.iter().filter(|s| s.c == '*').count();
    (gap.chars().count() <= MAX_GAP && stars < STARS_OF_A_MASK).then_some(gap)
}

/// Whether the sign at `at` is 一 in the place of a dash: `138一1234一5678`.
fn is_dash(signs: &[Sign], at: usize) -> bool {
    let is_other = |place: Option<usize>| {
        let sign = place.and_then(|p| signs.get(p));
        sign.is_some_and(|s| s.digit.is_some() && s.style != Style::Chinese)
    };
    let near = |step: usize| is_other(Some(at + step)) && is_other(at.checked_sub(step));
    signs[at].c == '一' && (1..=3).all(near)
}

/// Whether the sign at `place` can be the check sign X of an identity number.
pub(super) fn is_cross(c: char) -> bool {
    matches!(c, 'x' | '×' | 'х' | 'χ' | '✕' | '✖')
}
