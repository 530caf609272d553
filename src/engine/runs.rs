//! The schedules of sources, and the runs under way.
//!
//! In: a station, the time. Out: runs, started and noted. A source whose time came while the station was down, or while
//! it was still running, is run once, not once per missed time. Where several processes crawl, a source that is due is run
//! by the one that gets it: who gets it looks first whether another has run it meanwhile.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use pipelines::crawl::{self, SourceConfig};
use pipelines::record::SourceId;
use tokio::task::JoinSet;
use url::Url;

use super::collect::Collector;
use super::commit::CommitError;
use super::faults::{Board, Part};
use super::holding::{HOST, SOURCE};
use super::parts::Share;
use super::plan;
use super::station::Station;
use crate::config::Config;
use crate::store::{RunOutcome, Store, StoreError};

/// Where in the store a wish stands that a source be asked now: `source-asked:ID`.
pub const ASKED: &str = "source-asked:";

/// Runs that one of several processes has under way at most: the others shall have some.
const SHARE_AT_ONCE: usize = 24;

/// When a source that another process has is looked at again.
const ANOTHERS: TimeDelta = TimeDelta::seconds(3);

/// How a run ended.
pub(super) enum Ran {
    /// To its end.
    Whole(Box<RunOutcome>),
    /// Another process has the source, or has run it, or it has to wait: when to look again.
    Not(Option<DateTime<Utc>>),
}

type Ended = (SourceId, Result<Ran, CommitError>);

/// Schedules, and what is under way.
pub(super) struct Runs {
    config: Arc<Config>,
    store: Arc<dyn Store>,
    board: Arc<Board>,
    collector: Collector,
    share: Option<Share>,
    sources: Vec<Arc<SourceConfig>>,
    next: HashMap<SourceId, Option<DateTime<Utc>>>,
    running: HashSet<SourceId>,
    runs: JoinSet<Ended>,
}

impl Runs {
    /// Of `station`, as of `now`; nothing under way.
    pub fn new(station: &Station, now: DateTime<Utc>) -> Self {
        let mut runs = Self {
            config: station.config.clone(),
            store: station.store.clone(),
            board: station.board.clone(),
            collector: station.collector.clone(),
            share: station.share.clone(),
            sources: if station.crawls() { station.sources() } else { Vec::new() },
            next: HashMap::new(),
            running: HashSet::new(),
            runs: JoinSet::new(),
        };
        runs.plan_all(now);
        runs
    }

    /// Plans every source that is not running, from when it last ran.
    pub fn plan_all(&mut self, now: DateTime<Utc>) {
        for source in self.sources.clone() {
            if self.running.contains(&source.id) {
                continue;
            }
            match self.store.source_state(&source.id) {
                Ok(state) => self.plan(&source, state.last_run, now),
                Err(error) => self.plan_later(&source, &error, now),
            }
        }
    }

    fn plan(&mut self, source: &SourceConfig, last_run: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        match plan::next_run(&self.config, &*self.store, source, last_run, now) {
            Ok(next) => {
                self.next.insert(source.id.clone(), next);
            }
            Err(error) => self.plan_later(source, &error, now),
        }
    }

    fn plan_later(&mut self, source: &SourceConfig, error: &StoreError, now: DateTime<Utc>) {
        let next = self.board.failed(&part_of(&source.id), error, now);
        self.next.insert(source.id.clone(), Some(next));
    }

    /// Sources that an officer asks for now. One that is running comes again when it has ended. Where several processes
    /// crawl, the wish stands until one of them has the source.
    ///
    /// # Errors
    /// Those of the store.
    pub fn take_up_asked(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.sources.is_empty() {
            return Ok(());
        }
        for (name, _) in self.store.states(ASKED)? {
            if let Some(next) = self.next.get_mut(&SourceId::from(&name[ASKED.len()..])) {
                *next = Some(now);
            }
            if self.share.is_none() {
                self.store.write(&mut |write| write.drop_state(&name))?;
            }
        }
        Ok(())
    }

    /// Starts what is due at `now`.
    ///
    /// # Errors
    /// Those of the store: what others have cannot be read.
    pub fn start_due(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let is_due = |source: &SourceId| {
            let next = self.next.get(source).copied().flatten();
            next.is_some_and(|at| at <= now) && !self.running.contains(source)
        };
        let mut due: Vec<_> = self.sources.iter().filter(|s| is_due(&s.id)).cloned().collect();
        if let Some(share) = self.share.clone().filter(|_| !due.is_empty()) {
            self.leave_others_theirs(&share, &mut due, now)?;
        }
        for source in due {
            self.running.insert(source.id.clone());
            self.plan(&source, Some(now), now);
            self.start(source, now);
        }
        Ok(())
    }

    /// Leaves out what others have, or ask the hosts of, and what is more than this process's share.
    fn leave_others_theirs(
        &mut self,
        share: &Share,
        due: &mut Vec<Arc<SourceConfig>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let leases = share.holding.cluster().leases()?;
        let theirs = |kind: &str| -> HashSet<&str> {
            let others =
                leases.iter().filter(|l| l.kind == kind && l.holder != share.holding.name());
            others.map(|lease| lease.object.as_str()).collect()
        };
        let (sources, hosts) = (theirs(SOURCE), theirs(HOST));
        let is_free = |source: &SourceConfig| {
            !sources.contains(source.id.as_str())
                && !entry_hosts(source).iter().any(|host| hosts.contains(host.as_str()))
        };
        let mut later = Vec::new();
        due.retain(|source| {
            let is_free = is_free(source);
            if !is_free {
                later.push(source.id.clone());
            }
            is_free
        });
        for source in later {
            self.next.insert(source, Some(now + ANOTHERS));
        }
        // Each process begins at another place, so that two of them seldom reach for the same.
        let at = share.holding.place() % due.len().max(1);
        due.rotate_left(at);
        due.truncate(SHARE_AT_ONCE.saturating_sub(self.running.len()));
        Ok(())
    }

    fn start(&mut self, source: Arc<SourceConfig>, now: DateTime<Utc>) {
        let (collector, config, board) =
            (self.collector.clone(), self.config.clone(), self.board.clone());
        let is_shared = self.share.is_some();
        self.runs.spawn(async move {
            let run = async {
                let _mine = collector.mine(&source.id).await?;
                if is_shared
                    && let Some(not) = waits(&collector, config, board, source.clone(), now).await?
                {
                    return Ok(not);
                }
                collector.run_mine(&source).await.map(|outcome| Ran::Whole(Box::new(outcome)))
            };
            let run = AssertUnwindSafe(run).catch_unwind().await;
            let panicked = |_| Err(CommitError::Worker("a run panicked; see the log".to_owned()));
            (source.id.clone(), run.unwrap_or_else(panicked))
        });
    }

    /// The next run that ends; none while there is none.
    pub async fn join_next(&mut self) -> Option<Result<Ended, tokio::task::JoinError>> {
        self.runs.join_next().await
    }

    /// Cuts off what is under way: it goes on at the next start.
    pub fn abort(&mut self) {
        self.runs.abort_all();
    }

    /// Notes how a run ended.
    ///
    /// # Errors
    /// A committer that has ended.
    pub fn note_end(
        &mut self,
        (source, outcome): Ended,
        now: DateTime<Utc>,
    ) -> Result<(), CommitError> {
        self.running.remove(&source);
        let config = self.sources.iter().find(|s| s.id == source).cloned();
        match (outcome, config) {
            (Ok(Ran::Whole(outcome)), config) => {
                self.board.worked(&part_of(&source));
                // What came in may change how soon to ask again.
                if let Some(config) = config {
                    self.plan(&config, Some(outcome.started), outcome.ended);
                }
            }
            (Ok(Ran::Not(next)), _) => drop(self.next.insert(source, next)),
            (Err(CommitError::Lost), _) => {
                self.next.insert(source, Some(now + ANOTHERS));
            }
            (Err(error), _) => {
                // Nothing more can be stored: that alone ends the station.
                self.collector.committer.check()?;
                let next = self.board.failed(&part_of(&source), &error, now);
                self.next.insert(source, Some(next));
            }
        }
        Ok(())
    }
}

/// Whether a source that was just had has to wait after all, and until when: another process may have run it, or failed at
/// it, since it was planned here. A wish of an officer is fulfilled by whoever has the source.
async fn waits(
    collector: &Collector,
    config: Arc<Config>,
    board: Arc<Board>,
    source: Arc<SourceConfig>,
    now: DateTime<Utc>,
) -> Result<Option<Ran>, CommitError> {
    let store = collector.store.clone();
    let look = move || -> Result<_, StoreError> {
        let asked = format!("{ASKED}{}", source.id);
        if store.state(&asked)?.is_some() {
            store.write(&mut |write| write.drop_state(&asked))?;
            return Ok(None);
        }
        let part = part_of(&source.id);
        board.take_over(&*store, &part)?;
        if !board.may_try(&part, now) {
            return Ok(Some(Ran::Not(Some(now + ANOTHERS))));
        }
        let last = store.source_state(&source.id)?.last_run;
        let next = plan::next_run(&config, &*store, &source, last, now)?;
        Ok(next.is_none_or(|at| at > now).then_some(Ran::Not(next)))
    };
    Ok(tokio::task::spawn_blocking(look).await??)
}

/// The outcome of a run that was none: another process reads the source.
pub(super) fn elsewhere(now: DateTime<Utc>) -> RunOutcome {
    let error = Some(("elsewhere".to_owned(), CommitError::Lost.to_string()));
    RunOutcome { started: now, ended: now, error, kept: 0 }
}

/// The hosts that a source is entered by.
fn entry_hosts(source: &SourceConfig) -> Vec<String> {
    let urls = crawl::entry_urls(source);
    let mut hosts: Vec<String> = urls
        .iter()
        .filter_map(|url| Url::parse(url).ok())
        .map(|url| crawl::authority(&url))
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

fn part_of(source: &SourceId) -> Part {
    Part::Source(source.0.clone())
}
