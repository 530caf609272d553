//! All times in a text, in order, with their places.
//!
//! In: a text as `normal` leaves it, and the context. Out: what is written there, each with its form; bounded. At
//! every place the forms are tried in one order, so that no form is read out of the middle of another.

use std::ops::Range;

use super::clock::{self, Clock, Part};
use super::cursor::Cursor;
use super::numeral::is_numeral;
use super::{ParsedTime, TimeContext, compact, day, english, spoken};

/// More times than this in one text are not told: it is no byline and no cell.
const MOST: usize = 40;

/// Signs between a day and its clock.
const BETWEEN: [char; 9] = [',', '、', '|', '·', '•', '~', '(', ')', ';'];

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Form {
    /// A day with its year.
    Day,
    /// Counted from now.
    Spoken,
    /// A day without its year.
    NoYear,
    /// A clock alone.
    Clock,
}

/// A time in a text.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Written {
    /// Bytes of the text.
    pub(in super::super) range: Range<usize>,
    /// The instant.
    pub(in super::super) time: ParsedTime,
    /// How it is written.
    pub(in super::super) form: Form,
}

/// The times in `text`.
pub(in super::super) fn scan(text: &str, context: &TimeContext) -> Vec<Written> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next().filter(|_| found.len() < MOST) {
        let here = Cursor::new(text, at);
        at += first.len_utf8();
        let is_within_word =
            first.is_ascii_alphabetic() && here.before().is_some_and(|c| c.is_ascii_alphabetic());
        if !may_begin(first) || is_within_word {
            continue;
        }
        match read(here, context) {
            Some((time, form, end)) => {
                at = at.max(end.at());
                let range = here.at()..end.at();
                found.extend(time.map(|time| Written { range, time, form }));
            }
            // A number that begins no time is passed over whole, and so is a word.
            None if first.is_ascii_digit() => at = here.at() + here.run(),
            None => {}
        }
    }
    found
}

fn may_begin(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || is_numeral(c)
        || "民中去前今昨明次后大本上这下刚半几数周星礼凌清早晨正午傍晚当深夜日".contains(c)
}

/// What stands here: a time (none: something of the future, or of a year no post can have), and its end.
fn read<'t>(
    here: Cursor<'t>,
    context: &TimeContext,
) -> Option<(Option<ParsedTime>, Form, Cursor<'t>)> {
    if let Some((date, end)) = run_of_digits(here).or_else(|| day::with_year(here, context)) {
        let (clock, end) = behind(end);
        return Some((context.instant(date, clock), Form::Day, end));
    }
    if let Some((read, end)) = english::english(here, context) {
        return Some(english_time(&read, end, context));
    }
    if let Some((time, end)) = spoken::spoken(here, context) {
        // `115年11个小时前` is an hour of a year no post can have.
        let time = time.filter(|time| context.is_plausible(context.year_of(time.at)));
        return Some((time, Form::Spoken, end));
    }
    if let Some((month_day, end)) = day::without_year(here) {
        let (clock, end) = behind(end);
        let date = day::latest(month_day, context.today())?;
        return Some((context.instant(date, clock), Form::NoYear, end));
    }
    clock_alone(here, context).map(|(time, end)| (Some(time), Form::Clock, end))
}

fn english_time<'t>(
    read: &english::English,
    end: Cursor<'t>,
    context: &TimeContext,
) -> (Option<ParsedTime>, Form, Cursor<'t>) {
    let (clock, end) = match read.clock {
        Some(clock) => (Some(clock), end),
        None => behind(end),
    };
    match read.year {
        Some(_) => {
            let date = read.date();
            (date.and_then(|date| context.instant(date, clock)), Form::Day, end)
        }
        None => {
            let date = day::latest(read.day, context.today());
            (date.and_then(|date| context.instant(date, clock)), Form::NoYear, end)
        }
    }
}

/// `20261122T083000Z`, `20261122 08:30`: a run of eight digits is a day only before a clock.
fn run_of_digits(here: Cursor<'_>) -> Option<(chrono::NaiveDate, Cursor<'_>)> {
    if here.run() != 8 {
        return None;
    }
    let end = here.moved(8);
    let date = compact::day(&here.rest()[..8])?;
    clock_behind(end).map(|_| (date, end))
}

/// The clock behind a day, if one follows, and the end of both.
fn behind(day: Cursor<'_>) -> (Option<Clock>, Cursor<'_>) {
    match clock_behind(day) {
        Some((clock, end)) => (Some(clock), end),
        None => (None, weekday_behind(day).unwrap_or(day)),
    }
}

/// The weekday behind a day, which says nothing new.
fn weekday_behind(day: Cursor<'_>) -> Option<Cursor<'_>> {
    let mut c = day;
    let opened = c.blanks().any(&['(', '[', ',']).is_some();
    c.blanks();
    let mut end = match spoken::day_of_week(c) {
        Some((_, end)) => end,
        None => {
            c.word(&WEEKDAYS)?;
            c
        }
    };
    if opened {
        end.any(&[')', ']']);
    }
    Some(end)
}

/// The clock that follows a day.
pub(super) fn clock_behind(day: Cursor<'_>) -> Option<(Clock, Cursor<'_>)> {
    clock_after(day, None)
}

/// The same where a word has named the part of the day already.
pub(super) fn clock_after(day: Cursor<'_>, part: Option<Part>) -> Option<(Clock, Cursor<'_>)> {
    let mut c = day;
    let mut behind_t = false;
    for _ in 0..8 {
        c.blanks();
        let mut t = c;
        if t.any(&['T', 't']).is_some() && t.run() > 0 {
            c = t;
            behind_t = true;
            break;
        }
        if let Some((_, after)) = spoken::day_of_week(c) {
            c = after;
            continue;
        }
        let is_word = c.one_of(&["at", "的", "当天"]) || c.word(&WEEKDAYS).is_some();
        if !is_word && c.any(&BETWEEN).is_none() {
            break;
        }
    }
    let plain = || digits_of_clock(c, behind_t);
    clock::clock(c, part, behind_t).or_else(plain)
}

/// `T083000Z`, `0830` behind a `T`.
fn digits_of_clock(mut c: Cursor<'_>, behind_t: bool) -> Option<(Clock, Cursor<'_>)> {
    let run = c.run();
    if !behind_t || !matches!(run, 4 | 6) {
        return None;
    }
    let (hour, minute) = (c.fixed(2)?, c.fixed(2)?);
    let second = if run == 6 { c.fixed(2)? } else { 0 };
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let millis = i64::from(hour * 3600 + minute * 60 + second) * 1000;
    let (zone, c) = match super::zone::zone(c, true) {
        Some((zone, after)) => (Some(zone), after),
        None => (None, c),
    };
    Some((Clock { millis, zone }, c))
}

const WEEKDAYS: [(&str, ()); 15] = [
    ("Monday", ()),
    ("Tuesday", ()),
    ("Wednesday", ()),
    ("Thursday", ()),
    ("Friday", ()),
    ("Saturday", ()),
    ("Sunday", ()),
    ("Mon", ()),
    ("Tues", ()),
    ("Tue", ()),
    ("Wed", ()),
    ("Thu", ()),
    ("Fri", ()),
    ("Sat", ()),
    ("Sun", ()),
];

/// A clock of today, or of yesterday where it is not yet that late.
fn clock_alone<'t>(here: Cursor<'t>, context: &TimeContext) -> Option<(ParsedTime, Cursor<'t>)> {
    if here.before().is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-')) {
        return None;
    }
    let (clock, end) = clock::clock(here, None, false)?;
    let today = context.today();
    let time = context.instant(today, Some(clock)).filter(|time| time.at <= context.now);
    let time = time.or_else(|| context.instant(today.pred_opt()?, Some(clock)))?;
    Some((time, end))
}
