//! The one clock, and how far it is believed.
//!
//! In: what the machine's clock says, and what sites say in the `Date` of their answers. Out: whether the time is
//! beyond doubt. The latest time seen is kept in the store; a clock that stands hours ahead of it is doubted: what
//! cannot be undone (purging) and what would cry wolf (silence) waits until two sites or the officer confirm it.
//! It sets no clock, and a clock that is right after a long pause costs nothing but that wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::store::Store;

/// What time it is; tests give their own.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The clock of the machine.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(Utc::now)
}

/// Further ahead of the latest time seen than this is doubted. A station that collects sees the time each second,
/// so only a pause or a wrong clock gets here; retention reckons in days and gives way by as much.
pub const LEAP: TimeDelta = TimeDelta::hours(6);

/// A step back by more than this is told and mended; less is the daily work of a time service.
const STEP_BACK: TimeDelta = TimeDelta::seconds(5);

/// How far a site's clock may be from ours and still confirm it.
const NEAR: TimeDelta = TimeDelta::hours(1);

/// Sites that must agree with our clock, and outnumber those that do not.
const WITNESSES: usize = 2;

/// The time is written at most this often while nothing happens.
const KEEP_EVERY: TimeDelta = TimeDelta::minutes(1);

const STATE: &str = "clock";
const CONFIRMED: &str = "clock:confirmed";

/// What is known of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The latest time beyond doubt.
    pub trusted: DateTime<Utc>,
    /// What the clock said last.
    pub last: DateTime<Utc>,
    /// Since when, by the doubted clock itself, it is doubted.
    pub doubted_since: Option<DateTime<Utc>>,
}

/// What an observation came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The clock stands before what it said last: what waits for a later time waits too long.
    pub went_back: bool,
    /// It is beyond doubt now that the clock was ahead: what was dated meanwhile lies in the future.
    pub was_ahead: bool,
    /// The doubt began or ended.
    pub changed: bool,
}

impl Known {
    fn observe(&mut self, now: DateTime<Utc>, is_confirmed: bool) -> Observed {
        let went_back = now + STEP_BACK < self.last;
        let was_doubted = self.doubted_since.is_some();
        let was_ahead = was_doubted && self.last > self.trusted;
        self.last = now;
        let is_near = now <= self.trusted + LEAP && now + LEAP >= self.trusted;
        let is_trusted = is_confirmed || is_near;
        let was_ahead = is_trusted && (was_ahead && went_back || now + LEAP < self.trusted);
        if is_confirmed {
            self.trusted = now;
        } else if is_near {
            self.trusted = self.trusted.max(now);
        }
        if is_trusted {
            self.doubted_since = None;
        } else if went_back || self.doubted_since.is_none() {
            self.doubted_since = Some(now);
        }
        Observed { went_back, was_ahead, changed: was_doubted != self.doubted_since.is_some() }
    }

    /// Whether the clock stands before the trusted time, not after it.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.last < self.trusted
    }
}

/// Whether what sites say (how far ours is ahead of theirs, one a site) confirms ours.
fn confirm(skews: &[TimeDelta]) -> bool {
    let near = skews.iter().filter(|skew| skew.abs() <= NEAR).count();
    near >= WITNESSES && near > skews.len() - near
}

/// Watches the clock of one station. Share it by `Arc`.
#[derive(Debug)]
pub struct Timekeeper {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    known: Known,
    /// As it stands in the store.
    kept: Option<Known>,
    /// What is to be mended in the store.
    mend: Mend,
    /// Whether it is to be written without waiting.
    is_urgent: bool,
    /// Since when in this process it is doubted, by a clock that nobody sets.
    doubted_from: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mend {
    /// The clock went back: waits.
    waits: bool,
    /// It was ahead, since this time: dates.
    since: Option<DateTime<Utc>>,
}

/// What the store knows of the time, for a reader beside the station; none before the first start.
///
/// # Errors
/// Those of the store.
pub fn stored(store: &dyn Store) -> anyhow::Result<Option<Known>> {
    let Some(json) = store.state(STATE)? else { return Ok(None) };
    serde_json::from_str(&json).map(Some).context("cannot read the latest time seen")
}

/// Notes that the officer found the clock right at `now`; a station at work hears of it within a minute.
///
/// # Errors
/// Those of the store.
pub fn confirm_by_hand(store: &dyn Store, now: DateTime<Utc>) -> anyhow::Result<()> {
    Ok(store.write(&mut |write| {
        write.put_state(CONFIRMED, &now.to_rfc3339())?;
        write.audit(now, "clock", "confirmed", &now.to_rfc3339())
    })?)
}

impl Timekeeper {
    /// What the store knows. One that never looked at the clock is as old as the latest thing in it; an empty one
    /// believes the clock.
    ///
    /// # Errors
    /// Those of the store.
    pub fn open(store: &dyn Store, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let kept = stored(store)?;
        let known = match kept {
            Some(known) => match store.furthest_time()? {
                // It died between a leap of its clock and the note of it.
                Some(last) if last > now.max(known.last) + STEP_BACK => {
                    Known { trusted: known.trusted.min(now), last, doubted_since: Some(last) }
                }
                _ => known,
            },
            None => {
                let last = store.latest_time()?.unwrap_or(now);
                // Times in the future are those of a clock that was ahead.
                let doubted_since = (last > now).then_some(last);
                Known { trusted: last.min(now), last, doubted_since }
            }
        };
        let doubted_from = known.doubted_since.map(|_| Instant::now());
        Ok(Self {
            state: Mutex::new(State {
                known,
                kept,
                mend: Mend::default(),
                is_urgent: true,
                doubted_from,
            }),
        })
    }

    /// One that believes the clock, for a trial without a store.
    #[must_use]
    pub fn believing(now: DateTime<Utc>) -> Self {
        let known = Known { trusted: now, last: now, doubted_since: None };
        let (mend, is_urgent) = (Mend::default(), false);
        Self { state: Mutex::new(State { known, kept: None, mend, is_urgent, doubted_from: None }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave these plain values half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known now.
    #[must_use]
    pub fn known(&self) -> Known {
        self.state().known
    }

    /// Whether the clock is in doubt.
    #[must_use]
    pub fn is_doubted(&self) -> bool {
        self.known().doubted_since.is_some()
    }

    /// `now`, or in doubt the latest time that is none: what must not be lost to a wrong clock is reckoned from it.
    #[must_use]
    pub fn no_later(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let known = self.known();
        if known.doubted_since.is_some() { now.min(known.trusted) } else { now }
    }

    /// Looks at the clock; writes nothing. `told` answers what sites said of the time since a moment (how far ours
    /// was ahead of theirs); it is asked only in doubt.
    pub fn look(
        &self,
        store: &dyn Store,
        now: DateTime<Utc>,
        told: &dyn Fn(Instant) -> Vec<TimeDelta>,
    ) -> Observed {
        let (known, doubted_from) = {
            let state = self.state();
            (state.known, state.doubted_from)
        };
        // A clock that is about to be doubted may have been confirmed before the station was opened.
        let is_confirmed = match doubted_from {
            Some(since) => confirm(&told(since)) || by_hand(store, now),
            None => { known }.observe(now, false).changed && by_hand(store, now),
        };
        let mut state = self.state();
        let before = state.known.trusted;
        let observed = state.known.observe(now, is_confirmed);
        // A clock that went on leaping is another one than that which sites confirmed before.
        let is_new = observed.changed || observed.went_back;
        state.doubted_from = match (state.known.doubted_since, state.doubted_from) {
            (None, _) => None,
            (Some(_), Some(from)) if !is_new => Some(from),
            (Some(_), _) => Some(Instant::now()),
        };
        state.is_urgent |= is_new;
        if observed.went_back {
            state.mend.waits = true;
            tracing::warn!(%now, "the clock went back; what waits for a later time waits no longer");
        }
        if observed.was_ahead {
            state.mend.since = Some(before.min(now));
            tracing::warn!(%now, "the clock was ahead; what was stored as of later counts as now");
        }
        if observed.changed {
            let doubted = state.known.doubted_since.is_some();
            tracing::warn!(%now, trusted = %state.known.trusted, doubted, "what the clock is worth has changed");
        }
        observed
    }

    /// Writes what was seen, at most once a minute while nothing happens, and makes times in the future the present
    /// ones where the clock was ahead.
    ///
    /// # Errors
    /// Those of the store; what was not written is written the next time.
    pub fn keep_if_stale(&self, store: &dyn Store) -> anyhow::Result<()> {
        if self.is_stale() { self.keep(store) } else { Ok(()) }
    }

    fn is_stale(&self) -> bool {
        let state = self.state();
        let is_old = |kept: Known| (state.known.last - kept.last).abs() >= KEEP_EVERY;
        state.is_urgent || state.kept.is_none_or(is_old)
    }

    /// The same at once.
    ///
    /// # Errors
    /// Those of the store; what was not written is written the next time.
    pub fn keep(&self, store: &dyn Store) -> anyhow::Result<()> {
        let (known, mend) = {
            let state = self.state();
            (state.known, state.mend)
        };
        let json = serde_json::to_string(&known)?;
        store.write(&mut |write| {
            if mend.waits {
                write.mend_waits(known.last)?;
            }
            if let Some(since) = mend.since {
                write.mend_future(known.last, since)?;
            }
            if known.doubted_since.is_none() {
                write.drop_state(CONFIRMED)?;
            }
            write.put_state(STATE, &json)
        })?;
        let mut state = self.state();
        state.kept = Some(known);
        if state.known == known {
            state.is_urgent = false;
        }
        if state.mend == mend {
            state.mend = Mend::default();
        }
        Ok(())
    }
}

/// Whether the officer said so, and the clock is still near what it was then.
fn by_hand(store: &dyn Store, now: DateTime<Utc>) -> bool {
    let said = store.state(CONFIRMED).ok().flatten();
    let at = said.and_then(|at| at.parse::<DateTime<Utc>>().ok());
    at.is_some_and(|at| (now - at).abs() <= LEAP)
}

#[cfg(test)]
mod tests;
