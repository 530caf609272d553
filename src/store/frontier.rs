//! The frontier: pages that wait to be fetched, pages done with, and the state of entry addresses.
//!
//! In: jobs found on lists and in feeds. Out: those that are due. A page is one row from the moment it is
//! found; it stays after it is done with, so that it is never asked for twice.

use chrono::{DateTime, Utc};
use pipelines::record::{FetchJob, SourceId, Validators};
use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use super::sqlite::{from_json, instant, millis, to_json};

pub(super) fn add(c: &Connection, jobs: &[FetchJob]) -> Result<u64> {
    let mut statement = c.prepare_cached(
        "INSERT INTO frontier (url, source, due, hint, replies) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (url) DO NOTHING",
    )?;
    let mut new = 0;
    for job in jobs {
        let hint = to_json("hint", &job.hint)?;
        let (source, due, replies) = (job.source.as_str(), millis(job.due), replies(job));
        new += statement.execute(params![job.url, source, due, hint, replies])?;
    }
    Ok(new as u64)
}

pub(super) fn finish(c: &Connection, url: &str, outcome: &str, now: DateTime<Utc>) -> Result<()> {
    c.prepare_cached(
        "UPDATE frontier SET due = NULL, hint = '{}', outcome = ?2, done_at = ?3 WHERE url = ?1",
    )?
    .execute(params![url, outcome, millis(now)])?;
    Ok(())
}

fn replies(job: &FetchJob) -> Option<i64> {
    job.hint.counts.comments.and_then(|n| i64::try_from(n).ok())
}

pub(super) fn look_again(
    c: &Connection,
    url: &str,
    due: DateTime<Utc>,
    validators: &Validators,
    now: DateTime<Utc>,
) -> Result<()> {
    c.prepare_cached(
        "UPDATE frontier SET due = ?2, attempts = 0, hint = '{}', outcome = COALESCE(outcome, 'kept'),
           done_at = COALESCE(done_at, ?3), validators = ?4
         WHERE url = ?1",
    )?
    .execute(params![url, millis(due), millis(now), to_json("validators", validators)?])?;
    Ok(())
}

pub(super) fn renew(c: &Connection, job: &FetchJob) -> Result<()> {
    c.prepare_cached(
        "UPDATE frontier SET due = ?2, replies = ?3
         WHERE url = ?1 AND outcome = 'kept' AND ?3 > COALESCE(replies, -1)",
    )?
    .execute(params![job.url, millis(job.due), replies(job)])?;
    Ok(())
}

pub(super) fn postpone(c: &Connection, url: &str, due: DateTime<Utc>, attempts: u32) -> Result<()> {
    c.prepare_cached("UPDATE frontier SET due = ?2, attempts = ?3 WHERE url = ?1")?
        .execute(params![url, millis(due), attempts])?;
    Ok(())
}

pub(super) fn due(
    c: &Connection,
    source: &SourceId,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<FetchJob>> {
    let mut statement = c.prepare_cached(
        "SELECT url, due, attempts, hint, done_at, validators FROM frontier
         WHERE source = ?1 AND due <= ?2 ORDER BY due, url LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![source.as_str(), millis(now), limit])?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        let url: String = row.get(0)?;
        let hint: String = row.get(3)?;
        let validators: Option<String> = row.get(5)?;
        let validators = match validators {
            Some(json) => from_json(&format!("validators of `{url}`"), &json)?,
            None => Validators::default(),
        };
        jobs.push(FetchJob {
            hint: from_json(&format!("hint of `{url}`"), &hint)?,
            url,
            source: source.clone(),
            validators,
            due: instant(row.get(1)?),
            attempts: row.get(2)?,
            known_since: row.get::<_, Option<i64>>(4)?.map(instant),
        });
    }
    Ok(jobs)
}

pub(super) fn forget_done(c: &Connection, before: DateTime<Utc>) -> Result<u64> {
    let gone = c
        .prepare_cached("DELETE FROM frontier WHERE due IS NULL AND done_at < ?1")?
        .execute([millis(before)])?;
    Ok(gone as u64)
}

pub(super) fn waiting(c: &Connection, source: &SourceId) -> Result<u64> {
    let n: i64 = c
        .prepare_cached("SELECT COUNT(*) FROM frontier WHERE source = ?1 AND due IS NOT NULL AND done_at IS NULL")?
        .query_row([source.as_str()], |r| r.get(0))?;
    Ok(n.cast_unsigned())
}

pub(super) fn known(c: &Connection, urls: &[String]) -> Result<Vec<bool>> {
    let mut statement = c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM frontier WHERE url = ?1) OR EXISTS (SELECT 1 FROM posts WHERE url = ?1 AND claimed = 0)",
    )?;
    let mut known = Vec::with_capacity(urls.len());
    for url in urls {
        known.push(statement.query_row([url], |r| r.get(0))?);
    }
    Ok(known)
}

pub(super) fn entry(c: &Connection, source: &SourceId, url: &str) -> Result<FetchJob> {
    let stored: Option<String> = c
        .prepare_cached("SELECT job FROM entries WHERE source = ?1 AND url = ?2")?
        .query_row([source.as_str(), url], |r| r.get(0))
        .optional()?;
    match stored {
        Some(json) => from_json(&format!("entry `{url}`"), &json),
        None => Ok(FetchJob::new(url, source, DateTime::default())),
    }
}

pub(super) fn put_entry(c: &Connection, job: &FetchJob) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO entries (source, url, job) VALUES (?1, ?2, ?3)
         ON CONFLICT (source, url) DO UPDATE SET job = excluded.job",
    )?
    .execute(params![job.source.as_str(), job.url, to_json("entry", job)?])?;
    Ok(())
}

/// Pages that wait or were kept stay; those dropped or given up go, and with them the validators of the entries.
pub(super) fn forget(c: &Connection, source: &SourceId) -> Result<()> {
    c.prepare_cached("DELETE FROM entries WHERE source = ?1")?.execute([source.as_str()])?;
    c.prepare_cached(
        "DELETE FROM frontier WHERE source = ?1 AND due IS NULL AND outcome != 'dropped:not_modified'
           AND (outcome LIKE 'dropped:%' OR outcome LIKE 'failed:%')",
    )?
    .execute([source.as_str()])?;
    Ok(())
}
