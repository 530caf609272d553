//! What the duties of a station share: digests, purging, deliveries, looking for silence.
//!
//! In: an open station. Out: handles on its parts, cheap to clone, so that each duty is a task of its own and the
//! station's loop only starts it. It owns nothing that has to be closed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use super::clock::{Clock, Timekeeper};
use super::data_dir::DataDir;
use super::faults::Board;
use super::follow::Nudge;
use super::stop::Stop;
use super::watching::Watching;
use crate::config::Config;
use crate::evidence::Archive;
use crate::store::{Result, Store, StoreWrite};

/// Handles on the parts of one station.
#[derive(Clone)]
pub struct Shared {
    /// The config it runs on.
    pub config: Arc<Config>,
    /// Where things lie.
    pub dir: DataDir,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The rules.
    pub watching: Arc<Watching>,
    /// What does not work, and when it is tried again.
    pub board: Arc<Board>,
    /// How far the clock is believed.
    pub time: Arc<Timekeeper>,
    /// What time it is.
    pub clock: Clock,
    /// The wish to stop.
    pub stop: Stop,
    pub(super) archive: Arc<Mutex<Archive>>,
    pub(super) nudge: Nudge,
}

impl Shared {
    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The evidence files, for purging; nothing is committed while they are held.
    pub fn archive(&self) -> MutexGuard<'_, Archive> {
        self.archive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` as one transaction, on a thread that may wait for the database.
    ///
    /// # Errors
    /// Those of the store; a panic of `work`.
    pub async fn write(
        &self,
        work: impl Fn(&dyn StoreWrite) -> Result<()> + Send + 'static,
    ) -> anyhow::Result<()> {
        let store = self.store.clone();
        let written = tokio::task::spawn_blocking(move || store.write(&mut |write| work(write)));
        Ok(written.await??)
    }
}
