//! Answers on record through the desk, the console, the API's acts and the command line: written by one and approved by
//! another, found beside what they answer, taken into a case, made of a case, and counted by unit.

use guanlan::answers::{AnswerState, Fields, Refusal};
use guanlan::cases::{Fields as CaseFields, Step};
use guanlan::desk::answers::AnswerAsk;
use guanlan::desk::cases::opening::CaseOrder;
use guanlan::desk::{Desk, DeskError, Role, Who};
use guanlan::store::{PostRange, Store as _};
use pipelines::locale::Lang;
use pipelines::record::AnnotatedPost;

use crate::console::{Served, between};
use crate::lab::Lab;

fn person(name: &str, role: Role, units: &[&str]) -> Who {
    let units = units.iter().map(|unit| (*unit).into()).collect();
    Who { name: name.to_owned(), role, units, ..Who::owner("x", Lang::En) }
}

fn duty() -> Who {
    person("duty", Role::Officer, &[])
}

fn miner() -> Who {
    person("miner", Role::Commentator, &["qinglangou"])
}

fn leader() -> Who {
    person("leader", Role::Leader, &[])
}

fn said(fields: &[(&str, &str)]) -> Fields {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const RUMOUR: [(&str, &str); 6] = [
    ("kind", "rumour"),
    ("title", "青岚沟煤矿冒顶“三人遇难”传言"),
    ("claim", "听说青岚沟煤矿下午冒顶，埋了三个人，矿上封锁消息，三名矿工遇难。"),
    ("text", "两人轻伤，211 人全部升井，无人遇难。"),
    ("units", "青岚沟煤矿"),
    ("evidence", "https://yj.example.gov.cn/1.html"),
];

const STATEMENT: [(&str, &str); 4] = [
    ("kind", "statement"),
    ("title", "霁河供热收费标准"),
    ("text", "居民供热按县里核定的标准收费，停供期间按天减免。"),
    ("units", "jihe"),
];

fn posts(served: &Served) -> Vec<AnnotatedPost> {
    let mut posts = Vec::new();
    let all = PostRange::default();
    served
        .store()
        .each_post(&all, &mut |post| {
            posts.push(post);
            true
        })
        .unwrap();
    posts
}

fn titled(served: &Served, words: &str) -> AnnotatedPost {
    posts(served).into_iter().find(|post| post.post.title.contains(words)).unwrap()
}

fn put(desk: &Desk, fields: &[(&str, &str)]) -> i64 {
    let number = desk.add_answer(&miner(), &said(fields)).unwrap();
    desk.approve_answer(&leader(), number, 1).unwrap();
    number
}

fn refusal(error: DeskError) -> Refusal {
    match error {
        DeskError::Answer(refusal) => *refusal,
        other => panic!("{other}"),
    }
}

/// A case of the accident, opened from its post.
fn accident(desk: &Desk, post: &AnnotatedPost) -> String {
    let (origin, id) = ("post".to_owned(), post.post.id.to_string());
    desk.open_case(&duty(), &CaseOrder { origin, id, fields: CaseFields::new() }).unwrap()
}

fn take(desk: &Desk, who: &Who, number: &str, step: Step, fields: &[(&str, &str)]) {
    let seen = desk.case(&duty(), number).unwrap().version;
    desk.step_case(who, number, seen, step, &said(fields))
        .unwrap_or_else(|e| panic!("{step:?}: {}", e.in_words(Lang::En)));
}

/// Verified, assigned, signed for and recorded: an answer can be submitted.
fn to_answer(desk: &Desk, number: &str, post: &AnnotatedPost) {
    take(desk, &duty(), number, Step::Accept, &[]);
    let id = post.post.id.to_string();
    let found = [
        ("facts", "false"),
        ("found", "无人遇难"),
        ("originals", id.as_str()),
        ("kind", "public"),
        ("units", "qinglangou"),
        ("grade", "ordinary"),
        ("grade_why", "已有通报"),
    ];
    take(desk, &duty(), number, Step::Verify, &found);
    take(desk, &duty(), number, Step::Assign, &[("main", "qinglangou"), ("ask", "公开说明")]);
    take(desk, &miner(), number, Step::Sign, &[]);
    let record = [("measures", "已接待家属"), ("result", "无人被困")];
    take(desk, &miner(), number, Step::Record, &record);
}

#[test]
fn what_one_wrote_and_another_approved_is_found_beside_what_it_answers_and_nowhere_else() {
    let served = Served::with(|_| {}, |_| {});
    let desk = &served.desk;
    let rumoured = titled(&served, "听说下午冒顶");
    let id = rumoured.post.id.to_string();
    let mut fields = RUMOUR.to_vec();
    fields.push(("posts", &id));
    let number = desk.add_answer(&miner(), &said(&fields)).unwrap();
    assert!(desk.answers_near(&duty(), "post", &id).unwrap().is_empty(), "a draft is nobody's");
    let own = desk.approve_answer(&person("miner", Role::Officer, &[]), number, 1).unwrap_err();
    assert_eq!(refusal(own), Refusal::Author);
    desk.approve_answer(&leader(), number, 1).unwrap();
    let audits = served.store().audits("answer", &number.to_string(), 9).unwrap();
    assert_eq!(audits.len(), 2, "{audits:?}");

    // Of the posts of the happening nearly all are near, of all the others none.
    let story = rumoured.story;
    let (mut near, mut of_story, mut astray) = (0, 0, Vec::new());
    for post in posts(&served) {
        let found = desk.answers_near(&duty(), "post", &post.post.id.to_string()).unwrap();
        let is_near = found.iter().any(|one| one.number == number);
        of_story += u32::from(post.story == story);
        near += u32::from(post.story == story && is_near);
        // What became of the wounded is of the happening, though it stands alone.
        let is_later = post.post.title.starts_with("后续来了");
        if post.story != story && is_near && !is_later {
            astray.push(post.post.title);
        }
    }
    assert!(of_story >= 5 && near * 10 >= of_story * 8, "{near} of {of_story}");
    assert!(astray.is_empty(), "{astray:?}");

    let alerts = served.store().alerts(&PostRange::default(), 99).unwrap();
    let alert = alerts.iter().find(|alert| alert.alert.rule.0 == "accident").unwrap().id;
    let case = accident(desk, &rumoured);
    let story = story.to_string();
    for (origin, id) in [("story", story.as_str()), ("alert", &alert.to_string()), ("case", &case)]
    {
        let found = desk.answers_near(&duty(), origin, id).unwrap();
        assert!(found.iter().any(|one| one.number == number), "{origin}: {found:?}");
    }
    let like = desk.answers_like(&duty(), "网上说青岚沟煤矿冒顶埋了三个人，矿上封锁消息").unwrap();
    assert_eq!(like.first().map(|one| one.number), Some(number), "{like:?}");
    assert!(desk.answers_like(&duty(), "选煤厂食堂换了新菜谱，职工都说好").unwrap().is_empty());
    // What is retired is beside nothing.
    desk.retire_answer(&leader(), number, 2, "已无人再提").unwrap();
    assert!(desk.answers_near(&duty(), "case", &case).unwrap().is_empty());
}

#[test]
fn an_answer_is_taken_into_a_case_and_its_published_answer_is_put_on_record() {
    let served = Served::with(|_| {}, |_| {});
    let desk = &served.desk;
    let rumoured = titled(&served, "听说下午冒顶");
    let taken = put(desk, &RUMOUR);
    let case = accident(desk, &rumoured);
    to_answer(desk, &case, &rumoured);
    let refused = desk.record_case_answer(&miner(), &case).unwrap_err();
    assert_eq!(refusal(refused), Refusal::NotPublished { number: case.clone() });

    let submit = |quoted: &str| {
        let seen = desk.case(&duty(), &case).unwrap().version;
        let fields = [
            ("quoted", quoted),
            ("place", "官网"),
            ("under", "青岚沟煤矿"),
            ("approver", "leader"),
        ];
        desk.step_case(&miner(), &case, seen, Step::Submit, &said(&fields))
    };
    for none in ["999", "x", "0/1"] {
        assert!(matches!(submit(none), Err(DeskError::Case(_))), "{none}");
    }
    submit(&taken.to_string()).unwrap();
    let sheet = desk.case(&duty(), &case).unwrap();
    assert_eq!(sheet.drafts[0].draft.text, RUMOUR[3].1);
    let noted = sheet.log.last().unwrap().said.iter().find(|said| said.field == "quoted");
    assert_eq!(noted.map(|said| said.value.as_str()), Some("1/1"), "number and version");
    take(desk, &leader(), &case, Step::Approve, &[]);
    let address = "https://www.example.com/notice/1";
    take(desk, &duty(), &case, Step::Publish, &[("address", address)]);
    assert_eq!(desk.answer(&duty(), taken).unwrap().taken, std::slice::from_ref(&case));

    let stranger = person("chemist", Role::Commentator, &["chem"]);
    let made = desk.record_case_answer(&stranger, &case).unwrap();
    let sheet = desk.answer(&duty(), made).unwrap();
    assert_eq!((sheet.row.state, sheet.case.as_deref()), (AnswerState::Draft, Some(&*case)));
    assert_eq!(sheet.row.text, RUMOUR[3].1);
    let evidence = sheet.evidence.iter().map(|link| link.id.clone()).collect::<Vec<_>>();
    assert_eq!(evidence, [address.to_owned(), rumoured.post.id.to_string()], "carried along");
    assert!(sheet.posts.iter().any(|link| link.title.is_some()));
    let again = desk.record_case_answer(&miner(), &case).unwrap_err();
    assert_eq!(refusal(again), Refusal::OnRecord { number: made });
    let work = desk.answer_work(&duty()).unwrap();
    assert_eq!(work.len(), 1, "{work:?}");
    assert_eq!((work[0].verified, work[0].published, work[0].taken), (1, 1, 1));
    assert!(work[0].unit.ends_with("青岚沟煤矿"), "{}", work[0].unit);
    let told = serde_json::to_string(&work).unwrap();
    assert!(!told.contains("miner") && !told.contains("leader"), "no person is counted: {told}");
}

#[test]
fn bounds_hold_for_what_waits_and_what_is_in_force_is_for_everybody() {
    let served = Served::with(|config| config.people.own_units_only = true, |_| {});
    let desk = &served.desk;
    let number = desk.add_answer(&duty(), &said(&STATEMENT)).unwrap();
    assert!(matches!(desk.answer(&miner(), number), Err(DeskError::Unknown { .. })));
    let theirs = desk.add_answer(&miner(), &said(&STATEMENT)).unwrap_err();
    assert_eq!(refusal(theirs), Refusal::NotYours);
    let mut whole = STATEMENT.to_vec();
    whole.pop();
    let of_all = desk.add_answer(&miner(), &said(&whole)).unwrap_err();
    assert_eq!(refusal(of_all), Refusal::NotYours, "nor for the whole enterprise");
    desk.approve_answer(&leader(), number, 1).unwrap();
    let mut newer = said(&STATEMENT);
    newer.insert("text".to_owned(), "未定稿".to_owned());
    desk.write_answer(&duty(), number, 2, &newer).unwrap();
    let seen = desk.answer(&miner(), number).unwrap();
    assert_eq!(seen.row.text, STATEMENT[2].1);
    assert!(!serde_json::to_string(&seen).unwrap().contains("未定稿"), "what waits is not shown");
    let touched = desk.write_answer(&miner(), number, 3, &newer).unwrap_err();
    assert_eq!(refusal(touched), Refusal::NotYours);
    let late = desk.write_answer(&duty(), number, 2, &said(&STATEMENT)).unwrap_err();
    assert_eq!(refusal(late), Refusal::Overtaken { number, who: "duty".to_owned() });
}

#[test]
fn a_purge_leaves_the_entry_with_what_it_rested_on() {
    let served = Served::with(|_| {}, |_| {});
    let desk = &served.desk;
    let post = titled(&served, "听说下午冒顶");
    let id = post.post.id.to_string();
    let mut fields = RUMOUR.to_vec();
    fields.push(("posts", &id));
    let number = put(desk, &fields);
    served.store().write(&mut |write| write.delete_post(post.post.id).map(drop)).unwrap();
    let sheet = desk.answer(&duty(), number).unwrap();
    assert!(sheet.posts[0].title.is_none());
    let mut fields = sheet.fields;
    fields.insert("title".to_owned(), "改了标题".to_owned());
    desk.write_answer(&duty(), number, 2, &fields).unwrap();
    fields.insert("posts".to_owned(), "0123456789abcdef".to_owned());
    let refused = desk.write_answer(&duty(), number, 3, &fields).unwrap_err();
    assert!(matches!(refusal(refused), Refusal::Wrong { .. }), "one that nobody ever knew");
    let like = desk.answers_like(&duty(), RUMOUR[2].1).unwrap();
    assert_eq!(like.len(), 1, "its own wording is what it is found by");
}

#[test]
fn in_the_console_an_answer_is_written_approved_taken_and_shown_with_its_versions() {
    let served = Served::new();
    let desk = &served.desk;
    let mark = served.mark();
    let rumoured = titled(&served, "听说下午冒顶");
    let form = served.page(&format!("/answers/new?post={}", rumoured.post.id));
    assert!(form.contains(&format!("value=\"{}\"", rumoured.post.id)), "{form}");
    let mut fields = RUMOUR.to_vec();
    fields[1] = ("title", "<b>传言</b>");
    fields[4] = ("units", "没有的单位");
    fields.push(("mark", &mark));
    let refused = served.post("/answers/new", &fields);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(
        refused.body.contains("value=\"没有的单位\"") && refused.body.contains("&lt;b&gt;传言")
    );
    fields[4] = ("units", "青岚沟煤矿");
    assert_eq!(served.post("/answers/new", &fields[..6]).status, 403, "a form from elsewhere");
    let added = served.post("/answers/new", &fields);
    assert!(added.head.contains("location: /answers/1\n"), "{} {}", added.head, added.body);
    // The console's own person wrote it.
    let approve = [("mark", mark.as_str()), ("version", "1"), ("act", "approve")];
    let own = served.post("/answers/1", &approve);
    assert_eq!(own.status, 403, "{}", own.body);
    desk.approve_answer(&leader(), 1, 1).unwrap();
    fields[3] = ("text", "两人轻伤，已出院。");
    fields.extend([("version", "2"), ("act", "write")]);
    assert_eq!(served.post("/answers/1", &fields).status, 303);
    let stale = served.post("/answers/1", &fields);
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("两人轻伤，已出院"), "what was typed is kept");
    let page = served.page("/answers/1");
    assert!(page.contains("<span class=\"new\">") && page.contains("<span class=\"gone\">"));

    let case = accident(desk, &rumoured);
    let beside = served.page(&format!("/cases/{case}"));
    assert!(beside.contains("口径库中相近的") && !beside.contains("?take="), "{beside}");
    to_answer(desk, &case, &rumoured);
    let beside = served.page(&format!("/cases/{case}"));
    let way = between(&beside, "href=\"/cases/", "?take=1#next").to_owned();
    assert!(way.ends_with(&case), "{way}");
    let taken = served.page(&format!("/cases/{case}?take=1"));
    assert!(taken.contains("两人轻伤，211 人全部升井，无人遇难。</textarea>"), "{taken}");
    assert!(taken.contains("value=\"1&#x2f;1\""));
    let template = served.page(&format!("/cases/{case}?template=rumour"));
    assert!(template.contains("【传言的说法】"), "{template}");
    assert_eq!(served.get(&format!("/cases/{case}?take=9")).status, 404);
    assert_eq!(desk.case(&duty(), &case).unwrap().drafts.len(), 0, "looking notes nothing");
    let retire = [("mark", mark.as_str()), ("version", "3"), ("act", "retire"), ("why", "")];
    assert_eq!(served.post("/answers/1", &retire).status, 400);

    let paths = [
        format!("/story/{}", rumoured.story),
        format!("/post/{}", rumoured.post.id),
        format!("/cases/{case}"),
    ];
    the_pages_are_whole_in_both_languages(&served, &paths);
}

#[track_caller]
fn the_pages_are_whole_in_both_languages(served: &Served, paths: &[String]) {
    let own = ["/answers", "/answers?q=x&kind=rumour", "/answers/1", "/answers/new"];
    for lang in ["zh", "en"] {
        let cookie = format!("{}; guanlan-lang={lang}", served.cookie);
        for path in own.into_iter().chain(paths.iter().map(String::as_str)) {
            let answer = served.ask("GET", path, &[("Cookie", &cookie)], "");
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            let is_raw = |text: &str| text.trim().starts_with("answers.");
            assert!(!answer.body.split(['<', '>', '"']).any(is_raw), "{path}: {}", answer.body);
        }
    }
}

#[test]
fn on_the_command_line_an_account_does_not_approve_its_own() {
    let lab = Lab::new();
    let data = lab.data();
    let run = |args: &[&str]| {
        let mut all = vec!["--data-dir", data.to_str().unwrap(), "answer"];
        all.extend(args);
        lab.run(&all)
    };
    let text = "text=居民供热按县里核定的标准收费";
    let added = run(&["add", "kind=statement", "title=供热收费", text]).good();
    assert!(added.out.contains("Answer 1"), "{}", added.out);
    assert_eq!(run(&["add", "kind=statement", "title=供热收费"]).code, Some(1), "no text");
    let own = run(&["approve", "1"]);
    assert_eq!(own.code, Some(1));
    assert!(own.err.contains("another person"), "{}", own.err);
    let waiting = run(&["list", "--state", "waiting", "--format", "jsonl"]).good().rows();
    assert_eq!((waiting.len(), &waiting[0]["state"]), (1, &"draft".into()));
    assert!(run(&["list"]).good().out.contains("There is no such answer"));
    run(&["edit", "1", "until=2099-12-31"]).good();
    let shown = run(&["show", "1", "--format", "jsonl"]).good().rows();
    assert_eq!(shown[0]["fields"]["until"], "2099-12-31");
    assert_eq!(shown[0]["versions"].as_array().unwrap().len(), 2);
    assert_eq!(run(&["list", "--state", "gone"]).code, Some(2));
    run(&["retire", "1", "not", "needed"]).good();
    assert!(run(&["find", "供热收费"]).good().out.contains("No answer on record"));
    assert!(run(&["work"]).good().out.contains("nothing to count"));
}

#[test]
fn an_entry_is_found_by_its_words_its_kind_and_its_state() {
    let served = Served::with(|_| {}, |_| {});
    let desk = &served.desk;
    let (rumour, statement) = (put(desk, &RUMOUR), put(desk, &STATEMENT));
    let asked = |state: &str, kind: &str, q: &str| {
        let ask = AnswerAsk { state: state.into(), kind: kind.into(), q: q.into() };
        let rows = desk.answers(&duty(), &ask).unwrap();
        rows.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(asked("", "", ""), [statement, rumour]);
    assert_eq!(asked("approved", "rumour", ""), [rumour]);
    assert_eq!(asked("", "", "减免 收费"), [statement]);
    assert_eq!(asked("", "", "青岚沟煤矿 封锁"), [rumour], "by the unit's name too");
    assert_eq!(asked("", "", &rumour.to_string()), [rumour]);
    assert!(asked("waiting", "", "").is_empty() && asked("", "", "没有的话").is_empty());
    let wrong = AnswerAsk { kind: "opinion".into(), ..AnswerAsk::default() };
    assert!(matches!(desk.answers(&duty(), &wrong), Err(DeskError::Value { .. })));
}
