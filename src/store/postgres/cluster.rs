//! Workers, leases and tasks on the server, by its clock.
//!
//! In: names. Out: rows. Each call is one statement, or some that may be asked again. Sessions are those of the store that
//! read, but may write; they do not wait for the transaction that stores.

use super::link::Link;
use super::{PostgresStore, STATION_LOCK, lock};
use crate::store::cluster::{Cluster, Lease, Leased, NewTask, Task, Worker};
use crate::store::sql::{Sql, params};
use crate::store::values::instant;
use crate::store::{Result, StoreError};

/// The time of the server in milliseconds since the epoch.
const NOW: &str = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

/// What stands in `meta` for which keeper this is since the store was made. It is the server's: a copy leaves it out, as all marks.
pub(super) const KEEPER: &str = "mark:keeper";

fn millis_of(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX / 4)
}

fn told(text: &str) -> String {
    text.replace("NOW", NOW)
}

/// Whether a worker was heard lately: it goes on writing what it reads, also where nobody keeps the store.
pub(super) fn has_workers(c: &dyn Sql) -> Result<bool> {
    c.exists(&told("SELECT 1 FROM workers WHERE seen > NOW - 15000"), &[])
}

impl PostgresStore {
    /// Runs `work` on a session that may write, beside the one that stores.
    fn aside<T>(&self, work: impl FnOnce(&Link) -> Result<T>) -> Result<T> {
        self.asides.with(|| self.call(), work)
    }
}

/// The rows are locked by this transaction: others pass over them, and a session that ends frees them.
fn serve_within(
    link: &Link,
    kind: &str,
    most: usize,
    work: &mut dyn FnMut(&Task) -> String,
) -> Result<usize> {
    let c: &dyn Sql = link;
    let sql = "SELECT id, body FROM tasks WHERE kind = ?1 AND answer IS NULL ORDER BY id LIMIT ?2 FOR UPDATE SKIP LOCKED";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let tasks =
        c.rows(sql, params![kind, most], |row| Ok(Task { id: row.get(0)?, body: row.get(1)? }))?;
    for task in &tasks {
        c.execute("UPDATE tasks SET answer = ?2 WHERE id = ?1", params![task.id, work(task)])?;
    }
    Ok(tasks.len())
}

impl Cluster for PostgresStore {
    fn sign(&self, worker: &str, about: &str, ms: u64) -> Result<Vec<(String, String)>> {
        self.aside(|link| {
            let c: &dyn Sql = link;
            let sql = told(
                "INSERT INTO workers (name, about, since, seen) VALUES (?1, ?2, NOW, NOW)
                 ON CONFLICT (name) DO UPDATE SET about = excluded.about, seen = excluded.seen",
            );
            c.execute(&sql, params![worker, about])?;
            let sql =
                told("UPDATE leases SET until = NOW + ?2 WHERE holder = ?1 RETURNING kind, object");
            c.rows(&sql, params![worker, millis_of(ms)], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    fn sign_off(&self, worker: &str) -> Result<()> {
        self.aside(|link| {
            let c: &dyn Sql = link;
            c.execute("DELETE FROM leases WHERE holder = ?1", params![worker])?;
            c.execute("DELETE FROM workers WHERE name = ?1", params![worker])?;
            Ok(())
        })
    }

    fn workers(&self) -> Result<Vec<Worker>> {
        self.aside(|link| {
            let c: &dyn Sql = link;
            let sql =
                told("SELECT name, about, since, seen, NOW - seen FROM workers ORDER BY name");
            c.rows(&sql, &[], |row| {
                Ok(Worker {
                    name: row.get(0)?,
                    about: row.get(1)?,
                    since: instant(row.get(2)?),
                    seen: instant(row.get(3)?),
                    silent_ms: row.get::<i64>(4)?.max(0).cast_unsigned(),
                })
            })
        })
    }

    fn lease(&self, kind: &str, object: &str, worker: &str, ms: u64) -> Result<Leased> {
        self.aside(|link| {
            let c: &dyn Sql = link;
            let before = "SELECT until FROM leases WHERE kind = ?1 AND object = ?2 AND holder <> ?3";
            let before: Option<i64> = c.row(before, params![kind, object, worker], |row| row.get(0))?;
            let sql = told(
                "INSERT INTO leases (kind, object, holder, until)
                 SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT), NOW + ?4
                 WHERE ?1 <> 'source' OR NOT EXISTS (SELECT 1 FROM tasks
                   WHERE kind = 'commit' AND answer IS NULL AND source = ?2)
                 ON CONFLICT (kind, object) DO UPDATE SET holder = excluded.holder, until = excluded.until
                 WHERE leases.holder = excluded.holder OR leases.until < NOW",
            );
            let had = c.execute(&sql, params![kind, object, worker, millis_of(ms)])?;
            Ok(match (had, before) {
                (0, _) => Leased::Taken,
                (_, Some(until)) => Leased::RanOut(instant(until)),
                (_, None) => Leased::Free,
            })
        })
    }

    fn release(&self, kind: &str, object: &str, worker: &str) -> Result<()> {
        let sql = "DELETE FROM leases WHERE kind = ?1 AND object = ?2 AND holder = ?3";
        self.aside(|link| (link as &dyn Sql).execute(sql, params![kind, object, worker]))?;
        Ok(())
    }

    fn leases(&self) -> Result<Vec<Lease>> {
        let sql = told(
            "SELECT kind, object, holder FROM leases WHERE until >= NOW ORDER BY kind, object",
        );
        self.aside(|link| {
            (link as &dyn Sql).rows(&sql, &[], |row| {
                Ok(Lease { kind: row.get(0)?, object: row.get(1)?, holder: row.get(2)? })
            })
        })
    }

    fn ask(&self, task: &NewTask<'_>) -> Result<bool> {
        self.aside(|link| {
            let c: &dyn Sql = link;
            let sql = told(
                "INSERT INTO tasks (key, kind, source, asker, body, at)
                 SELECT CAST(?1 AS TEXT), CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS TEXT), CAST(?5 AS TEXT), NOW
                 WHERE ?6 = 0 OR EXISTS (SELECT 1 FROM leases
                   WHERE kind = 'source' AND object = ?3 AND holder = ?4 AND until >= NOW)
                 ON CONFLICT (key) DO NOTHING",
            );
            let NewTask { key, kind, source, asker, body, needs_lease } = *task;
            let made = c.execute(&sql, params![key, kind, source, asker, body, i64::from(needs_lease)])?;
            Ok(made > 0 || c.exists("SELECT 1 FROM tasks WHERE key = ?1", params![key])?)
        })
    }

    fn answers(&self, asker: &str) -> Result<Vec<(i64, String, String)>> {
        let sql =
            "SELECT id, key, answer FROM tasks WHERE asker = ?1 AND answer IS NOT NULL ORDER BY id";
        self.aside(|link| {
            (link as &dyn Sql)
                .rows(sql, params![asker], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
    }

    fn forget(&self, ids: &[i64]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let sql =
            format!("DELETE FROM tasks WHERE answer IS NOT NULL AND id IN ({})", ids.join(", "));
        self.aside(|link| link.simple(&sql)).map(drop)
    }

    fn serve(
        &self,
        kind: &str,
        most: usize,
        work: &mut dyn FnMut(&Task) -> String,
    ) -> Result<usize> {
        self.aside(|link| {
            link.simple("BEGIN")?;
            let served = serve_within(link, kind, most, work);
            let ended = link.simple(if served.is_ok() { "COMMIT" } else { "ROLLBACK" });
            served.and_then(|served| ended.map(|_| served))
        })
    }

    fn withdraw(&self, key: &str) -> Result<()> {
        let sql = "DELETE FROM tasks WHERE id IN (SELECT id FROM tasks WHERE key = ?1 FOR UPDATE SKIP LOCKED)";
        self.aside(|link| (link as &dyn Sql).execute(sql, params![key]).map(drop))
    }

    fn sweep(&self, ms: u64) -> Result<()> {
        let ms = millis_of(ms);
        self.aside(|link| {
            let c: &dyn Sql = link;
            let old = told("DELETE FROM tasks WHERE at < NOW - ?1 AND (answer IS NOT NULL OR kind <> 'commit')");
            c.execute(&old, params![ms])?;
            c.execute(&told("DELETE FROM workers WHERE seen < NOW - ?1"), params![ms])?;
            c.execute(&told("DELETE FROM leases WHERE until < NOW - ?1"), params![ms])?;
            Ok(())
        })
    }

    fn depose(&self, ms: u64) -> Result<bool> {
        self.aside(|link| {
            let c: &dyn Sql = link;
            let silent = told(
                "SELECT name FROM workers WHERE name = (SELECT value FROM state WHERE name = 'keeper:worker')
                 AND seen < NOW - ?1",
            );
            if !c.exists(&silent, params![millis_of(ms)])? {
                return Ok(false);
            }
            // Only the session that has the lock of this very schema.
            let ended = link.simple(&format!(
                "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted
                 AND classid = {STATION_LOCK} AND objid = {} AND database = (SELECT oid FROM pg_database
                   WHERE datname = current_database()) AND pid <> pg_backend_pid()",
                self.number().cast_unsigned()
            ))?;
            Ok(ended.is_some_and(|n| n != "0"))
        })
    }
}

impl PostgresStore {
    /// Begins a term as the keeper, or goes on with the one begun; refuses where another was keeper meanwhile: what is in
    /// memory here is no longer what is stored.
    pub(super) fn take_up_term(&self, link: &Link) -> Result<()> {
        let c: &dyn Sql = link;
        let stored: Option<String> =
            c.row("SELECT value FROM meta WHERE name = ?1", params![KEEPER], |row| row.get(0))?;
        let stored: u64 = stored.and_then(|term| term.parse().ok()).unwrap_or(0);
        let mut term = lock(&self.term);
        match *term {
            Some(ours) if ours == stored => return Ok(()),
            Some(_) => return Err(StoreError::Deposed { place: self.address.to_string() }),
            None => {}
        }
        let new = stored + 1;
        c.execute(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            params![KEEPER, new.to_string()],
        )?;
        *term = Some(new);
        Ok(())
    }
}
