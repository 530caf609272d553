//! A session with a server as a connection of the store, spoken by `tokio-postgres`.
//!
//! In: statements in the store's dialect, cells. Out: counts and rows. A statement is prepared once a session; rows are
//! handed on as they come, so that a query of any size needs the memory of some. The store is called from threads within
//! and outside of a runtime: what the session needs of one runs on a runtime of its own, and whoever calls waits by
//! itself. What breaks a session is remembered: it is not used again.

use std::cell::{Cell as Flag, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _, pin_mut};
use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, SimpleQueryMessage, Statement};

use super::address::Address;
use super::tls::Tls;
use super::trouble::Trouble;
use super::value::{Heard, Value};
use crate::store::sql::{Cell, Row, Sql};
use crate::store::{Result, StoreError};

/// How long a server may take to answer the call.
const CALL: Duration = Duration::from_secs(10);

/// How long a server may say nothing about a statement.
const PATIENCE: Duration = Duration::from_secs(120);

/// A session that was used so lately is not asked whether it still stands.
const FRESH: Duration = Duration::from_secs(1);

/// Words of the store's dialect that are others here.
const WORDS: [(&str, &str); 2] =
    [("instr(", "strpos("), ("random()", "hashtextextended(gen_random_uuid()::text, 0)")];

/// Where sessions are kept going, whoever asks.
fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if RUNTIME.get().is_none() {
        let made = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()?;
        // Of two made at once the second is not needed: it holds nothing.
        if let Err(second) = RUNTIME.set(made) {
            second.shutdown_background();
        }
    }
    RUNTIME.get().ok_or_else(|| io::Error::other("no runtime"))
}

/// Waits for an answer, at most so long. May be called within another runtime: what is waited for is kept going by ours.
fn waited<T>(
    patience: Option<Duration>,
    work: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
) -> std::result::Result<T, Trouble> {
    let _ours = runtime()?.enter();
    futures::executor::block_on(async {
        match patience {
            None => work.await.map_err(Trouble::from),
            Some(patience) => match tokio::time::timeout(patience, work).await {
                Ok(answer) => answer.map_err(Trouble::from),
                Err(_) => Err(Trouble::Lost(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("the server said nothing for {} seconds", patience.as_secs()),
                ))),
            },
        }
    })
}

/// A connection.
pub(super) struct Link {
    address: Address,
    client: Client,
    prepared: RefCell<HashMap<String, Statement>>,
    patience: Flag<Option<Duration>>,
    used: Flag<Instant>,
    /// Whether rows of a query are being handed on.
    is_within: Flag<bool>,
    is_broken: Flag<bool>,
}

impl Link {
    /// Calls the server and logs in.
    pub fn open(address: &Address) -> Result<Self> {
        let client = Self::call(address).map_err(|trouble| trouble.of(address))?;
        Ok(Self {
            address: address.clone(),
            client,
            prepared: RefCell::default(),
            patience: Flag::new(Some(PATIENCE)),
            used: Flag::new(Instant::now()),
            is_within: Flag::new(false),
            is_broken: Flag::new(false),
        })
    }

    fn call(address: &Address) -> std::result::Result<Client, Trouble> {
        let mut config = Config::new();
        config.user(&address.user).dbname(&address.database).port(address.port);
        if address.is_socket() {
            config.host_path(&address.host);
        } else {
            config.host(&address.host);
        }
        if let Some(password) = &address.password {
            config.password(password);
        }
        let mode = if address.is_sealed { SslMode::Require } else { SslMode::Disable };
        config.application_name("guanlan").connect_timeout(CALL).ssl_mode(mode);
        // A machine that went away without a word is found out.
        config.keepalives_idle(Duration::from_secs(30)).keepalives_interval(CALL);
        let tls = Tls::of(address)?;
        let (client, session) = waited(Some(CALL), config.connect(tls))?;
        runtime()?.spawn(session);
        Ok(client)
    }

    /// Whether the session is lost.
    pub fn is_broken(&self) -> bool {
        self.is_broken.get() || self.client.is_closed()
    }

    /// Whether the session still stands; asks the server where it was not heard for a while.
    pub fn still_stands(&self) -> bool {
        if self.used.get().elapsed() < FRESH {
            return !self.is_broken();
        }
        self.simple("").is_ok()
    }

    /// Waits without end for what is asked from now on.
    pub fn wait_for_ever(&self) {
        self.patience.set(None);
    }

    /// Runs statements without values, several in one call. Answers the first value of the last row.
    pub fn simple(&self, sql: &str) -> Result<Option<String>> {
        self.with(|| {
            let messages = waited(self.patience.get(), self.client.simple_query(sql))?;
            let rows = messages.iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) if !row.is_empty() => row.get(0),
                _ => None,
            });
            Ok(rows.last().map(str::to_owned))
        })
    }

    /// Hands over rows to a statement of `COPY … FROM STDIN`, in the form it takes.
    pub fn copy_in(&self, sql: &str, rows: Bytes) -> Result<()> {
        self.with(|| {
            let patience = self.patience.get();
            let sink = waited(patience, self.client.copy_in::<_, Bytes>(sql))?;
            pin_mut!(sink);
            waited(patience, sink.send(rows))?;
            waited(patience, sink.finish()).map(drop)
        })
    }

    /// Forgets statements whose tables are no longer there.
    pub fn forget_statements(&self) {
        self.prepared.borrow_mut().clear();
    }

    fn with<T>(&self, work: impl FnOnce() -> std::result::Result<T, Trouble>) -> Result<T> {
        if self.is_within.get() {
            return Err(StoreError::Sql("a statement within the rows of another".to_owned()));
        }
        let done = work();
        self.used.set(Instant::now());
        done.map_err(|trouble| {
            if trouble.is_end() {
                self.is_broken.set(true);
            }
            trouble.of(&self.address)
        })
    }

    /// The statement as the server has prepared it.
    fn statement(&self, sql: &str) -> std::result::Result<Statement, Trouble> {
        if let Some(known) = self.prepared.borrow().get(sql) {
            return Ok(known.clone());
        }
        let made = waited(self.patience.get(), self.client.prepare(&in_their_words(sql)))?;
        self.prepared.borrow_mut().insert(sql.to_owned(), made.clone());
        Ok(made)
    }
}

impl Sql for Link {
    fn execute(&self, sql: &str, cells: &[Cell<'_>]) -> Result<usize> {
        let values: Vec<Value<'_>> = cells.iter().map(|cell| Value(*cell)).collect();
        let changed = self.with(|| {
            let statement = self.statement(sql)?;
            waited(self.patience.get(), self.client.execute_raw(&statement, &values))
        })?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    fn each_row(
        &self,
        sql: &str,
        cells: &[Cell<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let values: Vec<Value<'_>> = cells.iter().map(|cell| Value(*cell)).collect();
        let mut met = Ok(());
        self.with(|| {
            let statement = self.statement(sql)?;
            let patience = self.patience.get();
            let rows = waited(patience, self.client.query_raw(&statement, &values))?;
            pin_mut!(rows);
            self.is_within.set(true);
            let _over = Over(&self.is_within);
            // What is left of the rows where no more are wanted the session passes over by itself.
            loop {
                let next = waited(patience, async { rows.next().await.transpose() })?;
                let Some(row) = next else { return Ok(()) };
                match each(&Heard(row)) {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    Err(error) => {
                        met = Err(error);
                        return Ok(());
                    }
                }
            }
        })?;
        met
    }
}

/// Ends the handing on of rows, also where it panics.
struct Over<'a>(&'a Flag<bool>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// The statement in the words of this database: `$1` for `?1`, and its names of functions.
fn in_their_words(sql: &str) -> String {
    let numbered = sql.replace('?', "$");
    WORDS.iter().fold(numbered, |sql, (ours, theirs)| sql.replace(ours, theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_put_into_their_words() {
        assert_eq!(
            in_their_words("SELECT instr(a, ?1) WHERE b = ?2"),
            "SELECT strpos(a, $1) WHERE b = $2"
        );
    }
}
