//! Lists as sites build them: short, alone, in scripts, clicked, pictured, moved.

use super::super::read_entry;
use super::*;
use crate::crawl::discover::{PageRole, discover};

const TITLES: [&str; 6] = [
    "关于调整矿区班车运行时间的通知",
    "南关镇冬季防火安全须知及联系方式",
    "停水通知",
    "云岭县重点项目集中开工仪式举行",
    "停电公告",
    "县领导调研南关煤矿安全生产工作",
];

fn page(body: &str) -> Page {
    Page {
        url: "https://example.cn/gg/".into(),
        requested_url: "https://example.cn/gg/".into(),
        source: "gov".into(),
        status: 200,
        headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
        body: format!("<html><head><title>公告</title></head><body>{body}</body></html>")
            .into_bytes(),
        fetched_at: now(),
        sha256: [0; 32],
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_300_000, 0).unwrap()
}

fn source() -> SourceConfig {
    toml::from_str("id='gov'\nname='公告'\nkind='list'\nurls=['https://example.cn/gg/']").unwrap()
}

fn row(n: usize, title: &str) -> String {
    format!("<li><a href=\"a{n}.html\">{title}</a><span>2026-11-20</span></li>")
}

fn rows(titles: &[&str]) -> String {
    titles.iter().enumerate().map(|(n, title)| row(n, title)).collect()
}

/// The headlines found, and whether each has its date.
fn check(body: &str, expected: &[&str], dated: bool) {
    let entries =
        read_entry(&page(body), &source(), now()).unwrap_or_else(|e| panic!("{e}: {body}"));
    let titles: Vec<&str> =
        entries.jobs.iter().map(|(_, found)| found.title.as_deref().unwrap_or_default()).collect();
    assert_eq!(titles, expected, "{body}");
    let with_date = entries.jobs.iter().filter(|(_, found)| found.published.is_some()).count();
    assert_eq!(with_date, if dated { expected.len() } else { 0 }, "{body}");
}

#[test]
fn short_headlines_are_not_passed_over() {
    check(&format!("<ul>{}</ul>", rows(&TITLES)), &TITLES, true);
    let short = ["停水通知", "停电公告", "招聘启事", "人事任免"];
    check(&format!("<ul>{}</ul>", rows(&short)), &short, true);
    // The way through the site, and the name of the column before each headline, are no headlines.
    let menu = "<div class='nav'><a href='/'>网站首页</a><a href='/x/'>信息公开</a></div>";
    let columns: String = TITLES
        .iter()
        .enumerate()
        .map(|(n, title)| {
            format!(
                "<li><a href='/c{}/'>通知公告</a><a href='a{n}.html'>{title}</a><i>11-20</i></li>",
                n % 2
            )
        })
        .collect();
    let long: Vec<&str> = TITLES.iter().copied().filter(|t| t.chars().count() > 8).collect();
    let entries =
        read_entry(&page(&format!("{menu}<ul>{columns}</ul>")), &source(), now()).unwrap();
    let titles: Vec<_> = entries.jobs.iter().filter_map(|(_, f)| f.title.as_deref()).collect();
    assert!(long.iter().all(|title| titles.contains(title)), "{titles:?}");
    assert!(!titles.contains(&"信息公开") && !titles.contains(&"网站首页"), "{titles:?}");
}

#[test]
fn a_list_of_one_is_a_list() {
    check(&format!("<ul>{}</ul>", row(0, TITLES[0])), &TITLES[..1], true);
}

#[test]
fn lists_in_scripts_are_read() {
    let records: String = TITLES
        .iter()
        .enumerate()
        .map(|(n, title)| format!("<record><![CDATA[{}]]></record>", row(n, title)))
        .collect();
    let island = format!(
        "<script type=\"text/xml\"><datastore><recordset>{records}</recordset></datastore></script>"
    );
    check(&island, &TITLES, true);
    let menu = "<ul class='nav'><li><a href='/zw/'>政务公开</a></li><li><a href='/hd/'>互动交流</a></li></ul>";
    check(&format!("{menu}{island}"), &TITLES, true);
    let written: String =
        TITLES.iter().enumerate().map(|(n, t)| row(n, t).replace('"', "\\\"")).collect();
    check(&format!("<script>document.write(\"<ul>{written}</ul>\");</script>"), &TITLES, true);
    let array: Vec<_> = TITLES
        .iter()
        .enumerate()
        .map(|(n, t)| serde_json::json!({"docTitle": t, "docPubUrl": format!("a{n}.html"), "docRelTime": "2026-11-20"}))
        .collect();
    let array = serde_json::to_string(&array).unwrap();
    check(&format!("<div id='app'></div><script>var list = {array};</script>"), &TITLES, true);
}

#[test]
fn links_that_are_clicked_are_followed() {
    let clicked = |action: &str| -> String {
        TITLES
            .iter()
            .enumerate()
            .map(|(n, title)| {
                let action = action.replace("ADDRESS", &format!("a{n}.html"));
                format!("<li {action}>{title}<span>2026-11-20</span></li>")
            })
            .collect()
    };
    check(&format!("<ul>{}</ul>", clicked("onclick=\"location.href='ADDRESS'\"")), &TITLES, true);
    check(&format!("<ul>{}</ul>", clicked("onclick=\"window.open('ADDRESS')\"")), &TITLES, true);
    let anchors: String = TITLES
        .iter()
        .enumerate()
        .map(|(n, title)| {
            format!(
                "<li><a href='javascript:void(0)' onclick=\"window.open('a{n}.html','_blank')\">{title}</a><i>2026-11-20</i></li>"
            )
        })
        .collect();
    check(&format!("<ul>{anchors}</ul>"), &TITLES, true);
}

#[test]
fn links_that_hold_only_a_picture_have_its_words() {
    let pictures: String = TITLES
        .iter()
        .enumerate()
        .map(|(n, title)| {
            format!("<li><a href='a{n}.html'><img src='x.jpg' alt='{title}'></a></li>")
        })
        .collect();
    check(&format!("<ul>{pictures}</ul>"), &TITLES, false);
    let both: String = TITLES
        .iter()
        .enumerate()
        .map(|(n, title)| {
            let picture = format!("<li><a href='a{n}.html'><img src='x.jpg' alt='配图配图'></a>");
            row(n, title).replacen("<li>", &picture, 1)
        })
        .collect();
    check(&format!("<ul>{both}</ul>"), &TITLES, true);
}

#[test]
fn a_page_that_only_points_to_another_is_followed() {
    for body in [
        "<meta http-equiv=\"refresh\" content=\"0;url=../xxgk/index.html\">",
        "<meta http-equiv=Refresh content='1; URL=/xxgk/index.html'>正在跳转，请稍候",
        "<script>window.location.href = '/xxgk/index.html';</script>",
    ] {
        let entries = read_entry(&page(body), &source(), now()).unwrap();
        assert_eq!(entries.moved.as_deref(), Some("https://example.cn/xxgk/index.html"), "{body}");
        assert!(entries.jobs.is_empty() && entries.drops.is_empty());
    }
    let reloads = "<meta http-equiv='refresh' content='300'><p>页面每五分钟刷新一次</p>";
    assert!(read_entry(&page(reloads), &source(), now()).is_err());
}

#[test]
fn discovery_finds_the_list_that_a_crawl_reads() {
    for titles in [&TITLES[..], &TITLES[..1]] {
        let found = discover(&page(&format!("<ul>{}</ul>", rows(titles))), &[], now()).unwrap();
        assert_ne!(found.role, PageRole::Article);
        let preview = found.proposals[0].preview.as_ref().unwrap();
        assert_eq!(preview.jobs.len(), titles.len());
    }
}
