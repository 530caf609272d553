//! The wish to stop: said once, heard by everything that takes time.
//!
//! In: one call, from a signal or a test. Out: a flag for threads and a future for tasks. It ends nothing by
//! itself: who works looks at it between two pieces that are whole, and leaves the rest for the next start.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Cheap to clone; all clones hear the same wish.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Everything is to end now.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether that was said.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is said, or `most` has passed; answers whether it was. Blocks.
    #[must_use]
    pub fn asked_within(&self, most: Duration) -> bool {
        const LOOK: Duration = Duration::from_millis(50);
        let began = Instant::now();
        while !self.is_asked() && began.elapsed() < most {
            std::thread::sleep(LOOK);
        }
        self.is_asked()
    }

    /// Waits until it is said.
    pub async fn asked(&self) {
        let mut heard = self.0.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = heard.wait_for(|asked| *asked).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_late_hears_it_too() {
        let stop = Stop::default();
        assert!(!stop.is_asked());
        let other = stop.clone();
        let waits = tokio::spawn(async move { other.asked().await });
        stop.ask();
        waits.await.unwrap();
        stop.asked().await;
        assert!(stop.is_asked());
    }
}
