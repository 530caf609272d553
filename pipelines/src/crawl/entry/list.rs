//! List pages: links to detail pages by CSS selector, or found without.
//!
//! In: the page and the source's selectors. Out: jobs with the headline and date the list shows, and the
//! next page where paging is wanted. Lists in scripts count like those shown; a page that only points to another
//! is followed. No link at all is an error, not an empty list: a changed layout must not look like silence.

use chrono::{DateTime, Utc};
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::bounded::bounded;
use super::headline::headline;
use super::links::{self, ListLink};
use super::signpost::signpost;
use super::stamp::{ZONE, stamp_in};
use super::target::{self, target};
use super::{Collector, Entries, EntryError, document, island, one_line};
use crate::crawl::{HtmlSelectors, SourceConfig, address};
use crate::extract::TimeContext;
use crate::record::{Confidence, Counts, Found, Page};

pub(super) fn entries(
    page: &Page,
    base: &Url,
    source: &SourceConfig,
    (urls, pages): (&[String], u32),
    selectors: &HtmlSelectors,
    now: DateTime<Utc>,
) -> Result<Entries, EntryError> {
    let (text, html) = document(page);
    let mut links = match &selectors.links {
        Some(css) => selected(&html, css, base, source)?,
        None => article_links(&text, &html, base),
    };
    if links.is_empty() {
        if let Some(moved) = signpost(&html, base) {
            return Ok(Entries { moved: Some(moved), ..Entries::default() });
        }
        if let Some(css) = &selectors.links {
            links = in_scripts(&text, |html| selected(html, css, base, source))?;
        }
    }
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

/// The article links of a page: those it shows, and those of a list that stands in its scripts.
pub(crate) fn article_links(text: &str, html: &Html, base: &Url) -> Vec<ListLink> {
    let mut shown = links::find_article_links(html, base);
    let dated = |links: &[ListLink]| links.iter().filter(|link| link.date.is_some()).count();
    if let Some(markup) = island::markup(text) {
        let hidden = links::find_article_links(&Html::parse_document(&bounded(&markup)), base);
        // Beside a list that is shown only a dated one counts: scripts hold menus as well.
        if shown.is_empty() || dated(&hidden) * 2 >= hidden.len() {
            shown.extend(
                hidden
                    .into_iter()
                    .filter(|link| !shown.iter().any(|s| s.url == link.url))
                    .collect::<Vec<_>>(),
            );
        }
    }
    if !shown.is_empty() {
        return shown;
    }
    let records = island::records(text);
    records.map_or(shown, |list| {
        links::find_article_links(&Html::parse_document(&bounded(&list)), base)
    })
}

/// What `read` finds in the markup that stands in scripts.
fn in_scripts(
    text: &str,
    read: impl Fn(&Html) -> Result<Vec<ListLink>, EntryError>,
) -> Result<Vec<ListLink>, EntryError> {
    island::markup(text).map_or(Ok(Vec::new()), |m| read(&Html::parse_document(&bounded(&m))))
}

/// Jobs from links, with what the list says of each.
pub(super) fn jobs(
    base: &Url,
    links: Vec<ListLink>,
    more: Option<String>,
    now: DateTime<Utc>,
) -> Entries {
    let context = TimeContext::new(now, ZONE);
    let mut collector = Collector::default();
    for link in links {
        let mut published = link.date.as_deref().and_then(|said| stamp_in(said, "list", &context));
        if let Some(published) = &mut published {
            published.confidence = Confidence::Medium;
        }
        let found = Found {
            title: one_line(&link.title),
            published,
            counts: Counts { comments: link.replies, ..Counts::default() },
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
    let mut found = Vec::new();
    for element in html.select(&selector) {
        let inside = || element.select(&target::LEADING).find_map(|e| Some((e, target(e)?)));
        let Some((link, href)) = target(element).map(|href| (element, href)).or_else(inside) else {
            continue;
        };
        let Ok(url) = address::canonical_link(base, &href) else { continue };
        let title = headline(link).text;
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

#[cfg(test)]
mod tests;
