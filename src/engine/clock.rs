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
    /// Since when in this process it is doubted, by a clock that nobody sets.
    doubted_from: Option<Instant>,
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
            Some(known) => known,
            None => {
                let last = store.latest_time()?.unwrap_or(now);
                // Times in the future are those of a clock that was ahead.
                let doubted_since = (last > now).then_some(last);
                Known { trusted: last.min(now), last, doubted_since }
            }
        };
        let doubted_from = known.doubted_since.map(|_| Instant::now());
        Ok(Self { state: Mutex::new(State { known, kept, doubted_from }) })
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

    /// Looks at the clock. `told` answers what sites said of the time since a moment (how far ours was ahead of
    /// theirs); it is asked only in doubt. Where the clock was ahead, times in the future are made the present ones.
    ///
    /// # Errors
    /// Those of the store.
    pub fn look(
        &self,
        store: &dyn Store,
        now: DateTime<Utc>,
        told: &dyn Fn(Instant) -> Vec<TimeDelta>,
    ) -> anyhow::Result<Observed> {
        let doubted_from = self.state().doubted_from;
        let is_confirmed = match doubted_from {
            Some(since) => confirm(&told(since)) || by_hand(store, now)?,
            None => by_hand_at_first_sight(&self.known(), store, now)?,
        };
        let (observed, known) = {
            let mut state = self.state();
            let observed = state.known.observe(now, is_confirmed);
            let doubted = state.known.doubted_since;
            // A clock that went on leaping is another one than that which sites confirmed before.
            let is_new = observed.changed || observed.went_back;
            state.doubted_from = match (doubted, state.doubted_from) {
                (None, _) => None,
                (Some(_), Some(from)) if !is_new => Some(from),
                (Some(_), _) => Some(Instant::now()),
            };
            (observed, state.known)
        };
        if observed.changed {
            match known.doubted_since {
                Some(_) => {
                    tracing::warn!(%now, trusted = %known.trusted, "the clock is doubted; purging waits")
                }
                None => tracing::info!(%now, "the clock is beyond doubt"),
            }
        }
        if observed.went_back {
            tracing::warn!(%now, "the clock went back; what waits for a later time waits no longer");
            store.write(&mut |write| write.mend_waits(now))?;
        }
        if observed.was_ahead {
            tracing::warn!(%now, "the clock was ahead; what was stored as of later counts as now");
            store.write(&mut |write| write.mend_future(now))?;
        }
        if observed.changed || observed.went_back || self.is_stale() {
            self.keep(store)?;
        }
        Ok(observed)
    }

    fn is_stale(&self) -> bool {
        let state = self.state();
        state.kept.is_none_or(|kept| (state.known.last - kept.last).abs() >= KEEP_EVERY)
    }

    /// Writes what is known.
    ///
    /// # Errors
    /// Those of the store.
    pub fn keep(&self, store: &dyn Store) -> anyhow::Result<()> {
        let known = self.known();
        let json = serde_json::to_string(&known)?;
        store.write(&mut |write| write.put_state(STATE, &json))?;
        self.state().kept = Some(known);
        Ok(())
    }
}

/// A clock that is about to be doubted may have been confirmed before the station was opened.
fn by_hand_at_first_sight(
    known: &Known,
    store: &dyn Store,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let mut next = *known;
    Ok(next.observe(now, false).changed && by_hand(store, now)?)
}

/// Whether the officer said so, and the clock is still near what it was then.
fn by_hand(store: &dyn Store, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let Some(at) = store.state(CONFIRMED)? else { return Ok(false) };
    let at: DateTime<Utc> = at.parse().context("cannot read when the clock was confirmed")?;
    store.write(&mut |write| write.drop_state(CONFIRMED))?;
    Ok((now - at).abs() <= LEAP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SqliteStore;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap() + TimeDelta::hours(hours)
    }

    fn nobody(_: Instant) -> Vec<TimeDelta> {
        Vec::new()
    }

    fn lab() -> (tempfile::TempDir, SqliteStore) {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("guanlan.db")).unwrap();
        (dir, store)
    }

    const TWO_YEARS: i64 = 2 * 365 * 24;

    #[test]
    fn a_clock_that_leaps_ahead_is_doubted_until_it_is_set_right() {
        let (_dir, store) = lab();
        let keeper = Timekeeper::open(&store, at(0)).unwrap();
        for hour in [0, 1, 7, 8] {
            keeper.look(&store, at(hour), &nobody).unwrap();
            assert!(!keeper.is_doubted(), "hour {hour}");
        }
        let seen = keeper.look(&store, at(TWO_YEARS), &nobody).unwrap();
        assert!(seen.changed && keeper.is_doubted());
        assert_eq!(keeper.no_later(at(TWO_YEARS)), at(8));
        // Also after a restart, and however long it goes on.
        let keeper = Timekeeper::open(&store, at(TWO_YEARS + 200)).unwrap();
        keeper.look(&store, at(TWO_YEARS + 200), &nobody).unwrap();
        assert!(keeper.is_doubted());
        let seen = keeper.look(&store, at(9), &nobody).unwrap();
        assert!(seen.went_back && seen.was_ahead && !keeper.is_doubted());
        assert_eq!(keeper.known().trusted, at(9));
    }

    #[test]
    fn a_clock_set_back_by_mistake_changes_no_date() {
        let (_dir, store) = lab();
        let keeper = Timekeeper::open(&store, at(100)).unwrap();
        keeper.look(&store, at(100), &nobody).unwrap();
        for hour in [76, 77, 100] {
            let seen = keeper.look(&store, at(hour), &nobody).unwrap();
            assert!(!seen.was_ahead, "hour {hour}");
            assert_eq!((keeper.is_doubted(), seen.went_back), (hour < 100, hour == 76));
        }
        // Where two sites say that it is right, it was the time before that was wrong.
        keeper.look(&store, at(76), &nobody).unwrap();
        let near = TimeDelta::zero();
        assert!(keeper.look(&store, at(76), &|_| vec![near, near]).unwrap().was_ahead);
        assert_eq!(keeper.known().trusted, at(76));
    }

    #[test]
    fn two_sites_confirm_a_clock_and_one_or_a_minority_does_not() {
        let (_dir, store) = lab();
        let keeper = Timekeeper::open(&store, at(0)).unwrap();
        keeper.look(&store, at(0), &nobody).unwrap();
        let (near, far) = (TimeDelta::minutes(2), TimeDelta::days(700));
        for (told, confirmed) in [
            (vec![near], false),
            (vec![near, near, far, far], false),
            (vec![near, near, far], true),
        ] {
            keeper.look(&store, at(100), &|_| told.clone()).unwrap();
            keeper.look(&store, at(100), &|_| told.clone()).unwrap();
            assert_eq!(keeper.is_doubted(), !confirmed, "{told:?}");
        }
        assert_eq!(keeper.known().trusted, at(100));
    }

    #[test]
    fn the_officers_word_counts_once_and_for_the_time_it_was_said_of() {
        let (_dir, store) = lab();
        let keeper = Timekeeper::open(&store, at(0)).unwrap();
        keeper.look(&store, at(0), &nobody).unwrap();
        confirm_by_hand(&store, at(100)).unwrap();
        keeper.look(&store, at(101), &nobody).unwrap();
        assert!(!keeper.is_doubted());
        keeper.look(&store, at(200), &nobody).unwrap();
        assert!(keeper.is_doubted(), "the word of an hour is none for another");
        confirm_by_hand(&store, at(100)).unwrap();
        keeper.look(&store, at(200), &nobody).unwrap();
        assert!(keeper.is_doubted());
    }

    #[test]
    fn a_store_that_never_saw_a_clock_is_as_old_as_what_is_in_it() {
        let (_dir, store) = lab();
        store.write(&mut |write| write.audit(at(0), "label", "1", "")).unwrap();
        let keeper = Timekeeper::open(&store, at(TWO_YEARS)).unwrap();
        keeper.look(&store, at(TWO_YEARS), &nobody).unwrap();
        assert!(keeper.is_doubted());
        assert_eq!(keeper.known().trusted, at(0));
    }
}
