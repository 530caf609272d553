//! The words of a post: what it is about, and how it speaks.
//!
//! Made by the stage `words` between reading and judging; judged, stored and searched with the post.

use serde::{Deserialize, Serialize};

use super::Span;

/// One word that a post is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Keyword {
    /// The word, folded.
    pub word: String,
    /// Where it stands first.
    pub span: Span,
    /// What it weighs against the heaviest word of the post, above 0 to 1.
    pub weight: f32,
}

/// One word that speaks well or ill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentimentWord {
    /// Where it stands.
    pub span: Span,
    /// 0.1 to 5 as the lexicons say; below zero it speaks ill. What stands around it (不、却、吗) is not counted in.
    pub weight: f32,
}

/// The words of a post. Empty for posts that were stored before there was this stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PostWords {
    /// 5 to 12 of them (fewer where the text has no more), heaviest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<Keyword>,
    /// In the order of the text, title first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentiment: Vec<SentimentWord>,
}

impl PostWords {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keywords.is_empty() && self.sentiment.is_empty()
    }
}
