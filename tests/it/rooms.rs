//! Rooms beside searching: searches that are kept, deliveries, the station, sources paused and taken up again.

use std::io::{BufRead as _, Write as _};

use guanlan::desk::Who;
use guanlan::desk::corrections::Wanted;
use guanlan::store::{PostRange, Store as _};
use pipelines::locale::Lang;
use pipelines::record::{
    Alert, AlertState, AnnotatedPost, Polarity, PostId, PostKind, RuleId, Severity,
};

use crate::console::{Served, between};

#[test]
fn a_search_is_kept_counts_what_is_new_and_can_be_subscribed_to() {
    let served = Served::new();
    let mark = served.mark();
    let fields =
        [("mark", mark.as_str()), ("q", "工资"), ("name", "欠薪<b>"), ("audience", "private")];
    assert_eq!(served.post("/saved", &fields[1..]).status, 403, "a form from elsewhere");
    let kept = served.post("/saved", &fields);
    assert_eq!(kept.status, 303, "{}", kept.body);
    let id = between(&kept.head, "location: /search?saved=", "\n").to_owned();
    let start = served.page("/search");
    assert!(start.contains("欠薪&lt;b&gt;") && !start.contains("欠薪<b>"), "{start}");
    assert!(!start.contains("新 1"), "what was there when it was saved is not new");

    let rows = "text,time\n云岭矿业的工资又没有发，家里等着用钱,2026-11-26 08:00\n";
    served.lab.write("new.csv", rows);
    let data = served.lab.data();
    let data = data.to_str().unwrap();
    served.lab.run(&["--data-dir", data, "import", "new.csv", "--map", "text=text"]).good();
    let start = served.page("/search");
    assert!(start.contains("新 1"), "{start}");
    let feed = served.get(&format!("/saved/{id}/atom"));
    assert_eq!(feed.status, 200, "{}", feed.body);
    assert!(feed.head.contains("application/atom+xml"), "{}", feed.head);
    assert!(feed.body.contains("家里等着用钱") && feed.body.contains("urn:guanlan:post:"));
    assert!(feed.body.contains("欠薪&lt;b&gt;"), "{}", feed.body);
    assert!(served.page("/search").contains("新 1"), "a feed reader's look is not the officer's");
    assert!(served.page(&format!("/search?saved={id}")).contains("<mark>工资</mark>"));
    assert!(!served.page("/search").contains("新 1"));

    assert_eq!(served.post(&format!("/saved/{id}/drop"), &[("mark", &mark)]).status, 303);
    assert_eq!(served.get(&format!("/search?saved={id}")).status, 404);
    assert!(served.store().states("saved").unwrap().is_empty(), "nor what was seen of it");
    let lines = served.store().audits("search_save", "欠薪<b>", 9).unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn an_open_page_hears_of_new_posts() {
    let served = Served::new();
    let mut stream = std::net::TcpStream::connect(served.address).unwrap();
    let head = format!(
        "GET /live HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        served.address, served.cookie
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = std::io::BufReader::new(stream).lines().map_while(Result::ok);
    let status = lines.next().unwrap();
    assert!(status.contains("200"), "{status}");
    let said = lines.by_ref().take_while(|line| !line.is_empty()).collect::<String>();
    assert!(said.contains("text/event-stream") && said.contains("no-store"), "{said}");
    let mut counts = lines.filter_map(|line| {
        let told: serde_json::Value = serde_json::from_str(line.strip_prefix("data: ")?).unwrap();
        told["posts"].as_u64()
    });
    let first = counts.next().unwrap();
    served.lab.write("new.csv", "text\n云岭矿业的工资又没有发，家里等着用钱\n");
    let data = served.lab.data();
    let data = data.to_str().unwrap();
    served.lab.run(&["--data-dir", data, "import", "new.csv", "--map", "text=text"]).good();
    assert_eq!(counts.next().unwrap(), first + 1);
}

#[test]
fn deliveries_are_shown_with_their_answers_and_sent_again() {
    let served = Served::new();
    let store = served.store();
    let now = chrono::Utc::now();
    let body = r#"{"kind":"alert","title":"矿上<i>冒顶</i>"}"#;
    store.write(&mut |write| write.enqueue("a@gone", "gone", body, now).map(drop)).unwrap();
    let id = store.deliveries("pending", now, 99).unwrap();
    let id = id.iter().find(|delivery| delivery.notifier == "gone").unwrap().id;
    store.write(&mut |write| write.mark_failed(id, "422 unknown robot", None)).unwrap();
    let page = served.page("/deliveries?state=dead");
    assert!(page.contains("矿上&lt;i&gt;冒顶") && page.contains("422 unknown robot"), "{page}");
    assert!(page.contains("配置里已没有"), "a way that config no longer has: {page}");
    assert_eq!(served.get("/deliveries?state=lost").status, 400);
    let mark = served.mark();
    let again = [("mark", mark.as_str()), ("way", "gone")];
    assert_eq!(served.post("/deliveries/resend", &again).status, 303);
    assert!(!served.page("/deliveries?state=dead").contains("422 unknown robot"));
    assert!(served.page("/deliveries?state=pending").contains("矿上"));
}

#[test]
fn the_station_shows_what_lies_where_and_what_does_not_work() {
    let served = Served::new();
    let page = served.page("/station");
    for part in ["数据库", "索引", "留证", "guanlan.db", "索引已跟上"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    std::fs::remove_dir_all(served.lab.data().join("index")).unwrap();
    let page = served.page("/station");
    assert!(page.contains("reindex") && !page.contains("索引已跟上"), "{page}");
}

#[test]
fn a_source_is_paused_and_taken_up_again_with_its_comments_kept() {
    let served = Served::new();
    let board = served.page("/sources");
    let id = between(&board, "action=\"/sources/", "/run\"").to_owned();
    let mark = served.mark();
    let text = || -> String {
        let all = std::fs::read_dir(served.lab.data().join("sources")).unwrap();
        all.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    };
    let before = text();
    let pause = [("mark", mark.as_str()), ("paused", "true")];
    let paused = served.post(&format!("/sources/{id}/pause"), &pause);
    assert_eq!(paused.status, 303, "{}", paused.body);
    assert!(paused.head.contains("location: /sources\n"), "{}", paused.head);
    assert!(text().contains("enabled = false"));
    let resume = [("mark", mark.as_str()), ("paused", "false")];
    served.post(&format!("/sources/{id}/pause"), &resume);
    assert_eq!(text().replace("enabled = true\n", ""), before.replace("enabled = true\n", ""));
    let run = served.post(&format!("/sources/{id}/run"), &[("mark", &mark)]);
    assert_eq!(run.status, 303, "{}", run.body);
    assert_eq!(served.store().states("source-asked:").unwrap().len(), 1);
}

#[test]
fn the_silence_of_a_source_is_an_alert_with_a_page_like_any_other() {
    let served = Served::new();
    let source = served.desk.config.sources.iter().find(|s| s.flatline_hours > 0).unwrap();
    let at = chrono::Utc::now();
    let alert = Alert {
        key: format!("source-silent:{}@1", source.id),
        rule: RuleId(format!("source-silent:{}", source.id)),
        story: None,
        window_start: at,
        fired_at: at,
        measured: 0.0,
        threshold: 1.0,
        evidence: Vec::new(),
        because: None,
        told: Default::default(),
        severity: Severity::Ordinary,
        state: AlertState::Open,
    };
    let store = served.store();
    store.write(&mut |write| write.put_alert(&alert, at).map(drop)).unwrap();
    let all = store.alerts(&PostRange::default(), 999).unwrap();
    let id = all.iter().find(|stored| stored.alert.key == alert.key).unwrap().id;
    let page = served.page(&format!("/alerts/{id}"));
    assert!(page.contains(&source.name), "{page}");
    assert!(!page.contains("class=\"warn\""), "its rule is not one that config lost: {page}");
}

#[test]
fn a_unit_and_a_topic_are_written_by_their_forms() {
    let served = Served::new();
    let mark = served.mark();
    let new = served.page("/entry/subject/new");
    assert!(
        new.contains("name=\"short_names\"") && new.contains("云岭矿业集团有限公司</option>"),
        "{new}"
    );
    let parent = &served.desk.config.subjects[0].id;
    let form = |act, id, parent| {
        [
            ("mark", mark.as_str()),
            ("act", act),
            ("fields", "yes"),
            ("id", id),
            ("name", "云岭矿业集团<b>北洼矿"),
            ("short_names", "北洼矿\r\n北洼煤矿"),
            ("parent", parent),
        ]
    };
    // What cannot be taken comes back as it was typed, with the fault.
    let refused = served.post("/entry/subject/new", &form("save", "beiwa", "no-such-unit"));
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains("no-such-unit"), "{}", refused.body);
    assert!(refused.body.contains("value=\"云岭矿业集团&lt;b&gt;北洼矿\""), "{}", refused.body);
    assert!(refused.body.contains("北洼矿\n北洼煤矿</textarea>"), "{}", refused.body);
    // Tried: the posts that hold one of its names are counted before it is saved.
    let tried = served.post("/entry/subject/new", &form("try", "beiwa", parent.as_str()));
    assert_eq!(tried.status, 200, "{}", tried.body);
    assert!(tried.body.contains("id=\"rehearsal\""), "{}", tried.body);
    let saved = served.post("/entry/subject/new", &form("save", "beiwa", parent.as_str()));
    assert_eq!(saved.status, 303, "{}", saved.body);
    let config = std::fs::read_to_string(served.lab.data().join("guanlan.toml")).unwrap();
    assert!(config.contains("short_names = [\"北洼矿\", \"北洼煤矿\"]"), "{config}");

    let fields = [
        ("mark", mark.as_str()),
        ("act", "try"),
        ("fields", "yes"),
        ("id", "walk"),
        ("name", "欠薪"),
        ("name_en", "Pay"),
        ("query", "工资 | 欠薪"),
        ("risk", "12"),
    ];
    let tried = served.post("/entry/topic/new", &fields);
    assert_eq!(tried.status, 200, "{}", tried.body);
    assert!(tried.body.contains("<mark>工资</mark>"), "its posts are shown: {}", tried.body);
    // The first topic brings its folder with it.
    assert!(!served.lab.data().join("topics").exists());
    let mut fields = fields;
    fields[1] = ("act", "save");
    let saved = served.post("/entry/topic/new", &fields);
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert!(served.lab.data().join("topics").exists());
}

#[test]
fn ours_alone_are_asked_for_by_a_box_and_by_a_word_of_the_language() {
    let served = Served::new();
    let all = served.page("/search?q=%E5%B7%A5%E8%B5%84&posts=true");
    let ours = served.page("/search?q=%E5%B7%A5%E8%B5%84&posts=true&ours=true");
    assert!(ours.contains("value=\"(工资) subject:any\""), "{ours}");
    assert!(ours.contains("提到任一监测主体"), "what it means is said in words: {ours}");
    let count = |page: &str| page.matches("<h3>").count();
    assert!(count(&ours) > 0 && count(&ours) <= count(&all), "{} {}", count(&ours), count(&all));
    let said = served.page("/search?q=%E4%B8%BB%E4%BD%93%3A%E6%88%91%E4%BB%AC&posts=true");
    assert!(count(&said) >= count(&ours), "主体:我们");
}

#[test]
fn why_a_rule_told_nothing_is_said_step_by_step() {
    let served = Served::new();
    let alerts = served.store().alerts(&PostRange::default(), 99).unwrap();
    let stored = alerts.iter().find(|stored| !stored.alert.evidence.is_empty()).unwrap();
    let rule = &stored.alert.rule;
    let zone = served.desk.config.station.zone;
    let day = stored.alert.fired_at.with_timezone(&zone).date_naive();
    let page = served.page(&format!("/rules?why={rule}&day={day}"));
    assert!(page.contains(&format!("触发了预警 #{}", stored.id)), "{page}");
    assert!(page.contains("deliveries?state=sent"), "what became of its message: {page}");
    // A day on which nothing came in says that, and nothing else went wrong.
    let page = served.page(&format!("/rules?why={rule}&day=1999-01-01"));
    assert!(page.contains("<b>这一天共有 0 条信息入库。</b>"), "{page}");
    assert!(!page.contains("触发了预警"), "{page}");
    assert_eq!(served.get("/rules?why=none").status, 404);
    assert_eq!(served.get(&format!("/rules?why={rule}&day=x")).status, 400);

    // Put off, it says until when; the queue shows it, and 0 takes it up again.
    let path = format!("/alerts/{}/state", stored.id);
    let mark = served.mark();
    let put_off = |hours: &str| {
        let fields =
            [("mark", mark.as_str()), ("state", "put_off"), ("hours", hours), ("to", "/alerts")];
        served.post(&path, &fields).status
    };
    assert_eq!(put_off("9999"), 400);
    assert_eq!(put_off("x"), 400);
    assert_eq!(put_off("4"), 303);
    let page = served.page(&format!("/rules?why={rule}&day={day}"));
    assert!(page.contains(&format!("预警 #{} 已缓办", stored.id)), "{page}");
    assert!(served.page("/alerts").contains("已缓办"));
    assert_eq!(put_off("0"), 303);
    assert!(!served.page("/alerts").contains("已缓办"));
    let lines = served.store().audits("alert", &stored.id.to_string(), 9).unwrap();
    assert_eq!(lines.len(), 2, "{lines:?}");
}

/// What the program answers in one language, on the data of `served`.
fn told(served: &Served, lang: &str, args: &[&str]) -> String {
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_guanlan"))
        .args(["--lang", lang, "--data-dir", served.lab.data().to_str().unwrap()])
        .args(args)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// The page of a post in one language, its text as a browser reads it.
fn sheet(served: &Served, post: PostId, lang: &str) -> String {
    let cookie = format!("{}; guanlan-lang={lang}", served.cookie);
    served
        .ask("GET", &format!("/post/{post}"), &[("Cookie", &cookie)], "")
        .body
        .replace("&#x2f;", "/")
}

/// The values of the options of a list, the empty one aside.
fn options(page: &str, id: &str) -> Vec<String> {
    let list = between(page, &format!("<select id=\"{id}\" name=\"{id}\">"), "</select>");
    let values = list.split("<option value=\"").skip(1);
    let values = values.map(|rest| rest.split('"').next().unwrap().to_owned());
    values.filter(|value| !value.is_empty()).collect()
}

/// A post that is on a topic and about a subject.
fn filed(served: &Served) -> AnnotatedPost {
    let mut posts = served.desk.config.sources.iter().flat_map(|source| {
        let ids = served.store().latest_posts(&source.id, 50).unwrap();
        ids.into_iter().filter(|post| !post.topics.is_empty() && !post.mentions.is_empty())
    });
    posts.next().expect("a post of the demo")
}

fn topics(post: &AnnotatedPost) -> Vec<&str> {
    post.topics.iter().map(|hit| hit.topic.as_str()).collect()
}

fn subjects(post: &AnnotatedPost) -> Vec<&str> {
    post.mentions.iter().map(|mention| mention.subject.as_str()).collect()
}

#[test]
fn the_page_of_a_post_offers_every_kind_topic_and_subject_in_both_languages() {
    let served = Served::new();
    let post = filed(&served);
    let config = &served.desk.config;
    for (lang, words) in [
        (
            "zh",
            [
                "去掉“",
                "<label for=\"topic\">加上专题</label>",
                "<label for=\"subject\">加上主体</label>",
            ],
        ),
        (
            "en",
            [
                "take “",
                "<label for=\"topic\">Add a topic</label>",
                "<label for=\"subject\">Add a subject</label>",
            ],
        ),
    ] {
        let page = sheet(&served, post.post.id, lang);
        assert_eq!(options(&page, "kind"), PostKind::ALL.map(PostKind::as_str));
        assert_eq!(options(&page, "urgency"), ["0", "1", "2", "3"]);
        for word in words {
            assert!(page.contains(word), "{word}: {page}");
        }
        let all = [
            (
                "topic",
                topics(&post),
                config.topics.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(),
            ),
            ("subject", subjects(&post), config.subjects.iter().map(|s| s.id.as_str()).collect()),
        ];
        for (name, on, all) in all {
            let off = all.iter().filter(|id| !on.contains(id)).map(|id| format!("+{id}"));
            assert_eq!(options(&page, name), off.collect::<Vec<_>>(), "{name}");
            for id in on {
                let given = format!("type=\"checkbox\" name=\"{name}\" value=\"-{id}\"");
                assert_eq!(page.matches(&given).count(), 1, "{given}: {page}");
            }
        }
    }
}

#[test]
fn topics_and_subjects_are_added_and_taken_away_by_the_form_and_taken_back() {
    let served = Served::new();
    let was = filed(&served);
    let (id, store) = (was.post.id, served.store());
    let (mark, page) = (served.mark(), sheet(&served, id, "zh"));
    let (topic, subject) = (options(&page, "topic").remove(0), options(&page, "subject").remove(0));
    let (no_topic, no_subject) =
        (format!("-{}", topics(&was)[0]), format!("-{}", subjects(&was)[0]));
    let path = format!("/post/{id}/label");
    let said = [
        ("kind", ""),
        ("urgency", ""),
        ("topic", no_topic.as_str()),
        ("topic", topic.as_str()),
        ("subject", no_subject.as_str()),
        ("subject", subject.as_str()),
        ("to", "/search?q=x"),
    ];
    assert_eq!(served.post(&path, &said).status, 403, "a form from elsewhere");
    let form =
        |said: &[(&str, &str)]| served.post(&path, &[&[("mark", mark.as_str())], said].concat());
    for (wrong, status) in [("+nothing", 404), ("wages", 400), ("+", 400)] {
        assert_eq!(form(&[("topic", wrong)]).status, status, "{wrong}");
        assert_eq!(form(&[("subject", wrong)]).status, status, "{wrong}");
    }
    assert_eq!(form(&[("topic", ""), ("subject", "")]).status, 400, "nothing is said");
    assert_eq!(store.corrections_of(id).unwrap(), []);

    let done = form(&said);
    assert_eq!(done.status, 303, "{}", done.body);
    assert!(done.head.contains("location: /search?q=x"), "{}", done.head);
    let is = store.post(id).unwrap().unwrap();
    assert!(topics(&is).contains(&&topic[1..]) && !topics(&is).contains(&&no_topic[1..]));
    assert!(subjects(&is).contains(&&subject[1..]) && !subjects(&is).contains(&&no_subject[1..]));
    let said = store.corrections_of(id).unwrap();
    assert!(said.len() == 2 && said.iter().all(|c| c.by == "console"), "{said:?}");
    let page = sheet(&served, id, "zh");
    let notes: Vec<_> = page.split("<p class=\"note\">").skip(1).collect();
    let is_told = |field: &str| notes.iter().any(|n| n.starts_with(&format!("{field}经console于")));
    assert!(notes.len() == 2 && is_told("专题") && is_told("主体"), "{notes:?}");
    assert!(page.contains(&format!("name=\"topic\" value=\"-{}\"", &topic[1..])), "{page}");
    assert!(options(&page, "subject").contains(&format!("+{}", &no_subject[1..])));

    assert_eq!(form(&[("undo", "1"), ("topic", &topic)]).status, 303);
    assert_eq!(store.post(id).unwrap().unwrap(), was);
    assert_eq!(store.corrections_of(id).unwrap(), []);
    assert!(!sheet(&served, id, "zh").contains("class=\"note\""));
}

#[test]
fn the_layer_of_a_source_is_shown_with_what_it_rests_on_and_how_it_is_taken_back() {
    let served = Served::new();
    let lines = |lang: &str| {
        let text = told(&served, lang, &["status"]);
        let rows = told(&served, lang, &["status", "--format", "jsonl"]);
        let rows = rows.lines().map(|row| serde_json::from_str(row).unwrap());
        let lines = text.lines().filter(|line| line.contains("guanlan label --"));
        (lines.map(str::to_owned).collect::<Vec<_>>(), rows.collect::<Vec<serde_json::Value>>())
    };
    let (none, rows) = lines("en");
    assert!(none.is_empty() && rows.iter().all(|row| row["layer"].is_null()), "{none:?} {rows:?}");
    assert!(!served.page("/station").contains("guanlan label --"));

    let who = Who::owner("王", Lang::Zh);
    let store = served.store();
    let latest = |source: &_| store.latest_posts(source, 6).unwrap();
    let sources = served.desk.config.sources.iter();
    let source = sources.map(|s| &s.id).find(|id| latest(id).len() == 6).expect("six posts");
    for post in latest(source) {
        let wanted = Wanted::polarity(Polarity::Negative);
        served.desk.correct(&who, &post.post.id.to_string(), &wanted).unwrap();
    }
    let command = format!("guanlan label --forget {source}");
    for (lang, counted) in [("en", "6 corrections (6 of polarity, 0 of kind)"), ("zh", "更正 6 条")]
    {
        let (told, rows) = lines(lang);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(counted) && told[0].ends_with(&command), "{told:?}");
        let named: Vec<_> = rows.iter().filter(|row| !row["layer"].is_null()).collect();
        assert_eq!(named.len(), 1, "{rows:?}");
        assert_eq!(named[0]["source"], source.as_str());
        let layer = &named[0]["layer"];
        assert_eq!((&layer["polarities"], &layer["command"]), (&6.into(), &command.clone().into()));
    }
    let page = served.page("/station");
    assert!(page.contains("校准层") && page.contains(&format!("<code>{command}</code>")), "{page}");

    served.desk.forget_layer(&who, source.as_str()).unwrap();
    let again = format!("guanlan label --learn {source}");
    let told = lines("en").0;
    assert!(told.len() == 1 && told[0].ends_with(&again) && told[0].contains("off"), "{told:?}");
}

#[test]
fn the_help_of_searching_names_either_reading_and_every_example_can_be_asked() {
    let served = Served::new();
    for (lang, field) in [("zh", "读法:负面"), ("en", "reading:negative")] {
        let cookie = format!("{}; guanlan-lang={lang}", served.cookie);
        let page = served.ask("GET", "/search", &[("Cookie", &cookie)], "").body;
        let help = between(&page, "<section class=\"help\">", "</section>");
        assert!(help.contains(&format!("<code>{field}</code>")), "{help}");
        let examples: Vec<_> =
            help.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(examples.len() > 5, "{examples:?}");
        for example in examples {
            assert_eq!(served.get(example).status, 200, "{example}");
        }
        let help = told(&served, lang, &["query", "explain", "--help"]);
        assert!(help.contains(field), "{help}");
    }
}
