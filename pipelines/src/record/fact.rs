//! Counted facts of a happening: how many are dead, hurt, trapped, missing, rescued, and how sure that is.

use serde::{Deserialize, Serialize};

use super::Span;

/// What a number of people is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// 遇难、死亡
    Dead,
    /// 失踪、失联
    Missing,
    /// 被困
    Trapped,
    /// 受伤
    Injured,
    /// 获救、升井、转移
    Rescued,
}

impl FactKind {
    /// The name used in locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Missing => "missing",
            Self::Trapped => "trapped",
            Self::Injured => "injured",
            Self::Rescued => "rescued",
        }
    }
}

/// How sure a counted fact is, as far as the text itself tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactStatus {
    /// Said plainly; by whom stands in [`Fact::by`] where the text tells.
    Stated,
    /// Told as hearsay: 网传、听说、疯传, or as a question.
    Rumoured,
    /// Named as untrue: 不实、谣言、没有人遇难.
    Refuted,
    /// True once, over now: trapped or missing people who were rescued.
    Over,
}

impl FactStatus {
    /// The name used in locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Rumoured => "rumoured",
            Self::Refuted => "refuted",
            Self::Over => "over",
        }
    }

    /// Whether people are in it still, or may be.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Stated | Self::Rumoured)
    }
}

/// One counted fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What is counted.
    pub kind: FactKind,
    /// How many people.
    pub count: u64,
    /// How sure it is.
    pub status: FactStatus,
    /// Who says so, as written; an office or a house, never a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The words it was read from.
    pub span: Span,
}

impl Fact {
    /// Whether it counts people whose life is in question.
    #[must_use]
    pub fn is_toll(&self) -> bool {
        matches!(self.kind, FactKind::Dead | FactKind::Missing | FactKind::Trapped)
    }
}
