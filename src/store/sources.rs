//! What is known of sources: runs, counts, and named pieces of state.

use chrono::{DateTime, Utc};
use pipelines::record::SourceId;
use rusqlite::{Connection, OptionalExtension, params};

use super::sqlite::{instant, millis};
use super::tally::bump;
use super::{PostRange, Result, RunOutcome, SourceState, Tally};

pub(super) fn add_tally(
    c: &Connection,
    source: &SourceId,
    now: DateTime<Utc>,
    tally: &Tally,
) -> Result<()> {
    let hour = hours(now);
    let add = |outcome: &str, n: u64| -> Result<()> {
        if n == 0 {
            return Ok(());
        }
        c.prepare_cached(
            "INSERT INTO tallies (source, hour, outcome, n) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (source, hour, outcome) DO UPDATE SET n = n + excluded.n",
        )?
        .execute(params![source.as_str(), hour, outcome, n.cast_signed()])?;
        Ok(())
    };
    add("received", tally.received)?;
    add("kept", tally.kept)?;
    for (reason, n) in &tally.dropped {
        add(&format!("dropped:{reason}"), *n)?;
    }
    for (kind, n) in &tally.failed {
        add(&format!("failed:{kind}"), *n)?;
    }
    Ok(())
}

/// Every source that something is known of.
pub(super) fn ids(c: &Connection) -> Result<Vec<String>> {
    let mut ids = c.prepare_cached("SELECT source FROM sources ORDER BY source")?;
    Ok(ids.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<_>>>()?)
}

/// The newest time of a post of `source`: what silence is reckoned from.
pub(super) fn note_post(c: &Connection, source: &SourceId, at: DateTime<Utc>) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO sources (source, last_post) VALUES (?1, ?2)
         ON CONFLICT (source) DO UPDATE SET last_post = MAX(COALESCE(last_post, ?2), ?2)",
    )?
    .execute(params![source.as_str(), millis(at)])?;
    Ok(())
}

pub(super) fn put_run(c: &Connection, source: &SourceId, outcome: &RunOutcome) -> Result<()> {
    let ended = millis(outcome.ended);
    let good = outcome.error.is_none().then_some(ended);
    let (kind, text) = outcome.error.clone().unzip();
    c.prepare_cached(
        "INSERT INTO sources (source, last_run, last_good, error_kind, error, failures)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (source) DO UPDATE SET last_run = excluded.last_run,
           last_good = COALESCE(excluded.last_good, last_good), error_kind = excluded.error_kind,
           error = excluded.error,
           failures = CASE WHEN excluded.error IS NULL THEN 0 ELSE failures + 1 END",
    )?
    .execute(params![source.as_str(), ended, good, kind, text, i64::from(text.is_some())])?;
    Ok(())
}

pub(super) fn state(c: &Connection, source: &SourceId) -> Result<SourceState> {
    let row = c
        .prepare_cached(
            "SELECT last_run, last_good, last_post, error_kind, error, failures
             FROM sources WHERE source = ?1",
        )?
        .query_row([source.as_str()], |r| {
            let error: Option<String> = r.get(4)?;
            let kind: Option<String> = r.get(3)?;
            Ok(SourceState {
                last_run: r.get::<_, Option<i64>>(0)?.map(instant),
                last_good: r.get::<_, Option<i64>>(1)?.map(instant),
                last_post: r.get::<_, Option<i64>>(2)?.map(instant),
                error: kind.zip(error),
                failures: r.get(5)?,
                since: None,
                last_change: None,
                tally: Tally::default(),
            })
        })
        .optional()?;
    let mut state = row.unwrap_or_default();
    state.tally = tally(c, source, &PostRange::default())?;
    let hour = |sql: &str| -> Result<Option<DateTime<Utc>>> {
        let hour: Option<i64> =
            c.prepare_cached(sql)?.query_row([source.as_str()], |r| r.get(0))?;
        Ok(hour.map(|hour| instant(hour * 3_600_000)))
    };
    state.since = hour("SELECT MIN(hour) FROM tallies WHERE source = ?1")?;
    state.last_change = hour(
        "SELECT MAX(hour) FROM tallies WHERE source = ?1 AND outcome IN ('kept', 'dropped:updated')",
    )?;
    Ok(state)
}

/// The time of a source's newest post.
pub(super) fn last_post(c: &Connection, source: &SourceId) -> Result<Option<DateTime<Utc>>> {
    let at: Option<Option<i64>> = c
        .prepare_cached("SELECT last_post FROM sources WHERE source = ?1")?
        .query_row([source.as_str()], |r| r.get(0))
        .optional()?;
    Ok(at.flatten().map(instant))
}

/// Counts by the hour before `before` become counts of their day, under its first hour.
pub(super) fn thin(c: &Connection, before: DateTime<Utc>) -> Result<u64> {
    let day = before.timestamp().div_euclid(86_400) * 24;
    c.prepare_cached(
        "INSERT INTO tallies (source, hour, outcome, n)
         SELECT source, hour / 24 * 24, outcome, SUM(n) FROM tallies
         WHERE hour < ?1 AND hour % 24 <> 0 GROUP BY 1, 2, 3
         ON CONFLICT (source, hour, outcome) DO UPDATE SET n = n + excluded.n",
    )?
    .execute([day])?;
    let gone = c
        .prepare_cached("DELETE FROM tallies WHERE hour < ?1 AND hour % 24 <> 0")?
        .execute([day])?;
    Ok(gone as u64)
}

/// Hours since the epoch: the grain of counts.
fn hours(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3600)
}

/// Counts of `source` in the hours that the range touches.
pub(super) fn tally(c: &Connection, source: &SourceId, range: &PostRange) -> Result<Tally> {
    let mut statement = c.prepare_cached(
        "SELECT outcome, SUM(n) FROM tallies WHERE source = ?1 AND hour >= ?2 AND hour <= ?3
         GROUP BY outcome ORDER BY 2 DESC, 1",
    )?;
    let from = range.from.map_or(i64::MIN, hours);
    let until = range.until.map_or(i64::MAX, hours);
    let mut rows = statement.query(params![source.as_str(), from, until])?;
    let mut tally = Tally::default();
    while let Some(row) = rows.next()? {
        let outcome: String = row.get(0)?;
        let n = row.get::<_, i64>(1)?.cast_unsigned();
        match outcome.split_once(':') {
            Some(("dropped", reason)) => bump(&mut tally.dropped, reason, n),
            Some(("failed", kind)) => bump(&mut tally.failed, kind, n),
            _ if outcome == "received" => tally.received = n,
            _ => tally.kept = n,
        }
    }
    Ok(tally)
}

pub(super) fn named_state(c: &Connection, name: &str) -> Result<Option<String>> {
    Ok(c.prepare_cached("SELECT value FROM state WHERE name = ?1")?
        .query_row([name], |r| r.get(0))
        .optional()?)
}

pub(super) fn put_named_state(c: &Connection, name: &str, value: &str) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO state (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?
    .execute([name, value])?;
    Ok(())
}

pub(super) fn named_states(c: &Connection, prefix: &str) -> Result<Vec<(String, String)>> {
    Ok(c.prepare_cached("SELECT name, value FROM state WHERE substr(name, 1, length(?1)) = ?1")?
        .query_map([prefix], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?)
}

pub(super) fn drop_named_state(c: &Connection, name: &str) -> Result<()> {
    c.prepare_cached("DELETE FROM state WHERE name = ?1")?.execute([name])?;
    Ok(())
}
