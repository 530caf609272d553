//! The one grammar of written times: feeds, pages, tables and lists all read theirs here.
//!
//! In: a text, the present instant, the zone of the page, and whether it is Chinese. Out: instants, whether a time
//! of day was given, and where in the text they stand. Reads what people and machines write: `2026年11月22日晚8时`,
//! 昨晚, 去年, 一个半小时前, 民國115年, RFC 2822, ISO 8601, Java, Weibo, Unix seconds, digits alone. A day without a
//! year is the latest such day not after now. Refuses years that no post can have; what is no time is `None`.
//! Whether a time in the future is believed is for the caller to say.

mod clock;
mod compact;
mod cursor;
mod day;
mod english;
mod normal;
mod numeral;
mod scan;
mod spoken;
#[cfg(test)]
mod tests;
mod zone;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

pub(super) use normal::normal;
pub(super) use scan::{Form, Written, scan};

use clock::Clock;
use zone::Zone;

/// The first year of a post: the web is hardly older, and what lies before it is the zero of some clock
/// (1970, 1980, year 1) or a date of history.
const FIRST_YEAR: i32 = 1990;

/// Years ahead of now that are still a date, if a doubtful one. Beyond it stands "for ever" (2099, 9999).
const YEARS_AHEAD: i32 = 10;

/// An instant read from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedTime {
    /// The instant; local midnight when only a day was given.
    pub at: DateTime<Utc>,
    /// Whether a time of day was given.
    pub has_time: bool,
}

/// What a text is read against.
#[derive(Clone, Copy, Debug)]
pub struct TimeContext {
    /// The present instant.
    pub now: DateTime<Utc>,
    /// Times without a zone of their own are read in this one.
    pub zone: Tz,
    /// Whether the text around is Chinese: then `CST` is China's standard time, else that of Chicago.
    pub is_chinese: bool,
}

impl TimeContext {
    /// Chinese where the zone is eight hours ahead.
    #[must_use]
    pub fn new(now: DateTime<Utc>, zone: Tz) -> Self {
        use chrono::Offset as _;
        let offset = now.with_timezone(&zone).offset().fix().local_minus_utc();
        Self { now, zone, is_chinese: offset == 8 * 3600 }
    }

    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }

    fn year_of(&self, at: DateTime<Utc>) -> i32 {
        at.with_timezone(&self.zone).year()
    }

    fn is_plausible(&self, year: i32) -> bool {
        (FIRST_YEAR..=self.today().year() + YEARS_AHEAD).contains(&year)
    }

    /// The year that two digits mean: this century up to next year, else the last.
    fn full_year(&self, two_digits: u32) -> Option<i32> {
        let year = two_digits as i32;
        let year = if year + 2000 <= self.today().year() + 1 { year + 2000 } else { year + 1900 };
        self.is_plausible(year).then_some(year)
    }

    /// A day with its clock, if any, as an instant; none where no post can be of that year.
    fn instant(&self, date: NaiveDate, clock: Option<Clock>) -> Option<ParsedTime> {
        if !self.is_plausible(date.year()) {
            return None;
        }
        let midnight = date.and_time(NaiveTime::MIN);
        let Some(clock) = clock else {
            return Some(ParsedTime { at: self.local(midnight, None)?, has_time: false });
        };
        let when = midnight.checked_add_signed(Duration::milliseconds(clock.millis))?;
        Some(ParsedTime { at: self.local(when, clock.zone)?, has_time: true })
    }

    fn local(&self, when: NaiveDateTime, zone: Option<Zone>) -> Option<DateTime<Utc>> {
        let in_zone = |zone: Tz| {
            // An hour that a change of clocks left out does not exist: the same clock an hour later does.
            let found = zone.from_local_datetime(&when).earliest();
            let later = || zone.from_local_datetime(&(when + Duration::hours(1))).earliest();
            found.or_else(later).map(|at| at.to_utc())
        };
        match zone {
            Some(Zone::Offset(secs)) => {
                when.checked_sub_signed(Duration::seconds(secs.into())).map(|at| at.and_utc())
            }
            Some(Zone::Named(zone)) => in_zone(zone),
            Some(Zone::Cst) if self.is_chinese => in_zone(Tz::Asia__Shanghai),
            Some(Zone::Cst) => Some((when + Duration::hours(6)).and_utc()),
            None => in_zone(self.zone),
        }
    }
}

/// The time that `text` states: `刚刚`, `昨晚 8:15`, `11-22`, `2026年11月22日晚8时`, RFC 2822, ISO 8601, `20261122`,
/// Unix seconds. Of several the first that has a year, else the first spoken one, else the first day without a year;
/// a clock alone only where it is all there is. Without a zone of its own it is read in `zone`.
#[must_use]
pub fn parse_time(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<ParsedTime> {
    parse_time_in(text, &TimeContext::new(now, zone)).map(|(time, _)| time)
}

/// The same in a context of one's own, and whether the text states the day itself: not counted from now, and with
/// its year.
#[must_use]
pub fn parse_time_in(text: &str, context: &TimeContext) -> Option<(ParsedTime, bool)> {
    let text = normal(front(text));
    let text = text.trim();
    if let Some(time) = compact::whole(text, context) {
        return Some((time, true));
    }
    let found = scan(text, context);
    let first = |form: Form| found.iter().find(|w| w.form == form);
    let whole = |w: &&Written| w.range == (0..text.len());
    let clock = || first(Form::Clock).filter(whole);
    let chosen = first(Form::Day).or_else(|| first(Form::Spoken));
    let chosen = chosen.or_else(|| first(Form::NoYear)).or_else(clock)?;
    Some((chosen.time, chosen.form == Form::Day))
}

/// The words of a text that state a time, in the spelling of `normal`, whatever the time is now: for who looks for a
/// date beside a headline and reads it later.
#[must_use]
pub fn time_words(text: &str) -> Option<String> {
    const DIGITS_OR_WORDS: &str = "刚昨今前一二三四五六七八九十廿";
    let text = front(text);
    if !text.chars().any(|c| c.is_numeric() || DIGITS_OR_WORDS.contains(c)) {
        return None;
    }
    // Late enough for every year of a post; no instant of it is used.
    let late = DateTime::from_timestamp(3_000_000_000, 0)?;
    let text = normal(text);
    let found = scan(&text, &TimeContext::new(late, Tz::Asia__Shanghai));
    let forms = [Form::Day, Form::Spoken, Form::NoYear, Form::Clock];
    let first = forms.iter().find_map(|form| found.iter().find(|w| w.form == *form))?;
    Some(text[first.range.clone()].to_owned())
}

/// As much of a text as is looked at: what states a time is a line or a cell, not a book.
fn front(text: &str) -> &str {
    const LONGEST_BYTES: usize = 16 * 1024;
    &text[..text.floor_char_boundary(LONGEST_BYTES)]
}

/// The time in a cell of a table: the same grammar, and the serial days of spreadsheets (`46346.354167` is
/// 2026-11-20 08:30), which are local.
#[must_use]
pub fn cell_time(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<ParsedTime> {
    let context = TimeContext::new(now, zone);
    compact::serial(text.trim(), &context)
        .or_else(|| parse_time_in(text, &context).map(|(time, _)| time))
}
