//! Values and troubles of SQLite as those of the store.
//!
//! In: cells, rows and errors. Out: the other side's. Knows no table.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, ffi};

use crate::store::sql::{Cell, Cells};
use crate::store::{Result, StoreError};

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Cell::Null => ValueRef::Null,
            Cell::Int(n) => ValueRef::Integer(n),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl Cells for rusqlite::Row<'_> {
    fn cell(&self, at: usize) -> Result<Cell<'_>> {
        let corrupt = |cause: &str| StoreError::Corrupt {
            what: format!("column {at} of a row"),
            cause: cause.to_owned(),
        };
        match self.get_ref(at)? {
            ValueRef::Null => Ok(Cell::Null),
            ValueRef::Integer(n) => Ok(Cell::Int(n)),
            ValueRef::Text(text) => {
                std::str::from_utf8(text).map(Cell::Text).map_err(|_| corrupt("it is no UTF-8"))
            }
            ValueRef::Real(_) | ValueRef::Blob(_) => Err(corrupt("of a kind that no column has")),
        }
    }
}

/// Whether the rights of this account, or a file system that takes no writing, stand in the way.
pub(super) fn is_refused(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(e) if matches!(e.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy
            }
            Some(e) if e.code == ErrorCode::DiskFull || is_no_room(e.extended_code) => {
                Self::Full(error.to_string())
            }
            Some(e) if e.code == ErrorCode::ReadOnly => Self::ReadOnly,
            _ => Self::Sql(error.to_string()),
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
