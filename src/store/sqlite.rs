//! SQLite as the store: one file, WAL, one writer connection, a few readers.
//!
//! In: a path. Out: an open store of the current schema (`schema`). Readers need no right to write.
//! The statements themselves stand beside their tables in the sibling files.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior, params_from_iter};

mod schema;
mod side;
mod snapshot;
mod still;
mod values;

pub(super) use side::tables;
use still::{Print, still_address};

use super::copying::refuse_unfinished;
use super::sql::{Cell, Database, Row, Sql, Write};
use super::{About, Result, StoreError, StoreWrite};

/// How long a command waits for the lock of another program before it says `Busy`.
const BUSY_WAIT: Duration = Duration::from_secs(2);

/// The same of a station, which waits by itself and must be able to stop meanwhile.
const STATION_WAIT: Duration = Duration::from_secs(1);

/// Statements kept prepared: more than there are, with those for up to 32 keys at once, so that none is made anew within
/// a transaction.
const STATEMENTS: usize = 256;

/// How many idle reader connections are kept.
const IDLE_READERS: usize = 4;

/// The store in one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    /// The file as it was when it was found closed to writing, with nobody at work on it.
    still: OnceLock<Print>,
    // Closed first: the last connection to go carries the log over into the file, which a reader cannot.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Option<Connection>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves at worst a rolled-back transaction; the connection stays sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SqliteStore {
    /// Opens the store at `path` for reading and writing, making it if it is not there and bringing an older one
    /// to the current schema.
    ///
    /// # Errors
    /// `Open` where the file cannot be used, `Newer` or `Foreign` where its schema is not ours.
    pub fn open(path: &Path) -> Result<Self> {
        let store = Self::at(path);
        let writer = store.open_writer()?;
        writer.busy_timeout(STATION_WAIT)?;
        *lock(&store.writer) = Some(writer);
        Ok(store)
    }

    /// Opens the store at `path` for reading; it need not be writable. The first write, where there is one, opens
    /// it for writing.
    ///
    /// # Errors
    /// `Open` where the file cannot be read, `Newer` or `Older` where its schema is not ours.
    pub fn open_to_read(path: &Path) -> Result<Self> {
        let store = Self::at(path);
        let reader = store.open_reader()?;
        lock(&store.readers).push(reader);
        Ok(store)
    }

    fn at(path: &Path) -> Self {
        let (readers, writer) = (Mutex::new(Vec::new()), Mutex::new(None));
        Self { path: path.to_owned(), still: OnceLock::new(), readers, writer }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_reader(&self) -> Result<Connection> {
        if self.still.get().is_some() {
            return self.reader_of(&still_address(&self.path)?);
        }
        let opened = self.reader_of(&self.path);
        if !matches!(&opened, Err(StoreError::ReadOnly | StoreError::Open { is_refused: true, .. }))
        {
            return opened;
        }
        // A reader makes files beside the database, which this account may not. Where no log lies there, nobody is at
        // work on it, and the file alone can be read; whether that stays so is looked at after every reading.
        let print = Print::of(&self.path);
        if print.has_log {
            return opened;
        }
        let reader = self.reader_of(&still_address(&self.path)?)?;
        let _ = self.still.set(print);
        Ok(reader)
    }

    fn reader_of(&self, address: &Path) -> Result<Connection> {
        let open = |error| self.cannot_open(&error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let reader = Connection::open_with_flags(address, flags).map_err(open)?;
        reader.busy_timeout(BUSY_WAIT).map_err(open)?;
        reader.set_prepared_statement_cache_capacity(STATEMENTS);
        schema::check(&reader, &self.path)?;
        refuse_unfinished(&reader, &self.path.display().to_string())?;
        Ok(reader)
    }

    fn open_writer(&self) -> Result<Connection> {
        let writer = self.made()?;
        refuse_unfinished(&writer, &self.path.display().to_string())?;
        Ok(writer)
    }

    fn cannot_open(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::Open {
            place: self.path.display().to_string(),
            cause: error.to_string(),
            is_refused: values::is_refused(error),
        }
    }
}

impl Database for SqliteStore {
    fn read<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        let idle = lock(&self.readers).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => self.open_reader()?,
        };
        let answer = work(&reader);
        if self.still.get().is_some_and(|print| *print != Print::of(&self.path)) {
            // Somebody has begun to write: what was read may be of two states.
            return Err(StoreError::Busy);
        }
        let mut idle = lock(&self.readers);
        if idle.len() < IDLE_READERS {
            idle.push(reader);
        }
        answer
    }

    fn transact(&self, work: &mut dyn FnMut(&dyn StoreWrite) -> Result<()>) -> Result<()> {
        let mut writer = lock(&self.writer);
        let writer = match &mut *writer {
            Some(writer) => writer,
            closed => closed.insert(self.open_writer()?),
        };
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        work(&Write { tx: &*tx })?;
        Ok(tx.commit()?)
    }

    fn scrub(&self) -> Result<()> {
        // Old pages stand in the log until they are carried over; a busy reader leaves them for the next time.
        if let Some(writer) = &*lock(&self.writer) {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    fn about(&self) -> Result<About> {
        Ok(About {
            kind: "sqlite",
            place: self.path.display().to_string(),
            version: rusqlite::version().to_owned(),
            bytes: self.path.metadata().map_or(0, |about| about.len()),
        })
    }
}

impl Sql for Connection {
    fn execute(&self, sql: &str, cells: &[Cell<'_>]) -> Result<usize> {
        Ok(self.prepare_cached(sql)?.execute(params_from_iter(cells))?)
    }

    fn each_row(
        &self,
        sql: &str,
        cells: &[Cell<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let mut statement = self.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(cells))?;
        while let Some(row) = rows.next()? {
            if !each(row)? {
                break;
            }
        }
        Ok(())
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit must survive a power cut, not only a killed process: what is acknowledged is on disk.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // What is deleted because its time is over must not be read from free pages.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(())
}

#[cfg(test)]
#[path = "sqlite/tests.rs"]
mod tests;
