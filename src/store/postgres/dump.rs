//! The schema of a station as a file of `pg_dump`, and a schema made from one by `pg_restore`.
//!
//! In: an address, a file. Out: everything in the schema as of one instant, while others write; or the same in a schema that
//! held nothing, whole or not at all. What is said of the file (whose, which evidence) is of the very same instant: the
//! program reads by the snapshot of our session. Who worked there at that instant stays out.

use std::path::Path;

use super::link::Link;
use super::program::Program;
use super::{Address, PostgresStore, schema};
use crate::store::snapshot::{Snapshot, SnapshotError, SnapshotOf, SnapshotServer, snapshot_of};
use crate::store::sql::{Sql, params};
use crate::store::{Result, StoreError};

/// How long the program waits for a table that somebody changes the form of.
const TABLE_WAIT: &str = "--lock-wait-timeout=60s";

/// Tables of who is at work: of an instant that is gone when it is taken back.
const PASSING: [&str; 2] = ["workers", "leases"];

impl PostgresStore {
    /// Dumps the schema of `address` to `to`; none where it holds nothing.
    pub(in crate::store) fn dump(
        address: &Address,
        to: &Path,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        let (store, place) = (Self::at(address, false), address.to_string());
        let link = store.call()?;
        if schema::version(&link, &address.schema, &place)?.is_none() {
            return Ok(None);
        }
        let link = store.made_reader(link)?;
        link.wait_for_ever();
        link.simple("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")?;
        link.simple("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        let instant = link.simple("SELECT pg_export_snapshot()")?.unwrap_or_default();
        let program = Program::found("pg_dump", server_major(&link)?)?;
        let server = SnapshotServer {
            version: (&link as &dyn Sql).value("SELECT current_setting('server_version')", &[])?,
            name: address.schema.clone(),
            program: program.major,
        };
        let snapshot = snapshot_of(&link, Some(server))?;
        let mut call = program.call(address)?;
        call.args(["--format=custom", "--no-owner", "--no-privileges", TABLE_WAIT])
            .arg(format!("--schema={}", address.schema))
            .args(PASSING.map(|t| format!("--exclude-table-data={}.{t}", address.schema)))
            .arg(format!("--snapshot={instant}"))
            .arg("--file")
            .arg(to);
        program.run(call)?;
        Ok(Some(snapshot))
    }

    /// Makes the schema of `address`, which holds nothing, from the dump in `from`.
    ///
    /// # Errors
    /// A schema that holds something; a program that is not here, or gave up: then nothing was made.
    pub fn take_back(address: &Address, from: &Path, of: &SnapshotOf) -> Result<(), SnapshotError> {
        let (store, place) = (Self::at(address, true), address.to_string());
        let Some(server) = &of.server else {
            return Err(StoreError::Foreign { place }.into());
        };
        let link = store.call()?;
        store.hold(&link)?;
        link.wait_for_ever();
        link.simple("SET statement_timeout = 0")?;
        if holds_anything(&link, &address.schema)? {
            return Err(SnapshotError::Occupied { place });
        }
        let program = Program::found("pg_restore", server.program)?;
        let is_renamed = server.name != address.schema;
        let is_there = schema::is_there(&link, &server.name)?;
        if is_renamed && is_there {
            return Err(SnapshotError::NameTaken { name: server.name.clone(), place });
        }
        if !is_there {
            link.simple(&format!("CREATE SCHEMA \"{}\"", server.name))?;
        }
        let mut call = program.call(address)?;
        call.args(["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"])
            .arg(format!("--schema={}", server.name))
            .arg(format!("--dbname={}", named(&address.database)))
            .arg(from);
        if let Err(error) = program.run(call) {
            if !is_there {
                link.simple(&format!("DROP SCHEMA \"{}\"", server.name))?;
            }
            return Err(error);
        }
        if is_renamed {
            rename(&link, &server.name, &address.schema)?;
        }
        let found = schema::version(&link, &address.schema, &place)?;
        if found != Some(of.schema) {
            return Err(StoreError::Foreign { place }.into());
        }
        Ok(schema::look_through(&link, &address.schema)?)
    }
}

/// The major version of the server.
fn server_major(link: &Link) -> Result<u32> {
    let c: &dyn Sql = link;
    let sql = "SELECT CAST(current_setting('server_version_num') AS BIGINT) / 10000";
    c.value(sql, &[])
}

/// Whether a schema of this name is there and holds tables or functions.
fn holds_anything(link: &Link, name: &str) -> Result<bool> {
    let c: &dyn Sql = link;
    c.exists(
        "SELECT 1 FROM pg_namespace n WHERE n.nspname = ?1
         AND (EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid)
           OR EXISTS (SELECT 1 FROM pg_proc p WHERE p.pronamespace = n.oid))",
        params![name],
    )
}

/// Gives a schema the name of another, which holds nothing.
fn rename(link: &Link, from: &str, to: &str) -> Result<()> {
    let sql = format!("DROP SCHEMA IF EXISTS \"{to}\"; ALTER SCHEMA \"{from}\" RENAME TO \"{to}\"");
    link.simple(&sql).map(drop)
}

/// The name of a database that is taken for nothing else.
fn named(database: &str) -> String {
    format!("dbname='{}'", database.replace('\\', "\\\\").replace('\'', "\\'"))
}
