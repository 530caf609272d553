//! What several processes on one store agree on through it: who is there, who holds what for a while, what is asked of
//! whom.
//!
//! In: names of workers, leases, tasks. Out: who has them. Times are those of the server, so that the clocks of machines
//! need not agree. A store that is one file belongs to one process and has none of it.

use chrono::{DateTime, Utc};

use super::Result;
use super::sql::{Database, Write, params};

/// The state that names the worker in whose process the keeper of the store is.
pub const KEEPER: &str = "keeper:worker";

/// A process that works on the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its name, of its own making.
    pub name: String,
    /// What it said of itself last: JSON.
    pub about: String,
    /// When it was first heard.
    pub since: DateTime<Utc>,
    /// When it was last heard.
    pub seen: DateTime<Utc>,
    /// Milliseconds from then until now, by the server.
    pub silent_ms: u64,
}

/// Something that one worker has for itself until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// `source` or `host`.
    pub kind: String,
    /// Which one.
    pub object: String,
    /// The worker.
    pub holder: String,
}

/// What came of asking for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leased {
    /// It is had, and nobody had it before, or gave it back.
    Free,
    /// It is had after another's ran out at this time: until then that one may have used it.
    RanOut(DateTime<Utc>),
    /// Another has it.
    Taken,
}

/// Work that one process asks of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Row number.
    pub id: i64,
    /// What was asked, as its kind has it.
    pub body: String,
}

/// A task to be asked.
#[derive(Clone, Copy, Debug)]
pub struct NewTask<'a> {
    /// Of who asks, once for each thing: asked again, it is the same task.
    pub key: &'a str,
    /// What kind of work: `commit`, or `judge:` with the mark of a config.
    pub kind: &'a str,
    /// Whose post it is about.
    pub source: &'a str,
    /// Who asks.
    pub asker: &'a str,
    /// What.
    pub body: &'a str,
    /// Whether it is taken only from the holder of the source.
    pub needs_lease: bool,
}

/// What processes agree on. Each call is by itself: nothing of it is part of a transaction of the store, but for the
/// answer to a task.
pub trait Cluster: Send + Sync {
    /// Says that `worker` is there, and renews all it holds for `ms` milliseconds. Answers what it holds.
    fn sign(&self, worker: &str, about: &str, ms: u64) -> Result<Vec<(String, String)>>;
    /// It ends: what it holds is free.
    fn sign_off(&self, worker: &str) -> Result<()>;
    /// Who was heard, by name.
    fn workers(&self) -> Result<Vec<Worker>>;
    /// Takes `object` for `worker` where it is free, has run out, or is its own. A source of which something is still to be
    /// stored is not free.
    fn lease(&self, kind: &str, object: &str, worker: &str, ms: u64) -> Result<Leased>;
    /// Gives it back.
    fn release(&self, kind: &str, object: &str, worker: &str) -> Result<()>;
    /// What is held now.
    fn leases(&self) -> Result<Vec<Lease>>;
    /// Asks for a task; `false` where the source is not, or no longer, the asker's.
    fn ask(&self, task: &NewTask<'_>) -> Result<bool>;
    /// What `asker` was answered and has not forgotten: number, key, answer.
    fn answers(&self, asker: &str) -> Result<Vec<(i64, String, String)>>;
    /// Forgets tasks that were answered.
    fn forget(&self, ids: &[i64]) -> Result<()>;
    /// Answers up to `most` tasks of `kind` by `work`; how many. They are nobody else's meanwhile, and anybody's again at once
    /// where this process dies.
    fn serve(
        &self,
        kind: &str,
        most: usize,
        work: &mut dyn FnMut(&Task) -> String,
    ) -> Result<usize>;
    /// Forgets a task that was not answered in time, unless it is being answered now.
    fn withdraw(&self, key: &str) -> Result<()>;
    /// Forgets answers that nobody came for within `ms` milliseconds, what was asked of judges so long ago, and workers not
    /// heard for as long.
    fn sweep(&self, ms: u64) -> Result<()>;
    /// Ends the session of a keeper (the worker that the state [`KEEPER`] names) that was not heard for `ms` milliseconds, so that another can take its place; answers
    /// whether there was one.
    fn depose(&self, ms: u64) -> Result<bool>;
}

/// What is asked and not answered, in a store of either kind: a copy of one on a server may bring some into a file.
pub trait ReadTasks {
    /// Tasks of `kind` that are not answered, in the order they were asked in.
    fn open_tasks(&self, kind: &str, limit: usize) -> Result<Vec<Task>>;
}

impl<D: Database> ReadTasks for D {
    fn open_tasks(&self, kind: &str, limit: usize) -> Result<Vec<Task>> {
        let sql =
            "SELECT id, body FROM tasks WHERE kind = ?1 AND answer IS NULL ORDER BY id LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|c| {
            c.rows(sql, params![kind, limit], |row| Ok(Task { id: row.get(0)?, body: row.get(1)? }))
        })
    }
}

/// What the transaction says that does what a task asks for.
pub trait WriteTasks {
    /// The task is done, with this answer.
    fn settle_task(&self, id: i64, answer: &str) -> Result<()>;
}

impl WriteTasks for Write<'_> {
    fn settle_task(&self, id: i64, answer: &str) -> Result<()> {
        self.tx.execute("UPDATE tasks SET answer = ?2 WHERE id = ?1", params![id, answer])?;
        Ok(())
    }
}
