//! Risk from 0 to 100 from its named parts, and the severity it suggests. **This file is the formula.**
//!
//! In: what was judged of a post, and how fast its story spreads. Out: [`Risk`] with its parts. The formula
//! stands at [`assess`], the grades of severity at [`severity`]. The weights are set by hand so that one bad
//! post on a small board stays below 40 and a death at one of our units on a national medium passes 70; the
//! tests pin these. It never looks at who wrote a post.

use crate::locale::Lang;
use crate::record::{
    Channel, Mention, Polarity, PolarityVerdict, Post, Risk, RiskPart, Severity, TopicHit, Trust,
};

use super::quantities::QuantityKind;

/// Points of a topic for risk, and the name it is shown by.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicWeight {
    /// From config, -20 to 40.
    pub points: f32,
    /// As shown in Chinese.
    pub name: String,
    /// As shown in English.
    pub name_en: String,
    /// The first part of its id.
    pub branch: String,
}

/// A number read from the text, with the words it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// What it counts.
    pub kind: QuantityKind,
    /// People or yuan.
    pub value: u64,
    /// The words of the original.
    pub words: String,
}

/// All that risk is computed from.
pub struct RiskInput<'a> {
    /// The post: channel and trust.
    pub post: &'a Post,
    /// Of the post as a whole.
    pub polarity: &'a PolarityVerdict,
    /// Of each subject spoken of.
    pub mentions: &'a [Mention],
    /// Its classes with their weights.
    pub topics: &'a [(&'a TopicHit, &'a TopicWeight)],
    /// People and money named.
    pub counted: &'a [Counted],
    /// Posts of its story in the last 24 hours, itself included; 1 where unknown.
    pub story_posts: u32,
}

const RELEVANCE_WITHOUT_SUBJECT: f32 = 0.2;
const FULL_BADNESS: f32 = 40.0;

/// Judges risk.
///
/// | part | points |
/// |---|---|
/// | `polarity` | negative about us: 30 × confidence; positive: −15 × confidence; of several subjects the worst counts |
/// | `topic` | the heaviest class (config: −20 … 40) × its confidence, plus half of the next in another branch, at most 40; halved where nothing bad is said of us |
/// | `casualties` | with h = dead + ½ (missing + trapped) + ⅒ injured: 12 + 8 log₂(1 + h), at most 40 |
/// | `money` | 4 log₁₀(yuan ÷ 10,000) for what is owed, fined or lost, 0 … 15 |
/// | `reach` | (trust: low 3, normal 6, high 10) × (channel: 0.6 … 1) × badness |
/// | `speed` | 3 log₂(posts of the story in the last 24 hours), at most 15, × badness |
///
/// *Badness* is what polarity, topic, casualties and money sum to, over 40, within 0 … 1: good news that
/// travels far is no risk. A post that names no subject counts a fifth of all that.
#[must_use]
pub fn assess(input: &RiskInput<'_>) -> Risk {
    let mut parts = vec![polarity_part(input)];
    parts.push(topic_part(input, parts[0].points > 0.0));
    parts.push(casualties_part(input.counted));
    parts.push(money_part(input.counted));
    let badness = (parts.iter().map(|p| p.points).sum::<f32>() / FULL_BADNESS).clamp(0.0, 1.0);
    parts.push(reach_part(input.post, badness));
    parts.push(speed_part(input.story_posts, badness));
    if input.mentions.is_empty() {
        for part in &mut parts {
            part.points *= RELEVANCE_WITHOUT_SUBJECT;
        }
    }
    for part in &mut parts {
        part.points = (part.points * 10.0).round() / 10.0;
    }
    parts.retain(|part| part.points != 0.0);
    parts.sort_by(|a, b| b.points.total_cmp(&a.points).then_with(|| a.name.cmp(&b.name)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let score = parts.iter().map(|p| p.points).sum::<f32>().round().clamp(0.0, 100.0) as u8;
    let severity = severity(score, input.counted, !input.mentions.is_empty()).0;
    Risk { score, parts, severity }
}

/// Why a severity is suggested.
#[derive(Clone, Debug, PartialEq)]
pub enum SeverityReason {
    /// Casualties or losses reach a grade of the national rule; the words they were read from.
    Grade(Vec<String>),
    /// The score passes a mark.
    Score(u8),
    /// No monitored subject is named.
    NoSubject,
    /// Nothing reaches a mark.
    Low,
}

/// The severity suggested, and why.
///
/// It follows 生产安全事故报告和调查处理条例 (State Council order 493, article 3) where people or money are
/// named: Ⅰ from 30 dead, 100 gravely hurt or 100 million yuan lost; Ⅱ from 10, 50, 50 million; Ⅲ from 3, 10,
/// 10 million. Who is missing or trapped counts as half a death until known. Else, and if higher, the score
/// decides: Ⅲ from 60, Ⅱ from 80. No subject named: always Ⅳ.
#[must_use]
pub fn severity(score: u8, counted: &[Counted], names_subject: bool) -> (Severity, SeverityReason) {
    if !names_subject {
        return (Severity::Ordinary, SeverityReason::NoSubject);
    }
    let by_score = match score {
        80.. => Severity::Major,
        60.. => Severity::Serious,
        _ => Severity::Ordinary,
    };
    let by_grade = national_grade(counted);
    if by_grade >= by_score && by_grade > Severity::Ordinary {
        let words = counted.iter().filter(|c| counts_for_grade(c.kind)).map(|c| c.words.clone());
        return (by_grade, SeverityReason::Grade(words.collect()));
    }
    match by_score {
        Severity::Ordinary => (by_score, SeverityReason::Low),
        _ => (by_score, SeverityReason::Score(score)),
    }
}

fn counts_for_grade(kind: QuantityKind) -> bool {
    kind.counts_people() || kind == QuantityKind::Lost
}

/// The grade of the national rule. What a number of trapped becomes is not known: half are counted as dead.
fn national_grade(counted: &[Counted]) -> Severity {
    let dead = largest(counted, QuantityKind::Dead)
        + (largest(counted, QuantityKind::Missing) + largest(counted, QuantityKind::Trapped)) * 0.5;
    let hurt = largest(counted, QuantityKind::Injured);
    let lost = largest(counted, QuantityKind::Lost);
    let reaches = |d: f64, h: f64, l: f64| dead >= d || hurt >= h || lost >= l;
    if reaches(30.0, 100.0, 1e8) {
        Severity::Critical
    } else if reaches(10.0, 50.0, 5e7) {
        Severity::Major
    } else if reaches(3.0, 10.0, 1e7) {
        Severity::Serious
    } else {
        Severity::Ordinary
    }
}

/// The largest number of a kind: the same dead are named more than once in a text.
fn largest(counted: &[Counted], kind: QuantityKind) -> f64 {
    counted.iter().filter(|c| c.kind == kind).map(|c| c.value as f64).fold(0.0, f64::max)
}

fn part(name: &str, points: f32, from: String) -> RiskPart {
    RiskPart { name: name.to_owned(), points, from }
}

fn polarity_part(input: &RiskInput<'_>) -> RiskPart {
    let about_us = input.mentions.iter().map(|m| &m.polarity);
    let worst = about_us.max_by(|a, b| points_of(a).total_cmp(&points_of(b)));
    let verdict = worst.unwrap_or(input.polarity);
    let name = Lang::Zh.text(&format!("record.polarity.{}", verdict.polarity.as_str()));
    part("polarity", points_of(verdict), format!("{name} {:.2}", verdict.confidence))
}

fn points_of(verdict: &PolarityVerdict) -> f32 {
    match verdict.polarity {
        Polarity::Negative => 30.0 * verdict.confidence,
        Polarity::Neutral => 0.0,
        Polarity::Positive => -15.0 * verdict.confidence,
    }
}

fn topic_part(input: &RiskInput<'_>, is_bad_about_us: bool) -> RiskPart {
    let mut heavy: Vec<(f32, &TopicWeight)> = input
        .topics
        .iter()
        .map(|(hit, weight)| (weight.points * hit.confidence, *weight))
        .filter(|(points, _)| *points != 0.0)
        .collect();
    heavy.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let Some(&(first, weight)) = heavy.first() else { return part("topic", 0.0, String::new()) };
    let mut names = vec![weight.name.as_str()];
    let mut points = first;
    if first > 0.0
        && let Some((second, other)) =
            heavy.iter().skip(1).find(|(p, w)| *p > 0.0 && w.branch != weight.branch)
    {
        points += second / 2.0;
        names.push(&other.name);
    }
    if points > 0.0 && !is_bad_about_us {
        points /= 2.0;
    }
    part("topic", points.min(40.0), names.join("、"))
}

fn words_of(counted: &[Counted], wanted: impl Fn(QuantityKind) -> bool) -> String {
    let mut words: Vec<&str> = Vec::new();
    for c in counted.iter().filter(|c| wanted(c.kind)) {
        if !words.contains(&c.words.as_str()) {
            words.push(&c.words);
        }
    }
    words.join("、")
}

#[expect(clippy::cast_possible_truncation, reason = "points need no more than f32")]
fn casualties_part(counted: &[Counted]) -> RiskPart {
    let harm = largest(counted, QuantityKind::Dead)
        + (largest(counted, QuantityKind::Missing) + largest(counted, QuantityKind::Trapped)) * 0.5
        + largest(counted, QuantityKind::Injured) * 0.1;
    let points = if harm > 0.0 { (12.0 + 8.0 * (1.0 + harm).log2()).min(40.0) } else { 0.0 };
    part("casualties", points as f32, words_of(counted, QuantityKind::counts_people))
}

#[expect(clippy::cast_possible_truncation, reason = "points need no more than f32")]
fn money_part(counted: &[Counted]) -> RiskPart {
    let yuan = counted
        .iter()
        .filter(|c| !c.kind.counts_people())
        .map(|c| c.value as f64)
        .fold(1.0, f64::max);
    let points = (4.0 * (yuan / 1e4).log10()).clamp(0.0, 15.0);
    part("money", points as f32, words_of(counted, |kind| !kind.counts_people()))
}

fn reach_part(post: &Post, badness: f32) -> RiskPart {
    let trust = match post.trust {
        Trust::Low => 3.0,
        Trust::Normal => 6.0,
        Trust::High => 10.0,
    };
    let channel = match post.channel {
        Channel::News | Channel::Gov | Channel::Weibo | Channel::Video => 1.0,
        Channel::Wechat => 0.8,
        Channel::Forum | Channel::Qa | Channel::Blog | Channel::Other => 0.6,
    };
    let name = Lang::Zh.text(&format!("record.channel.{}", post.channel.as_str()));
    part("reach", trust * channel * badness, name)
}

fn speed_part(story_posts: u32, badness: f32) -> RiskPart {
    #[expect(clippy::cast_precision_loss, reason = "a story has fewer than 16 million posts")]
    let posts = story_posts.max(1) as f32;
    part("speed", (3.0 * posts.log2()).min(15.0) * badness, story_posts.to_string())
}

#[cfg(test)]
mod tests {
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
            mentions: if case.named { std::slice::from_ref(&mention) } else { &[] },
            topics: &topics,
            counted: &counted,
            story_posts: case.story_posts,
        })
    }

    fn hit((points, branch): &(f32, &'static str)) -> (TopicHit, TopicWeight) {
        let hit = TopicHit { topic: (*branch).into(), confidence: 1.0, basis: Vec::new() };
        let name = (*branch).to_owned();
        let weight =
            TopicWeight { points: *points, name_en: name.clone(), branch: name.clone(), name };
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
        for (dead, severity) in
            [(9, Severity::Major), (10, Severity::Major), (30, Severity::Critical)]
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
}
