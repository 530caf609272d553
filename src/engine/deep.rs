//! The deep reader's second look, and how much it has read.
//!
//! In: the imports that were too large to read deeply as they came, and posts of feeds whose line was long, as states of the store. Out: their posts judged again, some at
//! a time, and a state that `guanlan status` shows. What an officer corrected stays hers; it alerts nobody anew.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipelines::annotate::deep::{DeepReader, Encoder};
use pipelines::annotate::dense::DenseHead;
use pipelines::record::{AnnotatedPost, PostId, correct};
use serde::{Deserialize, Serialize};

use super::holding::About;
use super::process::Stages;
use crate::config::{Config, Depth};
use crate::store::{Result, Store, StoreWrite};

/// Before the number of an import: how many of its posts have been looked at again.
const OWED: &str = "deep:import:";
/// Before the id of a post of a feed that was judged in haste.
const OWED_POST: &str = "deep:post:";
/// The state that says how much was read.
const READ: &str = "deep";
/// Posts looked at again at a time, about half a second of one core.
const AT_ONCE: usize = 24;
/// Rows of a file that are read deeply as they come; all of a file of more wait, so that it is in soon.
pub const ROWS_AT_ONCE: usize = 2000;
/// Bytes of such rows that are held until they are known to be few.
pub(super) const BYTES_AT_ONCE: usize = 32 << 20;

/// How much the deep reader has read since the station was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeepRead {
    /// Posts judged.
    pub posts: u64,
    /// Of these, posts in whose verdict the deep reader had a say.
    pub asked: u64,
    /// What judging all of them took.
    pub micros: u64,
}

impl DeepRead {
    /// Posts judged a second, both readers together.
    #[must_use]
    pub fn per_second(&self) -> u64 {
        self.posts.saturating_mul(1_000_000) / self.micros.max(1)
    }

    /// Percent of the posts in whose verdict it had a say.
    #[must_use]
    pub fn percent(&self) -> u64 {
        self.asked * 100 / self.posts.max(1)
    }

    fn and(self, other: Self) -> Self {
        Self {
            posts: self.posts + other.posts,
            asked: self.asked + other.asked,
            micros: self.micros + other.micros,
        }
    }

    /// One more post, judged in `took`.
    pub(super) fn add(&mut self, took: Duration, asked: u64) {
        self.posts += 1;
        self.micros += u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.asked = asked;
    }
}

/// What the station last noted, and on a shared store what all that are at work say of themselves; nothing where no deep
/// reader has judged a post.
///
/// # Errors
/// Those of the store.
pub fn noted(store: &dyn Store) -> Result<Option<DeepRead>> {
    if let Some(cluster) = store.cluster() {
        let said = |about: &str| serde_json::from_str::<About>(about).ok()?.deep;
        let all = cluster.workers()?;
        return Ok(all.iter().filter_map(|worker| said(&worker.about)).reduce(DeepRead::and));
    }
    Ok(store.state(READ)?.and_then(|json| serde_json::from_str(&json).ok()))
}

/// Posts that wait for the deep reader.
///
/// # Errors
/// Those of the store.
pub fn waiting(store: &dyn Store) -> Result<usize> {
    let mut waiting = store.states(OWED_POST)?.len();
    for (import, done) in owed(store)? {
        waiting += store.import_posts(import, usize::MAX >> 1)?.len().saturating_sub(done);
    }
    Ok(waiting)
}

/// The deep reader's file, where config wants it: the last one, so that an officer's own replaces the shipped one.
pub(super) fn model(config: &Config) -> Option<(String, Cow<'static, [u8]>)> {
    let is_one = |(_, bytes): &&(String, Cow<'static, [u8]>)| DeepReader::is_one(bytes);
    let found = config.models.iter().rfind(is_one).filter(|_| config.judge.depth == Depth::Deep)?;
    // What is compiled in was checked when it was made.
    if let (name, Cow::Owned(bytes)) = found {
        let deep = DeepReader::of(bytes.clone().into());
        if let Err(error) = deep.check() {
            tracing::warn!(
                "cannot use deep model `{name}`: {error}; posts are judged by the fast models alone"
            );
            return None;
        }
        let mark = deep.encoder().and_then(Encoder::mark);
        for head in DenseHead::among(&config.models).unwrap_or_default() {
            if mark != Some(head.top().encoder) {
                let head = &head.top().name;
                tracing::warn!(
                    "model `{head}.dense` was learned beside another deep model than `{name}` and has no say; `guanlan train` makes it anew"
                );
            }
        }
    }
    Some(found.clone())
}

/// Notes that the posts of `import` were judged in haste.
pub(super) fn owe(write: &dyn StoreWrite, import: i64) -> Result<()> {
    write.put_state(&format!("{OWED}{import}"), "0")
}

/// The state that says that this post was judged in haste.
pub(super) fn owed_post(post: PostId) -> (String, String) {
    (format!("{OWED_POST}{post}"), String::new())
}

fn owed(store: &dyn Store) -> Result<Vec<(i64, usize)>> {
    let number = |(name, done): (String, String)| {
        Some((name.strip_prefix(OWED)?.parse().ok()?, done.parse().unwrap_or(0)))
    };
    Ok(store.states(OWED)?.into_iter().filter_map(number).collect())
}

/// Keeps how much was read, and looks again at some posts that were judged in haste.
///
/// # Errors
/// Those of the store.
pub(super) fn come_back(stages: &Stages, store: &dyn Store, now: DateTime<Utc>) -> Result<()> {
    let read = stages.deep_read();
    if read.posts > 0 && store.cluster().is_none() && noted(store)? != Some(read) {
        let json = serde_json::to_string(&read).unwrap_or_default();
        store.write(&mut |write| write.put_state(READ, &json))?;
    }
    if stages.line().is_long() {
        return Ok(());
    }
    let mut names: Vec<String> =
        store.states(OWED_POST)?.into_iter().map(|(name, _)| name).collect();
    names.truncate(AT_ONCE);
    if !names.is_empty() {
        let ids = names.iter().filter_map(|name| name.strip_prefix(OWED_POST)?.parse().ok());
        return look_again(stages, store, &ids.collect::<Vec<_>>(), now, &|write| {
            names.iter().try_for_each(|name| write.drop_state(name))
        });
    }
    let Some((import, done)) = owed(store)?.into_iter().next() else { return Ok(()) };
    let name = format!("{OWED}{import}");
    let ids = store.import_posts(import, done + AT_ONCE)?;
    let Some(ids) = ids.get(done..).filter(|ids| !ids.is_empty()) else {
        return store.write(&mut |write| write.drop_state(&name));
    };
    let done = (done + ids.len()).to_string();
    look_again(stages, store, ids, now, &|write| write.put_state(&name, &done))
}

/// Judges posts again, stores those that are judged otherwise now, and with them that they were looked at.
fn look_again(
    stages: &Stages,
    store: &dyn Store,
    ids: &[PostId],
    now: DateTime<Utc>,
    settle: &dyn Fn(&dyn StoreWrite) -> Result<()>,
) -> Result<()> {
    let mut changed = Vec::new();
    for id in ids {
        let Some(was) = store.post(*id)? else { continue };
        let is = stages.again(&was, &store.corrections_of(*id)?, now);
        if is.polarity != was.polarity || is.filing != was.filing || is.mentions != was.mentions {
            changed.push(is);
        }
    }
    store.write(&mut |write| {
        changed.iter().try_for_each(|judged| put(write, judged))?;
        settle(write)
    })
}

/// Puts what was judged into the post as it stands now: its story may have changed meanwhile. What it is about stays unknown: the
/// story book, which chose the story without it, would be another one after a restart.
fn put(write: &dyn StoreWrite, judged: &AnnotatedPost) -> Result<()> {
    let Some(mut post) = write.post(judged.post.id)? else { return Ok(()) };
    post.polarity = judged.polarity.clone();
    post.filing = judged.filing;
    post.mentions = judged.mentions.clone();
    post.risk = judged.risk.clone();
    // An officer may have said something meanwhile.
    correct(&mut post, &write.corrections_of(judged.post.id)?);
    write.rewrite_post(&post)
}
