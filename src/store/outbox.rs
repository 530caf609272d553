//! The outbox: messages that wait, went out, or never will.
//!
//! In: a message with its key, in the transaction that gave cause for it. Out: each key once, by its way out. What
//! was sent of posts that are gone keeps its key and loses its text; that of a digest does so when it is sent: its
//! text stands in its files.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use super::sqlite::{instant, millis};
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

pub(super) fn enqueue(
    c: &Connection,
    key: &str,
    notifier: &str,
    body: &str,
    due: DateTime<Utc>,
) -> Result<bool> {
    let new = c
        .prepare_cached(
            "INSERT INTO outbox (key, notifier, body, state, due) VALUES (?1, ?2, ?3, 'pending', ?4)
             ON CONFLICT (key) DO NOTHING",
        )?
        .execute(params![key, notifier, body, millis(due)])?;
    Ok(new > 0)
}

/// Whether a message with this key is there.
pub(super) fn is_queued(c: &Connection, key: &str) -> Result<bool> {
    Ok(c.prepare_cached("SELECT 1 FROM outbox WHERE key = ?1")?.exists([key])?)
}

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
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
    c: &Connection,
    state: &str,
    due: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Delivery>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(c.prepare_cached(
        "SELECT id, key, notifier, body, attempts, state, error FROM outbox
         WHERE state = ?1 AND due <= ?2 ORDER BY due, id LIMIT ?3",
    )?
    .query_map(params![state, millis(due), limit], read_delivery)?
    .collect::<rusqlite::Result<Vec<_>>>()?)
}

/// Newest first.
pub(super) fn lines(c: &Connection, ask: &OutboxAsk) -> Result<Vec<OutboxLine>> {
    let limit = i64::try_from(ask.limit).unwrap_or(i64::MAX);
    let read = |row: &Row<'_>| {
        let (due, sent) = (row.get(7)?, row.get::<_, Option<i64>>(8)?);
        Ok(OutboxLine { delivery: read_delivery(row)?, due: instant(due), sent: sent.map(instant) })
    };
    Ok(c.prepare_cached(
        "SELECT id, key, notifier, body, attempts, state, error, due, sent FROM outbox
         WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
    )?
    .query_map(params![ask.state, ask.before, limit], read)?
    .collect::<rusqlite::Result<Vec<_>>>()?)
}

/// Messages by way out and state.
pub(super) fn counts(c: &Connection) -> Result<Vec<(String, String, u64)>> {
    let mut counts =
        c.prepare_cached("SELECT notifier, state, COUNT(*) FROM outbox GROUP BY notifier, state")?;
    let read =
        |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.cast_unsigned()));
    Ok(counts.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()?)
}

pub(super) fn mark_sent(c: &Connection, id: i64, now: DateTime<Utc>) -> Result<()> {
    c.prepare_cached(
        "UPDATE outbox SET state = 'sent', sent = ?2, attempts = attempts + 1, error = NULL,
           body = iif(json_valid(body) AND body ->> 'kind' = 'digest', '', body)
         WHERE id = ?1",
    )?
    .execute(params![id, millis(now)])?;
    Ok(())
}

pub(super) fn mark_failed(
    c: &Connection,
    id: i64,
    error: &str,
    due: Option<DateTime<Utc>>,
) -> Result<()> {
    let state = if due.is_some() { "pending" } else { "dead" };
    c.prepare_cached(
        "UPDATE outbox SET state = ?2, error = ?3, attempts = attempts + 1, due = COALESCE(?4, due)
         WHERE id = ?1",
    )?
    .execute(params![id, state, error, due.map(millis)])?;
    Ok(())
}

pub(super) fn ways_due(c: &Connection, now: DateTime<Utc>) -> Result<Vec<String>> {
    Ok(c.prepare_cached(
        "SELECT DISTINCT notifier FROM outbox
         WHERE state = 'pending' AND due <= ?1 ORDER BY notifier",
    )?
    .query_map([millis(now)], |row| row.get(0))?
    .collect::<rusqlite::Result<Vec<_>>>()?)
}

pub(super) fn due_by(
    c: &Connection,
    notifier: &str,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Delivery>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(c.prepare_cached(
        "SELECT id, key, notifier, body, attempts, state, error FROM outbox
         WHERE state = 'pending' AND notifier = ?1 AND due <= ?2
         ORDER BY due, id LIMIT ?3",
    )?
    .query_map(params![notifier, millis(now), limit], read_delivery)?
    .collect::<rusqlite::Result<Vec<_>>>()?)
}

pub(super) fn note_wait(c: &Connection, id: i64, error: &str) -> Result<()> {
    c.prepare_cached("UPDATE outbox SET error = ?2 WHERE id = ?1")?.execute(params![id, error])?;
    Ok(())
}

pub(super) fn revive(c: &Connection, notifier: Option<&str>, now: DateTime<Utc>) -> Result<u64> {
    let revived = c
        .prepare_cached(
            "UPDATE outbox SET state = 'pending', attempts = 0, due = ?2
             WHERE state = 'dead' AND body <> '' AND (?1 IS NULL OR notifier = ?1)",
        )?
        .execute(params![notifier, millis(now)])?;
    Ok(revived as u64)
}

pub(super) fn reroute(c: &Connection, from: &str, to: &str, now: DateTime<Utc>) -> Result<u64> {
    let moved = c
        .prepare_cached(
            "UPDATE outbox SET notifier = ?2, attempts = 0, due = ?3
             WHERE state = 'pending' AND notifier = ?1",
        )?
        .execute(params![from, to, millis(now)])?;
    Ok(moved as u64)
}

/// The key of a delivery is its alert's, `@`, and the way out.
pub(super) fn strip(c: &Connection) -> Result<u64> {
    let stripped = c.execute(
        "UPDATE outbox SET body = '' WHERE state <> 'pending' AND body <> '' AND EXISTS (
           SELECT 1 FROM json_each(iif(json_valid(outbox.body), outbox.body, '{}'), '$.data.evidence') AS told
           WHERE NOT EXISTS (SELECT 1 FROM posts WHERE url = told.value ->> 'url'))",
        [],
    )?;
    Ok(stripped as u64)
}
