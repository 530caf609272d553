//! What a search is asked and what it answers.
//!
//! In: nothing; these are plain types. Out: `SearchOptions` from the caller, `SearchResults` from the
//! index. They hold ids and counts, never texts: the store has those.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use pipelines::record::{PostId, StoryId};
use serde::Serialize;

use crate::error::IndexError;

/// The order of hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Best BM25 score over segmented words first.
    Relevance,
    /// Highest risk first.
    Risk,
    /// Hottest first.
    Heat,
}

/// What hits are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// The source that brought the post.
    Source,
    /// Kind of medium.
    Channel,
    /// Host of the address.
    Site,
    /// Topics (a post can count for several).
    Topic,
    /// Subjects (a post can count for several).
    Subject,
    /// The polarity shown: for the subject where one is named, else of the post.
    Polarity,
    /// What an officer would file it as.
    Kind,
    /// How soon somebody must act.
    Urgency,
    /// Whether the polarity is in doubt.
    Unsure,
    /// Keywords (a post counts for each of its own).
    Keyword,
}

impl Facet {
    /// The facets shown beside a search, in their order. Keywords are thousands: who wants them asks for them.
    pub const ALL: [Self; 9] = [
        Self::Source,
        Self::Channel,
        Self::Site,
        Self::Topic,
        Self::Subject,
        Self::Polarity,
        Self::Kind,
        Self::Urgency,
        Self::Unsure,
    ];
    /// How many there are, with those that are not shown.
    pub(crate) const COUNT: usize = Self::ALL.len() + 1;
}

/// How a search is to be answered. The default: the ten newest lines, one per story, no facets.
#[derive(Clone, Debug)]
pub struct SearchOptions {
    /// Lines on the page.
    pub limit: usize,
    /// Order of the lines.
    pub sort: Sort,
    /// Go on after the page that ended here (`SearchResults::next`). Same query, same sort.
    pub after: Option<PageToken>,
    /// One line per story instead of one per post.
    pub group_by_story: bool,
    /// Counts wanted.
    pub facets: Vec<Facet>,
    /// Posts per local day wanted; the value is the zone's offset from UTC in seconds.
    pub histogram: Option<i32>,
    /// Whether totals are wanted. Without totals, facets and histogram, a newest-first page of posts
    /// stops as soon as it is full.
    pub totals: bool,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            limit: 10,
            sort: Sort::Newest,
            after: None,
            group_by_story: true,
            facets: Vec::new(),
            histogram: None,
            totals: true,
        }
    }
}

/// Where a page ended. Opaque to the caller; shown as text by `Display`, read again by `FromStr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageToken {
    /// Order-preserving image of the sort value; larger comes first.
    pub(crate) key: u64,
    /// Seconds since 1970, shifted to keep order; larger comes first.
    pub(crate) time: u64,
    /// Larger comes first.
    pub(crate) post: u64,
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}{:016x}", self.key, self.time, self.post)
    }
}

impl FromStr for PageToken {
    type Err = IndexError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let bad = || IndexError::BadToken(s.to_owned());
        if s.len() != 48 || !s.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad());
        }
        let part = |i: usize| u64::from_str_radix(&s[16 * i..16 * (i + 1)], 16).map_err(|_| bad());
        Ok(Self { key: part(0)?, time: part(1)?, post: part(2)? })
    }
}

/// The earliest post of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct First {
    /// Which.
    pub post: PostId,
    /// Who brought it.
    pub source: String,
    /// When.
    pub time: DateTime<Utc>,
}

/// One line of an answer: a post, or a story shown by its best-placed post.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// The post that stands for the line.
    pub post: PostId,
    /// Its story.
    pub story: StoryId,
    /// Its time, to the second.
    pub time: DateTime<Utc>,
    /// Its BM25 score; 0 unless sorted by relevance.
    pub score: f32,
    /// Posts of this story among the hits; 1 when not grouped.
    pub in_story: u64,
    /// The earliest of them.
    pub first: First,
}

/// Counts of one facet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FacetCounts {
    /// Which.
    pub facet: Facet,
    /// Value and posts, most first, ties by value.
    pub counts: Vec<(String, u64)>,
}

/// Posts of one local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DayCount {
    /// The day.
    pub day: NaiveDate,
    /// Posts.
    pub posts: u64,
}

/// What a search found. Zero posts means that nothing was found, never that something broke.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SearchResults {
    /// Posts that match, on all pages. `None` when totals were not asked for and not known.
    pub posts: Option<u64>,
    /// Stories among them. `None` as for posts.
    pub stories: Option<u64>,
    /// This page.
    pub hits: Vec<Hit>,
    /// As asked for.
    pub facets: Vec<FacetCounts>,
    /// As asked for, oldest day first, days without posts left out.
    pub histogram: Vec<DayCount>,
    /// Where the next page starts; `None` on the last one.
    #[serde(skip)]
    pub next: Option<PageToken>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_tokens_survive_being_written() {
        let token = PageToken { key: 7, time: u64::MAX, post: 0xabcdef };
        assert_eq!(token.to_string().parse::<PageToken>().unwrap(), token);
        for bad in ["", "12", &"g".repeat(48), &"汉".repeat(16)] {
            assert!(matches!(bad.parse::<PageToken>(), Err(IndexError::BadToken(_))), "{bad}");
        }
    }
}
