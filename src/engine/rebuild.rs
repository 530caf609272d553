//! The index made again from the store.
//!
//! In: the store, where the index lies, the present. Out: a new index in the place of the old one, which
//! answers until then. Changes that arrive meanwhile are in the change log and follow after. One process at a
//! time rebuilds; the mark that keeps the log whole is worth as long as one does.

use std::sync::mpsc::sync_channel;

use chrono::{DateTime, Utc};
use index::{
    Index, IndexError, IndexedPost, Place, Position, PostSource, RebuildLock, WriterOptions,
};
use pipelines::record::PostId;

use super::heats::Heats;
use crate::store::{CaseLink, PostRange, Store, StoreError};

/// The state that keeps the change log whole while an index is rebuilt.
const STATE: &str = "reindex_from";

/// Posts read ahead of the indexer.
const READ_AHEAD: usize = 1_000;

/// Why an index was not rebuilt; the old one stays.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The index could not be written, or is being rebuilt by another process.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was asked to stop.
    #[error("the rebuild of the index was stopped; it begins anew when next needed")]
    Stopped,
}

/// The store as the index asks for posts it must look into.
pub struct StoredPosts<'a>(pub &'a dyn Store);

impl PostSource for StoredPosts<'_> {
    fn posts(
        &self,
        ids: &[PostId],
    ) -> Result<Vec<IndexedPost>, Box<dyn std::error::Error + Send + Sync>> {
        let mut posts = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(post) = self.0.post(*id)? {
                // Heat is the index's own.
                let case = case_of(self.0, *id)?;
                posts.push(IndexedPost { post, heat: 0.0, case });
            }
        }
        Ok(posts)
    }
}

/// The latest case that is about a post.
pub(super) fn case_of(store: &dyn Store, post: PostId) -> Result<Option<String>, StoreError> {
    Ok(store.cases_about(CaseLink::Post(post))?.into_iter().next())
}

/// The position of the store's change `seq`, as commits carry it.
///
/// # Errors
/// Those of the store; a change that is not in its log is none of its history.
pub(super) fn position(store: &dyn Store, seq: u64) -> Result<Position, StoreError> {
    let known = store.position(seq)?.ok_or_else(|| StoreError::Corrupt {
        what: format!("change {seq}"),
        cause: "it is not in the log".to_owned(),
    })?;
    Ok(Position { store: known.store, cursor: known.seq, mark: known.mark })
}

/// Forgets the mark of a rebuild that died. Nothing happens while one is under way.
///
/// # Errors
/// Those of the store and of the lock's file.
pub(super) fn drop_dead_mark(store: &dyn Store, place: &Place) -> Result<(), RebuildError> {
    if store.state(STATE)?.is_none() {
        return Ok(());
    }
    match RebuildLock::take(place) {
        Ok(_held) => {
            tracing::warn!("a rebuild of the index was broken off; its hold on the log is lifted");
            Ok(store.write(&mut |write| write.drop_state(STATE))?)
        }
        Err(IndexError::Rebuilding { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Builds the index at `place` anew from every post of `store`, with the heat stories have `now`; answers how
/// many. `is_stopped` is asked with every post.
///
/// # Errors
/// See [`RebuildError`]; the old index stays then.
pub fn rebuild_index(
    store: &dyn Store,
    place: &Place,
    now: DateTime<Utc>,
    is_stopped: &(dyn Fn() -> bool + Sync),
    progress: &mut dyn FnMut(u64),
) -> Result<u64, RebuildError> {
    let lock = RebuildLock::take(place)?;
    let from = position(store, store.last_change()?)?;
    // A station at work must not cut what the new index has still to follow.
    store.write(&mut |write| write.put_state(STATE, &from.cursor.to_string()))?;
    let rebuilt = build(store, &lock, from, now, is_stopped, progress);
    store.write(&mut |write| write.drop_state(STATE))?;
    match rebuilt {
        Err(_) if is_stopped() => Err(RebuildError::Stopped),
        rebuilt => Ok(rebuilt?),
    }
}

fn build(
    store: &dyn Store,
    lock: &RebuildLock,
    from: Position,
    now: DateTime<Utc>,
    is_stopped: &(dyn Fn() -> bool + Sync),
    progress: &mut dyn FnMut(u64),
) -> Result<u64, IndexError> {
    type Sent = Result<IndexedPost, Box<dyn std::error::Error + Send + Sync>>;
    let (posts, received) = sync_channel::<Sent>(READ_AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut heats = Heats::new(store, now);
            let mut failed = None;
            let read = store.each_post(&PostRange::default(), &mut |post| {
                if is_stopped() {
                    failed = Some(RebuildError::Stopped);
                    return false;
                }
                match heats.of(&post).and_then(|heat| Ok((heat, case_of(store, post.post.id)?))) {
                    // The receiver hangs up when indexing failed; reading on would be for nobody.
                    Ok((heat, case)) => posts.send(Ok(IndexedPost { post, heat, case })).is_ok(),
                    Err(error) => {
                        failed = Some(error.into());
                        false
                    }
                }
            });
            if let Some(error) = failed.or(read.err().map(RebuildError::from)) {
                let _ = posts.send(Err(error.into()));
            }
        });
        Index::rebuild(lock, WriterOptions::bulk(), from, received, progress)
    })
}
