//! Tables whose rows have no end date of their own, made smaller once a day.
//!
//! In: the date before which posts go. Out: counts by the day instead of by the hour where nobody asks for the hour any
//! more, and a frontier without pages of posts that are past their date. The audit is never made smaller.

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::{Result, Store};

/// Counts are kept by the hour for the four weeks that the usual of a source is reckoned from, and one more.
const BY_THE_HOUR: TimeDelta = TimeDelta::days(35);

/// Thins what is older than it is asked for. A page that is still on a list when its row is gone is asked for once
/// more, and dropped as too old.
///
/// # Errors
/// Those of the store.
pub fn thin(
    store: &dyn Store,
    posts_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    store.write(&mut |write| {
        write.thin_tallies(now - BY_THE_HOUR)?;
        match posts_before {
            Some(before) => write.forget_done_jobs(before).map(drop),
            None => Ok(()),
        }
    })
}
