//! One round of sources by hand: asked, read, stored, told, and counted.
//!
//! In: an open directory and the sources. Out: what became of each. A round that is stopped says so: what it was at
//! waits in the frontier.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipelines::crawl::SourceConfig;
use pipelines::locale::Lang;
use pipelines::record::SourceId;

use super::{LEAVE_WITHIN, Works};
use crate::engine::delivery;
use crate::engine::health;
use crate::store::{RunOutcome, Tally};

/// What a round did with one source.
#[derive(Clone, Debug)]
pub struct RoundRow {
    /// The source.
    pub source: SourceId,
    /// Records it sent: kept, dropped and failed ones together.
    pub received: u64,
    /// New posts.
    pub kept: u64,
    /// Records dropped.
    pub dropped: u64,
    /// Records that could not be taken.
    pub failed: u64,
    /// Whether the counts tie out.
    pub ties_out: bool,
    /// Drops by reason.
    pub drops: BTreeMap<String, u64>,
    /// Failures by kind.
    pub failures: BTreeMap<String, u64>,
    /// Pages that wait to be read.
    pub waiting: u64,
    /// The reason that dominates, where all of it was dropped.
    pub lost: Option<String>,
    /// What the source failed with.
    pub error: Option<String>,
    /// What to tell of it, in words: the failure, else that all was dropped.
    pub trouble: Option<String>,
}

/// The reason that dominates where a source's records were all dropped, in words; none where something was kept.
#[must_use]
pub fn lost_in_words(tally: &Tally, lang: Lang) -> Option<String> {
    health::all_lost(tally).map(|lost| health::lost_in_words(&lost, lang))
}

impl Works {
    /// The sources called so that are switched on, by id; all of them where none is called.
    #[must_use]
    pub fn sources(&self, wanted: &[String]) -> Vec<Arc<SourceConfig>> {
        let is_wanted = |id: &str| wanted.is_empty() || wanted.iter().any(|name| name == id);
        let all = self.station.sources().into_iter();
        let mut sources = all.filter(|s| is_wanted(s.id.as_str())).collect::<Vec<_>>();
        sources.sort_by(|a, b| a.id.cmp(&b.id));
        sources
    }

    /// One round of `sources` with the deliveries that are due after it; none where it was stopped.
    ///
    /// # Errors
    /// A store that cannot be written.
    pub fn round(
        &self,
        sources: &[Arc<SourceConfig>],
        lang: Lang,
    ) -> anyhow::Result<Option<Vec<RoundRow>>> {
        let station = &self.station;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let before = station.tallies(sources)?;
        let outcomes = runtime.block_on(async {
            tokio::select! {
                () = station.stop.asked() => Ok(None),
                outcomes = self.with_deliveries(sources) => outcomes.map(Some),
            }
        });
        runtime.shutdown_timeout(LEAVE_WITHIN);
        let Some(outcomes) = outcomes? else {
            station.keep_host_memory()?;
            return Ok(None);
        };
        let after = station.tallies(sources)?;
        let counted = outcomes.iter().zip(before.iter().zip(&after));
        let rows = counted.map(|((id, outcome), (before, after))| {
            self.round_row(id, outcome, &after.since(before), lang)
        });
        rows.collect::<anyhow::Result<Vec<_>>>().map(Some)
    }

    fn round_row(
        &self,
        id: &SourceId,
        outcome: &RunOutcome,
        tally: &Tally,
        lang: Lang,
    ) -> anyhow::Result<RoundRow> {
        let error = outcome.error.as_ref().map(|(_, text)| text.clone());
        Ok(RoundRow {
            source: id.clone(),
            received: tally.received,
            kept: tally.kept,
            dropped: tally.dropped_total(),
            failed: tally.failed_total(),
            ties_out: tally.ties_out(),
            drops: tally.dropped.iter().cloned().collect(),
            failures: tally.failed.iter().cloned().collect(),
            waiting: self.station.store.waiting_jobs(id)?,
            lost: health::all_lost(tally).map(|(reason, _)| reason),
            trouble: outcome.error.as_ref().map_or_else(
                || lost_in_words(tally, lang),
                |(kind, said)| Some(health::trouble_in_words(kind, said, lang)),
            ),
            error,
        })
    }

    async fn with_deliveries(
        &self,
        sources: &[Arc<SourceConfig>],
    ) -> anyhow::Result<Vec<(SourceId, RunOutcome)>> {
        let station = &self.station;
        let outcomes = station.round(sources).await?;
        let now = self.now();
        station.look_at_clock(now);
        if !station.time.is_doubted() {
            station.look_at_silence(now)?;
        }
        // On a shared store whoever keeps it tells.
        if let Some(shared) = station.shared() {
            delivery::deliver_due(&shared).await?;
        }
        Ok(outcomes)
    }
}
