//! The formula of risk: what it gives for posts as they come, and what must not change it.

use super::super::sample::{post, verdict};
use super::*;

struct Case {
    polarity: (Polarity, f32),
    named: bool,
    topics: Vec<(f32, &'static str)>,
    counted: Vec<(QuantityKind, u64)>,
    trust: Trust,
    channel: Channel,
    story_posts: u32,
    filing: Option<Filing>,
    refutes: bool,
}

fn case(polarity: Polarity, confidence: f32) -> Case {
    Case {
        polarity: (polarity, confidence),
        named: true,
        topics: Vec::new(),
        counted: Vec::new(),
        trust: Trust::Normal,
        channel: Channel::News,
        story_posts: 1,
        filing: None,
        refutes: false,
    }
}

fn judge(case: &Case) -> Risk {
    let mut post = post("a", "", "", 0);
    (post.trust, post.channel) = (case.trust, case.channel);
    let polarity = verdict(case.polarity.0, case.polarity.1);
    let mention =
        Mention { subject: "group".into(), spans: Vec::new(), polarity: polarity.clone() };
    let hits: Vec<(TopicHit, TopicWeight)> = case.topics.iter().map(hit).collect();
    let topics: Vec<(&TopicHit, &TopicWeight)> = hits.iter().map(|(h, w)| (h, w)).collect();
    let counted: Vec<Counted> = case
        .counted
        .iter()
        .map(|&(kind, value)| Counted { kind, value, words: format!("{value}人") })
        .collect();
    assess(&RiskInput {
        post: &post,
        polarity: &polarity,
        filing: case.filing.as_ref(),
        mentions: if case.named { std::slice::from_ref(&mention) } else { &[] },
        topics: &topics,
        counted: &counted,
        refutes: case.refutes,
        story_posts: case.story_posts,
    })
}

fn hit((points, branch): &(f32, &'static str)) -> (TopicHit, TopicWeight) {
    let hit = TopicHit { topic: (*branch).into(), confidence: 1.0, basis: Vec::new() };
    let name = (*branch).to_owned();
    let weight = TopicWeight { points: *points, name_en: name.clone(), branch: name.clone(), name };
    (hit, weight)
}

/// The score lies in the range, the severity is as said, and the parts add up.
fn check(case: &Case, range: std::ops::RangeInclusive<u8>, severity: Severity) {
    let risk = judge(case);
    assert!(range.contains(&risk.score), "{risk:#?}");
    assert_eq!(risk.severity, severity, "{risk:#?}");
    let sum: f32 = risk.parts.iter().map(|p| p.points).sum();
    assert!((sum.clamp(0.0, 100.0) - f32::from(risk.score)).abs() <= 0.5, "{risk:#?}");
    assert!(risk.parts.windows(2).all(|w| w[0].points >= w[1].points));
}

#[test]
fn good_news_that_travels_far_is_no_risk() {
    let mut good = case(Polarity::Positive, 0.9);
    (good.trust, good.story_posts) = (Trust::High, 200);
    good.topics = vec![(-8.0, "good")];
    check(&good, 0..=0, Severity::Ordinary);
    check(&case(Polarity::Neutral, 0.9), 0..=0, Severity::Ordinary);
}

#[test]
fn a_grumble_on_a_small_board_stays_low() {
    let mut grumble = case(Polarity::Negative, 0.8);
    (grumble.trust, grumble.channel) = (Trust::Low, Channel::Forum);
    check(&grumble, 20..=30, Severity::Ordinary);
    grumble.topics = vec![(10.0, "labour")];
    check(&grumble, 30..=40, Severity::Ordinary);
}

#[test]
fn deaths_on_a_national_medium_are_high_and_graded_by_law() {
    let mut accident = case(Polarity::Negative, 0.9);
    accident.trust = Trust::High;
    accident.topics = vec![(35.0, "safety")];
    accident.counted = vec![(QuantityKind::Dead, 1)];
    check(&accident, 80..=100, Severity::Major);
    for (dead, severity) in [(9, Severity::Major), (10, Severity::Major), (30, Severity::Critical)]
    {
        accident.counted = vec![(QuantityKind::Dead, dead)];
        check(&accident, 90..=100, severity);
    }
}

#[test]
fn grades_follow_the_national_rule() {
    let grade = |counted: &[(QuantityKind, u64)]| {
        let counted: Vec<Counted> = counted
            .iter()
            .map(|&(kind, value)| Counted { kind, value, words: String::new() })
            .collect();
        severity(0, &counted, true).0
    };
    assert_eq!(grade(&[(QuantityKind::Dead, 2)]), Severity::Ordinary);
    assert_eq!(grade(&[(QuantityKind::Dead, 3)]), Severity::Serious);
    assert_eq!(grade(&[(QuantityKind::Trapped, 12)]), Severity::Serious);
    assert_eq!(grade(&[(QuantityKind::Injured, 50)]), Severity::Major);
    assert_eq!(grade(&[(QuantityKind::Lost, 100_000_000)]), Severity::Critical);
    assert_eq!(grade(&[(QuantityKind::Owed, 100_000_000)]), Severity::Ordinary);
    // The same dead named twice are counted once.
    let twice = [(QuantityKind::Dead, 2), (QuantityKind::Dead, 2)];
    assert_eq!(grade(&twice), Severity::Ordinary);
}

#[test]
fn without_a_subject_little_is_left() {
    let mut elsewhere = case(Polarity::Negative, 0.9);
    elsewhere.named = false;
    elsewhere.topics = vec![(35.0, "safety")];
    elsewhere.counted = vec![(QuantityKind::Dead, 30)];
    check(&elsewhere, 1..=25, Severity::Ordinary);
}

#[test]
fn money_and_speed_add_to_it() {
    let mut owed = case(Polarity::Negative, 0.7);
    owed.topics = vec![(16.0, "labour")];
    let calm = judge(&owed).score;
    owed.counted = vec![(QuantityKind::Owed, 32_000_000)];
    let with_money = judge(&owed).score;
    owed.story_posts = 40;
    let spreading = judge(&owed).score;
    assert!(calm < with_money && with_money < spreading, "{calm} {with_money} {spreading}");
}

fn filing(kind: PostKind, today: f32, leader: f32) -> Option<Filing> {
    let urgency = u8::from(today > 0.5) * 2;
    Some(Filing {
        kind,
        kind_confidence: 0.9,
        other_kind: None,
        unlayered: None,
        urgency,
        today,
        leader,
    })
}

#[test]
fn urgency_orders_and_equal_complaints_count_equally() {
    let mut complaint = case(Polarity::Negative, 0.9);
    let of = |complaint: &mut Case, today: f32| {
        complaint.filing = filing(PostKind::Grievance, today, 0.05);
        judge(complaint).score
    };
    let (told, told_otherwise) = (of(&mut complaint, 0.6), of(&mut complaint, 0.95));
    assert!(told.abs_diff(told_otherwise) <= 5, "{told} {told_otherwise}");
    assert!(of(&mut complaint, 0.3) < told);
    assert!(told >= 45, "{told}");
    complaint.polarity = (Polarity::Neutral, 0.6);
    let neutral = of(&mut complaint, 0.6);
    assert!(told - neutral <= 15, "whether it is called negative is not most of it: {neutral}");
}

#[test]
fn a_refutation_lowers_and_a_rescue_does_not_raise() {
    let mut rumour = case(Polarity::Negative, 0.8);
    rumour.topics = vec![(35.0, "safety")];
    rumour.counted = vec![(QuantityKind::Dead, 3)];
    rumour.filing = filing(PostKind::Rumour, 0.9, 0.6);
    let told = judge(&rumour).score;
    let mut refuted = rumour;
    refuted.polarity = (Polarity::Neutral, 0.8);
    refuted.filing = filing(PostKind::Response, 0.5, 0.2);
    let answered = judge(&refuted).score;
    assert!(answered + 20 < told, "{answered} {told}");
    refuted.filing = filing(PostKind::Praise, 0.2, 0.1);
    assert!(judge(&refuted).score < answered);
}

#[test]
fn a_report_that_takes_a_rumoured_toll_back_is_no_graver_than_the_rumour() {
    let mut report = case(Polarity::Negative, 0.9);
    report.topics = vec![(35.0, "safety")];
    report.filing = filing(PostKind::Accident, 0.95, 0.9);
    let told = judge(&report).score;
    report.refutes = true;
    let refuted = judge(&report).score;
    assert!(refuted + 20 < told, "{refuted} {told}");
    // Who complains that a refutation is a lie is not answered by it.
    report.filing = filing(PostKind::Grievance, 0.95, 0.9);
    assert_eq!(judge(&report).score, told);
}
