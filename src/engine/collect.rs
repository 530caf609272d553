//! One run of one source: its entries are read, then its waiting pages.
//!
//! In: a source and the station's parts. Out: steps handed to the committer, and how the run ended. A page
//! that fails is tried again later and never stops the source; a source that fails never stops the others;
//! a store that fails stops everything.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use pipelines::crawl::{self, Entries, FetchOutcome, SourceConfig};
use pipelines::extract;
use pipelines::record::{Channel, DropReason, FetchJob, Page, PostId, Validators};

use super::commit::{CommitError, Committer};
use super::evidence;
use super::process::Stages;
use super::progress::{Event, Listener};
use super::step::{PageDone, Seen, Step};
use crate::store::{RunOutcome, Store, Tally};

/// Pages of one source asked for at the same time; politeness per host is the fetcher's business.
const PAGES_AT_ONCE: usize = 8;

/// Pages read from the frontier at a time.
const BATCH: usize = 64;

/// Entry pages of one source read in one run: next pages of lists, members of a sitemap index.
const MAX_ENTRY_PAGES: usize = 1_000;

/// Parts of one article read at most.
const MAX_PARTS: usize = 12;

/// A page that failed this often is given up.
const MAX_ATTEMPTS: u32 = 5;

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
    /// What time it is.
    pub clock: Clock,
}

/// What time it is; tests give their own.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The run so far.
#[derive(Default)]
struct Run {
    tally: Tally,
    error: Option<(String, String)>,
}

impl Collector {
    /// Runs `source` once: entries, then all waiting pages that are due.
    ///
    /// # Errors
    /// Only those of the store; what goes wrong with the source is in the outcome.
    pub async fn run(&self, source: &Arc<SourceConfig>) -> Result<RunOutcome, CommitError> {
        let started = (self.clock)();
        (self.listener)(&Event::SourceStarted { source: source.id.clone() });
        let mut run = Run::default();
        self.read_entries(source, &mut run).await?;
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

    async fn read_entries(
        &self,
        source: &Arc<SourceConfig>,
        run: &mut Run,
    ) -> Result<(), CommitError> {
        let mut waiting = crawl::entry_urls(source).into_iter().collect::<VecDeque<_>>();
        let mut asked = HashSet::new();
        while let Some(url) = waiting.pop_front() {
            if !asked.insert(url.clone()) || asked.len() > MAX_ENTRY_PAGES {
                continue;
            }
            let job = self.store.entry_job(&source.id, &url)?;
            let now = (self.clock)();
            match self.fetcher.fetch(&job, source, now).await {
                FetchOutcome::Page(page) => {
                    waiting.extend(self.read_entry(source, job, *page, run).await?);
                }
                FetchOutcome::NotModified => {}
                other => {
                    run.error = Some(what_went_wrong(&other));
                    if let Some(line) = other.audit() {
                        let mut step = Step::new(&source.id, now);
                        step.audit.push((url, line));
                        self.store_step(step, run).await?;
                    }
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
                Err(error) => return Ok(Err(("entry".to_owned(), error.to_string()))),
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

    async fn read_pages(
        &self,
        source: &Arc<SourceConfig>,
        run: &mut Run,
    ) -> Result<(), CommitError> {
        loop {
            let jobs = self.store.due_jobs(&source.id, (self.clock)(), BATCH)?;
            if jobs.is_empty() {
                return Ok(());
            }
            let steps = stream::iter(jobs).map(|job| self.read_page(source, job));
            let mut steps = steps.buffer_unordered(PAGES_AT_ONCE);
            while let Some(step) = steps.next().await {
                let (step, error) = step?;
                if error.is_some() {
                    run.error = error;
                }
                self.store_step(step, run).await?;
            }
        }
    }

    /// Fetches and reads one page. The error is for the health board; the step has it counted already.
    async fn read_page(
        &self,
        source: &Arc<SourceConfig>,
        job: FetchJob,
    ) -> Result<(Step, Option<(String, String)>), CommitError> {
        let now = (self.clock)();
        let mut step = Step::new(&source.id, now);
        let outcome = self.fetcher.fetch(&job, source, now).await;
        if let Some(line) = outcome.audit() {
            step.audit.push((job.url.clone(), line));
        }
        let mut error = None;
        let result = match outcome {
            FetchOutcome::Page(page) => {
                let pages = self.with_next_pages(*page, &job, source).await;
                let (stages, store, source, job) =
                    (self.stages.clone(), self.store.clone(), source.clone(), job.clone());
                let read = tokio::task::spawn_blocking(move || {
                    let verdict = stages.page(&pages, job.hint, &source, now);
                    let records = evidence::of_pages(&*store, &stages, &source, &verdict, &pages)?;
                    Ok::<_, CommitError>((verdict, records))
                });
                let (verdict, records) = read.await??;
                step.records = records;
                evidence::note_served(&mut step, &verdict);
                step.take(verdict)
            }
            FetchOutcome::NotModified => {
                step.seen.push(Seen::Served(PostId::of_url(&job.url)));
                step.take_drop(DropReason::NotModified)
            }
            FetchOutcome::Dropped { reason, .. } => {
                evidence::note_gone(&mut step, reason, &job.url);
                step.take_drop(reason)
            }
            FetchOutcome::Refused { until, .. } => {
                let url = job.url;
                step.done.push(PageDone::Postponed { url, due: until, attempts: job.attempts });
                return Ok((step, None));
            }
            FetchOutcome::Failed(failure) => {
                let kind = failure.kind.as_str();
                error = Some((kind.to_owned(), failure.to_string()));
                let outcome = step.take_failure(kind);
                let attempts = job.attempts + 1;
                if attempts < MAX_ATTEMPTS && !failure.kind.is_permanent() {
                    let url = job.url;
                    let due = now + retry_delay(attempts);
                    step.done.push(PageDone::Postponed { url, due, attempts });
                    return Ok((step, error));
                }
                outcome
            }
        };
        step.done.push(PageDone::Finished { url: job.url, outcome: result });
        Ok((step, error))
    }

    /// Reads a known page again: another text is an edit with a record of its own, 404 and 410 mark the post as
    /// gone, a page that came back is no longer gone, and the same text changes nothing.
    ///
    /// # Errors
    /// Only those of the store; what went wrong with the page is in the counts.
    pub async fn read_again(
        &self,
        source: &Arc<SourceConfig>,
        job: FetchJob,
    ) -> Result<Tally, CommitError> {
        let mut run = Run::default();
        let (step, _) = self.read_page(source, job).await?;
        self.store_step(step, &mut run).await?;
        Ok(run.tally)
    }

    /// The page with the pages that continue the same article. A part that does not come ends the article
    /// there; what was read so far is the post.
    async fn with_next_pages(
        &self,
        first: Page,
        job: &FetchJob,
        source: &Arc<SourceConfig>,
    ) -> Vec<Page> {
        let mut pages = vec![first];
        // The next page of a thread holds replies, not more of the article.
        let is_article = source.channel != Channel::Forum;
        while let Some(last) = pages.last().filter(|_| is_article && pages.len() < MAX_PARTS) {
            let Some(url) = next_address(last) else { break };
            if pages.iter().any(|page| page.url == url || page.requested_url == url) {
                break;
            }
            let part = FetchJob { url, validators: Validators::default(), ..job.clone() };
            match self.fetcher.fetch(&part, source, (self.clock)()).await {
                FetchOutcome::Page(page) => pages.push(*page),
                _ => break,
            }
        }
        pages
    }

    async fn store_step(&self, step: Step, run: &mut Run) -> Result<(), CommitError> {
        let source = step.source.clone();
        let tally = self.committer.commit(step).await?;
        run.tally.add(&tally);
        let waiting = self.store.waiting_jobs(&source)?;
        (self.listener)(&Event::Stored { source, tally, waiting });
        Ok(())
    }
}

/// Minutes until a failed page is asked again: 5, 25, 125, 625.
fn retry_delay(attempts: u32) -> TimeDelta {
    TimeDelta::minutes(5_i64.saturating_pow(attempts.min(6)))
}

/// The address of the part that follows, on the same host.
fn next_address(page: &Page) -> Option<String> {
    let html = extract::decode(&page.body, page.header("content-type")).text;
    let base = url::Url::parse(&page.url).ok()?;
    let next = base.join(&extract::next_page(&html)?).ok()?;
    (next.host() == base.host()).then(|| next.into())
}

fn what_went_wrong(outcome: &FetchOutcome) -> (String, String) {
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
fn entry_step(
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
            continue;
        }
        step.jobs.push(FetchJob {
            url,
            source: source.id.clone(),
            validators: Validators::default(),
            due: now,
            attempts: 0,
            hint: extract::without_names(hint),
        });
    }
    Ok(step)
}
