//! One run of one source: its entries are read, then its waiting pages.
//!
//! In: a source and the station's parts. Out: steps handed to the committer, and how the run ended. A source whose
//! settings changed forgets first what was read under the old ones. A page
//! that fails is tried again later and never stops the source; a source that fails never stops the others;
//! a store that fails stops everything.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use pipelines::crawl::{self, Entries, FetchOutcome, SourceConfig, SourceKind};
use pipelines::extract;
use pipelines::record::{DropReason, FetchJob, Found, Post, SourceId, Verdict};

use super::backfill;
use super::clock::Clock;
use super::commit::{CommitError, Committer};
use super::deep;
use super::evidence;
use super::holding::{Holding, SOURCE};
use super::hosts;
use super::inbox;
use super::parts::Share;
use super::patience::Patience;
use super::process::Stages;
use super::progress::{Event, Listener};
use super::settings;
use super::step::Step;
use super::stop::Stop;
use crate::store::cluster::Leased;
use crate::store::{Inserted, RunOutcome, Store, Tally};

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
    /// What waits where the store is held or full.
    pub patience: Patience,
    /// What is had for oneself where several processes crawl. What is learned of hosts is stored by itself then, before they
    /// are given back.
    pub(super) share: Option<Share>,
}

/// The run so far.
#[derive(Default)]
pub(super) struct Run {
    pub(super) tally: Tally,
    pub(super) error: Option<(String, String)>,
    /// How often a host asked for patience.
    pub(super) refusals: u32,
}

/// A source that is this process's, given back when this is dropped.
pub(super) struct Mine(Option<(Arc<Holding>, String)>);

impl Drop for Mine {
    fn drop(&mut self) {
        let Some((holding, name)) = self.0.take() else { return };
        let give_back = move || holding.give_back(SOURCE, &name);
        // A task must not wait for the server.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(give_back)),
            Err(_) => give_back(),
        }
    }
}

impl Collector {
    /// Runs `source` once: entries, then all waiting pages that are due.
    ///
    /// # Errors
    /// Only those of the store; what goes wrong with the source is in the outcome.
    pub async fn run(&self, source: &Arc<SourceConfig>) -> Result<RunOutcome, CommitError> {
        let _mine = self.mine(&source.id).await?;
        self.run_mine(source).await
    }

    /// Takes `source` for this process, for as long as the answer lives.
    ///
    /// # Errors
    /// `Lost` where another worker has it.
    pub(super) async fn mine(&self, source: &SourceId) -> Result<Mine, CommitError> {
        let Some(share) = &self.share else { return Ok(Mine(None)) };
        let (holding, name) = (share.holding.clone(), source.0.clone());
        let taken = tokio::task::spawn_blocking(move || {
            let leased = holding.take(SOURCE, &name)?;
            Ok::<_, CommitError>((leased != Leased::Taken).then_some((holding, name)))
        });
        match taken.await?? {
            Some(held) => Ok(Mine(Some(held))),
            None => Err(CommitError::Lost),
        }
    }

    /// Runs a source that is this process's.
    pub(super) async fn run_mine(
        &self,
        source: &Arc<SourceConfig>,
    ) -> Result<RunOutcome, CommitError> {
        let started = (self.clock)();
        settings::note(&*self.store, source)?;
        self.stages.wear_layers(&*self.store)?;
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
        // One that was cut is no run: it goes on at the next start, not at the next time of its schedule.
        if self.stop.is_asked() {
            return Ok(outcome);
        }
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

    pub(super) async fn store_step(
        &self,
        mut step: Step,
        run: &mut Run,
    ) -> Result<(), CommitError> {
        if self.share.is_none() {
            step.states.extend(hosts::changed(&self.fetcher)?);
        }
        let source = step.source.clone();
        let tally = self.committer.commit(step).await?;
        if let Some(share) = &self.share {
            share.holding.counts(tally.received);
        }
        run.tally.add(&tally);
        let waiting = self.store.waiting_jobs(&source)?;
        (self.listener)(&Event::Stored { source, tally, waiting });
        Ok(())
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
    take_items(store, stages, source, entries.items, &mut step)?;
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
            // It would never be asked, and its row would keep the house itself from asking: what the feed said stands.
            match stages.in_its_stead(&url, hint, source, now) {
                Some(verdict) => step.take(verdict),
                None => step.take_drop(DropReason::OtherHost),
            };
            continue;
        }
        let hint = extract::without_names(hint);
        step.jobs.push(FetchJob { hint, ..FetchJob::new(url, &source.id, now) });
    }
    Ok(step)
}

/// Judges the items that are new or changed: a feed shows the same ones for weeks.
fn take_items(
    store: &dyn Store,
    stages: &Stages,
    source: &SourceConfig,
    items: Vec<(String, Found)>,
    step: &mut Step,
) -> Result<(), CommitError> {
    let mut fresh = Vec::new();
    for (url, found) in items {
        match stages.unjudged(&url, found, source, step.now) {
            Verdict::Keep(post) if !is_known(store, stages, source, &post)? => fresh.push(post),
            Verdict::Keep(_) => drop(step.take_drop(DropReason::Duplicate)),
            Verdict::Drop(reason) => drop(step.take_drop(reason)),
        }
    }
    let mut place = stages.line().enter(fresh.len());
    for post in fresh {
        let in_haste = place.turn() && stages.reads_deep();
        let id = post.id;
        let verdict = stages.judged(post, source, step.now, in_haste);
        if in_haste && matches!(verdict, Verdict::Keep(_)) {
            step.states.push(deep::owed_post(id));
        }
        step.take(verdict);
    }
    Ok(())
}

/// Whether nothing of this post is new, and nothing of it is wanted that is not kept.
fn is_known(
    store: &dyn Store,
    stages: &Stages,
    source: &SourceConfig,
    post: &Post,
) -> Result<bool, CommitError> {
    let is_stored = store.reception(post)? == Inserted::Duplicate;
    Ok(is_stored && !(stages.keeps_evidence(source) && evidence::is_news(store, post)?))
}

#[cfg(test)]
#[path = "collect/tests.rs"]
mod tests;
