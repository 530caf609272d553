//! What of a step is kept as evidence: the pages a post was read from, or the feed it came in.
//!
//! In: answers as fetched and what was read of them. Out: packed records for the committer, which writes them
//! before the transaction that refers to them. A reading that says nothing new of a post (the same text again)
//! is no new record; one that differs, or brings back a page that was gone, is.

use pipelines::crawl::{SourceConfig, warc};
use pipelines::record::{AnnotatedPost, DropReason, Page, Post, PostId, Verdict};
use pipelines::text::hex;

use serde::{Deserialize, Serialize};

use super::commit::CommitError;
use super::process::Stages;
use super::step::{Seen, Step};
use crate::store::{EvidenceRecord, Inserted, Role, Store};

/// An answer packed as a record, with the posts it is evidence of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewRecord {
    /// The posts.
    pub posts: Vec<PostId>,
    /// What it is to them.
    pub role: Role,
    /// What was served; its place is filled in once it is on disk.
    pub record: EvidenceRecord,
    /// The packed bytes.
    #[serde(with = "packed")]
    pub member: warc::Member,
}

/// Packed bytes within a text.
mod packed {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use chrono::{DateTime, Utc};
    use pipelines::crawl::warc::Member;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(member: &Member, to: S) -> Result<S::Ok, S::Error> {
        (STANDARD.encode(&member.bytes), member.at).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Member, D::Error> {
        let (bytes, at) = <(String, DateTime<Utc>)>::deserialize(from)?;
        Ok(Member { bytes: STANDARD.decode(bytes).map_err(D::Error::custom)?, at })
    }
}

/// The records of the pages one post was read from.
///
/// # Errors
/// Those of the store.
pub fn of_pages(
    store: &dyn Store,
    stages: &Stages,
    source: &SourceConfig,
    verdict: &Verdict<AnnotatedPost>,
    pages: &[Page],
) -> Result<Vec<NewRecord>, CommitError> {
    let Verdict::Keep(post) = verdict else { return Ok(Vec::new()) };
    if !stages.keeps_evidence(source) || !is_news(store, &post.post)? {
        return Ok(Vec::new());
    }
    let roles = std::iter::once(Role::Page).chain(std::iter::repeat(Role::Part));
    pages.iter().zip(roles).map(|(page, role)| pack(page, role, vec![post.post.id])).collect()
}

/// The record of an entry whose items are posts: one for all that are new or changed, none where none is.
///
/// # Errors
/// Those of the store.
pub fn of_entry(
    store: &dyn Store,
    stages: &Stages,
    source: &SourceConfig,
    items: &[AnnotatedPost],
    entry: &Page,
) -> Result<Vec<NewRecord>, CommitError> {
    if !stages.keeps_evidence(source) {
        return Ok(Vec::new());
    }
    let mut posts = Vec::new();
    for post in items {
        if is_news(store, &post.post)? {
            posts.push(post.post.id);
        }
    }
    if posts.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![pack(entry, Role::Entry, posts)?])
}

/// Notes in `step` that `url` is served, and which post it led to.
pub fn note_served(step: &mut Step, url: &str, verdict: &Verdict<AnnotatedPost>) {
    if let Verdict::Keep(post) = verdict {
        step.seen.push(Seen::Served { url: url.to_owned(), post: Some(post.post.id) });
    }
}

/// Notes in `step` that `url` answered 404 or 410, if it did: the post it led to gets its mark.
pub fn note_gone(step: &mut Step, reason: DropReason, url: &str) {
    if reason == DropReason::Gone {
        step.seen.push(Seen::Gone(url.to_owned()));
    }
}

/// Whether this reading says what no record says yet.
pub(super) fn is_news(store: &dyn Store, post: &Post) -> Result<bool, CommitError> {
    Ok(match store.reception(post)? {
        Inserted::New | Inserted::Edited => true,
        Inserted::Grown | Inserted::Duplicate => {
            store.standing(post.id)?.is_some_and(|stored| stored.is_gone || !stored.has_evidence)
        }
        Inserted::Purged | Inserted::Foreign | Inserted::Collision => false,
    })
}

fn pack(page: &Page, role: Role, posts: Vec<PostId>) -> Result<NewRecord, CommitError> {
    let member = warc::pack(page).map_err(|e| CommitError::Worker(e.to_string()))?;
    let place = warc::Location { file: String::new(), offset: 0, length: 0, sha256: String::new() };
    let record = EvidenceRecord {
        place,
        url: page.url.clone(),
        status: page.status,
        payload: hex(&page.sha256),
        fetched_at: page.fetched_at,
    };
    Ok(NewRecord { posts, role, record, member })
}
