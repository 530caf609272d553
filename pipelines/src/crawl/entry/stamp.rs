//! Times as feeds, sitemaps and rows write them.
//!
//! In: a text. Out: a [`Published`] of high confidence, or nothing: a wrong date is worse than none. What is
//! no machine form goes to the reader of Chinese times. A time in the future is refused with an issue.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{Asia, Tz};

use crate::extract::parse_time;
use crate::record::{Confidence, Issue, Published};

/// Texts without a zone are read in this one.
pub const ZONE: Tz = Asia::Shanghai;

/// Clocks of servers go wrong by so much without the date being false.
const CLOCK_SLACK: TimeDelta = TimeDelta::hours(26);

/// The time in `text`, found at `place`.
#[must_use]
pub fn stamp(text: &str, place: &str, now: DateTime<Utc>) -> Option<Published> {
    let text = text.trim();
    let (at, has_time) = machine_time(text).or_else(|| spoken_time(text, now))?;
    let confidence = Confidence::High;
    Some(Published { at, has_time, confidence, place: place.to_owned() })
}

/// The same, with what must be noted of the post: no time, or one in the future.
#[must_use]
pub fn stamp_or_issue(
    text: Option<&str>,
    place: &str,
    now: DateTime<Utc>,
) -> (Option<Published>, Option<Issue>) {
    match text.and_then(|t| stamp(t, place, now)) {
        Some(p) if p.at > now + CLOCK_SLACK => (None, Some(Issue::FutureDate)),
        Some(p) => (Some(p), None),
        None => (None, None),
    }
}

/// Chinese forms: 刚刚, 3分钟前, 昨天 12:30, 11-22, 2026年11月22日.
fn spoken_time(text: &str, now: DateTime<Utc>) -> Option<(DateTime<Utc>, bool)> {
    parse_time(text, now, ZONE).map(|time| (time.at, time.has_time))
}

/// RFC 3339, RFC 2822 and their common misspellings, Unix seconds and milliseconds.
fn machine_time(text: &str) -> Option<(DateTime<Utc>, bool)> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some((at.to_utc(), true));
    }
    if let Ok(at) = DateTime::parse_from_rfc2822(&without_weekday(text)) {
        return Some((at.to_utc(), true));
    }
    unix_time(text).or_else(|| with_zone(text)).or_else(|| in_zone(text))
}

/// The weekday is redundant and often wrong or in another language.
fn without_weekday(text: &str) -> String {
    let rest = match text.split_once(',') {
        Some((day, rest)) if day.chars().count() <= 9 => rest.trim(),
        _ => text,
    };
    ["GMT", "UTC"].iter().fold(rest.to_owned(), |rest, name| {
        rest.replace(&format!("{name}+"), "+").replace("Sept ", "Sep ")
    })
}

fn unix_time(text: &str) -> Option<(DateTime<Utc>, bool)> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let at = match text.len() {
        10 => DateTime::from_timestamp(number, 0),
        13 => DateTime::from_timestamp_millis(number),
        _ => None,
    };
    at.map(|at| (at, true))
}

fn with_zone(text: &str) -> Option<(DateTime<Utc>, bool)> {
    const FORMS: &[&str] = &[
        "%Y-%m-%dT%H:%M:%S%.f%z",
        "%Y-%m-%dT%H:%M%z",
        "%Y-%m-%d %H:%M:%S %z",
        "%d %b %Y %H:%M:%S %z",
        "%d %b %Y %H:%M %z",
        "%d %b %y %H:%M:%S %z",
        "%b %d, %Y %H:%M:%S %z",
        "%a %b %d %H:%M:%S %z %Y",
    ];
    let plain = without_weekday(text).replace(" GMT", " +0000").replace(" UTC", " +0000");
    let plain = plain.replace(" CST", " +0800").replace(" Z", " +0000");
    let plain = plain.strip_suffix('Z').map_or(plain.clone(), |rest| format!("{rest}+0000"));
    FORMS
        .iter()
        .find_map(|form| DateTime::parse_from_str(&plain, form).ok().map(|at| (at.to_utc(), true)))
}

fn in_zone(text: &str) -> Option<(DateTime<Utc>, bool)> {
    const TIMES: &[&str] = &[
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d %H:%M",
        "%d %b %Y %H:%M:%S",
        "%d %b %Y %H:%M",
        "%a %b %d %H:%M:%S %Y",
    ];
    const DAYS: &[&str] = &["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d %b %Y"];
    let plain = without_weekday(text);
    let local = |at: NaiveDateTime| ZONE.from_local_datetime(&at).earliest().map(|at| at.to_utc());
    let time = TIMES.iter().find_map(|form| NaiveDateTime::parse_from_str(&plain, form).ok());
    if let Some(at) = time.and_then(local) {
        return Some((at, true));
    }
    let day = DAYS.iter().find_map(|form| NaiveDate::parse_from_str(&plain, form).ok())?;
    local(day.and_time(chrono::NaiveTime::MIN)).map(|at| (at, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
        let got = stamp(text, "feed", now).map(|p| p.at.to_rfc3339());
        assert_eq!(got.as_deref(), expected, "{text}");
    }

    #[test]
    fn times_of_feeds() {
        for (text, expected) in [
            ("2026-11-21T08:00:00+08:00", Some("2026-11-21T00:00:00+00:00")),
            ("2026-11-21T08:00:00.123Z", Some("2026-11-21T08:00:00.123+00:00")),
            ("2026-11-21 08:00:00", Some("2026-11-21T00:00:00+00:00")),
            ("Sat, 21 Nov 2026 08:00:00 +0800", Some("2026-11-21T00:00:00+00:00")),
            ("Mon, 21 Nov 2026 08:00:00 GMT", Some("2026-11-21T08:00:00+00:00")),
            ("星期六, 21 Nov 2026 08:00:00 +0800", Some("2026-11-21T00:00:00+00:00")),
            ("2026/11/21 08:00", Some("2026-11-21T00:00:00+00:00")),
            ("2026-11-21", Some("2026-11-20T16:00:00+00:00")),
            ("1795219200", Some("2026-11-21T00:00:00+00:00")),
            ("1795219200000", Some("2026-11-21T00:00:00+00:00")),
            ("", None),
            ("十一月某日", None),
            ("3小时前", Some("2026-11-22T09:00:00+00:00")),
            ("2026年11月21日 08:00", Some("2026-11-21T00:00:00+00:00")),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn the_future_is_refused_by_name() {
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
        assert_eq!(
            stamp_or_issue(Some("2031-01-01"), "feed", now),
            (None, Some(Issue::FutureDate))
        );
    }
}
