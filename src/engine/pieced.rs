//! What the pages of one article or thread say, and what its feed said of it, put together.
//!
//! In: what was read of a page, of those that continue it, of the feed's item. Out: the page with what it did not say itself.

use chrono::{DateTime, Utc};
use pipelines::record::{Found, FoundComment, Issue, Published, is_future};

/// The following page of an article.
pub(super) fn add_text(found: &mut Found, more: &Found) {
    if let Some(text) = &mut found.text {
        text.push('\n');
        text.push_str(more.text.as_deref().unwrap_or_default());
    }
}

/// The following page of a thread: what stands first there is a reply like the others, unless the page says
/// the first post once more.
pub(super) fn add_replies(found: &mut Found, more: Found) {
    let first = more.text.filter(|text| found.text.as_ref() != Some(text));
    let first = first.map(|text| FoundComment {
        author: more.author,
        text,
        published_at: more.published.map(|p| p.at),
    });
    for reply in first.into_iter().chain(more.comments) {
        if !found.comments.iter().any(|c| c.author == reply.author && c.text == reply.text) {
            found.comments.push(reply);
        }
    }
}

/// The page with what the feed said where the page says nothing, or names a time that has not come. A text of the feed that is more than twice as long
/// is the article, and what was read of the page a teaser of it.
pub(super) fn filled(mut page: Found, hint: Found, now: DateTime<Utc>) -> Found {
    let chars = |text: &Option<String>| text.as_ref().map_or(0, |t| t.chars().count());
    if page.comments.is_empty() && chars(&hint.text) > 2 * chars(&page.text) {
        page.text = hint.text;
        page.issues.push(Issue::FeedTextOnly);
    }
    let has_come = |published: &Published| !is_future(published.at, now);
    let shown = page.published.take();
    let published = shown.clone().filter(has_come).or(hint.published).or(shown);
    Found {
        title: page.title.or(hint.title),
        published,
        author: page.author.or(hint.author),
        outlet: page.outlet.or(hint.outlet),
        origin: page.origin.or(hint.origin),
        ..page
    }
}
