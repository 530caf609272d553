//! What a digest tells beside the posts about us: our own voice, the trade and the world, the ledger as a workbook; and one
//! that has to be approved goes out after somebody's word alone.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use calamine::{Data, Reader as _, Xlsx};
use chrono::{DateTime, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::desk::digests::Standing;
use guanlan::desk::{Desk, DeskError, Role, Who};
use guanlan::engine::Clock;
use guanlan::engine::run::Rounds;
use guanlan::store::SqliteStore;
use pipelines::locale::Lang;
use scraper::{Html, Selector};
use serde_json::json;

use crate::console::Served;
use crate::duties::{Bench, FILE, close, step};
use crate::lab::Lab;

const MAIN: &str = "[station]\nname = \"云岭矿业集团\"\ncontact = \"desk@example.com\"\n\
                    [paths]\nsources = [\"sources.toml\"]\n\
                    [judge]\ndepth = \"fast\"\n[paper]\ntrade = \"煤矿 | 矿井\"\n\
                    [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\nshort_names = [\"云岭集团\"]\n\
                    [[subject]]\nid = \"plant\"\nname = \"霁河发电厂\"\nparent = \"group\"\n";

/// Source, hours ago, title, text; the address follows from the place in the list.
const ROWS: [(&str, i64, &str, &str); 11] = [
    ("own", 40, "云岭集团入冬保供誓师大会召开", NEWS),
    ("paper", 38, "云岭集团入冬保供誓师大会召开", NEWS),
    ("portal", 30, "=云岭集团入冬保供誓师大会召开", NEWS),
    (
        "own",
        20,
        "云岭集团举办职工书画展",
        "云岭集团工会在文化中心举办职工书画展，一百二十件作品参展，展期十天，职工家属免费参观。",
    ),
    (
        "forum",
        10,
        "霁河发电厂拖欠工资三个月",
        "霁河发电厂外包队拖欠我们工资三个月，多次讨薪没人管，二十多个工人被欠薪，孩子学费都交不上。",
    ),
    ("paper", 26, "邻省一煤矿发生透水事故", TRADE),
    ("portal", 25, "邻省一煤矿发生透水事故", TRADE),
    ("paper", 24, "全国冰雪旅游季启动", WORLD),
    ("portal", 23, "全国冰雪旅游季启动", WORLD),
    ("paper", 21, "城北路两车相撞两人受伤", PASSING),
    (
        "forum",
        22,
        "今天食堂的菜",
        "今天食堂的菜比昨天咸一些，不过汤不错，大家可以去三号窗口试试，人不多。",
    ),
];
const PASSING: &str = "昨晚八点，城北路与环城路交叉口发生一起交通事故，两车相撞，两人受伤，已送医治疗。交警部门称一名司机涉嫌酒后驾驶。\
                       记者从云岭集团东门乘车到达现场时，道路已恢复通行。";
const NEWS: &str = "云岭集团昨日召开入冬保供誓师大会，各矿厂立下军令状，确保今冬明春电煤供应平稳，计划日发运量提高到十二万吨，\
                    全体职工放弃轮休坚守岗位，安全监察部门同步开展入井检查。";
const TRADE: &str = "邻省一座煤矿昨夜发生透水事故，井下有作业人员被困，救援队伍已携带排水设备赶到现场，事故原因正在调查。";
const WORLD: &str = "全国冰雪旅游季昨天在北方多地同时启动，铁路部门加开旅游列车，各地雪场延长开放时间，游客量比去年同期增加。";

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("guanlan.toml", MAIN);
    let source = |id: &str, name: &str, own: bool| {
        format!(
            "[[source]]\nid = \"{id}\"\nname = \"{name}\"\nown = {own}\nenabled = false\nkind = \"files\"\n\
             path = \"none/{id}*.jsonl\"\nformat = \"jsonl\"\n"
        )
    };
    let sources = [
        source("own", "云岭集团官网", true),
        source("paper", "岱宁日报", false),
        source("portal", "岱宁新闻网", false),
        source("forum", "霁河论坛", false),
    ];
    lab.write("sources.toml", &sources.concat());
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for (i, (source, ago, title, text)) in ROWS.iter().enumerate() {
        let at = (Utc::now() - TimeDelta::hours(*ago)).to_rfc3339();
        let url = format!("https://{source}.example/{i}.html");
        let row = json!({ "title": title, "text": text, "url": url, "at": at });
        *files.entry(source).or_default() += &format!("{row}\n");
    }
    for (source, text) in files {
        lab.write(format!("{source}.jsonl"), &text);
        let map = "title=title,text=text,url=url,published_at=at";
        lab.run(&["import", &format!("{source}.jsonl"), "--source", source, "--map", map]).good();
    }
    lab
}

fn weekly(lab: &Lab) -> (Html, PathBuf) {
    lab.run(&["digest", "--period", "week", "--out", "out"]).good();
    let files = std::fs::read_dir(lab.path().join("out")).unwrap();
    let files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    let of = |ending: &str| files.iter().find(|p| p.extension().is_some_and(|e| e == ending));
    let html = std::fs::read_to_string(of("html").unwrap()).unwrap();
    (Html::parse_document(&html), of("xlsx").unwrap().clone())
}

#[test]
fn our_own_voice_and_what_does_not_name_us_stand_apart() {
    let lab = lab();
    let (page, _) = weekly(&lab);
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut section = String::new();
    for element in page.select(&Selector::parse("main > h2, main > p, main > table").unwrap()) {
        let words: String = element.text().collect();
        match element.value().name() {
            "h2" => section = words.split_once(". ").map_or(words.clone(), |(_, w)| w.to_owned()),
            _ => *sections.entry(section.clone()).or_default() += &words,
        }
    }
    let voice = &sections["What we published and how it spread"];
    // Two published; the rally was taken up by two sources, the exhibition by nobody.
    assert!(voice.contains("We published 2; 1 was taken up, by 2 sources in 2 posts"), "{voice}");
    assert!(
        voice.contains("first after 2 h") && voice.contains("2 posts of 2 sources, 2 copies"),
        "{voice}"
    );
    assert!(voice.contains("Not taken up: “云岭集团举办职工书画展”"), "{voice}");
    let beside = &sections["The trade and the world"];
    let (trade, world) = beside.split_once("The world: ").unwrap();
    assert!(
        trade.contains("邻省一煤矿发生透水事故") && trade.contains("2 posts of 2 sources"),
        "{beside}"
    );
    assert!(world.contains("全国冰雪旅游季启动"), "{beside}");
    let all: String = sections.values().cloned().collect();
    assert!(!all.contains("今天食堂的菜"), "what one source says of nobody is not told");
    // 6 name us: ours and its two copies, the exhibition, the wages, and one in passing, which is no matter.
    let volume = &sections["Volume and units"];
    assert!(volume.contains("6 posts about us"), "{volume}");
    assert!(volume.contains("1 of them names us in passing only"), "{volume}");
    let matters = sections.get("Happenings").cloned().unwrap_or_default();
    assert!(!matters.contains("城北路"), "{matters}");
}

#[test]
fn the_ledger_is_read_back_and_holds_what_the_store_holds() {
    let lab = lab();
    let (_, file) = weekly(&lab);
    let mut book: Xlsx<_> = calamine::open_workbook(file).unwrap();
    assert_eq!(book.sheet_names(), ["Posts", "Happenings", "Alerts", "Cases"]);
    let range = book.worksheet_range("Posts").unwrap();
    let rows: Vec<_> = range.rows().skip(1).collect();
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert!(matches!(row[0], Data::DateTime(_)), "a time is a time: {row:?}");
        let Data::String(address) = &row[9] else { panic!("{row:?}") };
        assert!(address.starts_with("https://"), "{address}");
    }
    let formula = Data::String("=云岭集团入冬保供誓师大会召开".to_owned());
    assert!(rows.iter().any(|row| row[1] == formula), "a formula in a title stays text");
}

const DIGEST: &str = "[[digest]]\nid = \"daily\"\nperiod = \"day\"\nschedule = \"0 8 * * *\"\n\
                      approve = true\nnotify = [\"file\"]\n";

fn who(role: Role) -> Who {
    let mut who = Who::owner("秦川", Lang::En);
    who.role = role;
    who
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_has_to_be_approved_waits_over_a_restart_and_goes_out_after_a_word() {
    let bench = Bench::new(&format!("{FILE}{DIGEST}"));
    let name = "daily-2026-11-21";
    let open = || {
        let overrides = Overrides { data_dir: Some(bench.lab.data()), ..Overrides::default() };
        let config = Config::load(Some(bench.lab.path()), &overrides).unwrap();
        let store = SqliteStore::open(&bench.lab.data().join("guanlan.db")).unwrap();
        let secs = bench.secs.clone();
        let clock: Clock =
            Arc::new(move || DateTime::from_timestamp(secs.load(Ordering::SeqCst), 0).unwrap());
        Desk::new(Arc::new(config), Arc::new(store), clock)
    };
    let station = bench.station();
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    bench.later(TimeDelta::hours(24));
    step(&mut rounds, &bench).await;
    step(&mut rounds, &bench).await;
    drop(rounds);
    close(station).await;
    assert!(bench.lab.data().join(format!("digests/{name}.md")).exists());
    assert!(bench.told().is_empty(), "nothing goes out before the word");

    let station = bench.station();
    let desk = open();
    let (leader, commentator) = (who(Role::Leader), who(Role::Commentator));
    let waiting = desk.waiting_digests(&leader).unwrap();
    assert_eq!(waiting.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [name]);
    assert_eq!(desk.today(&leader).unwrap().waiting_digests.len(), 1);
    assert!(desk.today(&commentator).unwrap().waiting_digests.is_empty());
    let seen = |who: &Who| desk.digests(who).unwrap().len();
    // A PDF only where a Chinese font is.
    let forms = 4 + usize::from(!desk.lacks_fonts());
    assert_eq!((seen(&leader), seen(&commentator)), (forms, 0), "it is not out yet");
    assert!(desk.digest_file(&commentator, &format!("{name}.html")).is_err());
    assert!(matches!(desk.approve_digest(&commentator, name), Err(DeskError::Forbidden { .. })));
    assert!(matches!(desk.refuse_digest(&leader, name, " "), Err(DeskError::Value { .. })));
    // What was changed since it was made does not go out.
    let file = bench.lab.data().join(format!("digests/{name}.md"));
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace('2', "3")).unwrap();
    assert!(matches!(desk.approve_digest(&leader, name), Err(DeskError::Value { .. })));
    std::fs::write(&file, text).unwrap();
    desk.approve_digest(&leader, name).unwrap();
    assert!(matches!(desk.approve_digest(&leader, name), Err(DeskError::Unknown { .. })), "once");
    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    step(&mut rounds, &bench).await;
    assert_eq!(bench.told(), ["digest:daily:2026-11-21@file"]);
    assert_eq!(seen(&commentator), forms);
    assert_eq!(desk.digests(&leader).unwrap()[0].standing, Some(Standing::Approved));
    let audit = station.store.audits("digest_word", name, 9).unwrap();
    assert!(audit[0].detail.starts_with("approved, 1 messages"), "{audit:?}");

    // The next one is refused, and stays.
    bench.later(TimeDelta::hours(24));
    step(&mut rounds, &bench).await;
    desk.refuse_digest(&leader, "daily-2026-11-22", "第二段的依据不足").unwrap();
    step(&mut rounds, &bench).await;
    assert_eq!(bench.told().len(), 1);
    let audit = station.store.audits("digest_word", "daily-2026-11-22", 9).unwrap();
    assert!(audit[0].detail.contains("第二段的依据不足"), "{audit:?}");
    assert!(desk.waiting_digests(&leader).unwrap().is_empty());
    drop(rounds);
    close(station).await;
}

#[test]
fn the_word_on_a_digest_is_said_on_the_command_line_too() {
    let lab = lab();
    let none = lab.run(&["digest", "--waiting"]).good();
    assert!(none.out.contains("No digest waits"), "{}", none.out);
    let unknown = lab.run(&["digest", "--approve", "daily-2026-11-21"]);
    assert_eq!(unknown.code, Some(1), "{} {}", unknown.out, unknown.err);
    assert_eq!(lab.run(&["digest", "--refuse", "x"]).code, Some(2), "a reason is asked for");
}

#[test]
fn the_public_board_is_off_by_default_and_shows_nothing_private() {
    let closed = Served::with(|_| {}, |_| {});
    for path in ["/public", "/public/atom"] {
        assert_eq!(closed.ask("GET", path, &[], "").status, 404, "{path} is off by default");
    }
    let served = Served::with(|config| config.public.query = "云岭".to_owned(), |_| {});
    let page = served.ask("GET", "/public", &[], "");
    let feed = served.ask("GET", "/public/atom", &[], "");
    assert_eq!((page.status, feed.status), (200, 200), "{} {}", page.body, feed.body);
    let document = Html::parse_document(&page.body);
    let links = Selector::parse("ol a[href^='http']").unwrap();
    assert!(document.select(&links).count() > 0, "{}", page.body);
    assert_eq!(feed.body.matches("<entry>").count(), document.select(&links).count());
    // No name of a person, no room of the console, no verdict.
    for private in ["u_", "/post/", "/search", "/login", "Risk", "Negative", "霁河论坛"] {
        for body in [&page.body, &feed.body] {
            assert!(!body.contains(private), "{private} in {body}");
        }
    }
    // Beside it nothing is open.
    assert_ne!(served.ask("GET", "/search", &[], "").status, 200);
    assert_eq!(served.ask("GET", "/publicity", &[], "").status, 404);
}

/// A service that answers every question with the same words, and keeps what it was asked.
async fn model(answer: &'static str, asked: Arc<Mutex<Vec<String>>>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let path = "/v1/chat/completions";
    let router = axum::Router::new().route(
        path,
        axum::routing::post(move |heads: axum::http::HeaderMap, body: String| {
            let key = heads.get("authorization").map(|key| key.to_str().unwrap().to_owned());
            asked.lock().unwrap().push(format!("{} {body}", key.unwrap_or_default()));
            async move { json!({ "choices": [{ "message": { "content": answer } }] }).to_string() }
        }),
    );
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

#[test]
fn of_a_model_that_invents_only_what_is_held_reaches_the_page() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    // One true sentence; one without a number; one with a number of nothing; a figure and a name that are not there.
    let answer = "霁河论坛 published 霁河发电厂拖欠工资三个月[1]. 公司高度重视并已妥善处置. 员工情绪稳定[88]. \
                  霁河发电厂拖欠奖金三个月[1]. 云岭集团拖欠工资三个月[1].";
    let port = runtime.block_on(model(answer, asked.clone()));
    let lab = lab();
    let main = format!(
        "{MAIN}[rephrase]\nurl = \"http://127.0.0.1:{port}/v1/\"\nmodel = \"m\"\nkey_file = \"key\"\n"
    );
    lab.write("guanlan.toml", &main);
    lab.write("key", "s3cret-4711\n");
    let (page, _) = weekly(&lab);
    let words: String = page.root_element().text().collect();
    let line = words
        .lines()
        .find(|line| line.contains("In other words"))
        .unwrap_or_else(|| panic!("{words}"));
    assert!(line.contains("霁河论坛 published 霁河发电厂拖欠工资三个月.[1]"), "{line}");
    for invented in ["高度重视", "情绪稳定", "奖金", "云岭集团拖欠"] {
        assert!(!words.contains(invented), "{invented} reached the page");
    }
    assert!(words.contains("The model gave 5 sentences, 1 is used"), "{words}");
    assert!(
        words.contains("1 without a number, 1 with a number that was not given, 2 that differ"),
        "{words}"
    );
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("Bearer s3cret-4711"), "{}", asked[0]);
    // The opening alone is sent, with its numbers.
    assert!(asked[0].contains("[1]") && !asked[0].contains("今天食堂的菜"));
    for file in std::fs::read_dir(lab.path().join("out")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|w| w == b"s3cret"), "the key is shown nowhere");
    }
}

#[test]
fn a_digest_is_whole_without_its_model() {
    let lab = lab();
    // Nobody listens there.
    lab.write(
        "guanlan.toml",
        &format!("{MAIN}[rephrase]\nurl = \"http://127.0.0.1:9/v1\"\nmodel = \"m\"\n"),
    );
    let (page, _) = weekly(&lab);
    let words: String = page.root_element().text().collect();
    assert!(words.contains("The model said nothing in other words: no answer"), "{words}");
    assert!(words.contains("6 posts about us"));
}
