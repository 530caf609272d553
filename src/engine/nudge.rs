//! How the follower is woken, and how it is told to end.
//!
//! In: nudges after each transaction, one call to end. Out: waits that end at once when there is something to
//! do. Ending after catching up and ending as it stands are two things: a command that was asked to store
//! wants to find what it stored, a station that is told to stop has five seconds.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Whether the follower is to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It is to go on.
    #[default]
    No,
    /// It is to catch up, then end.
    CaughtUp,
    /// It is to end as it stands; what is missing follows at the next start.
    AsItStands,
}

#[derive(Debug, Default)]
struct State {
    nudged: bool,
    ending: Ending,
}

/// Wakes the follower; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Nudge {
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Nudge {
    /// There is something new in the store.
    pub fn nudge(&self) {
        self.change(|state| state.nudged = true);
    }

    /// Ends the follower; a stronger ending takes the place of a weaker one, never the other way round.
    pub fn end(&self, ending: Ending) {
        self.change(|state| state.ending = state.ending.max(ending));
    }

    /// Whether it is to end.
    #[must_use]
    pub fn ending(&self) -> Ending {
        self.state().ending
    }

    /// Waits for a nudge or the order to end, for `at_most`.
    pub(super) fn wait(&self, at_most: Duration) {
        self.until(at_most, |state| state.nudged || state.ending > Ending::No);
        self.state().nudged = false;
    }

    /// Waits `at_most`, less only if it is to end.
    pub(super) fn pause(&self, at_most: Duration) {
        self.until(at_most, |state| state.ending > Ending::No);
    }

    fn until(&self, at_most: Duration, is_over: impl Fn(&State) -> bool) {
        let end = Instant::now() + at_most;
        let mut state = self.state();
        while !is_over(&state) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.1.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.shared.1.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_pause_ends_with_the_order_to_end() {
        let nudge = Nudge::default();
        let waiting = {
            let nudge = nudge.clone();
            std::thread::spawn(move || nudge.pause(LONG))
        };
        nudge.end(Ending::CaughtUp);
        waiting.join().unwrap();
        nudge.end(Ending::AsItStands);
        nudge.end(Ending::CaughtUp);
        assert_eq!(nudge.ending(), Ending::AsItStands);
    }

    #[test]
    fn a_nudge_before_the_wait_is_not_lost() {
        let nudge = Nudge::default();
        nudge.nudge();
        nudge.wait(LONG);
        assert!(!nudge.state().nudged);
    }
}
