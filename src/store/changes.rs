//! The history of the store: its identity, and the log of changes that the index follows.
//!
//! In: the id of a post that was put or deleted. Out: changes in order, and positions in the log. A position names the
//! store, the change and the random mark of that change, so that a copy put back, or another store, is never taken
//! for the history an index has followed. The last change is never cut.

use pipelines::record::PostId;
use serde::{Deserialize, Serialize};

use super::sql::{Sql, params};
use super::{Result, StoreError};

/// A line of the change log that the index follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands; grows, from 1.
    pub seq: u64,
    /// The post that was put or deleted (look it up to know which).
    pub post: PostId,
}

/// A place in the history of one store: what an index must carry to be followed from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The store's identity.
    pub store: String,
    /// The last change before it; 0 before the first.
    pub seq: u64,
    /// The random mark of that change; 0 before the first.
    pub mark: i64,
}

pub(super) fn note(c: &dyn Sql, id: PostId) -> Result<()> {
    c.execute(
        "INSERT INTO changes (post, mark) VALUES (?1, random())",
        params![id.0.cast_signed()],
    )?;
    Ok(())
}

pub(super) fn after(c: &dyn Sql, cursor: u64, limit: usize) -> Result<Vec<Change>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(
        "SELECT seq, post FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        params![cursor.cast_signed(), limit],
        |r| {
            let post = PostId(r.get::<i64>(1)?.cast_unsigned());
            Ok(Change { seq: r.get::<i64>(0)?.cast_unsigned(), post })
        },
    )
}

pub(super) fn last(c: &dyn Sql) -> Result<u64> {
    let last: Option<i64> = c.value("SELECT MAX(seq) FROM changes", &[])?;
    Ok(last.unwrap_or(0).cast_unsigned())
}

/// The log before `up_to`; the change at `up_to` stays, for its mark.
pub(super) fn forget(c: &dyn Sql, up_to: u64) -> Result<()> {
    c.execute("DELETE FROM changes WHERE seq < ?1 AND seq < (SELECT MAX(seq) FROM changes)
         AND seq < COALESCE((SELECT CAST(value AS BIGINT) FROM state WHERE name = 'reindex_from'), ?1)", params![up_to.cast_signed()])?;
    Ok(())
}

pub(super) fn position(c: &dyn Sql, seq: u64) -> Result<Option<Position>> {
    let store = meta(c, "store")?.ok_or_else(|| StoreError::Corrupt {
        what: "identity of the store".to_owned(),
        cause: "there is none".to_owned(),
    })?;
    if seq == 0 {
        // From before the first change on the log is whole as long as that change is in it.
        let first: Option<i64> = c.value("SELECT MIN(seq) FROM changes", &[])?;
        return Ok(first.is_none_or(|first| first == 1).then_some(Position {
            store,
            seq,
            mark: 0,
        }));
    }
    let mark =
        c.row("SELECT mark FROM changes WHERE seq = ?1", params![seq.cast_signed()], |r| r.get(0))?;
    Ok(mark.map(|mark| Position { store, seq, mark }))
}

fn meta(c: &dyn Sql, name: &str) -> Result<Option<String>> {
    c.row("SELECT value FROM meta WHERE name = ?1", params![name], |r| r.get(0))
}
