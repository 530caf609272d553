//! A post with everything that was judged of it. Each verdict carries the spans it rests on.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Fact, Filing, Meaning, Polarity, Post, PostId, PostWords, Severity, SubjectId, TopicId,
};

/// Which text of a post a span lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextField {
    /// `Post::title`
    Title,
    /// `Post::text`
    Body,
}

/// A byte range of the original text, on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The text it lies in.
    pub field: TextField,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// One thing a verdict rests on: a word in the text and what it contributed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// Where.
    pub span: Span,
    /// Signed contribution; below zero speaks for negative.
    pub weight: f32,
    /// Why, as a locale key with the rule's own name after a colon: `lexicon:工资拖欠`, `negated`, `model`. `plain`
    /// speaks for neutral, whatever its sign.
    pub why: String,
}

impl Basis {
    /// The polarity it speaks for.
    #[must_use]
    pub fn speaks_for(&self) -> Polarity {
        if self.why.starts_with("plain") {
            Polarity::Neutral
        } else if self.weight < 0.0 {
            Polarity::Negative
        } else {
            Polarity::Positive
        }
    }
}

/// A polarity with what it rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PolarityVerdict {
    /// The verdict.
    pub polarity: Polarity,
    /// 0 to 1.
    pub confidence: f32,
    /// Strongest first.
    pub basis: Vec<Basis>,
    /// The other reading, where it is in doubt (存疑): both are shown, the first one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Polarity>,
    /// The verdict and what the words say pull apart: those of the lexicons, or all that were weighed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_odds: bool,
    /// What the models alone say, where officers' corrections on its source made it this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlayered: Option<Polarity>,
}

impl PolarityVerdict {
    /// Whether it is in doubt, so that both readings are to be shown.
    #[must_use]
    pub fn is_unsure(&self) -> bool {
        self.other.is_some()
    }

    /// Whether what it rests on speaks for it: the side with most weight is its own.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        let of = |side: Polarity| -> f32 {
            self.basis.iter().filter(|b| b.speaks_for() == side).map(|b| b.weight.abs()).sum()
        };
        let own = of(self.polarity);
        own > 0.0 && Polarity::ALL.into_iter().all(|side| of(side) <= own)
    }
}

/// A subject spoken of in a post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mention {
    /// Who.
    pub subject: SubjectId,
    /// Where it is named.
    pub spans: Vec<Span>,
    /// What is said of it.
    pub polarity: PolarityVerdict,
}

/// A topic that a post belongs to, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopicHit {
    /// Which.
    pub topic: TopicId,
    /// 0 to 1; a query hit is 1.
    pub confidence: f32,
    /// The words it rests on.
    pub basis: Vec<Basis>,
}

/// One named part of a risk score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskPart {
    /// Locale key: `polarity`, `topic`, `reach`, `speed`, `casualties`, `money`.
    pub name: String,
    /// Points contributed.
    pub points: f32,
    /// What it was computed from, as shown (`死亡 3 人`).
    pub from: String,
}

/// Risk from 0 to 100 with its parts, and the severity it suggests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// 0 to 100.
    pub score: u8,
    /// Largest first; their sum, rounded and capped, is `score`.
    pub parts: Vec<RiskPart>,
    /// Suggested grade.
    pub severity: Severity,
}

/// What near copies share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// 64-bit simhash over shingles of the folded body.
    pub simhash: u64,
    /// The smallest shingle hashes of the folded body (a min-wise sketch), ascending.
    pub sketch: Vec<u32>,
}

/// Names a story: the id of its first post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoryId(pub PostId);

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A post and its verdicts. Holds no HTML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnnotatedPost {
    /// The post.
    pub post: Post,
    /// What it is about and how it speaks, in words.
    #[serde(default, skip_serializing_if = "PostWords::is_empty")]
    pub words: PostWords,
    /// People dead, hurt, trapped, missing, rescued, as far as the post tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Of the post as a whole.
    pub polarity: PolarityVerdict,
    /// Its kind and urgency, where a model of them is loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<Filing>,
    /// Of each subject spoken of, in the order of config.
    pub mentions: Vec<Mention>,
    /// Classes and themes, most confident first.
    pub topics: Vec<TopicHit>,
    /// Risk for the enterprise.
    pub risk: Risk,
    /// For near copies.
    pub fingerprint: Fingerprint,
    /// What it is about, to tell by which story it joins; nothing where no deep reader that says so has read it. For the
    /// station alone: no officer is shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<Meaning>,
    /// The story it belongs to; its own id when it stands alone.
    pub story: StoryId,
}

impl AnnotatedPost {
    /// The one verdict to show: the worst for a subject where one is named, else that of the post; and the subject.
    #[must_use]
    pub fn shown(&self) -> (&PolarityVerdict, Option<&SubjectId>) {
        let badness = |m: &&Mention| match m.polarity.polarity {
            Polarity::Negative => 2,
            Polarity::Positive => 1,
            Polarity::Neutral => 0,
        };
        // The first of equals, as config has them.
        match self.mentions.iter().rev().max_by_key(badness) {
            Some(mention) => (&mention.polarity, Some(&mention.subject)),
            None => (&self.polarity, None),
        }
    }
}
