//! The time a row speaks of: a day, a day with its clock, or the number that spreadsheets keep for both.
//!
//! In: the cells of day and clock. Out: a time, or none: what cannot be read is never guessed at. All written
//! forms are read by the one grammar of times; only what tables alone do is read here.

use chrono::{DateTime, Days, NaiveDate, Timelike, Utc};

use crate::crawl::entry::stamp;
use crate::record::Published;

/// Days of a spreadsheet's calendar that are taken for a time: from 1980 to 2100. Smaller numbers are counts.
const SERIAL_DAYS: std::ops::Range<f64> = 29_221.0..73_051.0;

/// The time in the cells `day` and `clock`, either of which may hold all of it.
pub(super) fn when(
    day: Option<&str>,
    clock: Option<&str>,
    now: DateTime<Utc>,
) -> Option<Published> {
    let read = |text: &str| stamp(text, "import", now);
    let (day, clock) = (day.map(spelled), clock.map(spelled));
    match (day, clock) {
        (Some(day), Some(clock)) if is_clock(&clock) => {
            // 00:00:00 behind a day is how a day without a clock is written out.
            let day = day.strip_suffix(" 00:00:00").or(day.strip_suffix(" 00:00")).unwrap_or(&day);
            read(&format!("{day} {clock}")).or_else(|| read(day))
        }
        (Some(day), Some(clock)) => match (read(&day), read(&clock)) {
            (Some(day), Some(clock)) if !day.has_time && clock.has_time => Some(clock),
            (day, clock) => day.or(clock),
        },
        // A clock alone does not say of which day.
        (Some(alone), None) | (None, Some(alone)) if is_clock(&alone) => None,
        (Some(alone), None) | (None, Some(alone)) => read(&alone),
        (None, None) => None,
    }
}

/// The number of a spreadsheet as a written time; everything else as it is.
fn spelled(text: &str) -> String {
    let text = text.trim();
    let number =
        text.parse::<f64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    match number {
        Some(serial) if SERIAL_DAYS.contains(&serial) => {
            serial_time(serial).unwrap_or_else(|| text.to_owned())
        }
        Some(part) if (0.0..1.0).contains(&part) && text.contains('.') => clock_of(seconds(part)),
        _ => text.to_owned(),
    }
}

/// Days since 1899-12-30, as Excel and its kin count since 1900-03-01.
fn serial_time(serial: f64) -> Option<String> {
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    let mut days = serial.trunc() as u64;
    let mut second = seconds(serial.fract());
    if second == 86_400 {
        (days, second) = (days + 1, 0);
    }
    let day = day.checked_add_days(Days::new(days))?;
    let has_clock = serial.fract() > 0.0;
    Some(if has_clock { format!("{day} {}", clock_of(second)) } else { day.to_string() })
}

/// Seconds of a part of a day, to the nearest: the part is cut after some digits.
fn seconds(part: f64) -> u32 {
    let exact = part * 86_400.0;
    let minute = (exact / 60.0).round() * 60.0;
    // 0.354167 is 08:30 and not 08:30:00.03.
    (if (exact - minute).abs() < 1.0 { minute } else { exact.round() }) as u32
}

fn clock_of(second: u32) -> String {
    let clock = chrono::NaiveTime::from_num_seconds_from_midnight_opt(second % 86_400, 0);
    let clock = clock.unwrap_or_default();
    format!("{:02}:{:02}:{:02}", clock.hour(), clock.minute(), clock.second())
}

/// Whether a text is a clock and nothing else: `08:05`, `下午3：20`, `8时05分`, `10点`.
fn is_clock(text: &str) -> bool {
    let mut rest = text.trim();
    for word in [
        "凌晨", "清晨", "早上", "早晨", "上午", "中午", "下午", "傍晚", "晚上", "夜间", "晚", "早",
        "AM", "PM", "am", "pm",
    ] {
        rest = rest.strip_prefix(word).or(rest.strip_suffix(word)).unwrap_or(rest).trim();
    }
    let hours = rest.chars().take_while(char::is_ascii_digit).count();
    let mut signs = rest.chars().skip(hours);
    (1..=2).contains(&hours)
        && matches!(signs.next(), Some(':' | '：' | '时' | '点'))
        && signs.all(|c| c.is_ascii_digit() || ":：分秒半.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(day: &str, clock: &str, expected: &str) {
        let now = DateTime::from_timestamp(1_795_600_000, 0).unwrap();
        let cell = |text: &'static str| (!text.is_empty()).then_some(text);
        let (day, clock): (&'static str, &'static str) =
            (day.to_owned().leak(), clock.to_owned().leak());
        let got = when(cell(day), cell(clock), now).map_or_else(String::new, |p| {
            let local = p.at.with_timezone(&crate::crawl::entry::ZONE);
            local.format(if p.has_time { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" }).to_string()
        });
        assert_eq!(got, expected, "{day} | {clock}");
    }

    #[test]
    fn days_clocks_and_serial_numbers() {
        check("2026-11-20", "08:05", "2026-11-20 08:05");
        check("2026/11/20", "8:05:30", "2026-11-20 08:05");
        check("2026-11-20 00:00:00", "08:05", "2026-11-20 08:05");
        check("46346", "0.354167", "2026-11-20 08:30");
        check("46346.354167", "", "2026-11-20 08:30");
        check("46346", "", "2026-11-20");
        check("2026-11-20", "2026-11-20 08:05", "2026-11-20 08:05");
        check("2026-11-20", "不详", "2026-11-20");
    }

    #[test]
    fn unknown_stays_unknown() {
        check("", "08:05", "");
        check("08:05", "", "");
        check("12", "", "");
        check("不详", "", "");
    }
}
