//! One run of one source: its entries are read, then its waiting pages.
//!
//! In: a source and the station's parts. Out: steps handed to the committer, and how the run ended. A page
//! that fails is tried again later and never stops the source; a source that fails never stops the others;
//! a store that fails stops everything.

use std::collections::{HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipelines::crawl::{self, Entries, FetchOutcome, SourceConfig, SourceKind};
use pipelines::extract;
use pipelines::record::{DropReason, FetchJob, Page};

use super::backfill;
use super::clock::Clock;
use super::commit::{CommitError, Committer};
use super::evidence;
use super::hosts;
use super::inbox;
use super::process::Stages;
use super::progress::{Event, Listener};
use super::step::Step;
use super::stop::Stop;
use crate::store::{RunOutcome, Store, Tally};

/// Entry pages of one source read in one run: next pages of lists, members of a sitemap index.
const MAX_ENTRY_PAGES: usize = 1_000;

/// What a run needs.
#[derive(Clone)]
pub struct Collector {
    /// Where state is read from.
    pub store: Arc<dyn Store>,
    /// Who asks for pages.
    pub fetcher: Arc<crawl::Fetcher>,
    /// What reads and judges them.
    pub stages: Arc<Stages>,
    /// Who stores.
    pub committer: Committer,
    /// Who watches.
    pub listener: Listener,
    /// Where rows that cannot be read are listed.
    pub rejected: PathBuf,
    /// What time it is.
    pub clock: Clock,
    /// The wish to stop.
    pub stop: Stop,
}

/// The run so far.
#[derive(Default)]
pub(super) struct Run {
    pub(super) tally: Tally,
    pub(super) error: Option<(String, String)>,
    /// How often a host asked for patience.
    pub(super) refusals: u32,
}

impl Collector {
    /// Runs `source` once: entries, then all waiting pages that are due.
    ///
    /// # Errors
    /// Only those of the store; what goes wrong with the source is in the outcome.
    pub async fn run(&self, source: &Arc<SourceConfig>) -> Result<RunOutcome, CommitError> {
        let started = (self.clock)();
        let source = &backfill::extended(&*self.store, source, started)?;
        (self.listener)(&Event::SourceStarted { source: source.id.clone() });
        let mut run = Run::default();
        match &source.kind {
            SourceKind::Files { .. } => self.take_in(source, &mut run).await?,
            SourceKind::Pages { urls } => self.note_pages(source, urls, &mut run).await?,
            _ => self.read_entries(source, &mut run).await?,
        }
        self.read_pages(source, &mut run).await?;
        let outcome = RunOutcome {
            started,
            ended: (self.clock)(),
            error: run.error.clone(),
            kept: run.tally.kept,
        };
        self.committer.end_run(&source.id, &outcome).await?;
        (self.listener)(&Event::SourceEnded {
            source: source.id.clone(),
            tally: run.tally,
            error: run.error,
        });
        Ok(outcome)
    }

    /// The files of a source that are new or changed.
    async fn take_in(&self, source: &Arc<SourceConfig>, run: &mut Run) -> Result<(), CommitError> {
        let (collector, source) = (self.clone(), source.clone());
        let taken =
            tokio::task::spawn_blocking(move || inbox::take_in(&collector, &source)).await??;
        run.tally.add(&taken.tally);
        run.error = taken.error;
        Ok(())
    }

    /// Pages given one by one wait like those of a list; a known one is not taken up again.
    async fn note_pages(
        &self,
        source: &Arc<SourceConfig>,
        urls: &[String],
        run: &mut Run,
    ) -> Result<(), CommitError> {
        let now = (self.clock)();
        let urls = urls.iter().filter_map(|url| crawl::canonical_url(url).ok()).collect::<Vec<_>>();
        let mut step = Step::new(&source.id, now);
        for (url, known) in urls.iter().zip(self.store.known_urls(&urls)?) {
            if !known {
                step.jobs.push(FetchJob::new(url, &source.id, now));
            }
        }
        if step.jobs.is_empty() { Ok(()) } else { self.store_step(step, run).await }
    }

    async fn read_entries(
        &self,
        source: &Arc<SourceConfig>,
        run: &mut Run,
    ) -> Result<(), CommitError> {
        let mut waiting = crawl::entry_urls(source).into_iter().collect::<VecDeque<_>>();
        let mut asked = HashSet::new();
        let bound = entry_bound(source, waiting.len());
        while let Some(url) = waiting.pop_front().filter(|_| !self.stop.is_asked()) {
            if !asked.insert(url.clone()) || asked.len() > bound {
                continue;
            }
            let job = self.store.entry_job(&source.id, &url)?;
            let now = (self.clock)();
            match self.fetcher.fetch(&job, source, now).await {
                FetchOutcome::Page(page) => {
                    waiting.extend(self.read_entry(source, job, *page, run).await?);
                }
                FetchOutcome::NotModified => {
                    self.store_step(Step::new(&source.id, now), run).await?;
                }
                other => {
                    run.error = Some(what_went_wrong(&other));
                    let mut step = Step::new(&source.id, now);
                    step.audit.extend(other.audit().map(|line| (url, line)));
                    self.store_step(step, run).await?;
                }
            }
        }
        Ok(())
    }

    /// An entry is one step: its items are judged and stored, its links go to the frontier, and only with
    /// them are its validators remembered. Answers the entry pages that continue it.
    async fn read_entry(
        &self,
        source: &Arc<SourceConfig>,
        job: FetchJob,
        page: Page,
        run: &mut Run,
    ) -> Result<Vec<String>, CommitError> {
        let (stages, store, source, now) =
            (self.stages.clone(), self.store.clone(), source.clone(), (self.clock)());
        let read = tokio::task::spawn_blocking(move || {
            let mut entries = match crawl::read_entry(&page, &source, now) {
                Ok(entries) => entries,
                Err(error) => return Ok(Err((error.kind().to_owned(), error.to_string()))),
            };
            let more = std::mem::take(&mut entries.more);
            let mut step = entry_step(&*store, &stages, &source, entries, now)?;
            step.records = evidence::of_entry(&*store, &stages, &source, &step.posts, &page)?;
            // An entry that goes on elsewhere is read in full each time: a 304 would hide what a killed run
            // had not reached.
            if more.is_empty() {
                step.entry = Some(FetchJob { validators: page.validators(), ..job });
            }
            Ok::<_, CommitError>(Ok((step, more)))
        })
        .await??;
        match read {
            Ok((step, more)) => {
                self.store_step(step, run).await?;
                Ok(more)
            }
            Err(error) => {
                run.error = Some(error);
                Ok(Vec::new())
            }
        }
    }

    pub(super) async fn store_step(
        &self,
        mut step: Step,
        run: &mut Run,
    ) -> Result<(), CommitError> {
        step.states = hosts::changed(&self.fetcher)?;
        let source = step.source.clone();
        let tally = self.committer.commit(step).await?;
        run.tally.add(&tally);
        let waiting = self.store.waiting_jobs(&source)?;
        (self.listener)(&Event::Stored { source, tally, waiting });
        Ok(())
    }
}

/// Entry pages read in one run: as many pages of each list as config says, so that a calendar without end is
/// left where a list would be.
fn entry_bound(source: &SourceConfig, entries: usize) -> usize {
    match &source.kind {
        SourceKind::List { urls, pages, .. } => {
            entries.max(urls.len() * usize::try_from(*pages).unwrap_or(MAX_ENTRY_PAGES))
        }
        SourceKind::Search { .. } => entries,
        _ => MAX_ENTRY_PAGES,
    }
}

pub(super) fn what_went_wrong(outcome: &FetchOutcome) -> (String, String) {
    let text = outcome.audit().unwrap_or_default();
    let kind = match outcome {
        FetchOutcome::Failed(error) => error.kind.as_str().to_owned(),
        FetchOutcome::Refused { because, .. } => because.as_str().to_owned(),
        FetchOutcome::Dropped { reason, .. } => reason.as_str().to_owned(),
        FetchOutcome::Page(_) | FetchOutcome::NotModified => String::new(),
    };
    (kind, text)
}

/// Items are judged; links that are new go to the frontier, known ones are duplicates.
pub(super) fn entry_step(
    store: &dyn Store,
    stages: &Stages,
    source: &SourceConfig,
    entries: Entries,
    now: DateTime<Utc>,
) -> Result<Step, CommitError> {
    let mut step = Step::new(&source.id, now);
    for (reason, n) in entries.drops {
        for _ in 0..n {
            step.take_drop(reason);
        }
    }
    for (url, found) in entries.items {
        let verdict = stages.item(&url, found, source, now);
        step.take(verdict);
    }
    let addresses = entries.jobs.iter().map(|(url, _)| url.clone()).collect::<Vec<_>>();
    for ((url, hint), known) in entries.jobs.into_iter().zip(store.known_urls(&addresses)?) {
        if known {
            step.take_drop(DropReason::Duplicate);
            if matches!(source.kind, SourceKind::Board { .. }) && hint.counts.comments.is_some() {
                let hint = extract::without_names(hint);
                step.grown.push(FetchJob { hint, ..FetchJob::new(url, &source.id, now) });
            }
            continue;
        }
        if !crawl::is_own_address(&url, source) {
            // It would never be asked, and its row would keep the house itself from asking.
            step.take_drop(DropReason::Excluded);
            continue;
        }
        let hint = extract::without_names(hint);
        step.jobs.push(FetchJob { hint, ..FetchJob::new(url, &source.id, now) });
    }
    Ok(step)
}

#[cfg(test)]
#[path = "collect/tests.rs"]
mod tests;
