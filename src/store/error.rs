//! What can go wrong in the store, and which of it passes.
//!
//! In: an error of SQLite. Out: one of ours: a state that passes (another program holds the file, no room), or a
//! failure. Never "nothing there".

use std::path::PathBuf;

use rusqlite::{ErrorCode, ffi};

/// Shorthand of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What can go wrong in the store. Every variant is a failure of the store, never "nothing there".
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database file cannot be opened or made.
    #[error("cannot open store `{path}`: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// The database was written by a newer version.
    #[error(
        "store `{path}` has schema {found}, this version knows up to {known}; use a newer guanlan"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database is of an older version, and was opened by one who only reads.
    #[error(
        "store `{path}` has schema {found} and is not yet brought to {known}; start the station on it once"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema version; 0 for a file that is being made.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The file holds tables of another program.
    #[error("`{path}` is a database of another program; name another data directory")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another program holds the database. It passes: what was to be written is kept and tried again.
    #[error("store: another program holds the database (a backup, a shell); end it or wait")]
    Busy,
    /// No room for what is to be written. It passes: what was to be written is kept and tried again.
    #[error("store: no room on the disk of the data directory ({0}); make room")]
    Full(rusqlite::Error),
    /// This account may read the store and not write it.
    #[error("store: this account may not write the data directory; do this as its owner")]
    ReadOnly,
    /// A statement failed (corrupt file, a defect of ours).
    #[error("store: {0}")]
    Sql(rusqlite::Error),
    /// A stored value cannot be read back.
    #[error("store: cannot read {what}: {cause}")]
    Corrupt {
        /// Which value of which row.
        what: String,
        /// The cause.
        cause: String,
    },
}

impl StoreError {
    /// Whether the same may succeed later without anything being mended here.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Busy | Self::Full(_))
    }
}

impl StoreError {
    /// Whether the rights of this account, or a file system that takes no writing, stand in the way.
    pub(super) fn is_refused(&self) -> bool {
        let cause = match self {
            Self::ReadOnly => return true,
            Self::Open { source, .. } | Self::Sql(source) => source.sqlite_error_code(),
            _ => None,
        };
        matches!(cause, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(e) if matches!(e.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy
            }
            Some(e) if e.code == ErrorCode::DiskFull || is_no_room(e.extended_code) => {
                Self::Full(error)
            }
            Some(e) if e.code == ErrorCode::ReadOnly => Self::ReadOnly,
            _ => Self::Sql(error),
        }
    }
}

/// Where SQLite meets a full disk or a used-up quota outside of its own writes to the file, it says "I/O error".
fn is_no_room(extended_code: i32) -> bool {
    [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
        ffi::SQLITE_IOERR_SHMSIZE,
    ]
    .contains(&extended_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(extended_code: i32, expected: &str) {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(extended_code), None);
        let ours = format!("{:?}", StoreError::from(error));
        assert!(ours.starts_with(expected), "{extended_code}: {ours}");
    }

    #[test]
    fn busy_and_full_are_states_and_the_rest_is_failure() {
        check(ffi::SQLITE_BUSY, "Busy");
        check(ffi::SQLITE_BUSY_SNAPSHOT, "Busy");
        check(ffi::SQLITE_LOCKED, "Busy");
        check(ffi::SQLITE_FULL, "Full");
        check(ffi::SQLITE_IOERR_WRITE, "Full");
        check(ffi::SQLITE_IOERR_SHMSIZE, "Full");
        check(ffi::SQLITE_READONLY, "ReadOnly");
        check(ffi::SQLITE_IOERR_READ, "Sql");
        check(ffi::SQLITE_CORRUPT, "Sql");
    }
}
