//! Who is told of which alert, when, and who else if nobody looks at it: `[[route]]`, and the quiet hours of a way out.
//!
//! In: tables of `guanlan.toml`. Out: which ways an alert takes, and from when on a way may be used. It sends nothing and
//! reads no clock.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use pipelines::record::{RuleId, Severity};
use serde::{Deserialize, Serialize};

use super::NotifierConfig;
use crate::schedule::Calendar;

/// From this grade on an alert goes out at any hour.
const BREAKS_THROUGH: Severity = Severity::Major;

/// Most days looked ahead for one that is worked.
const AHEAD: u64 = 40;

/// Alerts of a kind, and who is told of them. A rule that names its own ways out takes those and no route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteConfig {
    /// Its name.
    pub name: String,
    /// What one of the alert's posts must meet; absent: any.
    pub query: Option<String>,
    /// Only alerts of these rules; empty: any.
    #[serde(default)]
    pub rules: Vec<RuleId>,
    /// Only alerts of this grade or a graver one; absent: any.
    pub severity: Option<Severity>,
    /// The ways out it takes; the default ones where empty.
    #[serde(default)]
    pub notify: Vec<String>,
    /// Minutes after which an alert that nobody has looked at is told to `escalate`; 0 or absent: never.
    #[serde(default)]
    pub escalate_minutes: u32,
    /// The ways out that are told then.
    #[serde(default)]
    pub escalate: Vec<String>,
}

/// From one time of day to another; over midnight where the second is the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    from: NaiveTime,
    to: NaiveTime,
}

impl FromStr for Hours {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (from, to) = text.split_once('-').ok_or(())?;
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").map_err(|_| ());
        let hours = Self { from: time(from)?, to: time(to)? };
        if hours.from == hours.to { Err(()) } else { Ok(hours) }
    }
}

impl Hours {
    /// Its two ends.
    pub(super) fn ends(self) -> (NaiveTime, NaiveTime) {
        (self.from, self.to)
    }

    fn hold(self, at: NaiveTime) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&at)
        } else {
            at >= self.from || at < self.to
        }
    }
}

impl NotifierConfig {
    /// When an alert of this grade that came at `now` may go this way: at once, or when its quiet hours and free days are
    /// over.
    #[must_use]
    pub fn due(
        &self,
        severity: Severity,
        now: DateTime<Utc>,
        calendar: &Calendar,
        zone: Tz,
    ) -> DateTime<Utc> {
        if severity >= BREAKS_THROUGH {
            return now;
        }
        let quiet = self.quiet.as_deref().and_then(|hours| hours.parse::<Hours>().ok());
        let local = now.with_timezone(&zone);
        let mut at = local.naive_local();
        for _ in 0..AHEAD {
            if self.workday_only && !calendar.is_workday(at.date()) {
                let Some(next) = at.date().checked_add_days(Days::new(1)) else { break };
                at = next.and_time(NaiveTime::MIN);
            } else if let Some(hours) = quiet.filter(|hours| hours.hold(at.time())) {
                let same_day = at.date().and_time(hours.to);
                let over_midnight = at.date().checked_add_days(Days::new(1));
                at = match over_midnight {
                    Some(next) if same_day <= at => next.and_time(hours.to),
                    _ => same_day,
                };
            } else {
                break;
            }
        }
        if at == local.naive_local() {
            return now;
        }
        zone.from_local_datetime(&at).earliest().map_or(now, |at| at.with_timezone(&Utc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NotifierKind;

    fn due(quiet: Option<&str>, workday_only: bool, severity: Severity, now: &str) -> String {
        let way = NotifierConfig {
            name: "group".to_owned(),
            default: true,
            quiet: quiet.map(str::to_owned),
            workday_only,
            kind: NotifierKind::Log,
        };
        let calendar = Calendar::new(["2026-11-27"], ["2026-11-28"]).unwrap();
        let zone = chrono_tz::Asia::Shanghai;
        let due = way.due(severity, now.parse().unwrap(), &calendar, zone);
        due.with_timezone(&zone).format("%m-%d %H:%M").to_string()
    }

    #[test]
    fn a_quiet_way_waits_until_its_hours_are_over_and_a_grave_alert_does_not() {
        // 23:30 in Shanghai.
        let night = "2026-11-26T15:30:00Z";
        let small = Severity::Serious;
        assert_eq!(due(Some("22:00-07:00"), false, small, night), "11-27 07:00");
        assert_eq!(due(Some("22:00-07:00"), false, Severity::Major, night), "11-26 23:30");
        assert_eq!(due(None, false, small, night), "11-26 23:30");
        // 03:00: the same night.
        assert_eq!(due(Some("22:00-07:00"), false, small, "2026-11-26T19:00:00Z"), "11-27 07:00");
        assert_eq!(due(Some("12:00-14:00"), false, small, "2026-11-26T05:00:00Z"), "11-26 14:00");
        assert_eq!(due(Some("12:00-14:00"), false, small, "2026-11-26T06:00:00Z"), "11-26 14:00");
        assert_eq!(due(Some("12:00-14:00"), false, small, "2026-11-26T03:59:00Z"), "11-26 11:59");
    }

    #[test]
    fn free_days_are_passed_over_and_made_up_ones_are_not() {
        let small = Severity::Ordinary;
        // Friday the 27th is a holiday here, Saturday the 28th is worked instead.
        assert_eq!(due(None, true, small, "2026-11-27T02:00:00Z"), "11-28 00:00");
        assert_eq!(due(Some("22:00-07:00"), true, small, "2026-11-27T02:00:00Z"), "11-28 07:00");
        assert_eq!(due(None, true, small, "2026-11-28T02:00:00Z"), "11-28 10:00");
        assert_eq!(due(None, true, small, "2026-11-29T02:00:00Z"), "11-30 00:00");
    }

    #[test]
    fn hours_are_two_different_times_of_day() {
        for wrong in ["22:00", "22:00-22:00", "25:00-07:00", "22-7", ""] {
            assert!(wrong.parse::<Hours>().is_err(), "{wrong}");
        }
    }
}
