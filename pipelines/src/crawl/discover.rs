//! Looks at a page an officer names and proposes how to listen to it.
//!
//! In: the fetched page and the sitemaps its robots.txt names. Out: what the page is, and proposals in order of
//! preference (feed, list or board, sitemap), each a source ready to be written to config with comments. Pure:
//! whether a proposed feed answers is tried by the caller through the fetcher like any other page.

mod toml_text;

use chrono::{DateTime, Utc};
use scraper::{Html, Selector};
use url::Url;

use super::entry::{self, ListLink, read_feed, share_in_list, signpost};
use super::{Entries, EntryError, HtmlSelectors, SourceConfig, SourceKind, address, read_entry};
use crate::extract::{PageKind, page_kind};
use crate::record::{Channel, Page, SourceId, Trust};

pub use toml_text::source_toml;

/// Most proposals of one kind.
const MOST_PER_KIND: usize = 5;

/// What a page turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageRole {
    /// A feed.
    Feed,
    /// A sitemap.
    Sitemap,
    /// A list of articles or threads.
    List,
    /// One article.
    Article,
    /// None of these.
    Other,
}

/// What was found on a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovery {
    /// What the page is.
    pub role: PageRole,
    /// Ways to listen to it, best first.
    pub proposals: Vec<Proposal>,
    /// Where the page is but a signpost: the page to look at in its stead.
    pub moved: Option<String>,
}

/// One way to listen.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The source.
    pub source: SourceConfig,
    /// Locale key of the reason: `crawl.discover.<why>`.
    pub why: &'static str,
    /// What the page at hand would give, where it is itself the entry.
    pub preview: Option<Entries>,
}

/// Looks at a page.
///
/// # Errors
/// [`EntryError`] when the page's own address cannot be read.
pub fn discover(
    page: &Page,
    sitemaps: &[String],
    now: DateTime<Utc>,
) -> Result<Discovery, EntryError> {
    let base = address::parse(&page.url)?;
    let (text, _) = entry::decoded(&page.body, page.header("content-type"));
    if let Ok(feed) = read_feed(&text, &base) {
        let title = feed.title.as_deref().and_then(entry::one_line);
        let kind = SourceKind::Feed { url: page.url.clone(), full_page: is_teaser(&feed) };
        let proposal = proposal(&base, title, kind, "is_feed").with_preview(page, now);
        return Ok(Discovery { role: PageRole::Feed, proposals: vec![proposal], moved: None });
    }
    let sitemap =
        proposal(&base, None, sitemap_kind(&page.url), "is_sitemap").with_preview(page, now);
    if sitemap.preview.as_ref().is_some_and(|p| !p.jobs.is_empty() || !p.more.is_empty()) {
        return Ok(Discovery { role: PageRole::Sitemap, proposals: vec![sitemap], moved: None });
    }
    let (text, html) = entry::document(page);
    let moved = signpost(&html, &base);
    let links = entry::article_links(&text, &html, &base);
    let role = role_of(&text, &html, &links);
    let title = title_of(&html);
    let mut proposals = feeds(&html, &base, title.as_deref());
    let is_dated = !links.is_empty() && dated(&links) * 2 >= links.len();
    if role == PageRole::List || role == PageRole::Other && (links.len() >= 5 || is_dated) {
        let listed = list(&html, &base, title.clone(), &links);
        proposals.push(listed.with_preview(page, now));
    }
    let maps = sitemaps.iter().take(MOST_PER_KIND);
    proposals.extend(
        maps.map(|url| proposal(&base, title.clone(), sitemap_kind(url), "robots_sitemap")),
    );
    number_ids(&mut proposals);
    Ok(Discovery { role, proposals, moved })
}

fn dated(links: &[ListLink]) -> usize {
    links.iter().filter(|link| link.date.is_some()).count()
}

/// Is it a list or an article? The reader's judgement first; what it takes for one long text is a list all
/// the same when the text stands in dated items (result pages, boards with excerpts).
#[must_use]
pub fn role_of(text: &str, html: &Html, links: &[ListLink]) -> PageRole {
    let dated = dated(links);
    match page_kind(text) {
        PageKind::List if links.len() >= 3 => PageRole::List,
        // Measured on 169 labelled and known pages (`tests/lists.rs`): 0.65 parts all lists from all articles.
        _ if links.len() >= 8 && dated * 2 >= links.len() && share_in_list(html, links) >= 0.65 => {
            PageRole::List
        }
        PageKind::Article => PageRole::Article,
        _ => PageRole::Other,
    }
}

impl Proposal {
    fn with_preview(mut self, page: &Page, now: DateTime<Utc>) -> Self {
        self.preview = read_entry(page, &self.source, now).ok();
        if let Some(entries) = &self.preview {
            fit(&mut self.source, entries, now);
        }
        self
    }
}

/// Days that a silence is no alarm yet, at least and at most.
const SILENCE_DAYS: (i64, i64) = (3, 30);

/// Makes `source` fit what its entry gives: the hosts its articles lie on, how far back they reach, and how long it
/// is usually silent.
pub fn fit(source: &mut SourceConfig, entries: &Entries, now: DateTime<Utc>) {
    let found = || entries.items.iter().chain(&entries.jobs);
    source.allow_hosts = other_hosts(source, found().map(|(url, _)| url.as_str()));
    let mut times: Vec<_> =
        found().filter_map(|(_, found)| found.published.as_ref().map(|p| p.at)).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    if let Some(latest) = times.first() {
        let gaps = times.windows(2).map(|pair| (pair[0] - pair[1]).num_days());
        let longest = gaps.take(20).max().unwrap_or(0).max((now - *latest).num_days());
        let days = (longest * 2).clamp(SILENCE_DAYS.0, SILENCE_DAYS.1);
        source.flatline_hours = u32::try_from(days * 24).unwrap_or(0);
    }
    // A feed holds what its site counts as new. Of a quiet list the latest few are wanted, whatever their age.
    if let (false, Some(fifth)) =
        (matches!(source.kind, SourceKind::Feed { .. }), times.get(4).or(times.last()))
    {
        let age = u32::try_from((now - *fifth).num_days() + 1).unwrap_or(0);
        source.horizon_days = source.horizon_days.max(age);
    }
}

fn sitemap_kind(url: &str) -> SourceKind {
    SourceKind::Sitemap { url: url.to_owned(), url_contains: Vec::new() }
}

/// A feed whose texts are cut is worth reading only with the pages behind it.
fn is_teaser(feed: &entry::Feed) -> bool {
    let lengths: Vec<usize> = feed
        .items
        .iter()
        .map(|item| {
            let text = item.content.as_deref().or(item.summary.as_deref()).unwrap_or_default();
            entry::plain(text).chars().count()
        })
        .collect();
    let short = lengths.iter().filter(|length| **length < 150).count();
    !lengths.is_empty() && short * 2 > lengths.len()
}

fn proposal(base: &Url, title: Option<String>, kind: SourceKind, why: &'static str) -> Proposal {
    let host = base.host_str().unwrap_or_default();
    let site = host.strip_prefix("www.").unwrap_or(host);
    let id = site.replace(['.', ':', '[', ']'], "-").trim_matches('-').to_owned();
    let mut source =
        SourceConfig::new(SourceId(id), title.unwrap_or_else(|| site.to_owned()), kind);
    source.channel = channel_of(site, base.path());
    // A feed is its own horizon: what it holds its site counts as new.
    source.horizon_days = if matches!(source.kind, SourceKind::Feed { .. }) { 0 } else { 30 };
    if site.ends_with(".gov.cn") {
        source.trust = Trust::High;
    }
    Proposal { source, why, preview: None }
}

fn channel_of(site: &str, path: &str) -> Channel {
    let has = |words: &[&str]| words.iter().any(|word| site.contains(word) || path.contains(word));
    match site {
        _ if site.ends_with(".gov.cn") => Channel::Gov,
        _ if has(&["mp.weixin.qq.com"]) => Channel::Wechat,
        _ if has(&["weibo."]) => Channel::Weibo,
        _ if has(&["bbs", "tieba", "forum", "luntan"]) => Channel::Forum,
        _ if has(&["zhihu", "ask.", "wenda"]) => Channel::Qa,
        _ if has(&["blog"]) => Channel::Blog,
        _ => Channel::News,
    }
}

fn feeds(html: &Html, base: &Url, title: Option<&str>) -> Vec<Proposal> {
    let css = "link[rel~=alternate][href], a[href]";
    let selector = Selector::parse(css).expect("a fixed selector is valid");
    let mut found: Vec<Proposal> = Vec::new();
    for element in html.select(&selector) {
        let value = element.value();
        let (href, kind) =
            (value.attr("href").unwrap_or_default(), value.attr("type").unwrap_or_default());
        let is_link = value.name() == "link";
        let says_feed = ["rss", "atom", "feed+json", "rdf"].iter().any(|word| kind.contains(word));
        let looks_like = [".rss", "/rss", "rss.xml", "atom.xml", "/feed", "feed.xml", "feed.json"]
            .iter()
            .any(|end| href.trim_end_matches('/').ends_with(end));
        if !(is_link && says_feed || !is_link && looks_like) {
            continue;
        }
        let Ok(url) = address::canonical_link(base, href) else { continue };
        let is_known = found
            .iter()
            .any(|p| matches!(&p.source.kind, SourceKind::Feed { url: u, .. } if *u == url));
        if is_known || found.len() >= MOST_PER_KIND || is_comments(&url, value.attr("title")) {
            continue;
        }
        let name =
            value.attr("title").and_then(entry::one_line).or_else(|| title.map(str::to_owned));
        let kind = SourceKind::Feed { url, full_page: false };
        found.push(proposal(base, name, kind, if is_link { "linked_feed" } else { "likely_feed" }));
    }
    found
}

fn is_comments(url: &str, title: Option<&str>) -> bool {
    url.contains("comments/feed")
        || title.is_some_and(|t| t.contains("评论") || t.contains("Comments"))
}

fn list(html: &Html, base: &Url, title: Option<String>, links: &[ListLink]) -> Proposal {
    let next = entry::next_page(html, base);
    let pages = if next.is_some() { 3 } else { 1 };
    let url: String = base.clone().into();
    let threads = links.iter().filter(|l| l.replies.is_some() || is_thread(&l.url)).count();
    let is_board = threads * 2 > links.len();
    let kind = if is_board {
        SourceKind::Board { urls: vec![url] }
    } else {
        SourceKind::List { urls: vec![url], pages, selectors: HtmlSelectors::default() }
    };
    let mut proposal = proposal(base, title, kind, if is_board { "board" } else { "list" });
    // Written out, so that the officer sees what may be changed.
    proposal.source.revisit_days = is_board.then_some(7);
    proposal
}

fn is_thread(url: &str) -> bool {
    ["viewthread", "/thread-", "/thread/", "/t/", "/p/", "showtopic"]
        .iter()
        .any(|mark| url.contains(mark))
}

/// Hosts beside the source's own on which at least a tenth of its articles lie.
fn other_hosts<'a>(source: &SourceConfig, links: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let mut all = 0;
    let bare = SourceConfig { allow_hosts: Vec::new(), ..source.clone() };
    for link in links {
        let Ok(url) = address::parse(link) else { continue };
        all += 1;
        if !super::fetch::is_allowed_host(&url, &bare) {
            *counts.entry(url.host_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    counts.into_iter().filter(|(_, count)| count * 10 >= all).map(|(host, _)| host).collect()
}

fn title_of(html: &Html) -> Option<String> {
    let selector = Selector::parse("title").expect("a fixed selector is valid");
    let title: String = html.select(&selector).next()?.text().collect();
    entry::one_line(&title).map(|title| title.chars().take(60).collect())
}

/// Two sources may not share an id.
fn number_ids(proposals: &mut [Proposal]) {
    for (at, proposal) in proposals.iter_mut().enumerate().skip(1) {
        proposal.source.id = SourceId(format!("{}-{}", proposal.source.id, at + 1));
    }
}

#[cfg(test)]
mod tests;
