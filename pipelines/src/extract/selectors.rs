//! CSS selectors from config: what the officer says a page's parts are.
//!
//! In: the source and `HtmlSelectors`. Out: the text of the first (for the body: every) match of each selector.
//! A selector that does not parse gives nothing here: `check` reports it when the config is read.

use scraper::{Html, Selector};

use super::fragment::html_to_text;
use crate::crawl::HtmlSelectors;

/// What the selectors found; absent where there is no selector or no match.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selected {
    pub(super) title: Option<String>,
    pub(super) text: Option<String>,
    pub(super) published: Option<String>,
    pub(super) author: Option<String>,
}

impl Selected {
    /// Applies the selectors.
    pub(super) fn of(source: &str, selectors: &HtmlSelectors) -> Self {
        let wanted = [&selectors.title, &selectors.text, &selectors.published, &selectors.author];
        if wanted.iter().all(|s| s.is_none()) {
            return Self::default();
        }
        let html = Html::parse_document(source);
        let first = |selector: &Option<String>| all(&html, selector.as_deref()).into_iter().next();
        let text = all(&html, selectors.text.as_deref());
        Self {
            title: first(&selectors.title).map(|t| t.replace('\n', " ")),
            text: (!text.is_empty()).then(|| text.join("\n")),
            published: first(&selectors.published),
            author: first(&selectors.author),
        }
    }
}

fn all(html: &Html, selector: Option<&str>) -> Vec<String> {
    let Some(selector) = selector.and_then(|s| Selector::parse(s).ok()) else {
        return Vec::new();
    };
    html.select(&selector)
        .map(|e| html_to_text(&e.inner_html()))
        .filter(|t| !t.is_empty())
        .collect()
}
