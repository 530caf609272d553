//! The page of a published answer: fetched by the station, kept as it was served, asked for again where it could not be
//! had, and handed out; and the year's statistics of the same cases.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse as _};
use chrono::TimeDelta;
use guanlan::cases::{Fields, Step};
use guanlan::desk::cases::opening::CaseOrder;
use guanlan::desk::{Desk, DeskError, Role, Who};
use guanlan::engine::run::Rounds;
use pipelines::crawl::warc::Reader;
use pipelines::locale::Lang;

use crate::duties::{Bench, close, step};

const ANSWER: &str = "今日凌晨三号皮带机头冒烟，系托辊过热，无人员伤亡。已停机检修，结果另行公布。";

fn person(name: &str, role: Role) -> Who {
    Who { name: name.to_owned(), role, ..Who::owner("x", Lang::En) }
}

/// Answers with what it is told to; the page holds the answer in other signs and spaces.
async fn site(status: Arc<AtomicU16>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().fallback(move |uri: Uri| {
        let status = StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap();
        async move {
            if uri.path() == "/robots.txt" {
                return (StatusCode::OK, "User-agent: *\nDisallow: /inner/\n").into_response();
            }
            let said = ANSWER.replace('，', ", ").replace("冒烟", "冒 烟");
            let page = format!(
                "<html><head><title>情况说明</title></head><body><h1>情况说明</h1><p>{said}</p></body></html>"
            );
            (status, Html(page)).into_response()
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// A case of an accident, answered on the page at `address`; its number.
fn answered(desk: &Desk, address: &str) -> String {
    let (duty, unit) = (person("duty", Role::Officer), person("unit", Role::Officer));
    let leader = person("leader", Role::Leader);
    let said = |fields: &[(&str, &str)]| -> Fields {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let order = CaseOrder {
        origin: "hand".to_owned(),
        id: String::new(),
        fields: said(&[("title", "三号皮带冒烟"), ("suggested", "serious")]),
    };
    let number = desk.open_case(&duty, &order).unwrap();
    let take = |who: &Who, step, fields: &[(&str, &str)]| {
        let seen = desk.case(&duty, &number).unwrap().version;
        let taken = desk.step_case(who, &number, seen, step, &said(fields));
        taken.unwrap_or_else(|e| panic!("{step:?}: {}", e.in_words(Lang::En)));
    };
    take(&duty, Step::Accept, &[]);
    let found = [
        ("facts", "true"),
        ("found", "托辊过热"),
        ("originals", "https://www.example.com/1"),
        ("kind", "complaint"),
        ("class", "safety"),
        ("units", "group"),
        ("grade", "major"),
        ("grade_why", "涉及安全"),
    ];
    take(&duty, Step::Verify, &found);
    take(&duty, Step::Assign, &[("main", "group"), ("ask", "查清"), ("reachable", "yes")]);
    take(&unit, Step::Sign, &[]);
    take(&unit, Step::Record, &[("measures", "停机"), ("result", "检修中")]);
    let draft = [("answer", ANSWER), ("place", "官网"), ("under", "集团"), ("approver", "leader")];
    take(&unit, Step::Submit, &draft);
    take(&leader, Step::Approve, &[]);
    take(&duty, Step::Publish, &[("address", address), ("told", "电话，当日")]);
    number
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_an_answer_is_kept_and_asked_for_again_where_it_could_not_be_had() {
    let status = Arc::new(AtomicU16::new(404));
    let host = format!("127.0.0.1:{}", site(status.clone()).await);
    let source = format!(
        "[[source]]\nid = \"own\"\nname = \"官网\"\nkind = \"pages\"\nenabled = false\n\
         urls = [\"http://{host}/\"]\nallow_private = [\"{host}\"]\n"
    );
    let bench = Bench::new("");
    bench.lab.write("sources/own.toml", &source);
    let station = bench.station();
    let clock = station.collector.clock.clone();
    let desk = Desk::new(station.config.clone(), station.store.clone(), clock);
    let number = answered(&desk, &format!("http://{host}/notice/1.html"));
    let forbidden = answered(&desk, &format!("http://{host}/inner/1.html"));
    let duty = person("duty", Role::Officer);
    let page = |number: &str| desk.case(&duty, number).unwrap().page.unwrap();
    assert!(!page(&number).kept && page(&number).looked.is_none());
    assert!(matches!(desk.case_page(&duty, &number), Err(DeskError::Unknown { .. })));

    let mut rounds = Rounds::new(&station, bench.now()).unwrap();
    step(&mut rounds, &bench).await;
    let failed = page(&number);
    assert!(!failed.kept && failed.next.is_some() && !failed.why.is_empty(), "{failed:?}");
    assert!(page(&forbidden).why.contains("robots"), "{:?}", page(&forbidden));
    // Not before its time.
    bench.later(TimeDelta::minutes(2));
    step(&mut rounds, &bench).await;
    assert_eq!(page(&number).looked, failed.looked);
    status.store(200, Ordering::SeqCst);
    bench.later(TimeDelta::minutes(11));
    step(&mut rounds, &bench).await;
    let kept = page(&number);
    assert!(kept.kept && kept.next.is_none(), "{kept:?}");
    assert_eq!((kept.title.as_str(), kept.words.as_str()), ("情况说明", "all"));
    let logged = desk.case(&duty, &number).unwrap().log;
    assert_eq!(logged.iter().filter(|line| line.step == Step::Keep).count(), 2);
    assert!(desk.check_cases(&duty).unwrap().bad.is_empty());

    let handed = desk.case_page(&duty, &number).unwrap();
    let mut bodies = Vec::new();
    for record in Reader::of_bytes(handed.warc) {
        bodies.extend(record.unwrap().http().map(|(status, _, body)| (status, body.to_vec())));
    }
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].0 == 200 && String::from_utf8_lossy(&bodies[0].1).contains("冒 烟"));
    let acts = station.store.audits("evidence", &number, 9).unwrap();
    assert!(acts[0].detail.contains(&handed.sha256), "{acts:?}");
    assert!(matches!(
        desk.case_page(&person("leader", Role::Leader), &number),
        Err(DeskError::Forbidden { .. })
    ));

    // Before and after, and the year.
    let sheet = desk.case(&duty, &number).unwrap();
    let settling = sheet.settling.unwrap();
    assert_eq!((settling.hours, settling.before.posts, settling.after.posts), (72, 0, 0));
    let year = desk.case_statistics(&duty, Some(2026)).unwrap();
    assert_eq!((year.opened, year.total.counted.cases, year.total.counted.in_time), (2, 2, 2));
    assert_eq!(year.classes[0].class, "safety");
    assert!(year.grades.len() == 2 && year.grades[0].raised, "{:?}", year.grades);
    assert_eq!(desk.case_statistics(&duty, Some(1999)).unwrap().opened, 0);
    drop(rounds);
    drop(desk);
    close(station).await;
}
