//! The table of posts as it is read, and what happens to posts that are there: stories, the end.
//!
//! In: ids, ranges. Out: posts. What comes in is `intake`'s business.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pipelines::record::{Alert, AnnotatedPost, PostId, SourceId, StoryId};

use super::sql::{Cell, Row, Sql, params, places};
use super::values::{from_json, instant, millis, to_json};
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

/// A post from a row of [`COLUMNS`]. The record is read where it lies, without a copy.
pub(super) fn read_post(row: &Row<'_>) -> Result<AnnotatedPost> {
    let json = if let Cell::Text(json) = row.cell(2)? { json } else { "" };
    let mut post: AnnotatedPost = from_json(&format!("post {}", post_id(row.get(0)?)), json)?;
    post.story = StoryId(post_id(row.get(1)?));
    Ok(post)
}

pub(super) fn rewrite(c: &dyn Sql, annotated: &AnnotatedPost) -> Result<()> {
    let id = annotated.post.id;
    c.execute(
        "UPDATE posts SET story = ?2, record = ?3 WHERE id = ?1",
        params![sql_id(id), sql_id(annotated.story.0), to_json("post", annotated)?],
    )?;
    changes::note(c, id)
}

pub(super) fn first_time(c: &dyn Sql) -> Result<Option<DateTime<Utc>>> {
    let time: Option<i64> = c.value("SELECT MIN(time) FROM posts", &[])?;
    Ok(time.map(instant))
}

pub(super) fn set_story(c: &dyn Sql, ids: &[PostId], story: StoryId) -> Result<()> {
    for id in ids {
        let moved = c.execute(
            "UPDATE posts SET story = ?2 WHERE id = ?1 AND story <> ?2",
            params![sql_id(*id), sql_id(story.0)],
        )?;
        if moved > 0 {
            // What rules found in it belongs to the story it is in.
            c.execute(
                "UPDATE hits SET story = ?2 WHERE post = ?1",
                params![sql_id(*id), sql_id(story.0)],
            )?;
            changes::note(c, *id)?;
        }
    }
    Ok(())
}

/// One happening, one alert: a younger open alert of the same rule and story goes into the older one.
fn one_alert(c: &dyn Sql, story: StoryId) -> Result<()> {
    c.execute("DELETE FROM alerts WHERE state = 'open' AND json_extract(record, '$.story') = ?1 AND EXISTS (
           SELECT 1 FROM alerts older WHERE older.rule = alerts.rule AND json_extract(older.record, '$.story') = ?1
             AND (older.fired, older.id) < (alerts.fired, alerts.id) AND alerts.fired - older.fired <= ?2)", params![story.to_string(), ONE_ALERT_MILLIS])?;
    Ok(())
}

pub(super) fn copies(
    c: &dyn Sql,
    content_hash: u64,
    limit: usize,
) -> Result<Vec<(PostId, StoryId)>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let wanted = "SELECT id, story FROM posts WHERE content_hash = ?1 ORDER BY time, id LIMIT ?2";
    c.rows(wanted, params![content_hash.cast_signed(), limit], |row| {
        Ok((post_id(row.get(0)?), StoryId(post_id(row.get(1)?))))
    })
}

pub(super) fn merge_story(c: &dyn Sql, from: StoryId, into: StoryId) -> Result<()> {
    let posts = of_story(c, from, usize::MAX)?;
    c.execute(
        "UPDATE hits SET story = ?2 WHERE story = ?1",
        params![sql_id(from.0), sql_id(into.0)],
    )?;
    // An alert of the merged story is one of the story it went into: it must not fire again there.
    let told = "SELECT id, record FROM alerts WHERE json_extract(record, '$.story') = ?1";
    let read = |row: &Row<'_>| Ok((row.get::<i64>(0)?, row.get::<String>(1)?));
    for (id, record) in c.rows(told, params![from.to_string()], read)? {
        let alert = Alert { story: Some(into), ..from_json("alert", &record)? };
        c.execute(
            "UPDATE alerts SET record = ?2 WHERE id = ?1",
            params![id, to_json("alert", &alert)?],
        )?;
    }
    one_alert(c, into)?;
    set_story(c, &posts, into)
}

pub(super) fn delete(c: &dyn Sql, id: PostId) -> Result<bool> {
    let gone = c.execute("DELETE FROM posts WHERE id = ?1", params![sql_id(id)])?;
    for hanging in [
        "DELETE FROM hits WHERE post = ?1",
        "DELETE FROM corrections WHERE post = ?1",
        "DELETE FROM exhibits WHERE post = ?1",
    ] {
        c.execute(hanging, params![sql_id(id)])?;
    }
    if gone > 0 {
        changes::note(c, id)?;
    }
    Ok(gone > 0)
}

/// Deletes a post and remembers that it was meant.
pub(super) fn bury(c: &dyn Sql, id: PostId, now: DateTime<Utc>) -> Result<bool> {
    c.execute(
        "INSERT INTO tombstones (post, at) VALUES (?1, ?2) ON CONFLICT (post) DO NOTHING",
        params![sql_id(id), millis(now)],
    )?;
    delete(c, id)
}

pub(super) fn post(c: &dyn Sql, id: PostId) -> Result<Option<AnnotatedPost>> {
    c.row(&format!("SELECT {COLUMNS} FROM posts WHERE id = ?1"), params![sql_id(id)], read_post)
}

/// Posts read in one statement.
const AT_ONCE: usize = 32;

/// Those of `ids` that are stored, in the order of `ids`.
pub(super) fn posts(c: &dyn Sql, ids: &[PostId]) -> Result<Vec<AnnotatedPost>> {
    let mut found = HashMap::new();
    for some in ids.chunks(AT_ONCE) {
        let places = places(1, some.len());
        let sql = format!("SELECT {COLUMNS} FROM posts WHERE id IN ({places})");
        let values: Vec<_> = some.iter().map(|id| Cell::Int(sql_id(*id))).collect();
        found.extend(c.rows(&sql, &values, read_post)?.into_iter().map(|p| (p.post.id, p)));
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

pub(super) fn by_prefix(c: &dyn Sql, prefix: &str, limit: usize) -> Result<Vec<PostId>> {
    if prefix.is_empty() || prefix.len() > 16 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(Vec::new());
    }
    // The ids that begin with it are a range; its first digit holds the sign, so that the range crosses no zero.
    let rest = 64 - 4 * u32::try_from(prefix.len()).unwrap_or(16);
    let Ok(head) = u64::from_str_radix(prefix, 16) else { return Ok(Vec::new()) };
    let first = head.checked_shl(rest).unwrap_or(head);
    let last = first | 1u64.checked_shl(rest).map_or(u64::MAX, |above| above.wrapping_sub(1));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ids = c.rows(
        "SELECT id FROM posts WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3",
        params![first.cast_signed(), last.cast_signed(), limit],
        |r| Ok(post_id(r.get(0)?)),
    )?;
    Ok(ids)
}

/// The ends of a range as parameters.
fn within(range: &PostRange) -> [Cell<'static>; 2] {
    [range.from.map_or(i64::MIN, millis), range.until.map_or(i64::MAX, millis)].map(Cell::Int)
}

pub(super) fn each(
    c: &dyn Sql,
    range: &PostRange,
    each: &mut dyn FnMut(AnnotatedPost) -> bool,
) -> Result<()> {
    let sql =
        format!("SELECT {COLUMNS} FROM posts WHERE time >= ?1 AND time < ?2 ORDER BY time, id");
    c.each_row(&sql, &within(range), &mut |row| Ok(each(read_post(row)?)))
}

/// That a post names a subject. The others are told by a sign that no text can hold (in JSON its quotation marks are
/// escaped); the index `posts_naming` has the same words, so that they are not read.
pub(super) const NAMES_A_SUBJECT: &str = r#"instr(record, '"mentions":[]') = 0"#;

/// Posts of the range that name a subject, oldest first; answers how many the range holds in all.
pub(super) fn each_mentioning(
    c: &dyn Sql,
    range: &PostRange,
    each: &mut dyn FnMut(AnnotatedPost) -> bool,
) -> Result<u64> {
    let sql = format!(
        "SELECT {COLUMNS} FROM posts WHERE time >= ?1 AND time < ?2 AND {NAMES_A_SUBJECT}
         ORDER BY time, id"
    );
    c.each_row(&sql, &within(range), &mut |row| Ok(each(read_post(row)?)))?;
    let all: i64 =
        c.value("SELECT COUNT(*) FROM posts WHERE time >= ?1 AND time < ?2", &within(range))?;
    Ok(all.cast_unsigned())
}

pub(super) fn count(c: &dyn Sql) -> Result<u64> {
    let n: i64 = c.value("SELECT COUNT(*) FROM posts", &[])?;
    Ok(n.cast_unsigned())
}

pub(super) fn times(
    c: &dyn Sql,
    source: &SourceId,
    since: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<DateTime<Utc>>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(
        "SELECT time FROM posts WHERE source = ?1 AND time >= ?2 ORDER BY time DESC LIMIT ?3",
        params![source.as_str(), millis(since), limit],
        |r| Ok(instant(r.get(0)?)),
    )
}

pub(super) fn latest(c: &dyn Sql, source: &SourceId, limit: usize) -> Result<Vec<AnnotatedPost>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(
        &format!(
            "SELECT {COLUMNS} FROM posts WHERE source = ?1 ORDER BY time DESC, id DESC LIMIT ?2"
        ),
        params![source.as_str(), limit],
        read_post,
    )
}

pub(super) fn of_story(c: &dyn Sql, story: StoryId, limit: usize) -> Result<Vec<PostId>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    c.rows(
        "SELECT id FROM posts WHERE story = ?1 ORDER BY time, id LIMIT ?2",
        params![sql_id(story.0), limit],
        |r| Ok(post_id(r.get(0)?)),
    )
}
