//! A digest: sections of ids and counts. Holds no markup and no language.
//!
//! In: nothing. Out: data from which a paper is written. Each figure names the set of posts it counts, each line the
//! posts it rests on, by their number in the appendix.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use pipelines::record::{AlertState, Channel, Polarity, PostId, Severity, SubjectId};
use pipelines::watch::RuleConfig;
use serde::Serialize;

use super::cases::Cases;
use super::elsewhere::Elsewhere;
use super::happening::Happening;
use super::input::{PaperHead, PeriodKind};
use super::voice::OwnVoice;

/// A count and where its posts stand. `value: None` means not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// The count.
    pub value: Option<u64>,
    /// The set in [`Digest::sets`], from 1; none where the posts are not listed.
    pub set: Option<usize>,
    /// The one post in the appendix, where the set is a single listed one.
    pub post: Option<usize>,
}

impl Figure {
    /// A count of things that are no posts.
    #[must_use]
    pub fn bare(value: Option<u64>) -> Self {
        Self { value, set: None, post: None }
    }
}

/// The posts a figure counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostSet {
    /// Number, from 1.
    pub number: usize,
    /// What is counted: parts of a path such as subject name and polarity key, for the reader.
    pub label: Vec<String>,
    /// Numbers in the appendix.
    pub posts: Vec<usize>,
    /// Posts that the appendix had no room for.
    pub unlisted: usize,
}

/// A post in the appendix.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PostLine {
    /// Number, from 1.
    pub number: usize,
    /// Its id.
    pub id: PostId,
    /// Its title.
    pub title: String,
    /// The name of its source.
    pub source: String,
    /// Its channel.
    pub channel: Channel,
    /// When it was published, if known.
    pub published_at: Option<DateTime<Utc>>,
    /// Whether `published_at` has a time of day.
    pub has_time: bool,
    /// When it was fetched.
    pub fetched_at: DateTime<Utc>,
    /// Its address.
    pub url: String,
    /// Hash of the content, 16 hexadecimal digits.
    pub content_hash: String,
    /// SHA-256 of the page as served, where kept.
    pub page_sha256: Option<String>,
    /// When another content was last seen under its address.
    pub edited_at: Option<DateTime<Utc>>,
    /// Since when its address answers 404 or 410.
    pub gone_at: Option<DateTime<Utc>>,
    /// What it says of us; none where it names no subject.
    pub polarity: Option<Polarity>,
    /// The other reading, where that is in doubt.
    pub other: Option<Polarity>,
    /// Whether it lies outside the period (evidence of an alert).
    pub outside: bool,
}

/// A word that posts about us write more often than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WordLine {
    /// The word, folded.
    pub word: String,
    /// Posts about us that have it among their keywords.
    pub posts: Figure,
    /// Those of the period before; none where that was not measured.
    pub before: Option<u64>,
}

/// Posts by polarity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shares {
    /// All.
    pub posts: Figure,
    /// 负面
    pub negative: Figure,
    /// 中性
    pub neutral: Figure,
    /// 正面
    pub positive: Figure,
}

/// A figure beside that of the period before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Change {
    /// Now less before; none where before was not measured.
    pub by: Option<i64>,
    /// The same in percent; none where before was 0 or not measured.
    pub percent: Option<f64>,
}

/// Posts about one subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubjectLine {
    /// Its id.
    pub id: SubjectId,
    /// Its name.
    pub name: String,
    /// Its posts.
    pub shares: Shares,
}

/// Posts of one channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelLine {
    /// The channel.
    pub channel: Channel,
    /// Its posts.
    pub shares: Shares,
}

/// Posts over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Curve {
    /// Start of each step.
    pub starts: Vec<DateTime<Utc>>,
    /// Posts in each step.
    pub posts: Vec<u64>,
    /// Negative ones among them.
    pub negative: Vec<u64>,
    /// Positive ones among them.
    pub positive: Vec<u64>,
    /// Whether a step is an hour (else a day).
    pub is_hourly: bool,
    /// Posts left out because only their day is known.
    pub without_time: u64,
}

/// Posts of one unit over the days of the curve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeatRow {
    /// Its name.
    pub name: String,
    /// Posts in each step of the curve.
    pub posts: Vec<u64>,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertLine {
    /// Its key.
    pub key: String,
    /// Name of its rule; its id where the rule is gone.
    pub rule_name: String,
    /// Grade.
    pub severity: Severity,
    /// State.
    pub state: AlertState,
    /// When the state last changed.
    pub state_since: Option<DateTime<Utc>>,
    /// When it fired.
    pub fired_at: DateTime<Utc>,
    /// Title of the riskiest post it rests on; the newest of equals.
    pub headline: Option<String>,
    /// The posts it rests on.
    pub evidence: Figure,
    /// The numbers of the first of them.
    pub posts: Vec<usize>,
    /// Posts it names that are no longer stored.
    pub missing: usize,
    /// For the sentence that says why.
    #[serde(skip)]
    pub rule: Option<RuleConfig>,
    /// For the same sentence.
    #[serde(skip)]
    pub alert: pipelines::record::Alert,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceLine {
    /// Its name.
    pub name: String,
    /// Its channel.
    pub channel: Channel,
    /// `good`, `partial`, `failed`, `silent` or `not_run`.
    pub state: &'static str,
    /// The reason, where there is one.
    pub reason: Option<String>,
    /// Silent since.
    pub since: Option<DateTime<Utc>>,
}

/// Sources in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourceTotals {
    /// Configured.
    pub sources: u64,
    /// Collected without failure.
    pub good: u64,
    /// Heard, with failures.
    pub partial: u64,
    /// Failed.
    pub failed: u64,
    /// Silent.
    pub silent: u64,
    /// Not asked.
    pub not_run: u64,
}

/// Why there is nothing about us, if there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Emptiness {
    /// There is something.
    NotEmpty,
    /// All sources were heard and nobody spoke of us.
    NothingSaid,
    /// Some sources failed: nothing was heard, which is not the same.
    NotAllHeard,
    /// No source was heard at all.
    NothingHeard,
    /// Whether sources were heard was not measured.
    Unknown,
}

impl Emptiness {
    /// The name used in locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotEmpty => "not_empty",
            Self::NothingSaid => "nothing_said",
            Self::NotAllHeard => "not_all_heard",
            Self::NothingHeard => "nothing_heard",
            Self::Unknown => "unknown",
        }
    }
}

/// A quotation: a piece of a post, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// The piece.
    pub text: String,
    /// The number of the post.
    pub post: usize,
    /// The name of its source.
    pub source: String,
}

/// Happenings about us, each in one list only.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Happenings {
    /// What must be looked into, gravest first, then by spread.
    pub matters: Vec<Happening>,
    /// What people ask for.
    pub grievances: Vec<Happening>,
    /// What speaks well of us.
    pub praise: Vec<Happening>,
    /// What we published ourselves, and all else.
    pub others: Vec<Happening>,
    /// Those of each list that the digest had no room for: matters, grievances, praise, others.
    pub left_out: [Figure; 4],
    /// Matters and grievances that nobody of standing has answered.
    pub unanswered: Figure,
}

/// A dated report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Digest {
    /// The title in config, if any.
    pub title: Option<String>,
    /// Whose it is.
    pub organisation: String,
    /// How it is headed and to whom it goes.
    pub paper: PaperHead,
    /// What it is narrowed to.
    pub focus: Option<String>,
    /// What it is.
    pub period: PeriodKind,
    /// Start.
    pub from: DateTime<Utc>,
    /// End.
    pub to: DateTime<Utc>,
    /// The zone in which times are shown.
    #[serde(skip)]
    pub zone: Tz,
    /// When it was made.
    pub generated_at: DateTime<Utc>,
    /// Whether there is anything about us.
    pub emptiness: Emptiness,
    /// All posts collected, about us or not; none where nothing was heard.
    pub collected: Option<u64>,
    /// Posts about us.
    pub shares: Shares,
    /// Those among them that name us in passing only.
    pub passing: Figure,
    /// Different happenings about us.
    pub told: Option<u64>,
    /// Posts against the period before.
    pub posts_change: Change,
    /// Negative posts against the period before.
    pub negative_change: Change,
    /// The happenings.
    pub happenings: Happenings,
    /// By subject, in the order of config; those without posts too.
    pub subjects: Vec<SubjectLine>,
    /// By channel; only those with posts.
    pub channels: Vec<ChannelLine>,
    /// Words that rose against the period before, most surprising first.
    pub words: Vec<WordLine>,
    /// The words that most posts about us have, most first; empty for a day.
    pub cloud: Vec<WordLine>,
    /// Over time.
    pub curve: Curve,
    /// Posts of each unit by day, as the curve counts days; empty where it counts hours.
    pub heat: Vec<HeatRow>,
    /// Alerts, gravest first.
    pub alerts: Vec<AlertLine>,
    /// Cases.
    pub cases: Cases,
    /// What we published and what became of it; none where no source is marked as ours.
    pub voice: Option<OwnVoice>,
    /// What was told far and wide and does not name us.
    pub elsewhere: Elsewhere,
    /// Sources, troubled ones first; none where collecting was not measured.
    pub sources: Option<Vec<SourceLine>>,
    /// Sources in all.
    pub source_totals: Option<SourceTotals>,
    /// The sets that figures count.
    pub sets: Vec<PostSet>,
    /// The appendix: first what the text names, in its order, then the others about us, newest first.
    pub posts: Vec<PostLine>,
    /// Posts the appendix had no room for.
    pub unlisted_posts: usize,
}
