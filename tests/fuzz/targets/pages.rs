//! Pages and entry pages: read as the station reads them, from bytes to a post.

use std::path::Path;

use chrono::{DateTime, Utc};
use pipelines::crawl::{SourceConfig, SourceKind, discover, read_entry, read_opml};
use pipelines::extract::{self, PostPlace, Privacy, ReadOptions};
use pipelines::record::{Found, Page, SourceId, Verdict};
use pipelines::text::is_steering;
use serde_json::json;

pub const PIECES: &[&str] = &[
    "<li class=post><em>2026-11-22 10:00</em><p>顶一下，支持。</p></li>",
    "<div class=reply><a>某人</a><p>同意，说得好！</p><time>1小时前</time></div>",
    "<div>",
    "</div>",
    "<table><tr><td>",
    "</td></tr></table>",
    "<p>云岭矿业集团南关煤矿三个月没有发工资，工人多次讨要。</p>",
    "<p>",
    "<a href='x'>",
    "</a>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"datePublished\":\"",
    "<b>",
    "&",
    "&#x",
    "&#27;",
    "'",
    "\"",
    "<span class='",
    "2026年11月22日 12:30",
    "作者：",
    "（记者 ",
    "<![CDATA[",
    "<svg><title>",
    "\u{feff}",
    "<td>",
    "<select><option>",
    "<meta charset=gb18030>",
    "<meta name=author content='尉迟青禾'>",
    "13812345678 ",
    "1 3 8 1 2 3 4 5 6 7 8",
    "\u{202e}",
    "<br>",
    "<h1>",
    "<iframe srcdoc='",
    "<iframe src=x>",
    "<script>window.__INITIAL_STATE__={\"content\":\"",
    "<a name=x/>",
    "<blockquote>",
    "http://a.example/1?tel=",
];

pub const FEED_PIECES: &[&str] = &[
    "<item><title>欠薪</title><link>http://a.example/1</link><description>",
    "</description></item>",
    "<entry>",
    "</entry>",
    "<content:encoded><![CDATA[",
    "]]></content:encoded>",
    "<pubDate>Sun, 22 Nov 2026 08:00:00 GMT</pubDate>",
    "<updated>2026-11-22T08:00:00Z</updated>",
    "<guid isPermaLink='false'>",
    "<url><loc>http://a.example/1</loc><lastmod>",
    "</lastmod></url>",
    "<sitemapindex><sitemap><loc>",
    "<!DOCTYPE x [<!ENTITY a '&b;'>",
    "&a;",
    "&amp;",
    "&#",
    "<a href='/a/1.html'>关于停水的通知公告全文</a>",
    "<li>",
    "<ul>",
    "<div class='list'>",
    "{\"items\":[",
    "{\"id\":1,\"title\":\"",
    "\",\"url\":\"http://a.example/2\",\"time\":1790000000},",
    "]}",
    "[[",
    "\"",
    "<outline xmlUrl='http://a.example/f' text='",
    "<",
    ">",
    "xml:base='../",
    "<tbody id='normalthread_1'>",
];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn page_of(url: &str, body: &[u8]) -> Page {
    Page {
        url: url.to_owned(),
        requested_url: String::new(),
        source: SourceId::default(),
        status: 200,
        headers: Vec::new(),
        body: body.to_vec(),
        fetched_at: now(),
        sha256: [0; 32],
    }
}

fn source(kind: serde_json::Value) -> SourceConfig {
    let kind: SourceKind = serde_json::from_value(kind).unwrap();
    SourceConfig::new("fuzz", "云岭新闻网", kind)
}

/// A page as an article or as a thread, then the post of it: nothing in it may steer a terminal.
pub fn page(input: &[u8], _: &Path) {
    let is_thread = input.len() % 2 == 1;
    let url = if is_thread {
        "https://bbs.example.com/thread/1"
    } else {
        "https://example.com/2026/11/22/1.html"
    };
    let page = page_of(url, input);
    let text = extract::decode(input, None).text;
    let _ = (extract::page_kind(&text), extract::next_page(&text), extract::frame(&text));
    let Verdict::Keep(found) = extract::read_page(&page, &ReadOptions::new(now())) else { return };
    made(found, url);
}

fn made(found: Found, url: &str) {
    let source = source(json!({"kind": "pages", "urls": [url]}));
    let place = PostPlace { url, source: &source, fetched_at: now(), min_chars: 1 };
    let privacy = Privacy { key: b"a key for tests".to_vec(), official_authors: Vec::new() };
    if let Verdict::Keep(post) = extract::assemble(found, &place, &privacy) {
        assert!(!post.title.contains(is_steering) && !post.text.contains(is_steering));
        assert_eq!(extract::mask(&post.text), post.text, "masking twice");
    }
}

/// An entry page as every kind of source would read it.
pub fn feed(input: &[u8], _: &Path) {
    let url = "http://a.example/list";
    let page = page_of(url, input);
    let kinds = [
        json!({"kind": "feed", "url": url}),
        json!({"kind": "list", "urls": [url]}),
        json!({"kind": "sitemap", "url": url}),
        json!({"kind": "json", "url": url, "items": "/items", "fields": {"title": "/title", "url": "/url", "published_at": "/time"}}),
        json!({"kind": "board", "urls": [url]}),
    ];
    for kind in kinds {
        if let Ok(entries) = read_entry(&page, &source(kind), now()) {
            entries.items.into_iter().take(20).for_each(|(url, found)| made(found, &url));
        }
    }
    let _ = (read_opml(input), discover(&page, &[], now()));
}
