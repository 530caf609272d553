//! What watching produces: a rule's hit on a post, and an alert.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{PostId, RuleId, Severity, Span, StoryId, Trust};

/// One post that matched one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHit {
    /// The rule.
    pub rule: RuleId,
    /// The post.
    pub post: PostId,
    /// The post's story at the time of matching.
    pub story: StoryId,
    /// The post's time.
    pub at: DateTime<Utc>,
    /// The words that matched.
    pub spans: Vec<Span>,
}

/// A post an alert rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The post.
    pub post: PostId,
    /// The words that matched.
    pub spans: Vec<Span>,
}

/// What became of an alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Nobody has looked at it.
    #[default]
    Open,
    /// Somebody has.
    Acknowledged,
    /// Done with.
    Closed,
}

impl AlertState {
    /// The name used in the store and in locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
        }
    }
}

/// Why a source brings nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceReason {
    /// Its entry page came, but no article was found on it.
    LayoutChanged,
    /// Its articles came without a text worth the name.
    TextTooShort,
    /// Its articles came without dates, which they had before.
    DatesGone,
    /// All it lists is older than its horizon.
    TooOld,
    /// A login or captcha stands before it.
    Walled,
    /// Its robots.txt says no, or cannot be read.
    Robots,
    /// Its articles lie on hosts that it does not list.
    OtherHost,
    /// Its entry address no longer exists.
    EntryGone,
    /// It does not answer, or with an error.
    Unreachable,
    /// It was not asked.
    NotAsked,
    /// It answers, and has nothing new.
    NothingNew,
}

impl SilenceReason {
    /// The name used in output and locale keys (`record.silence.…`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LayoutChanged => "layout_changed",
            Self::TextTooShort => "text_too_short",
            Self::DatesGone => "dates_gone",
            Self::TooOld => "too_old",
            Self::Walled => "walled",
            Self::Robots => "robots",
            Self::OtherHost => "other_host",
            Self::EntryGone => "entry_gone",
            Self::Unreachable => "unreachable",
            Self::NotAsked => "not_asked",
            Self::NothingNew => "nothing_new",
        }
    }
}

/// How far an alert had come when it was last told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Posts it rested on.
    pub posts: u64,
    /// The gravest grade among them.
    pub severity: Severity,
    /// Whether an office or the house itself had answered.
    pub answered: bool,
    /// How far the farthest-reaching of its sources reaches; none where it was told by a version that did not note it.
    #[serde(default)]
    pub trust: Option<Trust>,
    /// When it was first told; none where it was told by a version that did not note it.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
}

/// One firing of a rule. Holds no rendered message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Stable key: rule, and the story or window it fired for. The same firing never makes two alerts.
    pub key: String,
    /// The rule.
    pub rule: RuleId,
    /// The story, for rules that fire per story.
    pub story: Option<StoryId>,
    /// Start of the window it was measured over.
    pub window_start: DateTime<Utc>,
    /// When it fired (the time of the post that made it fire).
    pub fired_at: DateTime<Utc>,
    /// What was measured (posts in the window).
    pub measured: f64,
    /// What the rule asks for.
    pub threshold: f64,
    /// The posts it rests on, newest first, at most 50.
    pub evidence: Vec<Evidence>,
    /// Why a source is silent, for alerts of its silence.
    #[serde(default)]
    pub because: Option<SilenceReason>,
    /// How far it had come when it was last told.
    #[serde(default)]
    pub told: Told,
    /// From the rule.
    pub severity: Severity,
    /// What became of it.
    pub state: AlertState,
}
