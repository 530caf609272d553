//! Eighteen live feeds, served on loopback: every article with a text and an address is kept exactly once.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use pipelines::crawl::canonical_url;
use serde_json::Value;

use crate::data::shared;
use crate::lab::Lab;

/// Serves `(name, body)` as `/name` until the runtime is dropped.
fn serve(files: Vec<(String, Vec<u8>)>) -> (tokio::runtime::Runtime, std::net::SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut router = Router::new();
    for (name, body) in files {
        let answer = move || async move { ([(CONTENT_TYPE, "application/feed+json")], body) };
        router = router.route(&format!("/{name}"), get(answer));
    }
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, router).await });
    (runtime, address)
}

fn without_tags(html: &str) -> String {
    html.split('<')
        .enumerate()
        .map(|(i, part)| match part.split_once('>') {
            Some((_, text)) if i > 0 => text,
            _ if i > 0 => "",
            _ => part,
        })
        .collect()
}

/// The canonical addresses of items that have a text.
fn kept_addresses(feed: &Value, all: &mut BTreeSet<String>) -> usize {
    let items = feed["items"].as_array().unwrap();
    for item in items {
        // An item that is nothing but a picture has no text.
        let has_text = ["content_text", "content_html", "summary"]
            .iter()
            .any(|k| !without_tags(item[*k].as_str().unwrap_or_default()).trim().is_empty());
        let address = item["url"].as_str().or(item["external_url"].as_str()).unwrap_or_default();
        // Staff lines and tables of contents of a newspaper are no articles.
        let title = item["title"].as_str().unwrap_or_default().trim();
        let name = title.rsplit('-').next().unwrap_or_default().trim();
        let is_article = !title.contains("责编") && !matches!(name, "导读" | "广告");
        if let (true, Ok(url)) = (has_text && is_article, canonical_url(address)) {
            all.insert(url);
        }
    }
    items.len()
}

#[test]
fn every_item_of_the_streams_is_kept_exactly_once_and_counts_tie_out() {
    let Some(dir) = shared("streams") else { return };
    let mut files = Vec::new();
    let mut expected = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let body = std::fs::read(&path).unwrap();
        let items = kept_addresses(&serde_json::from_slice(&body).unwrap(), &mut expected);
        files.push((path.file_stem().unwrap().to_str().unwrap().to_owned(), body, items));
    }
    assert_eq!(files.len(), 18);
    let (_runtime, address) =
        serve(files.iter().map(|(name, body, _)| (name.clone(), body.clone())).collect());
    let lab = Lab::new();
    let mut sources = String::new();
    for (name, ..) in &files {
        write!(
            sources,
            "[[source]]\nid = \"{name}\"\nname = \"{name}\"\nkind = \"feed\"\n\
             url = \"http://{address}/{name}\"\nallow_private = [\"{address}\"]\n"
        )
        .unwrap();
    }
    lab.write("sources/streams.toml", &sources);
    lab.write(
        "guanlan.toml",
        "[station]\ncontact = \"test@example.com\"\n[retention]\nposts_days = 0\n\
         [paths]\nsources = [\"sources/*.toml\"]\nrules = []\n\
         [judge]\ndepth = \"fast\"\n[crawl]\ndelay_secs = 0.0\n",
    );
    let run = lab.run(&["crawl", "--format", "jsonl"]).good();
    let mut kept = 0;
    for row in run.rows() {
        assert_eq!(row["ties_out"], true, "{row}");
        let (.., items) = files.iter().find(|(n, ..)| row["source"] == **n).unwrap();
        assert_eq!(row["received"].as_u64().unwrap(), *items as u64, "{row}");
        kept += row["kept"].as_u64().unwrap();
    }
    let stored = lab.run(&[
        "search",
        "published:2000-01-01..2099-01-01",
        "--format",
        "jsonl",
        "--limit",
        "100000",
    ]);
    let stored = stored.good().rows();
    let urls =
        stored.iter().map(|r| r["url"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(stored.len(), urls.len());
    let lost = expected.difference(&urls).collect::<Vec<_>>();
    let extra = urls.difference(&expected).collect::<Vec<_>>();
    assert!(lost.is_empty() && extra.is_empty(), "lost {lost:?}, extra {extra:?}");
    assert_eq!(kept, expected.len() as u64);
    let again = lab.run(&["crawl", "--format", "jsonl"]).good();
    for row in again.rows() {
        assert_eq!(row["kept"], 0, "{row}");
        assert_eq!(row["ties_out"], true, "{row}");
    }
}
