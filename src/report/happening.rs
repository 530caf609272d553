//! One happening as a digest tells it: who was first, how it spread, what is claimed and what became of that, who answered.
//!
//! In: nothing. Out: data. Every text in it is a piece of a post, every count the size of a set of posts.

use chrono::{DateTime, Utc};
use pipelines::record::{Channel, FactKind, PostId, Severity, StoryId};
use serde::Serialize;

use super::digest::{Figure, Quote, Shares};

/// What became of a claim, as far as the posts of its happening tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// Named untrue by an answer, or by a post where no answer says otherwise.
    Refuted,
    /// True once, over now.
    Over,
    /// Said by an office or a house, or in an answer.
    Confirmed,
    /// Reported, by nobody of standing.
    Told,
    /// Hearsay.
    Rumoured,
}

impl ClaimState {
    /// The name used in locale keys (`digest.claim.…`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuted => "refuted",
            Self::Over => "over",
            Self::Confirmed => "confirmed",
            Self::Told => "told",
            Self::Rumoured => "rumoured",
        }
    }
}

/// How many people are said to be in it, and what became of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimLine {
    /// What is counted.
    pub kind: FactKind,
    /// How many.
    pub count: u64,
    /// What became of it.
    pub state: ClaimState,
    /// Who first said it, and how; none where only the answer is there.
    pub said: Option<Quote>,
    /// What settles it; none for what is open.
    pub settled: Option<Quote>,
    /// The office or house that settles it, as written; its source where the text names none.
    pub by: Option<String>,
}

/// An answer of an office or of the house itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerLine {
    /// Its title.
    pub title: Quote,
    /// When.
    pub at: DateTime<Utc>,
    /// Its leading sentence.
    pub lead: Quote,
}

/// One happening.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happening {
    /// Its id.
    pub id: StoryId,
    /// The stories it is put together of.
    #[serde(skip)]
    pub stories: Vec<StoryId>,
    /// The post it goes by: the first that is no answer.
    #[serde(skip)]
    pub first: PostId,
    /// The title of that post.
    pub title: Quote,
    /// What it is called: the title of the answer that refutes it, where its first post is hearsay; else that title.
    pub headline: Quote,
    /// Its leading sentence.
    pub lead: Quote,
    /// The sentence its verdict rests on, of its gravest post (of its best, where it speaks well of us).
    pub point: Quote,
    /// Whether praise of it is worth retelling: by a source of some reach, or filed as such without doubt.
    pub is_worth_telling: bool,
    /// The channel of its first post.
    pub channel: Channel,
    /// The time of its first post.
    pub first_at: DateTime<Utc>,
    /// Whether that post gave a time of day.
    pub has_time: bool,
    /// Whether it began before the period.
    pub is_older: bool,
    /// Its posts.
    pub shares: Shares,
    /// Different sources among them.
    pub outlets: u64,
    /// Those of national or provincial reach and of government, each by one post.
    pub high: Figure,
    /// Copies and near copies of an earlier post of it.
    pub copies: Figure,
    /// Posts by channel, most first.
    pub channels: Vec<(Channel, Figure)>,
    /// Names of the subjects it is about.
    pub subjects: Vec<String>,
    /// Highest risk of its posts that are no answers.
    pub risk: u8,
    /// Their highest grade.
    pub grade: Severity,
    /// Claims, the gravest first.
    pub claims: Vec<ClaimLine>,
    /// Answers, the latest first.
    pub answers: Vec<AnswerLine>,
    /// Views of people, each by its own sentence, the gravest first; only where it is told at length.
    pub views: Vec<Quote>,
    /// Its posts in order of time, each by its title; only where it is told at length.
    pub path: Vec<(DateTime<Utc>, Quote)>,
}
