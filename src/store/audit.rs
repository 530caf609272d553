//! The audit log: lines the application adds and can never rewrite (the schema's triggers refuse).

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::Result;
use super::sqlite::millis;

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
