//! Who has the desk when: `[[duty]]`, and the way out that is called `duty`.
//!
//! In: tables of `guanlan.toml`, an instant, the units something is about. Out: the shifts that hold then, and the ways by
//! which who is on duty is told. What is said of a date goes before what is said of days of the week; a unit's own shifts
//! go before those of the whole enterprise. It reads no clock and tells nobody.

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc,
};
use chrono_tz::Tz;
use pipelines::record::SubjectId;
use serde::{Deserialize, Serialize};

use super::document::Placed;
use super::problem::{Fault, Problem};
use super::route::Hours;
use super::{Config, NotifierConfig};
use crate::schedule::Calendar;

/// The way out that routes name for whoever is on duty; no `[[notifier]]` has this name.
pub const DUTY: &str = "duty";

/// What may stand for days of the week: `workday` and `restday` by the enterprise's calendar.
pub(super) const WEEKDAYS: [&str; 9] =
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "restday"];

/// A shift: who has the desk, on which days, in which hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyConfig {
    /// Its name.
    pub name: String,
    /// Who has the desk, as people call them.
    #[serde(default)]
    pub people: Vec<String>,
    /// The ways by which they are told; the default ones where empty.
    #[serde(default)]
    pub notify: Vec<String>,
    /// Days of the week, `workday` or `restday`; every day where neither these nor dates are given.
    #[serde(default)]
    pub weekdays: Vec<String>,
    /// Dates and ranges of dates.
    #[serde(default)]
    pub dates: Vec<String>,
    /// From one time of day to another, over midnight too; the whole day where absent.
    pub hours: Option<String>,
    /// Units it is for, with those below them; none: the whole enterprise.
    #[serde(default)]
    pub units: Vec<SubjectId>,
}

impl DutyConfig {
    /// Whether it begins on `day`.
    fn is_of(&self, day: NaiveDate, calendar: &Calendar) -> bool {
        if !self.dates.is_empty() {
            let named = |entry: &String| Calendar::days_of(entry).is_some_and(|d| d.contains(&day));
            return self.dates.iter().any(named);
        }
        let number = day.weekday().num_days_from_monday() as usize;
        self.weekdays.is_empty()
            || self.weekdays.iter().any(|name| match name.as_str() {
                "workday" => calendar.is_workday(day),
                "restday" => !calendar.is_workday(day),
                name => WEEKDAYS[number] == name,
            })
    }

    /// From when to when it holds that begins on `day`, in local time.
    fn span(&self, day: NaiveDate) -> (NaiveDateTime, NaiveDateTime) {
        let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
        let hours = self.hours.as_deref().and_then(|hours| hours.parse::<Hours>().ok());
        let (from, to) = hours.map_or((NaiveTime::MIN, NaiveTime::MIN), Hours::ends);
        (day.and_time(from), if from < to { day.and_time(to) } else { next.and_time(to) })
    }

    /// Whether it holds at `at`, local time: that of the day, or what began the evening before.
    fn holds(&self, at: NaiveDateTime, calendar: &Calendar) -> bool {
        let before = at.date().checked_sub_days(Days::new(1));
        [Some(at.date()), before].into_iter().flatten().any(|day| {
            let (from, to) = self.span(day);
            self.is_of(day, calendar) && (from..to).contains(&at)
        })
    }
}

impl Config {
    /// The shifts that hold at `now` for something that is about `units`: their own, else those of the whole enterprise.
    #[must_use]
    pub fn on_duty(&self, now: DateTime<Utc>, units: &[SubjectId]) -> Vec<&DutyConfig> {
        let at = now.with_timezone(&self.station.zone).naive_local();
        let is_for = |duty: &DutyConfig| units.iter().any(|unit| self.is_within(unit, &duty.units));
        let own = self.holding(at, &|duty| is_for(duty));
        if own.is_empty() { self.holding(at, &|duty| duty.units.is_empty()) } else { own }
    }

    /// Whether a unit is one of `units` or stands below one.
    fn is_within(&self, unit: &SubjectId, units: &[SubjectId]) -> bool {
        let above = |id: &SubjectId| {
            self.subjects.iter().find(|s| s.id == *id).and_then(|s| s.parent.clone())
        };
        // Config refuses circles.
        std::iter::successors(Some(unit.clone()), above).any(|id| units.contains(&id))
    }

    /// Those of these shifts that hold at `at`: dated ones where there are, else those of the week.
    fn holding(&self, at: NaiveDateTime, of: &dyn Fn(&DutyConfig) -> bool) -> Vec<&DutyConfig> {
        let holds = |duty: &&DutyConfig| of(duty) && duty.holds(at, &self.calendar);
        let all = self.duties.iter().filter(holds).collect::<Vec<_>>();
        let dated: Vec<_> = all.iter().copied().filter(|duty| !duty.dates.is_empty()).collect();
        if dated.is_empty() { all } else { dated }
    }

    /// The ways called `names`, in the order of config: `duty` stands for those of who is on duty, and for the default
    /// ones where nobody is, or somebody has none of their own.
    #[must_use]
    pub fn ways_with_duty(
        &self,
        names: &[String],
        units: &[SubjectId],
        now: DateTime<Utc>,
    ) -> Vec<&NotifierConfig> {
        let mut wanted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let mut by_default = false;
        if wanted.remove(DUTY) {
            let shifts = self.on_duty(now, units);
            by_default = shifts.is_empty() || shifts.iter().any(|duty| duty.notify.is_empty());
            wanted.extend(shifts.iter().flat_map(|duty| &duty.notify).map(String::as_str));
        }
        let is_one = |way: &&NotifierConfig| {
            wanted.contains(way.name.as_str()) || (by_default && way.default)
        };
        self.notifiers.iter().filter(is_one).collect()
    }

    /// The instants at which somebody may come or go between `from` and `to`, both included, in order.
    #[must_use]
    pub fn duty_changes(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let zone = self.station.zone;
        let first = from.with_timezone(&zone).date_naive();
        let last = to.with_timezone(&zone).date_naive();
        let first = first.checked_sub_days(Days::new(1)).unwrap_or(first);
        let mut changes = BTreeSet::from([from, to]);
        for day in first.iter_days().take_while(|day| *day <= last) {
            changes.extend(instant(zone, day.and_time(NaiveTime::MIN)));
            for duty in &self.duties {
                let (begins, ends) = duty.span(day);
                changes.extend([instant(zone, begins), instant(zone, ends)].into_iter().flatten());
            }
        }
        changes.range(from..=to).copied().collect()
    }
}

fn instant(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
}

/// What is wrong with a shift by itself.
pub(super) fn check(duty: &Placed<DutyConfig>, found: &mut Vec<Problem>) {
    let shift = &duty.item;
    if shift.people.is_empty() && shift.notify.is_empty() {
        let keys = "people, notify".to_owned();
        found.push(duty.problem("duty", "", Fault::OneNeeded { keys }));
    }
    if !shift.weekdays.is_empty() && !shift.dates.is_empty() {
        let keys = "weekdays, dates".to_owned();
        found.push(duty.problem("duty", "", Fault::OnlyOne { keys }));
    }
}

#[cfg(test)]
#[path = "duty/tests.rs"]
mod tests;
