//! Rule hits and alerts.
//!
//! In: what rules found. Out: rows. An alert has a key: the same firing never makes two of them. What is sent of
//! it stands in `outbox`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pipelines::record::{Alert, AlertState, PostId, RuleHit, RuleId, Span, StoryId};

use super::sql::{Cell, Row, Sql, ToCell, params, places};
use super::values::{from_json, instant, millis, to_json};
use super::{PostRange, Result, StoredAlert};

/// Hits whose words are asked for in one statement.
const AT_ONCE: usize = 16;

pub(super) fn put_hit(c: &dyn Sql, hit: &RuleHit) -> Result<bool> {
    let new = c.execute(
        "INSERT INTO hits (rule, post, story, at, spans) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (rule, post) DO NOTHING",
        params![
            hit.rule.as_str(),
            hit.post.0.cast_signed(),
            hit.story.0.0.cast_signed(),
            millis(hit.at),
            to_json("spans", &hit.spans)?,
        ],
    )?;
    Ok(new > 0)
}

pub(super) fn forget_hits(c: &dyn Sql, rule: &RuleId) -> Result<()> {
    c.execute("DELETE FROM hits WHERE rule = ?1", params![rule.as_str()])?;
    Ok(())
}

pub(super) fn hits(c: &dyn Sql, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<RuleHit>> {
    let sql =
        "SELECT post, story, at, spans FROM hits WHERE rule = ?1 AND at >= ?2 ORDER BY at, post";
    c.rows(sql, params![rule.as_str(), millis(since)], |row| {
        let spans = from_json("spans of a hit", &row.get::<String>(3)?)?;
        Ok(RuleHit { spans, ..bare_hit(rule, row)? })
    })
}

fn bare_hit(rule: &RuleId, row: &Row<'_>) -> Result<RuleHit> {
    Ok(RuleHit {
        rule: rule.clone(),
        post: PostId(row.get::<i64>(0)?.cast_unsigned()),
        story: StoryId(PostId(row.get::<i64>(1)?.cast_unsigned())),
        at: instant(row.get(2)?),
        spans: Vec::new(),
    })
}

/// The same without their words, which nobody counts.
pub(super) fn bare_hits(c: &dyn Sql, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<RuleHit>> {
    let sql = "SELECT post, story, at FROM hits WHERE rule = ?1 AND at >= ?2 ORDER BY at, post";
    c.rows(sql, params![rule.as_str(), millis(since)], |row| bare_hit(rule, row))
}

/// Those of them that are of these stories.
pub(super) fn hits_of(
    c: &dyn Sql,
    rule: &RuleId,
    since: DateTime<Utc>,
    stories: &[StoryId],
) -> Result<Vec<RuleHit>> {
    let mut hits = Vec::new();
    for some in stories.chunks(AT_ONCE) {
        let places = places(3, some.len());
        let sql = format!(
            "SELECT post, story, at FROM hits WHERE rule = ?1 AND at >= ?2 AND story IN ({places})"
        );
        let stories = some.iter().map(|story| Cell::Int(story.0.0.cast_signed()));
        let values: Vec<_> =
            [rule.as_str().cell(), Cell::Int(millis(since))].into_iter().chain(stories).collect();
        hits.extend(c.rows(&sql, &values, |row| bare_hit(rule, row))?);
    }
    hits.sort_by_key(|hit| (hit.at, hit.post));
    Ok(hits)
}

/// The words of some hits of a rule; a post that is none of its hits is left out.
pub(super) fn spans(
    c: &dyn Sql,
    rule: &RuleId,
    posts: &[PostId],
) -> Result<HashMap<PostId, Vec<Span>>> {
    let mut spans = HashMap::new();
    for some in posts.chunks(AT_ONCE) {
        let places = places(2, some.len());
        let sql = format!("SELECT post, spans FROM hits WHERE rule = ?1 AND post IN ({places})");
        let posts = some.iter().map(|post| Cell::Int(post.0.cast_signed()));
        let values: Vec<_> = std::iter::once(rule.as_str().cell()).chain(posts).collect();
        spans.extend(c.rows(&sql, &values, |row| {
            let of_hit = from_json("spans of a hit", &row.get::<String>(1)?)?;
            Ok((PostId(row.get::<i64>(0)?.cast_unsigned()), of_hit))
        })?);
    }
    Ok(spans)
}

pub(super) fn of_rule(c: &dyn Sql, rule: &RuleId, since: DateTime<Utc>) -> Result<Vec<Alert>> {
    let sql = "SELECT record, state FROM alerts WHERE rule = ?1 AND fired >= ?2 ORDER BY fired, id";
    c.rows(sql, params![rule.as_str(), millis(since)], with_state)
}

/// Those of them that are of these stories.
pub(super) fn of_stories(
    c: &dyn Sql,
    rule: &RuleId,
    since: DateTime<Utc>,
    stories: &[StoryId],
) -> Result<Vec<Alert>> {
    let mut alerts = Vec::new();
    for some in stories.chunks(AT_ONCE) {
        let places = places(3, some.len());
        let sql = format!(
            "SELECT record, state FROM alerts WHERE rule = ?1 AND fired >= ?2
             AND json_extract(record, '$.story') IN ({places})"
        );
        let names: Vec<String> = some.iter().map(ToString::to_string).collect();
        let values: Vec<_> = [rule.as_str().cell(), Cell::Int(millis(since))]
            .into_iter()
            .chain(names.iter().map(|name| name.as_str().cell()))
            .collect();
        alerts.extend(c.rows(&sql, &values, with_state)?);
    }
    alerts.sort_by(|a: &Alert, b| (a.fired_at, &a.key).cmp(&(b.fired_at, &b.key)));
    Ok(alerts)
}

pub(super) fn latest(c: &dyn Sql, rule: &RuleId) -> Result<Option<Alert>> {
    let sql =
        "SELECT record, state FROM alerts WHERE rule = ?1 ORDER BY fired DESC, id DESC LIMIT 1";
    Ok(c.rows(sql, params![rule.as_str()], with_state)?.pop())
}

/// An alert of `record, state`: what became of it is kept beside what fired.
fn with_state(row: &Row<'_>) -> Result<Alert> {
    let state = from_json("alert state", &format!("\"{}\"", row.get::<String>(1)?))?;
    Ok(Alert { state, ..from_json("alert", &row.get::<String>(0)?)? })
}

pub(super) fn last_hit_before(
    c: &dyn Sql,
    rule: &RuleId,
    before: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let at: Option<i64> = c.value(
        "SELECT MAX(at) FROM hits WHERE rule = ?1 AND at < ?2",
        params![rule.as_str(), millis(before)],
    )?;
    Ok(at.map(instant))
}

pub(super) fn put(c: &dyn Sql, alert: &Alert, now: DateTime<Utc>) -> Result<bool> {
    let record = to_json("alert", alert)?;
    let hits = i64::try_from(alert.evidence.len()).unwrap_or(i64::MAX);
    let known = c.exists("SELECT 1 FROM alerts WHERE key = ?1", params![&alert.key])?;
    if known {
        c.execute("UPDATE alerts SET record = ?2, updated = ?3, hits = CASE WHEN hits < ?4 THEN ?4 ELSE hits END WHERE key = ?1", params![alert.key, record, millis(now), hits])?;
        return Ok(false);
    }
    c.execute(
        "INSERT INTO alerts (key, rule, fired, updated, hits, state, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            alert.key,
            alert.rule.as_str(),
            millis(alert.fired_at),
            millis(now),
            hits,
            alert.state.as_str(),
            record,
        ],
    )?;
    Ok(true)
}

/// Drops an alert that nobody has taken up.
pub(super) fn drop_open(c: &dyn Sql, key: &str) -> Result<()> {
    c.execute("DELETE FROM alerts WHERE key = ?1 AND state = 'open'", params![key])?;
    Ok(())
}

pub(super) fn delete(c: &dyn Sql, before: DateTime<Utc>) -> Result<u64> {
    let before = millis(before);
    c.execute("DELETE FROM outbox WHERE state <> 'pending' AND due < ?1", params![before])?;
    let gone = c.execute("DELETE FROM alerts WHERE fired < ?1", params![before])?;
    Ok(gone as u64)
}

pub(super) fn set_state(
    c: &dyn Sql,
    id: i64,
    state: AlertState,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = c.execute(
        "UPDATE alerts SET state = ?2, updated = ?3 WHERE id = ?1",
        params![id, state.as_str(), millis(now)],
    )?;
    Ok(changed > 0)
}

/// The number of the alert with this key.
pub(super) fn number(c: &dyn Sql, key: &str) -> Result<Option<i64>> {
    c.row("SELECT id FROM alerts WHERE key = ?1", params![key], |row| row.get(0))
}

pub(super) fn alerts(c: &dyn Sql, range: &PostRange, limit: usize) -> Result<Vec<StoredAlert>> {
    let sql = "SELECT id, updated, hits, state, record FROM alerts
         WHERE fired >= ?1 AND fired < ?2 ORDER BY fired DESC, id DESC LIMIT ?3";
    let from = range.from.map_or(i64::MIN, millis);
    let until = range.until.map_or(i64::MAX, millis);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(sql, params![from, until, limit], |row| {
        let record: String = row.get(4)?;
        let mut alert: Alert = from_json("alert", &record)?;
        let state: String = row.get(3)?;
        alert.state = from_json("alert state", &format!("\"{state}\""))?;
        Ok(StoredAlert {
            id: row.get(0)?,
            alert,
            updated_at: instant(row.get(1)?),
            hits: row.get::<i64>(2)?.cast_unsigned(),
        })
    })
}
