//! Grievances counted: how many were answered, how many in time, how long it took, and whether who was called back was
//! satisfied.
//!
//! In: cases, the time as of which they stand. Out: counts. A grievance is in time where the clocks of its handling and its
//! answer ended before they ran out. Pure; which cases are counted is said by whoever counts.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Case, Clock, Run};

/// Grievances counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counted {
    /// How many.
    pub cases: u64,
    /// Answered.
    pub answered: u64,
    /// Answered, and within the clocks.
    pub in_time: u64,
    /// Not answered, and past a clock.
    pub overdue: u64,
    /// `in_time` of those answered or overdue; none where there are none.
    pub in_time_percent: Option<u64>,
    /// Hours from opening to the answer, the one in the middle.
    pub median_hours: Option<i64>,
    /// Called back.
    pub called: u64,
    /// Satisfied at the call, or mostly.
    pub satisfied: u64,
}

/// `cases` counted as of `now`.
#[must_use]
pub fn counted(cases: &[&Case], now: DateTime<Utc>) -> Counted {
    let count = |fits: &dyn Fn(&Case) -> bool| cases.iter().filter(|c| fits(c)).count() as u64;
    let answered = count(&|case| case.answered.is_some());
    let in_time = count(&|case| case.answered.is_some() && !is_late(case, now));
    let overdue = count(&|case| case.answered.is_none() && is_late(case, now));
    let mut hours: Vec<i64> =
        cases.iter().filter_map(|case| Some((case.answered? - case.opened).num_hours())).collect();
    hours.sort_unstable();
    Counted {
        cases: cases.len() as u64,
        answered,
        in_time,
        overdue,
        in_time_percent: (in_time * 100).checked_div(answered + overdue),
        median_hours: hours.get(hours.len() / 2).copied(),
        called: count(&|case| !case.field("satisfied").is_empty()),
        satisfied: count(&|case| ["yes", "mostly"].contains(&case.field("satisfied"))),
    }
}

/// Whether a clock of its handling or its answer ran out before it ended.
fn is_late(case: &Case, now: DateTime<Utc>) -> bool {
    let counts = |run: &&Run| [Clock::Handle, Clock::Answer].contains(&run.clock);
    case.clocks.iter().filter(counts).any(|run| run.is_over(now))
}
