//! SQLite as the store: one file, WAL, one writer connection, a few readers.
//!
//! In: a path. Out: an open store of the current schema (`schema`). Readers need no right to write.
//! The statements themselves stand beside their tables in the sibling files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

mod still;

use still::{Print, still_address};

use super::{
    Delivery, OutboxAsk, OutboxLine, Result, Store, StoreError, StoreWrite, changes, imports,
    intake, schema,
};

/// How long a command waits for the lock of another program before it says `Busy`.
const BUSY_WAIT: Duration = Duration::from_secs(2);

/// The same of a station, which waits by itself and must be able to stop meanwhile.
const STATION_WAIT: Duration = Duration::from_secs(1);

/// Statements kept prepared: more than there are, so that none is made anew within a transaction.
const STATEMENTS: usize = 128;

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

/// A transaction of the writer connection.
pub(super) struct SqliteWrite<'a> {
    pub(super) tx: rusqlite::Transaction<'a>,
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

    /// Runs `work` on a reader connection.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
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

    fn open_reader(&self) -> Result<Connection> {
        if self.still.get().is_some() {
            return self.reader_of(&still_address(&self.path)?);
        }
        let opened = self.reader_of(&self.path);
        if !matches!(&opened, Err(e) if e.is_refused()) {
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
        let open = |source| StoreError::Open { path: self.path.clone(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let reader = Connection::open_with_flags(address, flags).map_err(open)?;
        reader.busy_timeout(BUSY_WAIT).map_err(open)?;
        reader.set_prepared_statement_cache_capacity(STATEMENTS);
        schema::check(&reader, &self.path)?;
        Ok(reader)
    }

    fn open_writer(&self) -> Result<Connection> {
        let open = |source| StoreError::Open { path: self.path.clone(), source };
        let mut writer = Connection::open(&self.path).map_err(open)?;
        prepare(&writer).map_err(open)?;
        schema::bring_up(&mut writer, &self.path)?;
        Ok(writer)
    }

    /// Runs `work` as one transaction of the writer.
    pub(super) fn transact(
        &self,
        work: &mut dyn FnMut(&dyn StoreWrite) -> Result<()>,
    ) -> Result<()> {
        let mut writer = lock(&self.writer);
        let writer = match &mut *writer {
            Some(writer) => writer,
            closed => closed.insert(self.open_writer()?),
        };
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let write = SqliteWrite { tx };
        work(&write)?;
        write.tx.commit()?;
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

/// Milliseconds since the epoch, as stored.
pub(super) fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// The instant behind stored milliseconds.
pub(super) fn instant(millis: i64) -> DateTime<Utc> {
    chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// A value as stored JSON.
pub(super) fn to_json<T: serde::Serialize>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|e| StoreError::Corrupt { what: what.to_owned(), cause: e.to_string() })
}

/// A value from stored JSON.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|e| StoreError::Corrupt { what: what.to_owned(), cause: e.to_string() })
}

// The traits are implemented once, by handing on to the file that owns the tables.
impl Store for SqliteStore {
    fn write(&self, work: &mut dyn FnMut(&dyn StoreWrite) -> Result<()>) -> Result<()> {
        self.transact(work)
    }

    fn post(&self, id: super::PostId) -> Result<Option<super::AnnotatedPost>> {
        self.read(|c| super::posts::post(c, id))
    }

    fn reception(&self, post: &super::AnnotatedPost) -> Result<super::Inserted> {
        self.read(|c| intake::reception(c, post))
    }

    fn posts_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<super::PostId>> {
        self.read(|c| super::posts::by_prefix(c, prefix, limit))
    }

    fn each_post(
        &self,
        range: &super::PostRange,
        each: &mut dyn FnMut(super::AnnotatedPost) -> bool,
    ) -> Result<()> {
        self.read(|c| super::posts::each(c, range, each))
    }

    fn each_mentioning(
        &self,
        range: &super::PostRange,
        each: &mut dyn FnMut(super::AnnotatedPost) -> bool,
    ) -> Result<u64> {
        self.read(|c| super::posts::each_mentioning(c, range, each))
    }

    fn post_count(&self) -> Result<u64> {
        self.read(super::posts::count)
    }

    fn story_posts(&self, story: super::StoryId, limit: usize) -> Result<Vec<super::PostId>> {
        self.read(|c| super::posts::of_story(c, story, limit))
    }

    fn forget_deleted(&self) -> Result<()> {
        // Old pages stand in the log until they are carried over; a busy reader leaves them for the next time.
        if let Some(writer) = &*lock(&self.writer) {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    fn changes_after(&self, cursor: u64, limit: usize) -> Result<Vec<super::Change>> {
        self.read(|c| changes::after(c, cursor, limit))
    }

    fn last_change(&self) -> Result<u64> {
        self.read(changes::last)
    }

    fn position(&self, seq: u64) -> Result<Option<super::Position>> {
        self.read(|c| changes::position(c, seq))
    }

    fn imports(&self, limit: usize) -> Result<Vec<super::Import>> {
        self.read(|c| imports::list(c, limit))
    }

    fn import_posts(&self, import: i64, limit: usize) -> Result<Vec<super::PostId>> {
        self.read(|c| imports::posts(c, import, limit))
    }

    fn due_jobs(
        &self,
        source: &super::SourceId,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<super::FetchJob>> {
        self.read(|c| super::frontier::due(c, source, now, limit))
    }

    fn waiting_jobs(&self, source: &super::SourceId) -> Result<u64> {
        self.read(|c| super::frontier::waiting(c, source))
    }

    fn known_urls(&self, urls: &[String]) -> Result<Vec<bool>> {
        self.read(|c| super::frontier::known(c, urls))
    }

    fn post_times(
        &self,
        source: &super::SourceId,
        since: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<DateTime<Utc>>> {
        self.read(|c| super::posts::times(c, source, since, limit))
    }

    fn latest_posts(
        &self,
        source: &super::SourceId,
        limit: usize,
    ) -> Result<Vec<pipelines::record::AnnotatedPost>> {
        self.read(|c| super::posts::latest(c, source, limit))
    }

    fn audits(&self, action: &str, object: &str, limit: usize) -> Result<Vec<super::AuditLine>> {
        self.read(|c| super::audit::read(c, action, object, limit))
    }

    fn entry_job(&self, source: &super::SourceId, url: &str) -> Result<super::FetchJob> {
        self.read(|c| super::frontier::entry(c, source, url))
    }

    fn source_state(&self, source: &super::SourceId) -> Result<super::SourceState> {
        self.read(|c| super::sources::state(c, source))
    }

    fn source_tally(
        &self,
        source: &super::SourceId,
        range: &super::PostRange,
    ) -> Result<super::Tally> {
        self.read(|c| super::sources::tally(c, source, range))
    }

    fn terms_since(&self, terms: &[&str]) -> Result<BTreeMap<String, DateTime<Utc>>> {
        self.read(|c| super::terms::first_seen(c, terms))
    }

    fn state(&self, name: &str) -> Result<Option<String>> {
        self.read(|c| super::sources::named_state(c, name))
    }

    fn latest_time(&self) -> Result<Option<DateTime<Utc>>> {
        self.read(super::mend::latest)
    }

    fn furthest_time(&self) -> Result<Option<DateTime<Utc>>> {
        self.read(super::mend::furthest)
    }

    fn states(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        self.read(|c| super::sources::named_states(c, prefix))
    }

    fn corrections(&self) -> Result<Vec<(super::PostId, super::Polarity)>> {
        self.read(super::posts::corrections)
    }

    fn hits(&self, rule: &super::RuleId, since: DateTime<Utc>) -> Result<Vec<super::RuleHit>> {
        self.read(|c| super::alerts::hits(c, rule, since))
    }

    fn alerts(&self, range: &super::PostRange, limit: usize) -> Result<Vec<super::StoredAlert>> {
        self.read(|c| super::alerts::alerts(c, range, limit))
    }

    fn ways_due(&self, now: DateTime<Utc>) -> Result<Vec<String>> {
        self.read(|c| super::outbox::ways_due(c, now))
    }

    fn deliveries_by(
        &self,
        notifier: &str,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.read(|c| super::outbox::due_by(c, notifier, now, limit))
    }

    fn source_ids(&self) -> Result<Vec<String>> {
        self.read(super::sources::ids)
    }

    fn outbox(&self, ask: &OutboxAsk) -> Result<Vec<OutboxLine>> {
        self.read(|c| super::outbox::lines(c, ask))
    }

    fn outbox_counts(&self) -> Result<Vec<(String, String, u64)>> {
        self.read(super::outbox::counts)
    }

    fn deliveries(&self, state: &str, due: DateTime<Utc>, limit: usize) -> Result<Vec<Delivery>> {
        self.read(|c| super::outbox::deliveries(c, state, due, limit))
    }
}

#[cfg(test)]
#[path = "sqlite/tests.rs"]
mod tests;
