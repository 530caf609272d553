//! An answer on record (口径) by itself: what it says, who wrote and who approved it, and until when it holds.
//!
//! In: an entry as it stands, what somebody writes, who and when. Out: the entry after it, or why not. What was approved
//! stays in force while a newer wording waits for its second person. It reads no clock, no store and no config; nothing
//! here publishes anything.

mod refusal;
mod wording;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use refusal::Refusal;
pub use wording::{FIELDS, Fields, Kind, Wording, day_of};

/// How an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerState {
    /// Nobody but its author has said yes to it.
    Draft,
    /// In force.
    Approved,
    /// It was in force until a day that is over.
    Expired,
    /// Taken out of force.
    Retired,
}

impl AnswerState {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Approved, Self::Expired, Self::Retired];

    /// The name typed; a locale key under `answers.state`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Expired => "expired",
            Self::Retired => "retired",
        }
    }

    /// The state called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What was done to an entry; a locale key under `answers.done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerStep)]
pub enum Done {
    /// Written, or written anew.
    Write,
    /// Approved by a second person.
    Approve,
    /// Taken out of force.
    Retire,
}

impl Done {
    /// The name stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Approve => "approve",
            Self::Retire => "retire",
        }
    }

    /// What is called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Write, Self::Approve, Self::Retire].into_iter().find(|done| done.as_str() == name)
    }
}

/// A wording that two people stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// Which version of the entry it is.
    pub version: u32,
    /// What it says.
    pub wording: Wording,
    /// Who wrote it.
    pub author: String,
    /// Who approved it.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// An entry as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub number: i64,
    /// What was done to it so far, counted from 1: what the next one must expect.
    pub version: u32,
    /// The latest wording.
    pub wording: Wording,
    /// Which version that was.
    pub written_as: u32,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub written: DateTime<Utc>,
    /// What was last approved.
    pub in_force: Option<InForce>,
    /// Why it was taken out of force, where it was.
    pub retired: Option<String>,
    /// The case whose published answer it is.
    pub case: Option<String>,
}

impl Entry {
    /// The wording in force at `now`.
    #[must_use]
    pub fn in_force(&self, now: DateTime<Utc>) -> Option<&InForce> {
        let is_over = |until: DateTime<Utc>| until <= now;
        let held = self.in_force.as_ref().filter(|_| self.retired.is_none())?;
        (!held.wording.until.is_some_and(is_over)).then_some(held)
    }

    /// How it stands at `now`.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> AnswerState {
        match (&self.retired, &self.in_force) {
            (Some(_), _) => AnswerState::Retired,
            (None, None) => AnswerState::Draft,
            (None, Some(_)) if self.in_force(now).is_some() => AnswerState::Approved,
            (None, Some(_)) => AnswerState::Expired,
        }
    }

    /// Whether the latest wording waits for a second person.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let approved = self.in_force.as_ref().map(|held| held.version);
        self.retired.is_none() && approved != Some(self.written_as)
    }

    /// A new entry.
    #[must_use]
    pub fn new(number: i64, wording: Wording, who: &str, now: DateTime<Utc>) -> Self {
        Self {
            number,
            version: 1,
            wording,
            written_as: 1,
            author: who.to_owned(),
            written: now,
            in_force: None,
            retired: None,
            case: None,
        }
    }

    /// Written anew: what was approved stays in force; what was retired waits as any other draft does.
    ///
    /// # Errors
    /// Where nothing is otherwise than before.
    pub fn write(&self, wording: Wording, who: &str, now: DateTime<Utc>) -> Result<Self, Refusal> {
        if self.wording == wording && self.retired.is_none() {
            return Err(Refusal::Same);
        }
        let version = self.version + 1;
        let in_force = self.in_force.clone().filter(|_| self.retired.is_none());
        let author = who.to_owned();
        Ok(Self {
            version,
            wording,
            written_as: version,
            author,
            written: now,
            in_force,
            retired: None,
            ..self.clone()
        })
    }

    /// Approved by somebody who did not write it.
    ///
    /// # Errors
    /// Nothing waits; it is one's own; its day is over; a rumour without evidence.
    pub fn approve(&self, who: &str, now: DateTime<Utc>) -> Result<Self, Refusal> {
        if !self.is_waiting() {
            return Err(Refusal::NothingWaits);
        }
        if self.author == who {
            return Err(Refusal::Author);
        }
        if self.wording.until.is_some_and(|until| until <= now) {
            return Err(Refusal::Over);
        }
        // Nothing is called a rumour on nobody's word.
        if self.wording.kind == Kind::Rumour && self.wording.evidence.is_empty() {
            return Err(Refusal::Missing("evidence"));
        }
        let held = InForce {
            version: self.written_as,
            wording: self.wording.clone(),
            author: self.author.clone(),
            who: who.to_owned(),
            at: now,
        };
        Ok(Self { version: self.version + 1, in_force: Some(held), ..self.clone() })
    }

    /// Taken out of force, with the reason.
    ///
    /// # Errors
    /// It is retired already; no reason.
    pub fn retire(&self, why: &str) -> Result<Self, Refusal> {
        if self.retired.is_some() {
            return Err(Refusal::Retired);
        }
        let why = wording::line("why", why)?;
        Ok(Self { version: self.version + 1, retired: Some(why), ..self.clone() })
    }
}

#[cfg(test)]
mod tests;
