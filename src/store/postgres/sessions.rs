//! Sessions that are kept and lent: few, since each costs the server some megabytes, and to begin one some ten milliseconds.
//!
//! In: a way to begin one. Out: one at a time to each who asks. Who finds all of them lent waits for a moment, and then begins
//! another: whoever asks while he has one himself is not kept waiting for himself.

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use super::link::Link;
use super::lock;
use crate::store::Result;

/// How many are kept, and lent at a time without waiting.
const MOST: usize = 6;

/// How long is waited for one that is lent.
const WAIT: Duration = Duration::from_millis(200);

/// The sessions of one kind.
#[derive(Default)]
pub(super) struct Sessions {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Link>,
    lent: usize,
}

/// One that is lent; it comes back when this is dropped.
struct Lent<'a> {
    sessions: &'a Sessions,
    link: Option<Link>,
}

impl Sessions {
    /// Keeps one that was begun already.
    pub(super) fn keep(&self, link: Link) {
        lock(&self.state).idle.push(link);
    }

    /// Runs `work` on one of them, which is begun by `begin` where there is none.
    pub(super) fn with<T>(
        &self,
        begin: impl FnOnce() -> Result<Link>,
        work: impl FnOnce(&Link) -> Result<T>,
    ) -> Result<T> {
        let mut lent = self.lend();
        let link = match lent.link.take().filter(Link::still_stands) {
            Some(link) => link,
            None => begin()?,
        };
        work(lent.link.insert(link))
    }

    /// The right to one more, with one that was kept where there is any.
    fn lend(&self) -> Lent<'_> {
        let asked = Instant::now();
        let mut state = lock(&self.state);
        while state.idle.is_empty() && state.lent >= MOST {
            let Some(left) = WAIT.checked_sub(asked.elapsed()) else { break };
            // A panic elsewhere cannot leave the count half written.
            state = self.freed.wait_timeout(state, left).map_or_else(|e| e.into_inner().0, |s| s.0);
        }
        state.lent += 1;
        Lent { sessions: self, link: state.idle.pop() }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        // One on which a panic struck may be within a transaction.
        let link = self.link.take().filter(|link| !link.is_broken() && !std::thread::panicking());
        let mut state = lock(&self.sessions.state);
        state.lent -= 1;
        let is_one_too_many = state.idle.len() + state.lent >= MOST;
        state.idle.extend(link.filter(|_| !is_one_too_many));
        self.sessions.freed.notify_one();
    }
}
