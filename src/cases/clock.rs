//! The clocks of a case: how long a step may take, by hours of every day or by working days, and how far each has run.
//!
//! In: limits as config writes them, the calendar, instants. Out: due times and percentages. A due time is reckoned once,
//! when the clock starts, and stays with the case; a pause moves it by as much as it lasted. No clock is read here.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use pipelines::record::{Severity, SubjectId};
use serde::{Deserialize, Serialize};

use crate::schedule::Calendar;

/// Percent at which a clock is amber.
pub const AMBER: u32 = 75;

/// Percent at which it is red.
pub const RED: u32 = 100;

/// Percents at which it is told that a clock runs out.
pub const STEPS: [u32; 3] = [AMBER, RED, 150];

/// How long something may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Limit {
    /// Around the clock.
    Minutes(u32),
    /// Working days: the same time of day, so many of them later.
    Workdays(u32),
}

impl FromStr for Limit {
    type Err = String;

    /// Reads `30m`, `4h`, `5wd`.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|n| (1..=10_000).contains(n));
        let read = if let Some(days) = text.strip_suffix("wd") {
            number(days).map(Self::Workdays)
        } else if let Some(hours) = text.strip_suffix('h') {
            number(hours).map(|hours| Self::Minutes(hours * 60))
        } else {
            text.strip_suffix('m').and_then(number).map(Self::Minutes)
        };
        read.ok_or_else(|| format!("`{text}` is no limit such as 30m, 4h or 5wd"))
    }
}

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Workdays(days) => write!(f, "{days}wd"),
            Self::Minutes(minutes) if minutes % 60 == 0 => write!(f, "{}h", minutes / 60),
            Self::Minutes(minutes) => write!(f, "{minutes}m"),
        }
    }
}

impl From<Limit> for String {
    fn from(limit: Limit) -> Self {
        limit.to_string()
    }
}

/// A limit for each grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByGrade {
    /// Ⅳ.
    pub ordinary: Limit,
    /// Ⅲ.
    pub serious: Limit,
    /// Ⅱ.
    pub major: Limit,
    /// Ⅰ.
    pub critical: Limit,
}

impl ByGrade {
    /// That of `grade`.
    #[must_use]
    pub fn of(&self, grade: Severity) -> Limit {
        match grade {
            Severity::Ordinary => self.ordinary,
            Severity::Serious => self.serious,
            Severity::Major => self.major,
            Severity::Critical => self.critical,
        }
    }
}

/// `[cases]`: how long each step of a case may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// From opening until the facts are found and it is assigned, or ended.
    pub verify: ByGrade,
    /// From assignment until the unit signs for it.
    pub sign: ByGrade,
    /// From signing until an answer is handed in.
    pub handle: ByGrade,
    /// From there until it is approved or returned.
    pub review: ByGrade,
    /// From opening until it is answered.
    pub answer: ByGrade,
    /// From opening until the leader is told, for the highest grade.
    pub express: Limit,
    /// Handling of an enquiry of staff or neighbours.
    pub enquiry: Limit,
    /// Handling of a complaint.
    pub complaint: Limit,
    /// A grievance as a whole, extensions included.
    pub longest: Limit,
    /// How long an answer is watched before the case may be closed.
    pub watch: Limit,
    /// From the answer until the person is called back.
    pub call_back: Limit,
    /// From assignment until when a unit may hand back.
    pub hand_back: Limit,
    /// Ways out that are told when a clock runs out; none: nobody is.
    pub notify: Vec<String>,
    /// Units whose cases are told by ways of their own.
    #[serde(default)]
    pub unit: Vec<UnitWays>,
}

/// `[[cases.unit]]`: the ways by which a unit, and those below it that have none, are told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitWays {
    /// The unit.
    pub id: SubjectId,
    /// Its ways out.
    pub notify: Vec<String>,
}

/// Limits with the calendar they are reckoned in.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `[cases]`.
    pub limits: Limits,
    /// Working days.
    pub calendar: Arc<Calendar>,
    /// Whose days.
    pub zone: Tz,
}

impl Policy {
    /// When `limit` is over that began at `from`.
    #[must_use]
    pub fn due(&self, from: DateTime<Utc>, limit: Limit) -> DateTime<Utc> {
        match limit {
            Limit::Minutes(minutes) => from + TimeDelta::minutes(minutes.into()),
            Limit::Workdays(days) => {
                self.calendar.after_worked(self.zone, from, TimeDelta::days(days.into()))
            }
        }
    }

    /// The time from `from` to `to` as a clock counts it.
    #[must_use]
    pub fn span(&self, is_working: bool, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        if is_working {
            self.calendar.worked(self.zone, from, to)
        } else {
            (to - from).max(TimeDelta::zero())
        }
    }
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Until the facts are found.
    Verify,
    /// Until the leader is told.
    Express,
    /// Until the unit signs.
    Sign,
    /// Until an answer is handed in.
    Handle,
    /// Until it is approved or returned.
    Review,
    /// Until the case as a whole is answered.
    Answer,
    /// While the answer is watched: no deadline, but the end of a wait.
    Watch,
    /// Until the person is called back.
    CallBack,
}

impl Clock {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Verify,
        Self::Express,
        Self::Sign,
        Self::Handle,
        Self::Review,
        Self::Answer,
        Self::Watch,
        Self::CallBack,
    ];

    /// The name stored; a locale key under `cases.clock`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Express => "express",
            Self::Sign => "sign",
            Self::Handle => "handle",
            Self::Review => "review",
            Self::Answer => "answer",
            Self::Watch => "watch",
            Self::CallBack => "call_back",
        }
    }

    /// Whether its end is a deadline, and not the end of a wait.
    #[must_use]
    pub fn is_deadline(self) -> bool {
        self != Self::Watch
    }
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// There is time.
    Calm,
    /// Three quarters are over.
    Amber,
    /// It is over.
    Red,
}

/// One run of a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which.
    pub clock: Clock,
    /// Since when it runs.
    pub since: DateTime<Utc>,
    /// When its time is over.
    pub due: DateTime<Utc>,
    /// Whether working time is counted, and not all of it.
    pub working: bool,
    /// Seconds it stood still, as it counts them.
    pub paused_secs: i64,
    /// Since when it stands still.
    pub held: Option<DateTime<Utc>>,
    /// When it was stopped.
    pub stopped: Option<DateTime<Utc>>,
}

impl Run {
    /// Whether it is running at all.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.stopped.is_none()
    }

    /// How much of its time is over, in percent; above 100 where it is over by as much.
    #[must_use]
    pub fn percent(&self, now: DateTime<Utc>, policy: &Policy) -> u32 {
        // One that was stopped while it stood still had ended its count then.
        let end = self.held.or(self.stopped).unwrap_or(now);
        let of = |to| policy.span(self.working, self.since, to).num_seconds() - self.paused_secs;
        let (gone, whole) = (of(end).max(0), of(self.due).max(1));
        u32::try_from(gone.saturating_mul(100) / whole).unwrap_or(u32::MAX)
    }

    /// Whether it ran past its end, or is past it now.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.held.or(self.stopped).unwrap_or(now) > self.due
    }

    /// How it stands.
    #[must_use]
    pub fn level(&self, now: DateTime<Utc>, policy: &Policy) -> Level {
        match self.percent(now, policy) {
            _ if !self.clock.is_deadline() => Level::Calm,
            RED.. => Level::Red,
            AMBER.. => Level::Amber,
            _ => Level::Calm,
        }
    }
}

/// The clocks of a case as a step changes them.
pub(super) struct Clocks<'a> {
    pub runs: Vec<Run>,
    pub policy: &'a Policy,
}

impl Clocks<'_> {
    fn last(&mut self, clock: Clock) -> Option<&mut Run> {
        self.runs.iter_mut().rev().find(|run| run.clock == clock)
    }

    /// A new run; one that is running is stopped.
    pub fn start(&mut self, clock: Clock, since: DateTime<Utc>, limit: Limit) {
        self.stop(clock, since);
        self.runs.push(Run {
            clock,
            since,
            due: self.policy.due(since, limit),
            working: matches!(limit, Limit::Workdays(_)),
            paused_secs: 0,
            held: None,
            stopped: None,
        });
    }

    /// Another limit for a run under way, reckoned from where it began.
    pub fn reckon_anew(&mut self, clock: Clock, limit: Limit) {
        let policy = self.policy;
        if let Some(run) = self.last(clock).filter(|run| run.is_running()) {
            run.due = policy.due(run.since, limit);
            run.working = matches!(limit, Limit::Workdays(_));
        }
    }

    /// An end that is set, where the clock runs.
    pub fn set_due(&mut self, clock: Clock, due: DateTime<Utc>) {
        if let Some(run) = self.last(clock).filter(|run| run.is_running() && due > run.since) {
            run.due = due;
        }
    }

    pub fn stop(&mut self, clock: Clock, at: DateTime<Utc>) {
        if let Some(run) = self.last(clock).filter(|run| run.is_running()) {
            run.stopped = Some(at);
        }
    }

    /// Stands still from `at` on.
    pub fn hold(&mut self, clock: Clock, at: DateTime<Utc>) {
        if let Some(run) = self.last(clock).filter(|run| run.is_running() && run.held.is_none()) {
            run.held = Some(at);
        }
    }

    /// Runs on: its end moves by what it stood still.
    pub fn release(&mut self, clock: Clock, at: DateTime<Utc>) {
        let policy = self.policy;
        let Some(run) = self.last(clock) else { return };
        let Some(held) = run.held.take().filter(|_| run.stopped.is_none()) else { return };
        let pause = policy.span(run.working, held, at);
        run.paused_secs += pause.num_seconds();
        run.due = if run.working {
            policy.calendar.after_worked(policy.zone, run.due, pause)
        } else {
            run.due + pause
        };
    }

    /// A clock that was stopped with the case runs on as if it had not been: its time went on.
    pub fn resume(&mut self, clock: Clock) {
        if let Some(run) = self.last(clock) {
            run.stopped = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_they_are_written() {
        for text in ["30m", "4h", "5wd", "90m", "10000wd"] {
            assert_eq!(text.parse::<Limit>().unwrap().to_string(), text);
        }
        for text in ["", "4", "0h", "h", "-1h", "4 h", "1w", "99999999h", "4H"] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
    }
}
