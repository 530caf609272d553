//! Files taken in by hand, and which posts came with them.
//!
//! In: a file's name. Out: a number that its posts carry, and the list for people. A post belongs to the import
//! that first brought it; one that was there before is not touched by undoing.

use chrono::{DateTime, Utc};
use pipelines::record::{PostId, SourceId};

use super::Result;
use super::sql::{Sql, params};
use super::values::{instant, millis};

/// One file that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Row number, shown to officers.
    pub id: i64,
    /// The source its rows were counted under.
    pub source: SourceId,
    /// The file's name as given.
    pub file: String,
    /// When it was begun.
    pub at: DateTime<Utc>,
    /// Posts that were new with it.
    pub kept: u64,
    /// When it was taken back.
    pub undone: Option<DateTime<Utc>>,
}

pub(super) fn begin(c: &dyn Sql, source: &SourceId, file: &str, at: DateTime<Utc>) -> Result<i64> {
    c.value(
        "INSERT INTO imports (source, file, at) VALUES (?1, ?2, ?3) RETURNING id",
        params![source.as_str(), file, millis(at)],
    )
}

/// Notes that a post that is stored came with an import.
pub(super) fn claim(c: &dyn Sql, import: i64, post: PostId) -> Result<()> {
    c.execute("UPDATE posts SET import = ?2 WHERE id = ?1", params![post.0.cast_signed(), import])?;
    c.execute("UPDATE imports SET kept = kept + 1 WHERE id = ?1", params![import])?;
    Ok(())
}

pub(super) fn list(c: &dyn Sql, limit: usize) -> Result<Vec<Import>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(
        "SELECT id, source, file, at, kept, undone FROM imports ORDER BY id DESC LIMIT ?1",
        params![limit],
        |r| {
            Ok(Import {
                id: r.get(0)?,
                source: SourceId(r.get(1)?),
                file: r.get(2)?,
                at: instant(r.get(3)?),
                kept: r.get::<i64>(4)?.cast_unsigned(),
                undone: r.get::<Option<i64>>(5)?.map(instant),
            })
        },
    )
}

pub(super) fn posts(c: &dyn Sql, import: i64, limit: usize) -> Result<Vec<PostId>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(
        "SELECT id FROM posts WHERE import = ?1 ORDER BY id LIMIT ?2",
        params![import, limit],
        |r| Ok(PostId(r.get::<i64>(0)?.cast_unsigned())),
    )
}

pub(super) fn mark_undone(c: &dyn Sql, import: i64, at: DateTime<Utc>) -> Result<()> {
    c.execute("UPDATE imports SET undone = ?2 WHERE id = ?1", params![import, millis(at)])?;
    Ok(())
}
