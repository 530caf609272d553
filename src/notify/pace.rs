//! What a way remembers over restarts: when it sent, until when it is held, and which pieces of a message are out.
//!
//! In: what was sent when; the limits of the way. Out: when the next may go. Times that a clock which was ahead left
//! behind count as now: nothing waits for the future.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Messages in pieces that are remembered, the latest: those under way, and those given up that somebody may send again.
const REMEMBERED: usize = 50;

/// No way asks for a longer wait than this; a time beyond is that of a clock that was ahead.
const LONGEST_HOLD_MS: i64 = 3_600_000;

/// So many in so long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub count: usize,
    /// Within how many seconds, wherever they begin.
    pub secs: i64,
}

/// What one way remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// When it sent lately, in milliseconds.
    sent: Vec<i64>,
    /// Nothing goes before, in milliseconds.
    held: Option<i64>,
    /// Pieces that are out, with the key of their message; the latest last.
    out: Vec<(String, BTreeSet<String>)>,
}

impl Pace {
    /// When the next may go; none: now.
    #[must_use]
    pub fn next(&self, limits: &[Limit], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let now_ms = now.timestamp_millis();
        let sent: Vec<i64> = self.sent.iter().map(|at| *at.min(&now_ms)).collect();
        let full = limits.iter().filter_map(|limit| {
            let first = *sent.get(sent.len().checked_sub(limit.count)?)?;
            let free = first + limit.secs * 1_000;
            (free > now_ms).then_some(free)
        });
        let held = self.held.filter(|until| (1..=LONGEST_HOLD_MS).contains(&(until - now_ms)));
        let at = full.chain(held).max()?;
        Some(now + TimeDelta::milliseconds(at - now_ms))
    }

    /// Takes down that something is sent now.
    pub fn take(&mut self, limits: &[Limit], now: DateTime<Utc>) {
        let now_ms = now.timestamp_millis();
        let longest = limits.iter().map(|limit| limit.secs * 1_000).max().unwrap_or(0);
        self.sent.iter_mut().for_each(|at| *at = (*at).min(now_ms));
        self.sent.retain(|at| now_ms - at < longest);
        if longest > 0 {
            self.sent.push(now_ms);
        }
    }

    /// Holds everything for `wait`, an hour at most.
    pub fn hold(&mut self, wait: TimeDelta, now: DateTime<Utc>) {
        let wait = wait.min(TimeDelta::milliseconds(LONGEST_HOLD_MS));
        self.held = Some((now + wait).timestamp_millis());
    }

    /// Whether a piece of a message is out.
    #[must_use]
    pub fn is_out(&self, key: &str, piece: &str) -> bool {
        self.out.iter().any(|(of, pieces)| of == key && pieces.contains(piece))
    }

    /// Takes down that a piece of a message is out.
    pub fn note_out(&mut self, key: &str, piece: &str) {
        let found = self.out.iter().position(|(of, _)| of == key);
        let (key, mut pieces) =
            found.map_or_else(|| (key.to_owned(), BTreeSet::new()), |at| self.out.remove(at));
        pieces.insert(piece.to_owned());
        if self.out.len() >= REMEMBERED {
            self.out.remove(0);
        }
        self.out.push((key, pieces));
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    const LIMITS: &[Limit] = &[Limit { count: 90, secs: 60 }, Limit { count: 4, secs: 1 }];

    fn start() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 26, 8, 0, 0).unwrap()
    }

    #[test]
    fn no_minute_and_no_second_sees_more_than_its_limit() {
        let (mut pace, mut now, mut sent) = (Pace::default(), start(), Vec::new());
        while sent.len() < 400 {
            match pace.next(LIMITS, now) {
                Some(at) => {
                    assert!(at > now);
                    now = at;
                }
                None => {
                    pace.take(LIMITS, now);
                    sent.push(now);
                    // As after a restart.
                    let kept = serde_json::to_string(&pace).unwrap();
                    pace = serde_json::from_str(&kept).unwrap();
                    now += TimeDelta::milliseconds(7);
                }
            }
        }
        for limit in LIMITS {
            for window in sent.windows(limit.count + 1) {
                assert!(window[limit.count] - window[0] >= TimeDelta::seconds(limit.secs));
            }
        }
        assert!(now - start() < TimeDelta::seconds(300), "{}", now - start());
    }

    #[test]
    fn a_clock_that_was_ahead_holds_nothing_up_for_longer_than_the_limit() {
        let mut pace = Pace::default();
        (0..90).for_each(|_| pace.take(LIMITS, start() + TimeDelta::days(400)));
        let next = pace.next(LIMITS, start()).unwrap();
        assert_eq!(next - start(), TimeDelta::seconds(60));
    }

    #[test]
    fn pieces_that_are_out_are_known_and_the_oldest_forgotten() {
        let mut pace = Pace::default();
        pace.note_out("alert:a", "1/2");
        assert!(pace.is_out("alert:a", "1/2") && !pace.is_out("alert:a", "2/2"));
        (0..REMEMBERED).for_each(|i| pace.note_out(&format!("alert:{i}"), "1/1"));
        assert!(!pace.is_out("alert:a", "1/2") && pace.is_out("alert:0", "1/1"));
    }
}
