//! What a copy is told, what it tells, and why it was not made.
//!
//! In: nothing. Out: plain values. It copies nothing.

use chrono::{DateTime, Utc};

use super::TableProof;
use crate::store::StoreError;

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is nothing to copy.
    #[error("there is no store at `{place}`")]
    Nothing {
        /// Where.
        place: String,
    },
    /// Something else is there.
    #[error("`{place}` holds something already, and no copy in the making")]
    Occupied {
        /// Where.
        place: String,
    },
    /// A copy of another store is in the making there.
    #[error("`{place}` holds an unfinished copy of another store")]
    OfAnother {
        /// Where.
        place: String,
    },
    /// The store was written to since its copy was begun.
    #[error("`{place}` was written to since the copy was begun; begin it anew")]
    Moved {
        /// What is copied.
        place: String,
    },
    /// What was copied is not what is there.
    #[error("these tables differ after the copy: {tables}")]
    Differs {
        /// Their names.
        tables: String,
    },
    /// A key that no server can hold as it is.
    #[error("a key of the table `{table}` holds the character zero, which a server cannot keep")]
    ZeroKey {
        /// Which.
        table: String,
    },
    /// It was asked to stop.
    #[error("stopped with {rows} rows copied; the same goes on from there")]
    Stopped {
        /// Rows that are there.
        rows: u64,
    },
}

/// How a copy is made.
pub struct Order<'a> {
    /// Takes away what an unfinished copy left, and begins from the first row.
    pub is_anew: bool,
    /// Whose act it is.
    pub who: &'a str,
    /// The present.
    pub now: DateTime<Utc>,
    /// Asked with every transaction.
    pub is_stopped: &'a (dyn Fn() -> bool + Sync),
    /// Hears how far it is.
    pub told: &'a (dyn Fn(Progress) + Sync),
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that are there, or were compared.
    pub done: u64,
    /// Rows in all.
    pub of: u64,
    /// Whether they are being compared.
    pub is_proof: bool,
}

/// A copy that is whole.
#[derive(Clone, Debug)]
pub struct Copied {
    /// Its tables, as both sides have them.
    pub tables: Vec<TableProof>,
    /// Rows that were there when it went on.
    pub known: u64,
    /// Seconds that copying took.
    pub copy_secs: f64,
    /// Seconds that comparing took.
    pub proof_secs: f64,
}

impl Copied {
    /// Rows in all.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}
