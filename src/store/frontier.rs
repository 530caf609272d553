//! The frontier: pages that wait to be fetched, pages done with, and the state of entry addresses.
//!
//! In: jobs found on lists and in feeds. Out: those that are due. A page is one row from the moment it is
//! found; it stays after it is done with, so that it is never asked for twice.

use chrono::{DateTime, Utc};
use pipelines::record::{FetchJob, SourceId, Validators};

use super::Result;
use super::sql::{Sql, params};
use super::values::{from_json, instant, millis, to_json};

pub(super) fn add(c: &dyn Sql, jobs: &[FetchJob]) -> Result<u64> {
    let sql = "INSERT INTO frontier (url, source, due, hint, replies) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO NOTHING";
    let mut new = 0;
    for job in jobs {
        let hint = to_json("hint", &job.hint)?;
        let (source, due, replies) = (job.source.as_str(), millis(job.due), replies(job));
        new += c.execute(sql, params![job.url, source, due, hint, replies])?;
    }
    Ok(new as u64)
}

pub(super) fn finish(c: &dyn Sql, url: &str, outcome: &str, now: DateTime<Utc>) -> Result<()> {
    c.execute(
        "UPDATE frontier SET due = NULL, hint = '{}', outcome = ?2, done_at = ?3 WHERE url = ?1",
        params![url, outcome, millis(now)],
    )?;
    Ok(())
}

fn replies(job: &FetchJob) -> Option<i64> {
    job.hint.counts.comments.and_then(|n| i64::try_from(n).ok())
}

pub(super) fn look_again(
    c: &dyn Sql,
    url: &str,
    due: DateTime<Utc>,
    validators: &Validators,
    now: DateTime<Utc>,
) -> Result<()> {
    c.execute("UPDATE frontier SET due = ?2, attempts = 0, hint = '{}', outcome = COALESCE(outcome, 'kept'),
           done_at = COALESCE(done_at, ?3), validators = ?4
         WHERE url = ?1", params![url, millis(due), millis(now), to_json("validators", validators)?])?;
    Ok(())
}

pub(super) fn renew(c: &dyn Sql, job: &FetchJob) -> Result<()> {
    c.execute(
        "UPDATE frontier SET due = ?2, replies = ?3
         WHERE url = ?1 AND outcome = 'kept' AND ?3 > COALESCE(replies, -1)",
        params![job.url, millis(job.due), replies(job)],
    )?;
    Ok(())
}

pub(super) fn postpone(c: &dyn Sql, url: &str, due: DateTime<Utc>, attempts: u32) -> Result<()> {
    c.execute(
        "UPDATE frontier SET due = ?2, attempts = ?3 WHERE url = ?1",
        params![url, millis(due), attempts],
    )?;
    Ok(())
}

pub(super) fn due(
    c: &dyn Sql,
    source: &SourceId,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<FetchJob>> {
    let sql = "SELECT url, due, attempts, hint, done_at, validators FROM frontier
         WHERE source = ?1 AND due <= ?2 ORDER BY due, url LIMIT ?3";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(sql, params![source.as_str(), millis(now), limit], |row| {
        let url: String = row.get(0)?;
        let hint: String = row.get(3)?;
        let validators: Option<String> = row.get(5)?;
        let validators = match validators {
            Some(json) => from_json(&format!("validators of `{url}`"), &json)?,
            None => Validators::default(),
        };
        Ok(FetchJob {
            hint: from_json(&format!("hint of `{url}`"), &hint)?,
            url,
            source: source.clone(),
            validators,
            due: instant(row.get(1)?),
            attempts: row.get(2)?,
            known_since: row.get::<Option<i64>>(4)?.map(instant),
        })
    })
}

pub(super) fn forget_done(c: &dyn Sql, before: DateTime<Utc>) -> Result<u64> {
    let gone = c.execute(
        "DELETE FROM frontier WHERE due IS NULL AND done_at < ?1",
        params![millis(before)],
    )?;
    Ok(gone as u64)
}

pub(super) fn waiting(c: &dyn Sql, source: &SourceId) -> Result<u64> {
    let n: i64 = c.value(
        "SELECT COUNT(*) FROM frontier WHERE source = ?1 AND due IS NOT NULL AND done_at IS NULL",
        params![source.as_str()],
    )?;
    Ok(n.cast_unsigned())
}

pub(super) fn known(c: &dyn Sql, urls: &[String]) -> Result<Vec<bool>> {
    let sql = "SELECT EXISTS (SELECT 1 FROM frontier WHERE url = ?1) OR EXISTS (SELECT 1 FROM posts WHERE url = ?1 AND claimed = 0)";
    let mut known = Vec::with_capacity(urls.len());
    for url in urls {
        known.push(c.value(sql, params![url])?);
    }
    Ok(known)
}

pub(super) fn entry(c: &dyn Sql, source: &SourceId, url: &str) -> Result<FetchJob> {
    let stored: Option<String> = c.row(
        "SELECT job FROM entries WHERE source = ?1 AND url = ?2",
        params![source.as_str(), url],
        |r| r.get(0),
    )?;
    match stored {
        Some(json) => from_json(&format!("entry `{url}`"), &json),
        None => Ok(FetchJob::new(url, source, DateTime::default())),
    }
}

pub(super) fn put_entry(c: &dyn Sql, job: &FetchJob) -> Result<()> {
    let (source, json) = (job.source.as_str(), to_json("entry", job)?);
    let values = params![source, job.url, json];
    let known = c.execute("UPDATE entries SET job = ?3 WHERE source = ?1 AND url = ?2", values)?;
    if known == 0 {
        c.execute("INSERT INTO entries (source, url, job) VALUES (?1, ?2, ?3)", values)?;
    }
    Ok(())
}

/// Pages that wait or were kept stay; those dropped or given up go, and with them the validators of the entries.
pub(super) fn forget(c: &dyn Sql, source: &SourceId) -> Result<()> {
    c.execute("DELETE FROM entries WHERE source = ?1", params![source.as_str()])?;
    c.execute("DELETE FROM frontier WHERE source = ?1 AND due IS NULL AND outcome != 'dropped:not_modified'
           AND (outcome LIKE 'dropped:%' OR outcome LIKE 'failed:%')", params![source.as_str()])?;
    Ok(())
}
