//! Reads a source's entry page: feed, list, sitemap, JSON answer or board → posts at hand and pages to ask.
//!
//! In: a fetched page, its source, the time. Out: [`Entries`]: items whose text is already there, jobs whose
//! page must be read, further entry pages, and what was dropped and why; or an [`EntryError`] when the page
//! is not what the source says it is. An empty feed and a page that is no feed are different answers.
//! It asks for nothing and invents nothing: what a list does not say stays unknown.

mod board;
mod bounded;
mod charset;
mod feed;
mod feed_xml;
mod headline;
mod identity;
mod island;
mod json;
mod json_feed;
mod links;
mod list;
mod shape;
mod signpost;
mod sitemap;
mod stamp;
mod target;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use url::Url;

use crate::crawl::fetch::entry_addresses;
use crate::crawl::{SourceConfig, SourceKind, address};
use crate::extract::html_to_text;
use crate::record::{DropReason, Found, Issue, Page};

pub use feed::{Feed, FeedItem, read_feed};
pub use links::{ListLink, find_article_links, share_in_list};
pub(crate) use signpost::signpost;
pub use stamp::{ZONE, stamp};

pub(crate) use charset::decoded;
pub(crate) use json::count;
pub(crate) use list::{article_links, next_page};

/// The most links and items taken from one entry page; a page with more is a trap or an archive, and the
/// rest is counted as dropped. A sitemap may hold 50,000.
pub const MAX_ENTRIES: usize = 50_000;

/// What an entry page gave. `items + jobs + dropped` is what was received.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entries {
    /// Canonical address → what the entry says of a page that must be read.
    pub jobs: Vec<(String, Found)>,
    /// Canonical address → a post whose text the entry carries.
    pub items: Vec<(String, Found)>,
    /// Entry pages that continue this one: next pages of a list, members of a sitemap index.
    pub more: Vec<String>,
    /// Where the page is but a signpost (`meta refresh`): the page to read in its stead.
    pub moved: Option<String>,
    /// What was not kept, by reason.
    pub drops: BTreeMap<DropReason, u64>,
    /// What the page says of itself (the feed's title).
    pub title: Option<String>,
}

impl Entries {
    /// What is left behind the first `count` records, items before jobs.
    #[must_use]
    pub fn without_first(&self, count: usize) -> Self {
        let of_jobs = count.saturating_sub(self.items.len());
        Self {
            items: self.items.iter().skip(count).cloned().collect(),
            jobs: self.jobs.iter().skip(of_jobs).cloned().collect(),
            ..Self::default()
        }
    }
}

/// Why an entry page could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It is not the kind of page the source says.
    #[error("{url} is not a {expected}: {found}")]
    NotThis {
        /// The page.
        url: String,
        /// What the source says it is.
        expected: &'static str,
        /// What it looks like.
        found: String,
    },
    /// Links were expected and none was found: the layout changed, or the selectors are wrong.
    #[error("no article links on {url}: {why}")]
    NoLinks {
        /// The page.
        url: String,
        /// What was looked for.
        why: String,
    },
    /// A CSS selector or JSON Pointer of the source cannot be read.
    #[error("source `{id}`: `{value}` is not a {kind}")]
    BadSetting {
        /// The source.
        id: String,
        /// What was expected: `CSS selector`, `JSON Pointer`.
        kind: &'static str,
        /// The text in config.
        value: String,
    },
    /// The address of the page itself cannot be read.
    #[error(transparent)]
    Address(#[from] address::AddressError),
}

impl EntryError {
    /// The name used in counts, logs and locale keys (`crawl.entry.…`).
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotThis { .. } => "not_this",
            Self::NoLinks { .. } => "no_links",
            Self::BadSetting { .. } => "bad_setting",
            Self::Address(_) => "bad_address",
        }
    }
}

/// Reads an entry page according to its source's kind.
///
/// # Errors
/// [`EntryError`] when the page is not of that kind or the source's settings cannot be read.
pub fn read_entry(
    page: &Page,
    source: &SourceConfig,
    now: DateTime<Utc>,
) -> Result<Entries, EntryError> {
    let base = address::parse(&page.url)?;
    match &source.kind {
        SourceKind::Feed { full_page, .. } => feed::entries(page, &base, *full_page, now),
        SourceKind::List { selectors, urls, pages } => {
            list::entries(page, &base, source, (urls, *pages), selectors, now)
        }
        SourceKind::Sitemap { url_contains, .. } => {
            sitemap::entries(page, &base, url_contains, now)
        }
        SourceKind::Json { items, fields, .. } => {
            json::entries(page, &base, source, items, fields, now)
        }
        SourceKind::Board { .. } => board::entries(page, &base, source, now),
        SourceKind::Search { selectors, .. } => {
            list::entries(page, &base, source, (&[], 1), selectors, now)
        }
        SourceKind::Pages { .. } | SourceKind::Opml { .. } | SourceKind::Files { .. } => {
            Err(EntryError::NotThis {
                url: page.url.clone(),
                expected: "page of this source",
                found: "the source has no entry page".to_owned(),
            })
        }
    }
}

/// Collects entries of one page: each address once, every drop counted.
#[derive(Default)]
pub(crate) struct Collector {
    entries: Entries,
    seen: HashMap<String, Place>,
}

#[derive(Clone, Copy)]
enum Place {
    Job(usize),
    Item,
}

impl Collector {
    /// Counts something not kept.
    pub fn drop(&mut self, reason: DropReason) {
        *self.entries.drops.entry(reason).or_default() += 1;
    }

    /// Adds one record of the page. Where the same address stands twice, the one with a text is kept.
    pub fn add(&mut self, base: &Url, href: Option<&str>, found: Found, wants_page: bool) {
        let href = href.map(str::trim).filter(|h| !h.is_empty());
        let url = href.and_then(|href| address::canonical_link(base, href).ok());
        self.add_at(url, found, wants_page);
    }

    /// The same for a record whose address is known already.
    pub fn add_at(&mut self, url: Option<String>, found: Found, wants_page: bool) {
        let Some(url) = url else { return self.drop(DropReason::NoAddress) };
        if self.entries.jobs.len() + self.entries.items.len() >= MAX_ENTRIES {
            return self.drop(DropReason::Excluded);
        }
        let has_text = found.text.as_ref().is_some_and(|t| !t.trim().is_empty());
        let is_item = has_text && !wants_page;
        match (self.seen.get(&url).copied(), is_item) {
            (None, true) => {
                self.seen.insert(url.clone(), Place::Item);
                self.push_item(url, found);
            }
            (None, false) => {
                self.seen.insert(url.clone(), Place::Job(self.entries.jobs.len()));
                self.entries.jobs.push((url, found));
            }
            (Some(Place::Job(at)), true) => {
                // The same address again, now with its text: the job is spared.
                self.seen.insert(url.clone(), Place::Item);
                self.entries.jobs.remove(at);
                for place in self.seen.values_mut() {
                    match place {
                        Place::Job(later) if *later > at => *later -= 1,
                        _ => {}
                    }
                }
                self.push_item(url, found);
                self.drop(DropReason::Duplicate);
            }
            (Some(_), _) => self.drop(DropReason::Duplicate),
        }
    }

    fn push_item(&mut self, url: String, mut found: Found) {
        if !found.issues.contains(&Issue::FeedTextOnly) {
            found.issues.push(Issue::FeedTextOnly);
        }
        self.entries.items.push((url, found));
    }

    /// The entries, with where to go on.
    pub fn finish(mut self, more: Vec<String>, title: Option<String>) -> Entries {
        self.entries.more = more;
        self.entries.title = title;
        self.entries
    }
}

/// The text and the document of an entry page, bounded.
pub(crate) fn document(page: &Page) -> (String, scraper::Html) {
    let (text, _) = charset::decoded(&page.body, page.header("content-type"));
    let html = scraper::Html::parse_document(&bounded::bounded(&text));
    (text, html)
}

/// The addresses a source is entered by: `{page}` counted out for lists, `{word}` filled in for searches.
/// None for pages given one by one.
#[must_use]
pub fn entry_urls(source: &SourceConfig) -> Vec<String> {
    entry_lists(source).into_iter().flatten().collect()
}

/// The same by list: the first address of each is where it begins, the others are its further pages.
#[must_use]
pub fn entry_lists(source: &SourceConfig) -> Vec<Vec<String>> {
    let (pages, words) = match &source.kind {
        SourceKind::Pages { .. } => return Vec::new(),
        SourceKind::List { pages, .. } => ((*pages).max(1), None),
        SourceKind::Search { pages, words, .. } => ((*pages).max(1), Some(words)),
        _ => (1, None),
    };
    let numbered = |url: String| {
        let count = if url.contains("{page}") { pages } else { 1 };
        (1..=count).map(|n| url.replace("{page}", &n.to_string())).collect::<Vec<_>>()
    };
    let asked = |url: &str| match words {
        None => vec![url.to_owned()],
        Some(words) => words.iter().map(|word| url.replace("{word}", &encoded(word))).collect(),
    };
    entry_addresses(source).into_iter().flat_map(asked).map(numbered).collect()
}

/// A word as part of an address.
fn encoded(word: &str) -> String {
    url::form_urlencoded::byte_serialize(word.trim().as_bytes()).collect()
}

/// Text of an HTML fragment, paragraphs apart by `\n`.
pub(crate) fn plain(html: &str) -> String {
    html_to_text(html)
}

/// A one-line text: tags and entities resolved, blanks joined.
pub(crate) fn one_line(html: &str) -> Option<String> {
    let text = if html.contains('<') || html.contains('&') { plain(html) } else { html.to_owned() };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}
