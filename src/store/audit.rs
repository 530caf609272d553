//! The audit log: lines the application adds and can never rewrite (the schema's triggers refuse).

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::Result;
use super::sqlite::{instant, millis};

/// A line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done: `fetch`, `purge`, `story`…
    pub action: String,
    /// To what: an address, an id.
    pub object: String,
    /// More of it.
    pub detail: String,
}

pub(super) fn add(
    c: &Connection,
    now: DateTime<Utc>,
    action: &str,
    object: &str,
    detail: &str,
) -> Result<()> {
    c.prepare_cached("INSERT INTO audit (at, action, object, detail) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![millis(now), action, object, detail])?;
    Ok(())
}

pub(super) fn add_once(
    c: &Connection,
    now: DateTime<Utc>,
    action: &str,
    object: &str,
    detail: &str,
) -> Result<()> {
    let known = c
        .prepare_cached("SELECT 1 FROM audit WHERE action = ?1 AND object = ?2")?
        .exists([action, object])?;
    if known { Ok(()) } else { add(c, now, action, object, detail) }
}

pub(super) fn read(
    c: &Connection,
    action: &str,
    object: &str,
    limit: usize,
) -> Result<Vec<AuditLine>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(c.prepare_cached(
        "SELECT at, action, object, detail FROM audit
         WHERE action = ?1 AND object >= ?2 AND object < ?2 || char(0x10FFFF) ORDER BY id DESC LIMIT ?3",
    )?
    .query_map(params![action, object, limit], |r| {
        let (action, object, detail) = (r.get(1)?, r.get(2)?, r.get(3)?);
        Ok(AuditLine { at: instant(r.get(0)?), action, object, detail })
    })?
    .collect::<rusqlite::Result<Vec<_>>>()?)
}
