//! Who lets a digest go out: those that wait, and the word of somebody who may.
//!
//! In: the name of a digest, yes or no with a reason. Out: the messages into the outbox, and a line of the audit, in one
//! transaction. A word is said once; a digest that was changed since it was made does not go out. While one waits, or was
//! refused, it is seen by those alone who make, approve or audit.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::{Act, Desk, DeskError, Result, Who};
use crate::engine::digests::approval::{self, Waiting, Word};

/// Characters of a reason.
const WHY_CHARS: usize = 1_000;

/// How the approval of a digest stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It waits.
    Waiting,
    /// It went out.
    Approved,
    /// It does not go out.
    Refused,
}

impl Standing {
    fn of(waiting: &Waiting) -> Self {
        match &waiting.word {
            None => Self::Waiting,
            Some(word) if word.approved => Self::Approved,
            Some(_) => Self::Refused,
        }
    }
}

/// A digest that waits for somebody's word.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WaitingDigest {
    /// The name of its files, without their endings.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The day it is about.
    pub day: String,
    /// When it was made.
    pub made: DateTime<Utc>,
}

/// Whether somebody sees a digest of this standing.
pub(super) fn may_see(who: &Who, standing: Option<Standing>) -> bool {
    let is_out = matches!(standing, None | Some(Standing::Approved));
    is_out || [Act::WriteDigest, Act::ApproveDigest, Act::SeeAudit].iter().any(|act| who.may(*act))
}

impl Desk {
    /// How each digest stands that has to be approved, by the name of its files.
    pub(super) fn standings(&self) -> Result<HashMap<String, Standing>> {
        let all = approval::all(&*self.store)?;
        Ok(all.into_iter().map(|one| (one.name.clone(), Standing::of(&one))).collect())
    }

    /// The digests that wait for a word, newest first; none are told to who could not say it.
    ///
    /// # Errors
    /// A broken store.
    pub fn waiting_digests(&self, who: &Who) -> Result<Vec<WaitingDigest>> {
        self.check(who, Act::SeeDigests)?;
        if !who.may(Act::ApproveDigest) || self.unbounded(who).is_err() {
            return Ok(Vec::new());
        }
        let mut waiting: Vec<Waiting> = approval::all(&*self.store)?;
        waiting.retain(|one| one.word.is_none());
        waiting.sort_by_key(|one| std::cmp::Reverse(one.made));
        let row = |one: Waiting| WaitingDigest {
            name: one.name,
            title: one.title,
            day: one.day,
            made: one.made,
        };
        Ok(waiting.into_iter().map(row).collect())
    }

    /// Lets a digest go out.
    ///
    /// # Errors
    /// `Unknown` where none of this name waits; `Value` where its file was changed; `Broken` where it is gone.
    pub fn approve_digest(&self, who: &Who, name: &str) -> Result<()> {
        self.check(who, Act::ApproveDigest)?;
        self.say_of_digest(who, name, None)
    }

    /// Keeps a digest from going out; `why` is for who made it.
    ///
    /// # Errors
    /// `Value` without a reason; as of [`approve_digest`](Self::approve_digest).
    pub fn refuse_digest(&self, who: &Who, name: &str, why: &str) -> Result<()> {
        self.check(who, Act::ApproveDigest)?;
        self.say_of_digest(who, name, Some(why.trim()))
    }

    fn say_of_digest(&self, who: &Who, name: &str, refused: Option<&str>) -> Result<()> {
        self.unbounded(who)?;
        if let Some(why) = refused.filter(|why| why.is_empty() || why.chars().count() > WHY_CHARS) {
            return Err(DeskError::Value { what: "refusal", value: why.to_owned() });
        }
        let unknown = || DeskError::Unknown { what: "waiting_digest", id: name.to_owned() };
        let all = approval::all(&*self.store)?;
        let waiting = all.into_iter().find(|one| one.name == name && one.word.is_none());
        let waiting = waiting.ok_or_else(unknown)?;
        let messages = match refused {
            Some(_) => Vec::new(),
            None => {
                let changed =
                    || DeskError::Value { what: "unchanged_digest", value: name.to_owned() };
                let made = waiting.messages(&self.config, &self.dir.digests())?;
                made.ok_or_else(changed)?
            }
        };
        let (now, why) = (self.now(), refused.unwrap_or_default().to_owned());
        let approved = refused.is_none();
        let word = Word { approved, who: who.name.clone(), at: now, why };
        let mut is_said = false;
        self.store.write(&mut |write| {
            // Somebody else may have said it meanwhile.
            if waiting.now(write)?.is_none_or(|one| one.word.is_some()) {
                return Ok(());
            }
            is_said = true;
            Waiting { word: Some(word.clone()), ..waiting.clone() }.put(write)?;
            for (notifier, message) in &messages {
                write.enqueue(&message.key, notifier, &message.json(), now)?;
            }
            let said = if approved { "approved" } else { "refused" };
            let detail = format!("{said}, {} messages, sha256 {}", messages.len(), waiting.hash);
            let detail = if approved { detail } else { format!("{detail}: {}", word.why) };
            write.audit_by(now, &who.name, "digest_word", name, &detail)
        })?;
        if is_said { Ok(()) } else { Err(unknown()) }
    }
}
