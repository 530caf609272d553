//! When a source is asked next.
//!
//! In: its schedule, its last run, and, where the schedule is adaptive, when it published lately. Out: an
//! instant; one in the past means now. A time that passed while the station was down is made up for once. A
//! source that never ran is due at once, so that a new station hears something at its first start.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::{SourceConfig, frontier};

use crate::config::{Config, Pacing};
use crate::store::{Result, Store};

/// Posts that an adaptive schedule looks back on.
const LOOKED_AT: usize = 500;

/// Days that it looks back.
const LOOKBACK: TimeDelta = TimeDelta::days(7);

/// The next run of `source` after `last_run`; none if its schedule never comes again.
///
/// # Errors
/// Those of the store.
pub fn next_run(
    config: &Config,
    store: &dyn Store,
    source: &SourceConfig,
    last_run: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let Some(last_run) = last_run else { return Ok(Some(now)) };
    // A time after now is that of a clock that was ahead.
    let last_run = last_run.min(now);
    match config.source_pacing(source) {
        Pacing::Cron(schedule) => Ok(schedule.next_after(last_run)),
        Pacing::Adaptive(pace) => {
            let published = store.post_times(&source.id, last_run - LOOKBACK, LOOKED_AT)?;
            Ok(Some(last_run + frontier::interval(&published, pace, last_run)))
        }
    }
}
