//! The health board: one line a source, troubled ones first, each with what is wrong in words.
//!
//! In: nothing but the station. Out: lines. A source that failed, fell silent or lost its dates never looks like
//! one that is well.

use chrono::{DateTime, Utc};
use pipelines::crawl::SourceConfig;
use serde::Serialize;

use super::{Act, Desk, Result, Who};
use crate::engine::health::{Health, Standing, health, reason_in_words};

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
            board.push((rank(health.standing), self.source_row(who, source, &health)?));
        }
        board.sort_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
        Ok(board.into_iter().map(|(_, row)| row).collect())
    }

    fn source_row(&self, who: &Who, source: &SourceConfig, health: &Health) -> Result<SourceRow> {
        let tally = &health.state.tally;
        Ok(SourceRow {
            id: source.id.0.clone(),
            name: source.name.clone(),
            standing: health.standing.as_str(),
            troubled: rank(health.standing) < rank(Standing::Never),
            last_run: health.state.last_run,
            last_good: health.state.last_good,
            last_post: health.state.last_post,
            day: health.day,
            usual: health.usual,
            waiting: self.store.waiting_jobs(&source.id)?,
            counts: [tally.received, tally.kept, tally.dropped_total(), tally.failed_total()],
            own: self.config.file_of("source", source.id.as_str()).is_some(),
            reason: reason_in_words(health, who.lang),
        })
    }
}

/// Troubled ones first.
#[must_use]
pub fn rank(standing: Standing) -> u8 {
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
