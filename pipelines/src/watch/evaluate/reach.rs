//! Which hits are an alert's own: how long it goes on, and when two turn out to be one.
//!
//! In: the hits and alerts of a lane. Out: the alert that a hit joins, and alerts that joined an older one. An alert of a
//! story goes on while hits follow one another within the merge time, so a happening that is written of for days is one
//! alert that grows. Every other alert takes in what comes within the merge time of its firing.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use super::{Watch, days};
use crate::record::{AlertState, RuleHit, StoryId};

/// Days that an alert of a story goes on at most: what is still written of is told anew then. It bounds how far back the
/// hits of a rule are read at each commit.
const DAYS: u32 = 7;

/// How long an alert of a story goes on at most.
pub(super) fn longest(merge: Duration) -> Duration {
    days(DAYS).max(merge)
}

impl Watch<'_> {
    /// The alert that a hit at `at` joins. In a story: the first that goes on until then, or, for a hit older than all, the
    /// first that fired after it. Else the latest that fired within the merge time of `at`, before or after.
    pub(super) fn near_alert(&self, key: Option<StoryId>, at: DateTime<Utc>) -> Option<usize> {
        let alerts = &self.lanes.get(&key)?.alerts;
        let fired_at = |i: &usize| self.alerts[*i].fired_at;
        if key.is_some() {
            let longest = longest(self.merge);
            let first = alerts.partition_point(|i| fired_at(i) < at - longest);
            let is_near = |i: &&usize| at <= self.until[**i] && fired_at(i) <= at + longest;
            return alerts[first..].iter().find(is_near).copied();
        }
        let after = alerts.partition_point(|i| fired_at(i) <= at + self.merge);
        let latest = *alerts.get(after.checked_sub(1)?)?;
        (fired_at(&latest) >= at - self.merge).then_some(latest)
    }

    /// Lets the alert of a story go on over the hits from `from` on. One that was closed does not: what comes later is new.
    pub(super) fn reach_on(&mut self, i: usize, from: DateTime<Utc>) {
        let alert = &self.alerts[i];
        if alert.story.is_none() || alert.state == AlertState::Closed {
            return;
        }
        let Some(lane) = self.lanes.get(&alert.story) else { return };
        let end = alert.fired_at + longest(self.merge);
        let begin = lane.hits.partition_point(|hit: &&RuleHit| hit.at < from);
        let mut until = self.until[i];
        for hit in &lane.hits[begin..] {
            if hit.at > until {
                break;
            }
            until = until.max((hit.at + self.merge).min(end));
        }
        self.until[i] = until;
    }

    /// Alerts nobody has taken up that fired while an older one of their story, grown by now and not closed, went on.
    pub(super) fn joined(&self) -> BTreeSet<usize> {
        let mut joined = BTreeSet::new();
        for grown in self.changed.keys() {
            let of = &self.alerts[*grown];
            if of.story.is_none() || of.state == AlertState::Closed {
                continue;
            }
            let is_within = |i: &&usize| {
                let other = &self.alerts[**i];
                let place = (other.fired_at, &other.key);
                place > (of.fired_at, &of.key) && other.fired_at <= self.until[*grown]
            };
            let lane = &self.lanes[&of.story].alerts;
            let open = |i: &&usize| self.alerts[**i].state == AlertState::Open;
            joined.extend(lane.iter().filter(is_within).filter(open).copied());
        }
        joined
    }
}
