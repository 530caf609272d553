//! Times that are nothing but digits: `20261122`, `202611220830`, Unix seconds, serial days of spreadsheets.
//!
//! In: a whole text. Out: the instant, where length and value leave one meaning. A number that could be an
//! ordinary one (a telephone, a page) is none.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime};

use super::clock::Clock;
use super::{ParsedTime, TimeContext};

/// The text as a time, where it is digits and nothing else (`1795219200.5` is seconds with a fraction).
pub(super) fn whole(text: &str, context: &TimeContext) -> Option<ParsedTime> {
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if !is_number(digits) || !is_number(fraction) {
        return None;
    }
    if !fraction.is_empty() && digits.len() != 10 {
        return None;
    }
    match digits.len() {
        8 => context.instant(day(digits)?, None),
        12 => local(digits, "%Y%m%d%H%M", context),
        14 => local(digits, "%Y%m%d%H%M%S", context),
        17 => local(&digits[..14], "%Y%m%d%H%M%S", context),
        10 => unix(digits, 1_000, context),
        13 => unix(digits, 1, context),
        16 => unix(&digits[..13], 1, context),
        _ => None,
    }
}

/// `20261122` as a day.
pub(super) fn day(digits: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(digits, "%Y%m%d").ok()
}

fn local(digits: &str, form: &str, context: &TimeContext) -> Option<ParsedTime> {
    let when = NaiveDateTime::parse_from_str(digits, form).ok()?;
    let millis = (when - when.date().and_time(chrono::NaiveTime::MIN)).num_milliseconds();
    context.instant(when.date(), Some(Clock { millis, zone: None }))
}

fn unix(digits: &str, factor: i64, context: &TimeContext) -> Option<ParsedTime> {
    use chrono::Datelike as _;
    let at = DateTime::from_timestamp_millis(digits.parse::<i64>().ok()?.checked_mul(factor)?)?;
    let year = at.with_timezone(&context.zone).year();
    context.is_plausible(year).then_some(ParsedTime { at, has_time: true })
}

/// Days since 1899-12-30 with the clock behind the point, as spreadsheets count; of five digits.
pub(super) fn serial(text: &str, context: &TimeContext) -> Option<ParsedTime> {
    let (days, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if days.len() != 5 || !is_number(days) || !is_number(fraction) || fraction.len() > 12 {
        return None;
    }
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let date = epoch.checked_add_signed(Duration::days(days.parse().ok()?))?;
    if fraction.bytes().all(|b| b == b'0') {
        return context.instant(date, None);
    }
    let secs = format!("0.{fraction}").parse::<f64>().ok()? * 86_400.0;
    // The fraction is cut somewhere: whole seconds are what was meant.
    let millis = secs.round() as i64 * 1000;
    context.instant(date, Some(Clock { millis, zone: None }))
}
