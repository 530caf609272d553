//! The audit log: lines the application adds and can never rewrite (the schema's triggers refuse).

use chrono::{DateTime, Utc};

use super::Result;
use super::sql::{Sql, params};
use super::values::{instant, millis};

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
    c: &dyn Sql,
    now: DateTime<Utc>,
    action: &str,
    object: &str,
    detail: &str,
) -> Result<()> {
    c.execute(
        "INSERT INTO audit (at, action, object, detail) VALUES (?1, ?2, ?3, ?4)",
        params![millis(now), action, object, detail],
    )?;
    Ok(())
}

pub(super) fn add_once(
    c: &dyn Sql,
    now: DateTime<Utc>,
    action: &str,
    object: &str,
    detail: &str,
) -> Result<()> {
    let known =
        c.exists("SELECT 1 FROM audit WHERE action = ?1 AND object = ?2", params![action, object])?;
    if known { Ok(()) } else { add(c, now, action, object, detail) }
}

pub(super) fn read(
    c: &dyn Sql,
    action: &str,
    object: &str,
    limit: usize,
) -> Result<Vec<AuditLine>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let end = format!("{object}\u{10FFFF}");
    c.rows(
        "SELECT at, action, object, detail FROM audit
         WHERE action = ?1 AND object >= ?2 AND object < ?4 ORDER BY id DESC LIMIT ?3",
        params![action, object, limit, end],
        |r| {
            let (action, object, detail) = (r.get(1)?, r.get(2)?, r.get(3)?);
            Ok(AuditLine { at: instant(r.get(0)?), action, object, detail })
        },
    )
}
