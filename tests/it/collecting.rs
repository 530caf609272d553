//! What a source brings besides a first reading: exports laid into a folder, replies on known threads, the end
//! date of what was written.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::engine::retention::{self, Cut};
use guanlan::engine::{Clock, Station, nobody};
use guanlan::store::{PostRange, Tally};
use pipelines::record::{Alert, AlertState, PostId, Severity};

use crate::lab::Lab;
use crate::pages::{Pages, article};

const MAIN: &str = "[station]\ncontact = \"desk@example.com\"\n[judge]\ndepth = \"fast\"\n[crawl]\ndelay_secs = 0.0\n\
                    [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n";

/// A laboratory with a clock that a test sets.
struct Desk {
    lab: Lab,
    secs: Arc<AtomicI64>,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    fn new(sources: &str) -> Self {
        let lab = Lab::new();
        lab.write("guanlan.toml", MAIN);
        lab.write("sources/s.toml", sources);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self { lab, secs: Arc::new(AtomicI64::new(Utc::now().timestamp())), runtime }
    }

    fn station(&self) -> Station {
        let overrides = Overrides { data_dir: Some(self.lab.data()), ..Overrides::default() };
        let config = Config::load(Some(self.lab.path()), &overrides);
        let config = config.unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)));
        let secs = self.secs.clone();
        let clock: Clock =
            Arc::new(move || DateTime::from_timestamp(secs.load(Ordering::SeqCst), 0).unwrap());
        Station::open(config, clock, nobody()).unwrap()
    }

    fn later(&self, by: TimeDelta) {
        self.secs.fetch_add(by.num_seconds(), Ordering::SeqCst);
    }

    /// One round of all sources; what it added to the counts of the first.
    fn round(&self, station: &Station) -> Tally {
        let sources = station.sources();
        let before = station.tallies(&sources).unwrap();
        self.runtime.block_on(station.round(&sources)).unwrap();
        station.tallies(&sources).unwrap()[0].since(&before[0])
    }
}

#[test]
fn exports_in_a_watched_folder_go_in_once_and_bad_rows_are_named() {
    let desk = Desk::new(
        "[[source]]\nid = \"exports\"\nname = \"台账\"\nkind = \"files\"\npath = \"../inbox\"\nformat = \"csv\"\n\
         map = { id = \"编号\", text = \"内容\", published_at = \"时间\" }\n",
    );
    let rows = "编号,内容,时间\n1,云岭矿业集团拖欠工资三个月,2026-11-01 08:00\n2,,2026-11-01 09:00\n\
                3,河水发黑无人过问,2026-11-01 10:00\n";
    desk.lab.write("inbox/one.csv", rows);
    desk.lab.write("inbox/~half.csv", "编号,内容,时间\n9,还在写,2026-11-01 08:00\n");
    let station = desk.station();
    let first = desk.round(&station);
    assert_eq!((first.received, first.kept), (3, 2), "{first:?}");
    let list = station.dir.rejected().join("exports/one.csv.rejected.txt");
    let list = std::fs::read_to_string(list).unwrap();
    assert!(list.starts_with("3\t"), "the third line of the file is the bad one: {list}");
    assert_eq!(desk.round(&station).received, 0, "a file is taken in once");

    let path =
        desk.lab.write("inbox/one.csv", &format!("{rows}4,灯亮了谢谢电工师傅,2026-11-02 08:00\n"));
    let touched = UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(touched).unwrap();
    let grown = desk.round(&station);
    assert_eq!((grown.received, grown.kept), (4, 1), "{grown:?}");
    desk.lab.write("inbox/two.csv", "这不是表格");
    desk.round(&station);
    let state = station.store.source_state(&"exports".into()).unwrap();
    assert_eq!(state.error.as_ref().map(|(kind, _)| kind.as_str()), Some("file"), "{state:?}");
    station.close().unwrap();
}

#[test]
fn a_watched_folder_announces_rows_older_than_posts_are_kept() {
    let desk = Desk::new(
        "[[source]]\nid = \"exports\"\nname = \"台账\"\nkind = \"files\"\n\
         path = \"../inbox\"\nformat = \"csv\"\nmap = { id = \"编号\", text = \"内容\", published_at = \"时间\" }\n",
    );
    desk.lab.write(
        "inbox/old.csv",
        "编号,内容,时间\n1,云岭矿业集团拖欠工资三个月,2019-11-01 08:00\n2,河水发黑无人过问,2019-12-01 10:00\n",
    );
    let station = desk.station();
    assert_eq!(desk.round(&station).kept, 2, "whoever lays a file down wants its rows");
    let note = station.dir.rejected().join("exports/old.csv.past-retention.txt");
    let note = std::fs::read_to_string(note).unwrap();
    assert!(note.contains("2 条早于保存期限") && note.contains("posts_days = "), "{note}");
    station.close().unwrap();
}

fn thread(replies: &[&str]) -> String {
    let floor = |n: usize, name: &str, text: &str| {
        format!(
            "<div id=\"post_{n}\" class=\"plhin\"><div class=\"authi\"><a class=\"xw1\">{name}</a> \
             <em>发表于 2026-11-20 0{}:10</em></div><td class=\"t_f\" id=\"postmessage_{n}\">{text}</td></div>",
            n % 10
        )
    };
    let first =
        "云岭矿业集团三号井食堂又涨价了，一份素菜十二块，大家说说各自单位是多少，也好有个比较。";
    let mut floors = floor(1, "矿灯下的人", first);
    for (n, reply) in replies.iter().enumerate() {
        floors += &floor(n + 2, &format!("网友{n}号"), reply);
    }
    format!(
        "<html><head><title>食堂又涨价了 - 矿区论坛</title></head><body><h1><span id=\"thread_subject\">食堂又涨价了</span></h1>\
         <div id=\"postlist\"><table>{floors}</table></div></body></html>"
    )
}

fn board(replies: usize) -> String {
    let rows: String = (1..=6)
        .map(|n| {
            let replies = if n == 1 { replies } else { 0 };
            format!(
                "<tr><th><a href=\"/thread-{n}-1-1.html\">矿区生活第{n}个帖子说说心里话</a></th>\
                 <td class=\"num\"><a href=\"/thread-{n}-1-1.html\">{replies}</a><em>90</em></td>\
                 <td>2026-11-20</td></tr>"
            )
        })
        .collect();
    format!(
        "<html><head><title>矿区论坛</title></head><body><table id=\"threadlist\">{rows}</table></body></html>"
    )
}

#[test]
fn new_replies_of_a_known_thread_are_found() {
    let pages = Pages::start();
    let host = pages.address;
    let desk = Desk::new(&format!(
        "[[source]]\nid = \"board\"\nname = \"论坛\"\nchannel = \"forum\"\nkind = \"board\"\n\
         urls = [\"http://{host}/forum-1-1.html\"]\nallow_private = [\"{host}\"]\n"
    ));
    pages.put("/forum-1-1.html", board(1));
    pages.put("/thread-1-1-1.html", thread(&["我们这边素菜八块钱一份。"]));
    let station = desk.station();
    desk.round(&station);
    let id = PostId::of_url(&pages.url("/thread-1-1-1.html"));
    let replies = || station.store.post(id).unwrap().unwrap().post.comments.len();
    assert_eq!(replies(), 1);

    // The board tells of no more replies, and the thread is not due yet: it is not asked for.
    desk.later(TimeDelta::hours(1));
    let two = ["我们这边素菜八块钱一份。", "涨价之前也没有开会说过。"];
    pages.put("/thread-1-1-1.html", thread(&two));
    let quiet = desk.round(&station);
    assert_eq!(replies(), 1, "{quiet:?}");

    pages.put("/forum-1-1.html", board(2));
    desk.later(TimeDelta::hours(1));
    let grown = desk.round(&station);
    assert_eq!(replies(), 2, "{grown:?}");
    let updated = grown.dropped.iter().find(|(reason, _)| reason == "updated").map(|(_, n)| *n);
    assert_eq!((grown.kept, updated), (0, Some(1)), "a thread is one post: {grown:?}");
    assert!(station.store.post_count().unwrap() <= 6);
    station.close().unwrap();
}

#[test]
fn alerts_and_digests_end_too() {
    let desk = Desk::new("");
    let station = desk.station();
    let now = (station.collector.clock)();
    for (key, days) in [("old", 2_000), ("new", 2)] {
        let at = now - TimeDelta::days(days);
        let alert = Alert {
            key: key.to_owned(),
            rule: "r".into(),
            story: None,
            window_start: at,
            fired_at: at,
            measured: 1.0,
            threshold: 1.0,
            evidence: Vec::new(),
            because: None,
            told: Default::default(),
            severity: Severity::Ordinary,
            state: AlertState::Closed,
        };
        station.store.write(&mut |write| write.put_alert(&alert, at).map(|_| ())).unwrap();
    }
    let digests = station.dir.digests();
    std::fs::create_dir_all(&digests).unwrap();
    for (name, days) in [("daily-old.md", 2_000), ("daily-new.md", 2)] {
        let file = std::fs::File::create(digests.join(name)).unwrap();
        file.set_modified((now - TimeDelta::days(days)).into()).unwrap();
    }
    let cleared =
        retention::clear(&station.shared().unwrap(), Cut::of(&station.config.retention, now), now)
            .unwrap();
    assert_eq!((cleared.alerts, cleared.digests), (1, 1));
    let left = station.store.alerts(&PostRange::default(), 10).unwrap();
    assert_eq!(left.iter().map(|a| a.alert.key.as_str()).collect::<Vec<_>>(), ["new"]);
    assert!(digests.join("daily-new.md").exists() && !digests.join("daily-old.md").exists());
    assert_eq!(station.store.audits("purge", "", 10).unwrap().len(), 2);
    station.close().unwrap();
}

/// Page `n` of a list: six articles of one day each, the newest on page 1.
fn archive(n: i64) -> String {
    let row = |article: i64| {
        let day = Utc::now() - TimeDelta::days(n * 6 + article);
        let day = day.format("%Y-%m-%d");
        format!(
            "<li><a href=\"/a/2026{n}0{article}.html\">第{n}页第{article}篇安全生产通报</a><span>{day}</span></li>"
        )
    };
    let rows: String = (0..6).map(row).collect();
    format!("<html><head><title>通报</title></head><body><ul>{rows}</ul></body></html>")
}

#[test]
fn a_page_whose_text_stands_in_its_frame_is_read() {
    let pages = Pages::start();
    let host = pages.address;
    let url = pages.url("/a/9.html");
    let desk = Desk::new(&format!(
        "[[source]]\nid = \"office\"\nname = \"公告\"\nkind = \"pages\"\nurls = [\"{url}\"]\n\
         allow_private = [\"{host}\"]\n"
    ));
    let head = "<html><head><meta charset=utf-8><title>南关煤矿检修公告</title></head><body>";
    let around = "<h1>南关煤矿检修公告</h1><div>发布时间：2026-11-20 10:00</div>";
    pages.put(
        "/a/9.html",
        format!("{head}{around}<iframe src=\"text.html\"></iframe></body></html>"),
    );
    let text = "<p>检修人员凌晨四点到岗，对主通风机的电机和叶片逐一检查，共更换轴承六套。</p>\
                <p>负责人介绍，这次检修安排在产量较低的时段，没有影响职工的正常收入。</p>";
    pages.put("/a/text.html", format!("<html><body>{text}</body></html>"));
    let station = desk.station();
    let round = desk.round(&station);
    assert_eq!(round.kept, 1, "{round:?}");
    let post = station.store.post(PostId::of_url(&url)).unwrap().unwrap().post;
    assert!(post.text.contains("更换轴承六套") && post.title == "南关煤矿检修公告", "{post:?}");
    assert_eq!(
        post.published.map(|p| p.at.to_rfc3339()).as_deref(),
        Some("2026-11-20T02:00:00+00:00")
    );
    station.close().unwrap();
}

#[test]
fn a_back_fill_that_was_cut_goes_on_where_it_was() {
    let pages = Pages::start();
    let host = pages.address;
    let desk = Desk::new(&format!(
        "[[source]]\nid = \"gov\"\nname = \"通报\"\nkind = \"list\"\nhorizon_days = 3\n\
         urls = [\"http://{host}/list_{{page}}.html\"]\nallow_private = [\"{host}\"]\n"
    ));
    for n in 1..=6 {
        pages.put(&format!("/list_{n}.html"), archive(n));
        for at in 0..6 {
            let text =
                format!("第{n}页第{at}篇：各单位要认真排查井下瓦斯隐患，落实责任到人，限期整改。");
            let path = format!("/a/2026{n}0{at}.html");
            pages.put(&path, article(&format!("第{n}页第{at}篇安全生产通报"), &[&text], ""));
        }
    }
    pages.fail("/list_3.html", 500);
    // The fifth list page is the first that is older than the bound; the sixth is never asked for.
    let command = ["source", "backfill", "gov", "--days", "27", "--format", "jsonl"];
    let cut = desk.lab.run(&command);
    assert!(cut.err.contains("2 list pages read, 12 articles found"), "{}", cut.err);
    assert!(cut.err.contains("500") && cut.err.contains("goes on"), "{}", cut.err);

    pages.put("/list_3.html", archive(3));
    pages.fail("/list_1.html", 500);
    pages.fail("/list_6.html", 500);
    let done = desk.lab.run(&command);
    assert!(!done.err.contains("1 list pages read"), "it began anew: {}", done.err);
    assert!(done.err.contains("5 list pages read"), "{}", done.err);
    let station = desk.station();
    assert!(station.store.post_count().unwrap() >= 18, "{}", done.err);
    station.close().unwrap();
}
