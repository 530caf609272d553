//! The two closed scales of judging: polarity and severity.

use serde::{Deserialize, Serialize};

/// Whether a text speaks well or badly, of a subject or as a whole.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// 负面
    Negative,
    /// 中性: also the verdict when unsure.
    #[default]
    Neutral,
    /// 正面
    Positive,
}

impl Polarity {
    /// All values, from bad to good.
    pub const ALL: [Self; 3] = [Self::Negative, Self::Neutral, Self::Positive];

    /// The name used in queries, the store and the index.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
        }
    }

    /// The polarity with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }
}

/// How grave an alert is, in the four national grades.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// 一般 (Ⅳ)
    #[default]
    Ordinary,
    /// 较大 (Ⅲ)
    Serious,
    /// 重大 (Ⅱ)
    Major,
    /// 特别重大 (Ⅰ)
    Critical,
}

impl Severity {
    /// All grades, from low to high.
    pub const ALL: [Self; 4] = [Self::Ordinary, Self::Serious, Self::Major, Self::Critical];

    /// The name used in config and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Serious => "serious",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// The grade with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}
