//! One step of a source: everything that must become true together.
//!
//! In: what a fetched entry, page or file led to. Out: a value the committer stores as one transaction. A
//! record is counted as received in the same step that says what became of it, so that the counts tie out
//! whenever the process dies.

use chrono::{DateTime, Utc};
use pipelines::record::{
    AnnotatedPost, DropReason, FetchJob, PostId, SourceId, Validators, Verdict,
};

use serde::{Deserialize, Serialize};

use super::evidence::NewRecord;
use crate::store::{RunOutcome, Tally};

/// A page of the frontier that has been dealt with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageDone {
    /// Never asked again.
    Finished {
        /// Canonical address.
        url: String,
        /// `kept`, `dropped:…`, `failed:…`
        outcome: String,
    },
    /// Asked again later.
    Postponed {
        /// Canonical address.
        url: String,
        /// When.
        due: DateTime<Utc>,
        /// Failures in a row so far.
        attempts: u32,
    },
    /// Kept, and looked at again later.
    Again {
        /// Canonical address.
        url: String,
        /// When.
        due: DateTime<Utc>,
        /// What makes the next GET conditional.
        validators: Validators,
    },
}

/// What a page that was asked for answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seen {
    /// A page: if its post was marked as gone, it no longer is.
    Served {
        /// The address that was asked.
        url: String,
        /// The post it was read into; none where it said that nothing changed.
        post: Option<PostId>,
    },
    /// 404 or 410 at this address: the post it led to is marked as gone.
    Gone(String),
}

/// What one step leads to. Everything in it is stored, or nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct Step {
    /// Whose step it is.
    pub source: SourceId,
    /// When it was taken.
    pub now: DateTime<Utc>,
    /// Records taken up and what is known of them already; kept posts are counted by the committer.
    pub tally: Tally,
    /// Posts to store.
    pub posts: Vec<AnnotatedPost>,
    /// Evidence of posts of this step; on disk before the transaction that refers to it.
    pub records: Vec<NewRecord>,
    /// Whether pages of stored posts are still served.
    pub seen: Vec<Seen>,
    /// Pages found.
    pub jobs: Vec<FetchJob>,
    /// Known threads of which a board shows more replies than before: looked at again at once.
    pub grown: Vec<FetchJob>,
    /// Pages dealt with.
    pub done: Vec<PageDone>,
    /// The entry that was read, with what makes the next GET conditional.
    pub entry: Option<FetchJob>,
    /// Lines for the audit: what was refused, and why.
    pub audit: Vec<(String, String)>,
    /// What hosts asked for so far: a kill forgets none of it that was acknowledged.
    pub states: Vec<(String, String)>,
    /// The import its new posts came with.
    pub import: Option<i64>,
    /// The task it was handed over by; settled with it.
    #[serde(skip)]
    pub task: Option<i64>,
}

/// That a run of a source ended, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndOfRun {
    /// The source.
    pub source: SourceId,
    /// How.
    pub outcome: RunOutcome,
    /// The task it was handed over by; settled with it.
    #[serde(skip)]
    pub task: Option<i64>,
}

impl Step {
    /// An empty step.
    #[must_use]
    pub fn new(source: &SourceId, now: DateTime<Utc>) -> Self {
        Self {
            source: source.clone(),
            now,
            tally: Tally::default(),
            posts: Vec::new(),
            records: Vec::new(),
            seen: Vec::new(),
            jobs: Vec::new(),
            grown: Vec::new(),
            done: Vec::new(),
            entry: None,
            audit: Vec::new(),
            states: Vec::new(),
            import: None,
            task: None,
        }
    }

    /// Takes up one record with its verdict.
    pub fn take(&mut self, verdict: Verdict<AnnotatedPost>) -> String {
        self.tally.received += 1;
        match verdict {
            Verdict::Keep(post) => {
                self.posts.push(post);
                "kept".to_owned()
            }
            Verdict::Drop(reason) => self.note_drop(reason),
        }
    }

    /// Takes up one record that is dropped.
    pub fn take_drop(&mut self, reason: DropReason) -> String {
        self.tally.received += 1;
        self.note_drop(reason)
    }

    /// Takes up one record that failed.
    pub fn take_failure(&mut self, kind: &str) -> String {
        self.tally.received += 1;
        self.tally.fail(kind);
        format!("failed:{kind}")
    }

    fn note_drop(&mut self, reason: DropReason) -> String {
        self.tally.drop(reason);
        format!("dropped:{}", reason.as_str())
    }
}
