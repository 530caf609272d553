//! The health board: one line a source, troubled ones first, each with what is wrong in words.
//!
//! In: nothing but the station. Out: lines. A source that failed, fell silent or lost its dates never looks like
//! one that is well.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipelines::crawl::SourceConfig;
use serde::Serialize;

use super::{Act, Desk, Result, Who};
use crate::config::Config;
use crate::engine::health::{Health, Standing, health, reason_in_words};

/// Posts of a source that are looked at for doubt, and how many it must have.
const LATEST: usize = 30;
const LEAST: usize = 12;

/// One line of the board.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SourceRow {
    /// As queries name it.
    pub id: String,
    /// As officers know it.
    pub name: String,
    /// How it stands; a locale key under `cli.source.standing_`.
    #[schema(value_type = String)]
    pub standing: &'static str,
    /// Whether an officer should look at it.
    pub troubled: bool,
    /// The last run.
    pub last_run: Option<DateTime<Utc>>,
    /// The last good run.
    pub last_good: Option<DateTime<Utc>>,
    /// The time of its newest post.
    pub last_post: Option<DateTime<Utc>>,
    /// New posts in 24 hours.
    pub day: u64,
    /// What is usual in the same hours.
    pub usual: Option<f64>,
    /// Pages that wait to be read.
    pub waiting: u64,
    /// Counts since the beginning: received, kept, dropped, failed.
    pub counts: [u64; 4],
    /// Whether every record of theirs is accounted for.
    pub ties_out: bool,
    /// Drops by reason, since the beginning.
    pub drops: BTreeMap<String, u64>,
    /// Failures by kind, since the beginning.
    pub failures_by_kind: BTreeMap<String, u64>,
    /// Runs in a row that failed.
    pub failures: u32,
    /// Whole days since a post was new or changed.
    pub unchanged_days: Option<i64>,
    /// Why it is silent, as a name, where the counts show it.
    #[schema(value_type = Option<String>)]
    pub silence: Option<&'static str>,
    /// The drop reason that dominates, where nothing was kept.
    pub lost: Option<String>,
    /// What the last run failed with: its kind, and what was said.
    #[schema(value_type = Option<Vec<String>>)]
    pub error: Option<(String, String)>,
    /// Whether it stands in a file of the user, who may edit it.
    pub own: bool,
    /// What is wrong, in words.
    pub reason: Option<String>,
}

impl Desk {
    /// The board.
    ///
    /// # Errors
    /// A broken store.
    pub fn sources(&self, who: &Who) -> Result<Vec<SourceRow>> {
        self.check(who, Act::SeeSources)?;
        let now = self.now();
        let mut board = Vec::new();
        for source in &self.config.sources {
            let health = health(&*self.store, source, now)?;
            let (place, waiting) = (rank(health.standing), self.store.waiting_jobs(&source.id)?);
            board.push((place, row(&self.config, who, source, (health, waiting))));
        }
        board.sort_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
        Ok(board.into_iter().map(|(_, row)| row).collect())
    }

    /// The share of a source's latest posts whose polarity is in doubt; none where it has brought too few.
    ///
    /// # Errors
    /// A broken store.
    pub fn doubt(&self, who: &Who, source: &SourceConfig) -> Result<Option<f64>> {
        self.check(who, Act::SeeSources)?;
        let posts = self.store.latest_posts(&source.id, LATEST)?;
        if posts.len() < LEAST {
            return Ok(None);
        }
        let unsure = posts.iter().filter(|post| post.shown().0.is_unsure()).count();
        Ok(Some(unsure as f64 / posts.len() as f64))
    }
}

/// The board of a station that has not collected anything yet.
#[must_use]
pub fn never_run(config: &Config, who: &Who) -> Vec<SourceRow> {
    let rows =
        config.sources.iter().map(|source| row(config, who, source, (Health::never(source), 0)));
    let mut rows = rows.collect::<Vec<_>>();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows
}

fn row(
    config: &Config,
    who: &Who,
    source: &SourceConfig,
    (health, waiting): (Health, u64),
) -> SourceRow {
    let tally = &health.state.tally;
    SourceRow {
        id: source.id.0.clone(),
        name: source.name.clone(),
        standing: health.standing.as_str(),
        troubled: rank(health.standing) < rank(Standing::Never),
        last_run: health.state.last_run,
        last_good: health.state.last_good,
        last_post: health.state.last_post,
        day: health.day,
        usual: health.usual,
        waiting,
        counts: [tally.received, tally.kept, tally.dropped_total(), tally.failed_total()],
        ties_out: tally.ties_out(),
        drops: tally.dropped.iter().cloned().collect(),
        failures_by_kind: tally.failed.iter().cloned().collect(),
        failures: health.state.failures,
        unchanged_days: health.unchanged_days,
        silence: health.reason.map(|reason| reason.as_str()),
        lost: health.lost.as_ref().map(|(reason, _)| reason.clone()),
        error: health.state.error.clone(),
        own: config.file_of("source", source.id.as_str()).is_some(),
        reason: reason_in_words(&health, who.lang),
    }
}

/// Troubled ones first.
fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Failed => 0,
        Standing::Dropped => 1,
        Standing::Silent => 2,
        Standing::Undated => 3,
        Standing::Never => 4,
        Standing::Good => 5,
        Standing::Off => 6,
    }
}
