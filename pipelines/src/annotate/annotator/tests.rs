//! Everything is judged, and rests on its words.

use super::super::explain::{explain, severity_reason};
use super::super::officer::{Heads, OfficerModel, log_softmax};
use super::super::sample::{post, start};
use super::*;
use crate::locale::Lang;
use crate::record::{AnnotatedPost, Polarity, Severity};

fn annotator() -> Annotator {
    let subject = |id: &str, name: &str, short: &[&str], parent: Option<&str>| Subject {
        id: id.into(),
        name: name.into(),
        short_names: short.iter().map(|s| (*s).to_owned()).collect(),
        parent: parent.map(Into::into),
        ..Subject::default()
    };
    let topic = |id: &str, query: &str, risk: f32| TopicConfig {
        id: id.into(),
        name: id.into(),
        name_en: id.into(),
        query: Some(query.to_owned()),
        labels: Vec::new(),
        risk,
        examples: Vec::new(),
    };
    let lexicon = include_str!("../../../../config/lexicons/safety.tsv");
    Annotator::load(AnnotatorConfig {
        subjects: vec![
            subject("group", "云岭矿业集团有限公司", &["云岭矿业"], None),
            subject("nanguan", "云岭矿业南关煤矿", &["南关煤矿"], Some("group")),
        ],
        topics: vec![
            topic("safety/accident", "透水|(矿工 同句 被困)", 35.0),
            topic("good/honour", "荣获", -8.0),
        ],
        lexicons: vec![("safety.tsv".into(), lexicon.into())],
        models: Vec::new(),
        deep: None,
    })
    .unwrap()
}

fn judge(title: &str, text: &str) -> AnnotatedPost {
    annotator().annotate(post("a", title, text, 0), start())
}

const FLOOD: &str = "１１月２０日，南關煤礦井下发生透水。\n12名矿工被困，云岭矿业已启动救援。";

/// Every verdict's words, as (why, word).
fn words(judged: &AnnotatedPost) -> Vec<String> {
    let mut spans: Vec<Span> = judged.mentions.iter().flat_map(|m| m.spans.clone()).collect();
    let topics = judged.topics.iter().flat_map(|t| &t.basis).map(|b| b.span);
    spans.extend(topics);
    let text = |span: Span| match span.field {
        TextField::Title => &judged.post.title,
        TextField::Body => &judged.post.text,
    };
    spans.into_iter().map(|s| text(s)[s.start as usize..s.end as usize].to_owned()).collect()
}

#[test]
fn everything_is_judged_and_rests_on_its_words() {
    let judged = judge("南关煤矿透水12人被困", FLOOD);
    let named: Vec<&str> = judged.mentions.iter().map(|m| m.subject.as_str()).collect();
    assert_eq!(named, ["group", "nanguan"]);
    let words = words(&judged);
    for word in ["云岭矿业", "南关煤矿", "南關煤礦", "透水"] {
        assert!(words.iter().any(|w| w == word), "{word} in {words:?}");
    }
    assert_eq!(judged.topics[0].topic.as_str(), "safety/accident");
    let casualties = judged.risk.parts.iter().find(|p| p.name == "casualties").unwrap();
    assert_eq!(casualties.from, "12人被困、12名矿工被困");
    assert_eq!(judged.risk.severity, Severity::Serious.max(judged.risk.severity));
    assert_eq!(judged.story, StoryId(judged.post.id));
    assert!(!judged.fingerprint.sketch.is_empty());
}

#[test]
fn a_post_about_nobody_we_watch_has_low_risk() {
    let judged = judge("外省一煤矿透水12人被困", "12名矿工被困。");
    assert!(judged.mentions.is_empty());
    assert!(judged.risk.score < 25, "{:?}", judged.risk);
    assert_eq!(judged.risk.severity, Severity::Ordinary);
}

#[test]
fn a_refutation_lowers_and_a_rescue_does_not_raise() {
    let rumour = judge("网传南关煤矿透水3人遇难", "群里说南关煤矿井下透水，3人遇难。");
    let refuted = judge("网传南关煤矿透水“3人遇难”不实", "南关煤矿井下透水，没有人员死亡。");
    assert!(refuted.risk.score < rumour.risk.score, "{:?} {:?}", refuted.risk, rumour.risk);
    let trapped = judge("南关煤矿透水", "南关煤矿井下透水，2名工人被困。");
    let rescued = judge("南关煤矿透水", "南关煤矿井下透水，2名被困工人安全升井。");
    assert!(rescued.risk.score < trapped.risk.score, "{:?} {:?}", rescued.risk, trapped.risk);
    let has_casualties = |p: &AnnotatedPost| p.risk.parts.iter().any(|p| p.name == "casualties");
    assert!(!has_casualties(&refuted) && !has_casualties(&rescued));
}

#[test]
fn a_spreading_story_raises_the_risk() {
    let judged = judge("南关煤矿透水", "南关煤矿井下发生透水");
    let annotator = annotator();
    assert_eq!(annotator.reassess(&judged, 1), judged.risk);
    assert!(annotator.reassess(&judged, 64).score >= judged.risk.score);
    assert!(annotator.reassess(&judged, 64).parts.iter().any(|p| p.name == "speed"));
}

#[test]
fn explanations_are_told_in_words_in_both_languages() {
    let judged = judge("南关煤矿透水12人被困", FLOOD);
    let told = explain(&annotator(), &judged, Lang::Zh);
    for part in ["南关煤矿", "被困 12 人", "因为出现“透水", "达到 80 分", "风险"]
    {
        assert!(told.contains(part), "{part} in:\n{told}");
    }
    let told = explain(&annotator(), &judged, Lang::En);
    for part in ["12 trapped", "because it says “透水", "reaches 80", "Risk"] {
        assert!(told.contains(part), "{part} in:\n{told}");
    }
    // A text left with a place or a key in it is a gap in the locale.
    assert!(!told.contains('{') && !told.contains("annotate."), "{told}");
    let graded = judge("南关煤矿透水致11人遇难", "南关煤矿井下透水");
    assert!(severity_reason(&graded, Lang::Zh).contains("第三条"));
    assert!(severity_reason(&judge("好天气", "今天天气不错"), Lang::Zh).contains("没有提到"));
}

/// The lexicons' score decides what becomes of one and the same reading.
#[test]
fn rules_that_speak_against_the_model_lower_the_confidence_and_are_told() {
    let file = include_bytes!("../../../../config/models/officer.gom");
    let model = OfficerModel::load("officer.gom", file).unwrap();
    let heads = Heads {
        polarity: log_softmax(&[0.0, 0.5, 1.8]),
        kind: log_softmax(&[0.0; 13]),
        urgency: log_softmax(&[0.0; 4]),
    };
    let polarity = heads.polarity().0;
    let against = if polarity == Polarity::Negative { 4.0 } else { -4.0 };
    let [silent, agreed, odds] = [0.0, -against, against].map(|lean| model.decided(&heads, lean));
    assert!(!silent.at_odds && !agreed.at_odds && odds.at_odds);
    assert_eq!((silent.polarity, odds.polarity), (polarity, polarity), "the model decides");
    assert_eq!(silent.confidence, agreed.confidence);
    assert!(odds.confidence < silent.confidence * 0.9, "{odds:?} {silent:?}");

    let mut judged = judge("南关煤矿透水12人被困", FLOOD);
    let told = |judged: &AnnotatedPost| explain(&annotator(), judged, Lang::Zh);
    let says = Lang::Zh.text("annotate.explain.at_odds");
    assert!(!told(&judged).contains(&says), "{}", told(&judged));
    judged.polarity.at_odds = true;
    assert!(told(&judged).contains(&says), "{}", told(&judged));
}

#[test]
fn empty_texts_are_judged_too() {
    let judged = judge("", "");
    assert_eq!((judged.risk.score, judged.topics.len()), (0, 0));
}

#[test]
fn one_annotator_serves_many_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&annotator());
}
