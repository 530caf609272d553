//! Opening a desk over a data directory, beside whatever station is at work there.
//!
//! In: a config. Out: a desk. It starts nothing and holds no lock: acts that need the directory for themselves are in
//! [`works`](super::works).

use std::sync::Arc;

use super::Desk;
use crate::config::Config;
use crate::engine::{NoData, open_or_make_store, open_store, system_clock};
use crate::store::Store;

impl Desk {
    /// The desk of what was collected.
    ///
    /// # Errors
    /// Nothing was yet ([`is_missing`]); a store that cannot be opened.
    pub fn open(config: Config) -> anyhow::Result<Self> {
        let store = open_store(&config)?;
        Ok(Self::new(Arc::new(config), store, system_clock()))
    }

    /// The same for acts that may come before anything was collected: the store is made where there is none.
    ///
    /// # Errors
    /// A store that cannot be opened or made.
    pub fn open_or_make(config: Config) -> anyhow::Result<Self> {
        let store = open_or_make_store(&config)?;
        Ok(Self::new(Arc::new(config), store, system_clock()))
    }
}

/// Whether a desk could not be opened because nothing was collected yet.
#[must_use]
pub fn is_missing(error: &anyhow::Error) -> bool {
    error.is::<NoData>()
}

/// The store of `config`, where anything was collected yet; one that cannot be opened is a failure, never "nothing".
///
/// # Errors
/// A store that cannot be opened.
pub(super) fn store_if_any(config: &Config) -> anyhow::Result<Option<Arc<dyn Store>>> {
    match open_store(config) {
        Ok(store) => Ok(Some(store)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
