//! The desk that is in force: a station whose config was changed gets a new one, while its doors stay open.
//!
//! In: a desk, and later its successor. Out: the present one, to whoever asks; and the wish for a new one, for whoever
//! runs the station. It reads no config and starts nothing.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Notify;

use super::Desk;

/// The wish that the config be read anew; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Renewal(Arc<Notify>);

impl Renewal {
    /// The config has changed.
    pub fn ask(&self) {
        self.0.notify_one();
    }

    /// Waits until it has; a wish from before is not lost.
    pub async fn asked(&self) {
        self.0.notified().await;
    }
}

/// A seat with one desk at a time.
pub struct Seat(RwLock<Arc<Desk>>);

impl Seat {
    /// A seat with `desk`.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        Self(RwLock::new(Arc::new(desk)))
    }

    /// The desk in force. Who holds on to it goes on with what was in force then.
    #[must_use]
    pub fn desk(&self) -> Arc<Desk> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts `desk` in force.
    pub fn renew(&self, desk: Desk) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(desk);
    }
}
