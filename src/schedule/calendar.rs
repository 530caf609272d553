//! Working days: Monday to Friday, less the holidays, plus the weekend days worked instead.
//!
//! In: dates and ranges as the yearly notice of the State Council gives them. Out: whether a date is
//! worked. Refuses what is not a date; knows no holiday by itself, since each year is decided anew.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};

/// Longest range accepted, in days: a longer one is a slip of the year.
const LONGEST_RANGE_DAYS: usize = 31;

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
}
