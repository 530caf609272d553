//! PostgreSQL as the store: sessions for reading, one for writing, one transaction that writes at a time.
//!
//! In: an address. Out: an open store of the current schema (`schema`). A transaction whose end was not heard, because the
//! server went away while it was stored, is asked after until the server says what became of it: it is never taken for
//! stored or lost. The session that writes holds the station's lock, so that a second station, or the same after its
//! session was lost to another, cannot write. The statements themselves stand beside their tables in the sibling files.

mod address;
mod cluster;
mod dump;
mod link;
mod program;
mod schema;
mod sessions;
mod side;
mod tls;
mod trouble;
mod value;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use pipelines::text::hex;
use sha2::{Digest as _, Sha256};

pub use address::{Address, AddressFault};
pub use tls::SealFault;

use super::copying::refuse_unfinished;
use super::sql::{Database, Sql, Write, params};
use super::{About, Cluster, Result, StoreError, StoreWrite};
use link::Link;
use sessions::Sessions;

/// How long a lock is waited for before the store says `Busy`.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// How long a statement may take; the server gives up before we do.
const STATEMENT: Duration = Duration::from_secs(110);

/// How long a station waits for the one before it to be gone from the server.
const STATION_WAIT: Duration = Duration::from_secs(5);

/// How long a server that went away while it stored something is waited for.
const VERDICT_WAIT: Duration = Duration::from_secs(120);

/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// How many characters of marks are kept: some two hundred transactions, of all processes that write beside the station.
const MARKS_KEPT: usize = 3_000;

/// The names of our locks on the server: for the station, and for who writes.
const STATION_LOCK: i32 = 7352;
const WRITE_LOCK: i32 = 7353;

/// The store in one schema of a database.
pub struct PostgresStore {
    address: Address,
    /// Whether it holds the station's lock while it writes.
    is_station: AtomicBool,
    /// How long another station is waited for.
    wait: Duration,
    /// Tells the marks of this one from those of others.
    name: String,
    marks: AtomicU64,
    readers: Sessions,
    /// Those for what processes agree on.
    asides: Sessions,
    /// Which keeper this is since the store was made; none before it is one.
    term: Mutex<Option<u64>>,
    writer: Mutex<Option<Link>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves at worst a session within a transaction; it is not used again.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PostgresStore {
    /// Opens the store for a station: makes it where it is not there, brings an older one to the current schema, and
    /// holds it against other stations.
    ///
    /// # Errors
    /// `Away` and `Refused` where the server cannot be used, `Held` by another station, `Newer`, `Foreign` or `Unfit`
    /// where the schema or the server is not ours.
    pub fn open(address: &Address) -> Result<Self> {
        Self::open_within(address, STATION_WAIT)
    }

    /// The same, where another station is waited for no longer than `wait`, now and whenever the session is lost.
    ///
    /// # Errors
    /// As of [`open`](Self::open).
    pub fn open_within(address: &Address, wait: Duration) -> Result<Self> {
        let store = Self { wait, ..Self::at(address, true) };
        let writer = store.open_writer()?;
        *lock(&store.writer) = Some(writer);
        Ok(store)
    }

    /// Opens the store for reading; none where there is none yet. The first write, where there is one, opens it for
    /// writing, beside a station that may be at work.
    ///
    /// # Errors
    /// As of [`open`](Self::open), and `Older`.
    pub fn open_to_read(address: &Address) -> Result<Option<Self>> {
        let store = Self::at(address, false);
        let link = store.call()?;
        if schema::version(&link, &address.schema, &address.to_string())?.is_none() {
            return Ok(None);
        }
        let reader = store.made_reader(link)?;
        store.readers.keep(reader);
        Ok(Some(store))
    }

    fn at(address: &Address, is_station: bool) -> Self {
        let (readers, writer) = (Sessions::default(), Mutex::new(None));
        // Two of one moment differ by the process, two of one process by the place in memory.
        let name = hex(&Sha256::digest(format!(
            "{:?} {} {:p}",
            SystemTime::now(),
            std::process::id(),
            &raw const readers
        )));
        let (name, marks) = (name[..12].to_owned(), AtomicU64::new(0));
        let is_station = AtomicBool::new(is_station);
        let (asides, term) = (Sessions::default(), Mutex::default());
        let (address, wait) = (address.clone(), STATION_WAIT);
        Self { address, is_station, wait, name, marks, readers, asides, term, writer }
    }

    fn call(&self) -> Result<Link> {
        let link = Link::open(&self.address)?;
        schema::fit(&link, &self.address.to_string())?;
        // What the server has acknowledged must survive a power cut.
        link.simple(&format!(
            "SET search_path TO \"{}\"; SET lock_timeout = {}; SET statement_timeout = {};
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') = 'off'",
            self.address.schema,
            LOCK_WAIT.as_millis(),
            STATEMENT.as_millis(),
        ))?;
        Ok(link)
    }

    fn made_reader(&self, link: Link) -> Result<Link> {
        schema::check(&link, &self.address.schema, &self.address.to_string())?;
        refuse_unfinished(&link, &self.address.to_string())?;
        link.simple("SET default_transaction_read_only = on")?;
        Ok(link)
    }

    fn open_writer(&self) -> Result<Link> {
        let link = self.call()?;
        if self.is_station.load(Ordering::Relaxed) {
            self.hold(&link)?;
        }
        schema::bring_up(&link, &self.address.schema, &self.address.to_string())?;
        if self.is_station.load(Ordering::Relaxed) {
            self.take_up_term(&link)?;
        }
        refuse_unfinished(&link, &self.address.to_string())?;
        Ok(link)
    }

    /// Takes the station's lock, for as long as the session lasts.
    fn hold(&self, link: &Link) -> Result<()> {
        let asked = Instant::now();
        let sql = format!("SELECT pg_try_advisory_lock({STATION_LOCK}, {})", self.number());
        while link.simple(&sql)?.as_deref() != Some("t") {
            if asked.elapsed() >= self.wait {
                return Err(StoreError::Held { place: self.address.to_string() });
            }
            std::thread::sleep(ASK_EVERY);
        }
        Ok(())
    }

    /// The schema as a number, for locks: two of one database do not wait for each other.
    fn number(&self) -> i32 {
        let bytes = self.address.schema.bytes();
        let hash = bytes.fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
        hash.cast_signed()
    }

    /// A session within a transaction that nobody else writes beside.
    fn begun<'a>(&self, writer: &'a mut Option<Link>) -> Result<&'a Link> {
        if let Some(link) = writer {
            match self.begin(link) {
                // The server was started anew since: nothing was begun yet.
                Err(StoreError::Away { .. }) => *writer = None,
                begun => {
                    begun?;
                    return Ok(writer.as_ref().expect("it is there"));
                }
            }
        }
        let link = &*writer.insert(self.open_writer()?);
        self.begin(link)?;
        Ok(link)
    }

    fn begin(&self, link: &Link) -> Result<()> {
        let begun = link.simple(&format!("BEGIN ISOLATION LEVEL READ COMMITTED; {}", self.alone()));
        if begun.is_err() && !link.is_broken() {
            link.simple("ROLLBACK")?;
        }
        begun.map(drop)
    }

    /// Waits until nobody else is within a transaction that writes, and keeps others waiting.
    fn alone(&self) -> String {
        format!("SELECT pg_advisory_xact_lock({WRITE_LOCK}, {})", self.number())
    }

    /// Ends a transaction for good. Its mark is stored with it: where the session is lost meanwhile, the server is asked
    /// whether the mark is there. (The number of a transaction would not do: a server that died may give it again.)
    fn commit(&self, link: &Link) -> Result<()> {
        let mark = format!("{}-{}", self.name, self.marks.fetch_add(1, Ordering::Relaxed));
        let key = self.mark_key();
        let ended = link.simple(&format!(
            "INSERT INTO meta (name, value) VALUES ('{key}', '{mark}') ON CONFLICT (name)
             DO UPDATE SET value = left(excluded.value || ' ' || meta.value, {MARKS_KEPT}); COMMIT"
        ));
        match ended {
            // Within a transaction in which a statement failed the mark would have been refused.
            Ok(_) => Ok(()),
            Err(StoreError::Away { cause, .. }) if link.is_broken() => self.verdict(&mark, &cause),
            Err(error) => Err(error),
        }
    }

    /// Where marks stand: those of the station by themselves, since it alone writes them.
    fn mark_key(&self) -> &'static str {
        if self.is_station.load(Ordering::Relaxed) { "mark:station" } else { "mark:beside" }
    }

    /// What became of a transaction whose end was not heard.
    fn verdict(&self, mark: &str, cause: &str) -> Result<()> {
        let (asked, place) = (Instant::now(), self.address.to_string());
        while asked.elapsed() < VERDICT_WAIT {
            match self.is_marked(mark) {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(StoreError::Away { place, cause: cause.to_owned() }),
                // It is not back, or still within that transaction.
                Err(_) => std::thread::sleep(ASK_EVERY),
            }
        }
        Err(StoreError::Unsure { place })
    }

    fn is_marked(&self, mark: &str) -> Result<bool> {
        let link = self.call()?;
        // Once this is had, the lost session has ended, one way or the other.
        link.simple(&format!("BEGIN; {}", self.alone()))?;
        let sql = "SELECT value FROM meta WHERE name = ?1";
        let c: &dyn Sql = &link;
        let marks = c.row(sql, params![self.mark_key()], |row| row.get::<String>(0))?;
        Ok(marks.is_some_and(|marks| marks.split(' ').any(|known| known == mark)))
    }
}

/// What another program does on the schema of `address`.
#[cfg(test)]
pub(super) fn meddle(address: &Address, sql: &str) -> Result<()> {
    PostgresStore::at(address, false).call()?.simple(sql).map(drop)
}

impl Database for PostgresStore {
    fn read<T>(&self, work: impl FnOnce(&dyn Sql) -> Result<T>) -> Result<T> {
        self.readers.with(|| self.made_reader(self.call()?), |reader| work(reader))
    }

    fn transact(&self, work: &mut dyn FnMut(&dyn StoreWrite) -> Result<()>) -> Result<()> {
        let mut writer = lock(&self.writer);
        let link = self.begun(&mut writer)?;
        let ended = work(&Write { tx: link }).and_then(|()| self.commit(link));
        // A session that cannot be brought back is not used again; the server ends what it had begun.
        let is_over = link.is_broken() || (ended.is_err() && link.simple("ROLLBACK").is_err());
        if is_over {
            *writer = None;
        }
        ended
    }

    fn scrub(&self) -> Result<()> {
        // What was deleted stays in the pages of the server until it sweeps them, which it does by itself; a sweep asked
        // for makes it soon. Where its files lie, and what else is kept of them, is not ours.
        let link = self.call()?;
        link.wait_for_ever();
        link.simple("SET statement_timeout = 0")?;
        let tables = [
            "posts",
            "hits",
            "alerts",
            "outbox",
            "corrections",
            "records",
            "exhibits",
            "sessions",
            "tries",
            "tasks",
        ];
        for table in tables {
            link.simple(&format!("VACUUM (TRUNCATE OFF) {table}"))?;
        }
        Ok(())
    }

    fn let_go(&self) {
        let mut writer = lock(&self.writer);
        self.is_station.store(false, Ordering::Relaxed);
        *writer = None;
    }

    fn cluster(&self) -> Option<&dyn Cluster> {
        Some(self)
    }

    fn about(&self) -> Result<About> {
        let sizes = "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT) FROM pg_class c
                     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?1 AND c.relkind = 'r'";
        self.read(|c| {
            Ok(About {
                kind: "postgres",
                place: self.address.to_string(),
                version: c.value("SELECT current_setting('server_version')", &[])?,
                bytes: c.value::<i64>(sizes, params![self.address.schema])?.cast_unsigned(),
            })
        })
    }
}
