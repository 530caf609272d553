//! The pure stages in their order: read → assemble → exclude → annotate.
//!
//! In: a page, an item of a feed, or a row of a file. Out: a judged post, or the reason why there is none.
//! Holds what the stages are made of and nothing of a run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use pipelines::annotate::Annotator;
use pipelines::crawl::{self, SourceConfig, SourceKind};
use pipelines::extract::{self, PostPlace, Privacy, ReadOptions};
use pipelines::query::{Query, Target};
use pipelines::record::{
    AnnotatedPost, Channel, Correction, DropReason, Found, Issue, Page, Post, SourceId, Verdict,
    correct,
};

use super::clock::Timekeeper;
use super::deep::DeepRead;
use super::judging::Judges;
use super::layers::Layering;
use super::line::Line;
use super::pieced::{add_replies, add_text, filled};
use super::reread::Reread;
use crate::config::Config;
use crate::store::Store;

/// What the stages work with.
pub struct Stages {
    annotator: Arc<Annotator>,
    privacy: Privacy,
    zone: Tz,
    min_chars: usize,
    keeps_evidence: bool,
    excludes: Reread<HashMap<SourceId, Query>>,
    posts_days: u32,
    time: Arc<Timekeeper>,
    read: Mutex<DeepRead>,
    judges: OnceLock<Judges>,
    layering: Layering,
    line: Line,
}

impl Stages {
    /// The stages of `config`, as of `now`.
    ///
    /// # Errors
    /// A key for pseudonyms that cannot be read or made.
    pub fn new(
        config: &Config,
        annotator: Arc<Annotator>,
        time: Arc<Timekeeper>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let read_for = config.clone();
        let excludes = Reread::new(now, move |now| excludes(&read_for, now))?;
        Ok(Self {
            annotator,
            privacy: Privacy {
                key: super::keys::author_key(config)?,
                official_authors: Vec::new(),
            },
            zone: config.station.zone,
            min_chars: config.extract.min_chars,
            keeps_evidence: config.crawl.evidence,
            excludes,
            posts_days: config.retention.posts_days,
            time,
            read: Mutex::default(),
            judges: OnceLock::new(),
            layering: Layering::of(config),
            line: Line::default(),
        })
    }

    /// Judges from now on with the layers that the store has now.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn wear_layers(&self, store: &dyn Store) -> crate::store::Result<()> {
        self.layering.wear(store, &self.annotator)
    }

    /// The same at the start; who keeps the store learns anew those that were learned beside other models.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn take_layers(
        &self,
        store: &dyn Store,
        keeps: bool,
        now: DateTime<Utc>,
    ) -> crate::store::Result<()> {
        if keeps {
            self.layering.renew(store, &self.annotator, now)?;
        }
        self.wear_layers(store)
    }

    /// What judges.
    pub(super) fn annotator(&self) -> Arc<Annotator> {
        self.annotator.clone()
    }

    /// From now on others judge, where they are there.
    pub(super) fn ask(&self, judges: Judges) {
        // Said once, when the process begins.
        let _ = self.judges.set(judges);
    }

    /// Whether pages of `source` are kept as they were served.
    #[must_use]
    pub fn keeps_evidence(&self, source: &SourceConfig) -> bool {
        source.evidence.unwrap_or(self.keeps_evidence)
    }

    /// A fetched page with the pages that continue it. What the list or feed said of it fills what the page
    /// does not say itself.
    #[must_use]
    pub fn page(
        &self,
        pages: &[Page],
        hint: Found,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> Verdict<AnnotatedPost> {
        let options = ReadOptions { now, zone: self.zone, selectors: source.selectors().cloned() };
        let Some((page, parts)) = pages.split_first() else {
            return Verdict::Drop(DropReason::Gone);
        };
        let (read, parts) = match (extract::read_page(page, &options), parts.split_first()) {
            // What follows a page without a text is the frame that holds it.
            (Verdict::Drop(_), Some((inner, rest))) => {
                (extract::read_framed(page, inner, &options), rest)
            }
            (read, _) => (read, parts),
        };
        let mut found = match read {
            Verdict::Keep(found) => found,
            Verdict::Drop(reason) => {
                let stead = self.in_its_stead(&page.url, hint, source, now);
                return stead.unwrap_or(Verdict::Drop(reason));
            }
        };
        let is_thread = !found.comments.is_empty() || source.channel == Channel::Forum;
        for part in parts {
            if let Verdict::Keep(more) = extract::read_page(part, &options) {
                if is_thread { add_replies(&mut found, more) } else { add_text(&mut found, &more) }
            }
        }
        let url = crawl::canonical_url(&page.url).unwrap_or_else(|_| page.url.clone());
        self.judge(&url, filled(found, hint, now), source, now, self.min_chars)
    }

    /// Whether a feed carried the text of its page.
    #[must_use]
    pub fn has_text(hint: &Found) -> bool {
        hint.text.as_ref().is_some_and(|text| !text.trim().is_empty())
    }

    /// What the feed said of a page that cannot be had or read, as a post of its own; none where it carried no text.
    #[must_use]
    pub fn in_its_stead(
        &self,
        url: &str,
        mut hint: Found,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> Option<Verdict<AnnotatedPost>> {
        if !Self::has_text(&hint) {
            return None;
        }
        hint.issues.push(Issue::FeedTextOnly);
        let url = crawl::canonical_url(url).unwrap_or_else(|_| url.to_owned());
        Some(self.judge(&url, hint, source, now, 1))
    }

    /// An item whose text came with the feed, or a row of a file.
    #[must_use]
    pub fn item(
        &self,
        url: &str,
        found: Found,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> Verdict<AnnotatedPost> {
        // A short note in a feed or export is a whole text; only pages can be "too short to be the article".
        self.judge(url, found, source, now, 1)
    }

    /// One of many rows of a file: the deep reader comes back to it.
    #[must_use]
    pub fn one_of_many(
        &self,
        url: &str,
        found: Found,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> Verdict<AnnotatedPost> {
        match self.assembled(url, found, source, now, 1) {
            Verdict::Keep(post) => self.judged(post, source, now, true),
            Verdict::Drop(reason) => Verdict::Drop(reason),
        }
    }

    /// An item of a feed as a post that nobody has judged yet.
    pub(super) fn unjudged(
        &self,
        url: &str,
        found: Found,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> Verdict<Post> {
        self.assembled(url, found, source, now, 1)
    }

    /// The same post judged; `in_haste` by the fast models alone.
    pub(super) fn judged(
        &self,
        post: Post,
        source: &SourceConfig,
        now: DateTime<Utc>,
        in_haste: bool,
    ) -> Verdict<AnnotatedPost> {
        let annotated = if in_haste {
            self.annotator.annotate_fast(post, now)
        } else {
            let by_others = self.judges.get().and_then(|judges| judges.ask(&post));
            by_others.unwrap_or_else(|| self.annotate(post, now))
        };
        self.unless_excluded(annotated, source, now)
    }

    /// The line before the judges.
    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    /// A stored post, judged with all readers; its story stays, and what officers said of it.
    #[must_use]
    pub fn again(
        &self,
        was: &AnnotatedPost,
        corrections: &[Correction],
        now: DateTime<Utc>,
    ) -> AnnotatedPost {
        let mut is = self.annotator.annotate(was.post.clone(), now);
        is.story = was.story;
        if !corrections.is_empty() {
            correct(&mut is, corrections);
            is.risk = self.annotator.reassess_alone(&is);
        }
        is
    }

    /// Whether there is a deep reader.
    #[must_use]
    pub fn reads_deep(&self) -> bool {
        self.annotator.deep_asked().is_some()
    }

    /// How much the deep reader has read.
    #[must_use]
    pub fn deep_read(&self) -> DeepRead {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(
        &self,
        url: &str,
        found: Found,
        source: &SourceConfig,
        now: DateTime<Utc>,
        min_chars: usize,
    ) -> Verdict<AnnotatedPost> {
        match self.assembled(url, found, source, now, min_chars) {
            Verdict::Keep(post) => self.judged(post, source, now, false),
            Verdict::Drop(reason) => Verdict::Drop(reason),
        }
    }

    /// Judges with all readers, here.
    pub(super) fn annotate(&self, post: Post, now: DateTime<Utc>) -> AnnotatedPost {
        let began = Instant::now();
        let annotated = self.annotator.annotate(post, now);
        if let Some(asked) = self.annotator.deep_asked() {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            read.add(began.elapsed(), asked);
        }
        annotated
    }

    fn assembled(
        &self,
        url: &str,
        found: Found,
        source: &SourceConfig,
        now: DateTime<Utc>,
        min_chars: usize,
    ) -> Verdict<Post> {
        let place = PostPlace { url, source, fetched_at: now, min_chars };
        let post = match extract::assemble(found, &place, &self.privacy) {
            Verdict::Keep(post) => post,
            Verdict::Drop(reason) => return Verdict::Drop(reason),
        };
        // A clock in doubt drops nothing for its age: what is dropped does not come again.
        let oldest = horizon(source, self.posts_days).map(|days| self.time.no_later(now) - days);
        if oldest.is_some_and(|oldest| post.time() < oldest) {
            return Verdict::Drop(DropReason::TooOld);
        }
        Verdict::Keep(post)
    }

    fn unless_excluded(
        &self,
        annotated: AnnotatedPost,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> Verdict<AnnotatedPost> {
        let excludes = self.excludes.as_of(now);
        let excluded = excludes.get(&source.id);
        if excluded.is_some_and(|q| q.matches(&Target::new(&annotated)).is_some()) {
            return Verdict::Drop(DropReason::Excluded);
        }
        Verdict::Keep(annotated)
    }
}

impl Stages {
    /// The days that posts are kept, and the instant from which on they are; none where they are kept for good.
    pub(super) fn kept_from(&self, now: DateTime<Utc>) -> Option<(u32, DateTime<Utc>)> {
        let days = TimeDelta::days(i64::from(self.posts_days));
        (self.posts_days > 0).then(|| (self.posts_days, now - days))
    }
}

/// How old a post of `source` may be to be taken in: as its own config says, and no older than what the purge of
/// the next day would delete, since it would be back with the next reading; none: of any age. A file is read once, and
/// who lays it down wants its rows.
fn horizon(source: &SourceConfig, posts_days: u32) -> Option<TimeDelta> {
    let posts_days = if matches!(source.kind, SourceKind::Files { .. }) { 0 } else { posts_days };
    let days = [source.horizon_days, posts_days].into_iter().filter(|days| *days > 0).min()?;
    Some(TimeDelta::days(i64::from(days)))
}

/// What each source excludes, and whether one of them reckons from the present.
fn excludes(
    config: &Config,
    now: DateTime<Utc>,
) -> anyhow::Result<(HashMap<SourceId, Query>, bool)> {
    let context = super::query_context(config, now);
    let mut excludes = HashMap::new();
    for source in &config.sources {
        if let Some(text) = &source.exclude {
            let query = pipelines::query::parse(text, &context)
                .map_err(|e| anyhow::anyhow!("exclude of source `{}`: {e}", source.id))?;
            excludes.insert(source.id.clone(), query);
        }
    }
    let depends_on_now = excludes.values().any(Query::depends_on_now);
    Ok((excludes, depends_on_now))
}
