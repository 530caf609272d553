//! Days in figures: with their year (`2026年11月22日`, `2026-11-22`, `26/11/22`, 民國115年, 去年11月22日) and without.
//!
//! In: the place where a day may stand. Out: the day and the place behind it; of a day without a year, month and
//! day. Days that the calendar does not have are refused. Months by name stand in `english`.

use chrono::{Datelike, Months, NaiveDate};

use super::TimeContext;
use super::cursor::Cursor;

/// Years of the Republic are counted from 1912.
const REPUBLIC: i32 = 1911;

/// Between the parts of a day in figures.
const SIGNS: [char; 3] = ['-', '/', '.'];

/// A day with its year.
pub(super) fn with_year<'t>(
    start: Cursor<'t>,
    context: &TimeContext,
) -> Option<(NaiveDate, Cursor<'t>)> {
    republic(start)
        .or_else(|| four_digits(start))
        .or_else(|| two_digits(start, context))
        .or_else(|| year_last(start))
        .or_else(|| year_in_words(start, context))
        .or_else(|| month_in_words(start, context))
}

/// `民國115年11月22日`, `中华民国一一五年…`, `民國115/11/22`.
fn republic(start: Cursor<'_>) -> Option<(NaiveDate, Cursor<'_>)> {
    let mut c = start;
    c.one_of(&["中华"]);
    if !c.one_of(&["民国"]) {
        return None;
    }
    let year = c.blanks().digits(1, 3).or_else(|| {
        let (year, bytes) = super::numeral::number(c.rest())?;
        c = c.moved(bytes);
        Some(year)
    })?;
    month_and_day(c, REPUBLIC + i32::try_from(year).ok()?)
}

/// `2026年11月22日`, `2026-11-22`, `2026 / 11 / 22`, 二〇二六年十一月二十二日.
fn four_digits(start: Cursor<'_>) -> Option<(NaiveDate, Cursor<'_>)> {
    let mut c = start;
    let year = c.year()?;
    month_and_day(c, year)
}

/// `26-11-22`, `26年11月22日`; with dots only where a clock follows or nothing stands around it, because versions
/// and decimals look the same.
fn two_digits<'t>(start: Cursor<'t>, context: &TimeContext) -> Option<(NaiveDate, Cursor<'t>)> {
    let joined =
        |c: char| c.is_ascii_alphanumeric() || SIGNS.contains(&c) || matches!(c, ':' | '_');
    if start.before().is_some_and(joined) {
        return None;
    }
    let mut c = start;
    let year = context.full_year(c.digits(2, 2)?)?;
    let is_dotted = c.peek() == Some('.');
    let (date, c) = month_and_day(c, year)?;
    let goes_on = c.peek().is_some_and(|c| c.is_ascii_digit() || SIGNS.contains(&c) || c == ':');
    let is_alone = c.is_whole_to_here(start) || super::scan::clock_behind(c).is_some();
    (!goes_on && (!is_dotted || is_alone)).then_some((date, c))
}

/// What follows the year: 年 and the rest, or the rest behind signs.
fn month_and_day(start: Cursor<'_>, year: i32) -> Option<(NaiveDate, Cursor<'_>)> {
    let mut c = start;
    if c.blanks().any(&['年']).is_some() {
        let month = c.blanks().number()?;
        c.blanks().any(&['月', '-', '/', '.'])?;
        return day_of(c, year, month);
    }
    c.any(&SIGNS)?;
    let month = c.blanks().digits(1, 2)?;
    c.blanks().any(&['-', '/', '.', '月'])?;
    day_of(c, year, month)
}

fn day_of(start: Cursor<'_>, year: i32, month: u32) -> Option<(NaiveDate, Cursor<'_>)> {
    let mut c = start;
    // `2026-11-2208:30`: tags stood between the day and the clock.
    let glued = c.run() == 4 && c.rest().as_bytes().get(4) == Some(&b':');
    let day = if glued { c.fixed(2)? } else { c.blanks().number()? };
    let mut suffix = c;
    if suffix.blanks().any(&['日', '号']).is_some() {
        c = suffix;
    }
    Some((NaiveDate::from_ymd_opt(year, month, day)?, c))
}

/// `22/11/2026`, `11/22/2026`; where both could be the month, the American order is assumed.
fn year_last(start: Cursor<'_>) -> Option<(NaiveDate, Cursor<'_>)> {
    if start.before().is_some_and(|c| c.is_ascii_digit() || SIGNS.contains(&c)) {
        return None;
    }
    let mut c = start;
    let one = c.digits(1, 2)?;
    let sign = c.any(&SIGNS)?;
    let other = c.digits(1, 2)?;
    c.any(&[sign])?;
    let year = i32::try_from(c.digits(4, 4)?).ok()?;
    let (month, day) = if one > 12 { (other, one) } else { (one, other) };
    Some((NaiveDate::from_ymd_opt(year, month, day)?, c))
}

/// 去年11月22日.
fn year_in_words<'t>(start: Cursor<'t>, context: &TimeContext) -> Option<(NaiveDate, Cursor<'t>)> {
    let mut c = start;
    let back = c.word(&[("大前年", 3), ("前年", 2), ("去年", 1), ("今年", 0), ("本年", 0)])?;
    c.blanks().any(&['的']);
    let month = c.blanks().number()?;
    c.blanks().any(&['月'])?;
    day_of(c, context.today().year() - back, month)
}

/// 本月3日, 上个月22号.
fn month_in_words<'t>(start: Cursor<'t>, context: &TimeContext) -> Option<(NaiveDate, Cursor<'t>)> {
    let mut c = start;
    let back = c.word(&[
        ("上上个月", 2),
        ("上上月", 2),
        ("上个月", 1),
        ("上月", 1),
        ("本月", 0),
        ("这个月", 0),
    ])?;
    let first = context.today().with_day(1)?.checked_sub_months(Months::new(back))?;
    let (date, c) = day_of(c, first.year(), first.month())?;
    matches!(c.before(), Some('日' | '号')).then_some((date, c))
}

/// Month and day without a year: `11月22日`, 十一月二十二日, `11-22`, `11/22`.
pub(super) fn without_year(start: Cursor<'_>) -> Option<((u32, u32), Cursor<'_>)> {
    let joined = |c: char| c.is_ascii_alphanumeric() || SIGNS.contains(&c) || c == '_';
    if start.before().is_some_and(joined) {
        return None;
    }
    let mut c = start;
    let month = c.number().filter(|m| (1..=12).contains(m))?;
    let is_figure = c.before().is_some_and(|c| c.is_ascii_digit());
    let sign = c.any(if is_figure { &['月', '-', '/'] } else { &['月'] })?;
    if sign == '月' {
        c.blanks();
    }
    let day = c.number().filter(|d| (1..=31).contains(d))?;
    if sign == '月' && c.blanks().any(&['日', '号']).is_some() {
        return Some(((month, day), c));
    }
    // `3-5天`, `11/22/33`, `11-22%` are no days.
    let goes_on = c.peek().is_some_and(|c| c.is_alphanumeric() || SIGNS.contains(&c) || c == '%');
    (!goes_on || super::scan::clock_behind(c).is_some()).then_some(((month, day), c))
}

/// The latest such day that is not after `today`; 29 February may lie four years back.
pub(super) fn latest((month, day): (u32, u32), today: NaiveDate) -> Option<NaiveDate> {
    (0..9)
        .filter_map(|back| NaiveDate::from_ymd_opt(today.year() - back, month, day))
        .find(|date| *date <= today)
}
