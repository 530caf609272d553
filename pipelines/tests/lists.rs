//! Real list pages: are the article links found, and are lists told from articles?
//!
//! Measures on the shared data beside the project; skipped by name where that is missing.
//! `cargo test -p guanlan-pipelines --test lists -- --nocapture` shows what was found.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case should stop there")]

#[path = "../../tests/shared/data.rs"]
mod data;

use std::path::Path;

use data::shared;
use pipelines::crawl::discover::role_of;
use pipelines::crawl::entry::{ListLink, find_article_links};
use pipelines::crawl::{PageRole, read_opml};
use pipelines::extract::decode;
use url::Url;

fn pages(dir: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(prefix)))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, decode(&std::fs::read(path).unwrap(), None).text)
        })
        .collect();
    found.sort();
    found
}

fn links(html: &str) -> Vec<ListLink> {
    let base = Url::parse("https://list.example.cn/channel/index.html").unwrap();
    find_article_links(&scraper::Html::parse_document(html), &base)
}

#[test]
fn article_links_of_real_lists_are_found() {
    for (name, html) in lists() {
        let found = links(&html);
        let dated = found.iter().filter(|l| l.date.is_some()).count();
        println!("{name}: {} links, {dated} dated", found.len());
        for link in found.iter().take(4) {
            println!("    {} | {:?} | {}", link.title, link.date, link.url);
        }
        assert!(found.len() >= 10, "{name}: {}", found.len());
        let headlines = found.iter().filter(|l| l.title.chars().count() >= 6).count();
        assert!(headlines * 10 >= found.len() * 8, "{name}: {headlines} of {}", found.len());
    }
}

#[test]
fn lists_are_told_from_articles() {
    let Some(details) = shared("page-kinds/detail") else { return };
    let details = pages(&details, "").into_iter().map(|page| (page, PageRole::Article));
    let lists = lists().into_iter().map(|page| (page, PageRole::List));
    for ((name, html), expected) in lists.chain(details) {
        let parsed = scraper::Html::parse_document(&html);
        assert_eq!(role_of(&html, &parsed, &links(&html)), expected, "{name}");
    }
}

/// Every list page of the shared data.
fn lists() -> Vec<(String, String)> {
    let (Some(unlabelled), Some(kinds)) = (shared("pages-unlabelled"), shared("page-kinds/list"))
    else {
        return Vec::new();
    };
    let mut lists = pages(&unlabelled, "list-");
    lists.extend(pages(&kinds, ""));
    lists
}

#[test]
fn real_opml_lists_are_read() {
    let Some(root) = shared("opml") else { return };
    let mut feeds = 0;
    for dir in std::fs::read_dir(root).unwrap() {
        for (name, _) in pages(&dir.as_ref().unwrap().path(), "") {
            if name.ends_with(".opml") {
                let body = std::fs::read(dir.as_ref().unwrap().path().join(&name)).unwrap();
                let read = read_opml(&body).unwrap_or_else(|why| panic!("{name}: {why}"));
                println!("{name}: {} feeds", read.len());
                feeds += read.len();
            }
        }
    }
    assert!(feeds > 500, "{feeds}");
}
