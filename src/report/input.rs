//! What a digest is made from: plain values the caller reads from the store.
//!
//! In: nothing. Out: data. Holds no counts that can be counted from the posts.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use pipelines::record::{
    Alert, AnnotatedPost, Channel, Polarity, PostId, PostKind, SourceId, StoryId, SubjectId,
    TopicId,
};
use pipelines::watch::RuleConfig;
use pipelines::words::Counts;
use serde::{Deserialize, Serialize};

use super::cases::CaseInput;
use super::elsewhere::ElsewhereInput;
use super::said::Said;
use super::voice::OwnInput;
use crate::cases::counted::Counted;

/// What a digest is: decides its title, its sections and the steps of its curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodKind {
    /// A day, by hours.
    Day,
    /// A week, by days.
    Week,
    /// A month, by days.
    Month,
    /// Any other span, or one happening or topic told at length (专报), by days.
    Special,
    /// One happening on one page (快报).
    Flash,
}

impl PeriodKind {
    /// The name used in config and locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Special => "special",
            Self::Flash => "flash",
        }
    }
}

/// Everything a digest is made from.
#[derive(Clone, Debug)]
pub struct DigestInput {
    /// The title; a standard one where absent.
    pub title: Option<String>,
    /// Whose digest it is.
    pub organisation: String,
    /// What kind of span.
    pub period: PeriodKind,
    /// Start, included.
    pub from: DateTime<Utc>,
    /// End, not included.
    pub to: DateTime<Utc>,
    /// The zone in which times are shown.
    pub zone: Tz,
    /// When it was made.
    pub generated_at: DateTime<Utc>,
    /// What it is narrowed to: the name of a unit, a topic or a happening; none where it is of everything.
    pub focus: Option<String>,
    /// How it is headed and to whom it goes, where that is configured.
    pub paper: PaperHead,
    /// Every post of the period about us, in any order; those of a happening that names nobody where that is its focus.
    pub posts: Vec<DigestPost>,
    /// How many posts were collected in the period, about us or not.
    pub collected: u64,
    /// Posts outside the period that alerts rest on.
    pub other_posts: Vec<DigestPost>,
    /// The same counts for the period before; absent where they were not measured.
    pub previous: Option<PreviousPeriod>,
    /// The subjects with their names, in the order of config.
    pub subjects: Vec<(SubjectId, String)>,
    /// Topics whose negative posts are grievances of people: an id counts with everything under it.
    pub grievance_topics: Vec<TopicId>,
    /// Alerts that fired in the period or were open in it.
    pub alerts: Vec<AlertInput>,
    /// Cases that had not ended at the end of the period, or were opened, answered or ended in it.
    pub cases: Vec<CaseInput>,
    /// Grievances of those cases by the unit that answers for them, most first; its name empty before they were assigned.
    pub grievances: Vec<(String, Counted)>,
    /// What we published in the period; absent where no source is marked as ours.
    pub own: Option<Vec<OwnInput>>,
    /// Happenings told by several sources that do not name us.
    pub elsewhere: Vec<ElsewhereInput>,
    /// Every source of config; absent where collecting was not measured at all.
    pub sources: Option<Vec<SourceInput>>,
    /// How many posts the appendix lists at most, beside those that are named in the text.
    pub listed_posts: usize,
}

/// The head and the end of an official paper, as the enterprise has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PaperHead {
    /// The red head (发文机关标志); empty: a plain title.
    pub red_head: String,
    /// Who makes it (编报单位); empty: the organisation.
    pub unit: String,
    /// To whom it is reported (报送).
    pub send_to: Vec<String>,
    /// Who has a copy (抄送).
    pub copy_to: Vec<String>,
    /// Its number in its year; none for what is written by hand.
    pub issue: Option<Issue>,
}

/// The number of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// The year in which it is counted.
    pub year: i32,
    /// From 1.
    pub number: u32,
}

/// One post as far as a digest needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct DigestPost {
    /// What it is about, folded.
    pub keywords: Vec<String>,
    /// Its id.
    pub id: PostId,
    /// Its title.
    pub title: String,
    /// What may be quoted of it, and how it stands in its happening.
    pub said: Said,
    /// Its source.
    pub source: SourceId,
    /// The name of its source.
    pub source_name: String,
    /// Its channel.
    pub channel: Channel,
    /// Its address.
    pub url: String,
    /// When it was published, if the page said so.
    pub published_at: Option<DateTime<Utc>>,
    /// Whether the page gave a time of day.
    pub has_time: bool,
    /// When it was fetched.
    pub fetched_at: DateTime<Utc>,
    /// From `Post::content_hash`.
    pub content_hash: u64,
    /// SHA-256 of the page as served, where evidence was kept; hexadecimal.
    pub page_sha256: Option<String>,
    /// When another content was last seen under its address.
    pub edited_at: Option<DateTime<Utc>>,
    /// Since when its address answers 404 or 410.
    pub gone_at: Option<DateTime<Utc>>,
    /// What it says of each subject it names.
    pub subjects: Vec<(SubjectId, Polarity)>,
    /// What an officer would file it as.
    pub kind: Option<PostKind>,
    /// The other reading, where what it says of us is in doubt.
    pub other: Option<Polarity>,
    /// What it is about.
    pub topics: Vec<TopicId>,
    /// 0 to 100.
    pub risk: u8,
    /// The story it belongs to.
    pub story: StoryId,
}

impl DigestPost {
    /// The view of an annotated post; `page_sha256` and the marks are left for the caller.
    #[must_use]
    pub fn of(post: &AnnotatedPost, source_name: &str) -> Self {
        let p = &post.post;
        Self {
            keywords: post.words.keywords.iter().map(|k| k.word.clone()).collect(),
            id: p.id,
            title: p.title.clone(),
            said: Said::of(post),
            source: p.source.clone(),
            source_name: source_name.to_owned(),
            channel: p.channel,
            url: p.url.clone(),
            published_at: p.published.as_ref().map(|published| published.at),
            has_time: p.published.as_ref().is_none_or(|published| published.has_time),
            fetched_at: p.fetched_at,
            content_hash: p.content_hash,
            page_sha256: None,
            edited_at: None,
            gone_at: None,
            subjects: post
                .mentions
                .iter()
                .map(|m| (m.subject.clone(), m.polarity.polarity))
                .collect(),
            kind: post.filing.map(|filing| filing.kind),
            other: post.shown().0.other,
            topics: post.topics.iter().map(|t| t.topic.clone()).collect(),
            risk: post.risk.score,
            story: post.story,
        }
    }

    /// The time used for order and curves: published where known, else fetched.
    #[must_use]
    pub fn time(&self) -> DateTime<Utc> {
        self.published_at.unwrap_or(self.fetched_at)
    }

    /// Whether it names a subject.
    #[must_use]
    pub fn is_about_us(&self) -> bool {
        !self.subjects.is_empty()
    }

    /// What it says of us: negative where it is so of any subject, else positive where of any.
    #[must_use]
    pub fn polarity(&self) -> Polarity {
        let says = |wanted| self.subjects.iter().any(|(_, polarity)| *polarity == wanted);
        if says(Polarity::Negative) {
            Polarity::Negative
        } else if says(Polarity::Positive) {
            Polarity::Positive
        } else {
            Polarity::Neutral
        }
    }
}

/// Counts of posts about us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All of them.
    pub posts: u64,
    /// 负面
    pub negative: u64,
    /// 中性
    pub neutral: u64,
    /// 正面
    pub positive: u64,
    /// Different stories.
    pub stories: u64,
}

/// The period before, for comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviousPeriod {
    /// Its counts.
    pub tally: Tally,
    /// Keywords of its posts about us.
    pub words: Counts,
}

/// An alert with its rule.
#[derive(Clone, Debug)]
pub struct AlertInput {
    /// The alert.
    pub alert: Alert,
    /// The rule as it stands; absent where it was removed since.
    pub rule: Option<RuleConfig>,
    /// When its state last changed, where it did.
    pub state_since: Option<DateTime<Utc>>,
}

/// How collecting from a source went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceOutcome {
    /// At least one round, none failed as a whole.
    Good,
    /// Heard, but some of its pages failed.
    Partial {
        /// The reason of the last failure as the store has it.
        reason: String,
    },
    /// The last round failed as a whole: nothing was heard.
    Failed {
        /// The reason as the store has it.
        reason: String,
    },
    /// Reached, but nothing new for longer than its config allows.
    Silent {
        /// The last new post, if there ever was one.
        since: Option<DateTime<Utc>>,
        /// The reason, where known.
        reason: Option<String>,
    },
    /// No round in the period.
    NotRun,
}

/// What collecting from one source came to in the period.
#[derive(Clone, Debug)]
pub struct SourceInput {
    /// Its id.
    pub id: SourceId,
    /// Its name.
    pub name: String,
    /// Its channel.
    pub channel: Channel,
    /// How it went.
    pub outcome: SourceOutcome,
}
