//! Feeds as others test them and as they really are: share read, values compared, charsets, streams.
//!
//! Measures on the shared data beside the project; each test is skipped by name where that is missing.
//! `cargo test -p guanlan-pipelines --test feeds -- --nocapture` prints what fails and why.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case should stop there")]

#[path = "../../tests/shared/data.rs"]
mod data;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use data::shared;
use pipelines::crawl::entry::{Feed, read_feed};
use pipelines::crawl::markup::unescaped;
use pipelines::crawl::{Entries, SourceConfig, read_entry};
use pipelines::record::{DropReason, Issue, Page};
use serde_json::Value;
use url::Url;

const BASE: &str = "http://example.org/feed/";

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn page(body: Vec<u8>) -> Page {
    Page {
        url: BASE.into(),
        requested_url: BASE.into(),
        source: "feed".into(),
        status: 200,
        headers: Vec::new(),
        body,
        fetched_at: now(),
        sha256: [0; 32],
    }
}

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn entries(path: &Path) -> Result<Entries, String> {
    let text = format!("id='feed'\nname='feed'\nkind='feed'\nurl='{BASE}'");
    let source: SourceConfig = toml::from_str(&text).unwrap();
    read_entry(&page(std::fs::read(path).unwrap()), &source, now()).map_err(|e| e.to_string())
}

/// Share of a suite that is read at all, with the reasons of the rest.
fn share_read(suite: &str, paths: &[PathBuf], root: &Path) -> f64 {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut read = 0;
    for path in paths {
        match entries(path) {
            Ok(_) => read += 1,
            Err(why) => {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                let why = why.rsplit(": ").next().unwrap_or_default().to_owned();
                reasons.entry(why).or_default().push(name);
            }
        }
    }
    println!("{suite}: {read} of {} read", paths.len());
    for (why, names) in &reasons {
        println!("  {} × {why}: {}", names.len(), names[..names.len().min(12)].join(" "));
    }
    f64::from(read) / paths.len() as f64
}

#[test]
fn conformance_suites_are_read() {
    let Some(root) = shared("feeds/conformance") else { return };
    for (suite, floor) in [("feed-rs", 0.96), ("feedparser", 0.9), ("gofeed", 0.9)] {
        let dir = root.join(suite);
        let mut paths = files(&dir, "xml");
        if suite == "feedparser" {
            paths.extend(files(&dir, "json"));
        }
        let share = share_read(suite, &paths, &dir);
        assert!(share >= floor, "{suite}: {share:.3} read, {floor} pinned");
    }
}

#[derive(Default)]
struct Score {
    right: usize,
    wrong: Vec<String>,
}

#[derive(Default)]
struct Scores(BTreeMap<&'static str, Score>);

impl Scores {
    fn note(&mut self, field: &'static str, expected: Option<&str>, got: Option<&str>, file: &str) {
        let Some(expected) = expected.map(plain).filter(|e| !e.is_empty()) else { return };
        let got = got.map(plain).unwrap_or_default();
        let score = self.0.entry(field).or_default();
        if got == expected || (field.ends_with("link") && absolute(&expected) == absolute(&got)) {
            score.right += 1;
        } else {
            score.wrong.push(format!("{file}: expected `{expected}`, got `{got}`"));
        }
    }
}

fn plain(text: &str) -> String {
    let text = unescaped(text);
    let text = unescaped(&text).replace("\" />", "\"/>").replace("\u{a0}", " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn absolute(href: &str) -> String {
    Url::parse(BASE).unwrap().join(href).map_or_else(|_| href.to_owned(), Into::into)
}

fn text<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| match value.get(key)? {
        Value::String(text) => Some(text.as_str()),
        Value::Array(list) => {
            list.first().and_then(|first| first.as_str().or_else(|| text(first, &["name", "href"])))
        }
        Value::Object(_) => text(value.get(key)?, &["value", "name"]),
        _ => None,
    })
}

fn alternate(value: &Value) -> Option<&str> {
    let links = value.get("links")?.as_array()?;
    if links.iter().all(Value::is_string) {
        return links.first()?.as_str();
    }
    let is_page = |l: &&Value| matches!(text(l, &["rel"]), None | Some("alternate"));
    text(links.iter().find(is_page)?, &["href"])
}

fn compare(expected: &Value, feed: &Feed, file: &str, scores: &mut Scores) {
    scores.note("feed title", text(expected, &["title"]), feed.title.as_deref(), file);
    let link = text(expected, &["link"]).or_else(|| alternate(expected));
    scores.note("feed link", link, feed.link.as_deref(), file);
    let items = expected.get("items").or_else(|| expected.get("entries")).and_then(Value::as_array);
    for (at, item) in items.into_iter().flatten().enumerate() {
        let empty = Default::default();
        let got = feed.items.get(at).unwrap_or(&empty);
        scores.note("item title", text(item, &["title"]), got.title.as_deref(), file);
        let link = text(item, &["link", "url"]).or_else(|| alternate(item));
        scores.note("item link", link, got.link.as_deref(), file);
        scores.note(
            "item summary",
            text(item, &["description", "summary"]),
            got.summary.as_deref(),
            file,
        );
        scores.note(
            "item content",
            text(item, &["content", "content_html"]),
            got.content.as_deref(),
            file,
        );
        scores.note("item id", text(item, &["guid", "id"]), got.id.as_deref(), file);
        let date = text(item, &["published", "pubDate", "date_published"]);
        scores.note("item published", date, got.published.as_deref(), file);
        scores.note("item updated", text(item, &["updated"]), got.updated.as_deref(), file);
        scores.note("item author", text(item, &["author", "authors"]), got.author.as_deref(), file);
    }
}

#[test]
fn values_of_the_gofeed_suite() {
    let Some(root) = shared("feeds/conformance/gofeed/testdata") else { return };
    let mut scores = Scores::default();
    let base = Url::parse(BASE).unwrap();
    for path in files(&root, "xml") {
        let Ok(expected) = std::fs::read_to_string(path.with_extension("json")) else { continue };
        let Ok(expected) = serde_json::from_str::<Value>(&expected) else { continue };
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let Ok(feed) = read_feed(&text, &base) else { continue };
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        compare(&expected, &feed, &name, &mut scores);
    }
    let (mut right, mut all) = (0, 0);
    for (field, score) in &scores.0 {
        right += score.right;
        all += score.right + score.wrong.len();
        println!("gofeed {field}: {} of {}", score.right, score.right + score.wrong.len());
        for wrong in &score.wrong {
            println!("  {wrong}");
        }
    }
    println!("gofeed values: {right} of {all}");
    assert!(all > 240 && right * 100 >= all * 88, "{right} of {all} values");
}

#[test]
fn legacy_chinese_feeds_decode_whole() {
    let Some(root) = shared("feeds/legacy") else { return };
    let paths = files(&root, "xml");
    let mut texts = 0;
    for path in &paths {
        let entries = match entries(path) {
            Ok(entries) => entries,
            Err(why) => {
                println!("{}: {why}", path.display());
                assert!(path.display().to_string().contains("_"), "{why}");
                continue;
            }
        };
        for (_, found) in entries.items.iter().chain(&entries.jobs) {
            texts += 1;
            let whole = format!("{:?}{:?}", found.title, found.text);
            assert!(!whole.contains('\u{fffd}'), "{}: {whole}", path.display());
            assert!(!found.issues.contains(&Issue::BadBytes), "{}", path.display());
        }
    }
    println!("legacy: {} feeds, {texts} posts, no replacement character", paths.len());
    assert!(texts > 150, "{texts}");
}

#[test]
fn streams_keep_every_item_with_text_and_address_once() {
    let Some(root) = shared("streams") else { return };
    let mut kept = 0;
    for path in files(&root, "json") {
        let json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let items = json["items"].as_array().unwrap();
        let entries = entries(&path).unwrap();
        let dropped: u64 = entries.drops.values().sum();
        let (jobs, held) = (entries.jobs.len(), entries.items.len());
        assert_eq!(items.len(), jobs + held + dropped as usize, "{} ties out", path.display());
        let has =
            |item: &Value, key: &str| item[key].as_str().is_some_and(|t| !t.trim().is_empty());
        let without_address =
            items.iter().filter(|i| !has(i, "url") && !has(i, "id")).count() as u64;
        assert_eq!(
            entries.drops.get(&DropReason::NoAddress).copied().unwrap_or(0),
            without_address
        );
        let addresses: std::collections::HashSet<&str> = items
            .iter()
            .filter(|i| has(i, "url") && (has(i, "content_text") || has(i, "content_html")))
            .filter_map(|i| i["url"].as_str())
            .collect();
        println!(
            "{}: {} of {} addresses with text, {jobs} to ask, drops {:?}",
            path.file_name().unwrap().display(),
            held,
            addresses.len(),
            entries.drops
        );
        kept += held;
    }
    println!("streams: {kept} items");
    assert!(kept > 2700, "{kept}");
}
