//! How an officer would file a post: its kind, and how soon somebody must act.
//!
//! In: nothing. Out: [`Filing`], which stands beside the polarity of a post. Plain data; the judging is done in
//! `annotate::officer`.

use serde::{Deserialize, Serialize};

/// What a post is, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostKind {
    /// A complaint of one's own, a call for help.
    Grievance,
    /// An accident or disaster.
    Accident,
    /// A breach of law or discipline, a penalty, fraud.
    Misconduct,
    /// Something told that nobody has confirmed.
    Rumour,
    /// An official answer, report of findings or refutation.
    Response,
    /// Praise or thanks.
    Praise,
    /// Results, honours, publicity of one's own.
    Achievement,
    /// A rule, notice or announcement.
    Policy,
    /// Business, prices, figures, appointments.
    Market,
    /// A question.
    Question,
    /// A view, comment or proposal.
    Opinion,
    /// Talk of private life.
    Chat,
    /// An advertisement.
    Ad,
}

impl PostKind {
    /// All kinds, in the order of models and facets.
    pub const ALL: [Self; 13] = [
        Self::Grievance,
        Self::Accident,
        Self::Misconduct,
        Self::Rumour,
        Self::Response,
        Self::Praise,
        Self::Achievement,
        Self::Policy,
        Self::Market,
        Self::Question,
        Self::Opinion,
        Self::Chat,
        Self::Ad,
    ];

    /// Its name in queries, sets and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grievance => "grievance",
            Self::Accident => "accident",
            Self::Misconduct => "misconduct",
            Self::Rumour => "rumour",
            Self::Response => "response",
            Self::Praise => "praise",
            Self::Achievement => "achievement",
            Self::Policy => "policy",
            Self::Market => "market",
            Self::Question => "question",
            Self::Opinion => "opinion",
            Self::Chat => "chat",
            Self::Ad => "ad",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How an officer would file a post, beside its polarity. Absent where no model of it is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filing {
    /// What it is.
    pub kind: PostKind,
    /// 0 to 1.
    pub kind_confidence: f32,
    /// The next likely kind, where the first is in doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_kind: Option<PostKind>,
    /// What the models alone say, where officers' corrections on its source made it this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlayered: Option<PostKind>,
    /// If it were about us: 0 nothing to do, 1 keep an eye on, 2 verify and act today, 3 tell the leader now.
    pub urgency: u8,
    /// Probability that somebody must act today or sooner (urgency 2 and 3).
    pub today: f32,
    /// Probability that the leader must be told now (urgency 3).
    pub leader: f32,
}

impl Filing {
    /// The highest urgency.
    pub const MOST_URGENT: u8 = 3;
}
