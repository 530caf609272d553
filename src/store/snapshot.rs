//! A store as of one instant, written to a file beside a station at work.
//!
//! In: a place, a new file. Out: the file, what it is a snapshot of, and how much of each evidence file its rows refer to. A
//! file is copied page by page, a schema of a server dumped by the server's own program. Nothing is written to the store.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::sql::Sql;
use super::{Place, PostgresStore, Result, SCHEMA, SqliteStore, StoreError};

/// How much of an evidence file a store refers to: its name, and where its last record ends.
pub type EvidenceEnd = (String, u64);

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Of which store.
    pub of: SnapshotOf,
    /// The evidence it refers to.
    pub evidence: Vec<EvidenceEnd>,
}

/// Which store a snapshot is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotOf {
    /// What tells this store from any other.
    pub station: String,
    /// The version of its schema.
    pub schema: i64,
    /// The server it lay on; none of a file.
    pub server: Option<SnapshotServer>,
}

/// The server of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotServer {
    /// Its version, as it says it.
    pub version: String,
    /// The name of the schema.
    pub name: String,
    /// The major version of the program that dumped it: one as new reads it.
    pub program: u32,
}

/// Why a snapshot was not made, or not taken back.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program of the server is not here, or too old.
    #[error("there is no `{program}` of version {least} or newer")]
    NoProgram {
        /// Its name.
        program: &'static str,
        /// The oldest that would do.
        least: u32,
    },
    /// Which authorities this system trusts cannot be told to the program.
    #[error("no file of the authorities that this system trusts was found")]
    NoAuthorities,
    /// The program gave up.
    #[error("`{program}` failed: {said}")]
    Failed {
        /// Its name.
        program: &'static str,
        /// What it said.
        said: String,
    },
    /// The schema holds something.
    #[error("`{place}` is not empty")]
    Occupied {
        /// The schema.
        place: String,
    },
    /// A schema of the name that the dumped one had is there, and it is to become another.
    #[error("there is a schema `{name}` beside `{place}`")]
    NameTaken {
        /// That name.
        name: String,
        /// Where it was to go.
        place: String,
    },
    /// The file.
    #[error("the file of the snapshot: {0}")]
    Io(#[from] io::Error),
}

impl Place {
    /// Writes what the store holds now to `to`, a new file; none where there is no store yet.
    ///
    /// # Errors
    /// See [`SnapshotError`]; nothing is left at `to` then.
    pub fn snapshot(&self, to: &Path) -> Result<Option<Snapshot>, SnapshotError> {
        let made = match self {
            Self::File(path) if !path.exists() => return Ok(None),
            Self::File(path) => SqliteStore::snapshot(path, to).map(Some).map_err(Into::into),
            Self::Server(address) => PostgresStore::dump(address, to),
        };
        if !matches!(made, Ok(Some(_))) && to.exists() {
            std::fs::remove_file(to)?;
        }
        made
    }
}

/// What the connection says of its store within one transaction, beside what the server is.
pub(super) fn snapshot_of(c: &dyn Sql, server: Option<SnapshotServer>) -> Result<Snapshot> {
    let station = c.value("SELECT value FROM meta WHERE name = 'store'", &[])?;
    let sql = "SELECT file, MAX(\"offset\" + length) FROM records GROUP BY file ORDER BY file";
    let evidence = c.rows(sql, &[], |row| Ok((row.get(0)?, row.get::<i64>(1)?.cast_unsigned())))?;
    Ok(Snapshot { of: SnapshotOf { station, schema: SCHEMA, server }, evidence })
}

impl SnapshotOf {
    /// Refuses what a newer version wrote into the store that is to be made at `place`.
    ///
    /// # Errors
    /// `Newer`.
    pub fn is_known(&self, place: &Place) -> Result<()> {
        if self.schema > SCHEMA {
            let (place, found) = (place.to_string(), self.schema);
            return Err(StoreError::Newer { place, found, known: SCHEMA });
        }
        Ok(())
    }
}
