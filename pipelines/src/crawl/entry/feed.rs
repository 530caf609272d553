//! Feeds of every age: RSS 0.9–2.0, RDF, Atom, JSON Feed, CDF → one shape.
//!
//! In: the page. Out: [`Feed`] with what each item says, links absolute, texts as HTML or plain as served;
//! then entries. Reads broken XML and legacy charsets; refuses only what is no feed at all. An item without
//! an address is named by its guid or text (`identity`), one without a text is a page to ask.

use chrono::{DateTime, Utc};
use url::Url;

use super::stamp::{ZONE, stamp_in};
use super::{
    Collector, Entries, EntryError, charset, feed_xml, identity, json_feed, one_line, plain,
};
use crate::crawl::markup;
use crate::extract::TimeContext;
use crate::record::{Found, Issue, Page};

/// A feed as served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// Its title, as HTML.
    pub title: Option<String>,
    /// The page it belongs to.
    pub link: Option<String>,
    /// What it says of itself.
    pub description: Option<String>,
    /// The page that continues it (JSON Feed `next_url`, Atom `rel="next"`).
    pub next: Option<String>,
    /// Its items in order.
    pub items: Vec<FeedItem>,
}

/// One item as served: texts unchanged, times unread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedItem {
    /// `guid`, `id`, `rdf:about`.
    pub id: Option<String>,
    /// The address of its page, absolute where a base is known.
    pub link: Option<String>,
    /// The title, as HTML.
    pub title: Option<String>,
    /// The short text.
    pub summary: Option<String>,
    /// The full text.
    pub content: Option<String>,
    /// Whether `summary` and `content` are plain text rather than HTML.
    pub is_plain: bool,
    /// When published, as written.
    pub published: Option<String>,
    /// When changed, as written.
    pub updated: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// The original outlet (`source`).
    pub origin: Option<String>,
}

/// Reads a feed from decoded text.
///
/// # Errors
/// What the text looks like instead.
pub fn read_feed(text: &str, base: &Url) -> Result<Feed, String> {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if start.starts_with(['{', '[']) {
        return json_feed::read(start, base);
    }
    let root = markup::parse(start);
    feed_xml::read(&root, base)
}

pub(super) fn entries(
    page: &Page,
    base: &Url,
    full_page: bool,
    now: DateTime<Utc>,
) -> Result<Entries, EntryError> {
    let (text, issue) = charset::decoded(&page.body, page.header("content-type"));
    let feed = read_feed(&text, base).map_err(|found| EntryError::NotThis {
        url: page.url.clone(),
        expected: "feed",
        found,
    })?;
    let context = TimeContext { is_chinese: is_chinese(&text), ..TimeContext::new(now, ZONE) };
    let places = identity::places(&feed, base);
    let mut collector = Collector::default();
    for (item, place) in feed.items.into_iter().zip(places) {
        let found = item.into_found(issue, &context);
        // A page that several items share cannot be read for one of them, and a name without a page for none.
        let is_own_page = place.page == place.address;
        let has_text = found.text.as_ref().is_some_and(|text| !text.is_empty());
        let address = if has_text { place.address } else { place.page };
        collector.add_at(address, found, full_page && is_own_page);
    }
    let more = feed.next.into_iter().filter(|next| *next != page.url).collect();
    Ok(collector.finish(more, feed.title.as_deref().and_then(one_line)))
}

/// Whether a feed speaks Chinese: what `CST` means depends on it.
fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{4e00}'..='\u{9fff}'))
}

impl FeedItem {
    fn into_found(self, charset_issue: Option<Issue>, context: &TimeContext) -> Found {
        let body = [self.content, self.summary]
            .into_iter()
            .flatten()
            .map(|body| if self.is_plain { body.trim().to_owned() } else { plain(&body) })
            .find(|text| !text.is_empty());
        let said = self.published.as_deref().or(self.updated.as_deref());
        let published = said.and_then(|said| stamp_in(said, "feed", context));
        Found {
            title: self.title.as_deref().and_then(one_line),
            text: body,
            published,
            author: self.author.as_deref().and_then(one_line),
            origin: self.origin.as_deref().and_then(one_line),
            issues: charset_issue.into_iter().collect(),
            ..Found::default()
        }
    }
}

#[cfg(test)]
mod tests;
