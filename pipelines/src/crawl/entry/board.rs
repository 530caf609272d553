//! Forum boards: the threads of a board page, each one post with its replies.
//!
//! In: the page. Out: a job per thread with the number of replies the board shows, so that a thread whose
//! count grew is read again. The thread page itself is read by `extract`.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;
use url::Url;

use super::signpost::signpost;
use super::{Entries, EntryError, document, links, list};
use crate::crawl::SourceConfig;
use crate::record::Page;

pub(super) fn entries(
    page: &Page,
    base: &Url,
    source: &SourceConfig,
    now: DateTime<Utc>,
) -> Result<Entries, EntryError> {
    let (text, html) = document(page);
    let links = list::article_links(&text, &html, base);
    if links.is_empty() {
        if let Some(moved) = signpost(&html, base) {
            return Ok(Entries { moved: Some(moved), ..Entries::default() });
        }
        let why = format!("no group of links of board `{}` looks like threads", source.id);
        return Err(EntryError::NoLinks { url: page.url.clone(), why });
    }
    let threads = links
        .into_iter()
        .map(|link| links::ListLink { url: first_page_of_thread(&link.url), ..link })
        .collect();
    Ok(list::jobs(base, threads, None, now))
}

/// Discuz and its kin number the pages of a thread: `thread-12-3-1.html` is page 3 of thread 12.
fn first_page_of_thread(url: &str) -> String {
    static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"thread-(\d+)-\d+-\d+\.html").expect("a fixed pattern is valid")
    });
    NUMBERED.replace(url, "thread-$1-1-1.html").into_owned()
}
