//! Who may do what: one table of acts and roles, and the one check that every act of the desk begins with.
//!
//! In: who acts, and the act. Out: nothing, or a refusal in words that names the roles that may. No door decides
//! anything of this by itself; a new act of the desk gets a line of this table first.

use pipelines::locale::Lang;
use pipelines::record::SubjectId;
use serde::{Deserialize, Serialize};

use super::{Desk, DeskError, Result};

/// What somebody is at the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Does everything, people included.
    Administrator,
    /// Works with posts, alerts, rules, sources and digests.
    Officer,
    /// Reads and searches, so as to answer in the organisation's own name.
    Commentator,
    /// Reads.
    Leader,
    /// Reads everything, people and audit included; changes nothing.
    Auditor,
    /// Somebody who was not let in: in no line of the table, and nothing that anybody could be given.
    Nobody,
}

impl Role {
    /// All that people may be given.
    pub const ALL: [Self; 5] =
        [Self::Administrator, Self::Officer, Self::Commentator, Self::Leader, Self::Auditor];

    /// The name stored and typed; a locale key under `desk.role`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Officer => "officer",
            Self::Commentator => "commentator",
            Self::Leader => "leader",
            Self::Auditor => "auditor",
            Self::Nobody => "nobody",
        }
    }

    /// The role called so, in either language; none for anything else.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let key = |role: &Self| format!("desk.role.{}", role.as_str());
        let is_called = |role: &Self| {
            [Lang::Zh, Lang::En].iter().any(|lang| lang.text(&key(role)) == name.trim())
        };
        Self::ALL.into_iter().find(|role| role.as_str() == name.trim() || is_called(role))
    }

    /// Whether the bounds of units hold for it: who answers for the whole station sees the whole.
    #[must_use]
    pub fn is_bound(self) -> bool {
        !matches!(self, Self::Administrator | Self::Auditor)
    }
}

/// How much of a person's rights a door was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Acts that change nothing and hand out nothing.
    Read,
    /// All that the person may.
    #[default]
    Write,
}

impl Scope {
    /// The name stored and typed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// The scope called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Read, Self::Write].into_iter().find(|scope| scope.as_str() == name.trim())
    }
}

/// What can be done at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The day at a glance, the counts a page looks at now and then.
    SeeToday,
    /// Search posts and count them.
    Search,
    /// One's own saved searches.
    KeepSearch,
    /// Hand a saved search on to others.
    ShareSearch,
    /// One post, why it meets a query, what its verdicts rest on.
    SeePost,
    /// One happening.
    SeeStory,
    /// The queue of alerts and each of them.
    SeeAlerts,
    /// The rules.
    SeeRules,
    /// Rules, topics, subjects and sources as they stand in the config, with their history.
    SeeConfig,
    /// Try a rule or a query on the past.
    Rehearse,
    /// The health board.
    SeeSources,
    /// Have a source asked now.
    RunSource,
    /// Messages, their ways out and what became of them.
    SeeDeliveries,
    /// Have messages sent again.
    Resend,
    /// Send a test by a way out and see the answer.
    SendTest,
    /// How the station itself stands.
    SeeStation,
    /// Digests and their files.
    SeeDigests,
    /// Say what the polarity of a post is.
    Correct,
    /// Say which posts are one story.
    GroupStories,
    /// Acknowledge, close or reopen an alert.
    MoveAlert,
    /// Call an alert false and teach its rule.
    FalseAlarm,
    /// Write, take away and bring back rules, topics, subjects and sources.
    EditConfig,
    /// Write a digest.
    WriteDigest,
    /// Let a digest go out, or keep it from going out.
    ApproveDigest,
    /// Hand out what a search finds.
    Export,
    /// Hand out pages as they were served, unmasked.
    HandEvidence,
    /// Who may come in, and who is logged in.
    SeePeople,
    /// Add people, change what they may, end sessions, make and revoke tokens.
    ManagePeople,
    /// What was done, by whom.
    SeeAudit,
    /// One's own password and sessions.
    OwnAccount,
    /// Cases, their log and clocks.
    SeeCases,
    /// Open a case.
    OpenCase,
    /// Find the facts of a case, assign, publish, close and reopen it.
    DirectCase,
    /// Handle a case for one's unit, and draft its answer.
    HandleCase,
    /// Approve an answer, or return it.
    ApproveCase,
    /// Hand out the ledger of cases.
    ExportCases,
    /// Answers on record.
    SeeAnswers,
    /// Write answers for the record.
    WriteAnswer,
    /// Approve somebody else's answer for the record, or take one out of force.
    ApproveAnswer,
    /// The duty roster.
    SeeDuty,
}

const EVERYBODY: &[Role] = &Role::ALL;
const WORKERS: &[Role] = &[Role::Administrator, Role::Officer];
const OVERSEERS: &[Role] = &[Role::Administrator, Role::Auditor];
const ADMINISTRATORS: &[Role] = &[Role::Administrator];
const HANDLERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Commentator];
const APPROVERS: &[Role] = &[Role::Administrator, Role::Officer, Role::Leader];
const ALL_BUT_COMMENTATORS: &[Role] =
    &[Role::Administrator, Role::Officer, Role::Leader, Role::Auditor];

impl Act {
    /// The table: every act, whether it changes or hands out something, and the roles that may.
    pub const TABLE: [(Self, bool, &'static [Role]); 40] = [
        (Self::SeeToday, false, EVERYBODY),
        (Self::Search, false, EVERYBODY),
        (Self::KeepSearch, true, EVERYBODY),
        (Self::ShareSearch, true, WORKERS),
        (Self::SeePost, false, EVERYBODY),
        (Self::SeeStory, false, EVERYBODY),
        (Self::SeeAlerts, false, EVERYBODY),
        (Self::SeeRules, false, ALL_BUT_COMMENTATORS),
        (Self::SeeConfig, false, ALL_BUT_COMMENTATORS),
        (Self::Rehearse, false, ALL_BUT_COMMENTATORS),
        (Self::SeeSources, false, ALL_BUT_COMMENTATORS),
        (Self::RunSource, true, WORKERS),
        (Self::SeeDeliveries, false, ALL_BUT_COMMENTATORS),
        (Self::Resend, true, WORKERS),
        (Self::SendTest, true, WORKERS),
        (Self::SeeStation, false, ALL_BUT_COMMENTATORS),
        (Self::SeeDigests, false, EVERYBODY),
        (Self::Correct, true, WORKERS),
        (Self::GroupStories, true, WORKERS),
        (Self::MoveAlert, true, WORKERS),
        (Self::FalseAlarm, true, WORKERS),
        (Self::EditConfig, true, WORKERS),
        (Self::WriteDigest, true, WORKERS),
        (Self::ApproveDigest, true, APPROVERS),
        (Self::Export, true, WORKERS),
        (Self::HandEvidence, true, WORKERS),
        (Self::SeePeople, false, OVERSEERS),
        (Self::ManagePeople, true, ADMINISTRATORS),
        (Self::SeeAudit, false, OVERSEERS),
        (Self::OwnAccount, true, EVERYBODY),
        (Self::SeeCases, false, EVERYBODY),
        (Self::OpenCase, true, WORKERS),
        (Self::DirectCase, true, WORKERS),
        (Self::HandleCase, true, HANDLERS),
        (Self::ApproveCase, true, APPROVERS),
        (Self::ExportCases, true, WORKERS),
        (Self::SeeAnswers, false, EVERYBODY),
        (Self::WriteAnswer, true, HANDLERS),
        (Self::ApproveAnswer, true, APPROVERS),
        (Self::SeeDuty, false, EVERYBODY),
    ];

    fn line(self) -> (bool, &'static [Role]) {
        let found = Self::TABLE.iter().find(|(act, ..)| *act == self);
        // An act without a line is nobody's.
        found.map_or((true, &[]), |(_, changes, roles)| (*changes, roles))
    }

    /// The name shown in refusals; a locale key under `desk.act`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeeToday => "see_today",
            Self::Search => "search",
            Self::KeepSearch => "keep_search",
            Self::ShareSearch => "share_search",
            Self::SeePost => "see_post",
            Self::SeeStory => "see_story",
            Self::SeeAlerts => "see_alerts",
            Self::SeeRules => "see_rules",
            Self::SeeConfig => "see_config",
            Self::Rehearse => "rehearse",
            Self::SeeSources => "see_sources",
            Self::RunSource => "run_source",
            Self::SeeDeliveries => "see_deliveries",
            Self::Resend => "resend",
            Self::SendTest => "send_test",
            Self::SeeStation => "see_station",
            Self::SeeDigests => "see_digests",
            Self::Correct => "correct",
            Self::GroupStories => "group_stories",
            Self::MoveAlert => "move_alert",
            Self::FalseAlarm => "false_alarm",
            Self::EditConfig => "edit_config",
            Self::WriteDigest => "write_digest",
            Self::ApproveDigest => "approve_digest",
            Self::Export => "export",
            Self::HandEvidence => "hand_evidence",
            Self::SeePeople => "see_people",
            Self::ManagePeople => "manage_people",
            Self::SeeAudit => "see_audit",
            Self::OwnAccount => "own_account",
            Self::SeeCases => "see_cases",
            Self::OpenCase => "open_case",
            Self::DirectCase => "direct_case",
            Self::HandleCase => "handle_case",
            Self::ApproveCase => "approve_case",
            Self::ExportCases => "export_cases",
            Self::SeeAnswers => "see_answers",
            Self::WriteAnswer => "write_answer",
            Self::ApproveAnswer => "approve_answer",
            Self::SeeDuty => "see_duty",
        }
    }

    /// Whether it changes or hands out something; then it is in the audit, and not in reach of a scope to read.
    #[must_use]
    pub fn changes(self) -> bool {
        self.line().0
    }

    /// The roles that may.
    #[must_use]
    pub fn roles(self) -> &'static [Role] {
        self.line().1
    }
}

/// Who acts: the name in the audit, the language of answers, and what bounds them.
#[derive(Clone, Debug)]
pub struct Who {
    /// The name that stands in the audit.
    pub name: String,
    /// The language of words in answers.
    pub lang: Lang,
    /// What they are at the station.
    pub role: Role,
    /// The units they are bound to; none: bound to no unit.
    pub units: Vec<SubjectId>,
    /// How much of it the door was given.
    pub scope: Scope,
}

impl Who {
    /// Whoever owns the data directory: there is nothing that they could not do to it anyway.
    #[must_use]
    pub fn owner(name: impl Into<String>, lang: Lang) -> Self {
        let (name, units) = (name.into(), Vec::new());
        Self { name, lang, role: Role::Administrator, units, scope: Scope::Write }
    }

    /// Somebody who was not let in: may do nothing.
    #[must_use]
    pub fn nobody(lang: Lang) -> Self {
        let (name, units) = (String::new(), Vec::new());
        Self { name, lang, role: Role::Nobody, units, scope: Scope::Read }
    }

    /// Whether this person may, through this door.
    #[must_use]
    pub fn may(&self, act: Act) -> bool {
        act.roles().contains(&self.role) && (self.scope == Scope::Write || !act.changes())
    }
}

impl Desk {
    /// What every act begins with.
    ///
    /// # Errors
    /// `Forbidden`, with the roles that may; nothing was done.
    pub fn check(&self, who: &Who, act: Act) -> Result<()> {
        if who.may(act) {
            return Ok(());
        }
        tracing::warn!(who = who.name, act = act.as_str(), "an act was refused");
        Err(DeskError::Forbidden { act, role: who.role, scope: who.scope })
    }
}

#[cfg(test)]
mod tests;
