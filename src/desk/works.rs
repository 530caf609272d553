//! Works that need the data directory for themselves: a round, an import, a purge, the station at work.
//!
//! In: a config and who does it. Out: plain counts. Whoever does these owns the directory (`Who::owner`); a station at
//! work there lends it meanwhile. Each work that changes posts by hand writes its audit line with the name in it.

pub mod backfill;
pub mod backup;
pub mod cluster;
pub mod database;
pub mod import;
pub mod models;
pub mod moving;
pub mod objects;
pub mod purge;
pub mod roles;
pub mod round;
pub mod station;

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Desk, Who};
use crate::config::Config;
use crate::engine::{Station, rebuild_index, system_clock};

pub use crate::engine::{Event, Listener, Stop, nobody};

/// What still runs on a thread of its own after the wish to stop gets so long.
pub const LEAVE_WITHIN: Duration = Duration::from_secs(1);

/// A data directory of one's own for the time of a work.
pub struct Works {
    pub(super) station: Station,
}

impl Works {
    /// Borrows the directory from a station at work there, or takes it.
    ///
    /// # Errors
    /// Somebody has it and does not lend it; a part that cannot be opened.
    pub fn open(config: Config, listener: Listener) -> anyhow::Result<Self> {
        Ok(Self { station: Station::open_lent(config, system_clock(), listener)? })
    }

    /// The desk of what is worked on.
    #[must_use]
    pub fn desk(&self) -> Desk {
        let station = &self.station;
        Desk::new(station.config.clone(), station.store.clone(), station.collector.clock.clone())
    }

    /// The wish to end the work early.
    #[must_use]
    pub fn stop(&self) -> &Stop {
        &self.station.stop
    }

    /// Gives the directory back when everything is on disk and in the index.
    ///
    /// # Errors
    /// A committer or follower that failed.
    pub fn close(self) -> anyhow::Result<()> {
        self.station.close()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        (self.station.collector.clock)()
    }

    /// Says in the audit who did what.
    pub(super) fn noted(
        &self,
        who: &Who,
        (action, object, detail): (&str, &str, &str),
    ) -> anyhow::Result<()> {
        let now = self.now();
        Ok(self
            .station
            .store
            .write(&mut |write| write.audit_by(now, &who.name, action, object, detail))?)
    }
}

/// Makes the index of a desk's store anew, beside the old one, and puts it in its place; `told` hears of each thousand
/// posts. Answers how many there are.
///
/// # Errors
/// A store that cannot be read; another rebuild under way.
pub fn rebuild(desk: &Desk, told: &mut dyn FnMut(u64)) -> anyhow::Result<u64> {
    let posts = desk.store.post_count()?;
    rebuild_index(
        &*desk.store,
        &crate::engine::index_place(&desk.config),
        desk.now(),
        &|| false,
        told,
    )?;
    Ok(posts)
}

/// How many posts are stored.
///
/// # Errors
/// A store that cannot be read.
pub fn stored_posts(desk: &Desk) -> anyhow::Result<u64> {
    Ok(desk.store.post_count()?)
}
