//! The one door of the store: every file is brought to the current schema here.
//!
//! In: a connection that may write. Out: the same, with all later migrations and their version in one
//! transaction: whatever dies, the file is of the old version or of the new one. A half-made file of a version that
//! had no such transaction is made anew where it is empty. Refuses files of newer versions and of other programs.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::store::{Result, StoreError};

/// All migrations in their order; the first makes version 1.
const MIGRATIONS: [&str; 9] = [
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
    include_str!("../migrations/0003.sql"),
    include_str!("../migrations/0004.sql"),
    include_str!("../migrations/0005.sql"),
    include_str!("../migrations/0006.sql"),
    include_str!("../migrations/0007.sql"),
    include_str!("../migrations/0008.sql"),
    include_str!("../migrations/0009.sql"),
];

/// The version of a file that all migrations have gone over.
const CURRENT: i64 = crate::store::SCHEMA;

/// Brings the file to the current version; one that is there is left alone.
pub(super) fn bring_up(writer: &mut Connection, path: &Path) -> Result<()> {
    migrate(writer, path, &MIGRATIONS)
}

/// Refuses a file that is not of the current version.
pub(super) fn check(reader: &Connection, path: &Path) -> Result<()> {
    let (place, known) = (path.display().to_string(), CURRENT);
    match version(reader)? {
        found if found > known => Err(StoreError::Newer { place, found, known }),
        found if found < known => Err(StoreError::Older { place, found, known }),
        _ => Ok(()),
    }
}

fn version(c: &Connection) -> Result<i64> {
    Ok(c.query_row("PRAGMA user_version", [], |r| r.get(0))?)
}

fn migrate(writer: &mut Connection, path: &Path, migrations: &[&str]) -> Result<()> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    // Opening beside a writer must not wait for it: only what is old asks for the lock, and looks again.
    if version(writer)? == known {
        return Ok(());
    }
    let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&tx)?;
    if found > known {
        return Err(StoreError::Newer { place: path.display().to_string(), found, known });
    }
    if found == 0 {
        clear_half_made(&tx, path)?;
    }
    for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "user_version", known)?;
    Ok(tx.commit()?)
}

/// Drops the tables of a first start that was killed before it had a version: they hold nothing.
fn clear_half_made(c: &Connection, path: &Path) -> Result<()> {
    let tables = c
        .prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?
        .query_map([], |r| r.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for table in tables {
        let quoted = format!("\"{}\"", table.replace('"', "\"\""));
        if c.prepare(&format!("SELECT 1 FROM {quoted}"))?.exists([])? {
            return Err(StoreError::Foreign { place: path.display().to_string() });
        }
        c.execute_batch(&format!("DROP TABLE {quoted}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
