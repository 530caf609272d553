//! A post: one article, thread or item read from a page, and what could not be read of it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Channel, PostId, SourceId, Trust};

/// How sure the reader is of a value it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A guess from weak signs.
    Low,
    /// One good sign.
    Medium,
    /// Stated by the page in machine-readable form, or by several signs that agree.
    High,
}

/// When a post was published, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The instant. Pages without a zone are read as Asia/Shanghai (or the zone in config).
    pub at: DateTime<Utc>,
    /// Whether the page gave a time of day, or only a day (then `at` is local midnight).
    pub has_time: bool,
    /// How sure.
    pub confidence: Confidence,
    /// Where it was found: `meta:article:published_time`, `json-ld`, `byline`, `url`, `feed`, `import`…
    pub place: String,
}

/// Who wrote a post. A private person's name never reaches this type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum Author {
    /// A medium or an official account listed in config; the name is kept.
    Official(String),
    /// A keyed pseudonym: the same author of the same site gives the same value; not reversible.
    Pseudonym(String),
}

/// Counters shown by the page, where it shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Views.
    pub views: Option<u64>,
    /// Likes.
    pub likes: Option<u64>,
    /// Comments or replies.
    pub comments: Option<u64>,
    /// Shares or reposts.
    pub shares: Option<u64>,
}

/// A reply in a thread, apart from the first post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The text of the reply.
    pub text: String,
    /// When, where the page says so.
    pub published_at: Option<DateTime<Utc>>,
    /// Who, under the same rule as the post.
    pub author: Option<Author>,
}

/// An imperfection of a post: recorded, not fatal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issue {
    /// No published time was found.
    NoDate,
    /// The time found lies in the future; the post is sorted by when it was fetched.
    FutureDate,
    /// No title was found; the first line stands in.
    NoTitle,
    /// No author or outlet was found.
    NoAuthor,
    /// The charset was guessed.
    GuessedCharset,
    /// The declared charset did not fit the bytes.
    WrongCharset,
    /// Some bytes could not be decoded.
    BadBytes,
    /// The page was cut at a limit.
    Truncated,
    /// The text came from the feed only; the page was not read.
    FeedTextOnly,
    /// The source that brought it is not of the house at its address.
    ClaimedAddress,
}

/// Why something received was not kept. Counted per source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The same post is already stored.
    Duplicate,
    /// A known post that was stored anew: its text was edited, or replies came.
    Updated,
    /// The page did not change since it was last read.
    NotModified,
    /// No main text, or less than the configured minimum.
    TooShort,
    /// A list, index or other page that is not an article.
    NotAnArticle,
    /// Matches the source's exclude terms.
    Excluded,
    /// Lies on a host that the source does not list.
    OtherHost,
    /// Older than the source's horizon.
    TooOld,
    /// robots.txt says no.
    Robots,
    /// A login or captcha stands before it.
    Walled,
    /// Not text we read (image, archive, application).
    NotText,
    /// No address to name the post by.
    NoAddress,
    /// The address no longer exists (404, 410).
    Gone,
    /// A row or item that cannot be read.
    Malformed,
    /// It was purged on purpose before.
    Purged,
    /// It claims an address that another source brought.
    Foreign,
    /// Its id is that of another address.
    Collision,
}

impl DropReason {
    /// All reasons.
    pub const ALL: [Self; 17] = [
        Self::Duplicate,
        Self::Updated,
        Self::NotModified,
        Self::TooShort,
        Self::NotAnArticle,
        Self::Excluded,
        Self::OtherHost,
        Self::TooOld,
        Self::Robots,
        Self::Walled,
        Self::NotText,
        Self::NoAddress,
        Self::Gone,
        Self::Malformed,
        Self::Purged,
        Self::Foreign,
        Self::Collision,
    ];

    /// The name used in counts, logs and locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Updated => "updated",
            Self::NotModified => "not_modified",
            Self::TooShort => "too_short",
            Self::NotAnArticle => "not_an_article",
            Self::Excluded => "excluded",
            Self::OtherHost => "other_host",
            Self::TooOld => "too_old",
            Self::Robots => "robots",
            Self::Walled => "walled",
            Self::NotText => "not_text",
            Self::NoAddress => "no_address",
            Self::Gone => "gone",
            Self::Malformed => "malformed",
            Self::Purged => "purged",
            Self::Foreign => "foreign",
            Self::Collision => "collision",
        }
    }
}

/// How far ahead of the clock a published time may lie: sites in zones ahead write without their zone, and clocks of
/// servers are wrong by minutes.
const CLOCK_SLACK: TimeDelta = TimeDelta::hours(26);

/// Whether `at` cannot be when something was published that was there at `now`.
#[must_use]
pub fn is_future(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at > now + CLOCK_SLACK
}

/// What a stage decides about one record: keep it in its new form, or drop it for a named reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<T> {
    /// Goes on.
    Keep(T),
    /// Stops here, counted.
    Drop(DropReason),
}

/// What was found of a post before privacy rules were applied: raw fields from a page, feed or row.
/// Lives only in memory (and, without authors, as a hint in the frontier).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// Title without the site's tail.
    pub title: Option<String>,
    /// Main text, paragraphs apart by `\n`.
    pub text: Option<String>,
    /// Published time.
    pub published: Option<Published>,
    /// The author's name as shown. Never stored as it stands.
    #[serde(skip)]
    pub author: Option<String>,
    /// Who published the page.
    pub outlet: Option<String>,
    /// The original outlet of a repost (来源).
    pub origin: Option<String>,
    /// Counters.
    pub counts: Counts,
    /// Replies of a thread.
    #[serde(skip)]
    pub comments: Vec<FoundComment>,
    /// Imperfections.
    pub issues: Vec<Issue>,
}

/// A reply as found, before privacy rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundComment {
    /// The text of the reply.
    pub text: String,
    /// When, where the page says so.
    pub published_at: Option<DateTime<Utc>>,
    /// The author's name as shown. Never stored as it stands.
    pub author: Option<String>,
}

/// One article, thread or item. Holds no scores or tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// From `url`.
    pub id: PostId,
    /// Canonical address; rows imported without one get `import:<source>/<row id>`.
    pub url: String,
    /// The source that brought it first.
    pub source: SourceId,
    /// From the source.
    pub channel: Channel,
    /// From the source.
    pub trust: Trust,
    /// Host of `url`, without `www.`; the source id for imports.
    pub site: String,
    /// Title; the first line of the text where the page has none (see `issues`).
    pub title: String,
    /// Main text, paragraphs apart by `\n`, private numbers masked.
    pub text: String,
    /// Who wrote it.
    pub author: Option<Author>,
    /// Who published it.
    pub outlet: Option<String>,
    /// The original outlet of a repost (来源).
    pub origin: Option<String>,
    /// When it was published, if the page says so.
    pub published: Option<Published>,
    /// When it was fetched or imported.
    pub fetched_at: DateTime<Utc>,
    /// Counters.
    pub counts: Counts,
    /// Replies, for threads.
    pub comments: Vec<Comment>,
    /// Imperfections.
    pub issues: Vec<Issue>,
    /// SHA-256 (first 64 bits) of the folded title and text: equal for exact copies.
    pub content_hash: u64,
}

impl Post {
    /// The time used for order, windows and retention: published where known and not in the future, else fetched.
    #[must_use]
    pub fn time(&self) -> DateTime<Utc> {
        self.own_time().unwrap_or(self.fetched_at)
    }

    /// The published time, where it is known and was not in the future when it was read.
    #[must_use]
    pub fn own_time(&self) -> Option<DateTime<Utc>> {
        let published = self.published.as_ref().map(|p| p.at);
        published.filter(|at| !is_future(*at, self.fetched_at))
    }
}
