//! The answers on record that are near to what a post, a happening, an alert or a case tells.
//!
//! In: what is looked at. Out: the entries in force, nearest first, with how likely they are about the same. Judged by the
//! story book itself: an entry counts as a happening whose posts are its own wording and the posts it names, and all as of
//! one moment, since a rumour comes back after years. It decides nothing and stores nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use pipelines::annotate::{StoryBook, StoryConfig};
use pipelines::record::{AnnotatedPost, Channel, Counts, Post, PostId, SourceId, StoryId, Trust};
use serde::Serialize;

use super::unknown;
use crate::answers::{Entry, InForce, Kind};
use crate::desk::{Act, Desk, DeskError, Result, Who};
use crate::store::CaseLink;

/// Entries shown beside something.
const SHOWN: usize = 5;

/// Posts of something that are compared: half of them its first, half its latest.
const COMPARED: usize = 12;

/// Posts of an entry that are compared.
const EXAMPLES: usize = 8;

/// Posts of a happening or case that are read to find its first and latest.
const READ: usize = 200;

/// Wordings judged so far, by number and version.
pub(in crate::desk) type Wordings = Mutex<BTreeMap<(i64, u32), Arc<AnnotatedPost>>>;

/// An entry near to something.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct NearAnswer {
    /// Its number.
    pub number: i64,
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub title: String,
    /// The statement or refutation.
    pub text: String,
    /// How likely it is about the same, in percent.
    pub percent: u8,
}

impl Desk {
    /// The entries in force near to a post, story, alert or case.
    ///
    /// # Errors
    /// `Unknown` for what is looked at; `Value` for an origin that is none; a broken store.
    pub fn answers_near(&self, who: &Who, origin: &str, id: &str) -> Result<Vec<NearAnswer>> {
        self.check(who, Act::SeeAnswers)?;
        let mut posts = match origin {
            "post" => vec![self.post_named(who, id)?],
            "story" => {
                let unknown = || DeskError::Unknown { what: "story", id: id.to_owned() };
                let story = StoryId(id.parse::<PostId>().map_err(|_| unknown())?);
                self.seen_posts(who, &self.store.story_posts(story, READ)?)?
            }
            "alert" => {
                let unknown = || DeskError::Unknown { what: "alert", id: id.to_owned() };
                let alert = self.stored_alert(who, id.parse().map_err(|_| unknown())?)?.alert;
                let rests = alert.evidence.iter().map(|evidence| evidence.post);
                self.seen_posts(who, &rests.collect::<Vec<_>>())?
            }
            "case" => self.posts_of_case(who, id)?,
            other => {
                let (what, value) = ("answer_origin", other.to_owned());
                return Err(DeskError::Value { what, value });
            }
        };
        posts.sort_by_key(|post| (post.post.time(), post.post.id));
        if posts.len() > COMPARED {
            posts.drain(COMPARED / 2..posts.len() - COMPARED / 2);
        }
        self.near_of(&posts)
    }

    /// The entries in force near to a text.
    ///
    /// # Errors
    /// A broken store, models that cannot be read.
    pub fn answers_like(&self, who: &Who, text: &str) -> Result<Vec<NearAnswer>> {
        self.check(who, Act::SeeAnswers)?;
        let title = text.lines().next().unwrap_or_default().to_owned();
        self.near_of(&[self.as_post(u64::MAX, title, text.to_owned())?])
    }

    /// The posts of a case; its own words where it has none.
    fn posts_of_case(&self, who: &Who, number: &str) -> Result<Vec<AnnotatedPost>> {
        let case = self.case_of(who, number)?;
        let links = self.store.case_links(&case.number)?;
        let ids = links.iter().filter_map(|link| match link {
            CaseLink::Post(id) => Some(*id),
            _ => None,
        });
        let posts = self.seen_posts(who, &ids.collect::<Vec<_>>())?;
        if !posts.is_empty() {
            return Ok(posts);
        }
        let (title, details) = (case.field("title").to_owned(), case.field("details").to_owned());
        Ok(vec![self.as_post(u64::MAX, title, details)?])
    }

    fn seen_posts(&self, who: &Who, ids: &[PostId]) -> Result<Vec<AnnotatedPost>> {
        let mut posts = Vec::new();
        for id in ids.iter().take(READ) {
            posts.extend(self.store.post(*id)?.filter(|post| self.sees(who, post)));
        }
        Ok(posts)
    }

    fn near_of(&self, posts: &[AnnotatedPost]) -> Result<Vec<NearAnswer>> {
        let now = self.now();
        let entries = self.entries_on_record()?;
        let held = entries.iter().filter_map(|entry| Some((entry, entry.in_force(now)?)));
        let mut examples = Vec::new();
        for (entry, held) in held {
            for mut post in self.examples(entry, held)? {
                let id = u64::try_from(examples.len()).unwrap_or(u64::MAX);
                (post.post.id, post.story) = (PostId(id), story_of(entry.number));
                examples.push(as_of(post, now));
            }
        }
        if examples.is_empty() {
            return Ok(Vec::new());
        }
        let book = StoryBook::restore(StoryConfig::default(), &examples, []);
        let mut best: BTreeMap<StoryId, f32> = BTreeMap::new();
        for post in posts {
            for (story, likely) in book.near(&as_of(post.clone(), now)) {
                let known = best.entry(story).or_insert(likely);
                *known = known.max(likely);
            }
        }
        let mut near = best.into_iter().collect::<Vec<_>>();
        // The sort is stable: of equals the earlier number.
        near.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found = |(story, likely): (StoryId, f32)| {
            let entry = entries.iter().find(|entry| story_of(entry.number) == story)?;
            let held = &entry.in_force(now)?.wording;
            Some(NearAnswer {
                number: entry.number,
                kind: held.kind,
                title: held.title.clone(),
                text: held.text.clone(),
                percent: (likely.clamp(0.0, 1.0) * 100.0).round() as u8,
            })
        };
        Ok(near.into_iter().take(SHOWN).filter_map(found).collect())
    }

    /// What an entry is compared by: its own wording, and the posts it names that are still stored.
    fn examples(&self, entry: &Entry, held: &InForce) -> Result<Vec<AnnotatedPost>> {
        let mut examples = vec![(*self.wording_as_post(entry.number, held)?).clone()];
        for id in held.wording.posts.iter().take(EXAMPLES) {
            examples.extend(self.store.post(*id)?);
        }
        Ok(examples)
    }

    /// The wording of an entry as a post, judged once a version.
    fn wording_as_post(&self, number: i64, held: &InForce) -> Result<Arc<AnnotatedPost>> {
        let key = (number, held.version);
        let locked = || self.wordings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = locked().get(&key) {
            return Ok(known.clone());
        }
        let wording = &held.wording;
        let said = match wording.kind {
            Kind::Rumour => &wording.claim,
            Kind::Statement => &wording.text,
        };
        let hash = number.cast_unsigned();
        let post = self.as_post(hash, wording.title.clone(), said.clone())?;
        let post = Arc::new(post);
        locked().insert(key, post.clone());
        Ok(post)
    }

    /// A title and a text judged as a post would be that had them.
    fn as_post(&self, content_hash: u64, title: String, text: String) -> Result<AnnotatedPost> {
        let now = self.now();
        let post = Post {
            id: PostId(content_hash),
            url: String::new(),
            source: SourceId::from("answers"),
            channel: Channel::Other,
            trust: Trust::Normal,
            site: String::new(),
            title,
            text,
            author: None,
            outlet: None,
            origin: None,
            published: None,
            fetched_at: now,
            counts: Counts::default(),
            comments: Vec::new(),
            issues: Vec::new(),
            content_hash,
        };
        Ok(self.annotator()?.annotate(post, now))
    }

    /// The entry of a number that is in force.
    pub(super) fn answer_in_force(&self, number: i64) -> Result<(Entry, InForce)> {
        let record = self.store.answer(number)?.ok_or_else(|| unknown(number))?;
        let entry = super::read(&record)?;
        let held = entry.in_force(self.now()).cloned().ok_or_else(|| unknown(number))?;
        Ok((entry, held))
    }
}

fn story_of(number: i64) -> StoryId {
    StoryId(PostId(number.cast_unsigned()))
}

/// The same as told at `now`.
fn as_of(mut post: AnnotatedPost, now: DateTime<Utc>) -> AnnotatedPost {
    (post.post.published, post.post.fetched_at) = (None, now);
    post
}
