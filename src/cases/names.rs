//! The names of states and steps: stored, typed, and keys of their texts.

use serde::{Deserialize, Serialize};

/// Where a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 待核
    New,
    /// 核实中
    Verifying,
    /// 已交办
    Assigned,
    /// 办理中
    InHand,
    /// 待审
    Review,
    /// 已批准
    Approved,
    /// 已答复
    Answered,
    /// 观察、回访
    Watching,
    /// 已办结
    Closed,
    /// 不立案
    Dismissed,
}

impl State {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::New,
        Self::Verifying,
        Self::Assigned,
        Self::InHand,
        Self::Review,
        Self::Approved,
        Self::Answered,
        Self::Watching,
        Self::Closed,
        Self::Dismissed,
    ];

    /// The name stored; a locale key under `cases.state`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Verifying => "verifying",
            Self::Assigned => "assigned",
            Self::InHand => "in_hand",
            Self::Review => "review",
            Self::Approved => "approved",
            Self::Answered => "answered",
            Self::Watching => "watching",
            Self::Closed => "closed",
            Self::Dismissed => "dismissed",
        }
    }

    /// The state called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What can be done to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is explained by its line of the table and its text")]
pub enum Step {
    Open,
    Accept,
    Verify,
    Express,
    Dismiss,
    Assign,
    Sign,
    HandBack,
    AskTime,
    GrantTime,
    RefuseTime,
    Record,
    Wait,
    GoOn,
    Submit,
    Return,
    Approve,
    Publish,
    Correct,
    Keep,
    Watch,
    CallBack,
    Resume,
    Close,
    Reopen,
    Merge,
    Absorb,
    Note,
    Escalate,
}

impl Step {
    /// The name stored and typed; a locale key under `cases.step`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accept => "accept",
            Self::Verify => "verify",
            Self::Express => "express",
            Self::Dismiss => "dismiss",
            Self::Assign => "assign",
            Self::Sign => "sign",
            Self::HandBack => "hand_back",
            Self::AskTime => "ask_time",
            Self::GrantTime => "grant_time",
            Self::RefuseTime => "refuse_time",
            Self::Record => "record",
            Self::Wait => "wait",
            Self::GoOn => "go_on",
            Self::Submit => "submit",
            Self::Return => "return",
            Self::Approve => "approve",
            Self::Publish => "publish",
            Self::Correct => "correct",
            Self::Keep => "keep",
            Self::Watch => "watch",
            Self::CallBack => "call_back",
            Self::Resume => "resume",
            Self::Close => "close",
            Self::Reopen => "reopen",
            Self::Merge => "merge",
            Self::Absorb => "absorb",
            Self::Note => "note",
            Self::Escalate => "escalate",
        }
    }

    /// The step called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        super::TABLE.iter().map(|line| line.step).find(|step| step.as_str() == name.trim())
    }
}
