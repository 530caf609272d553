//! Working days: Monday to Friday, less the holidays, plus the weekend days worked instead.
//!
//! In: dates and ranges as the yearly notice of the State Council gives them. Out: whether a date is
//! worked, and how much working time lies between two instants: all 24 hours of a worked day count. Refuses what is not
//! a date; knows no holiday by itself, since each year is decided anew.

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday,
};
use chrono_tz::Tz;

/// Longest range accepted, in days: a longer one is a slip of the year.
const LONGEST_RANGE_DAYS: usize = 31;

/// Days looked at for the end of a span of working time: no clock of a case is longer by far.
const LONGEST_SEARCH_DAYS: usize = 3_660;

/// Holidays and make-up working days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    holidays: BTreeSet<NaiveDate>,
    workdays: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// From dates (`2026-10-01`) and ranges (`2026-10-01..2026-10-07`, both ends included).
    ///
    /// # Errors
    /// The first text that is neither.
    pub fn new<T: AsRef<str>>(
        holidays: impl IntoIterator<Item = T>,
        workdays: impl IntoIterator<Item = T>,
    ) -> Result<Self, String> {
        Ok(Self { holidays: days(holidays)?, workdays: days(workdays)? })
    }

    /// Whether `date` is worked.
    #[must_use]
    pub fn is_workday(&self, date: NaiveDate) -> bool {
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        self.workdays.contains(&date) || !(weekend || self.holidays.contains(&date))
    }

    /// The working time from `from` to `to`, by the days of `zone`; none where `to` is not later.
    #[must_use]
    pub fn worked(&self, zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let mut worked = TimeDelta::zero();
        let mut at = from;
        while at < to {
            let (date, end) = day_of(zone, at);
            let end = end.min(to);
            if self.is_workday(date) {
                worked += end - at;
            }
            at = end;
        }
        worked
    }

    /// The instant at which `span` of working time has passed since `from`.
    #[must_use]
    pub fn after_worked(&self, zone: Tz, from: DateTime<Utc>, span: TimeDelta) -> DateTime<Utc> {
        let (mut at, mut left) = (from, span);
        for _ in 0..LONGEST_SEARCH_DAYS {
            let (date, end) = day_of(zone, at);
            if self.is_workday(date) {
                if left <= end - at {
                    return at + left;
                }
                left -= end - at;
            }
            at = end;
        }
        // A calendar without a working day.
        at
    }

    /// The days of one entry: a date, or a range of at most a month. None if it is neither.
    #[must_use]
    pub fn days_of(entry: &str) -> Option<Vec<NaiveDate>> {
        let (first, last) = entry.split_once("..").unwrap_or((entry, entry));
        let (first, last): (NaiveDate, NaiveDate) =
            (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let days: Vec<_> =
            first.iter_days().take(LONGEST_RANGE_DAYS + 1).take_while(|d| *d <= last).collect();
        (!days.is_empty() && days.len() <= LONGEST_RANGE_DAYS).then_some(days)
    }
}

/// The local date of an instant, and the end of it.
fn day_of(zone: Tz, at: DateTime<Utc>) -> (NaiveDate, DateTime<Utc>) {
    let date = at.with_timezone(&zone).date_naive();
    let midnight = (date + Days::new(1)).and_time(NaiveTime::MIN);
    // Where a clock change skips midnight, the day ends when the clock goes on.
    let end = zone.from_local_datetime(&midnight).earliest();
    let end = end.map_or_else(|| at + TimeDelta::hours(1), |end| end.to_utc());
    (date, if end > at { end } else { at + TimeDelta::hours(1) })
}

fn days<T: AsRef<str>>(
    entries: impl IntoIterator<Item = T>,
) -> Result<BTreeSet<NaiveDate>, String> {
    let mut all = BTreeSet::new();
    for entry in entries {
        let entry = entry.as_ref();
        all.extend(Calendar::days_of(entry).ok_or_else(|| entry.to_owned())?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_dates_or_short_ranges() {
        for (entry, expected) in [
            ("2026-10-01", Some(1)),
            ("2026-10-01..2026-10-07", Some(7)),
            ("2026-10-07..2026-10-01", None),
            ("2026-10-01..2036-10-07", None),
            ("国庆节", None),
            ("2026-02-30", None),
        ] {
            assert_eq!(Calendar::days_of(entry).map(|d| d.len()), expected, "{entry}");
        }
    }
    #[test]
    fn working_time_passes_on_worked_days_alone() {
        let calendar = Calendar::new(["2026-10-01..2026-10-07"], ["2026-10-10"]).unwrap();
        let zone = Tz::Asia__Shanghai;
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (from, days, expected) in [
            // Friday 15:00 → Monday 15:00.
            ("2026-11-20T07:00:00Z", 1, "2026-11-23T07:00:00Z"),
            // From within a weekend: a working day from Monday 00:00 on.
            ("2026-11-21T07:00:00Z", 1, "2026-11-23T16:00:00Z"),
            // Over the holidays; the Saturday after is worked.
            ("2026-09-30T02:00:00Z", 3, "2026-10-10T02:00:00Z"),
        ] {
            let span = TimeDelta::days(days);
            let due = calendar.after_worked(zone, at(from), span);
            assert_eq!(due, at(expected), "{from}");
            assert_eq!(calendar.worked(zone, at(from), due), span, "{from}");
        }
        assert_eq!(
            calendar.worked(zone, at("2026-11-23T00:00:00Z"), at("2026-11-20T00:00:00Z")),
            TimeDelta::zero()
        );
    }
}
