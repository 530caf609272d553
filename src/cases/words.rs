//! How a clock stands, in the officer's words.

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;

use super::clock::{Clock, Level, Policy, Run};

/// What is left of a clock, or by how much it is over.
#[must_use]
pub fn left(run: &Run, now: DateTime<Utc>, policy: &Policy, lang: Lang) -> String {
    let clock = lang.text(&format!("cases.clock.{}", run.clock.as_str()));
    let is_over = now >= run.due;
    let name = match run.level(now, policy) {
        _ if run.held.is_some() => "held",
        _ if run.clock == Clock::Watch && is_over => "over",
        _ if run.clock == Clock::Watch => "watch",
        Level::Calm => "calm",
        Level::Amber => "amber",
        Level::Red => "red",
    };
    let (from, to) = if is_over { (run.due, now) } else { (now, run.due) };
    let span = span(policy.span(run.working, from, to).num_minutes(), lang);
    lang.fill(&format!("cases.left.{name}"), &[("clock", &clock), ("span", &span)])
}

/// Minutes in words.
#[must_use]
pub fn span(minutes: i64, lang: Lang) -> String {
    let (unit, n) = match minutes {
        0..120 => ("minutes", minutes),
        120..2_880 => ("hours", minutes / 60),
        _ => ("days", minutes / 1_440),
    };
    lang.fill(&format!("cases.span.{unit}"), &[("n", &n)])
}
