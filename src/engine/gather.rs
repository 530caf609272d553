//! When what was applied to the index is committed.
//!
//! In: how much waits, and since when. Out: whether it is time. A commit costs the same for one post as for
//! a thousand, and each makes segments that must be merged later: half of what an import costs, when it is
//! cut into pieces of 400 ms (import of 20,000 posts, processor time: 10.2 s, and 5.2 s in pieces of 50,000).
//! So a trickle is committed at once, a flood when much has gathered or when it has passed. It counts changes,
//! not time alone: on a busy machine time passes faster than work is done.

use std::time::Duration;

/// Between two looks at the log while changes come.
pub(super) const GATHER: Duration = Duration::from_millis(400);

/// Changes that are committed however fast they come.
pub(super) const MOST: u64 = 50_000;

/// Changes a second that are a trickle: more than the politest crawl of many sources brings, less than a file.
const TRICKLE_PER_SEC: f64 = 250.0;

/// The longest time since the last commit that speaks for a trickle: after a quiet night a flood is a flood.
const CALM: Duration = Duration::from_secs(2);

/// Without new changes for so long, a flood has passed.
const PASSED: Duration = Duration::from_secs(1);

/// Nothing waits longer.
const LONGEST: Duration = Duration::from_secs(30);

/// What is applied and not committed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gathered {
    /// Changes.
    pub changes: u64,
    /// Since the last commit.
    pub since_commit: Duration,
    /// Since the first of the changes.
    pub since_first: Duration,
    /// Since the latest of the changes.
    pub since_latest: Duration,
}

impl Gathered {
    /// Whether to commit now.
    pub fn is_due(self) -> bool {
        let trickle = TRICKLE_PER_SEC * self.since_commit.min(CALM).as_secs_f64();
        self.changes > 0
            && (self.changes >= MOST
                || self.since_first >= LONGEST
                || self.since_latest >= PASSED
                || self.changes as f64 <= trickle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn check(changes: u64, commit: u64, first: u64, latest: u64, expected: bool) {
        let gathered = Gathered {
            changes,
            since_commit: MS(commit),
            since_first: MS(first),
            since_latest: MS(latest),
        };
        assert_eq!(gathered.is_due(), expected, "{gathered:?}");
    }

    #[test]
    fn a_trickle_is_seen_at_once_and_a_flood_is_not_cut_into_pieces() {
        check(0, 60_000, 0, 0, false);
        check(3, 400, 400, 0, true);
        check(40, 60_000, 400, 0, true);
        // Import: 2,000 a second.
        check(800, 60_000, 400, 0, false);
        check(8_000, 4_000, 4_000, 0, false);
        check(50_000, 25_000, 25_000, 0, true);
        // It has passed.
        check(8_000, 5_000, 5_000, 1_000, true);
        // It does not end, and is slow.
        check(15_000, 30_000, 30_000, 0, true);
    }
}
