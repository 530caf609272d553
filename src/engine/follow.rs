//! The follower: the one thread that keeps the index in step with the store.
//!
//! In: a nudge after each transaction. Out: index commits, each carrying the position in the store's history
//! that it has reached. The index is committed first and the log is cut after; what is applied twice does no
//! harm, what is lost is found again from the log. It lives as long as the station: a failure is told and
//! tried again with growing waits, and an index that is gone, damaged or of another history is rebuilt.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use index::{
    Change, Index, IndexError, IndexedPost, Place, SearchIndex, Writer, WriterOptions, examine,
};

use super::clock::Clock;
use super::gather::{GATHER, Gathered, MOST};
use super::heats::Heats;
pub use super::nudge::{Ending, Nudge};
use super::rebuild::{RebuildError, case_of, drop_dead_mark, position, rebuild_index};
use super::standing::{Apart, Standing, StandingError, standing, taken};
use crate::store::{Store, StoreError};

/// Changes read and applied at once.
const SLICE: usize = 2_000;

/// Without a nudge, the index is looked for this often: somebody may have taken it away.
const LOOK: Duration = Duration::from_secs(30);

/// Failures in a row after which a follower that is to end catching up gives up: a lock that is just being let go
/// must not cost a whole import its index.
const LAST_TRIES: u32 = 4;

/// The wait between these.
const LAST_WAIT: Duration = Duration::from_millis(250);

/// Changes that are still committed where the station is to end at once: about a second's work.
const COMMITTED_IN_HASTE: u64 = 5_000;

/// Why following failed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index could not be rebuilt.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    /// Something came to a place that cannot be.
    #[error("the follower panicked: {0}")]
    Panic(String),
}

impl FollowError {
    /// Whether the index is gone or damaged: it is rebuilt.
    fn is_lost(&self) -> bool {
        matches!(self, Self::Index(error) if error.is_lost())
    }
}

impl From<StandingError> for FollowError {
    fn from(error: StandingError) -> Self {
        match error {
            StandingError::Index(error) => error.into(),
            StandingError::Store(error) => error.into(),
        }
    }
}

/// Told how following goes: a failure, or nothing when it goes well again. Answers how long to wait before the
/// next try.
pub type Told = Box<dyn Fn(Option<&FollowError>) -> Duration + Send + Sync>;

/// What follows: the store, the index and where it lies.
pub struct Follower {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The index.
    pub index: Arc<Index>,
    /// Where the index lies.
    pub place: Place,
    /// The present, for heat.
    pub clock: Clock,
    /// Who is told of failures.
    pub told: Told,
    /// Set by whoever found a file of the index damaged.
    pub damaged: Arc<AtomicBool>,
}

impl Follower {
    /// Follows until told to end.
    ///
    /// # Errors
    /// The failure that stood when it was told to end.
    pub fn follow(&self, nudge: &Nudge) -> Result<(), FollowError> {
        let mut failures = 0;
        loop {
            let kept = catch_unwind(AssertUnwindSafe(|| self.keep_level(nudge, &mut failures)));
            let error = match kept.unwrap_or_else(|panic| Err(panicked(&*panic))) {
                Ok(()) => return Ok(()),
                // A rebuilt index has taken the place of ours: go on with that.
                Err(FollowError::Index(IndexError::Superseded)) => continue,
                Err(error) => error,
            };
            let wait = (self.told)(Some(&error));
            let ending = nudge.ending();
            if ending == Ending::AsItStands
                || (ending == Ending::CaughtUp && failures >= LAST_TRIES)
            {
                return Err(error);
            }
            if failures > 0 || !error.is_lost() {
                // No waiting brings a lost index back.
                match ending {
                    Ending::No => nudge.pause(wait),
                    _ => std::thread::sleep(LAST_WAIT),
                }
            }
            failures += 1;
        }
    }

    /// Follows until told to end or something fails. `failures` goes to 0 with each commit.
    fn keep_level(&self, nudge: &Nudge, failures: &mut u32) -> Result<(), FollowError> {
        drop_dead_mark(&*self.store, &self.place)?;
        self.make_fit(nudge, *failures > 0)?;
        let mut hand = Hand::open(self)?;
        loop {
            // Asked before the log is read: what was stored before the order is in the index after it.
            let ending = nudge.ending();
            if ending == Ending::AsItStands {
                return hand.leave();
            }
            hand.take(nudge)?;
            if ending == Ending::CaughtUp || hand.gathered().is_due() {
                hand.commit()?;
            }
            if hand.changes == 0 && std::mem::take(failures) > 0 {
                (self.told)(None);
            }
            if ending == Ending::CaughtUp && nudge.ending() == Ending::CaughtUp {
                return hand.close();
            }
            if hand.changes == 0 {
                nudge.wait(LOOK);
                self.index.refresh()?;
                if self.damaged.load(Ordering::SeqCst) {
                    return Err(IndexError::Damaged { what: "found at start".to_owned() }.into());
                }
            }
            nudge.pause(GATHER);
        }
    }

    /// Rebuilds an index that is gone, damaged, or of another history.
    fn make_fit(&self, nudge: &Nudge, look_closely: bool) -> Result<(), FollowError> {
        match self.stands(look_closely) {
            Ok(Standing::Level | Standing::Behind(_)) => return Ok(()),
            // Who shares a cluster takes nothing from another; `guanlan reindex` is a word of an officer.
            Ok(Standing::Apart(Apart::OtherStore)) if self.place.is_shared() => {
                return Err(taken(&self.place).into());
            }
            Ok(Standing::Apart(why)) => tracing::warn!(%why, "the index is rebuilt"),
            Err(StandingError::Index(why)) if why.is_lost() => {
                tracing::warn!(%why, "the index is rebuilt");
            }
            Err(error) => return Err(error.into()),
        }
        let is_stopped = || nudge.ending() == Ending::AsItStands;
        rebuild_index(&*self.store, &self.place, (self.clock)(), &is_stopped, &mut |_| {})?;
        self.damaged.store(false, Ordering::SeqCst);
        Ok(self.index.refresh()?)
    }

    fn stands(&self, look_closely: bool) -> Result<Standing, StandingError> {
        self.index.refresh()?;
        if look_closely || self.damaged.load(Ordering::SeqCst) {
            examine(&self.place, Duration::MAX)?.whole()?;
            self.damaged.store(false, Ordering::SeqCst);
        }
        standing(&*self.store, &self.index)
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> FollowError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    FollowError::Panic(text.unwrap_or("no words").to_owned())
}

/// The writer, and how far it has come.
struct Hand<'a> {
    of: &'a Follower,
    writer: Writer,
    /// The last change applied.
    reached: u64,
    /// Changes applied and not committed.
    changes: u64,
    committed: Instant,
    first: Instant,
    latest: Instant,
}

impl<'a> Hand<'a> {
    fn open(of: &'a Follower) -> Result<Self, FollowError> {
        let writer = of.index.writer(WriterOptions::default())?;
        let (reached, now) = (of.index.cursor()?, Instant::now());
        Ok(Self { of, writer, reached, changes: 0, committed: now, first: now, latest: now })
    }

    /// Applies everything the store has and the index has not.
    fn take(&mut self, nudge: &Nudge) -> Result<(), FollowError> {
        while nudge.ending() < Ending::AsItStands {
            let changes = self.of.store.changes_after(self.reached, SLICE)?;
            let Some(last) = changes.last() else { break };
            let mut heats = Heats::new(&*self.of.store, (self.of.clock)());
            let mut batch = Vec::with_capacity(changes.len());
            // A post that finds company is stored twice in one transaction.
            let mut seen = HashSet::new();
            for change in changes.iter().filter(|change| seen.insert(change.post)) {
                batch.push(match self.of.store.post(change.post)? {
                    Some(post) => {
                        let heat = heats.of(&post)?;
                        let case = case_of(&*self.of.store, change.post)?;
                        Change::Put(Box::new(IndexedPost { heat, post, case }))
                    }
                    None => Change::Delete(change.post),
                });
            }
            self.writer.apply(&batch)?;
            self.latest = Instant::now();
            if self.changes == 0 {
                self.first = self.latest;
            }
            self.reached = last.seq;
            self.changes += changes.len() as u64;
            if self.changes >= MOST {
                self.commit()?;
            }
        }
        Ok(())
    }

    fn gathered(&self) -> Gathered {
        Gathered {
            changes: self.changes,
            since_commit: self.committed.elapsed(),
            since_first: self.first.elapsed(),
            since_latest: self.latest.elapsed(),
        }
    }

    fn commit(&mut self) -> Result<(), FollowError> {
        if self.changes == 0 {
            return Ok(());
        }
        let store = &*self.of.store;
        self.writer.commit(position(store, self.reached)?)?;
        store.write(&mut |write| write.forget_changes(self.reached))?;
        drop_dead_mark(store, &self.of.place)?;
        self.changes = 0;
        self.committed = Instant::now();
        Ok(())
    }

    /// Ends with merges done.
    fn close(self) -> Result<(), FollowError> {
        Ok(self.writer.close()?)
    }

    /// Ends at once: what is not committed is applied again at the next start.
    fn leave(mut self) -> Result<(), FollowError> {
        if self.changes <= COMMITTED_IN_HASTE { self.commit() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
