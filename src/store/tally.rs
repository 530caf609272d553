//! Counts of what came in and what became of it.
//!
//! In: outcomes, one by one. Out: sums that tie out: received = kept + dropped + failed. Invents no count.

use pipelines::record::DropReason;
use serde::{Deserialize, Serialize};

/// One finished step of a source: how many records came in, and what became of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Records taken up, counted where they came in.
    pub received: u64,
    /// Stored as new or changed posts.
    pub kept: u64,
    /// Dropped, by reason.
    pub dropped: Vec<(String, u64)>,
    /// Failed, by kind of error.
    pub failed: Vec<(String, u64)>,
}

impl Tally {
    /// Counts one drop.
    pub fn drop(&mut self, reason: DropReason) {
        bump(&mut self.dropped, reason.as_str(), 1);
    }

    /// Counts one failure.
    pub fn fail(&mut self, kind: &str) {
        bump(&mut self.failed, kind, 1);
    }

    /// All drops.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().map(|(_, n)| n).sum()
    }

    /// All failures.
    #[must_use]
    pub fn failed_total(&self) -> u64 {
        self.failed.iter().map(|(_, n)| n).sum()
    }

    /// received = kept + dropped + failed
    #[must_use]
    pub fn ties_out(&self) -> bool {
        self.received == self.kept + self.dropped_total() + self.failed_total()
    }

    /// What came in since `earlier`, an older reading of the same counts.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let less = |now: &[(String, u64)], then: &[(String, u64)]| {
            let before = |name: &str| then.iter().find(|(n, _)| n == name).map_or(0, |(_, c)| *c);
            let counts = now.iter().map(|(name, n)| (name.clone(), n - before(name)));
            counts.filter(|(_, n)| *n > 0).collect()
        };
        Self {
            received: self.received - earlier.received,
            kept: self.kept - earlier.kept,
            dropped: less(&self.dropped, &earlier.dropped),
            failed: less(&self.failed, &earlier.failed),
        }
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.kept += other.kept;
        for (reason, n) in &other.dropped {
            bump(&mut self.dropped, reason, *n);
        }
        for (kind, n) in &other.failed {
            bump(&mut self.failed, kind, *n);
        }
    }
}

pub(super) fn bump(counts: &mut Vec<(String, u64)>, name: &str, by: u64) {
    match counts.iter_mut().find(|(n, _)| n == name) {
        Some((_, n)) => *n += by,
        None => counts.push((name.to_owned(), by)),
    }
}
