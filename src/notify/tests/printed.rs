//! The message of each way for three alerts and a digest, as it goes out: `printed.txt` beside this file, to be looked at.
//!
//! `UPDATE_GOLDEN=1 cargo test --lib printed` writes it anew.

use std::fmt::Write as _;

use super::super::about::About;
use super::super::items::items;
use super::super::mail::letter;
use super::super::robot::{Brand, Robot};
use super::*;
use crate::config::{RobotStyle, Secret};

fn rule(id: &str, name: &str, query: &str, kind: RuleKind, severity: Severity) -> RuleConfig {
    RuleConfig {
        id: id.into(),
        name: name.into(),
        enabled: true,
        query: query.into(),
        kind,
        severity,
        merge_hours: 24,
        notify: Vec::new(),
        examples: Vec::new(),
    }
}

fn fired(rule: &RuleConfig, measured: f64, posts: &[DigestPost]) -> Alert {
    let evidence = posts.iter().map(|post| Evidence { post: post.id, spans: Vec::new() });
    Alert {
        key: format!("{}:2026-11-22", rule.id),
        rule: rule.id.clone(),
        story: None,
        window_start: now() - chrono::Duration::days(1),
        fired_at: now(),
        measured,
        threshold: 3.0,
        evidence: evidence.collect(),
        because: None,
        told: Default::default(),
        severity: rule.severity,
        state: AlertState::Open,
    }
}

/// An accident that an office has answered: everything is known of it.
fn accident() -> Message {
    let posts = [
        post("县应急管理局：青岚沟煤矿冒顶两人轻伤，无人被困", "https://www.example.com/gov/1"),
        post("听说青岚沟埋了三个人？", "https://bbs.example.com/t/7"),
        post("青岚沟煤矿凌晨冒顶，救护车进出", "https://news.example.com/a/3"),
    ];
    let query = "subject:qinglangou (冒顶 | 遇难)";
    let rule = rule("accident", "事故", query, RuleKind::Any, Severity::Major);
    let about = About {
        number: Some(42),
        link: Some("https://desk.example.com/alerts/42".into()),
        units: vec!["青岚沟煤矿".into()],
        first: Some(("霁河论坛".into(), now(), "听说青岚沟凌晨埋了三个人，矿上不让说。".into())),
        posts: 9,
        outlets: 5,
        channels: vec![(Channel::Forum, 6), (Channel::News, 3)],
        days: (7, 2),
        answers: vec![("青岚沟煤矿冒顶两人轻伤，无人被困".into(), "县应急管理局".into(), now())],
        verdict: vec!["负面".into(), "事故传言".into()],
        risk: (82, Some("安全生产 +30".into())),
        until: Some(now() + chrono::Duration::hours(1)),
    };
    let notice = AlertNotice {
        alert: &fired(&rule, 9.0, &posts),
        rule: Some(&rule),
        query_in_words: None,
        evidence: &posts,
        about: Some(&about),
        again: Some(Growth::Answered),
        zone: chrono_tz::Asia::Shanghai,
        lang: Lang::Zh,
    };
    alert_message("alert:accident:1".into(), &notice)
}

/// A rule without any post: a source or a word fell silent.
fn silence() -> Message {
    let kind = RuleKind::Flatline { window_minutes: 2880 };
    let rule = rule("silent", "官方发布停更", "site:gov.example.com", kind, Severity::Ordinary);
    let notice = AlertNotice {
        alert: &fired(&rule, 0.0, &[]),
        rule: Some(&rule),
        query_in_words: None,
        evidence: &[],
        about: None,
        again: None,
        zone: chrono_tz::Asia::Shanghai,
        lang: Lang::Zh,
    };
    alert_message("alert:silent:1".into(), &notice)
}

fn digest() -> Message {
    let markdown = "# 舆情日报\n\n## 要点\n\n1. 青岚沟煤矿冒顶两人轻伤，无人被困，县应急管理局已说明。[1]\n\
                    2. 运输分公司司机反映拖欠工资，工单 2026-0002 正在办理。[2]\n\n## 详情\n\n略。\n";
    let notice = DigestNotice {
        title: "云岭矿业集团舆情日报（2026年11月22日）",
        place: "digests/daily-2026-11-22.docx",
        markdown,
        summary_heading: "要点",
        files: Vec::new(),
        lang: Lang::Zh,
    };
    digest_message("digest:daily:2026-11-22".into(), &notice)
}

fn robot(brand: Brand, style: RobotStyle) -> Robot {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("url");
    std::fs::write(&file, "https://robot.example.com/send?key=KEY-0123456789").unwrap();
    let url = Secret::read(None, Some(&file)).unwrap().unwrap();
    Robot::new(brand, &url, None, None, style, Duration::from_secs(1)).unwrap()
}

#[test]
fn each_way_says_what_is_printed() {
    let messages = [accident(), message(), silence(), digest()];
    let ways = [
        ("企业微信", Brand::Wecom, RobotStyle::Rich),
        ("企业微信，纯文本", Brand::Wecom, RobotStyle::Text),
        ("钉钉", Brand::Dingtalk, RobotStyle::Rich),
        ("飞书", Brand::Feishu, RobotStyle::Rich),
    ];
    let mut written = String::new();
    for message in &messages {
        writeln!(written, "==== {}", message.key).unwrap();
        for (name, brand, style) in ways {
            for part in robot(brand, style).parts(message) {
                let body = serde_json::to_string_pretty(&part.body).unwrap();
                // As a reader sees it, and not as JSON writes a line's end.
                let body = body.replace("\\n", "\n    ");
                writeln!(written, "-- {name} {}\n{body}\n", part.label).unwrap();
            }
        }
        let mail = letter::plain(&message.title, &items(&message.body_markdown, &message.title));
        writeln!(written, "-- 邮件\n{}\n", mail.replace("\r\n", "\n")).unwrap();
        writeln!(written, "-- webhook、文件、日志\n{}\n", message.json()).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/notify/tests/printed.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &written).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    for (was, is) in golden.lines().zip(written.lines()) {
        assert_eq!(was, is, "run with UPDATE_GOLDEN=1 if the new words are meant");
    }
    assert_eq!(golden.lines().count(), written.lines().count());
    assert!(!written.contains("KEY-0123456789"), "no key stands in a message");
}
