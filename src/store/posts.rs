//! The table of posts as it is read, and what happens to posts that are there: stories, corrections, the end.
//!
//! In: ids, ranges, what officers said. Out: posts. What comes in is `intake`'s business.

use chrono::{DateTime, Utc};
use pipelines::record::{AnnotatedPost, Polarity, PolarityVerdict, PostId, SourceId, StoryId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::sqlite::{from_json, instant, millis, to_json};
use super::{PostRange, Result, changes};

/// Alerts of one story that fired further apart stay two: two days.
const ONE_ALERT_MILLIS: i64 = 172_800_000;

pub(super) const COLUMNS: &str = "id, story, record";

fn sql_id(id: PostId) -> i64 {
    id.0.cast_signed()
}

fn post_id(id: i64) -> PostId {
    PostId(id.cast_unsigned())
}

pub(super) fn read_row(row: &Row<'_>) -> rusqlite::Result<(i64, i64, String)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

pub(super) fn read_post((id, story, json): &(i64, i64, String)) -> Result<AnnotatedPost> {
    let mut post: AnnotatedPost = from_json(&format!("post {}", post_id(*id)), json)?;
    post.story = StoryId(post_id(*story));
    Ok(post)
}

pub(super) fn correction_of(c: &Connection, id: PostId) -> Result<Option<Polarity>> {
    let said: Option<String> = c
        .prepare_cached("SELECT polarity FROM corrections WHERE post = ?1")?
        .query_row([sql_id(id)], |r| r.get(0))
        .optional()?;
    said.map(|said| from_json("correction", &format!("\"{said}\""))).transpose()
}

pub(super) fn rewrite(c: &Connection, annotated: &AnnotatedPost) -> Result<()> {
    let id = annotated.post.id;
    c.prepare_cached("UPDATE posts SET story = ?2, record = ?3 WHERE id = ?1")?
        .execute(params![sql_id(id), sql_id(annotated.story.0), to_json("post", annotated)?])?;
    changes::note(c, id)
}

pub(super) fn first_time(c: &Connection) -> Result<Option<DateTime<Utc>>> {
    let time: Option<i64> =
        c.prepare_cached("SELECT MIN(time) FROM posts")?.query_row([], |r| r.get(0))?;
    Ok(time.map(instant))
}

pub(super) fn set_story(c: &Connection, ids: &[PostId], story: StoryId) -> Result<()> {
    for id in ids {
        let moved = c
            .prepare_cached("UPDATE posts SET story = ?2 WHERE id = ?1 AND story <> ?2")?
            .execute(params![sql_id(*id), sql_id(story.0)])?;
        if moved > 0 {
            // What rules found in it belongs to the story it is in.
            c.prepare_cached("UPDATE hits SET story = ?2 WHERE post = ?1")?
                .execute(params![sql_id(*id), sql_id(story.0)])?;
            changes::note(c, *id)?;
        }
    }
    Ok(())
}

/// One happening, one alert: a younger open alert of the same rule and story goes into the older one.
fn one_alert(c: &Connection, story: StoryId) -> Result<()> {
    c.prepare_cached(
        "DELETE FROM alerts WHERE state = 'open' AND json_extract(record, '$.story') = ?1 AND EXISTS (
           SELECT 1 FROM alerts older WHERE older.rule = alerts.rule AND json_extract(older.record, '$.story') = ?1
             AND (older.fired, older.id) < (alerts.fired, alerts.id) AND alerts.fired - older.fired <= ?2)",
    )?
    .execute(params![story.to_string(), ONE_ALERT_MILLIS])?;
    Ok(())
}

pub(super) fn merge_story(c: &Connection, from: StoryId, into: StoryId) -> Result<()> {
    let posts = of_story(c, from, usize::MAX)?;
    c.prepare_cached("UPDATE hits SET story = ?2 WHERE story = ?1")?
        .execute([sql_id(from.0), sql_id(into.0)])?;
    // An alert of the merged story is one of the story it went into: it must not fire again there.
    c.prepare_cached(
        "UPDATE alerts SET record = json_set(record, '$.story', ?2) WHERE json_extract(record, '$.story') = ?1",
    )?
    .execute([from.to_string(), into.to_string()])?;
    one_alert(c, into)?;
    set_story(c, &posts, into)
}

pub(super) fn correct_polarity(
    c: &Connection,
    id: PostId,
    polarity: Polarity,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(mut annotated) = post(c, id)? else { return Ok(()) };
    c.prepare_cached(
        "INSERT INTO corrections (post, polarity, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (post) DO UPDATE SET polarity = excluded.polarity, at = excluded.at",
    )?
    .execute(params![sql_id(id), polarity.as_str(), millis(now)])?;
    correct(&mut annotated, polarity);
    c.prepare_cached("UPDATE posts SET record = ?2 WHERE id = ?1")?
        .execute(params![sql_id(id), to_json("post", &annotated)?])?;
    changes::note(c, id)
}

/// An officer's verdict rests on no words.
pub(super) fn correct(annotated: &mut AnnotatedPost, polarity: Polarity) {
    let corrected = PolarityVerdict { polarity, confidence: 1.0, ..PolarityVerdict::default() };
    for mention in &mut annotated.mentions {
        mention.polarity = corrected.clone();
    }
    annotated.polarity = corrected;
}

pub(super) fn corrections(c: &Connection) -> Result<Vec<(PostId, Polarity)>> {
    let mut statement =
        c.prepare_cached("SELECT post, polarity FROM corrections ORDER BY at, post")?;
    let mut rows = statement.query([])?;
    let mut corrections = Vec::new();
    while let Some(row) = rows.next()? {
        let polarity: String = row.get(1)?;
        let polarity = from_json("correction", &format!("\"{polarity}\""))?;
        corrections.push((post_id(row.get(0)?), polarity));
    }
    Ok(corrections)
}

pub(super) fn delete(c: &Connection, id: PostId) -> Result<bool> {
    let gone = c.prepare_cached("DELETE FROM posts WHERE id = ?1")?.execute([sql_id(id)])?;
    for hanging in [
        "DELETE FROM hits WHERE post = ?1",
        "DELETE FROM corrections WHERE post = ?1",
        "DELETE FROM exhibits WHERE post = ?1",
    ] {
        c.prepare_cached(hanging)?.execute([sql_id(id)])?;
    }
    if gone > 0 {
        changes::note(c, id)?;
    }
    Ok(gone > 0)
}

/// Deletes a post and remembers that it was meant.
pub(super) fn bury(c: &Connection, id: PostId, now: DateTime<Utc>) -> Result<bool> {
    c.prepare_cached(
        "INSERT INTO tombstones (post, at) VALUES (?1, ?2) ON CONFLICT (post) DO NOTHING",
    )?
    .execute([sql_id(id), millis(now)])?;
    delete(c, id)
}

pub(super) fn post(c: &Connection, id: PostId) -> Result<Option<AnnotatedPost>> {
    c.prepare_cached(&format!("SELECT {COLUMNS} FROM posts WHERE id = ?1"))?
        .query_row([sql_id(id)], read_row)
        .optional()?
        .map(|row| read_post(&row))
        .transpose()
}

pub(super) fn by_prefix(c: &Connection, prefix: &str, limit: usize) -> Result<Vec<PostId>> {
    if prefix.is_empty() || prefix.len() > 16 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Vec::new());
    }
    // The ids that begin with it are a range; its first digit holds the sign, so that the range crosses no zero.
    let rest = 64 - 4 * u32::try_from(prefix.len()).unwrap_or(16);
    let Ok(head) = u64::from_str_radix(prefix, 16) else { return Ok(Vec::new()) };
    let first = head.checked_shl(rest).unwrap_or(head);
    let last = first | 1u64.checked_shl(rest).map_or(u64::MAX, |above| above.wrapping_sub(1));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ids = c
        .prepare_cached("SELECT id FROM posts WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")?
        .query_map(params![first.cast_signed(), last.cast_signed(), limit], |r| {
            Ok(post_id(r.get(0)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(ids)
}

pub(super) fn each(
    c: &Connection,
    range: &PostRange,
    each: &mut dyn FnMut(AnnotatedPost) -> bool,
) -> Result<()> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM posts WHERE time >= ?1 AND time < ?2 ORDER BY time, id"
    ))?;
    let from = range.from.map_or(i64::MIN, millis);
    let until = range.until.map_or(i64::MAX, millis);
    let mut rows = statement.query([from, until])?;
    while let Some(row) = rows.next()? {
        if !each(read_post(&read_row(row)?)?) {
            break;
        }
    }
    Ok(())
}

/// That a post names a subject. The others are told by a sign that no text can hold (in JSON its quotation marks are
/// escaped); the index `posts_naming` has the same words, so that they are not read.
pub(super) const NAMES_A_SUBJECT: &str = r#"instr(record, '"mentions":[]') = 0"#;

/// Posts of the range that name a subject, oldest first; answers how many the range holds in all.
pub(super) fn each_mentioning(
    c: &Connection,
    range: &PostRange,
    each: &mut dyn FnMut(AnnotatedPost) -> bool,
) -> Result<u64> {
    let within = [range.from.map_or(i64::MIN, millis), range.until.map_or(i64::MAX, millis)];
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM posts WHERE time >= ?1 AND time < ?2 AND {NAMES_A_SUBJECT}
         ORDER BY time, id"
    ))?;
    let mut rows = statement.query(within)?;
    while let Some(row) = rows.next()? {
        if !each(read_post(&read_row(row)?)?) {
            break;
        }
    }
    let all: i64 = c
        .prepare_cached("SELECT COUNT(*) FROM posts WHERE time >= ?1 AND time < ?2")?
        .query_row(within, |row| row.get(0))?;
    Ok(all.cast_unsigned())
}

pub(super) fn count(c: &Connection) -> Result<u64> {
    let n: i64 = c.prepare_cached("SELECT COUNT(*) FROM posts")?.query_row([], |r| r.get(0))?;
    Ok(n.cast_unsigned())
}

pub(super) fn times(
    c: &Connection,
    source: &SourceId,
    since: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<DateTime<Utc>>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(c.prepare_cached(
        "SELECT time FROM posts WHERE source = ?1 AND time >= ?2 ORDER BY time DESC LIMIT ?3",
    )?
    .query_map(params![source.as_str(), millis(since), limit], |r| Ok(instant(r.get(0)?)))?
    .collect::<rusqlite::Result<Vec<_>>>()?)
}

pub(super) fn latest(
    c: &Connection,
    source: &SourceId,
    limit: usize,
) -> Result<Vec<AnnotatedPost>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = c
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM posts WHERE source = ?1 ORDER BY time DESC LIMIT ?2"
        ))?
        .query_map(params![source.as_str(), limit], read_row)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    rows.iter().map(read_post).collect()
}

pub(super) fn of_story(c: &Connection, story: StoryId, limit: usize) -> Result<Vec<PostId>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(c.prepare_cached("SELECT id FROM posts WHERE story = ?1 ORDER BY time, id LIMIT ?2")?
        .query_map(params![sql_id(story.0), limit], |r| Ok(post_id(r.get(0)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?)
}
