//! The waiting pages of a source: fetched, read, judged, each a step of its own.
//!
//! In: jobs that are due. Out: steps for the committer. A page that fails is tried again later, and where the feed
//! carried its text that is stored meanwhile; a page that was kept may be looked at again, where another text is an
//! edit and 404 is its end. No page stops the others.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use pipelines::crawl::{self, FetchOutcome, SourceConfig};
use pipelines::extract;
use pipelines::record::{AnnotatedPost, DropReason, FetchJob, Page, PostId, Validators, Verdict};

use super::collect::{Collector, Run};
use super::commit::CommitError;
use super::evidence;
use super::look::{look_after, next_look};
use super::process::Stages;
use super::step::{PageDone, Seen, Step};
use crate::store::Tally;

/// Pages of one source asked for at the same time; politeness per host is the fetcher's business.
const PAGES_AT_ONCE: usize = 8;

/// Pages read from the frontier at a time.
const BATCH: usize = 64;

/// Parts of one article read at most.
const MAX_PARTS: usize = 12;

/// Pages put off because their host asks for patience, in one run: as many more would be put off one by one.
const MAX_REFUSALS: u32 = 256;

/// A page that failed this often is given up.
const MAX_ATTEMPTS: u32 = 5;

impl Collector {
    /// Reads the pages of `source` that are due.
    ///
    /// # Errors
    /// Only those of the store. A run that was refused often is given up; what waits goes on with the next.
    pub(super) async fn read_pages(
        &self,
        source: &Arc<SourceConfig>,
        run: &mut Run,
    ) -> Result<(), CommitError> {
        while !self.stop.is_asked() && run.refusals < MAX_REFUSALS {
            let now = (self.clock)();
            let jobs = self.store.due_jobs(&source.id, now, BATCH)?;
            if jobs.is_empty() {
                return Ok(());
            }
            // Where a source has several hosts, none of them keeps the others waiting.
            let jobs = crawl::frontier::in_turns(jobs, now);
            let steps = stream::iter(jobs).map(|job| self.read_page(source, job));
            let mut steps = steps.buffer_unordered(self.fetcher.at_once(PAGES_AT_ONCE));
            while let Some(step) = steps.next().await {
                let (step, error) = step?;
                let was_refused = |done: &PageDone| matches!(done, PageDone::Postponed { .. });
                if error.is_none() && step.done.iter().any(was_refused) {
                    run.refusals += 1;
                }
                if error.is_some() {
                    run.error = error;
                }
                self.store_step(step, run).await?;
            }
        }
        Ok(())
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
        let mut again = None;
        let result = match outcome {
            FetchOutcome::Page(page) => {
                let (verdict, validators) = self.judge(*page, source, &job, &mut step).await?;
                again = next_look(source, &job, &verdict, now).map(|due| (due, validators));
                step.take(verdict)
            }
            FetchOutcome::NotModified => {
                step.seen.push(Seen::Served { url: job.url.clone(), post: None });
                again = look_after(source, &job, now).map(|due| (due, job.validators.clone()));
                step.take_drop(DropReason::NotModified)
            }
            FetchOutcome::Dropped { reason, .. } => {
                // A page that was never had is not a post that was taken down.
                if job.known_since.is_some() {
                    evidence::note_gone(&mut step, reason, &job.url);
                }
                match self.in_its_stead(&job, source, now).await? {
                    Some(verdict) => step.take(verdict),
                    None => step.take_drop(reason),
                }
            }
            FetchOutcome::Refused { until, .. } => {
                // The page is read later; what the feed said of it is known now.
                if let Some(verdict) = self.in_its_stead(&job, source, now).await? {
                    step.take(verdict);
                }
                let url = job.url;
                step.done.push(PageDone::Postponed { url, due: until, attempts: job.attempts });
                return Ok((step, None));
            }
            FetchOutcome::Failed(failure) => {
                let kind = failure.kind.as_str();
                error = Some((kind.to_owned(), failure.to_string()));
                let outcome = match self.in_its_stead(&job, source, now).await? {
                    Some(verdict) => step.take(verdict),
                    None => step.take_failure(kind),
                };
                // Another look that failed is taken at the next turn; what is stored stands.
                again = look_after(source, &job, now).map(|due| (due, job.validators.clone()));
                if let Some(postponed) = tried_again(&job, failure.kind.is_permanent(), now) {
                    step.done.push(postponed);
                    return Ok((step, error));
                }
                outcome
            }
        };
        step.done.push(match (again, job.known_since) {
            (Some((due, validators)), _) => PageDone::Again { url: job.url, due, validators },
            (None, Some(_)) => PageDone::Finished { url: job.url, outcome: "kept".to_owned() },
            (None, None) => PageDone::Finished { url: job.url, outcome: result },
        });
        Ok((step, error))
    }

    /// What the feed said of a page that did not come, as long as nothing of it is stored.
    async fn in_its_stead(
        &self,
        job: &FetchJob,
        source: &Arc<SourceConfig>,
        now: DateTime<Utc>,
    ) -> Result<Option<Verdict<AnnotatedPost>>, CommitError> {
        let is_known = || self.store.standing(PostId::of_url(&job.url)).map(|s| s.is_some());
        if job.known_since.is_some() || !Stages::has_text(&job.hint) || is_known()? {
            return Ok(None);
        }
        let (stages, job, source) = (self.stages.clone(), job.clone(), source.clone());
        let judged = tokio::task::spawn_blocking(move || {
            stages.in_its_stead(&job.url, job.hint, &source, now)
        });
        Ok(judged.await?)
    }

    /// Reads a page that came: the verdict, and what makes the next GET of it conditional. Its evidence goes
    /// into the step.
    async fn judge(
        &self,
        page: Page,
        source: &Arc<SourceConfig>,
        job: &FetchJob,
        step: &mut Step,
    ) -> Result<(Verdict<AnnotatedPost>, Validators), CommitError> {
        let pages = self.with_next_pages(page, job, source).await;
        let (stages, store, hint) = (self.stages.clone(), self.store.clone(), job.hint.clone());
        let (read_for, now) = (source.clone(), step.now);
        let read = tokio::task::spawn_blocking(move || {
            let validators = pages.first().map(Page::validators).unwrap_or_default();
            let verdict = stages.page(&pages, hint, &read_for, now);
            let records = evidence::of_pages(&*store, &stages, &read_for, &verdict, &pages)?;
            Ok::<_, CommitError>((verdict, records, validators))
        });
        let (verdict, records, validators) = read.await??;
        step.records = records;
        evidence::note_served(step, &job.url, &verdict);
        Ok((verdict, validators))
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
        let _mine = self.mine(&source.id).await?;
        let mut run = Run::default();
        let (step, _) = self.read_page(source, job).await?;
        self.store_step(step, &mut run).await?;
        Ok(run.tally)
    }

    /// The page with the pages that continue the same article, or hold its text in a frame. A part that does not come ends the article
    /// there; what was read so far is the post.
    async fn with_next_pages(
        &self,
        first: Page,
        job: &FetchJob,
        source: &Arc<SourceConfig>,
    ) -> Vec<Page> {
        let mut pages = vec![first];
        while let Some(last) = pages.last().filter(|_| pages.len() < MAX_PARTS) {
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
}

/// Minutes until a failed page is asked again: 5, 25, 125, 625.
fn retry_delay(attempts: u32) -> TimeDelta {
    TimeDelta::minutes(5_i64.saturating_pow(attempts.min(6)))
}

/// The address of the part that follows, on the same host: the next page, or the frame of a page without a text.
fn next_address(page: &Page) -> Option<String> {
    let html = extract::decode(&page.body, page.header("content-type")).text;
    let base = url::Url::parse(&page.url).ok()?;
    let next = extract::next_page(&html).or_else(|| extract::frame(&html))?;
    let next = base.join(&next).ok()?;
    (next.host() == base.host()).then(|| next.into())
}

/// When a page that could not be had is asked for again; none where that is for good, or was tried often enough.
fn tried_again(job: &FetchJob, is_permanent: bool, now: DateTime<Utc>) -> Option<PageDone> {
    let attempts = job.attempts + 1;
    let goes_on = job.known_since.is_none() && attempts < MAX_ATTEMPTS && !is_permanent;
    let due = now + retry_delay(attempts);
    goes_on.then(|| PageDone::Postponed { url: job.url.clone(), due, attempts })
}
