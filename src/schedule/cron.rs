//! A cron expression: six sets of numbers.
//!
//! In: five or six fields. Out: the days it runs on and the seconds of a day. The `cron` crate reads the
//! fields; a thin layer here gives what crontab means and the crate does not: five fields, Sunday as 0 or 7
//! (the crate counts it as 1), either kind of day where both are limited, and errors that name the field.
//! Refuses what is not known (`L`, `W`, `#`) rather than run at another time than was meant.

use chrono::{Datelike, NaiveDate};
use cron::TimeUnitSpec;
use pipelines::locale::Lang;

/// One field of the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CronField {
    /// 0–59
    Second,
    /// 0–59
    Minute,
    /// 0–23
    Hour,
    /// 1–31
    Day,
    /// 1–12 or JAN–DEC
    Month,
    /// 0–7 or SUN–SAT; 0 and 7 are Sunday
    Weekday,
}

const FIELDS: [CronField; 6] = [
    CronField::Second,
    CronField::Minute,
    CronField::Hour,
    CronField::Day,
    CronField::Month,
    CronField::Weekday,
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl CronField {
    fn bounds(self) -> (u32, u32) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::Day => (1, 31),
            Self::Month => (1, 12),
            Self::Weekday => (0, 7),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Weekday => "weekday",
        }
    }

    /// The numbers of one field as bits: the field alone, the others open.
    fn set(self, text: &str) -> Option<u64> {
        if text.is_empty() || text.contains(char::is_whitespace) {
            return None;
        }
        let read = |expression: String| expression.parse::<cron::Schedule>().ok();
        Some(match self {
            Self::Second => bits(read(format!("{text} * * * * *"))?.seconds()),
            Self::Minute => bits(read(format!("* {text} * * * *"))?.minutes()),
            Self::Hour => bits(read(format!("* * {text} * * *"))?.hours()),
            Self::Day => bits(read(format!("* * * {text} * *"))?.days_of_month()),
            Self::Month => bits(read(format!("* * * * {text} *"))?.months()),
            // Hours count from 0 as weekdays do in crontab.
            Self::Weekday => {
                let days = bits(read(format!("* * {} * * *", from_sunday(text)))?.hours());
                // 8 and beyond are no weekdays; 7 is Sunday once more.
                return (days < 1 << 8).then_some(days | days >> 7 & 1);
            }
        })
    }
}

fn bits(field: &impl TimeUnitSpec) -> u64 {
    field.iter().fold(0, |bits, number| bits | 1 << number)
}

/// A field of weekdays in numbers from 0 to 7, with the open ends of steps closed.
fn from_sunday(text: &str) -> String {
    let numbered = |part: &str| {
        let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s)));
        let number = |name: &str| {
            let lower = name.to_ascii_lowercase();
            let place = WEEKDAYS.iter().position(|day| *day == lower);
            place.map_or_else(|| name.to_owned(), |place| place.to_string())
        };
        let range = match range.split_once('-') {
            Some((first, last)) => format!("{}-{}", number(first), number(last)),
            None if matches!(range, "*" | "?") => "0-7".to_owned(),
            None if step.is_some() => format!("{}-7", number(range)),
            None => number(range),
        };
        step.map_or(range.clone(), |step| format!("{range}/{step}"))
    };
    text.split(',').map(numbered).collect::<Vec<_>>().join(",")
}

/// Why an expression cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Neither five nor six fields.
    #[error("a schedule has 5 or 6 fields, not {found}")]
    FieldCount {
        /// Fields found.
        found: usize,
    },
    /// A field that cannot be read or is out of its bounds.
    #[error("`{text}` is not a {} of a schedule", field.name())]
    Field {
        /// Which.
        field: CronField,
        /// As written.
        text: String,
    },
    /// `@something` that is not known.
    #[error("unknown schedule `{text}`")]
    Nickname {
        /// As written.
        text: String,
    },
}

impl CronError {
    /// The error for an officer.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::FieldCount { found } => lang.fill("config.cron.field_count", &[("found", found)]),
            Self::Nickname { text } => lang.fill("config.cron.nickname", &[("text", text)]),
            Self::Field { field, text } => {
                let (low, high) = field.bounds();
                let name = lang.text(&format!("config.cron.{}", field.name()));
                let args: [(&str, &dyn std::fmt::Display); 4] =
                    [("field", &name), ("text", text), ("low", &low), ("high", &high)];
                lang.fill("config.cron.field", &args)
            }
        }
    }
}

/// The six sets. Bit n stands for the number n.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    either_day: bool,
}

impl Cron {
    pub(super) fn parse(text: &str) -> Result<Self, CronError> {
        let text = text.trim();
        let long = match text {
            "@hourly" => "0 0 * * * *",
            "@daily" | "@midnight" => "0 0 0 * * *",
            "@weekly" => "0 0 0 * * 1",
            "@monthly" => "0 0 0 1 * *",
            _ if text.starts_with('@') => {
                return Err(CronError::Nickname { text: text.to_owned() });
            }
            _ => text,
        };
        let mut parts: Vec<&str> = long.split_whitespace().collect();
        match parts.len() {
            5 => parts.insert(0, "0"),
            6 => {}
            found => return Err(CronError::FieldCount { found }),
        }
        let mut sets = [0u64; 6];
        for ((set, field), part) in sets.iter_mut().zip(FIELDS).zip(&parts) {
            *set = field
                .set(part)
                .ok_or_else(|| CronError::Field { field, text: (*part).to_owned() })?;
        }
        let [seconds, minutes, hours, days, months, weekdays] = sets;
        let limited = |part: &str| !part.starts_with(['*', '?']);
        let either_day = limited(parts[3]) && limited(parts[5]);
        Ok(Self { seconds, minutes, hours, days, months, weekdays, either_day })
    }

    /// Whether any second of `date` is meant.
    pub(super) fn runs_on(&self, date: NaiveDate) -> bool {
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().num_days_from_sunday());
        has(self.months, date.month())
            && if self.either_day { day || weekday } else { day && weekday }
    }

    /// The seconds of a day from `from` on, in order.
    pub(super) fn seconds_from(&self, from: u32) -> impl Iterator<Item = u32> {
        let (hours, minutes, seconds) = (self.hours, self.minutes, self.seconds);
        members(hours, 24)
            .filter(move |h| (h + 1) * 3600 > from)
            .flat_map(move |h| members(minutes, 60).map(move |m| h * 3600 + m * 60))
            .filter(move |start| start + 60 > from)
            .flat_map(move |start| members(seconds, 60).map(move |s| start + s))
            .filter(move |second| *second >= from)
    }
}

fn has(bits: u64, number: u32) -> bool {
    bits & (1 << number) != 0
}

fn members(bits: u64, end: u32) -> impl Iterator<Item = u32> {
    (0..end).filter(move |n| has(bits, *n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &CronError) {
        assert_eq!(Cron::parse(text).as_ref(), Err(expected), "{text}");
    }

    #[test]
    fn what_cannot_be_read_names_its_field() {
        let field = |field, text: &str| CronError::Field { field, text: text.to_owned() };
        check("", &CronError::FieldCount { found: 0 });
        check("8 点", &CronError::FieldCount { found: 2 });
        check("0 0 8 * * * 2026", &CronError::FieldCount { found: 7 });
        check("@yearly", &CronError::Nickname { text: "@yearly".to_owned() });
        check("60 * * * *", &field(CronField::Minute, "60"));
        check("0 24 * * *", &field(CronField::Hour, "24"));
        check("0 8 0 * *", &field(CronField::Day, "0"));
        check("0 8 L * *", &field(CronField::Day, "L"));
        check("0 8 * 13 *", &field(CronField::Month, "13"));
        check("0 8 * * 8", &field(CronField::Weekday, "8"));
        check("0 8 * * 周一", &field(CronField::Weekday, "周一"));
        check("*/0 * * * *", &field(CronField::Minute, "*/0"));
        check("30-10 * * * *", &field(CronField::Minute, "30-10"));
        check("+5 * * * *", &field(CronField::Minute, "+5"));
        check("61 0 8 * * *", &field(CronField::Second, "61"));
        check(", * * * *", &field(CronField::Minute, ","));
    }
}
