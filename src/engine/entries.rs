//! The entry pages of a source: its feed, the pages of its lists, the members of its sitemap.
//!
//! In: a source. Out: a step for each entry page: its items are judged and stored, its links go to the frontier, and
//! only with them are its validators remembered. A list ends where the page after it is gone, is empty, or is one
//! that was read: that is no fault. A page that only points to another is followed. Bounded, so that a calendar
//! without end is left where a list would be.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use pipelines::crawl::{self, Entries, FetchOutcome, SourceConfig, SourceKind};
use pipelines::record::{DropReason, FetchJob, Page};

use super::collect::{Collector, Run, entry_step, what_went_wrong};
use super::commit::CommitError;
use super::evidence;
use super::step::Step;

/// Entry pages of one source read in one run: next pages of lists, members of a sitemap index.
const MAX_ENTRY_PAGES: usize = 1_000;

/// Signposts followed one after the other.
const MAX_SIGNPOSTS: usize = 3;

/// An entry page to be read.
struct Waiting {
    url: String,
    /// Whether it continues a list, which may be shorter than was thought.
    continues: bool,
    signposts: usize,
}

/// What an entry page led to.
enum Read {
    /// It was read; these continue it.
    On(Vec<String>),
    /// It only points there.
    Moved(String),
    /// It did not come, or is not what it should be; the run has the error.
    Failed,
    /// There is nothing of the list here any more.
    End,
}

impl Collector {
    /// Reads the entry pages of `source`.
    ///
    /// # Errors
    /// Only those of the store.
    pub(super) async fn read_entries(
        &self,
        source: &Arc<SourceConfig>,
        run: &mut Run,
    ) -> Result<(), CommitError> {
        let mut asked = HashSet::new();
        let lists = crawl::entry_lists(source);
        let mut left = entry_bound(source, lists.iter().map(Vec::len).sum());
        for pages in lists {
            let waiting = pages.into_iter().enumerate().map(|(at, url)| Waiting {
                url,
                continues: at > 0,
                signposts: 0,
            });
            self.read_list(source, waiting.collect(), &mut asked, &mut left, run).await?;
        }
        Ok(())
    }

    async fn read_list(
        &self,
        source: &Arc<SourceConfig>,
        mut waiting: VecDeque<Waiting>,
        asked: &mut HashSet<String>,
        left: &mut usize,
        run: &mut Run,
    ) -> Result<(), CommitError> {
        while let Some(entry) = waiting.pop_front().filter(|_| !self.stop.is_asked()) {
            if *left == 0 || !asked.insert(entry.url.clone()) {
                continue;
            }
            *left -= 1;
            match self.ask_entry(source, &entry, asked, run).await? {
                Read::On(more) => waiting.extend(more.into_iter().map(|url| Waiting {
                    url,
                    continues: true,
                    signposts: 0,
                })),
                Read::Moved(url) if entry.signposts < MAX_SIGNPOSTS => {
                    *left += 1;
                    let signposts = entry.signposts + 1;
                    waiting.push_front(Waiting { url, signposts, ..entry });
                }
                Read::End => waiting.clear(),
                Read::Moved(_) | Read::Failed => {}
            }
        }
        Ok(())
    }

    async fn ask_entry(
        &self,
        source: &Arc<SourceConfig>,
        entry: &Waiting,
        asked: &mut HashSet<String>,
        run: &mut Run,
    ) -> Result<Read, CommitError> {
        let job = self.store.entry_job(&source.id, &entry.url)?;
        let now = (self.clock)();
        let may_end = entry.continues && !matches!(source.kind, SourceKind::Sitemap { .. });
        match self.fetcher.fetch(&job, source, now).await {
            FetchOutcome::Page(page) => {
                // A site that has no such page shows the first one again.
                if may_end && page.url != entry.url && !asked.insert(page.url.clone()) {
                    return Ok(Read::End);
                }
                match self.read_entry(source, job, *page, run).await? {
                    Ok(read) => Ok(read),
                    Err((kind, _)) if may_end && kind == "no_links" => Ok(Read::End),
                    Err(error) => {
                        run.error = Some(error);
                        Ok(Read::Failed)
                    }
                }
            }
            FetchOutcome::NotModified => {
                self.store_step(Step::new(&source.id, now), run).await?;
                Ok(Read::On(Vec::new()))
            }
            FetchOutcome::Dropped { reason: DropReason::Gone, .. } if may_end => Ok(Read::End),
            other => {
                run.error = Some(what_went_wrong(&other));
                let mut step = Step::new(&source.id, now);
                step.audit.extend(other.audit().map(|line| (entry.url.clone(), line)));
                self.store_step(step, run).await?;
                Ok(Read::Failed)
            }
        }
    }

    /// Stores what an entry page holds as one step.
    async fn read_entry(
        &self,
        source: &Arc<SourceConfig>,
        job: FetchJob,
        page: Page,
        run: &mut Run,
    ) -> Result<Result<Read, (String, String)>, CommitError> {
        let (stages, store, source, now) =
            (self.stages.clone(), self.store.clone(), source.clone(), (self.clock)());
        let read = tokio::task::spawn_blocking(move || {
            let mut entries = match crawl::read_entry(&page, &source, now) {
                Ok(entries) => entries,
                Err(error) => return Ok(Err((error.kind().to_owned(), error.to_string()))),
            };
            let next = next_of(&mut entries);
            let mut step = entry_step(&*store, &stages, &source, entries, now)?;
            step.records = evidence::of_entry(&*store, &stages, &source, &step.posts, &page)?;
            // An entry that goes on elsewhere is read in full each time: a 304 would hide what a killed run
            // had not reached.
            if matches!(&next, Read::On(more) if more.is_empty()) {
                step.entry = Some(FetchJob { validators: page.validators(), ..job });
            }
            Ok::<_, CommitError>(Ok((step, next)))
        })
        .await??;
        match read {
            Ok((step, next)) => {
                self.store_step(step, run).await?;
                Ok(Ok(next))
            }
            Err(error) => Ok(Err(error)),
        }
    }
}

fn next_of(entries: &mut Entries) -> Read {
    match entries.moved.take() {
        Some(url) => Read::Moved(url),
        None => Read::On(std::mem::take(&mut entries.more)),
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
