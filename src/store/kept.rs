//! What the store keeps beside the records of the stages, as it is handed over.
//!
//! In: rows. Out: plain values for those who ask and write. No statement stands here.

use chrono::{DateTime, Utc};
use pipelines::record::Alert;
use serde::{Deserialize, Serialize};

use super::Tally;

/// What became of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// A new post.
    New,
    /// The same address is stored already with the same content, or the same content on the same site.
    Duplicate,
    /// The address is stored with another content: the new text stands, marked as edited.
    Edited,
    /// The same content with other replies or counts: these are stored, without a mark.
    Grown,
    /// It was purged on purpose before, and stays away.
    Purged,
    /// Another source brought what stands under its address: refused.
    Foreign,
    /// Another address has its id: refused.
    Collision,
}

/// How a run of a source ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOutcome {
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// Kind and text of the error; none for a good run.
    pub error: Option<(String, String)>,
    /// New posts in this run.
    pub kept: u64,
}

/// What the store knows of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// The last run, good or bad.
    pub last_run: Option<DateTime<Utc>>,
    /// The last good run.
    pub last_good: Option<DateTime<Utc>>,
    /// The time of the newest post.
    pub last_post: Option<DateTime<Utc>>,
    /// Kind and text of the error of the last run.
    pub error: Option<(String, String)>,
    /// Bad runs in a row.
    pub failures: u32,
    /// The hour of its first count.
    pub since: Option<DateTime<Utc>>,
    /// The last hour in which a post was new or changed.
    pub last_change: Option<DateTime<Utc>>,
    /// Counts since the beginning.
    pub tally: Tally,
}

/// A stored alert with what the store adds to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredAlert {
    /// Row number, shown to officers.
    pub id: i64,
    /// The alert.
    pub alert: Alert,
    /// When it was last updated by a further hit.
    pub updated_at: DateTime<Utc>,
    /// How many hits were merged into it.
    pub hits: u64,
}

/// A delivery waiting in, or gone through, the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Row number.
    pub id: i64,
    /// Idempotency key: alert key and notifier, or digest name and notifier.
    pub key: String,
    /// Name of the notifier in config.
    pub notifier: String,
    /// The message as JSON.
    pub body: String,
    /// Attempts made so far.
    pub attempts: u32,
    /// `pending`, `sent` or `dead`.
    pub state: String,
    /// The last error.
    pub error: Option<String>,
}

/// Which posts to read.
#[derive(Clone, Debug, Default)]
pub struct PostRange {
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}
