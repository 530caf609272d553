//! The evidence of a station: written before the store refers to it, emptied by date.
//!
//! In: packed records; a date. Out: places that are there for good. One value per data directory, held by the process
//! that has the station's lock; whoever writes or purges holds it until the store's transaction is on disk, so that no
//! record waits for its row while files are removed. Readers need only the vault.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipelines::crawl::warc::{Location, Member};

use super::appending::Appending;
use super::vault::{Vault, VaultError};
use super::whole::Whole;
use crate::store::{FiledRecord, Store, StoreError};

/// Why evidence cannot be kept or cleared.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder or the object store.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ArchiveError {
    /// Whether the same may succeed later: there is no room, an object store is away, or another program holds the store.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Vault(error) => error.passes(),
            Self::Store(error) => error.passes(),
        }
    }
}

/// What a purge removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Records whose time was over, or whose post is no longer stored.
    pub records: u64,
    /// Files removed whole.
    pub files_removed: u64,
    /// Files written anew without what had to go.
    pub files_rewritten: u64,
    /// Bytes of the files less than before.
    pub bytes_freed: u64,
    /// Records that should have stayed and could not be read from a damaged file.
    pub lost: u64,
}

/// Whether a record goes with what was fetched before `before` (none: no date), or has no stored post.
pub(super) fn is_over(record: &FiledRecord, before: Option<DateTime<Utc>>) -> bool {
    !record.has_post || before.is_some_and(|before| record.fetched_at < before)
}

/// A file that is about to be removed: what of it is over, what stays elsewhere, and what cannot be read.
pub(super) struct Emptied<'a> {
    /// Its name.
    pub file: &'a str,
    /// Records whose time is over.
    pub over: &'a [FiledRecord],
    /// Row and new place of those that stay.
    pub moved: &'a [(i64, Location)],
    /// Records that should have stayed.
    pub lost: &'a [FiledRecord],
}

impl Emptied<'_> {
    /// Tells the store, before the file goes.
    pub fn tell(&self, store: &dyn Store, now: DateTime<Utc>) -> Result<(), StoreError> {
        let Self { file, over, moved, lost } = self;
        let detail = format!("{} records, {} stay, {} lost", over.len(), moved.len(), lost.len());
        store.write(&mut |write| {
            for record in over.iter().chain(*lost) {
                write.drop_record(record.id)?;
            }
            for (id, place) in *moved {
                write.move_record(*id, place)?;
            }
            write.audit(now, "purge", &format!("evidence/{file}"), &detail)
        })
    }

    /// Counts it, once the file of so many bytes is gone.
    pub fn count(&self, bytes: u64, purged: &mut Purged) {
        let after: u64 = self.moved.iter().map(|(_, place)| place.length).sum();
        purged.records += self.over.len() as u64;
        purged.lost += self.lost.len() as u64;
        purged.bytes_freed += bytes.saturating_sub(after);
        match self.moved.is_empty() {
            true => purged.files_removed += 1,
            false => purged.files_rewritten += 1,
        }
    }
}

/// The evidence files of a station.
pub struct Archive(Way);

enum Way {
    /// In the data directory: records are appended to the file of the day.
    Appending(Appending),
    /// Where several machines may write: what is stored together is a file of its own.
    Whole(Whole),
}

impl Archive {
    /// Opens the folder `dir` of a data directory, making it for its owner alone, and cuts off what a kill left half
    /// written. The caller has the station's lock.
    ///
    /// # Errors
    /// The folder cannot be used, or the store fails.
    pub fn open(dir: &Path, store: &dyn Store) -> Result<Self, ArchiveError> {
        Ok(Self(Way::Appending(Appending::open(dir, store)?)))
    }

    /// Evidence in a vault that several machines may share. It is asked for nothing yet.
    #[must_use]
    pub fn shared(vault: Arc<dyn Vault>) -> Self {
        Self(Way::Whole(Whole::new(vault)))
    }

    /// Writes records; when this returns they survive a power cut. The caller keeps the archive until the rows
    /// that refer to them are on disk.
    ///
    /// # Errors
    /// The disk or the object store refuses; none of the records counts then.
    pub fn append<'m>(
        &mut self,
        members: impl IntoIterator<Item = &'m Member>,
    ) -> Result<Vec<Location>, ArchiveError> {
        match &mut self.0 {
            Way::Appending(folder) => folder.append(members),
            Way::Whole(vault) => vault.append(members),
        }
    }

    /// Removes every record fetched before `before` (none: no date), every record of no stored post, and every
    /// file nothing refers to. What stays of a file is copied, the store is told, and then the file is removed:
    /// whenever the process dies, the store refers to whole records only.
    ///
    /// # Errors
    /// The disk, the object store or the store; what was removed before stays removed.
    pub fn purge(
        &mut self,
        store: &dyn Store,
        before: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Purged, ArchiveError> {
        match &mut self.0 {
            Way::Appending(folder) => folder.purge(store, before, now),
            Way::Whole(vault) => vault.purge(store, before, now),
        }
    }
}
