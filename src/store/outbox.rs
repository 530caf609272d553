//! The outbox: messages that wait, went out, or never will.
//!
//! In: a message with its key, in the transaction that gave cause for it. Out: each key once, by its way out. What
//! was sent of posts that are gone keeps its key and loses its text; that of a digest does so when it is sent: its
//! text stands in its files.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::sql::{Row, Sql, params};
use super::values::{instant, millis};
use super::{Delivery, Result};

/// Which messages of the outbox are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboxAsk {
    /// In this state only: `pending`, `sent` or `dead`.
    pub state: Option<String>,
    /// Those before the one with this number.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// A message of the outbox with its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxLine {
    /// The message.
    pub delivery: Delivery,
    /// When it is due, or was.
    pub due: DateTime<Utc>,
    /// When it was taken.
    pub sent: Option<DateTime<Utc>>,
}

/// What the store reads of a message.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    kind: Option<String>,
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    evidence: Vec<Told>,
}

/// A post that an alert was told with.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    url: Option<String>,
}

/// A message that is of another make names nothing.
fn message(body: &str) -> Message {
    serde_json::from_str(body).unwrap_or_default()
}

pub(super) fn enqueue(
    c: &dyn Sql,
    key: &str,
    notifier: &str,
    body: &str,
    due: DateTime<Utc>,
) -> Result<bool> {
    if is_queued(c, key)? {
        return Ok(false);
    }
    c.execute(
        "INSERT INTO outbox (key, notifier, body, state, due) VALUES (?1, ?2, ?3, 'pending', ?4)",
        params![key, notifier, body, millis(due)],
    )?;
    Ok(true)
}

/// Whether a message with this key is there.
pub(super) fn is_queued(c: &dyn Sql, key: &str) -> Result<bool> {
    c.exists("SELECT 1 FROM outbox WHERE key = ?1", params![key])
}

fn read_delivery(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery {
        id: row.get(0)?,
        key: row.get(1)?,
        notifier: row.get(2)?,
        body: row.get(3)?,
        attempts: row.get(4)?,
        state: row.get(5)?,
        error: row.get(6)?,
    })
}

pub(super) fn deliveries(
    c: &dyn Sql,
    state: &str,
    due: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Delivery>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(
        "SELECT id, key, notifier, body, attempts, state, error FROM outbox
         WHERE state = ?1 AND due <= ?2 ORDER BY due, id LIMIT ?3",
        params![state, millis(due), limit],
        read_delivery,
    )
}

/// Newest first.
pub(super) fn lines(c: &dyn Sql, ask: &OutboxAsk) -> Result<Vec<OutboxLine>> {
    let limit = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let read = |row: &Row<'_>| {
        let (due, sent) = (row.get(7)?, row.get::<Option<i64>>(8)?);
        Ok(OutboxLine { delivery: read_delivery(row)?, due: instant(due), sent: sent.map(instant) })
    };
    c.rows(
        "SELECT id, key, notifier, body, attempts, state, error, due, sent FROM outbox
         WHERE (state = ?1 OR ?1 IS NULL) AND (id < ?2 OR ?2 IS NULL) ORDER BY id DESC LIMIT ?3",
        params![ask.state, ask.before, limit],
        read,
    )
}

/// Messages by way out and state.
pub(super) fn counts(c: &dyn Sql) -> Result<Vec<(String, String, u64)>> {
    let sql = "SELECT notifier, state, COUNT(*) FROM outbox
               GROUP BY notifier, state ORDER BY notifier, state";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<i64>(2)?.cast_unsigned()));
    c.rows(sql, &[], read)
}

pub(super) fn mark_sent(c: &dyn Sql, id: i64, now: DateTime<Utc>) -> Result<()> {
    let body =
        c.row("SELECT body FROM outbox WHERE id = ?1", params![id], |r| r.get::<String>(0))?;
    let Some(body) = body else { return Ok(()) };
    let kept = if message(&body).kind.as_deref() == Some("digest") { "" } else { body.as_str() };
    c.execute("UPDATE outbox SET state = 'sent', sent = ?2, attempts = attempts + 1, error = NULL, body = ?3
         WHERE id = ?1", params![id, millis(now), kept])?;
    Ok(())
}

pub(super) fn mark_failed(
    c: &dyn Sql,
    id: i64,
    error: &str,
    due: Option<DateTime<Utc>>,
) -> Result<()> {
    let state = if due.is_some() { "pending" } else { "dead" };
    c.execute(
        "UPDATE outbox SET state = ?2, error = ?3, attempts = attempts + 1, due = COALESCE(?4, due)
         WHERE id = ?1",
        params![id, state, error, due.map(millis)],
    )?;
    Ok(())
}

pub(super) fn ways_due(c: &dyn Sql, now: DateTime<Utc>) -> Result<Vec<String>> {
    c.rows(
        "SELECT DISTINCT notifier FROM outbox
         WHERE state = 'pending' AND due <= ?1 ORDER BY notifier",
        params![millis(now)],
        |row| row.get(0),
    )
}

pub(super) fn due_by(
    c: &dyn Sql,
    notifier: &str,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Delivery>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(
        "SELECT id, key, notifier, body, attempts, state, error FROM outbox
         WHERE state = 'pending' AND notifier = ?1 AND due <= ?2
         ORDER BY due, id LIMIT ?3",
        params![notifier, millis(now), limit],
        read_delivery,
    )
}

pub(super) fn note_wait(c: &dyn Sql, id: i64, error: &str) -> Result<()> {
    c.execute("UPDATE outbox SET error = ?2 WHERE id = ?1", params![id, error])?;
    Ok(())
}

pub(super) fn revive(c: &dyn Sql, notifier: Option<&str>, now: DateTime<Utc>) -> Result<u64> {
    let revived = c.execute(
        "UPDATE outbox SET state = 'pending', attempts = 0, due = ?2
             WHERE state = 'dead' AND body <> '' AND (notifier = ?1 OR ?1 IS NULL)",
        params![notifier, millis(now)],
    )?;
    Ok(revived as u64)
}

pub(super) fn reroute(c: &dyn Sql, from: &str, to: &str, now: DateTime<Utc>) -> Result<u64> {
    let moved = c.execute(
        "UPDATE outbox SET notifier = ?2, attempts = 0, due = ?3
             WHERE state = 'pending' AND notifier = ?1",
        params![from, to, millis(now)],
    )?;
    Ok(moved as u64)
}

/// The key of a delivery is its alert's, `@`, and the way out.
pub(super) fn strip(c: &dyn Sql) -> Result<u64> {
    let told = "SELECT id, body FROM outbox WHERE state <> 'pending' AND body <> '' ORDER BY id";
    let told = c.rows(told, &[], |row| {
        let evidence = message(&row.get::<String>(1)?).data.evidence;
        Ok((row.get::<i64>(0)?, evidence))
    })?;
    let mut stripped = 0;
    for (id, evidence) in told {
        let mut is_whole = true;
        for Told { url } in &evidence {
            is_whole = is_whole && c.exists("SELECT 1 FROM posts WHERE url = ?1", params![url])?;
        }
        if !is_whole {
            stripped += c.execute("UPDATE outbox SET body = '' WHERE id = ?1", params![id])?;
        }
    }
    Ok(stripped as u64)
}
