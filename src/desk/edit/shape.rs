//! What editing answers: an entry, what is wrong with it, what became of a change, what was changed before.
//!
//! In: nothing. Out: plain data for every door; the outcome of a save is a tagged enum.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An entry as it stands in its file.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct EntrySheet {
    /// `rule`, `topic`, `subject` or `source`.
    #[schema(value_type = String)]
    pub table: &'static str,
    /// Its id; empty for a new one.
    pub id: String,
    /// The file.
    pub file: String,
    /// With its comments.
    pub text: String,
    /// Names this text, so that another's change in between is noticed.
    pub mark: String,
}

/// One thing wrong with it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// Whether it may be saved in spite of it.
    pub is_warning: bool,
    /// The key: `rule.query`.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// The way out.
    pub hint: String,
    /// File and line as it would be.
    pub place: String,
}

/// A line of a difference.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DiffLine {
    /// `same`, `gone` or `new`.
    #[schema(value_type = String)]
    pub tag: &'static str,
    /// The line without its end.
    pub text: String,
}

/// What became of a change.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Saved {
    /// It stands in the file.
    Done {
        /// The entry's id.
        id: String,
        /// Whether a station at work takes it up by itself.
        in_force: bool,
        /// What `check` warns of.
        warnings: Vec<Fault>,
    },
    /// It was not written.
    Refused {
        /// Why.
        faults: Vec<Fault>,
    },
    /// Somebody else changed it since; nothing was written.
    Overtaken {
        /// What stands there now.
        now: EntrySheet,
        /// From what was typed to what stands there.
        diff: Vec<DiffLine>,
    },
}

/// A change that was made.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Version {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// The entry before; none where it was new.
    pub before: Option<String>,
    /// The entry after; none where it was taken away.
    pub after: Option<String>,
}

/// A change as shown.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct VersionRow {
    /// Names it for `undo`.
    pub number: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Line by line.
    pub diff: Vec<DiffLine>,
}
