//! Risk from 0 to 100 from its named parts, and the severity it suggests. **This file is the formula.**
//!
//! In: what was judged of a post, and how fast its story spreads. Out: [`Risk`] with its parts. The formula
//! stands at [`assess`], the grades of severity at [`severity`]. The weights are set by hand so that one bad
//! post on a small board stays below 40 and a death at one of our units on a national medium passes 70; the
//! tests pin these. It never looks at who wrote a post.

use crate::locale::Lang;
use crate::record::{
    Channel, Filing, Mention, Polarity, PolarityVerdict, Post, PostKind, Risk, RiskPart, Severity,
    TopicHit, Trust,
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
    /// Its kind and urgency, where they are judged.
    pub filing: Option<&'a Filing>,
    /// Of each subject spoken of.
    pub mentions: &'a [Mention],
    /// Its classes with their weights.
    pub topics: &'a [(&'a TopicHit, &'a TopicWeight)],
    /// People and money named.
    pub counted: &'a [Counted],
    /// It takes back a number of dead, missing or trapped that was rumoured, and states none.
    pub refutes: bool,
    /// Posts of its story in the last 24 hours, itself included; 1 where unknown.
    pub story_posts: u32,
}

impl RiskInput<'_> {
    /// Whether it answers what was said: an official response, or a report that a rumoured toll is untrue. Who complains or
    /// spreads a rumour refutes nothing, and a kind that is in doubt lowers nothing.
    fn is_answer(&self) -> bool {
        self.filing.is_some_and(|filing| match filing.kind {
            PostKind::Response => filing.other_kind.is_none(),
            PostKind::Grievance | PostKind::Rumour | PostKind::Question => false,
            _ => self.refutes,
        })
    }
}

/// What a post that names no subject counts: where its urgency is judged, and where it is not.
const WITHOUT_SUBJECT: f32 = 0.3;
const WITHOUT_SUBJECT_OR_URGENCY: f32 = 0.2;
const FULL_BADNESS: f32 = 40.0;
/// Chances of having to act today from which urgency counts, and from which all but its last points are given: a complaint told in
/// other words has another chance, mostly above the second, and is equally grave (`tests/eval/equal.rs`, where the
/// widest of ten lay 31 points apart while the points rose up to 0.55).
const ACT_FROM: f32 = 0.1;
const ACT_FULLY: f32 = 0.26;
/// Points by then, and those that rise with the chance all the way, so that the gravest still come first.
const ACT: f32 = 38.0;
const ACT_BEYOND: f32 = 6.0;
/// Points where the leader must be told, and the chance of it from which they count: below, it tells styles apart.
const LEADER: f32 = 15.0;
const LEADER_FROM: f32 = 0.6;
/// Confidence from which a polarity counts in full where urgency is judged.
const SURE: f32 = 0.6;
/// What is told of people in an answer, a refutation or thanks is no new harm; who thanks asks nobody to act.
const ANSWERED: f32 = 0.3;
/// An answer or refutation is graver than nothing and less grave than what it answers.
const OF_ANSWER: f32 = 0.55;

/// Judges risk.
///
/// | part | points |
/// |---|---|
/// | `urgency` | by the chance that somebody must act today: 38 × *act*, which grows as a square from 0 at 0.1 to 1 at 0.26, plus 6 × the chance; plus up to 15 as the chance that the leader must be told grows from 0.6 to 1; 0.55 of it, and of the topic, in answers and in reports that a rumoured toll is untrue, three tenths in thanks |
/// | `polarity` | negative about us: 6, in proportion where its confidence is below 0.6; positive: −15 × confidence; of several subjects the worst counts |
/// | `topic` | two fifths of: the heaviest class (config: −20 … 40) × its confidence, plus half of the next in another branch, at most 40; halved where nothing bad is said of us; of what speaks for risk only what *act* leaves open |
/// | `casualties` | with h = dead + ½ (missing + trapped) + ⅒ injured: 12 + 8 log₂(1 + h), at most 40; three tenths of it in answers and praise |
/// | `money` | 4 log₁₀(yuan ÷ 10,000) for what is owed, fined or lost, 0 … 15; half of it where urgency is judged |
/// | `reach` | (trust: low 3, normal 6, high 10) × (channel: 0.6 … 1) × badness |
/// | `speed` | 3 log₂(posts of the story in the last 24 hours), at most 15, × badness |
///
/// *Badness* is what the parts before it sum to, over 40, within 0 … 1: good news that travels far is no risk. A
/// post that names no subject counts three tenths of all that. Where no model judges urgency, polarity counts
/// 30 × confidence, topics in full, and a post without a subject a fifth.
#[must_use]
pub fn assess(input: &RiskInput<'_>) -> Risk {
    let mut parts = vec![urgency_part(input), polarity_part(input)];
    let is_bad = input.filing.map_or(parts[1].points, |filing| filing.today - 0.5) > 0.0;
    parts.push(topic_part(input, is_bad));
    parts.push(casualties_part(input));
    parts.push(money_part(input));
    let badness = (parts.iter().map(|p| p.points).sum::<f32>() / FULL_BADNESS).clamp(0.0, 1.0);
    parts.push(reach_part(input.post, badness));
    parts.push(speed_part(input.story_posts, badness));
    if input.mentions.is_empty() {
        let left =
            if input.filing.is_some() { WITHOUT_SUBJECT } else { WITHOUT_SUBJECT_OR_URGENCY };
        parts.iter_mut().for_each(|part| part.points *= left);
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

fn urgency_part(input: &RiskInput<'_>) -> RiskPart {
    let Some(filing) = input.filing else { return part("urgency", 0.0, String::new()) };
    let leader = ((filing.leader - LEADER_FROM) / (1.0 - LEADER_FROM)).max(0.0);
    let points = ACT * act(filing) + ACT_BEYOND * filing.today + LEADER * leader;
    let from = format!("{:.0}%", filing.today * 100.0);
    let share = match filing.kind {
        PostKind::Praise if filing.other_kind.is_none() => ANSWERED,
        _ if input.is_answer() => OF_ANSWER,
        _ => 1.0,
    };
    part("urgency", points * share, from)
}

/// How much of what an act is worth is given: 0 … 1.
fn act(filing: &Filing) -> f32 {
    ((filing.today - ACT_FROM) / (ACT_FULLY - ACT_FROM)).clamp(0.0, 1.0).powi(2)
}

fn polarity_part(input: &RiskInput<'_>) -> RiskPart {
    let points_of = |verdict: &PolarityVerdict| match verdict.polarity {
        Polarity::Negative if input.filing.is_some() => 6.0 * (verdict.confidence / SURE).min(1.0),
        Polarity::Negative => 30.0 * verdict.confidence,
        Polarity::Neutral => 0.0,
        Polarity::Positive => -15.0 * verdict.confidence,
    };
    let about_us = input.mentions.iter().map(|m| &m.polarity);
    let worst = about_us.max_by(|a, b| points_of(a).total_cmp(&points_of(b)));
    let verdict = worst.unwrap_or(input.polarity);
    let name = Lang::Zh.text(&format!("record.polarity.{}", verdict.polarity.as_str()));
    part("polarity", points_of(verdict), format!("{name} {:.2}", verdict.confidence))
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
    let answered = if input.is_answer() { OF_ANSWER } else { 1.0 };
    let share = match input.filing {
        // Which class a complaint falls into hangs on its words; once it has to be acted on, the class adds nothing.
        Some(filing) if points > 0.0 => 0.4 * answered * (1.0 - act(filing)),
        Some(_) => 0.4 * answered,
        None => 1.0,
    };
    part("topic", points.min(40.0) * share, names.join("、"))
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
fn casualties_part(input: &RiskInput<'_>) -> RiskPart {
    let counted = input.counted;
    let answered = input.is_answer()
        || matches!(input.filing.map(|f| f.kind), Some(PostKind::Praise | PostKind::Achievement));
    let harm = largest(counted, QuantityKind::Dead)
        + (largest(counted, QuantityKind::Missing) + largest(counted, QuantityKind::Trapped)) * 0.5
        + largest(counted, QuantityKind::Injured) * 0.1;
    let points = if harm > 0.0 { (12.0 + 8.0 * (1.0 + harm).log2()).min(40.0) } else { 0.0 };
    let share = if answered { ANSWERED } else { 1.0 };
    part("casualties", points as f32 * share, words_of(counted, QuantityKind::counts_people))
}

#[expect(clippy::cast_possible_truncation, reason = "points need no more than f32")]
fn money_part(input: &RiskInput<'_>) -> RiskPart {
    let counted = input.counted;
    let yuan = counted
        .iter()
        .filter(|c| !c.kind.counts_people())
        .map(|c| c.value as f64)
        .fold(1.0, f64::max);
    let points = (4.0 * (yuan / 1e4).log10()).clamp(0.0, 15.0);
    let share = if input.filing.is_some() { 0.5 } else { 1.0 };
    part("money", points as f32 * share, words_of(counted, |kind| !kind.counts_people()))
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

/// The posts of the story that a risk was reckoned with.
pub(super) fn story_posts(risk: &Risk) -> u32 {
    let speed = risk.parts.iter().find(|part| part.name == "speed");
    speed.and_then(|part| part.from.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests;
