//! What the addresses of articles look like.
//!
//! In: an address. Out: whether it has the form of an article's: a date, a long number, an id, a slug. A hint, no proof:
//! sites are free to call their articles anything.

use std::sync::LazyLock;

use regex::Regex;

/// Whether an address looks like an article's: a date, a long number, an id, a slug.
#[must_use]
pub(crate) fn is_article_shaped(url: &str) -> bool {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x) /(?:19|20)\d{2}[-/_]?(?:0?[1-9]|1[0-2])(?:[-/_]|\d) | \d{5,} | [/=_-]\d{3,}(?:[._/?&-]|$)
            | /[0-9A-Z]{12,}(?:\.|$) | [?&](?:id|tid|aid|nid|mid|newsid|articleid|contentid|docid|infoid)=\w+
            | /(?:p|t|a|q|s|detail|article|news|post|thread|topic|question)/[\w-]*\d[\w-]*(?:[/.?]|$)
            | [a-z0-9]+(?:-[a-z0-9]+){3,}",
        )
        .expect("a fixed pattern is valid")
    });
    let Some(path) = url.splitn(4, '/').nth(3).filter(|p| !p.is_empty()) else { return false };
    SHAPE.is_match(&format!("/{path}"))
}
