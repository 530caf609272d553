//! List pages: links to detail pages by CSS selector, or found without.
//!
//! In: the page and the source's selectors. Out: jobs with the headline and date the list shows, and the
//! next page where paging is wanted. No link at all is an error, not an empty list: a changed layout must
//! not look like silence.

use chrono::{DateTime, Utc};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::links::{self, ListLink};
use super::stamp::stamp_or_issue;
use super::{Collector, Entries, EntryError, document, one_line};
use crate::crawl::{HtmlSelectors, SourceConfig, address};
use crate::record::{Confidence, Counts, Found, Page};

pub(super) fn entries(
    page: &Page,
    base: &Url,
    source: &SourceConfig,
    (urls, pages): (&[String], u32),
    selectors: &HtmlSelectors,
    now: DateTime<Utc>,
) -> Result<Entries, EntryError> {
    let html = document(page);
    let links = match &selectors.links {
        Some(css) => selected(&html, css, base, source)?,
        None => links::find_article_links(&html, base),
    };
    if links.is_empty() {
        let why = selectors.links.as_ref().map_or_else(
            || "no group of links looks like a list of articles".to_owned(),
            |css| format!("the selector `{css}` matches none"),
        );
        return Err(EntryError::NoLinks { url: page.url.clone(), why });
    }
    let numbered = urls.iter().any(|url| url.contains("{page}"));
    let more = (pages > 1 && !numbered).then(|| next_page(&html, base)).flatten();
    Ok(jobs(base, links, more, now))
}

/// Jobs from links, with what the list says of each.
pub(super) fn jobs(
    base: &Url,
    links: Vec<ListLink>,
    more: Option<String>,
    now: DateTime<Utc>,
) -> Entries {
    let mut collector = Collector::default();
    for link in links {
        let (mut published, issue) = stamp_or_issue(link.date.as_deref(), "list", now);
        if let Some(published) = &mut published {
            published.confidence = Confidence::Medium;
        }
        let found = Found {
            title: one_line(&link.title),
            published,
            counts: Counts { comments: link.replies, ..Counts::default() },
            issues: issue.into_iter().collect(),
            ..Found::default()
        };
        collector.add(base, Some(&link.url), found, true);
    }
    collector.finish(more.into_iter().collect(), None)
}

/// The links a selector names: anchors, or elements that hold one.
fn selected(
    html: &Html,
    css: &str,
    base: &Url,
    source: &SourceConfig,
) -> Result<Vec<ListLink>, EntryError> {
    let selector = Selector::parse(css).map_err(|_| EntryError::BadSetting {
        id: source.id.to_string(),
        kind: "CSS selector",
        value: css.to_owned(),
    })?;
    let anchor = Selector::parse("a[href]").expect("a fixed selector is valid");
    let mut found = Vec::new();
    for element in html.select(&selector) {
        let link = if element.value().name() == "a" {
            Some(element)
        } else {
            element.select(&anchor).next()
        };
        let href = link.and_then(|a| a.value().attr("href"));
        let Some(url) = href.and_then(|href| address::canonical_link(base, href).ok()) else {
            continue;
        };
        let title = link.map(links::shown).unwrap_or_default();
        let date = links::date_in(element).or_else(|| parent(element).and_then(links::date_in));
        found.push(ListLink { url, title, date, replies: None, item_chars: 0 });
    }
    Ok(found)
}

fn parent(element: ElementRef<'_>) -> Option<ElementRef<'_>> {
    let parent = element.parent().and_then(ElementRef::wrap)?;
    let anchors = Selector::parse("a[href]").expect("a fixed selector is valid");
    (parent.select(&anchors).count() <= 1).then_some(parent)
}

/// The address of the following page of a list: `rel="next"`, or a link that says so.
pub(crate) fn next_page(html: &Html, base: &Url) -> Option<String> {
    let relation = Selector::parse("link[rel~=next][href], a[rel~=next][href]")
        .expect("a fixed selector is valid");
    let by_relation = html.select(&relation).next().and_then(|e| e.value().attr("href"));
    let anchor = Selector::parse("a[href]").expect("a fixed selector is valid");
    let says_next = |a: &ElementRef<'_>| {
        let text: String = a.text().flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
        let bare = text.trim_matches(|c: char| "<>›»[]【】（）()".contains(c));
        matches!(bare, "下一页" | "下页" | "后一页" | "下1页" | "Next" | "next" | "NEXT" | "后页")
    };
    let href = by_relation
        .or_else(|| html.select(&anchor).find(says_next).and_then(|a| a.value().attr("href")))?;
    let next = address::canonical_link(base, href).ok()?;
    (Some(&next) != address::canonical_link(base, "").ok().as_ref()).then_some(next)
}
