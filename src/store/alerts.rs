//! Rule hits and alerts.
//!
//! In: what rules found. Out: rows. An alert has a key: the same firing never makes two of them. What is sent of
//! it stands in `outbox`.

use chrono::{DateTime, Utc};
use pipelines::record::{Alert, AlertState, PostId, RuleHit, RuleId, Span, StoryId};
use rusqlite::{Connection, OptionalExtension, params};

use super::sqlite::{from_json, instant, millis, to_json};
use super::{PostRange, Result, StoredAlert};

pub(super) fn put_hit(c: &Connection, hit: &RuleHit) -> Result<bool> {
    let new = c
        .prepare_cached(
            "INSERT INTO hits (rule, post, story, at, spans) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (rule, post) DO NOTHING",
        )?
        .execute(params![
            hit.rule.as_str(),
            hit.post.0.cast_signed(),
            hit.story.0.0.cast_signed(),
            millis(hit.at),
            to_json("spans", &hit.spans)?,
        ])?;
    Ok(new > 0)
}

pub(super) fn forget_hits(c: &Connection, rule: &RuleId) -> Result<()> {
    c.prepare_cached("DELETE FROM hits WHERE rule = ?1")?.execute([rule.as_str()])?;
    Ok(())
}

pub(super) fn hits(c: &Connection, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<RuleHit>> {
    let mut statement = c.prepare_cached(
        "SELECT post, story, at, spans FROM hits WHERE rule = ?1 AND at >= ?2 ORDER BY at, post",
    )?;
    let mut rows = statement.query(params![rule.as_str(), millis(since)])?;
    let mut hits = Vec::new();
    while let Some(row) = rows.next()? {
        let spans: String = row.get(3)?;
        hits.push(RuleHit {
            rule: rule.clone(),
            post: PostId(row.get::<_, i64>(0)?.cast_unsigned()),
            story: StoryId(PostId(row.get::<_, i64>(1)?.cast_unsigned())),
            at: instant(row.get(2)?),
            spans: from_json("spans of a hit", &spans)?,
        });
    }
    Ok(hits)
}

/// The same without their words, which nobody counts.
pub(super) fn bare_hits(
    c: &Connection,
    rule: &RuleId,
    since: DateTime<Utc>,
) -> Result<Vec<RuleHit>> {
    let mut statement = c.prepare_cached(
        "SELECT post, story, at FROM hits WHERE rule = ?1 AND at >= ?2 ORDER BY at, post",
    )?;
    let hits = statement.query_map(params![rule.as_str(), millis(since)], |row| {
        Ok(RuleHit {
            rule: rule.clone(),
            post: PostId(row.get::<_, i64>(0)?.cast_unsigned()),
            story: StoryId(PostId(row.get::<_, i64>(1)?.cast_unsigned())),
            at: instant(row.get(2)?),
            spans: Vec::new(),
        })
    })?;
    Ok(hits.collect::<rusqlite::Result<Vec<_>>>()?)
}

pub(super) fn spans(c: &Connection, rule: &RuleId, post: PostId) -> Result<Vec<Span>> {
    let json: Option<String> = c
        .prepare_cached("SELECT spans FROM hits WHERE rule = ?1 AND post = ?2")?
        .query_row(params![rule.as_str(), post.0.cast_signed()], |row| row.get(0))
        .optional()?;
    json.map_or(Ok(Vec::new()), |json| from_json("spans of a hit", &json))
}

pub(super) fn of_rule(c: &Connection, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<Alert>> {
    let mut statement = c.prepare_cached(
        "SELECT record FROM alerts WHERE rule = ?1 AND fired >= ?2 ORDER BY fired, id",
    )?;
    let mut rows = statement.query(params![rule.as_str(), millis(since)])?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        alerts.push(from_json("alert", &row.get::<_, String>(0)?)?);
    }
    Ok(alerts)
}

pub(super) fn latest(c: &Connection, rule: &RuleId) -> Result<Option<Alert>> {
    let record: Option<String> = c
        .prepare_cached(
            "SELECT record FROM alerts WHERE rule = ?1 ORDER BY fired DESC, id DESC LIMIT 1",
        )?
        .query_row([rule.as_str()], |r| r.get(0))
        .optional()?;
    record.map(|json| from_json("alert", &json)).transpose()
}

pub(super) fn last_hit_before(
    c: &Connection,
    rule: &RuleId,
    before: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let at: Option<i64> = c
        .prepare_cached("SELECT MAX(at) FROM hits WHERE rule = ?1 AND at < ?2")?
        .query_row(params![rule.as_str(), millis(before)], |r| r.get(0))?;
    Ok(at.map(instant))
}

pub(super) fn put(c: &Connection, alert: &Alert, now: DateTime<Utc>) -> Result<bool> {
    let record = to_json("alert", alert)?;
    let hits = i64::try_from(alert.evidence.len()).unwrap_or(i64::MAX);
    let known = c.prepare_cached("SELECT 1 FROM alerts WHERE key = ?1")?.exists([&alert.key])?;
    if known {
        c.prepare_cached(
            "UPDATE alerts SET record = ?2, updated = ?3, hits = MAX(hits, ?4) WHERE key = ?1",
        )?
        .execute(params![alert.key, record, millis(now), hits])?;
        return Ok(false);
    }
    c.prepare_cached(
        "INSERT INTO alerts (key, rule, fired, updated, hits, state, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        alert.key,
        alert.rule.as_str(),
        millis(alert.fired_at),
        millis(now),
        hits,
        alert.state.as_str(),
        record,
    ])?;
    Ok(true)
}

pub(super) fn delete(c: &Connection, before: DateTime<Utc>) -> Result<u64> {
    let before = millis(before);
    c.prepare_cached("DELETE FROM outbox WHERE state <> 'pending' AND due < ?1")?
        .execute([before])?;
    let gone = c.prepare_cached("DELETE FROM alerts WHERE fired < ?1")?.execute([before])?;
    Ok(gone as u64)
}

pub(super) fn set_state(
    c: &Connection,
    id: i64,
    state: AlertState,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = c
        .prepare_cached("UPDATE alerts SET state = ?2, updated = ?3 WHERE id = ?1")?
        .execute(params![id, state.as_str(), millis(now)])?;
    Ok(changed > 0)
}

/// The number of the alert with this key.
pub(super) fn number(c: &Connection, key: &str) -> Result<Option<i64>> {
    let mut statement = c.prepare_cached("SELECT id FROM alerts WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}

pub(super) fn alerts(c: &Connection, range: &PostRange, limit: usize) -> Result<Vec<StoredAlert>> {
    let mut statement = c.prepare_cached(
        "SELECT id, updated, hits, state, record FROM alerts
         WHERE fired >= ?1 AND fired < ?2 ORDER BY fired DESC, id DESC LIMIT ?3",
    )?;
    let from = range.from.map_or(i64::MIN, millis);
    let until = range.until.map_or(i64::MAX, millis);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![from, until, limit])?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        let record: String = row.get(4)?;
        let mut alert: Alert = from_json("alert", &record)?;
        let state: String = row.get(3)?;
        alert.state = from_json("alert state", &format!("\"{state}\""))?;
        alerts.push(StoredAlert {
            id: row.get(0)?,
            alert,
            updated_at: instant(row.get(1)?),
            hits: row.get::<_, i64>(2)?.cast_unsigned(),
        });
    }
    Ok(alerts)
}
