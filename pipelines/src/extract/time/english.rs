//! Days whose month stands by its English name: `22 Nov 2026`, `Nov 22, 2026`, `Sun Nov 22 08:30:00 CST 2026`.
//!
//! In: the place where such a day may stand. Out: the day with its clock, if the clock stands within it (Java,
//! Weibo), and the place behind. Without a year it gives month and day.

use chrono::NaiveDate;

use super::TimeContext;
use super::clock::{self, Clock};
use super::cursor::Cursor;

const MONTHS: [(&str, u32); 24] = [
    ("January", 1),
    ("February", 2),
    ("March", 3),
    ("April", 4),
    ("June", 6),
    ("July", 7),
    ("August", 8),
    ("September", 9),
    ("October", 10),
    ("November", 11),
    ("December", 12),
    ("Jan", 1),
    ("Feb", 2),
    ("Mar", 3),
    ("Apr", 4),
    ("May", 5),
    ("Jun", 6),
    ("Jul", 7),
    ("Aug", 8),
    ("Sept", 9),
    ("Sep", 9),
    ("Oct", 10),
    ("Nov", 11),
    ("Dec", 12),
];

/// A day as English writes it.
pub(super) struct English {
    /// Month and day.
    pub(super) day: (u32, u32),
    /// Where one stands there.
    pub(super) year: Option<i32>,
    /// Where it stands between day and year.
    pub(super) clock: Option<Clock>,
}

impl English {
    /// The day, where its year is known.
    pub(super) fn date(&self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year?, self.day.0, self.day.1)
    }
}

/// A day here.
pub(super) fn english<'t>(
    start: Cursor<'t>,
    context: &TimeContext,
) -> Option<(English, Cursor<'t>)> {
    if start.before().is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    day_first(start, context).or_else(|| month_first(start, context)).or_else(|| year_first(start))
}

/// `22 Nov 2026`, `22-Nov-26`, `22nd November, 2026`.
fn day_first<'t>(start: Cursor<'t>, context: &TimeContext) -> Option<(English, Cursor<'t>)> {
    let mut c = start;
    let day = c.digits(1, 2)?;
    ordinal(&mut c);
    gap(&mut c);
    c.one_of(&["of"]);
    let month = month(c.blanks())?;
    let (year, c) = year_behind(c, context, true);
    Some((English { day: (month, day), year, clock: None }, c))
}

/// `Nov 22, 2026`, `Sun Nov 22 08:30:00 +0800 2026`, `Nov 22`.
fn month_first<'t>(start: Cursor<'t>, context: &TimeContext) -> Option<(English, Cursor<'t>)> {
    let mut c = start;
    let month = month(&mut c)?;
    gap(&mut c);
    let day = c.digits(1, 2)?;
    ordinal(&mut c);
    let within = c.past_blanks();
    if let Some((clock, behind)) = clock::clock(within, None, false) {
        let (year, end) = year_behind(behind, context, false);
        if year.is_some() {
            return Some((English { day: (month, day), year, clock: Some(clock) }, end));
        }
    }
    let (year, c) = year_behind(c, context, false);
    Some((English { day: (month, day), year, clock: None }, c))
}

/// `2026 Nov 22`, `2026-Nov-22`.
fn year_first(start: Cursor<'_>) -> Option<(English, Cursor<'_>)> {
    let mut c = start;
    let year = i32::try_from(c.digits(4, 4)?).ok()?;
    gap(&mut c);
    let month = month(&mut c)?;
    gap(&mut c);
    let day = c.digits(1, 2)?;
    Some((English { day: (month, day), year: Some(year), clock: None }, c))
}

/// The year here, in four digits, or in two where `short` is allowed; else the place stays.
fn year_behind<'t>(
    start: Cursor<'t>,
    context: &TimeContext,
    short: bool,
) -> (Option<i32>, Cursor<'t>) {
    let mut c = start;
    gap(&mut c);
    if let Some(year) = c.digits(4, 4).and_then(|y| i32::try_from(y).ok()) {
        return (Some(year), c);
    }
    let is_apostrophe = c.any(&['\'', '’']).is_some();
    let two = if short || is_apostrophe { c.digits(2, 2) } else { None };
    let is_clock = c.peek() == Some(':');
    match two.filter(|_| !is_clock).and_then(|y| context.full_year(y)) {
        Some(year) => (Some(year), c),
        None => (None, start),
    }
}

fn month(c: &mut Cursor<'_>) -> Option<u32> {
    let month = c.word(&MONTHS)?;
    c.any(&['.']);
    Some(month)
}

fn ordinal(c: &mut Cursor<'_>) {
    c.one_of(&["st", "nd", "rd", "th"]);
}

/// Blanks, commas and dashes between the parts.
fn gap(c: &mut Cursor<'_>) {
    while c.blanks().any(&[',', '-', '/', '.']).is_some() {}
    c.blanks();
}
