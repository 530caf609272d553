//! The archive of a source, read back by hand: its list pages first, then a round of what was found on them.
//!
//! In: an open directory, a source, days and pages. Out: how far it came; the rounds go on where it left off.

use std::sync::Arc;

use chrono::{NaiveTime, TimeDelta};
use pipelines::crawl::SourceConfig;

use super::Works;
use crate::engine::backfill::{self, Bounds};
use crate::engine::health::trouble_in_words;

pub use crate::engine::backfill::Progress;

/// How far the list pages were read.
#[derive(Clone, Debug)]
pub struct Lists {
    /// List pages read.
    pub read: u32,
    /// Links found on them.
    pub found: u64,
    /// Pages that wait to be read.
    pub waiting: u64,
    /// Minutes that reading them takes at the pace of the source.
    pub minutes: i64,
    /// What it ended with before its bound, in words.
    pub trouble: Option<String>,
}

impl Works {
    /// Reads the list pages of `source` back by `days`, at most `pages` of them; `told` hears of each. None where it
    /// was stopped.
    ///
    /// # Errors
    /// A store that cannot be read or written.
    pub fn read_lists(
        &self,
        source: &Arc<SourceConfig>,
        (days, pages): (u32, u32),
        lang: pipelines::locale::Lang,
        told: &(dyn Fn(&Progress) + Send + Sync),
    ) -> anyhow::Result<Option<Lists>> {
        // The bound is a day, so that the same command on the same day goes on instead of beginning anew.
        let today = self.now().date_naive().and_time(NaiveTime::MIN).and_utc();
        let bounds = Bounds { from: today - TimeDelta::days(i64::from(days)), pages };
        let station = &self.station;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let progress = runtime.block_on(async {
            tokio::select! {
                () = station.stop.asked() => Ok(None),
                read = backfill::read_lists(&station.collector, source, bounds, told) => read.map(Some),
            }
        })?;
        let Some(progress) = progress else { return Ok(None) };
        let crawl = &station.config.crawl;
        let delay = source.delay_secs.unwrap_or(crawl.delay_secs);
        let waiting = self.waiting(source)?;
        let needed = backfill::estimate(waiting, delay, crawl.daily_requests_per_host);
        let trouble = progress.error.as_ref();
        Ok(Some(Lists {
            read: progress.read,
            found: progress.found,
            waiting,
            minutes: (needed.num_seconds() + 59) / 60,
            trouble: trouble.map(|(kind, said)| trouble_in_words(kind, said, lang)),
        }))
    }

    /// Pages of `source` that wait to be read.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn waiting(&self, source: &SourceConfig) -> anyhow::Result<u64> {
        Ok(self.station.store.waiting_jobs(&source.id)?)
    }

    /// Ends the reading back of `source`, whose pages are all read.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn close_backfill(&self, source: &SourceConfig) -> anyhow::Result<()> {
        Ok(backfill::close(&self.station.collector, source)?)
    }
}
