//! Where a station's store is: a file, or a schema of a server.
//!
//! In: a path or an address. Out: an open store, whichever it is. It decides nothing but which driver is asked.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{Address, PostgresStore, Result, SqliteStore, Store};

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One SQLite file.
    File(PathBuf),
    /// A schema of a PostgreSQL database.
    Server(Address),
}

/// What keeps a store, as people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// `sqlite` or `postgres`.
    pub kind: &'static str,
    /// The file, or the address without its password.
    pub place: String,
    /// The version of what keeps it.
    pub version: String,
    /// Bytes it takes, where that is known.
    pub bytes: u64,
}

/// As people may see it: without a password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(address) => address.fmt(f),
        }
    }
}

impl Place {
    /// Opens the store for a station, making it or bringing it to the current schema.
    ///
    /// # Errors
    /// A store that cannot be opened or made.
    pub fn open(&self) -> Result<Arc<dyn Store>> {
        Ok(match self {
            Self::File(path) => Arc::new(SqliteStore::open(path)?),
            Self::Server(address) => Arc::new(PostgresStore::open(address)?),
        })
    }

    /// The same where nobody else keeps it at this very moment.
    ///
    /// # Errors
    /// As of [`open`](Self::open); `Held` at once.
    pub fn open_if_free(&self) -> Result<Arc<dyn Store>> {
        match self {
            Self::File(_) => self.open(),
            Self::Server(address) => {
                Ok(Arc::new(PostgresStore::open_within(address, Duration::ZERO)?))
            }
        }
    }

    /// Opens the store for reading, beside a station that may be at work; none where there is none yet.
    ///
    /// # Errors
    /// A store that cannot be opened, or is of another version.
    pub fn open_to_read(&self) -> Result<Option<Arc<dyn Store>>> {
        Ok(match self {
            Self::File(path) if !path.exists() => None,
            Self::File(path) => Some(Arc::new(SqliteStore::open_to_read(path)?)),
            Self::Server(address) => match PostgresStore::open_to_read(address)? {
                Some(store) => Some(Arc::new(store)),
                None => None,
            },
        })
    }
}
