//! `guanlan source`: the way in is found, written, tried and watched, on pages of our own and on real ones.

use std::path::Path;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use chrono::Utc;
use guanlan::demo::DemoSite;
use serde_json::Value;

use crate::data::shared;
use crate::lab::{Lab, Run};

const MAIN: &str = "[station]\nname = \"云岭矿业集团\"\ncontact = \"desk@example.com\"\n\
                    [judge]\ndepth = \"fast\"\n[crawl]\ndelay_secs = 0.0\n[[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n";

fn demo() -> (tokio::runtime::Runtime, DemoSite) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let site = runtime.block_on(guanlan::demo::serve_at(Utc::now())).unwrap();
    (runtime, site)
}

fn station() -> Lab {
    let lab = Lab::new();
    lab.write("guanlan.toml", MAIN);
    lab
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", run.out, run.err))
}

#[test]
fn a_site_is_added_tried_and_collected() {
    let (_runtime, site) = demo();
    for (key, path, kind) in [
        ("daily", "/rss.xml", "feed"),
        ("gov", "/news/list-1.html", "list"),
        ("forum", "/forum-37-1.html", "board"),
    ] {
        let lab = station();
        let url = format!("http://{}{path}", site.addresses[key]);
        let refused = lab.run(&["source", "add", &url]);
        assert_eq!(refused.code, Some(2), "a loopback address is not asked without being told to");
        assert!(refused.err.contains("--allow-private"), "{}", refused.err);

        let added = lab.run(&["source", "add", &url, "--allow-private", "--id", key]).good();
        assert!(added.out.contains("kept"), "{key}: no post was shown\n{}", added.out);
        let file = std::fs::read_to_string(lab.path().join(format!("sources/{key}.toml"))).unwrap();
        assert!(file.contains(&format!("kind = \"{kind}\"")), "{file}");
        lab.run(&["check"]).good();

        let again = lab.run(&["source", "add", &url, "--allow-private", "--id", key]);
        assert_eq!(again.code, Some(1), "a source is never written over another");

        let tried = json(&lab.run(&["source", "test", key, "--format", "json"]).good());
        assert_eq!(tried["posts"][0]["outcome"], "kept", "{tried}");
        assert!(!lab.path().join("data/guanlan.db").exists(), "a trial stores nothing");

        lab.run(&["--quiet", "crawl"]).good();
        let board = lab.run(&["source", "list", "--format", "jsonl"]).good().rows();
        assert_eq!((&board[0]["source"], &board[0]["standing"]), (&key.into(), &"good".into()));
        assert!(board[0]["day"].as_u64().unwrap() > 0);
        let policy = lab.run(&["source", "policy", key]).good();
        assert!(policy.out.contains("desk@example.com") && policy.out.contains(&url));
    }
}

#[test]
fn an_article_is_taken_by_its_address() {
    let (_runtime, site) = demo();
    let lab = station();
    let url = format!("http://{}/thread-60418-1-1.html", site.addresses["forum"]);
    let looked = lab.run(&["source", "add", &url, "--allow-private", "--format", "json"]).good();
    assert_eq!(json(&looked)["page"], "article");
    lab.run(&["--quiet", "crawl"]).good();
    let found = lab.run(&["search", "published:1990-01-01..", "--format", "jsonl"]).good().rows();
    assert_eq!(found.len(), 1);
    // A second round looks at the page again only when it is due.
    let second = lab.run(&["--quiet", "crawl", "--format", "jsonl"]).good().rows();
    assert_eq!(second[0]["received"], 0);
}

#[test]
fn what_cannot_be_listened_to_says_why() {
    let (_runtime, site) = demo();
    let lab = station();
    let down = format!("http://{}/rss.xml", site.addresses["down"]);
    let run = lab.run(&["source", "add", &down, "--allow-private"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("500"), "{}", run.err);
    let run = lab.run(&["source", "test", "nobody"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("no source nobody"), "{}", run.err);
}

/// The files of a folder as `/name`, and what each is expected to be.
fn folder(dir: &Path, prefix: &str, role: &'static str) -> Vec<(String, Vec<u8>, &'static str)> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        let is_page = name.starts_with(prefix) && (name.ends_with("html") || name.ends_with("htm"));
        is_page.then(|| (name, std::fs::read(&path).unwrap(), role))
    });
    let mut pages: Vec<_> = named.collect();
    pages.sort();
    pages
}

#[test]
fn real_lists_and_articles_are_told_apart_and_their_links_found() {
    let (Some(lists), Some(kinds)) = (shared("pages-unlabelled"), shared("page-kinds")) else {
        return;
    };
    let mut pages = folder(&lists, "list-", "list");
    pages.extend(folder(&kinds.join("list"), "", "list"));
    pages.extend(folder(&kinds.join("detail"), "", "article"));
    assert!(pages.len() >= 15, "{} pages", pages.len());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut router = Router::new();
    for (i, (_, body, _)) in pages.iter().enumerate() {
        let body = body.clone();
        let answer = move || async move { ([(CONTENT_TYPE, "text/html")], body) };
        router = router.route(&format!("/{i}/index.html"), get(answer));
    }
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, router).await });
    let lab = station();
    for (i, (name, _, role)) in pages.iter().enumerate() {
        let url = format!("http://{address}/{i}/index.html");
        let looked = lab.run(&[
            "source",
            "add",
            &url,
            "--allow-private",
            "--dry-run",
            "--posts",
            "0",
            "--format",
            "json",
        ]);
        let seen = json(&looked.good());
        assert_eq!(seen["page"], *role, "{name}");
        if *role == "list" {
            let links = seen["ways"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|way| way["links"].as_u64())
                .max();
            println!("{name}: {links:?} article links");
            assert!(links.unwrap_or(0) >= 10, "{name}: {seen}");
        }
    }
}

/// A calendar without end: every page has days that nobody had before, and a next month.
async fn calendar(uri: axum::http::Uri) -> axum::response::Response {
    use axum::response::IntoResponse;
    let month: u64 = uri.path().rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if uri.path() == "/robots.txt" {
        return axum::http::StatusCode::NOT_FOUND.into_response();
    }
    let days: String = (1..=28)
        .map(|day| {
            format!(
                "<li><a href='/day/{month}-{day}'>第{month}月{day}日值班安排与会议通知</a></li>"
            )
        })
        .collect();
    let next = month + 1;
    let html =
        format!("<html><body><ul>{days}</ul><a href='/calendar/{next}'>下一页</a></body></html>");
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

#[test]
fn a_calendar_without_end_is_left() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let host = listener.local_addr().unwrap().to_string();
    runtime.spawn(async move { axum::serve(listener, Router::new().fallback(calendar)).await });
    let lab = station();
    lab.write(
        "sources/calendar.toml",
        &format!(
            "[[source]]\nid = \"c\"\nname = \"日历\"\nkind = \"list\"\npages = 3\n\
             urls = [\"http://{host}/calendar/0\"]\nallow_private = [\"{host}\"]\n"
        ),
    );
    let run = lab.run(&["--quiet", "crawl", "--format", "jsonl"]).good().rows();
    // Three pages of 28 days; each day turns out to be another calendar, and no article.
    assert_eq!(run[0]["received"], 84, "{run:?}");
    assert_eq!(run[0]["kept"], 0, "{run:?}");
    let fill = ["--quiet", "source", "backfill", "c", "--pages", "5", "--format", "jsonl"];
    let run = lab.run(&fill).rows();
    assert_eq!(run[0]["received"], 3 * 28 + 2 * 28, "five pages, three of them known: {run:?}");
}
