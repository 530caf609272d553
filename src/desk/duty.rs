//! The duty roster as people look at it: who has the desk now and this week, and when nobody has.
//!
//! In: who asks, how many days ahead. Out: plain data. The roster itself stands in the config (`[[duty]]`); a gap is a time
//! in which neither a unit nor the whole enterprise has anybody, told before it comes.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::record::SubjectId;
use serde::Serialize;

use super::{Act, Desk, Result, Who};
use crate::config::DutyConfig;

/// Days ahead that are shown at most.
const AHEAD: i64 = 62;

/// Somebody's time at the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DutySpan {
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// The shift.
    pub shift: String,
    /// Who.
    pub people: Vec<String>,
    /// The ways by which they are told; the default ones where empty.
    pub ways: Vec<String>,
    /// The names of the units it is for; none: the whole enterprise.
    pub units: Vec<String>,
}

/// A time in which nobody has the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DutyGap {
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// The names of the units it is about; none: the whole enterprise.
    pub units: Vec<String>,
}

/// The roster from now on.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DutySheet {
    /// Whether the config has a roster at all.
    pub kept: bool,
    /// Who has the desk now, each with the end of it.
    pub now: Vec<DutySpan>,
    /// Who has it from now on, in order of time.
    pub spans: Vec<DutySpan>,
    /// When nobody has, in order of time.
    pub gaps: Vec<DutyGap>,
    /// Until when was looked.
    pub until: DateTime<Utc>,
}

impl Desk {
    /// The roster of the next `days`, 62 at most.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn duty(&self, who: &Who, days: u32) -> Result<DutySheet> {
        self.check(who, Act::SeeDuty)?;
        let now = self.now();
        let until = now + TimeDelta::days(i64::from(days).clamp(1, AHEAD));
        let changes = self.config.duty_changes(now, until);
        let (mut spans, mut gaps) = (Vec::new(), Vec::new());
        // A unit without shifts of its own is that of the whole enterprise.
        let mut scopes: Vec<&[SubjectId]> = vec![&[]];
        for duty in &self.config.duties {
            if !scopes.contains(&duty.units.as_slice()) {
                scopes.push(&duty.units);
            }
        }
        let whole_is_kept = self.config.duties.iter().any(|duty| duty.units.is_empty());
        for units in scopes {
            for pair in changes.windows(2) {
                let shifts = self.config.on_duty(pair[0], units);
                let own = shifts.iter().filter(|duty| duty.units == units);
                own.for_each(|duty| self.lengthen(&mut spans, duty, (pair[0], pair[1])));
                if shifts.is_empty() && (whole_is_kept || !units.is_empty()) {
                    gap(&mut gaps, self.names_of(units), (pair[0], pair[1]));
                }
            }
        }
        spans.sort_by(|a, b| (a.from, &a.shift).cmp(&(b.from, &b.shift)));
        gaps.sort_by(|a, b| (a.from, &a.units).cmp(&(b.from, &b.units)));
        Ok(DutySheet {
            kept: !self.config.duties.is_empty(),
            now: spans.iter().filter(|span| span.from <= now).cloned().collect(),
            spans,
            gaps,
            until,
        })
    }

    /// Adds a time to the shift's span that ends where it begins, or as one of its own.
    fn lengthen(
        &self,
        spans: &mut Vec<DutySpan>,
        duty: &DutyConfig,
        (from, until): (DateTime<Utc>, DateTime<Utc>),
    ) {
        let before = spans.iter_mut().find(|s| s.shift == duty.name && s.until == from);
        if let Some(span) = before {
            span.until = until;
            return;
        }
        spans.push(DutySpan {
            from,
            until,
            shift: duty.name.clone(),
            people: duty.people.clone(),
            ways: duty.notify.clone(),
            units: self.names_of(&duty.units),
        });
    }

    fn names_of(&self, units: &[SubjectId]) -> Vec<String> {
        units.iter().map(|unit| self.unit_name(unit.as_str())).collect()
    }
}

fn gap(gaps: &mut Vec<DutyGap>, units: Vec<String>, (from, until): (DateTime<Utc>, DateTime<Utc>)) {
    match gaps.iter_mut().find(|gap| gap.units == units && gap.until == from) {
        Some(gap) => gap.until = until,
        None => gaps.push(DutyGap { from, until, units }),
    }
}
