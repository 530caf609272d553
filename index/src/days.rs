//! Posts per local day.
//!
//! In: local times of hits, mostly in order. Out: a count for each day that has any. It knows no zone: times
//! come shifted.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use crate::answer::DayCount;

const DAY_MICROS: i64 = 86_400_000_000;

/// Posts per local day. Documents come in order of time, so a day is counted up before it is entered.
#[derive(Default)]
pub(crate) struct Days {
    counts: BTreeMap<i64, u64>,
    day_start: i64,
    in_day: u64,
}

impl Days {
    /// Counts a post by its local time.
    pub fn count(&mut self, local_micros: i64) {
        let into_day = local_micros.wrapping_sub(self.day_start);
        if self.in_day == 0 || !(0..DAY_MICROS).contains(&into_day) {
            self.flush();
            self.day_start = local_micros.div_euclid(DAY_MICROS) * DAY_MICROS;
        }
        self.in_day += 1;
    }

    fn flush(&mut self) {
        if self.in_day > 0 {
            *self.counts.entry(self.day_start.div_euclid(DAY_MICROS)).or_default() += self.in_day;
            self.in_day = 0;
        }
    }

    /// Takes up what was counted apart.
    pub fn merge(&mut self, mut other: Self) {
        other.flush();
        for (day, posts) in other.counts {
            *self.counts.entry(day).or_default() += posts;
        }
    }

    /// The days that have posts, oldest first.
    pub fn counts(mut self) -> Vec<DayCount> {
        self.flush();
        let epoch = NaiveDate::default();
        let days = self.counts.iter();
        days.filter_map(|(day, posts)| {
            let day = epoch.checked_add_signed(TimeDelta::try_days(*day)?)?;
            Some(DayCount { day, posts: *posts })
        })
        .collect()
    }
}
