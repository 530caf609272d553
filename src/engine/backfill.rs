//! Back-filling: the archive of a source, as far back as asked, within bounds.
//!
//! In: a source, a day and a number of list pages. Out: the pages of its lists that reach back to that day in the
//! frontier, then read like any others. What was reached is stored after each list page, so that a back-fill
//! that was cut goes on where it was; politeness and the daily budget of each host hold as always, and what the
//! budget leaves waits for the next day.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::{self, FetchOutcome, SourceConfig, SourceKind};
use pipelines::record::{DropReason, FetchJob};
use serde::{Deserialize, Serialize};

use super::collect::{Collector, entry_step, what_went_wrong};
use super::commit::CommitError;
use crate::store::{Result, Store, StoreError};

/// How far back, and through how many list pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Nothing published before.
    pub from: DateTime<Utc>,
    /// List pages read at most.
    pub pages: u32,
}

/// How far a back-fill has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Nothing published before.
    pub from: DateTime<Utc>,
    /// List pages still to be read.
    pub waiting: VecDeque<String>,
    /// List pages read.
    pub read: u32,
    /// Pages found on them.
    pub found: u64,
    /// The oldest date seen on a list.
    pub oldest: Option<DateTime<Utc>>,
    /// The addresses of the last list page: a page that says the same again is the end, or a trap.
    last: BTreeSet<String>,
    /// Kind and text of what ended it early.
    pub error: Option<(String, String)>,
}

fn key(source: &SourceConfig) -> String {
    format!("backfill:{}", source.id)
}

/// The back-fill of `source` that is under way.
///
/// # Errors
/// Those of the store.
pub fn under_way(store: &dyn Store, source: &SourceConfig) -> Result<Option<Progress>> {
    let Some(json) = store.state(&key(source))? else { return Ok(None) };
    let read = serde_json::from_str(&json).map(Some);
    read.map_err(|e| StoreError::Corrupt { what: key(source), cause: e.to_string() })
}

/// The source with a horizon that reaches as far back as its back-fill, while one is under way.
///
/// # Errors
/// Those of the store.
pub fn extended(
    store: &dyn Store,
    source: &Arc<SourceConfig>,
    now: DateTime<Utc>,
) -> Result<Arc<SourceConfig>> {
    let progress = under_way(store, source)?;
    let Some(progress) = progress.filter(|_| source.horizon_days > 0) else {
        return Ok(source.clone());
    };
    let days = u32::try_from((now - progress.from).num_days() + 1).unwrap_or(u32::MAX);
    Ok(Arc::new(SourceConfig { horizon_days: days.max(source.horizon_days), ..(**source).clone() }))
}

/// Reads the lists of `source` back to the bound; answers how far it came. Its pages wait in the frontier then.
///
/// # Errors
/// Those of the store; what went wrong with the source is in the answer.
pub async fn read_lists(
    collector: &Collector,
    source: &Arc<SourceConfig>,
    bounds: Bounds,
    tell: &(dyn Fn(&Progress) + Send + Sync),
) -> std::result::Result<Progress, CommitError> {
    let _mine = collector.mine(&source.id).await?;
    let source = Arc::new(with_pages(source, bounds.pages));
    let mut progress = match under_way(&*collector.store, &source)? {
        Some(stored) if stored.from == bounds.from => Progress { error: None, ..stored },
        _ => Progress::new(&source, bounds),
    };
    while let Some(url) = progress.waiting.pop_front() {
        if progress.read >= bounds.pages {
            break;
        }
        progress.read += 1;
        read_list(collector, &source, &url, &mut progress).await?;
        keep(collector, &source, &progress)?;
        tell(&progress);
        if progress.error.is_some() {
            break;
        }
    }
    Ok(progress)
}

/// A back-fill whose pages have all been read is over.
///
/// # Errors
/// Those of the store.
pub fn close(collector: &Collector, source: &SourceConfig) -> Result<()> {
    collector.store.write(&mut |write| write.drop_state(&key(source)))
}

fn keep(collector: &Collector, source: &SourceConfig, progress: &Progress) -> Result<()> {
    let json = serde_json::to_string(progress)
        .map_err(|e| StoreError::Corrupt { what: key(source), cause: e.to_string() })?;
    collector.store.write(&mut |write| write.put_state(&key(source), &json))
}

async fn read_list(
    collector: &Collector,
    source: &Arc<SourceConfig>,
    url: &str,
    progress: &mut Progress,
) -> std::result::Result<(), CommitError> {
    let now = (collector.clock)();
    let job = FetchJob::new(url, &source.id, now);
    let page = match collector.fetcher.fetch(&job, source, now).await {
        FetchOutcome::Page(page) => *page,
        // The list is shorter than the bound: the end, not a failure.
        FetchOutcome::Dropped { reason: DropReason::Gone, .. } if progress.read > 1 => {
            progress.waiting.clear();
            return Ok(());
        }
        other => {
            progress.error = Some(what_went_wrong(&other));
            progress.read -= 1;
            progress.waiting.push_front(url.to_owned());
            return Ok(());
        }
    };
    let mut entries = match crawl::read_entry(&page, source, now) {
        Ok(entries) => entries,
        // A page without articles ends a list like one that is gone.
        Err(error) if progress.read > 1 && error.kind() == "no_links" => {
            progress.waiting.clear();
            return Ok(());
        }
        Err(error) => {
            progress.error = Some((error.kind().to_owned(), error.to_string()));
            return Ok(());
        }
    };
    if let Some(moved) = entries.moved.take() {
        progress.waiting.push_front(moved);
        return Ok(());
    }
    let addresses: BTreeSet<String> = entries.jobs.iter().map(|(url, _)| url.clone()).collect();
    let dates = entries.jobs.iter().filter_map(|(_, hint)| hint.published.as_ref().map(|p| p.at));
    let newest = dates.clone().max();
    progress.oldest = progress.oldest.into_iter().chain(dates.min()).min();
    let from = progress.from;
    entries.jobs.retain(|(_, hint)| hint.published.as_ref().is_none_or(|p| p.at >= from));
    let is_over = newest.is_some_and(|at| at < from) || addresses == progress.last;
    if is_over {
        progress.waiting.clear();
    } else {
        progress.waiting.extend(std::mem::take(&mut entries.more));
        let step = entry_step(&*collector.store, &collector.stages, source, entries, now)?;
        progress.found += step.jobs.len() as u64 + step.posts.len() as u64;
        collector.committer.commit(step).await?;
    }
    progress.last = addresses;
    Ok(())
}

impl Progress {
    fn new(source: &SourceConfig, bounds: Bounds) -> Self {
        Self {
            from: bounds.from,
            waiting: crawl::entry_urls(source).into(),
            read: 0,
            found: 0,
            oldest: None,
            last: BTreeSet::new(),
            error: None,
        }
    }
}

/// The source with as many list pages as the bound allows, and a horizon that reaches back.
fn with_pages(source: &SourceConfig, bound: u32) -> SourceConfig {
    let mut source = source.clone();
    source.horizon_days = 0;
    match &mut source.kind {
        SourceKind::List { pages, .. } | SourceKind::Search { pages, .. } => *pages = bound,
        _ => {}
    }
    source
}

/// How long `waiting` pages take at one request every `delay_secs`, and `budget` requests a day.
#[must_use]
pub fn estimate(waiting: u64, delay_secs: f64, budget: u32) -> TimeDelta {
    let pages = i64::try_from(waiting).unwrap_or(i64::MAX);
    let paced = TimeDelta::seconds((waiting as f64 * delay_secs).ceil() as i64);
    let days = if budget == 0 { 0 } else { (pages - 1).max(0) / i64::from(budget) };
    paced.max(TimeDelta::days(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_knows_pace_and_budget() {
        for (waiting, delay, budget, expected) in [
            (0, 2.0, 5000, TimeDelta::zero()),
            (100, 2.0, 5000, TimeDelta::seconds(200)),
            (5000, 2.0, 5000, TimeDelta::seconds(10_000)),
            (12_000, 2.0, 5000, TimeDelta::days(2)),
            (12_000, 2.0, 0, TimeDelta::seconds(24_000)),
        ] {
            assert_eq!(estimate(waiting, delay, budget), expected, "{waiting} pages");
        }
    }
}
