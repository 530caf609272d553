//! A file as it is at one instant, written to another, while a station may be at work on it.
//!
//! In: the paths of both. Out: one file without a log beside it, and how much of each evidence file its rows refer to.
//! Nothing is written to the first.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::{BUSY_WAIT, SqliteStore, schema};
use crate::store::snapshot::{Snapshot, snapshot_of};
use crate::store::{Result, StoreError};

impl SqliteStore {
    /// Writes what the file at `from` holds now to the new file `to`.
    ///
    /// # Errors
    /// Files that cannot be read or written; a store of another version.
    pub fn snapshot(from: &Path, to: &Path) -> Result<Snapshot> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(from, flags)
            .map_err(|error| Self::at(from).cannot_open(&error))?;
        reader.busy_timeout(BUSY_WAIT)?;
        schema::check(&reader, from)?;
        let mut copy = Connection::open(to)?;
        // All pages in one step are those of one instant: who writes meanwhile is not waited for and not heard.
        let stepped = Backup::new(&reader, &mut copy)?.step(-1)?;
        if stepped != StepResult::Done {
            return Err(StoreError::Busy);
        }
        copy.pragma_update(None, "journal_mode", "DELETE")?;
        snapshot_of(&copy, None)
    }
}
