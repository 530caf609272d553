//! What is known of sources: runs, counts, and named pieces of state.

use chrono::{DateTime, Utc};
use pipelines::record::SourceId;

use super::sql::{Sql, params};
use super::tally::bump;
use super::values::{instant, millis};
use super::{PostRange, Result, RunOutcome, SourceState, Tally};

pub(super) fn add_tally(
    c: &dyn Sql,
    source: &SourceId,
    now: DateTime<Utc>,
    tally: &Tally,
) -> Result<()> {
    let hour = hours(now);
    let add = |outcome: &str, n: u64| -> Result<()> {
        if n == 0 {
            return Ok(());
        }
        c.execute(
            "INSERT INTO tallies (source, hour, outcome, n) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (source, hour, outcome) DO UPDATE SET n = tallies.n + excluded.n",
            params![source.as_str(), hour, outcome, n.cast_signed()],
        )?;
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
pub(super) fn ids(c: &dyn Sql) -> Result<Vec<String>> {
    c.rows("SELECT source FROM sources ORDER BY source", &[], |row| row.get(0))
}

/// The newest time of a post of `source`: what silence is reckoned from.
pub(super) fn note_post(c: &dyn Sql, source: &SourceId, at: DateTime<Utc>) -> Result<()> {
    c.execute("INSERT INTO sources (source, last_post) VALUES (?1, ?2)
         ON CONFLICT (source) DO UPDATE SET last_post = CASE WHEN sources.last_post > ?2 THEN sources.last_post ELSE ?2 END", params![source.as_str(), millis(at)])?;
    Ok(())
}

pub(super) fn put_run(c: &dyn Sql, source: &SourceId, outcome: &RunOutcome) -> Result<()> {
    let ended = millis(outcome.ended);
    let good = outcome.error.is_none().then_some(ended);
    let (kind, text) = outcome.error.clone().unzip();
    c.execute("INSERT INTO sources (source, last_run, last_good, error_kind, error, failures)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (source) DO UPDATE SET last_run = excluded.last_run,
           last_good = COALESCE(excluded.last_good, sources.last_good), error_kind = excluded.error_kind,
           error = excluded.error,
           failures = CASE WHEN excluded.error IS NULL THEN 0 ELSE sources.failures + 1 END", params![source.as_str(), ended, good, kind, text, i64::from(text.is_some())])?;
    Ok(())
}

pub(super) fn state(c: &dyn Sql, source: &SourceId) -> Result<SourceState> {
    let row = c.row(
        "SELECT last_run, last_good, last_post, error_kind, error, failures
             FROM sources WHERE source = ?1",
        params![source.as_str()],
        |r| {
            let error: Option<String> = r.get(4)?;
            let kind: Option<String> = r.get(3)?;
            Ok(SourceState {
                last_run: r.get::<Option<i64>>(0)?.map(instant),
                last_good: r.get::<Option<i64>>(1)?.map(instant),
                last_post: r.get::<Option<i64>>(2)?.map(instant),
                error: kind.zip(error),
                failures: r.get(5)?,
                since: None,
                last_change: None,
                tally: Tally::default(),
            })
        },
    )?;
    let mut state = row.unwrap_or_default();
    let sql = "SELECT outcome, CAST(SUM(n) AS BIGINT), MIN(hour), MAX(hour) FROM tallies WHERE source = ?1
         GROUP BY outcome ORDER BY 2 DESC, 1";
    let counts = c.rows(sql, params![source.as_str()], |row| {
        let hour = |at| -> Result<_> { Ok(instant(row.get::<i64>(at)? * 3_600_000)) };
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?.cast_unsigned(), hour(2)?, hour(3)?))
    })?;
    for (outcome, n, first, last) in counts {
        count(&mut state.tally, &outcome, n);
        state.since = Some(state.since.map_or(first, |since| since.min(first)));
        if matches!(outcome.as_str(), "kept" | "dropped:updated") {
            state.last_change = state.last_change.max(Some(last));
        }
    }
    Ok(state)
}

/// The time of a source's newest post.
pub(super) fn last_post(c: &dyn Sql, source: &SourceId) -> Result<Option<DateTime<Utc>>> {
    let at: Option<Option<i64>> =
        c.row("SELECT last_post FROM sources WHERE source = ?1", params![source.as_str()], |r| {
            r.get(0)
        })?;
    Ok(at.flatten().map(instant))
}

/// Counts by the hour before `before` become counts of their day, under its first hour.
pub(super) fn thin(c: &dyn Sql, before: DateTime<Utc>) -> Result<u64> {
    let day = before.timestamp().div_euclid(86_400) * 24;
    c.execute(
        "INSERT INTO tallies (source, hour, outcome, n)
         SELECT source, hour / 24 * 24, outcome, SUM(n) FROM tallies
         WHERE hour < ?1 AND hour % 24 <> 0 GROUP BY 1, 2, 3
         ON CONFLICT (source, hour, outcome) DO UPDATE SET n = tallies.n + excluded.n",
        params![day],
    )?;
    let gone = c.execute("DELETE FROM tallies WHERE hour < ?1 AND hour % 24 <> 0", params![day])?;
    Ok(gone as u64)
}

/// Hours since the epoch: the grain of counts.
fn hours(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3600)
}

/// Counts of `source` in the hours that the range touches.
pub(super) fn tally(c: &dyn Sql, source: &SourceId, range: &PostRange) -> Result<Tally> {
    let sql = "SELECT outcome, CAST(SUM(n) AS BIGINT) FROM tallies WHERE source = ?1 AND hour >= ?2 AND hour <= ?3
         GROUP BY outcome ORDER BY 2 DESC, 1";
    let from = range.from.map_or(i64::MIN, hours);
    let until = range.until.map_or(i64::MAX, hours);
    let mut tally = Tally::default();
    let counts = c.rows(sql, params![source.as_str(), from, until], |row| {
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?.cast_unsigned()))
    })?;
    for (outcome, n) in counts {
        count(&mut tally, &outcome, n);
    }
    Ok(tally)
}

fn count(tally: &mut Tally, outcome: &str, n: u64) {
    match outcome.split_once(':') {
        Some(("dropped", reason)) => bump(&mut tally.dropped, reason, n),
        Some(("failed", kind)) => bump(&mut tally.failed, kind, n),
        _ if outcome == "received" => tally.received = n,
        _ => tally.kept = n,
    }
}

pub(super) fn named_state(c: &dyn Sql, name: &str) -> Result<Option<String>> {
    c.row("SELECT value FROM state WHERE name = ?1", params![name], |r| r.get(0))
}

pub(super) fn put_named_state(c: &dyn Sql, name: &str, value: &str) -> Result<()> {
    c.execute(
        "INSERT INTO state (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![name, value],
    )?;
    Ok(())
}

pub(super) fn named_states(c: &dyn Sql, prefix: &str) -> Result<Vec<(String, String)>> {
    c.rows(
        "SELECT name, value FROM state WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
        params![prefix],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )
}

pub(super) fn drop_named_state(c: &dyn Sql, name: &str) -> Result<()> {
    c.execute("DELETE FROM state WHERE name = ?1", params![name])?;
    Ok(())
}
