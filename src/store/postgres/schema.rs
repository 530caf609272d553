//! The one door of a store on PostgreSQL: its schema is brought to the current version here.
//!
//! In: a session. Out: the same, with all later migrations and their version in one transaction. The versions are those
//! of SQLite; the first that this kind knows is the sixth. Refuses newer versions, schemas of other programs, servers that
//! are too old or do not keep UTF-8.

use super::link::Link;
use crate::store::sql::{Row, Sql, params};
use crate::store::{Result, SCHEMA, StoreError};

/// Migrations by the version they make.
const MIGRATIONS: [(i64, &str); 4] = [
    (6, include_str!("../migrations/postgres/0006.sql")),
    (7, include_str!("../migrations/postgres/0007.sql")),
    (8, include_str!("../migrations/postgres/0008.sql")),
    (9, include_str!("../migrations/postgres/0009.sql")),
];

/// The oldest server that is known to do.
const OLDEST: u32 = 150_000;

/// What stands in `meta` for the version.
const VERSION: &str = "schema";

/// Brings the schema `name` to the current version, making it where it is not there.
pub(super) fn bring_up(link: &Link, name: &str, place: &str) -> Result<()> {
    if version(link, name, place)? == Some(SCHEMA) {
        return Ok(());
    }
    link.wait_for_ever();
    link.simple("BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")?;
    let made = migrate(link, name, place);
    let ended = link.simple(if made.is_ok() { "COMMIT" } else { "ROLLBACK" });
    made?;
    ended.map(drop)
}

fn migrate(link: &Link, name: &str, place: &str) -> Result<()> {
    // One at a time, whoever else starts now.
    link.simple("SELECT pg_advisory_xact_lock(7351, 0)")?;
    let found = version(link, name, place)?;
    if found.is_none() && !is_there(link, name)? {
        link.simple(&format!("CREATE SCHEMA \"{name}\""))?;
    }
    let found = found.unwrap_or(0);
    if found > SCHEMA {
        return Err(StoreError::Newer { place: place.to_owned(), found, known: SCHEMA });
    }
    for (_, sql) in MIGRATIONS.iter().filter(|(version, _)| *version > found) {
        link.simple(sql)?;
    }
    let c: &dyn Sql = link;
    c.execute(
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
        params![VERSION, SCHEMA.to_string()],
    )?;
    Ok(())
}

/// Refuses a schema that is not of the current version.
pub(super) fn check(link: &Link, name: &str, place: &str) -> Result<()> {
    let place = place.to_owned();
    match version(link, name, &place)?.unwrap_or(0) {
        found if found > SCHEMA => Err(StoreError::Newer { place, found, known: SCHEMA }),
        found if found < SCHEMA => Err(StoreError::Older { place, found, known: SCHEMA }),
        _ => Ok(()),
    }
}

/// The version of the schema `name`; none where it holds nothing.
pub(super) fn version(link: &Link, name: &str, place: &str) -> Result<Option<i64>> {
    let c: &dyn Sql = link;
    let tables = c.rows(
        "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = ?1 AND c.relkind IN ('r', 'p', 'v', 'm')",
        params![name],
        |row| row.get::<String>(0),
    )?;
    if tables.is_empty() {
        return Ok(None);
    }
    let foreign = || StoreError::Foreign { place: place.to_owned() };
    if !tables.iter().any(|table| table == "meta") {
        return Err(foreign());
    }
    let version: Option<String> =
        c.row("SELECT value FROM meta WHERE name = ?1", params![VERSION], |row| row.get(0))?;
    version.and_then(|version| version.parse().ok()).map(Some).ok_or_else(foreign)
}

pub(super) fn is_there(link: &Link, name: &str) -> Result<bool> {
    let c: &dyn Sql = link;
    c.exists("SELECT 1 FROM pg_namespace WHERE nspname = ?1", params![name])
}

/// Has the server look at all tables of the schema `name`: what it knows of them is how it finds its way in them.
pub(super) fn look_through(link: &Link, name: &str) -> Result<()> {
    let c: &dyn Sql = link;
    let sql = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = ?1";
    let tables: Vec<String> = c.rows(sql, params![name], |row| row.get(0))?;
    for table in tables {
        link.simple(&format!("ANALYZE \"{name}\".\"{table}\""))?;
    }
    Ok(())
}

/// Refuses a server that the store cannot stand on.
pub(super) fn fit(link: &Link, place: &str) -> Result<()> {
    let c: &dyn Sql = link;
    let sql = "SELECT CAST(current_setting('server_version_num') AS BIGINT), current_setting('server_encoding')";
    let read = |row: &Row<'_>| Ok((row.get::<u32>(0)?, row.get::<String>(1)?));
    let (version, encoding) = c.row(sql, &[], read)?.unwrap_or_default();
    let unfit = |cause: String| Err(StoreError::Unfit { place: place.to_owned(), cause });
    if version < OLDEST {
        return unfit(format!("PostgreSQL {}; 15 or newer is needed", version / 10_000));
    }
    if encoding != "UTF8" {
        return unfit(format!("the database keeps text as {encoding}; UTF8 is needed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_migration_makes_the_version_of_both_kinds() {
        assert_eq!(MIGRATIONS.last().unwrap().0, SCHEMA);
        assert!(MIGRATIONS.is_sorted_by_key(|(version, _)| *version));
    }
}
