//! A digest input for tests, made from the texts of the demo sites with verdicts set by hand.
//!
//! In: nothing. Out: the same input each time. Judges nothing: a page's subjects, polarity and story follow
//! from words in its title.

use std::collections::HashMap;

use chrono::{DateTime, Duration, TimeZone, Utc};
use pipelines::record::{
    Alert, AlertState, Channel, Evidence, Polarity, PostId, RuleId, Severity, StoryId,
};
use pipelines::watch::{RuleConfig, RuleKind};

use super::cases::{CaseDue, CaseInput};
use super::input::{
    AlertInput, DigestInput, DigestPost, PeriodKind, PreviousPeriod, SourceInput, SourceOutcome,
    Tally,
};
use super::said::Said;
use crate::cases::{Clock, State};
use crate::demo::{PageText, SiteText, sites};

pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 0, 0, 0).unwrap()
}

fn age(written: &str) -> Duration {
    let (mut total, mut digits) = (0, String::new());
    for c in written.chars() {
        match c {
            'd' => total += digits.parse::<i64>().unwrap() * 1440,
            'h' => total += digits.parse::<i64>().unwrap() * 60,
            'm' => total += digits.parse::<i64>().unwrap(),
            _ => {
                digits.push(c);
                continue;
            }
        }
        digits.clear();
    }
    Duration::minutes(total)
}

fn channel(key: &str) -> Channel {
    match key {
        "gov" => Channel::Gov,
        "forum" => Channel::Forum,
        "blog" => Channel::Wechat,
        "hub" => Channel::Blog,
        _ => Channel::News,
    }
}

fn subjects(text: &str) -> Vec<&'static str> {
    [
        ("云岭矿业", "yunling"),
        ("青岚沟", "qinglangou"),
        ("选煤厂", "huaiping"),
        ("运输分公司", "transport"),
        ("霁河电厂", "jihe"),
        ("云岭化工", "chem"),
    ]
    .into_iter()
    .filter(|(word, _)| text.contains(word))
    .map(|(_, id)| id)
    .collect()
}

fn polarity(title: &str) -> Polarity {
    let has = |words: &[&str]| words.iter().any(|w| title.contains(w));
    if has(&["救护队", "表扬", "绿色", "理发", "新增", "背出", "公道"]) {
        Polarity::Positive
    } else if has(&["冒顶", "埋", "欠", "黑", "工资", "外溢", "事故"]) {
        Polarity::Negative
    } else {
        Polarity::Neutral
    }
}

fn story_of(page: &PageText) -> Option<&'static str> {
    let has = |word: &str| page.title.contains(word);
    if page.text.contains("18分钟内到达现场") {
        Some("accident")
    } else if has("欠") || has("工资") {
        Some("pay")
    } else if has("河又黑") || has("河水变黑") || has("外溢") {
        Some("river")
    } else {
        None
    }
}

fn said(page: &PageText) -> Said {
    let text = page.text.trim().replace("{d1}", "11月21日").replace("{d2}", "11月20日");
    let lead: String = text.lines().next().unwrap_or_default().chars().take(60).collect();
    let is_bad = polarity(&page.title) == Polarity::Negative;
    Said {
        grade: if is_bad { Severity::Serious } else { Severity::Ordinary },
        point: lead.clone(),
        lead,
        ..Said::default()
    }
}

fn post(site: &SiteText, page: &PageText) -> DigestPost {
    let url = format!("http://demo.invalid/{}{}", site.key, page.path);
    let at = now() - age(&page.ago);
    let names = subjects(&format!("{}{}", page.title, page.text));
    DigestPost {
        keywords: Vec::new(),
        id: PostId::of_url(&url),
        title: page.title.clone(),
        said: said(page),
        source: site.key.as_str().into(),
        source_name: site.name.clone(),
        channel: channel(&site.key),
        published_at: Some(at),
        has_time: page.path != "/zwgk/ggtz/1183.shtml",
        fetched_at: at + Duration::minutes(12),
        content_hash: PostId::of_url(&page.text).0,
        page_sha256: None,
        edited_at: None,
        gone_at: None,
        subjects: names.into_iter().map(|id| (id.into(), polarity(&page.title))).collect(),
        kind: None,
        other: None,
        topics: match story_of(page) {
            Some("accident") => vec!["safety/accident".into()],
            Some("pay") => vec!["labour/pay".into()],
            Some(_) => vec!["environment/water".into()],
            None => Vec::new(),
        },
        risk: if polarity(&page.title) == Polarity::Negative { 62 } else { 8 },
        story: StoryId(PostId::of_url(&url)),
        url,
    }
}

fn all_posts() -> Vec<DigestPost> {
    let mut made: Vec<(Option<&'static str>, DigestPost)> = Vec::new();
    for site in sites().unwrap() {
        for page in &site.pages {
            made.push((story_of(page), post(&site, page)));
        }
    }
    made.sort_by_key(|(_, p)| p.time());
    let mut firsts: HashMap<&str, PostId> = HashMap::new();
    for (story, post) in &mut made {
        if let Some(story) = story {
            let id = post.id;
            post.story = StoryId(*firsts.entry(story).or_insert(id));
        }
    }
    made.into_iter().map(|(_, post)| post).collect()
}

fn rule(id: &str, name: &str, kind: RuleKind, severity: Severity) -> RuleConfig {
    RuleConfig {
        id: id.into(),
        name: name.into(),
        enabled: true,
        query: "冒顶".into(),
        kind,
        severity,
        merge_hours: 24,
        notify: Vec::new(),
        examples: Vec::new(),
    }
}

fn alert(rule: RuleConfig, posts: &[DigestPost], topic: &str, state: AlertState) -> AlertInput {
    let mut evidence: Vec<&DigestPost> =
        posts.iter().filter(|p| p.topics.iter().any(|t| t.as_str() == topic)).collect();
    evidence.reverse();
    let (threshold, minutes) = match rule.kind {
        RuleKind::Frequency { count, window_minutes } => (f64::from(count), window_minutes),
        _ => (1.0, 1440),
    };
    let fired_at = evidence[0].time();
    AlertInput {
        alert: Alert {
            key: format!("{}:{}", rule.id, evidence[0].story),
            rule: RuleId::from(rule.id.as_str()),
            story: None,
            window_start: fired_at - Duration::minutes(i64::from(minutes)),
            fired_at,
            measured: evidence.len() as f64,
            threshold,
            evidence: evidence.iter().map(|p| Evidence { post: p.id, spans: Vec::new() }).collect(),
            because: None,
            told: Default::default(),
            severity: rule.severity,
            state,
        },
        state_since: (state != AlertState::Open).then(|| fired_at + Duration::minutes(47)),
        rule: Some(rule),
    }
}

fn sources() -> Vec<SourceInput> {
    let mut sources: Vec<SourceInput> = sites()
        .unwrap()
        .into_iter()
        .map(|site| SourceInput {
            id: site.key.as_str().into(),
            channel: channel(&site.key),
            outcome: match site.key.as_str() {
                "quiet" => {
                    SourceOutcome::Silent { since: Some(now() - Duration::days(9)), reason: None }
                }
                _ => SourceOutcome::Good,
            },
            name: site.name,
        })
        .collect();
    sources.push(SourceInput {
        id: "down".into(),
        name: "岱宁晚报电子版".into(),
        channel: Channel::News,
        outcome: SourceOutcome::Failed { reason: "HTTP 500".into() },
    });
    sources
}

fn counted() -> crate::cases::counted::Counted {
    crate::cases::counted::Counted {
        cases: 3,
        answered: 2,
        in_time: 1,
        overdue: 0,
        in_time_percent: Some(50),
        median_hours: Some(31),
        called: 2,
        satisfied: 1,
    }
}

fn cases(posts: &[DigestPost]) -> Vec<CaseInput> {
    let of = |topic: &str| -> Vec<&DigestPost> {
        posts.iter().filter(|p| p.topics.iter().any(|t| t.as_str() == topic)).collect()
    };
    let case = |number: &str, title: &str, topic: &str, state, hours: i64| CaseInput {
        number: number.to_owned(),
        title: title.to_owned(),
        state,
        grade: Severity::Major,
        unit: "青岚沟煤矿".to_owned(),
        approver: "分管领导秦川".to_owned(),
        opened: now() - Duration::hours(6),
        answered: None,
        ended: None,
        due: Some(CaseDue {
            clock: Clock::Review,
            at: now() + Duration::hours(hours),
            late_minutes: if hours < 0 { -hours * 60 } else { 0 },
            is_held: false,
        }),
        posts: of(topic).iter().map(|p| p.id).collect(),
        stories: of(topic).iter().map(|p| p.story).collect(),
    };
    vec![
        case("2026-0001", "青岚沟煤矿冒顶", "safety/accident", State::Review, 2),
        case("2026-0002", "司机反映欠薪", "labour/pay", State::InHand, -3),
    ]
}

fn alerts(posts: &[DigestPost]) -> Vec<AlertInput> {
    let pay = RuleKind::Frequency { count: 5, window_minutes: 4320 };
    vec![
        alert(
            rule("pay", "欠薪投诉集中出现", pay, Severity::Serious),
            posts,
            "labour/pay",
            AlertState::Acknowledged,
        ),
        alert(
            rule("accident", "安全事故", RuleKind::Any, Severity::Major),
            posts,
            "safety/accident",
            AlertState::Open,
        ),
        alert(
            rule("river", "污染河流", RuleKind::Any, Severity::Serious),
            posts,
            "environment/water",
            AlertState::Closed,
        ),
    ]
}

/// A day of the demo: 24 hours until 08:00 in Shanghai.
pub(super) fn input() -> DigestInput {
    let (from, to) = (now() - Duration::days(1), now());
    let all = all_posts();
    let (posts, older): (Vec<DigestPost>, Vec<DigestPost>) =
        all.iter().cloned().partition(|p| (from..to).contains(&p.time()));
    let alerts = alerts(&all);
    let evidence =
        |p: &DigestPost| alerts.iter().any(|a| a.alert.evidence.iter().any(|e| e.post == p.id));
    DigestInput {
        title: None,
        organisation: "云岭矿业集团".into(),
        period: PeriodKind::Day,
        from,
        to,
        zone: chrono_tz::Asia::Shanghai,
        generated_at: now() + Duration::minutes(3),
        other_posts: older.into_iter().filter(evidence).collect(),
        previous: Some(PreviousPeriod {
            tally: Tally { posts: 17, negative: 6, neutral: 5, positive: 6, stories: 12 },
            words: Default::default(),
        }),
        subjects: [
            ("yunling", "云岭矿业集团有限公司"),
            ("qinglangou", "青岚沟煤矿"),
            ("huaiping", "槐坪选煤厂"),
            ("transport", "运输分公司"),
            ("jihe", "霁河发电厂"),
            ("chem", "云岭化工有限公司"),
        ]
        .into_iter()
        .map(|(id, name)| (id.into(), name.to_owned()))
        .collect(),
        grievance_topics: vec!["labour".into(), "environment".into()],
        sources: Some(sources()),
        collected: posts.len() as u64,
        posts: posts.into_iter().filter(DigestPost::is_about_us).collect(),
        focus: None,
        paper: Default::default(),
        cases: cases(&all),
        grievances: vec![("运输分公司".to_owned(), counted())],
        own: None,
        elsewhere: Vec::new(),
        alerts,
        listed_posts: 500,
    }
}
