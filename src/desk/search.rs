//! Searching: one query in the one language, one page of lines, counts, days, and what to ask instead.
//!
//! In: what was asked. Out: a page. Zero posts means that nothing was found, and says what else could be asked;
//! an index that is missing, broken or behind is never shown as "nothing".

use std::str::FromStr;

use index::{Facet, PageToken, SearchIndex, SearchOptions};
use pipelines::locale::Lang;
use serde::Serialize;

use super::line::{PostLine, SNIPPET_CHARS};
use super::{Act, Desk, DeskError, Result, Who};
use crate::engine::StoredPosts;

/// The order of lines.
pub use index::Sort as Order;

/// Lines on a page unless asked otherwise.
pub const PAGE: usize = 20;

/// Most lines on a page.
pub const MOST: usize = 200;

/// Values shown of one facet.
const FACET_VALUES: usize = 12;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask {
    /// In the query language.
    pub query: String,
    /// Order of lines.
    pub sort: Order,
    /// One line a post instead of one a story.
    pub posts: bool,
    /// Lines on the page; a door asks for at most [`MOST`] for people.
    pub limit: usize,
    /// Where the page before ended.
    pub after: Option<String>,
    /// Counts by property and by day as well.
    pub counts: bool,
    /// Characters of a snippet around the words found.
    pub snippet: usize,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            query: String::new(),
            sort: Order::Newest,
            posts: false,
            limit: PAGE,
            after: None,
            counts: true,
            snippet: SNIPPET_CHARS,
        }
    }
}

/// One value of a facet.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FacetValue {
    /// As queries name it.
    pub value: String,
    /// As officers know it.
    pub name: String,
    /// Posts.
    pub posts: u64,
}

/// Posts found by one property.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FacetBox {
    /// The field queries name it by.
    #[schema(value_type = String)]
    pub field: &'static str,
    /// Most first.
    pub values: Vec<FacetValue>,
}

/// One local day.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Day {
    /// `2026-11-26`
    pub day: String,
    /// Posts.
    pub posts: u64,
}

/// A page of an answer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Found {
    /// As typed.
    pub query: String,
    /// What the query means, in words.
    pub in_words: String,
    /// Posts on all pages.
    pub posts: u64,
    /// Stories among them.
    pub stories: u64,
    /// This page.
    pub lines: Vec<PostLine>,
    /// Counts by property.
    pub facets: Vec<FacetBox>,
    /// Counts by local day, days without posts left out.
    pub days: Vec<Day>,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Posts that hold the segmented words, where the literal was found nowhere.
    pub words_offer: u64,
    /// Changes that the index has not taken up: so many posts may be missing.
    pub behind: u64,
}

/// The field a facet is asked by.
#[must_use]
pub fn field_of(facet: Facet) -> &'static str {
    match facet {
        Facet::Source => "source",
        Facet::Channel => "channel",
        Facet::Site => "site",
        Facet::Topic => "topic",
        Facet::Subject => "subject",
        Facet::Keyword => "keyword",
        Facet::Polarity => "polarity",
        Facet::Kind => "kind",
        Facet::Urgency => "urgency",
        Facet::Unsure => "unsure",
    }
}

impl Desk {
    /// Answers a search.
    ///
    /// # Errors
    /// A query or page mark that cannot be read; a broken store or index.
    pub fn search(&self, who: &Who, ask: &Ask) -> Result<Found> {
        self.check(who, Act::Search)?;
        let query = self.query_of(who, &ask.query)?;
        let (index, behind) = self.asked()?;
        let options = self.options(ask)?;
        let results = index.search(&query, &options, Some(&StoredPosts(&*self.store)))?;
        let posts = results.posts.unwrap_or(0);
        let lines = results.hits.iter().map(|hit| self.line_of(hit, Some(&query), ask.snippet));
        Ok(Found {
            query: ask.query.clone(),
            in_words: query.in_words(who.lang),
            posts,
            stories: results.stories.unwrap_or(posts),
            lines: lines.filter_map(Result::transpose).collect::<Result<_>>()?,
            facets: results.facets.iter().map(|counts| self.facet_box(who, counts)).collect(),
            days: results
                .histogram
                .iter()
                .map(|day| Day { day: day.day.to_string(), posts: day.posts })
                .collect(),
            next: results.next.map(|token| token.to_string()),
            words_offer: if posts == 0 { index.words_available(query.source())? } else { 0 },
            behind,
        })
    }

    /// What the index is asked for.
    pub(super) fn options(&self, ask: &Ask) -> Result<SearchOptions> {
        let zone = crate::engine::zone_offset_secs(&self.config, self.now());
        Ok(SearchOptions {
            limit: ask.limit.max(1),
            sort: ask.sort,
            after: ask.after.as_deref().map(page_mark).transpose()?,
            group_by_story: !ask.posts,
            facets: if ask.counts { Facet::ALL.to_vec() } else { Vec::new() },
            histogram: ask.counts.then_some(zone),
            totals: true,
        })
    }

    pub(super) fn facet_box(&self, who: &Who, counts: &index::FacetCounts) -> FacetBox {
        let field = field_of(counts.facet);
        let value = |(value, posts): &(String, u64)| FacetValue {
            name: self.value_name(who, field, value),
            value: value.clone(),
            posts: *posts,
        };
        FacetBox { field, values: counts.counts.iter().take(FACET_VALUES).map(value).collect() }
    }

    /// What officers call the `value` of a field.
    pub(super) fn value_name(&self, who: &Who, field: &str, value: &str) -> String {
        let config = &self.config;
        let named = match field {
            "channel" | "polarity" | "kind" | "urgency" | "unsure" => {
                who.lang.get(&format!("record.{field}.{value}")).map(str::to_owned)
            }
            "source" => Some(self.source_name(&value.into())),
            "subject" => {
                let subject = config.subjects.iter().find(|s| s.id.as_str() == value);
                subject.map(|subject| subject.name.clone())
            }
            "topic" => {
                let topic = config.topics.iter().find(|t| t.id.as_str() == value);
                topic.map(|topic| match who.lang {
                    Lang::Zh => topic.name.clone(),
                    Lang::En => topic.name_en.clone(),
                })
            }
            _ => None,
        };
        named.unwrap_or_else(|| value.to_owned())
    }
}

fn page_mark(text: &str) -> Result<PageToken> {
    PageToken::from_str(text).map_err(|_| DeskError::Value { what: "page", value: text.to_owned() })
}
