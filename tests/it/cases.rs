//! Cases through the desk, the console and the command line: an accident from its alert to its end, a grievance to its
//! call, who may not, who was first, what a purge leaves, and a log that shows when it was changed.

use std::process::Stdio;
use std::time::{Duration, Instant};

use guanlan::cases::{Fields, State, Step};
use guanlan::desk::cases::CaseAsk;
use guanlan::desk::cases::fault::CaseFault;
use guanlan::desk::cases::opening::CaseOrder;
use guanlan::desk::export::ExportForm;
use guanlan::desk::{Desk, DeskError, Role, Who};
use guanlan::store::{PostRange, ReadCases as _, Store as _};
use pipelines::locale::Lang;
use pipelines::record::AlertState;

use crate::console::{Served, between};
use crate::lab::{Dice, Lab};

fn person(name: &str, role: Role, units: &[&str]) -> Who {
    let units = units.iter().map(|unit| (*unit).into()).collect();
    Who { name: name.to_owned(), role, units, ..Who::owner("x", Lang::En) }
}

fn duty() -> Who {
    person("duty", Role::Officer, &[])
}

fn said(fields: &[(&str, &str)]) -> Fields {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Takes a step of the case as it stands.
fn step(
    desk: &Desk,
    who: &Who,
    number: &str,
    step: Step,
    fields: &[(&str, &str)],
) -> Result<u64, DeskError> {
    let seen = desk.case(&duty(), number).unwrap().version;
    desk.step_case(who, number, seen, step, &said(fields))
}

#[track_caller]
fn take(desk: &Desk, who: &Who, number: &str, taken: Step, fields: &[(&str, &str)]) {
    step(desk, who, number, taken, fields)
        .unwrap_or_else(|e| panic!("{taken:?}: {}", e.in_words(Lang::En)));
}

/// An open alert that rests on posts of a happening.
fn accident(served: &Served) -> i64 {
    let alerts = served.store().alerts(&PostRange::default(), 100).unwrap();
    let open =
        alerts.iter().filter(|a| a.alert.state == AlertState::Open && a.alert.story.is_some());
    open.max_by_key(|alert| alert.alert.severity).unwrap().id
}

fn from_alert(desk: &Desk, id: i64) -> Result<String, DeskError> {
    let order = CaseOrder { origin: "alert".to_owned(), id: id.to_string(), fields: Fields::new() };
    desk.open_case(&duty(), &order)
}

const FOUND: [(&str, &str); 6] = [
    ("facts", "partly"),
    ("found", "顶板局部冒落，一人轻伤，无人被困"),
    ("kind", "public"),
    ("units", "青岚沟煤矿"),
    ("grade", "major"),
    ("grade_why", "涉及安全，媒体已有报道"),
];

/// Verified, assigned and signed for.
fn to_unit(desk: &Desk, number: &str, fields: &[(&str, &str)]) {
    take(desk, &duty(), number, Step::Accept, &[]);
    let sheet = desk.case(&duty(), number).unwrap();
    let form = sheet.forms.iter().find(|form| form.step == Step::Verify).unwrap();
    let originals = form.fields.iter().find(|field| field.name == "originals").unwrap();
    let mut found = fields.to_vec();
    if !fields.iter().any(|(name, _)| *name == "originals") {
        found.push(("originals", &originals.value));
    }
    take(desk, &duty(), number, Step::Verify, &found);
    let ask = [("main", "qinglangou"), ("ask", "24 小时内查清并答复"), ("reachable", "yes")];
    take(desk, &duty(), number, Step::Assign, &ask);
    take(desk, &person("miner", Role::Commentator, &["qinglangou"]), number, Step::Sign, &[]);
}

#[test]
fn an_accident_goes_from_its_alert_to_a_published_answer() {
    let served = Served::with(|_| {}, |_| {});
    let desk = &served.desk;
    let alert = accident(&served);
    let number = from_alert(desk, alert).unwrap();
    assert!(number.ends_with("-0001"), "{number}");
    let state = |id| desk.alert(&duty(), id).unwrap();
    assert_eq!(state(alert).row.state, AlertState::Acknowledged);
    assert_eq!(state(alert).cases, std::slice::from_ref(&number));
    let again = from_alert(desk, alert).unwrap_err();
    assert!(matches!(&again, DeskError::Case(fault) if fault.is_conflict()), "{again}");
    to_unit(desk, &number, &FOUND);

    let unit = person("miner", Role::Commentator, &["qinglangou"]);
    let leader = person("leader", Role::Leader, &[]);
    let other = person("chemist", Role::Commentator, &["chem"]);
    let record = [("measures", "停产整顿，家属已联系"), ("result", "伤者已出院")];
    let refused = step(desk, &other, &number, Step::Record, &record).unwrap_err();
    assert!(matches!(&refused, DeskError::Case(fault) if fault.is_forbidden()), "{refused}");
    take(desk, &unit, &number, Step::Record, &record);
    let draft = |text: &'static str| {
        [("answer", text), ("place", "集团官网"), ("under", "青岚沟煤矿"), ("approver", "leader")]
    };
    take(desk, &unit, &number, Step::Submit, &draft("今日凌晨顶板局部冒落。"));
    let refused = step(desk, &duty(), &number, Step::Approve, &[]).unwrap_err();
    assert!(
        matches!(&refused, DeskError::Case(fault) if **fault == CaseFault::GradeLeader),
        "{refused}"
    );
    take(desk, &leader, &number, Step::Return, &[("remarks", "写明伤情")]);
    take(desk, &unit, &number, Step::Submit, &draft("今日凌晨顶板局部冒落，一人轻伤。"));
    take(desk, &leader, &number, Step::Approve, &[]);
    take(desk, &duty(), &number, Step::Publish, &[("address", "https://www.example.com/notice/1")]);
    let sheet = desk.case(&duty(), &number).unwrap();
    assert_eq!(sheet.row.state, State::Watching, "the watch begins by itself");
    assert!(sheet.drafts.len() == 2 && !sheet.drafts[1].diff.is_empty());
    assert_eq!(sheet.log.last().unwrap().who, "station");
    assert!(desk.check_cases(&duty()).unwrap().bad.is_empty());
    let acts = served.store().audits("case", &number, 100).unwrap();
    assert_eq!(acts.len(), sheet.log.len(), "one audit line a step");
    assert!(acts[0].detail.contains(&sheet.log.last().unwrap().hash));

    let table = desk.case_ledger(&duty(), None, ExportForm::Csv).unwrap();
    let table = String::from_utf8(table).unwrap();
    assert!(
        table.contains(&number) && table.contains("https://www.example.com/notice/1"),
        "{table}"
    );
    assert!(desk.case_ledger(&duty(), Some(1999), ExportForm::Xlsx).unwrap().starts_with(b"PK"));

    // The index hears of it: the posts are found by the number.
    let data = served.lab.data();
    let data = data.to_str().unwrap();
    served.lab.run(&["--data-dir", data, "--quiet", "crawl"]);
    let query = format!("case:{number}");
    let found = served.lab.run(&["--data-dir", data, "--format", "jsonl", "search", &query]).good();
    assert!(!found.rows().is_empty(), "{}", found.err);
    let listed = served.lab.run(&["--data-dir", data, "case", "list", "--state", "all"]).good();
    assert!(listed.out.contains(&number), "{}", listed.out);
    assert!(served.lab.run(&["--data-dir", data, "case", "verify"]).good().out.contains("whole"));
}

#[test]
fn the_second_of_two_is_told_and_nothing_is_half_done() {
    let served = Served::with(|_| {}, |_| {});
    let desk = &served.desk;
    let number = from_alert(desk, accident(&served)).unwrap();
    desk.step_case(&duty(), &number, 1, Step::Accept, &Fields::new()).unwrap();
    let late = person("late", Role::Officer, &[]);
    let told = desk.step_case(&late, &number, 1, Step::Accept, &Fields::new()).unwrap_err();
    let words = told.in_words(Lang::En);
    assert!(words.contains("duty") && words.contains("accept"), "{words}");

    // A merger into a case that has ended is refused as a whole.
    let by_hand = |title: &str| {
        let order = CaseOrder {
            origin: "hand".into(),
            id: String::new(),
            fields: said(&[("title", title)]),
        };
        desk.open_case(&duty(), &order).unwrap()
    };
    let (first, second) = (by_hand("一"), by_hand("二"));
    take(desk, &duty(), &first, Step::Dismiss, &[("dismissed", "unrelated")]);
    let events = || served.store().case_log(None).unwrap().len();
    let before = events();
    assert!(step(desk, &duty(), &second, Step::Merge, &[("into", &first)]).is_err());
    assert!(step(desk, &duty(), &second, Step::Merge, &[("into", "2026-9999")]).is_err());
    assert_eq!(events(), before);
    assert_eq!(desk.case(&duty(), &second).unwrap().row.state, State::New);
    take(desk, &duty(), &second, Step::Merge, &[("into", &number)]);
    let (part, whole) =
        (desk.case(&duty(), &second).unwrap(), desk.case(&duty(), &number).unwrap());
    assert_eq!((part.row.state, whole.absorbed), (State::Dismissed, vec![second]));
}

#[test]
fn who_is_bound_to_a_unit_sees_its_cases_alone() {
    let served = Served::with(|config| config.people.own_units_only = true, |_| {});
    let desk = &served.desk;
    let open = |units: &str| {
        let fields = said(&[("title", "工资问题"), ("units", units)]);
        desk.open_case(&duty(), &CaseOrder { origin: "hand".into(), id: String::new(), fields })
            .unwrap()
    };
    let (mine, theirs) = (open("青岚沟煤矿"), open("chem"));
    let miner = person("miner", Role::Officer, &["qinglangou"]);
    let seen = desk.cases(&miner, &CaseAsk::default()).unwrap();
    assert_eq!(seen.iter().map(|row| &row.number).collect::<Vec<_>>(), [&mine]);
    assert!(matches!(desk.case(&miner, &theirs), Err(DeskError::Unknown { .. })));
    let refused = desk.step_case(&miner, &theirs, 1, Step::Accept, &Fields::new());
    assert!(matches!(refused, Err(DeskError::Unknown { .. })), "{refused:?}");
    desk.step_case(&miner, &mine, 1, Step::Accept, &Fields::new()).unwrap();
    assert!(matches!(desk.check_cases(&miner), Err(DeskError::Bounded)));
}

#[test]
fn a_purge_leaves_the_case_and_a_changed_line_is_found() {
    let served = Served::with(|_| {}, |_| {});
    let desk = &served.desk;
    let number = from_alert(desk, accident(&served)).unwrap();
    to_unit(desk, &number, &FOUND);
    let links = desk.case(&duty(), &number).unwrap().links;
    let posts: Vec<_> = links.iter().filter(|link| link.kind == "post").collect();
    assert!(!posts.is_empty());
    let store = served.store();
    for post in &posts {
        store.write(&mut |write| write.delete_post(post.id.parse().unwrap()).map(drop)).unwrap();
    }
    let after = desk.case(&duty(), &number).unwrap();
    assert_eq!(after.links.len(), links.len());
    assert!(after.links.iter().all(|link| link.title.is_none()));
    assert!(desk.check_cases(&duty()).unwrap().bad.is_empty());

    // Somebody with the file in hand.
    let raw = rusqlite::Connection::open(served.lab.data().join("guanlan.db")).unwrap();
    raw.execute_batch("DROP TRIGGER case_events_no_update").unwrap();
    raw.execute("UPDATE case_events SET body = replace(body, '轻伤', '无伤') WHERE seq = 3", [])
        .unwrap();
    let bad = desk.check_cases(&duty()).unwrap().bad;
    assert!(
        bad.iter().any(|line| line.what == "hash") && bad.iter().any(|line| line.what == "fold"),
        "{bad:?}"
    );
}

#[test]
fn in_the_console_a_case_is_opened_from_its_alert_and_what_was_typed_is_kept() {
    let served = Served::new();
    let alert = accident(&served);
    let page = served.page(&format!("/alerts/{alert}"));
    let way = between(&page, "href=\"/cases/new?", "\"").replace("&amp;", "&");
    let form = served.page(&format!("/cases/new?{way}"));
    let mark = between(&form, "name=\"mark\" value=\"", "\"").to_owned();
    let title = between(&form, "name=\"title\" value=\"", "\"").to_owned();
    let fields = [
        ("mark", mark.as_str()),
        ("origin", "alert"),
        ("id", &alert.to_string()),
        ("title", &title),
        ("units", "没有的单位"),
    ];
    let refused = served.post("/cases/new", &fields);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(
        refused.body.contains("value=\"没有的单位\"") && refused.body.contains("class=\"fault\"")
    );
    let opened = served.post("/cases/new", &fields[..4]);
    assert_eq!(opened.status, 303, "{}", opened.body);
    let place = opened.head.lines().find_map(|l| l.strip_prefix("location: ")).unwrap().to_owned();
    for lang in ["zh", "en"] {
        let cookie = format!("{}; guanlan-lang={lang}", served.cookie);
        for path in [place.as_str(), "/cases", "/cases?state=all&q=x", "/cases/new", "/"] {
            let answer = served.ask("GET", path, &[("Cookie", &cookie)], "");
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            let is_raw = |text: &str| text.trim().starts_with("cases.");
            assert!(!answer.body.split(['<', '>']).any(is_raw), "{path}: {}", answer.body);
        }
    }
    // Exactly the steps that are open.
    let page = served.page(&place);
    let steps =
        page.split("name=\"step\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    assert_eq!(steps.collect::<Vec<_>>(), ["accept", "express", "dismiss", "merge", "note"]);
    let act = format!("{place}/step");
    let accept = [("mark", mark.as_str()), ("version", "1"), ("step", "accept")];
    assert_eq!(served.post(&act, &accept).status, 303);
    let late = served.post(&act, &accept);
    assert_eq!(late.status, 409, "{}", late.body);
    let verify = [
        ("mark", mark.as_str()),
        ("version", "2"),
        ("step", "verify"),
        ("found", "<b>一人轻伤</b>"),
        ("originals", "zz"),
        ("facts", "true"),
        ("kind", "public"),
        ("units", "青岚沟煤矿"),
        ("grade", "major"),
    ];
    let refused = served.post(&act, &verify);
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("&lt;b&gt;一人轻伤"), "what was typed is kept: {}", refused.body);
    assert!(served.page("/cases?state=all").contains(place.rsplit('/').next().unwrap()));
    let csv = served.post("/cases/ledger", &[("mark", &mark), ("form", "csv")]);
    assert!(csv.bytes.starts_with("\u{feff}".as_bytes()), "{}", csv.head);
}

#[test]
fn each_row_of_a_hotline_becomes_a_case_of_its_own_and_none_twice() {
    let lab = Lab::new();
    let data = lab.data();
    let data = data.to_str().unwrap();
    // Two rows alike: one happening, two people who wait for an answer.
    let rows = "标题,内容,时间\n食堂饭菜反映,食堂饭菜又贵又凉，请管一管,2026-11-20 08:00\n\
                食堂饭菜反映,食堂饭菜又贵又凉，请你们管一管,2026-11-20 09:00\n\
                班车停运,夜班班车停了半个月，怎么回家,2026-11-20 10:00\n";
    lab.write("12351.csv", rows);
    lab.run(&["--data-dir", data, "import", "12351.csv", "--source", "hotline"]).good();
    let opened = lab.run(&["--data-dir", data, "case", "open", "--import", "1"]).good().out;
    assert!(opened.contains('3'), "{opened}");
    let again = lab.run(&["--data-dir", data, "case", "open", "--import", "1"]).good().out;
    assert!(again.starts_with('0') && again.contains('3'), "{again}");
    let listed = lab.run(&["--data-dir", data, "case", "list"]).good().out;
    assert_eq!(listed.matches("食堂饭菜反映").count(), 2, "{listed}");
    let unknown = lab.run(&["--data-dir", data, "case", "open", "--import", "9"]);
    assert!(unknown.err.contains("import"), "{}", unknown.err);
}

/// How often a command is killed: a few times, or as the environment says.
fn kills() -> usize {
    std::env::var("GUANLAN_KILLS").ok().and_then(|n| n.parse().ok()).map_or(8, |n: usize| n / 10)
}

#[test]
fn a_command_killed_at_any_instant_leaves_a_whole_log() {
    let lab = Lab::new();
    let data = lab.data();
    let data = data.to_str().unwrap();
    let opened = lab.run(&["--data-dir", data, "case", "open", "title=first"]).good().out;
    let first = between(&opened, "Case ", " ").to_owned();
    let mut dice = Dice(11);
    let mut killed = 0;
    for n in 0..kills() {
        let title = format!("title={n}");
        let note = format!("note={n}");
        let args = match n % 2 {
            0 => ["--data-dir", data, "case", "open", &title].to_vec(),
            _ => ["--data-dir", data, "case", "step", &first, "note", &note].to_vec(),
        };
        let mut child =
            lab.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Waiting is the point here: the kill must come from outside, at any moment.
        let instant = Instant::now() + Duration::from_millis(dice.below(160) as u64);
        while Instant::now() < instant {
            std::thread::park_timeout(Duration::from_micros(200));
        }
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let checked = lab.run(&["--data-dir", data, "case", "verify"]);
    assert!(checked.out.contains("whole"), "after {killed} kills: {} {}", checked.out, checked.err);
    let store = guanlan::store::SqliteStore::open(&lab.data().join("guanlan.db")).unwrap();
    let cases = store.cases().unwrap();
    let mut numbers: Vec<_> =
        cases.iter().map(|case| case.number[5..].parse::<usize>().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=cases.len()).collect::<Vec<_>>(), "no number is lost or drawn twice");
    let lines = store.case_log(None).unwrap();
    let acts = store.audits("case", "", 10_000).unwrap();
    assert_eq!(lines.len(), acts.len(), "each line has its act, and each act its line");
}
