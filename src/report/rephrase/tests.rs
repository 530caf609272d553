//! A model that invents: true sentences stand, all others are dropped, each for its reason.

use pipelines::locale::Lang;

use super::super::digest::Quote;
use super::super::paper::{Head, plain as words};
use super::*;

fn quote(text: &str, post: usize) -> Quote {
    Quote { text: text.into(), post, source: "某报".into() }
}

fn paper() -> Paper {
    let said = |text: &str| Run::Text(text.to_owned());
    let body = vec![
        Block::Heading(1, vec![said("一、要情")]),
        Block::Para(vec![
            said("青岚沟煤矿："),
            Run::Title(quote("青岚沟煤矿发生顶板事故两人轻伤 县应急局：网传“三人遇难”不实", 1)),
            said("，至本期末共11条、8家。"),
        ]),
        Block::Para(vec![
            said("县应急局确认："),
            Run::Quote(quote("当班入井211人全部升井，未造成次生灾害", 2)),
            said("；在办工单1件：待分管领导秦川审批，限11月29日02:08前答复"),
            Run::Mark(3),
            said("。"),
        ]),
        Block::Para(vec![
            said("正面报道：岱宁日报，"),
            Run::Quote(quote("救护大队转移了43名村民", 4)),
            said("。"),
        ]),
        Block::Heading(1, vec![said("二、重点事件")]),
        Block::Para(vec![Run::Quote(quote("正文里的另一句话", 5))]),
    ];
    Paper {
        lang: Lang::Zh,
        title: "日报".into(),
        head: Head::default(),
        body,
        sent: Vec::new(),
        made: String::new(),
        made_at: String::new(),
        appendix_title: String::new(),
        appendix: Vec::new(),
    }
}

#[test]
fn only_the_opening_is_given_and_each_fact_with_its_number() {
    let (task, facts) = question(&paper()).unwrap();
    assert!(!task.is_empty() && !task.contains("digest."));
    assert_eq!(facts.lines().count(), 3);
    assert!(facts.contains("43名村民[4]") && !facts.contains("另一句话"), "{facts}");
}

fn check(sentence: &str, expected: Option<Dropped>) {
    let sifted = sifted(&paper(), sentence);
    assert_eq!(sifted.kept.len() + sifted.dropped.len(), 1, "{sentence}");
    assert_eq!(sifted.dropped.first().map(|(_, why)| *why), expected, "{sentence}");
}

#[test]
fn true_sentences_are_kept() {
    for sentence in [
        "青岚沟煤矿发生顶板事故两人轻伤，网传“三人遇难”不实[1]。",
        "当班入井211人全部升井，未造成次生灾害。[2]",
        "救护大队转移了43名村民[4]。",
        "待分管领导秦川审批，限11月29日02:08前答复[3]。",
    ] {
        check(sentence, None);
    }
}

#[test]
fn what_is_unmarked_foreign_or_altered_is_dropped() {
    use Dropped::{Altered, Foreign, Unmarked};
    for (sentence, why) in [
        ("青岚沟煤矿发生顶板事故两人轻伤，网传三人遇难不实。", Unmarked),
        ("集团高度重视，第一时间妥善处置。", Unmarked),
        ("救护大队转移了43名村民[9]。", Foreign),
        ("正文里的另一句话[5]。", Foreign),
        // True, and marked with a post that does not say it.
        ("救护大队转移了43名村民[2]。", Altered),
        // A figure, a name, a turn that is not there.
        ("救护大队转移了48名村民[4]。", Altered),
        ("救护大队转移了3名村民[4]。", Altered),
        ("白石峪煤矿发生顶板事故两人轻伤，网传三人遇难不实[1]。", Altered),
        ("三人遇难[1]。", Altered),
        ("青岚沟煤矿发生顶板事故三人遇难，网传两人轻伤不实[1]。", Altered),
        ("当班入井211人全部升井，造成次生灾害[2]。", Altered),
        ("当班入井11人全部升井，未造成次生灾害[2]。", Altered),
        ("待分管领导秦川审批，限11月30日02:08前答复[3]。", Altered),
        ("待分管领导陆平审批，限11月29日02:08前答复[3]。", Altered),
        // Each piece is there, and in another order it says something else.
        ("43名村民转移了救护大队[4]。", Altered),
    ] {
        check(sentence, Some(why));
    }
}

#[test]
fn what_is_dropped_is_shown_and_none_of_it_stands_on_the_page() {
    let mut paper = paper();
    let answer = "救护大队转移了43名村民[4]。三人遇难[1]。集团高度重视。转移了43名村民[77]。";
    let sifted = sifted(&paper, answer);
    paper.take_in(&sifted);
    let said: Vec<String> = paper
        .body
        .iter()
        .filter_map(|block| match block {
            Block::Para(runs) | Block::Note(runs) => Some(words(runs)),
            _ => None,
        })
        .collect();
    let all = said.concat();
    assert!(said[3].ends_with("救护大队转移了43名村民。[4]"), "{said:?}");
    assert!(!all.contains("高度重视") && !all.contains("三人遇难[1]") && !all.contains("[77]"));
    assert!(said[4].contains('4') && said[4].contains('1'), "{said:?}");
    paper.without_words("超时");
    assert!(
        paper.body.iter().any(|b| matches!(b, Block::Note(runs) if words(runs).contains("超时")))
    );
}

#[test]
fn any_answer_is_read_without_a_fault() {
    for answer in [
        "",
        "[",
        "[1",
        "[]",
        "[x]",
        "[999999999999999999999]",
        "。。。",
        "[1][2]",
        "\u{1}\u{202e}",
        "a.b.c",
    ] {
        let sifted = sifted(&paper(), answer);
        assert!(sifted.kept.is_empty(), "{answer}");
    }
}
