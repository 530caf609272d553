//! The index made again from the store.
//!
//! In: the store, where the index lies. Out: a new index in the place of the old one, which
//! answers until then. Changes that arrive meanwhile are in the change log and follow after.

use std::path::Path;
use std::sync::mpsc::sync_channel;

use index::{Index, IndexError, IndexedPost, PostSource, WriterOptions};
use pipelines::record::PostId;

use crate::store::{PostRange, Store, StoreError};

/// The state that keeps the change log whole while an index is rebuilt.
const STATE: &str = "reindex_from";

/// Posts read ahead of the indexer.
const READ_AHEAD: usize = 1_000;

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
                posts.push(IndexedPost { post, heat: 0.0, case: None });
            }
        }
        Ok(posts)
    }
}

/// Builds the index in `dir` anew from every post of `store`; answers how many.
///
/// # Errors
/// The store or the disk; the old index stays then.
pub fn rebuild_index(
    store: &dyn Store,
    dir: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, IndexError> {
    let broken = |e: StoreError| IndexError::Posts(e.into());
    let cursor = store.last_change().map_err(broken)?;
    // A station at work must not cut what the new index has still to follow.
    store.write(&mut |write| write.put_state(STATE, &cursor.to_string())).map_err(broken)?;
    let (posts, received) = sync_channel::<Result<IndexedPost, StoreError>>(READ_AHEAD);
    let rebuilt = std::thread::scope(|scope| {
        scope.spawn(move || {
            let read = store.each_post(&PostRange::default(), &mut |post| {
                // The receiver hangs up when indexing failed; reading on would be for nobody.
                posts.send(Ok(IndexedPost { post, heat: 0.0, case: None })).is_ok()
            });
            if let Err(error) = read {
                let _ = posts.send(Err(error));
            }
        });
        Index::rebuild(dir, WriterOptions::bulk(), cursor, received, progress)
    });
    store.write(&mut |write| write.drop_state(STATE)).map_err(broken)?;
    rebuilt
}
