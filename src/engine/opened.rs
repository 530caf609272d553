//! The store of a station, wherever it is: opened to read beside a station at work, or made.
//!
//! In: a config. Out: an open store. A file lies in the data directory; a server's address comes from the environment. It
//! never answers "nothing" for a store that cannot be opened.

use std::sync::Arc;

use anyhow::Context as _;

use super::data_dir::DataDir;
use super::lock::StationLock;
use crate::config::Config;
use crate::platform;
use crate::store::{Place, Store, StoreError};

/// Nothing was collected or imported yet.
#[derive(Debug, thiserror::Error)]
#[error("there is no data at `{place}` yet; collect or import first")]
pub struct NoData {
    /// The data directory, or the server.
    pub place: String,
}

/// Where the store of `config` is.
///
/// # Errors
/// An address of a server that is not there or cannot be used.
pub fn place(config: &Config) -> Result<Place, StoreError> {
    Ok(match config.store.address()? {
        Some(address) => Place::Server(address),
        None => Place::File(DataDir(config.station.data_dir.clone()).store()),
    })
}

/// Opens the store for reading, making an empty one where nothing was collected yet.
///
/// # Errors
/// A folder, file or schema that cannot be made; those of [`open_store`].
pub fn open_or_make_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    if let Some(store) = opened(config)? {
        return Ok(store);
    }
    let dir = &config.station.data_dir;
    platform::make_private_dir(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let _lock = StationLock::take(dir)?;
    drop(place(config)?.open()?);
    open_store(config)
}

/// Opens the store for reading, beside a station that may be running, with or without the right to write. A
/// store of an older version is brought to this one where that is allowed.
///
/// # Errors
/// [`NoData`] where nothing was collected yet, or a store that cannot be used.
pub fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let missing = || -> anyhow::Result<NoData> {
        let dir = config.station.data_dir.display().to_string();
        let server = config.store.address()?.map(|address| address.to_string());
        Ok(NoData { place: server.unwrap_or(dir) })
    };
    match opened(config)? {
        Some(store) => Ok(store),
        None => Err(missing()?.into()),
    }
}

fn opened(config: &Config) -> anyhow::Result<Option<Arc<dyn Store>>> {
    let place = place(config)?;
    match place.open_to_read() {
        Err(StoreError::Older { .. }) => {
            // Not under a station of the older version that is at work on it.
            let _lock = StationLock::take(&config.station.data_dir)?;
            drop(place.open()?);
            Ok(place.open_to_read()?)
        }
        opened => Ok(opened?),
    }
}
