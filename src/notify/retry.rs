//! When to try a message again: waits that grow, then a dead letter, where the way works for others.
//!
//! In: attempts made, what the other side asked for, the time. Out: the next attempt, or none. No clock, no
//! chance: one station delivers few messages, so nothing needs spreading.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Seconds to wait after the first, second… failed attempt: an hour covers a restart, a day covers a night.
const WAITS_SECS: [u64; 9] = [10, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200];

/// The longest wait between two attempts, in seconds: twelve hours.
pub const LONGEST_WAIT_SECS: i64 = 43_200;

/// Attempts after which a message is a dead letter.
pub const MAX_ATTEMPTS: u32 = WAITS_SECS.len() as u32 + 1;

/// A wish for a longer wait than this is not followed: an alert a day old is told otherwise.
const LONGEST_WISH: Duration = Duration::from_secs(86_400);

/// When to try again after `attempts` failed ones; none: it is a dead letter.
#[must_use]
pub fn next_attempt(
    attempts: u32,
    retry_after: Option<Duration>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let index = usize::try_from(attempts.max(1) - 1).ok()?;
    let wait = Duration::from_secs(*WAITS_SECS.get(index)?);
    let wish = retry_after.unwrap_or_default().min(LONGEST_WISH);
    Some(now + wait.max(wish))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn check(attempts: u32, retry_after: Option<u64>, expected_secs: Option<i64>) {
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap();
        let next = next_attempt(attempts, retry_after.map(Duration::from_secs), now);
        assert_eq!(next.map(|at| (at - now).num_seconds()), expected_secs, "{attempts}");
    }

    #[test]
    fn waits_grow_and_end_and_wishes_are_heard() {
        check(0, None, Some(10));
        check(1, None, Some(10));
        check(3, None, Some(120));
        check(1, Some(90), Some(90));
        check(3, Some(5), Some(120));
        check(1, Some(9_999_999), Some(86_400));
        check(MAX_ATTEMPTS - 1, None, Some(43_200));
        check(MAX_ATTEMPTS, None, None);
        check(u32::MAX, Some(1), None);
    }
}
