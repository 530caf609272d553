//! How far a copy has come, as the store that is being made says it of itself.
//!
//! In: a store. Out: a row of `meta`, written in the same transaction as the rows it speaks of, and gone when the copy is
//! whole. A store with such a row is no store yet: it is refused to everybody but the copy that goes on.

use serde::{Deserialize, Serialize};

use super::Held;
use crate::store::sql::{Sql, params};
use crate::store::{Result, StoreError};

/// Its name in `meta`.
pub(in crate::store) const MARK: &str = "copy";

/// How far a copy has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The identity of the store that is copied.
    pub store: String,
    /// What it held when the copy began, as a hash of what changes whenever a station works on it.
    pub stand: String,
    /// The table that is next, or under way.
    pub table: String,
    /// The key of the last row of it that is there.
    pub after: Option<Vec<Held>>,
    /// Rows there in all.
    pub rows: u64,
}

impl Mark {
    /// The mark of a store; none where it is whole.
    pub fn of(c: &dyn Sql) -> Result<Option<Self>> {
        let json: Option<String> =
            c.row("SELECT value FROM meta WHERE name = ?1", params![MARK], |row| row.get(0))?;
        let read = |json: String| {
            serde_json::from_str(&json).map_err(|e| StoreError::Corrupt {
                what: "mark of a copy".to_owned(),
                cause: e.to_string(),
            })
        };
        json.map(read).transpose()
    }

    /// Notes it within a transaction.
    pub fn keep(&self, c: &dyn Sql) -> Result<()> {
        let json = serde_json::to_string(self).map_err(|e| StoreError::Corrupt {
            what: "mark of a copy".to_owned(),
            cause: e.to_string(),
        })?;
        c.execute(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
            params![MARK, json],
        )?;
        Ok(())
    }

    /// Takes it away within a transaction: the store is whole.
    pub fn drop(c: &dyn Sql) -> Result<()> {
        c.execute("DELETE FROM meta WHERE name = ?1", params![MARK]).map(drop)
    }
}

/// Refuses a store that is not whole yet.
pub(in crate::store) fn refuse_unfinished(c: &dyn Sql, place: &str) -> Result<()> {
    if c.exists("SELECT 1 FROM meta WHERE name = ?1", params![MARK])? {
        return Err(StoreError::Unfinished { place: place.to_owned() });
    }
    Ok(())
}
