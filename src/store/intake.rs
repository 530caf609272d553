//! What becomes of a post that comes in.
//!
//! In: an annotated post. Out: what became of it, and the post as it is stored. The same address is one post for ever;
//! the same content of the same site and time (a tracking address, a second path to one article) is the same post as
//! well. A post changes only by the source that brought it, but for one that only claimed its address: there the house
//! the address belongs to has the last word. What cannot be stored for what it is (an id that is another's, an address
//! that is another's) is refused as a post, never as a failure of the store.

use chrono::{DateTime, Utc};
use pipelines::record::{AnnotatedPost, Issue, Post, PostId, correct};

use super::posts::post as stored_post;
use super::sql::{Row, Sql, params};
use super::values::{millis, to_json};
use super::{Inserted, Result, changes, corrections, sources};

/// What decides over a post that comes in under an id that is stored.
struct Known {
    content_hash: i64,
    url: String,
    source: String,
    is_claim: bool,
}

/// Whether a source brought this post under an address that is not its own.
fn is_claim(post: &Post) -> bool {
    post.issues.contains(&Issue::ClaimedAddress)
}

/// What [`put`] would do with this post now.
pub(super) fn reception(c: &dyn Sql, post: &Post) -> Result<Inserted> {
    let Some(known) = known(c, post.id)? else {
        if is_buried(c, post.id)? {
            return Ok(Inserted::Purged);
        }
        let elsewhere = post.url.starts_with("http") && has_content(c, post)?;
        return Ok(if elsewhere { Inserted::Duplicate } else { Inserted::New });
    };
    if known.url != post.url {
        return Ok(Inserted::Collision);
    }
    let is_same = known.content_hash == post.content_hash.cast_signed();
    if known.source != post.source.as_str() {
        let takes_over = known.is_claim && !is_claim(post);
        return Ok(match (takes_over, is_same) {
            (true, false) => Inserted::Edited,
            (true, true) => Inserted::Grown,
            (false, true) => Inserted::Duplicate,
            (false, false) => Inserted::Foreign,
        });
    }
    if !is_same {
        return Ok(Inserted::Edited);
    }
    Ok(if has_grown(c, post)? { Inserted::Grown } else { Inserted::Duplicate })
}

/// Stores a post, or refuses it; answers it as it is stored, or as it came where it was refused.
pub(super) fn put(c: &dyn Sql, annotated: &AnnotatedPost) -> Result<(Inserted, AnnotatedPost)> {
    let inserted = reception(c, &annotated.post)?;
    let stored = match inserted {
        Inserted::New => {
            insert(c, annotated)?;
            annotated.clone()
        }
        Inserted::Edited => replace(c, annotated, Some(annotated.post.fetched_at))?,
        Inserted::Grown => replace(c, annotated, None)?,
        _ => annotated.clone(),
    };
    Ok((inserted, stored))
}

fn known(c: &dyn Sql, id: PostId) -> Result<Option<Known>> {
    let read = |r: &Row<'_>| {
        Ok(Known {
            content_hash: r.get(0)?,
            url: r.get(1)?,
            source: r.get(2)?,
            is_claim: r.get(3)?,
        })
    };
    c.row(
        "SELECT content_hash, url, source, claimed FROM posts WHERE id = ?1",
        params![id.0.cast_signed()],
        read,
    )
}

fn is_buried(c: &dyn Sql, id: PostId) -> Result<bool> {
    c.exists("SELECT 1 FROM tombstones WHERE post = ?1", params![id.0.cast_signed()])
}

/// Whether a thread that is stored has more replies now.
fn has_grown(c: &dyn Sql, post: &Post) -> Result<bool> {
    if post.comments.is_empty() {
        return Ok(false);
    }
    let stored = stored_post(c, post.id)?;
    Ok(stored.is_some_and(|stored| post.comments.len() > stored.post.comments.len()))
}

fn has_content(c: &dyn Sql, post: &Post) -> Result<bool> {
    // A site that publishes the same note twice has published it twice.
    let Some(published) = post.own_time() else { return Ok(false) };
    c.exists(
        "SELECT 1 FROM posts WHERE content_hash = ?1 AND site = ?2 AND time = ?3",
        params![post.content_hash.cast_signed(), post.site, millis(published)],
    )
}

fn insert(c: &dyn Sql, annotated: &AnnotatedPost) -> Result<()> {
    let post = &annotated.post;
    c.execute("INSERT INTO posts (id, url, source, site, time, fetched, content_hash, story, record, claimed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", params![
        post.id.0.cast_signed(),
        post.url,
        post.source.as_str(),
        post.site,
        millis(post.time()),
        millis(post.fetched_at),
        post.content_hash.cast_signed(),
        annotated.story.0.0.cast_signed(),
        to_json("post", annotated)?,
        is_claim(post),
    ])?;
    sources::note_post(c, &post.source, post.time())?;
    changes::note(c, post.id)
}

/// The new reading stands; its story, what an officer said of it and its first time of seeing stay in force.
fn replace(
    c: &dyn Sql,
    annotated: &AnnotatedPost,
    edited: Option<DateTime<Utc>>,
) -> Result<AnnotatedPost> {
    let mut annotated = annotated.clone();
    let id = annotated.post.id;
    if let Some(stored) = stored_post(c, id)? {
        annotated.story = stored.story;
        // Without a date of its own it is as old as when it was first seen.
        if annotated.post.own_time().is_none() {
            annotated.post.fetched_at = stored.post.fetched_at;
        }
    }
    correct(&mut annotated, &corrections::of(c, id)?);
    let post = &annotated.post;
    // Who takes over a claimed address takes it out of the import that claimed it.
    c.execute("UPDATE posts SET source = ?3, import = CASE WHEN source = ?3 THEN import END, claimed = ?4,
           time = ?5, content_hash = ?6, edited = COALESCE(?7, edited), record = ?2 WHERE id = ?1", params![
        id.0.cast_signed(),
        to_json("post", &annotated)?,
        post.source.as_str(),
        is_claim(post),
        millis(post.time()),
        post.content_hash.cast_signed(),
        edited.map(millis),
    ])?;
    changes::note(c, id)?;
    Ok(annotated)
}

#[cfg(test)]
#[path = "intake/tests.rs"]
mod tests;
