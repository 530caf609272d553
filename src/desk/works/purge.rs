//! What is past its date deleted by hand, now; and the word of a person that the clock is right.
//!
//! In: a day, or the dates of config. Out: how much went. It does not purge by a clock in doubt, but for a day that was
//! given by hand, which does not hang on what the clock says.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use pipelines::locale::Lang;

use super::{Stop, Who, Works};
use crate::config::Config;
use crate::desk::station::clock_line;
use crate::engine::{LockError, clock, open_store, retention, system_clock};
use crate::store::StoreError;

pub use crate::engine::retention::{Cleared, Cut};

/// What came of it.
pub enum Purged {
    /// Neither was a day given nor does config have dates.
    NoDate,
    /// A station is at work, which heard that its clock is right.
    Confirmed,
    /// The clock is in doubt; what it says, and what to do.
    Doubted(String),
    /// So much went.
    Done(Box<Cleared>, Cut),
}

/// Deletes what is older than `before`, else what is past the dates of config. `clock_is_right` is a person's word;
/// `opened` hears of the wish to stop.
///
/// # Errors
/// Somebody has the directory and does not lend it; a store or evidence folder that cannot be written.
pub fn purge(
    who: &Who,
    config: Config,
    (before, clock_is_right): (Option<NaiveDate>, bool),
    opened: &dyn Fn(&Stop) -> anyhow::Result<()>,
    lang: Lang,
) -> anyhow::Result<Purged> {
    let now = system_clock()();
    let zone = config.station.zone;
    let cut = match before {
        Some(day) => {
            let local = zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
            Cut::before(local.map_or(now, |at| at.with_timezone(&Utc)))
        }
        None => Cut::of(&config.retention, now),
    };
    if cut == Cut::default() {
        return Ok(Purged::NoDate);
    }
    if clock_is_right {
        clock::confirm_by_hand(&*open_store(&config)?, now)?;
    }
    let works = match Works::open(config, super::nobody()) {
        Err(error) if clock_is_right && error.is::<LockError>() => return Ok(Purged::Confirmed),
        opened => opened?,
    };
    let station = &works.station;
    if before.is_none() && station.time.is_doubted() {
        let line = clock_line(&*station.store, lang, zone)?;
        works.close()?;
        return Ok(Purged::Doubted(line.unwrap_or_default()));
    }
    opened(works.stop())?;
    let Some(shared) = station.shared() else {
        let place = station.store.about()?.place;
        return Err(StoreError::Held { place }.into());
    };
    let cleared = retention::clear(&shared, cut, now);
    let noted = cleared.as_ref().ok().map(|cleared| {
        let before: DateTime<Utc> = cut.posts.unwrap_or(now);
        let detail = format!("{} posts by hand", cleared.posts);
        works.noted(who, ("purge_by_hand", &before.to_rfc3339(), &detail))
    });
    works.close()?;
    noted.transpose()?;
    Ok(Purged::Done(Box::new(cleared?), cut))
}
