//! A case as a machine: states, the steps between them, what each step must say, and the clocks that run meanwhile.
//!
//! In: a case, a step with its fields, who takes it, the time, the limits of config. Out: the event it becomes, or why it
//! cannot be taken; and the case as its events make it. All of it is pure: it reads no clock, no store and no config.
//! States, steps, fields and clocks stand in one table (`table`), and nothing else moves a case.

pub mod clock;
pub mod counted;
pub mod keeping;
pub mod machine;
pub mod refusal;
pub mod table;
pub mod words;

mod fields;
mod fold;
mod names;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipelines::record::Severity;
use serde::{Deserialize, Serialize};

pub use clock::{Clock, Level, Limit, Policy, Run};
pub use machine::{Order, offered, plan};
pub use refusal::Refusal;
pub use table::{Field, Form, Hand, Line, State, Step, TABLE};

/// What was said, by the name of the field.
pub type Fields = BTreeMap<String, String>;

/// One line of a case's log: it is stored as JSON, never changed, and carries all that it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Which of the case's events it is, from 1.
    pub seq: u64,
    /// When; never before the event before it, whatever a clock said.
    pub at: DateTime<Utc>,
    /// Who took the step; `station` for the station itself.
    pub who: String,
    /// What was done.
    pub step: Step,
    /// Where the case was; none before it was opened.
    pub from: Option<State>,
    /// Where it is now.
    pub to: State,
    /// What was said.
    pub fields: Fields,
    /// All clocks as they stand after it.
    pub clocks: Vec<Run>,
}

/// A version of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Draft {
    /// From 1.
    pub version: u32,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The text; empty where it is not to be public.
    pub text: String,
    /// Why there is no public answer; empty where there is one.
    pub private_why: String,
    /// SHA-256 of text and reason, in hex: what an approval is about.
    pub hash: String,
}

/// The approval of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Approval {
    /// Who approved.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Which version.
    pub version: u32,
    /// The hash of that version.
    pub hash: String,
}

/// What became of the one extension a case may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extension {
    /// Asked for.
    Asked,
    /// Granted.
    Granted,
    /// Refused.
    Refused,
}

/// How far it was told that a clock ran out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which clock.
    pub clock: Clock,
    /// Which run of it.
    pub since: DateTime<Utc>,
    /// The highest step that was told, in percent.
    pub percent: u32,
}

/// A case as its events make it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its number, as 2026-0042.
    pub number: String,
    /// How many events it has: what a step must expect.
    pub version: u64,
    /// Where it is.
    pub state: State,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// When the state was entered.
    pub entered: DateTime<Utc>,
    /// The latest word of each field.
    pub fields: Fields,
    /// All versions of the answer.
    pub drafts: Vec<Draft>,
    /// The approval of the latest answer, where it has one.
    pub approval: Option<Approval>,
    /// When it was answered.
    pub answered: Option<DateTime<Utc>>,
    /// When it ended, while it is ended.
    pub ended: Option<DateTime<Utc>>,
    /// The extension, where one was asked for.
    pub extension: Option<Extension>,
    /// How often it was opened again.
    pub reopened: u32,
    /// Cases that became part of it.
    pub absorbed: Vec<String>,
    /// All clocks it had, latest last.
    pub clocks: Vec<Run>,
    /// What was told of them.
    #[serde(default)]
    pub told: Vec<Told>,
    /// When the page of the answer was asked for, since its address was last said.
    #[serde(default)]
    pub looked: Vec<DateTime<Utc>>,
}

impl Case {
    /// What was last said in a field; empty where nothing was.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The grade: as set, else as suggested, else the lowest.
    #[must_use]
    pub fn grade(&self) -> Severity {
        let set = Severity::parse(self.field("grade"));
        set.or_else(|| Severity::parse(self.field("suggested"))).unwrap_or_default()
    }

    /// Whether it is somebody's grievance, who is told the answer and called back.
    #[must_use]
    pub fn is_grievance(&self) -> bool {
        matches!(self.field("kind"), "enquiry" | "complaint")
    }

    /// Whether nothing is to be done any more.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Closed | State::Dismissed)
    }

    /// The units that it concerns or that work on it, each once.
    #[must_use]
    pub fn units(&self) -> Vec<&str> {
        let names = ["units", "main", "helpers"].into_iter();
        let mut all =
            names.flat_map(|name| self.field(name).split_whitespace()).collect::<Vec<_>>();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The latest run of a clock.
    #[must_use]
    pub fn run(&self, clock: Clock) -> Option<&Run> {
        self.clocks.iter().rev().find(|run| run.clock == clock)
    }
}
