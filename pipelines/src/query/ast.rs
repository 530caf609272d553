//! The tree of a query, as its three readers see it: the index, the in-memory matcher, the explanation.
//!
//! Two layers. A [`Node`] is a test of a whole post: and, or, not, at least, fields. A [`Pattern`] is
//! something that occurs at places of one text: a literal, a word, a regular expression, the names of a
//! subject, and what stands near what. Title and body are two texts and no pattern crosses them.
//! The tree is plain data with all names resolved and all literals folded; it knows nothing of syntax. Its
//! rare, large parts are boxed: ten thousand trees that stay within a cache line a node are asked in two
//! thirds of the time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use regex::Regex;

use super::naming::Naming;
use crate::record::{Channel, Polarity, PostKind, SourceId, StoryId, SubjectId, TopicId};

/// A test of a whole post.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Each of these (two or more).
    All(Vec<Node>),
    /// One of these at least (two or more).
    Any(Vec<Node>),
    /// Not this.
    Not(Box<Node>),
    /// At least `count` of these; 1 ≤ `count` ≤ their number.
    AtLeast {
        /// How many.
        count: usize,
        /// Of which.
        of: Vec<Node>,
    },
    /// Something occurs in the text.
    Text(TextTest),
    /// All of these words occur, ranked by how rare and how frequent they are.
    Words(WordsTest),
    /// A test of a field.
    Field(FieldTest),
}

/// `pattern` occurs in the texts of `scope` from `min` to `max` times.
#[derive(Clone, Debug, PartialEq)]
pub struct TextTest {
    /// Where to look.
    pub scope: Scope,
    /// What to look for.
    pub pattern: Pattern,
    /// At least so often, 1 or more. Counted are occurrences that do not overlap (from the left, the longer
    /// first where two begin together), title and body together where the scope is both.
    pub min: u32,
    /// At most so often.
    pub max: Option<u32>,
}

/// Which text of a post is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Title or body; each pattern must occur wholly in one of them.
    #[default]
    Both,
    /// The title only.
    Title,
    /// The body only.
    Body,
}

/// Something that occurs at places of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// A literal: its cells stand contiguously.
    Literal(Literal),
    /// A literal that begins where a segmented word begins and ends where one ends.
    Word(Literal),
    /// A regular expression over the folded text.
    Regex(Box<Regexp>),
    /// A subject under any of its names.
    Alias(Box<Alias>),
    /// Any of these (two or more).
    Either(Vec<Pattern>),
    /// The places of `right` that have a place of `left` near: not overlapping, with at most `distance`
    /// characters of folded text between the end of one and the start of the other.
    Near {
        /// The one.
        left: Box<Pattern>,
        /// The other; the whole stands where this stands.
        right: Box<Pattern>,
        /// Characters between the two, at most.
        distance: u32,
        /// Whether `left` must come first.
        ordered: bool,
    },
    /// The places of `right` that have a place of `left` in the same sentence or paragraph. A place lies
    /// where its first character lies.
    Same {
        /// The one.
        left: Box<Pattern>,
        /// The other; the whole stands where this stands.
        right: Box<Pattern>,
        /// Sentence or paragraph.
        unit: Unit,
    },
}

/// What `同句` and `同段` speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// As cut by [`sentences`](crate::text::sentences).
    Sentence,
    /// As cut by [`paragraphs`](crate::text::paragraphs).
    Paragraph,
}

/// A folded literal of at least one cell.
///
/// It occurs where its cells stand contiguously (see [`crate::text`]). A first or last cell that is a word
/// run must be a whole run of the text unless that end is open.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Literal {
    /// The folded text: not empty, no blank at its ends.
    pub text: String,
    /// `*` before it: the first word run may begin inside a run.
    pub open_start: bool,
    /// `*` after it: the last word run may end inside a run.
    pub open_end: bool,
}

/// A bounded regular expression, compiled. Case does not matter to it.
#[derive(Clone, Debug)]
pub struct Regexp {
    /// As written, without the slashes.
    pub source: String,
    /// Compiled, to be run over folded text. Empty matches do not count.
    pub regex: Regex,
    /// Folded texts that a folded text must contain, each as a plain substring, for the expression to match;
    /// empty where none could be told.
    pub required: Vec<String>,
}

impl PartialEq for Regexp {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// A subject under any of its names, less its namesakes; a group under those of its units as well. It stands
/// where the annotator says that one of them is named.
#[derive(Clone, Debug)]
pub struct Alias {
    /// Who.
    pub subject: SubjectId,
    /// Its names and those of its units: full, short, codes, homophones.
    pub names: Vec<Literal>,
    /// Words of config that mean a namesake.
    pub exclude: Vec<Literal>,
    /// Where none of these occurs, each place of a name counts.
    pub doubts: Vec<Literal>,
    /// The subjects that count as this one, among those of `naming`.
    pub(super) members: Vec<usize>,
    /// Who says where they are named.
    pub(super) naming: Arc<Naming>,
}

impl PartialEq for Alias {
    fn eq(&self, other: &Self) -> bool {
        self.subject == other.subject && self.names == other.names && self.exclude == other.exclude
    }
}

/// `words:(…)`: every one of the words occurs as a literal; relevance is by words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordsTest {
    /// Where to look.
    pub scope: Scope,
    /// The words of the folded text asked for, without function words; at least one.
    pub words: Vec<Literal>,
}

/// A test of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// The source, by id.
    Source(SourceId),
    /// The channel.
    Channel(Channel),
    /// The host of the address is this or lies below it (`gov.cn` holds `www.mem.gov.cn`). Lower case.
    Site(String),
    /// A topic, or one below it (`labour` holds `labour/pay`).
    Topic(TopicId),
    /// One of the keywords that the stage of words found is this, folded.
    Keyword(String),
    /// One of these subjects is spoken of: the one asked for, then its units.
    Subject(Vec<SubjectId>),
    /// The polarity shown: for the subject where one is named, else of the post.
    Polarity(Polarity),
    /// The same, or the other reading of one that is in doubt.
    Reading(Polarity),
    /// The kind an officer would file it as.
    Kind(PostKind),
    /// Urgency from 0 to 3.
    Urgency(NumberRange),
    /// Whether the polarity shown is in doubt.
    Unsure(bool),
    /// Risk from 0 to 100.
    Risk(NumberRange),
    /// Belongs to this story.
    Story(StoryId),
    /// Belongs to this case.
    Case(String),
    /// [`Post::time`](crate::record::Post::time).
    Published(Box<TimeRange>),
    /// Heat of its story.
    Heat(NumberRange),
}

/// A range of numbers; both bounds belong to it where they are `inclusive`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberRange {
    /// Lower bound.
    pub from: Option<Bound>,
    /// Upper bound.
    pub to: Option<Bound>,
}

/// An end of a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The number; finite.
    pub value: f64,
    /// Whether it belongs to the range.
    pub inclusive: bool,
}

impl NumberRange {
    /// Whether `value` lies in the range.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        let above = self.from.is_none_or(|b| value > b.value || (b.inclusive && value >= b.value));
        let below = self.to.is_none_or(|b| value < b.value || (b.inclusive && value <= b.value));
        above && below
    }
}

/// A span of time, in the instants it came to when the query was parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant that belongs to it.
    pub from: Option<DateTime<Utc>>,
    /// First instant that does not.
    pub to: Option<DateTime<Utc>>,
    /// As written, which for `7d` or `today` says more than the instants.
    pub source: String,
    /// The zone its days are of, in which its instants are shown.
    pub zone: Tz,
    /// Whether it was reckoned from the present: then the query must be parsed anew as time goes on.
    pub is_relative: bool,
}

impl TimeRange {
    /// Whether `at` lies in the range.
    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }
}
