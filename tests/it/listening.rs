//! What a source brings and what it loses: pages that cannot be had, runs that drop everything, settings that change,
//! lists that end, and what `source add` writes.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse as _;
use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::data::shared;
use crate::lab::Lab;
use crate::pages::{Pages, article, feed};

const MAIN: &str = "[station]\ncontact = \"desk@example.com\"\n[crawl]\ndelay_secs = 0.0\n\
                    [retention]\nposts_days = 36500\n[judge]\ndepth = \"fast\"\n[[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n";

/// A host that no source may ask: nothing listens there.
const ELSEWHERE: &str = "http://127.0.0.2:9";

const TEXTS: [&str; 4] = [
    "检修人员凌晨四点到岗，对主通风机的电机和叶片逐一检查，共更换轴承六套。",
    "矿区职工食堂的改造已经完成，今天中午重新开放，欢迎大家前来就餐。",
    "早上六点半那趟班车太挤了，站都没地方站，能不能再加一趟，大家联名反映。",
    "云岭县气象台发布暴雨蓝色预警信号，预计未来十二小时降水量达五十毫米以上。",
];

fn station(sources: &str) -> Lab {
    let lab = Lab::new();
    lab.write("guanlan.toml", MAIN);
    if !sources.is_empty() {
        lab.write("sources/s.toml", sources);
    }
    lab
}

fn source(id: &str, host: &str, kind: &str) -> String {
    format!("[[source]]\nid = \"{id}\"\nname = \"{id}\"\nallow_private = [\"{host}\"]\n{kind}\n")
}

fn crawl(lab: &Lab) -> Vec<Value> {
    lab.run(&["--quiet", "crawl", "--format", "jsonl"]).rows()
}

fn stored(lab: &Lab) -> Vec<Value> {
    let all = ["search", "published:1990-01-01..", "--format", "jsonl", "--limit", "100000"];
    lab.run(&all).rows()
}

#[test]
fn a_page_that_cannot_be_had_does_not_cost_the_text_of_its_feed() {
    let pages = Pages::start();
    let host = pages.address.to_string();
    pages.put(
        "/rss.xml",
        feed(&[
            ("原文四零四", pages.url("/nope.html"), TEXTS[0]),
            ("原文在外站", format!("{ELSEWHERE}/x.html"), TEXTS[1]),
            ("原文出错", pages.url("/broken.html"), TEXTS[2]),
            ("原文读得到", pages.url("/good.html"), "短讯"),
        ]),
    );
    pages.fail("/broken.html", 500);
    pages.put("/good.html", article("原文读得到", &[TEXTS[3], TEXTS[0]], ""));
    let kind = format!("kind = \"feed\"\nurl = \"{}\"\nfull_page = true", pages.url("/rss.xml"));
    let lab = station(&source("rss", &host, &kind));
    let run = crawl(&lab);
    assert_eq!((&run[0]["received"], &run[0]["kept"]), (&4.into(), &4.into()), "{run:?}");
    assert_eq!(run[0]["ties_out"], true);
    let found = stored(&lab);
    assert_eq!(found.len(), 4);
    for (title, word) in
        [("原文四零四", "更换轴承"), ("原文在外站", "重新开放"), ("原文出错", "再加一趟")]
    {
        let hit = lab.run(&["search", word, "--format", "jsonl"]).good().rows();
        assert!(hit.iter().any(|row| row["title"] == title), "{title}: {hit:?}");
    }
    // A second round asks for nothing that was dealt with, and loses nothing.
    let again = crawl(&lab);
    assert_eq!((&again[0]["kept"], &again[0]["ties_out"]), (&0.into(), &true.into()), "{again:?}");
    assert_eq!(stored(&lab).len(), 4);
}

#[test]
fn a_run_that_dropped_everything_is_not_well() {
    let pages = Pages::start();
    let host = pages.address.to_string();
    let items: String = (1..=6)
        .map(|n| format!("<li><a href='{ELSEWHERE}/a/{n}.html'>云岭矿业集团第{n}号公告全文</a><i>2026-11-20</i></li>"))
        .collect();
    pages.put("/list", format!("<html><body><ul>{items}</ul></body></html>"));
    let kind = format!("kind = \"list\"\nurls = [\"{}\"]", pages.url("/list"));
    let lab = station(&source("list", &host, &kind));
    for _ in 0..2 {
        let run = crawl(&lab);
        assert_eq!(run[0]["kept"], 0);
        assert_eq!(run[0]["lost"], "other_host", "{run:?}");
        let board = lab.run(&["source", "list", "--format", "jsonl"]).good().rows();
        let status = lab.run(&["status", "--format", "jsonl"]).good().rows();
        assert_eq!(
            (&board[0]["standing"], &status[0]["state"]),
            (&"dropped".into(), &"dropped".into())
        );
        assert_eq!(
            (&board[0]["lost"], &status[0]["lost"]),
            (&"other_host".into(), &"other_host".into())
        );
        assert!(board[0]["reason"].as_str().unwrap().contains("does not list"), "{board:?}");
    }
    let told = lab.run(&["crawl"]);
    assert!(!told.out.contains("good"), "{}", told.out);
}

/// A site whose answers have an ETag and may be "not modified".
fn remembering(
    answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> (tokio::runtime::Runtime, String, Arc<Mutex<u32>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let unmodified = Arc::new(Mutex::new(0));
    let (count, answer) = (unmodified.clone(), Arc::new(answer));
    let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap| {
        let (count, answer) = (count.clone(), answer.clone());
        async move {
            let Some(body) = answer(uri.path()) else {
                return StatusCode::NOT_FOUND.into_response();
            };
            if headers.contains_key(IF_NONE_MATCH) {
                *count.lock().unwrap() += 1;
                return StatusCode::NOT_MODIFIED.into_response();
            }
            ([(ETAG, "\"1\""), (CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
        }
    });
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let host = listener.local_addr().unwrap().to_string();
    runtime.spawn(async move { axum::serve(listener, router).await });
    (runtime, host, unmodified)
}

#[test]
fn a_source_whose_settings_changed_is_read_anew() {
    let old = (Utc::now() - TimeDelta::days(10)).to_rfc2822();
    let (_runtime, host, unmodified) = remembering(move |path| match path {
        "/rss" => Some(format!(
            "<rss><channel><title>t</title><item><title>十天前的检修</title><link>/a/1.html</link>\
             <pubDate>{old}</pubDate><description>{}</description></item></channel></rss>",
            TEXTS[0]
        )),
        "/list" => Some(
            (1..=4)
                .map(|n| {
                    format!("<li><a href='/p/2026112{n}.html'>云岭矿业集团第{n}号公告</a></li>")
                })
                .collect(),
        ),
        path if path.starts_with("/p/") => {
            let time = format!("<meta property='article:published_time' content='{old}'>");
            Some(article(&format!("公告{path}"), &[TEXTS[1], path], "").replacen(
                "<meta",
                &format!("{time}<meta"),
                1,
            ))
        }
        _ => None,
    });
    let sources = |days: u32| {
        let horizon = format!("horizon_days = {days}\n");
        let rss = format!("{horizon}kind = \"feed\"\nurl = \"http://{host}/rss\"");
        let list = format!("{horizon}kind = \"list\"\nurls = [\"http://{host}/list\"]");
        format!("{}{}", source("list", &host, &list), source("rss", &host, &rss))
    };
    let lab = station(&sources(2));
    let first = crawl(&lab);
    assert_eq!((&first[1]["lost"], &first[1]["kept"]), (&"too_old".into(), &0.into()), "{first:?}");
    let same = crawl(&lab);
    assert_eq!((&same[1]["received"], *unmodified.lock().unwrap()), (&0.into(), 2), "{same:?}");
    lab.write("sources/s.toml", &sources(30));
    let changed = crawl(&lab);
    assert_eq!((&changed[0]["kept"], &changed[1]["kept"]), (&4.into(), &1.into()), "{changed:?}");
    // What does not change the reading forgets nothing.
    lab.write("sources/s.toml", &sources(30).replace("name = \"rss\"", "name = \"新名\""));
    assert_eq!(crawl(&lab)[1]["received"], 0);
}

#[test]
fn the_end_of_a_paged_list_is_no_fault() {
    let pages = Pages::start();
    let host = pages.address.to_string();
    let list = |site: &str, from: u32, next: &str| {
        let items: String = (from..from + 4)
            .map(|n| format!("<li><a href='/{site}/2026112{n}.html'>云岭矿业集团第{n}号公告</a><i>2026-11-20</i></li>"))
            .collect();
        format!("<html><body><ul>{items}</ul>{next}</body></html>")
    };
    for n in 0..8 {
        let text = format!("{}第{n}号。", TEXTS[0]);
        for site in ["n", "l", "e", "r"] {
            let path = format!("/{site}/2026112{n}.html");
            pages.put(&path, article(&format!("{site}第{n}号公告"), &[&text, TEXTS[1]], ""));
        }
    }
    pages.put("/n-1.html", list("n", 0, ""));
    pages.put("/n-2.html", list("n", 4, ""));
    pages.put("/l-1.html", list("l", 0, "<a href='/l-2.html'>下一页</a>"));
    pages.put("/l-2.html", list("l", 4, "<a href='/l-3.html'>下一页</a>"));
    // A page without any article, instead of 404, ends a list as well.
    pages.put("/e-1.html", list("e", 0, "<a href='/e-2.html'>下一页</a>"));
    pages.put("/e-2.html", "<html><body><p>没有更多内容</p></body></html>");
    pages.put(
        "/r-1.html",
        "<html><head><meta http-equiv='refresh' content='0;url=/r-2.html'></head></html>",
    );
    pages.put("/r-2.html", list("r", 0, ""));
    let mut sources = String::new();
    for (id, path, n) in [
        ("n", "/n-{page}.html", 5),
        ("l", "/l-1.html", 5),
        ("e", "/e-1.html", 5),
        ("r", "/r-1.html", 1),
    ] {
        let kind = format!("kind = \"list\"\npages = {n}\nurls = [\"{}\"]", pages.url(path));
        write!(sources, "{}", source(id, &host, &kind)).unwrap();
    }
    let lab = station(&sources);
    for (row, found) in crawl(&lab).iter().zip([4, 8, 8, 4]) {
        assert_eq!((&row["error"], &row["lost"]), (&Value::Null, &Value::Null), "{row}");
        assert!(row["received"].as_u64().unwrap() >= found, "{row}");
    }
    // The first page missing is a fault.
    pages.fail("/n-1.html", 404);
    let row = &lab.run(&["--quiet", "crawl", "n", "--format", "jsonl"]).rows()[0];
    assert!(row["error"].as_str().unwrap().contains("404"), "{row}");
}

#[test]
fn source_add_writes_what_its_preview_kept() {
    let pages = Pages::start();
    let link = |n: usize| format!("{ELSEWHERE}/a/{n}.html");
    let items: Vec<_> = (0..4).map(|n| (["甲", "乙", "丙", "丁"][n], link(n), TEXTS[n])).collect();
    pages.put("/rss.xml", feed(&items));
    let lab = station("");
    let add = |path: &str, more: &[&str]| {
        let url = pages.url(path);
        lab.run(&[&["source", "add", &url, "--allow-private"][..], more].concat())
    };
    let added = add("/rss.xml", &[]).good();
    assert!(
        added.out.contains("127.0.0.2") && added.out.contains("full_page = false"),
        "{}",
        added.out
    );
    let files = |lab: &Lab| -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(lab.path().join("sources"))
            .unwrap()
            .map(|f| f.unwrap().path())
            .collect();
        names.sort();
        names.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect()
    };
    let file = &files(&lab)[0];
    assert!(
        file.contains("full_page = false") && file.contains("allow_hosts = [\"127.0.0.2\"]"),
        "{file}"
    );
    assert!(file.contains("flatline_hours"), "{file}");
    lab.run(&["check"]).good();
    assert_eq!(crawl(&lab)[0]["kept"], 4);
    // Another column of the site has an id of its own.
    pages.put("/other.xml", feed(&items[..2]));
    add("/other.xml", &[]).good();
    assert_eq!(files(&lab).len(), 2);
    // Nothing would be kept: nothing is written, and why is said; unless told to.
    let bare: Vec<_> = items.iter().map(|(title, link, _)| (*title, link.clone(), "")).collect();
    pages.put("/bare.xml", feed(&bare));
    let refused = add("/bare.xml", &[]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(refused.err.contains("private") && refused.err.contains("--anyway"), "{}", refused.err);
    assert_eq!(files(&lab).len(), 2);
    add("/bare.xml", &["--anyway"]).good();
    assert_eq!(files(&lab).len(), 3);
}

#[test]
fn a_short_list_and_a_signpost_are_found_by_source_add() {
    let pages = Pages::start();
    let items: String = ["停水通知", "停电公告", "关于调整矿区班车运行时间的通知"]
        .iter()
        .enumerate()
        .map(|(n, title)| {
            pages.put(&format!("/gg/a{n}.html"), article(title, &[TEXTS[n], TEXTS[3]], ""));
            format!("<li><a href='/gg/a{n}.html'>{title}</a><span>2026-11-20</span></li>")
        })
        .collect();
    pages.put(
        "/gg/",
        format!("<html><head><title>公告</title></head><body><ul>{items}</ul></body></html>"),
    );
    pages.put("/", "<html><head><meta http-equiv='refresh' content='0;url=/gg/'></head></html>");
    let lab = station("");
    let added =
        lab.run(&["source", "add", &pages.url("/"), "--allow-private", "--id", "gg"]).good();
    assert!(added.err.contains("/gg/"), "{}", added.err);
    assert_eq!(crawl(&lab)[0]["kept"], 3);
}

fn text_of(item: &Value) -> String {
    let html = ["content_text", "content_html", "summary"];
    let html = html.iter().find_map(|k| item[*k].as_str().filter(|t| !t.trim().is_empty()));
    let parts = html.unwrap_or_default().split('<').enumerate();
    parts.map(|(i, p)| if i == 0 { p } else { p.split_once('>').map_or("", |(_, t)| t) }).collect()
}

#[test]
fn live_feeds_whose_articles_lie_elsewhere_are_added_and_kept() {
    let Some(dir) = shared("streams") else { return };
    let mut feeds = std::collections::BTreeMap::new();
    let mut texts = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let items = json["items"].as_array_mut().unwrap();
        for item in items.iter_mut() {
            if let Some(url) = item["url"].as_str() {
                item["url"] = format!("{ELSEWHERE}/{}", url.split_once("://").unwrap().1).into();
            }
        }
        let with_text = items.iter().filter(|item| !text_of(item).trim().is_empty()).count() as u64;
        texts.insert(name.clone(), with_text);
        feeds.insert(format!("/{name}"), json.to_string());
    }
    assert_eq!(feeds.len(), 18);
    let (_runtime, host, _) = remembering(move |path| feeds.get(path).cloned());
    let lab = station("");
    for name in texts.keys() {
        let url = format!("http://{host}/{name}");
        lab.run(&["source", "add", &url, "--allow-private", "--id", name, "--posts", "3"]).good();
    }
    let (mut kept, mut none) = (0, 0);
    for row in crawl(&lab) {
        let n = |key: &str| row["drops"][key].as_u64().unwrap_or(0);
        let all = row["kept"].as_u64().unwrap();
        let name = row["source"].as_str().unwrap();
        assert_eq!(row["ties_out"], true, "{row}");
        // Staff lines and tables of contents of a newspaper are no articles; a text that stands there twice is one.
        assert!(
            all + n("not_an_article") + n("duplicate") >= texts[name],
            "{} with text: {row}",
            texts[name]
        );
        assert!(all > 0, "{row}");
        kept += all;
        none += n("not_an_article");
    }
    assert_eq!(stored(&lab).len() as u64, kept);
    println!("{kept} kept, {none} no articles");
    for row in lab.run(&["source", "list", "--format", "jsonl"]).good().rows() {
        assert!(row["day"].as_u64().unwrap() > 0 || row["standing"] != "good", "{row}");
    }
}
