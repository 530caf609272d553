//! Pages that only point to another: `meta refresh`, or a script that does nothing but go there.
//!
//! In: a parsed page and its address. Out: where it points, if it has next to nothing to read itself and points on
//! at once. A page that reloads itself, or shows something first, is no signpost.

use std::sync::LazyLock;

use regex::Regex;
use scraper::{Html, Selector};
use url::Url;

use crate::crawl::address;

/// Seconds after which a refresh is no longer "at once".
const AT_ONCE: u32 = 5;

/// Characters of visible text that a signpost may have (正在跳转，请稍候…).
const MOST_TEXT: usize = 60;

/// Where `html` points.
pub(crate) fn signpost(html: &Html, base: &Url) -> Option<String> {
    let href = refresh(html).or_else(|| script(html))?;
    let target = address::canonical_link(base, &href).ok()?;
    let own = address::canonical_link(base, "").ok()?;
    (target != own && visible_chars(html) <= MOST_TEXT).then_some(target)
}

fn refresh(html: &Html) -> Option<String> {
    static META: LazyLock<Selector> = LazyLock::new(|| {
        Selector::parse("meta[http-equiv][content]").expect("a fixed selector is valid")
    });
    static CONTENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)^\s*(\d{1,3})(?:\.\d+)?\s*[;,]\s*(?:url\s*=\s*)?['"]?\s*([^'"\s]+)"#)
            .expect("a fixed pattern is valid")
    });
    html.select(&META).find_map(|meta| {
        let meta = meta.value();
        if !meta.attr("http-equiv")?.trim().eq_ignore_ascii_case("refresh") {
            return None;
        }
        let found = CONTENT.captures(meta.attr("content")?)?;
        (found[1].parse::<u32>().ok()? <= AT_ONCE).then(|| found[2].to_owned())
    })
}

/// `location.href = "…"` in a page without anything else.
fn script(html: &Html) -> Option<String> {
    static SCRIPTS: LazyLock<Selector> =
        LazyLock::new(|| Selector::parse("script").expect("a fixed selector is valid"));
    html.select(&SCRIPTS).find_map(|script| {
        let text: String = script.text().collect();
        (text.len() < 600).then(|| super::target::script_target(&text))?
    })
}

fn visible_chars(html: &Html) -> usize {
    html.tree
        .nodes()
        .filter_map(|node| Some((node, node.value().as_text()?)))
        .filter(|(node, _)| {
            !node.ancestors().filter_map(scraper::ElementRef::wrap).any(|element| {
                matches!(element.value().name(), "script" | "style" | "head" | "noscript")
            })
        })
        .map(|(_, text)| text.chars().filter(|c| !c.is_whitespace()).count())
        .sum()
}
