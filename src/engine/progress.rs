//! What a run tells whoever watches it.
//!
//! In: nothing. Out: events, one way; nobody answers. The engine works the same when nobody listens.

use pipelines::record::SourceId;

use crate::store::Tally;

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub enum Event {
    /// A source's run began.
    SourceStarted {
        /// Which.
        source: SourceId,
    },
    /// A step was stored.
    Stored {
        /// Which source.
        source: SourceId,
        /// What came in, and what became of it.
        tally: Tally,
        /// Pages of this source that still wait.
        waiting: u64,
    },
    /// A source's run ended.
    SourceEnded {
        /// Which.
        source: SourceId,
        /// Counts of this run.
        tally: Tally,
        /// Kind and text of what went wrong.
        error: Option<(String, String)>,
    },
}

/// Where events go.
pub type Listener = std::sync::Arc<dyn Fn(&Event) + Send + Sync>;

/// A listener that hears nothing.
#[must_use]
pub fn nobody() -> Listener {
    std::sync::Arc::new(|_| {})
}
