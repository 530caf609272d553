//! Robots against houses played on loopback: what they take, what they refuse with status 200, and what they check.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use chrono::TimeZone;
use pipelines::locale::Lang;
use serde_json::json;
use tokio::net::TcpListener;

use super::super::{Blame, MessageKind};
use super::*;

const SECRET: &str = "SECtest-签名密钥";

/// Status, headers and body of an answer.
type Answer = (u16, Vec<(&'static str, String)>, String);

/// A house that answers as told and, where it signs, looks at the signature itself.
#[derive(Clone)]
struct House {
    brand: Brand,
    answer: Arc<Mutex<Answer>>,
    received: Arc<Mutex<Vec<Value>>>,
    signs: bool,
}

async fn take(
    State(house): State<House>,
    RawQuery(query): RawQuery,
    body: String,
) -> (StatusCode, HeaderMap, String) {
    let value: Value = serde_json::from_str(&body).unwrap();
    if house.signs && !is_signed(house.brand, &query.unwrap_or_default(), &value) {
        let said = match house.brand {
            Brand::Feishu => {
                json!({ "code": 19021, "msg": "sign match fail or timestamp is not within one hour" })
            }
            _ => json!({ "errcode": 310000, "errmsg": "sign not match" }),
        };
        return (StatusCode::OK, HeaderMap::new(), said.to_string());
    }
    house.received.lock().unwrap().push(value);
    let (status, named, said) = house.answer.lock().unwrap().clone();
    let mut headers = HeaderMap::new();
    for (name, value) in named {
        headers.insert(name, HeaderValue::from_str(&value).unwrap());
    }
    (StatusCode::from_u16(status).unwrap(), headers, said)
}

/// The check as the two houses make it: once each in query or body, of this hour, and the right one.
fn is_signed(brand: Brand, query: &str, body: &Value) -> bool {
    let url = Url::parse(&format!("http://house.invalid/?{query}")).unwrap();
    let named = |name: &str| {
        let found: Vec<String> =
            url.query_pairs().filter(|(n, _)| n == name).map(|(_, v)| v.into_owned()).collect();
        (found.len() == 1).then(|| found[0].clone())
    };
    match brand {
        Brand::Wecom => true,
        Brand::Dingtalk => {
            let (Some(at), Some(sign)) = (named("timestamp"), named("sign")) else { return false };
            let late = now().timestamp_millis() - at.parse::<i64>().unwrap();
            late.abs() < 3_600_000 && sign == sign::dingtalk(SECRET, &at)
        }
        Brand::Feishu => {
            let Some(at) = body["timestamp"].as_str() else { return false };
            let late = now().timestamp() - at.parse::<i64>().unwrap();
            late.abs() < 3_600 && body["sign"] == json!(sign::feishu(SECRET, at))
        }
    }
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 26, 8, 0, 0).unwrap()
}

fn fine(brand: Brand) -> Answer {
    let said = match brand {
        Brand::Feishu => json!({ "code": 0, "msg": "success", "data": {} }),
        _ => json!({ "errcode": 0, "errmsg": "ok" }),
    };
    (200, Vec::new(), said.to_string())
}

async fn house(brand: Brand, signs: bool, answer: Answer) -> (House, SocketAddr) {
    let house =
        House { brand, answer: Arc::new(Mutex::new(answer)), received: Arc::default(), signs };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(take).with_state(house.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (house, address)
}

fn secret(text: &str) -> Secret {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    std::fs::write(&file, text).unwrap();
    Secret::read(None, Some(&file)).unwrap().unwrap()
}

fn robot(brand: Brand, address: SocketAddr, key: Option<&str>, style: RobotStyle) -> Robot {
    let url = secret(&match brand {
        Brand::Wecom => format!("http://{address}/cgi-bin/webhook/send?key=KEY-0123456789"),
        Brand::Dingtalk => format!("http://{address}/robot/send?access_token=KEY-0123456789"),
        Brand::Feishu => format!("http://{address}/open-apis/bot/v2/hook/KEY-0123456789"),
    });
    let timeout = Duration::from_secs(5);
    Robot::new(brand, &url, key.map(secret), None, style, timeout).unwrap()
}

fn message(lines: usize) -> Message {
    let listed: String = (1..=lines)
        .map(|i| {
            format!(
                "{i}. [青岚沟煤矿{i}号\\*通报\\*](http://demo.invalid/t/{i})　霁河论坛（论坛）\n"
            )
        })
        .collect();
    Message {
        key: "alert:pay:1".into(),
        kind: MessageKind::Alert,
        title: "【较大（Ⅲ级）】欠薪投诉集中出现".into(),
        body_markdown: format!(
            "### 【较大（Ⅲ级）】欠薪投诉集中出现\n\n**为什么**：1 天内 3 条\n\n{listed}"
        ),
        data: json!({}),
    }
}

async fn sent(robot: &Robot, message: &Message) -> Vec<Result<String, Refusal>> {
    let mut sent = Vec::new();
    for part in robot.parts(message) {
        sent.push(robot.send(&part, now()).await);
    }
    sent
}

const BRANDS: [Brand; 3] = [Brand::Wecom, Brand::Dingtalk, Brand::Feishu];

#[tokio::test]
async fn each_house_gets_its_own_body_and_its_own_signature() {
    for brand in BRANDS {
        for style in [RobotStyle::Rich, RobotStyle::Text] {
            let (house, address) = house(brand, brand != Brand::Wecom, fine(brand)).await;
            let robot = robot(brand, address, (brand != Brand::Wecom).then_some(SECRET), style);
            // Twice: an address that keeps the first signature would be refused.
            for _ in 0..2 {
                assert!(sent(&robot, &message(2)).await.iter().all(Result::is_ok), "{brand:?}");
            }
            let received = house.received.lock().unwrap();
            assert_eq!(received.len(), 2);
            let text = received[0].to_string();
            assert!(
                text.contains("青岚沟煤矿1号") && text.contains("http://demo.invalid/t/1"),
                "{text}"
            );
            assert!(text.matches("欠薪投诉集中出现").count() <= 2, "the title stands once: {text}");
            assert!(!text.contains("\\\\*"), "no escapes of ours: {text}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_to_sign_with_is_told_apart_from_a_wrong_clock() {
    for brand in [Brand::Dingtalk, Brand::Feishu] {
        let (_house, address) = house(brand, true, fine(brand)).await;
        let robot = robot(brand, address, Some("another"), RobotStyle::Rich);
        let refused = sent(&robot, &message(1)).await.remove(0).unwrap_err();
        // The house stamps its answers with the time it really is, years from the one we sign with.
        assert!(matches!(refused.why, Why::Sign | Why::Clock), "{refused}");
        assert_eq!(refused.blame(), Blame::Way);
    }
}

/// What a house answers, what that means, whose fault it is, and the seconds to wait.
async fn check(brand: Brand, answer: Answer, why: Why, blame: Blame, wait: Option<u64>) {
    let shown = format!("{brand:?} {answer:?}");
    let (_house, address) = house(brand, false, answer).await;
    let robot = robot(brand, address, None, RobotStyle::Rich);
    let refused = sent(&robot, &message(1)).await.remove(0).unwrap_err();
    assert_eq!((refused.why, refused.blame()), (why, blame), "{shown}");
    assert_eq!(refused.wait.map(|wait| wait.as_secs()), wait, "{shown}");
    for lang in [Lang::Zh, Lang::En] {
        let words = refused.words(lang);
        assert!(words.len() > 20 && !words.contains("KEY-0123456789"), "{words}");
    }
    assert!(!refused.to_string().contains("KEY-0123456789"), "{refused}");
}

#[tokio::test]
async fn every_listed_answer_means_what_the_house_says_of_it() {
    let (m, w, u) = (Blame::Message, Blame::Way, Blame::Unclear);
    let wecom = |code: i64| {
        (200, vec![], json!({ "errcode": code, "errmsg": "KEY-0123456789" }).to_string())
    };
    for (code, why, blame, wait) in [
        (45_009, Why::Throttled, w, Some(60)),
        (-1, Why::Busy, u, None),
        (93_000, Why::BadKey, w, None),
        (40_058, Why::TooLong, m, None),
        (45_002, Why::TooLong, m, None),
        (60_020, Why::Address, w, None),
        (77_777, Why::Unknown, u, None),
    ] {
        check(Brand::Wecom, wecom(code), why, blame, wait).await;
    }
    let dingtalk = |code: i64, said: &str| {
        (200, vec![], json!({ "errcode": code, "errmsg": said }).to_string())
    };
    for (code, said, why, blame, wait) in [
        (130_101, "send too fast, exceed 20 times per minute", Why::Throttled, w, Some(600)),
        (
            310_000,
            "keywords not in content, more: [https://ding-doc.dingtalk.com/doc]",
            Why::Keyword,
            w,
            None,
        ),
        (310_000, "description:关键词不匹配;solution:请联系群管理员", Why::Keyword, w, None),
        (310_000, "invalid timestamp", Why::Sign, w, None),
        (310_000, "ip 10.0.0.1 not in whitelist", Why::Address, w, None),
        (310_000, "?", Why::Settings, w, None),
        (300_001, "token is not exist", Why::BadKey, w, None),
        (400_102, "robot stopped", Why::Stopped, w, None),
        (460_101, "message too long, exceed 20000 bytes", Why::TooLong, m, None),
        (430_102, "不合适的文本", Why::Content, m, None),
        (-1, "系统繁忙", Why::Busy, u, None),
    ] {
        let answer = dingtalk(code, said);
        let why = if why == Why::Sign { Why::Clock } else { why };
        check(Brand::Dingtalk, answer, why, blame, wait).await;
    }
    let feishu =
        |status, code: i64| (status, vec![], json!({ "code": code, "msg": "x" }).to_string());
    for (status, code, why, blame, wait) in [
        (200, 11_232, Why::Throttled, w, Some(60)),
        (200, 19_022, Why::Address, w, None),
        (200, 19_024, Why::Keyword, w, None),
        (200, 19_001, Why::BadKey, w, None),
        (400, 9_499, Why::BadBody, m, None),
        (400, 0, Why::Unknown, u, None),
    ] {
        check(Brand::Feishu, feishu(status, code), why, blame, wait).await;
    }
    let reset = vec![("x-ogw-ratelimit-reset", "7".to_owned())];
    check(Brand::Feishu, (429, reset, feishu(0, 99_991_400).2), Why::Throttled, w, Some(7)).await;
}

#[tokio::test]
async fn what_is_no_robot_never_counts_as_taken() {
    for brand in BRANDS {
        let html = "<html><body>请先登录</body></html>".to_owned();
        check(brand, (200, vec![], html), Why::NotJson, Blame::Way, None).await;
        check(brand, (200, vec![], String::new()), Why::Empty, Blame::Unclear, None).await;
        check(brand, (502, vec![], "bad gateway".into()), Why::Busy, Blame::Unclear, None).await;
        check(brand, (404, vec![], String::new()), Why::NotJson, Blame::Way, None).await;
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let robot = robot(Brand::Wecom, closed, None, RobotStyle::Rich);
    let refused = sent(&robot, &message(1)).await.remove(0).unwrap_err();
    assert_eq!(refused.why, Why::NoAnswer);
    assert!(!format!("{refused:?} {robot:?}").contains("KEY-"), "{refused:?}");
}

#[tokio::test]
async fn a_long_message_goes_in_numbered_parts_each_short_enough_and_whole() {
    for (brand, style, most) in [
        (Brand::Wecom, RobotStyle::Rich, 4_096),
        (Brand::Wecom, RobotStyle::Text, 2_048),
        (Brand::Dingtalk, RobotStyle::Rich, 20_000),
        (Brand::Feishu, RobotStyle::Rich, 20_000),
    ] {
        let (house, address) = house(brand, false, fine(brand)).await;
        let robot = robot(brand, address, None, style);
        assert!(sent(&robot, &message(400)).await.iter().all(Result::is_ok));
        let received = house.received.lock().unwrap();
        let of = received.len();
        assert!(of > 1, "{brand:?}");
        let whole: String = received.iter().map(Value::to_string).collect();
        for i in 1..=400 {
            assert_eq!(
                whole.matches(&format!("青岚沟煤矿{i}号＊通报＊")).count()
                    + whole.matches(&format!("青岚沟煤矿{i}号*通报*")).count(),
                1,
                "{brand:?} {i}"
            );
        }
        for (i, body) in received.iter().enumerate() {
            assert!(body.to_string().contains(&format!("（{}/{of}）", i + 1)), "{body}");
            let content = body.pointer("/markdown/content").or(body.pointer("/text/content"));
            let bytes = match (brand, content) {
                (Brand::Wecom, Some(Value::String(content))) => content.len(),
                _ => body.to_string().len(),
            };
            assert!(bytes <= most, "{brand:?}: {bytes}");
        }
    }
}

#[tokio::test]
async fn the_keyword_of_a_robot_stands_in_every_part() {
    let (house, address) = house(Brand::Dingtalk, false, fine(Brand::Dingtalk)).await;
    let mut robot = robot(Brand::Dingtalk, address, None, RobotStyle::Rich);
    robot.keyword = Some("舆情值班".into());
    assert!(sent(&robot, &message(400)).await.iter().all(Result::is_ok));
    let received = house.received.lock().unwrap();
    assert!(received.iter().all(|body| body.to_string().contains("舆情值班")));
}

/// What a house of 企业微信 was handed, by path and content type.
type Handed = Arc<Mutex<Vec<(String, String, Vec<u8>)>>>;

async fn file_house(answer: Value) -> (Handed, SocketAddr) {
    let handed: Handed = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let kept = handed.clone();
    let take = move |uri: axum::http::Uri, headers: HeaderMap, body: axum::body::Bytes| {
        let (kept, answer) = (kept.clone(), answer.clone());
        async move {
            let kind = headers.get("content-type").unwrap().to_str().unwrap().to_owned();
            kept.lock().unwrap().push((uri.to_string(), kind, body.to_vec()));
            let is_file = uri.path().ends_with("/upload_media");
            let fine = json!({ "errcode": 0, "errmsg": "ok" });
            if is_file { answer.to_string() } else { fine.to_string() }
        }
    };
    let app = Router::new().fallback(take);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (handed, address)
}

fn digest(dir: &std::path::Path, names: &[&str]) -> Message {
    let files = names.iter().map(|name| json!({ "name": name, "path": dir.join(name) }));
    let files = files.collect::<Vec<_>>();
    let kind = MessageKind::Digest;
    Message { key: "digest:daily".into(), kind, data: json!({ "files": files }), ..message(1) }
}

#[tokio::test]
async fn a_digest_comes_to_a_wecom_group_with_its_word_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("舆情日报.docx"), b"PK the digest").unwrap();
    std::fs::write(dir.path().join("舆情日报.html"), "<p>").unwrap();
    let message = digest(dir.path(), &["舆情日报.html", "舆情日报.docx"]);
    let fine = json!({ "errcode": 0, "errmsg": "ok", "type": "file", "media_id": "MEDIA-1" });
    let (handed, address) = file_house(fine).await;
    let wecom = robot(Brand::Wecom, address, None, RobotStyle::Rich);
    let labels = wecom.parts(&message).into_iter().map(|part| part.label).collect::<Vec<_>>();
    assert_eq!(labels, ["1/1", "file 1"], "the Word file alone, after the summary");
    assert!(sent(&wecom, &message).await.iter().all(Result::is_ok));
    let handed = handed.lock().unwrap();
    let paths = handed.iter().map(|(path, ..)| path.split('?').next().unwrap()).collect::<Vec<_>>();
    let base = "/cgi-bin/webhook";
    assert_eq!(
        paths,
        [format!("{base}/send"), format!("{base}/upload_media"), format!("{base}/send")]
    );
    assert!(handed[1].0.contains("key=KEY-0123456789") && handed[1].0.ends_with("&type=file"));
    let form = String::from_utf8_lossy(&handed[1].2);
    assert!(handed[1].1.starts_with("multipart/form-data; boundary="), "{}", handed[1].1);
    assert!(
        form.contains("filename=\"舆情日报.docx\"") && form.contains("PK the digest"),
        "{form}"
    );
    let said: Value = serde_json::from_slice(&handed[2].2).unwrap();
    assert_eq!(said, json!({ "msgtype": "file", "file": { "media_id": "MEDIA-1" } }));
    // The other houses' robots take none.
    for brand in [Brand::Dingtalk, Brand::Feishu] {
        assert_eq!(robot(brand, address, None, RobotStyle::Rich).parts(&message).len(), 1);
    }
}

#[tokio::test]
async fn a_file_that_is_gone_or_too_small_is_left_out_and_one_refused_says_why() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.txt"), b"1234").unwrap();
    let (handed, address) = file_house(json!({ "errcode": 45009, "errmsg": "freq limit" })).await;
    let wecom = robot(Brand::Wecom, address, None, RobotStyle::Rich);
    let told = sent(&wecom, &digest(dir.path(), &["a.txt", "gone.docx.txt"])).await;
    assert!(told.iter().all(Result::is_ok), "{told:?}");
    assert_eq!(handed.lock().unwrap().len(), 1, "the summary alone");
    std::fs::write(dir.path().join("a.txt"), b"12345").unwrap();
    let told = sent(&wecom, &digest(dir.path(), &["a.txt"])).await;
    let refusal = told[1].as_ref().unwrap_err();
    assert!(refusal.wait.is_some() && !refusal.said.contains("KEY-0123456789"), "{refusal:?}");
    let (_, address) = file_house(json!({ "errcode": 0, "errmsg": "ok" })).await;
    let wecom = robot(Brand::Wecom, address, None, RobotStyle::Rich);
    assert!(sent(&wecom, &digest(dir.path(), &["a.txt"])).await[1].is_err(), "no id, no file");
}
