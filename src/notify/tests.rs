//! Delivery against a receiver on loopback: accepted, refused, refused for now, too slow; and what is sent.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use chrono::TimeZone;
use pipelines::locale::Lang;
use pipelines::record::{Alert, AlertState, Channel, Evidence, PostId, Severity, StoryId};
use pipelines::watch::{RuleConfig, RuleKind};
use tokio::net::TcpListener;

use super::*;
use crate::report::DigestPost;

mod printed;

#[derive(Clone, Default)]
struct Receiver {
    /// What to answer, first one first; the last one stays.
    answers: Arc<Mutex<Vec<u16>>>,
    received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, HeaderMap) {
    receiver.received.lock().unwrap().push((headers, body));
    let status = {
        let mut answers = receiver.answers.lock().unwrap();
        if answers.len() > 1 { answers.remove(0) } else { answers[0] }
    };
    if status == 0 {
        std::future::pending::<()>().await;
    }
    let mut answer = HeaderMap::new();
    if status == 429 {
        answer.insert(header::RETRY_AFTER, "77".parse().unwrap());
    }
    (StatusCode::from_u16(status).unwrap(), answer)
}

async fn receiver(answers: &[u16]) -> (Receiver, SocketAddr) {
    let receiver =
        Receiver { answers: Arc::new(Mutex::new(answers.to_vec())), ..Receiver::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(receive).with_state(receiver.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (receiver, address)
}

fn webhook(address: SocketAddr, secret_file: Option<PathBuf>) -> Notifier {
    Notifier::from_config(&NotifierConfig {
        name: "duty".into(),
        default: true,
        quiet: None,
        workday_only: false,
        kind: NotifierKind::Webhook {
            url: Some(format!("http://{address}/hook?token=secret")),
            url_env: None,
            url_file: None,
            headers: BTreeMap::from([("X-Station".to_owned(), "云岭".to_owned())]),
            secret_env: None,
            secret_file,
            timeout_secs: 1,
        },
    })
    .unwrap()
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap()
}

fn post(title: &str, url: &str) -> DigestPost {
    DigestPost {
        keywords: Vec::new(),
        id: PostId::of_url(url),
        title: title.into(),
        said: Default::default(),
        source: "forum".into(),
        source_name: "霁河论坛".into(),
        channel: Channel::Forum,
        url: url.into(),
        published_at: Some(now()),
        has_time: true,
        fetched_at: now(),
        content_hash: 7,
        page_sha256: None,
        edited_at: None,
        gone_at: None,
        subjects: Vec::new(),
        kind: None,
        other: None,
        topics: Vec::new(),
        risk: 60,
        story: StoryId(PostId(1)),
    }
}

fn message() -> Message {
    let posts = [
        post("运输分公司欠薪*第四个月*了](javascript:x)", "http://demo.invalid/t(1)"),
        post("求助：拖欠的工资怎么要？", "import:petitions/17"),
    ];
    let rule = RuleConfig {
        id: "pay".into(),
        name: "欠薪投诉集中出现".into(),
        enabled: true,
        query: "@transport (拖欠 | 欠薪)".into(),
        kind: RuleKind::Frequency { count: 3, window_minutes: 1440 },
        severity: Severity::Serious,
        merge_hours: 24,
        notify: Vec::new(),
        examples: Vec::new(),
    };
    let evidence = |id| Evidence { post: id, spans: Vec::new() };
    let alert = Alert {
        key: "pay:2026-11-22".into(),
        rule: "pay".into(),
        story: None,
        window_start: now() - chrono::Duration::days(1),
        fired_at: now(),
        measured: 3.0,
        threshold: 3.0,
        evidence: vec![evidence(posts[0].id), evidence(posts[1].id), evidence(PostId(9))],
        because: None,
        told: Default::default(),
        severity: Severity::Serious,
        state: AlertState::Open,
    };
    alert_message(
        "alert:pay:2026-11-22:1".into(),
        &AlertNotice {
            alert: &alert,
            rule: Some(&rule),
            query_in_words: None,
            evidence: &posts,
            about: None,
            again: None,
            zone: chrono_tz::Asia::Shanghai,
            lang: Lang::Zh,
        },
    )
}

#[test]
fn an_alert_says_what_why_and_from_where() {
    let message = message();
    assert!(message.title.starts_with("【较大（Ⅲ级）】欠薪投诉集中出现："));
    for said in [
        "1 天内有 3 条信息符合规则，达到 3 条的阈值",
        "霁河论坛（论坛）2026-11-22 16:00",
        "](http://demo.invalid/t%281%29)",
        "另有 1 条依据信息已不在库中",
        "pay:2026-11-22",
    ] {
        assert!(message.body_markdown.contains(said), "{said}\n{}", message.body_markdown);
    }
    let links = message.body_markdown.replace("\\]", "");
    assert!(!links.contains("](javascript") && !links.contains("](import"), "{links}");
    assert_eq!(message.data["evidence"][1]["url"], "import:petitions/17");
    assert!(message.json().starts_with("{\"key\":\""));
}

#[tokio::test]
async fn a_webhook_gets_the_message_with_key_and_signature() {
    let (receiver, address) = receiver(&[200]).await;
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "签名密钥\n").unwrap();
    let notifier = webhook(address, Some(secret));
    assert!(!format!("{notifier:?}").contains("token"));
    notifier.deliver(&message(), now()).await.unwrap();
    let received = receiver.received.lock().unwrap();
    let (headers, body) = &received[0];
    assert_eq!(headers["idempotency-key"], "alert:pay:2026-11-22:1");
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(headers["x-guanlan-timestamp"], now().timestamp().to_string().as_str());
    assert!(headers["x-guanlan-signature"].to_str().unwrap().starts_with("sha256="));
    assert_eq!(headers["x-station"].as_bytes(), "云岭".as_bytes());
    assert_eq!(serde_json::from_str::<Message>(body).unwrap(), message());
}

#[tokio::test]
async fn a_failing_webhook_is_tried_again_with_the_same_key() {
    let (receiver, address) = receiver(&[500, 429, 200]).await;
    let notifier = webhook(address, None);
    let first = notifier.deliver(&message(), now()).await.unwrap_err();
    assert!(first.blame() == Blame::Unclear && first.retry_after().is_none(), "{first}");
    let second = notifier.deliver(&message(), now()).await.unwrap_err();
    assert_eq!(second.retry_after(), Some(Duration::from_secs(77)));
    notifier.deliver(&message(), now()).await.unwrap();
    let received = receiver.received.lock().unwrap();
    let keys: Vec<&str> =
        received.iter().map(|(h, _)| h["idempotency-key"].to_str().unwrap()).collect();
    assert_eq!(keys, ["alert:pay:2026-11-22:1"; 3]);
    assert!(received.iter().all(|(h, _)| !h.contains_key("x-guanlan-signature")));
}

#[tokio::test]
async fn refusals_and_silence_are_told_apart() {
    let (message_s, way) = (Blame::Message, Blame::Way);
    for (status, blame) in [
        (400, message_s),
        (422, message_s),
        (401, way),
        (403, way),
        (404, way),
        (302, way),
        (307, way),
        (429, way),
        (503, Blame::Unclear),
    ] {
        let (_receiver, address) = receiver(&[status]).await;
        let error = webhook(address, None).deliver(&message(), now()).await.unwrap_err();
        assert_eq!(error.blame(), blame, "{status}");
    }
    let (_receiver, address) = receiver(&[0]).await;
    let error = webhook(address, None).deliver(&message(), now()).await.unwrap_err();
    assert!(
        error.blame() == Blame::Unclear && error.to_string().contains("not in time"),
        "{error}"
    );
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = webhook(nobody, None).deliver(&message(), now()).await.unwrap_err();
    assert!(error.blame() == Blame::Unclear && !error.to_string().contains("token"), "{error}");
}

#[tokio::test]
async fn a_file_has_each_message_once_even_from_two_tasks() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts.jsonl");
    let config = NotifierConfig {
        name: "file".into(),
        default: true,
        quiet: None,
        workday_only: false,
        kind: NotifierKind::File { path: path.clone() },
    };
    let notifier = Notifier::from_config(&config).unwrap();
    let mut other = message();
    other.key = "alert:other:1".into();
    let (message, same) = (message(), message());
    let (a, b, c) = tokio::join!(
        notifier.deliver(&message, now()),
        notifier.deliver(&same, now()),
        notifier.deliver(&other, now()),
    );
    a.and(b).and(c).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let keys: Vec<String> =
        text.lines().map(|l| serde_json::from_str::<Message>(l).unwrap().key).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    Notifier::Log.deliver(&message, now()).await.unwrap();
}

#[test]
fn a_missing_secret_is_told_at_the_start_and_without_it() {
    let config = NotifierConfig {
        name: "duty".into(),
        default: true,
        quiet: None,
        workday_only: false,
        kind: NotifierKind::Webhook {
            url: None,
            url_env: Some("GUANLAN_TEST_NO_SUCH_HOOK".into()),
            url_file: None,
            headers: BTreeMap::new(),
            secret_env: None,
            secret_file: None,
            timeout_secs: 1,
        },
    };
    let error = Notifier::from_config(&config).unwrap_err();
    assert_eq!(error.blame(), Blame::Way);
    assert!(error.to_string().contains("GUANLAN_TEST_NO_SUCH_HOOK"), "{error}");
}

/// What is known of seven posts.
fn about() -> crate::notify::About {
    crate::notify::About {
        number: Some(12),
        link: Some("https://desk.example/alerts/12".into()),
        units: vec!["运输分公司".into()],
        first: Some(("霁河论坛".into(), now(), "第四个月*没发*".into())),
        posts: 7,
        outlets: 3,
        channels: vec![(Channel::Forum, 5), (Channel::Gov, 2)],
        days: (6, 1),
        answers: vec![("关于工资的答复".into(), "县政务网".into(), now())],
        verdict: vec!["对我方负面".into(), "诉求投诉".into()],
        risk: (72, Some("处置 +45".into())),
        until: Some(now()),
    }
}

#[test]
fn an_alert_with_posts_says_what_by_whom_how_far_and_until_when() {
    let about = about();
    let posts: Vec<_> =
        (0..5).map(|n| post(&format!("第{n}条"), &format!("http://demo.invalid/{n}"))).collect();
    let evidence = posts.iter().map(|post| Evidence { post: post.id, spans: Vec::new() });
    let alert = Alert {
        key: "pay/1".into(),
        rule: "pay".into(),
        story: None,
        window_start: now(),
        fired_at: now(),
        measured: 7.0,
        threshold: 3.0,
        evidence: evidence
            .chain([7, 8].map(|n| Evidence { post: PostId(n), spans: Vec::new() }))
            .collect(),
        because: None,
        told: Default::default(),
        severity: Severity::Serious,
        state: AlertState::Open,
    };
    let notice = AlertNotice {
        alert: &alert,
        rule: None,
        query_in_words: None,
        evidence: &posts,
        about: Some(&about),
        again: None,
        zone: chrono_tz::Asia::Shanghai,
        lang: Lang::Zh,
    };
    let message = alert_message("k".into(), &notice);
    assert_eq!(message.title, "【较大（Ⅲ级）·运输分公司】第0条");
    for said in [
        "霁河论坛 2026-11-22 16:00 最先：“第四个月\\*没发\\*”",
        "7 条，3 家（论坛 5、政务 2）；近 24 小时 6 条，此前 24 小时 1 条",
        "**已有回应**：关于工资的答复（县政务网，2026-11-22 16:00）",
        "对我方负面、诉求投诉，风险 72（其中 处置 +45）",
        "2026-11-22 16:00 前核实事实",
        "**预警 #12**：https://desk.example/alerts/12",
        "3. [第2条]",
    ] {
        assert!(message.body_markdown.contains(said), "{said}\n{}", message.body_markdown);
    }
    assert!(!message.body_markdown.contains("4. [第3条]"), "three to read are enough");
    assert!(
        !message.body_markdown.contains("已不在库中"),
        "all seven are there: five are shown to it"
    );
    let unanswered = crate::notify::About { answers: Vec::new(), ..about.clone() };
    let message = alert_message("k".into(), &AlertNotice { about: Some(&unanswered), ..notice });
    assert!(message.body_markdown.contains("尚未见到"), "{}", message.body_markdown);
}
