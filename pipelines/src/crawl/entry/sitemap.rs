//! Sitemaps: plain, news and index, XML, text or gzip.
//!
//! In: the page and what addresses must contain. Out: jobs with the title and time a news sitemap states, and
//! the members of an index as further entry pages. Unpacking is bounded by the protocol's own limit. A
//! `lastmod` is not a published time and is not used as one.

use std::io::Read;

use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;
use url::Url;

use super::stamp::{ZONE, stamp_in};
use super::{Collector, Entries, EntryError, charset, one_line};
use crate::crawl::address;
use crate::crawl::markup::{self, Element};
use crate::extract::TimeContext;
use crate::record::{DropReason, Found, Page};

/// The sitemap protocol's limit for an unpacked file.
const MAX_UNPACKED_BYTES: u64 = 50 * 1024 * 1024;

pub(super) fn entries(
    page: &Page,
    base: &Url,
    contains: &[String],
    now: DateTime<Utc>,
) -> Result<Entries, EntryError> {
    let not_this = |found: &str| EntryError::NotThis {
        url: page.url.clone(),
        expected: "sitemap",
        found: found.to_owned(),
    };
    let body =
        unpacked(&page.body).ok_or_else(|| not_this("it is packed, and broken or too long"))?;
    let (text, _) = charset::decoded(&body, page.header("content-type"));
    let mut collector = Collector::default();
    let wanted = |url: &str| contains.is_empty() || contains.iter().any(|part| url.contains(part));
    if !text.trim_start().starts_with('<') {
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
            if address::parse(line).is_err() {
                return Err(not_this("neither XML nor a list of addresses"));
            }
            add(&mut collector, base, line, Found::default(), &wanted);
        }
        return Ok(collector.finish(Vec::new(), None));
    }
    let root = markup::parse(&text);
    let mut more = Vec::new();
    match root.name.as_str() {
        "urlset" => {
            for entry in root.elements().filter(|e| e.name == "url") {
                let Some(url) = entry.text_of(&["loc"]) else {
                    collector.drop(DropReason::NoAddress);
                    continue;
                };
                add(&mut collector, base, &url, news(entry, now), &wanted);
            }
        }
        "sitemapindex" => {
            let members = root.elements().filter(|e| e.name == "sitemap");
            let addresses = members.filter_map(|e| e.text_of(&["loc"]));
            more.extend(addresses.filter_map(|href| address::canonical_link(base, &href).ok()));
        }
        other => return Err(not_this(&format!("its root is `{other}`"))),
    }
    Ok(collector.finish(more, None))
}

fn add(
    collector: &mut Collector,
    base: &Url,
    url: &str,
    found: Found,
    wanted: &dyn Fn(&str) -> bool,
) {
    if wanted(url) {
        collector.add(base, Some(url), found, true);
    } else {
        collector.drop(DropReason::Excluded);
    }
}

fn news(entry: &Element, now: DateTime<Utc>) -> Found {
    let Some(news) = entry.child(&["news:news"]) else { return Found::default() };
    let said = news.text_of(&["news:publication_date"]);
    let context = TimeContext::new(now, ZONE);
    let published = said.and_then(|said| stamp_in(&said, "sitemap", &context));
    Found {
        title: news.text_of(&["news:title"]).as_deref().and_then(one_line),
        outlet: news.child(&["news:publication"]).and_then(|p| p.text_of(&["news:name"])),
        published,
        ..Found::default()
    }
}

fn unpacked(body: &[u8]) -> Option<Vec<u8>> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return Some(body.to_vec());
    }
    let mut out = Vec::new();
    let mut reader = MultiGzDecoder::new(body).take(MAX_UNPACKED_BYTES + 1);
    reader.read_to_end(&mut out).ok()?;
    (out.len() as u64 <= MAX_UNPACKED_BYTES).then_some(out)
}
