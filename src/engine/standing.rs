//! Where an index stands to the store: whether it may be followed, and how much it lacks.
//!
//! In: a store and an opened index. Out: level, behind by so many changes, or not of this store's history. It
//! decides for everybody who asks: the follower rebuilds what does not fit, whoever searches says so.

use index::{ClusterFault, Index, IndexError, Place, SearchIndex};

use crate::store::{Store, StoreError};

/// Where an index stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds everything.
    Level,
    /// It lacks so many changes of the log.
    Behind(u64),
    /// It cannot be followed to where the store is: it must be rebuilt.
    Apart(Apart),
}

/// Why an index does not fit the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Apart {
    /// It has followed nothing, and what the store has can no longer be read from its log.
    #[error("the index is new and the log of changes does not reach back to its beginning")]
    New,
    /// It has followed another store.
    #[error("the index is of another store")]
    OtherStore,
    /// It has followed changes that are not in this store's history, or are cut from its log.
    #[error("the index has followed another history of this store (a copy was put back)")]
    OtherHistory,
}

/// Why an index cannot be asked or followed.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// It cannot be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The store cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The identity of `store`.
fn identity(store: &dyn Store) -> Result<Option<String>, StoreError> {
    Ok(store.position(store.last_change()?)?.map(|known| known.store))
}

/// That an index at a shared place is of another store.
pub fn taken(place: &Place) -> IndexError {
    let name = match place {
        Place::Cluster(cluster) => cluster.name.clone(),
        Place::Folder(dir) => dir.display().to_string(),
    };
    ClusterFault::Taken { name }.into()
}

/// Where `index` stands to `store`.
///
/// # Errors
/// An index or store that cannot be read.
pub fn standing(store: &dyn Store, index: &Index) -> Result<Standing, StandingError> {
    let stood = index.position()?;
    let known = store.position(stood.cursor)?;
    let is_new = stood.store.is_empty() && stood.cursor == 0;
    let apart = match known {
        None if is_new => Some(Apart::New),
        // Of which store, no change of this one tells.
        None if identity(store)?.is_some_and(|ours| ours != stood.store) => Some(Apart::OtherStore),
        None => Some(Apart::OtherHistory),
        Some(_) if is_new => None,
        Some(known) if known.store != stood.store => Some(Apart::OtherStore),
        Some(known) if known.mark != stood.mark => Some(Apart::OtherHistory),
        Some(_) => None,
    };
    if let Some(apart) = apart {
        return Ok(Standing::Apart(apart));
    }
    // Read after the position: what came meanwhile is lacking indeed.
    Ok(match store.last_change()?.saturating_sub(stood.cursor) {
        0 => Standing::Level,
        lacking => Standing::Behind(lacking),
    })
}
