//! A station's store moved to the other kind of place, by hand.
//!
//! In: a config, and where to. Out: what was copied, proven equal. The data directory is held meanwhile: a station at work
//! is not borrowed from but refused, since it would go on with the old store. Config stays as it is: its owner changes it.

use super::{Stop, Who};
use crate::config::{Config, StoreKind};
use crate::engine::{DataDir, StationLock, system_clock};
use crate::platform;
use crate::store::{CopyOrder, Place, copy};

pub use crate::store::{Copied, CopyProgress, TableProof};

/// A store that was moved.
pub struct Moved {
    /// Where it was, and still is.
    pub from: String,
    /// Where it is as well.
    pub to: String,
    /// What was compared.
    pub copied: Copied,
}

/// Copies the store of `config` from the other kind of place to that of `kind`; `is_anew` begins from the first row.
/// `opened` hears of the wish to stop, `told` how far it is.
///
/// # Errors
/// A station at work; places that cannot be used, or hold what they should not.
pub fn copy_store(
    who: &Who,
    config: &Config,
    (kind, is_anew): (StoreKind, bool),
    opened: &dyn Fn(&Stop) -> anyhow::Result<()>,
    told: &(dyn Fn(CopyProgress) + Sync),
) -> anyhow::Result<Moved> {
    let dir = DataDir(config.station.data_dir.clone());
    let (file, server) = (Place::File(dir.store()), Place::Server(config.store.server()?));
    let (from, to) = match kind {
        StoreKind::Postgres => (file, server),
        StoreKind::Sqlite => (server, file),
    };
    platform::make_private_dir(&dir.0)?;
    let _lock = StationLock::take(&dir.0)?;
    let stop = Stop::default();
    opened(&stop)?;
    let is_stopped = || stop.is_asked();
    let now = system_clock()();
    let order = CopyOrder { is_anew, who: &who.name, now, is_stopped: &is_stopped, told };
    let copied = copy(&from, &to, &order)?;
    Ok(Moved { from: from.to_string(), to: to.to_string(), copied })
}
