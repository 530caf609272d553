//! A file as one side of a copy, and the tables that the schema has.
//!
//! In: a path; rows. Out: a file of the current schema that nobody else writes to while it is read. What it holds is its
//! caller's matter.

use std::path::Path;

use rusqlite::Connection;

use super::{SqliteStore, prepare, schema};
use crate::store::copying::{Column, Held, Side, Table};
use crate::store::sql::{Cell, Sql, params};
use crate::store::{Result, StoreError};

/// A file and the connections that hold it.
pub(in crate::store) struct FileSide {
    store: SqliteStore,
    work: Connection,
    /// Keeps others from writing while this one only reads.
    _hold: Option<Connection>,
}

impl SqliteStore {
    /// Opens a file for a copy: to be read, which keeps others from writing to it, or to be written, which makes it where
    /// it is not there.
    pub(in crate::store) fn side(path: &Path, is_read: bool) -> Result<FileSide> {
        let store = Self::at(path);
        let work = store.made()?;
        let hold = if is_read {
            let hold = store.made()?;
            hold.execute_batch("BEGIN IMMEDIATE")?;
            Some(hold)
        } else {
            None
        };
        Ok(FileSide { store, work, _hold: hold })
    }

    pub(super) fn made(&self) -> Result<Connection> {
        let open = |error| self.cannot_open(&error);
        let mut connection = Connection::open(&self.path).map_err(open)?;
        prepare(&connection).map_err(open)?;
        schema::bring_up(&mut connection, &self.path)?;
        Ok(connection)
    }
}

impl Side for FileSide {
    fn sql(&self) -> &dyn Sql {
        &self.work
    }

    fn begin(&self) -> Result<()> {
        Ok(self.work.execute_batch("BEGIN IMMEDIATE")?)
    }

    fn commit(&self) -> Result<()> {
        Ok(self.work.execute_batch("COMMIT")?)
    }

    fn put(&self, table: &Table, rows: &[Vec<Held>]) -> Result<()> {
        let numbers: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
        let (name, columns) = (table.quoted(), table.columns());
        let sql = format!("INSERT INTO {name} ({columns}) VALUES ({})", numbers.join(", "));
        for row in rows {
            let cells: Vec<Cell<'_>> = row.iter().map(Held::cell).collect();
            self.sql().execute(&sql, &cells)?;
        }
        Ok(())
    }

    fn drawn(&self, table: &Table) -> Result<Option<i64>> {
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
        self.sql().row(sql, params![table.name], |row| row.get(0))
    }

    fn draw_after(&self, table: &Table, last: i64) -> Result<()> {
        let draws =
            "SELECT 1 FROM sqlite_master WHERE name = ?1 AND instr(sql, 'AUTOINCREMENT') > 0";
        if self.sql().exists(draws, params![table.name])? {
            let c = self.sql();
            c.execute("DELETE FROM sqlite_sequence WHERE name = ?1", params![table.name])?;
            let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
            c.execute(sql, params![table.name, last])?;
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<()> {
        self.work = Connection::open_in_memory()?;
        for more in ["", "-wal", "-shm"] {
            let mut file = self.store.path.as_os_str().to_owned();
            file.push(more);
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::Open {
                        place: Path::new(&file).display().to_string(),
                        cause: error.to_string(),
                        is_refused: error.kind() == std::io::ErrorKind::PermissionDenied,
                    });
                }
                _ => {}
            }
        }
        self.work = self.store.made()?;
        Ok(())
    }

    fn settle(&self) -> Result<()> {
        Ok(())
    }
}

/// The tables of the current schema, as a new file has them.
pub(in crate::store) fn tables() -> Result<Vec<Table>> {
    let mut new = Connection::open_in_memory()?;
    schema::bring_up(&mut new, Path::new(":memory:"))?;
    let c: &dyn Sql = &new;
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let names: Vec<String> = c.rows(sql, &[], |row| row.get(0))?;
    names.into_iter().map(|name| table(c, name)).collect()
}

fn table(c: &dyn Sql, name: String) -> Result<Table> {
    let sql = "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid";
    let columns = c.rows(sql, params![name], |row| {
        let is_number = row.get::<String>(1)? == "INTEGER";
        Ok((Column { name: row.get(0)?, is_number }, row.get::<i64>(2)?))
    })?;
    let mut key: Vec<_> = (0..columns.len()).filter(|at| columns[*at].1 > 0).collect();
    key.sort_by_key(|at| columns[*at].1);
    let sql = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list(?1)";
    let refers_to = c.rows(sql, params![name], |row| row.get(0))?;
    let columns = columns.into_iter().map(|(column, _)| column).collect();
    Ok(Table { name, columns, key, refers_to })
}
