//! A source tried out: everything a run would do, told step by step, and nothing stored.
//!
//! In: a source. Out: what its entries answered, and what its first pages read to, with each decision on the
//! way. Goes through the same fetcher, robots and stages as a run, at the same pace.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipelines::crawl::{
    self, Entries, FetchOutcome, Fetcher, RobotsStanding, SourceConfig, SourceKind,
};
use pipelines::record::{AnnotatedPost, FetchJob, Found, Page, Verdict};

use super::clock::Timekeeper;
use super::hosts;
use super::process::Stages;
use crate::config::Config;
use crate::store::Store;

/// Entry addresses asked in one trial; the others are of the same kind.
const ENTRIES: usize = 3;

/// What tries sources out.
pub struct Trial<'c> {
    config: &'c Config,
    fetcher: Fetcher,
    /// Made when the first post is read: the models take longer to load than a page to fetch.
    stages: OnceCell<Stages>,
    token: String,
}

/// Why something was not read: a name for the locale files, and what the machine said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// `no_links`, `dns`, `robots`…
    pub kind: String,
    /// In words for the log.
    pub said: String,
}

/// What robots.txt says of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RobotsSaid {
    /// There is none, or no line speaks of the address.
    Nothing,
    /// A line allows it.
    Allows {
        /// From 1.
        line: u32,
        /// As written.
        rule: String,
    },
    /// A line forbids it.
    Forbids {
        /// From 1.
        line: u32,
        /// As written.
        rule: String,
    },
    /// It was not read: the host did not answer so far.
    Unread,
    /// It could not be read, so nothing is asked.
    Unreachable {
        /// The status or error.
        cause: String,
    },
}

/// One entry, as it answered.
#[derive(Debug)]
pub struct EntrySeen {
    /// As asked.
    pub url: String,
    /// What robots.txt says.
    pub robots: RobotsSaid,
    /// What was read, or why not.
    pub read: Result<Entries, Trouble>,
    /// Bytes of the answer.
    pub bytes: usize,
}

/// One page or item, as it was read.
#[derive(Debug)]
pub struct PostSeen {
    /// Its canonical address.
    pub url: String,
    /// What robots.txt says; nothing for an item whose text came with the feed.
    pub robots: RobotsSaid,
    /// What became of it, or why it was not read.
    pub read: Result<Verdict<AnnotatedPost>, Trouble>,
    /// Why its page was not read, where the text of the feed stands in.
    pub missed: Option<Trouble>,
}

impl PostSeen {
    /// The post, where it would be kept.
    #[must_use]
    pub fn kept(&self) -> Option<&AnnotatedPost> {
        match &self.read {
            Ok(Verdict::Keep(post)) => Some(post),
            _ => None,
        }
    }

    /// Why it would not be kept: a drop reason, or what went wrong.
    #[must_use]
    pub fn lost(&self) -> Option<&str> {
        match &self.read {
            Ok(Verdict::Keep(_)) => None,
            Ok(Verdict::Drop(reason)) => Some(reason.as_str()),
            Err(trouble) => Some(&trouble.kind),
        }
    }
}

impl<'c> Trial<'c> {
    /// With the politeness and the stages of `config`; hosts that asked a station of it for patience are
    /// remembered where `store` is given.
    ///
    /// # Errors
    /// What the station's own start would fail of.
    pub fn new(config: &'c Config, store: Option<&dyn Store>) -> anyhow::Result<Self> {
        let fetcher = hosts::fetcher(config, store)?;
        let token = fetcher.policy().robots_token.clone();
        Ok(Self { config, fetcher, stages: OnceCell::new(), token })
    }

    fn stages(&self) -> anyhow::Result<&Stages> {
        if let Some(stages) = self.stages.get() {
            return Ok(stages);
        }
        let annotator = Arc::new(super::annotator(self.config)?);
        let now = Utc::now();
        let time = Arc::new(Timekeeper::believing(now));
        let stages = Stages::new(self.config, annotator, time, now)?;
        Ok(self.stages.get_or_init(|| stages))
    }

    /// One page, as it comes.
    ///
    /// # Errors
    /// Why it did not come.
    pub async fn page(
        &self,
        url: &str,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> Result<Page, Trouble> {
        self.ask(&FetchJob::new(url, &source.id, now), source, now).await
    }

    async fn ask(
        &self,
        job: &FetchJob,
        source: &SourceConfig,
        now: DateTime<Utc>,
    ) -> Result<Page, Trouble> {
        let outcome = self.fetcher.fetch(job, source, now).await;
        let said = outcome.audit().unwrap_or_default();
        let kind = match outcome {
            FetchOutcome::Page(page) => return Ok(*page),
            FetchOutcome::Failed(error) => error.kind.as_str(),
            FetchOutcome::Refused { because, .. } => because.as_str(),
            FetchOutcome::Dropped { reason, .. } => reason.as_str(),
            FetchOutcome::NotModified => "not_modified",
        };
        Err(Trouble { kind: kind.to_owned(), said })
    }

    /// What the robots.txt of the host of `url` says of it, as far as it was read.
    #[must_use]
    pub fn robots(&self, url: &str) -> RobotsSaid {
        let parsed = url::Url::parse(url).ok();
        let memory = parsed.and_then(|url| self.fetcher.memory_of(&crawl::authority(&url)));
        match memory.and_then(|memory| memory.robots).map(|known| known.standing) {
            Some(RobotsStanding::Rules(robots)) => {
                let decision = robots.check(&self.token, url);
                match decision.rule {
                    None => RobotsSaid::Nothing,
                    Some((line, rule)) if decision.allowed => RobotsSaid::Allows { line, rule },
                    Some((line, rule)) => RobotsSaid::Forbids { line, rule },
                }
            }
            Some(RobotsStanding::Unreachable { cause, .. }) => RobotsSaid::Unreachable { cause },
            Some(RobotsStanding::None { .. }) => RobotsSaid::Nothing,
            None => RobotsSaid::Unread,
        }
    }

    /// The sitemaps that the host's robots.txt names, as far as it was read.
    #[must_use]
    pub fn sitemaps(&self, url: &str) -> Vec<String> {
        let parsed = url::Url::parse(url).ok();
        let memory = parsed.and_then(|url| self.fetcher.memory_of(&crawl::authority(&url)));
        match memory.and_then(|memory| memory.robots).map(|known| known.standing) {
            Some(RobotsStanding::Rules(robots)) => robots.sitemaps,
            _ => Vec::new(),
        }
    }

    /// Asks the first entries of `source`.
    pub async fn entries(&self, source: &SourceConfig, now: DateTime<Utc>) -> Vec<EntrySeen> {
        let mut seen: Vec<EntrySeen> = Vec::new();
        let mut waiting: VecDeque<String> =
            crawl::entry_urls(source).into_iter().take(ENTRIES).collect();
        while let Some(url) = waiting.pop_front() {
            let answer = self.page(&url, source, now).await;
            let bytes = answer.as_ref().map_or(0, |page| page.body.len());
            let read = answer.and_then(|page| {
                crawl::read_entry(&page, source, now).map_err(|error| Trouble {
                    kind: error.kind().to_owned(),
                    said: error.to_string(),
                })
            });
            // A page that only points to another is followed, as a run does.
            let moved = read.as_ref().ok().and_then(|entries| entries.moved.clone());
            let is_new = |url: &String| seen.iter().all(|entry| entry.url != *url);
            waiting.extend(moved.filter(|url| seen.len() < 2 * ENTRIES && is_new(url)));
            seen.push(EntrySeen { robots: self.robots(&url), url, read, bytes });
        }
        seen
    }

    /// Reads the first `count` of what the entries gave: items as they are, links by their pages.
    ///
    /// # Errors
    /// Models or a key of pseudonyms that cannot be loaded.
    pub async fn posts(
        &self,
        source: &SourceConfig,
        entries: &[&Entries],
        count: usize,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Vec<PostSeen>> {
        let items = entries.iter().flat_map(|e| &e.items).map(|(url, found)| (url, found, true));
        let jobs = entries.iter().flat_map(|e| &e.jobs).map(|(url, found)| (url, found, false));
        let given = match &source.kind {
            SourceKind::Pages { urls } => urls.as_slice(),
            _ => &[],
        };
        let none = Found::default();
        let given = given.iter().map(|url| (url, &none, false));
        let mut seen = Vec::new();
        if count == 0 {
            return Ok(seen);
        }
        let stages = self.stages()?;
        for (url, found, is_item) in items.chain(jobs).chain(given).take(count) {
            if is_item {
                let verdict = stages.item(url, found.clone(), source, now);
                let robots = RobotsSaid::Nothing;
                seen.push(PostSeen { url: url.clone(), robots, read: Ok(verdict), missed: None });
                continue;
            }
            let (read, missed) = match self.page(url, source, now).await {
                Ok(page) => (Ok(stages.page(&[page], found.clone(), source, now)), None),
                Err(trouble) => match stages.in_its_stead(url, found.clone(), source, now) {
                    Some(verdict) => (Ok(verdict), Some(trouble)),
                    None => (Err(trouble), None),
                },
            };
            seen.push(PostSeen { robots: self.robots(url), url: url.clone(), read, missed });
        }
        Ok(seen)
    }
}
