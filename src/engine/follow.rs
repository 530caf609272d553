//! The follower: the one thread that keeps the index in step with the store.
//!
//! In: a nudge after each transaction. Out: index commits, each carrying the position in the store's change
//! log it has reached. The index is committed first and the log is cut after; what is applied twice does no
//! harm, what is lost is found again from the log. A failure of the index stops indexing, not crawling, and
//! is told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use index::{Change, Index, IndexError, IndexedPost, SearchIndex, Writer, WriterOptions};
use pipelines::annotate::story_heat;
use pipelines::record::AnnotatedPost;

use super::clock::Clock;
use crate::store::{Store, StoreError};

/// Changes applied before a commit at most.
const CHANGES_PER_COMMIT: usize = 5_000;

/// How long changes gather before they become visible.
const GATHER: Duration = Duration::from_millis(400);

/// Why following stopped.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Nudges the follower; cheap to clone.
#[derive(Clone, Default)]
pub struct Nudge {
    state: Arc<(Mutex<bool>, Condvar)>,
    stopping: Arc<AtomicBool>,
    leaving: Arc<AtomicBool>,
}

impl Nudge {
    /// There is something new in the store.
    pub fn nudge(&self) {
        let (flag, signal) = &*self.state;
        *flag.lock().unwrap_or_else(PoisonError::into_inner) = true;
        signal.notify_one();
    }

    /// Catch up, then end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.nudge();
    }

    /// End after the commit under way; what is left in the log is taken up at the next start.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
        self.stop();
    }

    fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }

    fn wait(&self) {
        let (flag, signal) = &*self.state;
        let mut nudged = flag.lock().unwrap_or_else(PoisonError::into_inner);
        while !*nudged {
            nudged = signal.wait(nudged).unwrap_or_else(PoisonError::into_inner);
        }
        *nudged = false;
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

/// Posts of a story that its heat is summed over; beyond that it is hot anyway.
const HEAT_POSTS: usize = 50;

/// Heat of the post's story, as of `now`.
fn heat(store: &dyn Store, post: &AnnotatedPost, now: DateTime<Utc>) -> Result<f32, StoreError> {
    let mut posts = Vec::new();
    for id in store.story_posts(post.story, HEAT_POSTS)? {
        posts.extend(store.post(id)?.map(|p| p.post));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a rough figure; f32 is what the index keeps"
    )]
    Ok(story_heat(&posts, now) as f32)
}

/// Applies everything the store has and the index has not; answers how many changes that were.
///
/// # Errors
/// See [`FollowError`]; what was committed before stands.
pub fn catch_up(
    store: &dyn Store,
    index: &Index,
    writer: &mut Writer,
    nudge: &Nudge,
    now: DateTime<Utc>,
) -> Result<u64, FollowError> {
    let mut applied = 0;
    while !nudge.is_leaving() {
        let cursor = index.cursor()?;
        let changes = store.changes_after(cursor, CHANGES_PER_COMMIT)?;
        let Some(last) = changes.last() else { break };
        let mut batch = Vec::with_capacity(changes.len());
        for change in &changes {
            batch.push(match store.post(change.post)? {
                Some(post) => {
                    let heat = heat(store, &post, now)?;
                    Change::Put(Box::new(IndexedPost { heat, post, case: None }))
                }
                None => Change::Delete(change.post),
            });
        }
        writer.apply(&batch)?;
        writer.commit(last.seq)?;
        store.write(&mut |write| write.forget_changes(last.seq))?;
        applied += changes.len() as u64;
    }
    Ok(applied)
}

/// The same, going on with the new index where `guanlan reindex` put one in the place of the old.
fn catch_up_with_newest(
    store: &dyn Store,
    index: &Index,
    writer: &mut Writer,
    nudge: &Nudge,
    now: DateTime<Utc>,
) -> Result<u64, FollowError> {
    // The old generation's files go when it is superseded: look at what is there before reading on.
    index.refresh()?;
    match catch_up(store, index, writer, nudge, now) {
        Err(FollowError::Index(IndexError::Superseded)) => {
            *writer = index.writer(WriterOptions::default())?;
            catch_up(store, index, writer, nudge, now)
        }
        applied => applied,
    }
}

/// Follows until stopped; catches up once more before it ends.
///
/// # Errors
/// See [`FollowError`].
pub fn follow(
    store: &dyn Store,
    index: &Index,
    mut writer: Writer,
    nudge: &Nudge,
    clock: &Clock,
) -> Result<(), FollowError> {
    loop {
        catch_up_with_newest(store, index, &mut writer, nudge, clock())?;
        if nudge.is_stopping() {
            catch_up_with_newest(store, index, &mut writer, nudge, clock())?;
            writer.close()?;
            return Ok(());
        }
        nudge.wait();
        if !nudge.is_stopping() {
            std::thread::sleep(GATHER);
        }
    }
}
