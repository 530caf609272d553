//! When something runs: a cron expression in a time zone, if wanted on working days only.
//!
//! In: an expression, a zone, a calendar, and instants. Out: the next instant, or the latest one that was
//! missed. Pure: `now` is an argument, nothing sleeps here. A local time that a clock change repeats fires
//! once (the first time); one that it skips fires at the end of the gap; missed runs are made up for once.

mod calendar;
mod cron;

use std::sync::Arc;

use chrono::{DateTime, Days, Duration, LocalResult, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

pub use calendar::Calendar;
pub use cron::{CronError, CronField};

use cron::Cron;

/// Days searched for the next instant: 29 February on a given weekday comes back within 40 years.
const HORIZON_DAYS: u64 = 366 * 41;

/// A repeated instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    cron: Cron,
    zone: Tz,
    calendar: Option<Arc<Calendar>>,
}

impl Schedule {
    /// Reads a cron expression of 5 fields (minute hour day month weekday) or 6 (second first), or
    /// `@hourly`, `@daily`, `@weekly`, `@monthly`. In the time zone Asia/Shanghai until said otherwise.
    ///
    /// Lists, ranges, steps, English names and 0 or 7 for Sunday are understood. Where both day of month
    /// and weekday are limited either is enough, as in every cron since 1987.
    ///
    /// # Errors
    /// Says which field cannot be read and what it takes.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let cron = Cron::parse(text)?;
        Ok(Self { text: text.trim().to_owned(), cron, zone: Tz::Asia__Shanghai, calendar: None })
    }

    /// The same in another time zone.
    #[must_use]
    pub fn in_zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// The same, on the working days of `calendar` only.
    #[must_use]
    pub fn on_workdays(mut self, calendar: Arc<Calendar>) -> Self {
        self.calendar = Some(calendar);
        self
    }

    /// The expression as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first instant after `t`; none if there is none within forty years (31 February).
    #[must_use]
    pub fn next_after(&self, t: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let start = t.with_timezone(&self.zone).naive_local();
        for ahead in 0..HORIZON_DAYS {
            let date = start.date().checked_add_days(Days::new(ahead))?;
            if !self.runs_on(date) {
                continue;
            }
            let from = if ahead == 0 { start.num_seconds_from_midnight() } else { 0 };
            let instants = self.cron.seconds_from(from).filter_map(|s| self.instant(date, s));
            if let Some(found) = instants.into_iter().find(|found| *found > t) {
                return Some(found);
            }
        }
        None
    }

    /// The latest instant in `(last_run, now]`: what was missed, to be made up for once. None: not due.
    #[must_use]
    pub fn due(&self, last_run: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let missed = |since| self.next_after(since).filter(|next| *next <= now);
        let mut latest = missed(last_run)?;
        // The later one starts, the later the next instant: halve until nothing lies between.
        let (mut from, mut to) = (latest, now);
        while to - from > Duration::seconds(1) {
            let middle = from + (to - from) / 2;
            match missed(middle) {
                Some(later) => (latest, from) = (later, middle),
                None => to = middle,
            }
        }
        Some(missed(from).unwrap_or(latest))
    }

    fn runs_on(&self, date: chrono::NaiveDate) -> bool {
        self.cron.runs_on(date) && self.calendar.as_ref().is_none_or(|c| c.is_workday(date))
    }

    fn instant(&self, date: chrono::NaiveDate, second_of_day: u32) -> Option<DateTime<Utc>> {
        let local = date.and_hms_opt(0, 0, 0)? + Duration::seconds(second_of_day.into());
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
            LocalResult::None => self.end_of_gap(local),
        }
    }

    /// The first minute that exists after a local time that a clock change skips (a whole day at most).
    fn end_of_gap(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let minute = local.with_second(0)?;
        (1..=24 * 60)
            .find_map(|m| {
                self.zone.from_local_datetime(&(minute + Duration::minutes(m))).earliest()
            })
            .map(|at| at.to_utc())
    }
}

impl std::str::FromStr for Schedule {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The next three instants after `after`, in local time.
    fn check(spec: &str, zone: Tz, after: &str, expected: &[&str]) {
        let schedule = Schedule::parse(spec).unwrap().in_zone(zone);
        let mut t = utc(after);
        let mut got = Vec::new();
        for _ in 0..expected.len() {
            t = schedule.next_after(t).unwrap_or_else(|| panic!("{spec} never fires after {t}"));
            got.push(t.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string());
        }
        assert_eq!(got, expected, "{spec} after {after}");
    }

    #[test]
    fn fires_at_the_local_times_written() {
        let cst = Tz::Asia__Shanghai;
        let at = "2026-11-22T05:07:00Z"; // Sunday 13:07 in Shanghai
        for (spec, expected) in [
            ("*/15 * * * *", ["2026-11-22 13:15:00", "2026-11-22 13:30:00"]),
            ("0 8 * * *", ["2026-11-23 08:00:00", "2026-11-24 08:00:00"]),
            ("30 8,17 * * 1-5", ["2026-11-23 08:30:00", "2026-11-23 17:30:00"]),
            ("0 9 * * 0", ["2026-11-29 09:00:00", "2026-12-06 09:00:00"]),
            ("0 9 * * 7", ["2026-11-29 09:00:00", "2026-12-06 09:00:00"]),
            ("0 9 * * SUN", ["2026-11-29 09:00:00", "2026-12-06 09:00:00"]),
            ("0 9 1 * *", ["2026-12-01 09:00:00", "2027-01-01 09:00:00"]),
            ("0 9 1 * MON", ["2026-11-23 09:00:00", "2026-11-30 09:00:00"]),
            ("0 0 29 2 *", ["2028-02-29 00:00:00", "2032-02-29 00:00:00"]),
            ("10 0/20 13 * * ?", ["2026-11-22 13:20:10", "2026-11-22 13:40:10"]),
            ("*/20 * * * * *", ["2026-11-22 13:07:20", "2026-11-22 13:07:40"]),
            ("0 22-23/1 * JAN,Dec *", ["2026-12-01 22:00:00", "2026-12-01 23:00:00"]),
            ("@daily", ["2026-11-23 00:00:00", "2026-11-24 00:00:00"]),
            ("@hourly", ["2026-11-22 14:00:00", "2026-11-22 15:00:00"]),
        ] {
            check(spec, cst, at, &expected);
        }
    }

    #[test]
    fn a_day_that_never_comes_is_none() {
        let never = Schedule::parse("0 0 31 2 *").unwrap();
        assert_eq!(never.next_after(utc("2026-11-22T00:00:00Z")), None);
    }

    #[test]
    fn a_repeated_hour_fires_once_and_a_skipped_one_at_its_end() {
        let ny = Tz::America__New_York;
        // 2026-11-01 02:00 EDT → 01:00 EST: 01:30 comes twice.
        let both = ["2026-11-01 01:30:00", "2026-11-02 01:30:00"];
        check("30 1 * * *", ny, "2026-11-01T04:00:00Z", &both);
        check("30 1 * * *", ny, "2026-11-01T05:45:00Z", &both[1..]);
        // 2026-03-08 02:00 EST → 03:00 EDT: 02:30 does not come.
        let gap = ["2026-03-08 03:00:00", "2026-03-09 02:30:00"];
        check("30 2 * * *", ny, "2026-03-08T05:00:00Z", &gap);
    }

    #[test]
    fn missed_runs_are_due_once() {
        let daily = Schedule::parse("0 8 * * *").unwrap();
        let now = utc("2026-11-22T05:00:00Z");
        let today = utc("2026-11-22T00:00:00Z"); // 08:00 in Shanghai
        for (last_run, expected) in [
            ("2026-11-01T00:00:00Z", Some(today)),
            ("2016-01-01T00:00:00Z", Some(today)),
            ("2026-11-21T23:59:59Z", Some(today)),
            ("2026-11-22T00:00:00Z", None),
            ("2026-11-22T04:00:00Z", None),
            ("2026-11-23T04:00:00Z", None),
        ] {
            assert_eq!(daily.due(utc(last_run), now), expected, "last run {last_run}");
        }
        assert_eq!(daily.due(today, now), None, "made up for: not due again");
        let quarterly = Schedule::parse("*/15 * * * *").unwrap();
        assert_eq!(quarterly.due(utc("2026-11-22T04:10:00Z"), now), Some(now));
        let yearly = Schedule::parse("0 8 1 1 *").unwrap();
        assert_eq!(
            yearly.due(utc("2020-06-01T00:00:00Z"), now),
            Some(utc("2026-01-01T00:00:00Z")),
            "long ago, but the latest"
        );
    }

    #[test]
    fn working_days_follow_the_calendar() {
        let calendar = Calendar::new(
            ["2026-10-01..2026-10-07", "2026-01-01"],
            ["2026-10-10"], // a Saturday worked instead
        )
        .unwrap();
        let schedule = Schedule::parse("0 8 * * *").unwrap().on_workdays(Arc::new(calendar));
        let mut t = utc("2026-09-29T16:00:00Z");
        let mut days = Vec::new();
        for _ in 0..4 {
            t = schedule.next_after(t).unwrap();
            days.push(t.with_timezone(&Tz::Asia__Shanghai).format("%m-%d").to_string());
        }
        assert_eq!(days, ["09-30", "10-08", "10-09", "10-10"]);
    }
}
