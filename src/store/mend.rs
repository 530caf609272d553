//! Times in the future, made the present: what a clock that was ahead left behind.
//!
//! In: a time beyond doubt. Out: rows that a wrong clock dated or put off beyond any wait the station knows count
//! as of now (`future`); after any step back of the clock deliveries are tried at once, and what was refused as too old
//! is asked for again (`waits`); a post without a date of its own is as old as now, and the index hears of it. Evidence
//! keeps the date it was packed with: it is what the page was served under. Deletes nothing that was kept.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::record::{Alert, SourceId};

use super::sql::{Row, Sql, params};
use super::values::{from_json, instant, millis, to_json};
use super::{Result, posts};

/// The longest wait of a page: another look at it (`engine::look`) is taken within its revisit days.
const LONGEST_PAGE_WAIT: TimeDelta = TimeDelta::days(31);

/// How many posts are mended at once.
const AT_ONCE: i64 = 500;

/// Milliseconds of an hour, in which counts are kept.
const HOUR: i64 = 3_600_000;

/// Nothing waits for a time that only a clock ahead could have meant.
pub(super) fn waits(c: &dyn Sql, now: DateTime<Utc>) -> Result<()> {
    let at = millis(now);
    c.execute("UPDATE outbox SET due = ?1 WHERE state = 'pending' AND due > ?1", params![at])?;
    c.execute(
        "UPDATE frontier SET due = ?1 WHERE due > ?2",
        params![at, millis(now + LONGEST_PAGE_WAIT)],
    )?;
    // A page that was never read was due when it was found, by whatever clock.
    c.execute(
        "UPDATE frontier SET due = ?1 WHERE due > ?1 AND done_at IS NULL AND attempts = 0",
        params![at],
    )?;
    // What was too old for a later time may be young.
    let judged =
        "SELECT DISTINCT source FROM tallies WHERE outcome = 'dropped:too_old' AND hour > ?1";
    for source in c.rows(judged, params![at / HOUR], |row| row.get::<String>(0))? {
        super::frontier::forget(c, &SourceId::from(source.as_str()))?;
        let marks = format!("file:{source}:");
        c.execute("DELETE FROM state WHERE substr(name, 1, length(?1)) = ?1", params![marks])?;
    }
    Ok(())
}

/// Makes every time after `now` that something is reckoned from `now`.
pub(super) fn future(c: &dyn Sql, now: DateTime<Utc>, since: DateTime<Utc>) -> Result<()> {
    let at = millis(now);
    for (name, value) in super::sources::named_states(c, "digest:")? {
        if value.parse::<DateTime<Utc>>().is_ok_and(|at| at > now) {
            super::sources::put_named_state(c, &name, &since.to_rfc3339())?;
        }
    }
    c.execute("UPDATE frontier SET done_at = ?1 WHERE done_at > ?1", params![at])?;
    c.execute(
        "UPDATE sources SET last_run = CASE WHEN last_run > ?1 THEN ?1 ELSE last_run END,
           last_good = CASE WHEN last_good > ?1 THEN ?1 ELSE last_good END,
           last_post = CASE WHEN last_post > ?1 THEN ?1 ELSE last_post END
         WHERE last_run > ?1 OR last_good > ?1 OR last_post > ?1",
        params![at],
    )?;
    c.execute(
        "INSERT INTO tallies (source, hour, outcome, n)
           SELECT source, CAST(?1 AS BIGINT), outcome, SUM(n) FROM tallies WHERE hour > ?1 GROUP BY source, outcome
         ON CONFLICT (source, hour, outcome) DO UPDATE SET n = tallies.n + excluded.n",
        params![at / HOUR],
    )?;
    c.execute("DELETE FROM tallies WHERE hour > ?1", params![at / HOUR])?;
    c.execute("UPDATE hits SET at = ?1 WHERE at > ?1", params![at])?;
    future_alerts(c, now)?;
    c.execute(
        "INSERT INTO changes (post, mark) SELECT id, random() FROM posts WHERE time > ?1 ORDER BY time, id",
        params![at],
    )?;
    future_posts(c, now)
}

fn future_alerts(c: &dyn Sql, now: DateTime<Utc>) -> Result<()> {
    let ahead = "SELECT id, record FROM alerts WHERE fired > ?1 ORDER BY id";
    let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<String>(1)?));
    for (id, record) in c.rows(ahead, params![millis(now)], read)? {
        let mut alert: Alert = from_json("alert", &record)?;
        alert.fired_at = now;
        c.execute(
            "UPDATE alerts SET fired = ?2, updated = CASE WHEN updated > ?2 THEN ?2 ELSE updated END,
               record = ?3 WHERE id = ?1",
            params![id, millis(now), to_json("alert", &alert)?],
        )?;
    }
    Ok(())
}

fn future_posts(c: &dyn Sql, now: DateTime<Utc>) -> Result<()> {
    let ahead =
        format!("SELECT {} FROM posts WHERE time > ?1 ORDER BY time, id LIMIT ?2", posts::COLUMNS);
    loop {
        // What is mended is no longer ahead.
        let some = c.rows(&ahead, params![millis(now), AT_ONCE], posts::read_post)?;
        if some.is_empty() {
            return Ok(());
        }
        for mut post in some {
            (post.post.fetched_at, post.post.published) = (now, None);
            c.execute(
                "UPDATE posts SET time = ?2, fetched = CASE WHEN fetched > ?2 THEN ?2 ELSE fetched END,
                   record = ?3 WHERE id = ?1",
                params![post.post.id.0.cast_signed(), millis(now), to_json("post", &post)?],
            )?;
        }
    }
}

/// The latest time at which something was noted here; none in an empty store.
pub(super) fn latest(c: &dyn Sql) -> Result<Option<DateTime<Utc>>> {
    let one = |sql: &str| -> Result<Option<i64>> { c.value(sql, &[]) };
    let noted = one("SELECT MAX(at) FROM (SELECT MAX(last_run) AS at FROM sources
                     UNION ALL SELECT (SELECT at FROM audit ORDER BY id DESC LIMIT 1)) AS noted")?;
    let latest = match noted {
        Some(at) => Some(at),
        None => one("SELECT MAX(time) FROM posts")?,
    };
    Ok(latest.map(instant))
}

/// The latest time by which something was done here or waits to be: later than the clock was ever seen to be where the
/// station died between a leap of its clock and the note of it. None in an empty store.
pub(super) fn furthest(c: &dyn Sql) -> Result<Option<DateTime<Utc>>> {
    let at: Option<i64> = c.value(
        "SELECT MAX(at) FROM (
           SELECT MAX(last_run) AS at FROM sources
           UNION ALL SELECT MAX(hour) * ?1 FROM tallies
           UNION ALL SELECT MAX(due) FROM outbox WHERE state = 'pending' AND attempts = 0
           UNION ALL SELECT MAX(due) FROM frontier
             WHERE due IS NOT NULL AND attempts = 0 AND done_at IS NULL) AS known",
        params![HOUR],
    )?;
    Ok(at.map(instant))
}

#[cfg(test)]
mod tests {
    use pipelines::record::{FetchJob, RuleHit, RuleId, StoryId};

    use super::*;
    use crate::store::{RunOutcome, Tally, lab};

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap() + TimeDelta::hours(hours)
    }

    #[test]
    fn what_a_clock_ahead_left_behind_counts_as_now() {
        let dir = tempfile::tempdir().unwrap();
        let store = lab::open(dir.path());
        assert_eq!(store.latest_time().unwrap(), None);
        let (source, rule) = (SourceId::from("a"), RuleId::from("r"));
        let ran = RunOutcome { started: at(9_000), ended: at(9_000), error: None, kept: 0 };
        let hit = RuleHit {
            rule: rule.clone(),
            post: pipelines::record::PostId(1),
            story: StoryId(pipelines::record::PostId(1)),
            at: at(9_000),
            spans: Vec::new(),
        };
        store
            .write(&mut |write| {
                write.put_run(&source, &ran)?;
                write.put_state("digest:daily", &at(9_000).to_rfc3339())?;
                write.put_hit(&hit)?;
                write.enqueue("far", "file", "{}", at(9_000))?;
                Ok(())
            })
            .unwrap();
        assert_eq!(store.latest_time().unwrap(), Some(at(9_000)));
        store
            .write(&mut |write| {
                write.mend_waits(at(0))?;
                write.mend_future(at(0), at(-1))
            })
            .unwrap();
        assert_eq!(store.source_state(&source).unwrap().last_run, Some(at(0)));
        let written = store.state("digest:daily").unwrap().unwrap();
        assert_eq!(written, at(-1).to_rfc3339());
        assert_eq!(store.hits(&rule, DateTime::UNIX_EPOCH).unwrap()[0].at, at(0));
        let due = store.deliveries("pending", at(0), 9).unwrap();
        assert_eq!(due.len(), 1, "it would have waited for a year");
    }

    #[test]
    fn a_page_found_by_a_clock_an_hour_ahead_does_not_wait_for_that_hour() {
        let dir = tempfile::tempdir().unwrap();
        let store = lab::open(dir.path());
        let source = SourceId::from("a");
        let jobs = ["new", "tried"]
            .map(|page| FetchJob::new(format!("https://a.example.cn/{page}"), &source, at(1)));
        store
            .write(&mut |write| {
                write.add_jobs(&jobs)?;
                write.postpone_job(&jobs[1].url, at(2), 1)?;
                write.mend_waits(at(0))
            })
            .unwrap();
        let due = store.due_jobs(&source, at(0), 9).unwrap();
        assert_eq!(due.iter().map(|job| &job.url).collect::<Vec<_>>(), [&jobs[0].url]);
    }

    #[test]
    fn what_was_too_old_for_a_clock_ahead_is_asked_for_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = lab::open(dir.path());
        let [early, late] = ["early", "late"].map(SourceId::from);
        let of = |source: &SourceId| {
            FetchJob::new(format!("https://a.example.cn/{}", source.as_str()), source, at(0))
        };
        let dropped = vec![("too_old".to_owned(), 1)];
        let tally = Tally { received: 1, dropped, ..Tally::default() };
        store
            .write(&mut |write| {
                write.put_state("file:late:a.csv", "1")?;
                write.put_state("file:early:a.csv", "1")?;
                for (source, hours) in [(&early, -2), (&late, 9_000)] {
                    write.add_jobs(&[of(source)])?;
                    write.finish_job(&of(source).url, "dropped:too_old", at(hours))?;
                    write.add_tally(source, at(hours), &tally)?;
                }
                write.mend_waits(at(0))?;
                // Found again.
                write.add_jobs(&[of(&early), of(&late)]).map(drop)
            })
            .unwrap();
        assert_eq!(store.due_jobs(&late, at(0), 9).unwrap().len(), 1);
        assert!(
            store.due_jobs(&early, at(0), 9).unwrap().is_empty(),
            "it was too old by a right clock"
        );
        assert_eq!(store.state("file:late:a.csv").unwrap(), None);
        assert!(store.state("file:early:a.csv").unwrap().is_some());
        store.write(&mut |write| write.mend_future(at(0), at(-1))).unwrap();
        assert_eq!(store.furthest_time().unwrap(), Some(at(0)), "the counts are of now");
        assert_eq!(store.source_state(&late).unwrap().tally.received, 1);
    }
}
