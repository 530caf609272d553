//! Polarity on lines of the domain: negation, degree, contrast, irony, emoticons, and whom it is about.

use super::*;

const WORDS: &str = "\
爆炸\tnegative\t3\tsafety\t
拖欠工资\tnegative\t3\tlabour\t
推诿\tnegative\t2\tlabour\t
好\tpositive\t2\tgeneral\t
安全\tpositive\t2\tsafety\t
感谢\tpositive\t2\tpraise\t
[赞]\tpositive\t2\temoticon\t
[怒]\tnegative\t2\temoticon\t
👍\tpositive\t2\temoticon\t
呵呵\tirony\t1\tgrammar\t
不\tnegator\t1\tgrammar\t
没有\tnegator\t1\tgrammar\t
非常\tdegree\t1.5\tgrammar\t
但是\tcontrast\t1\tgrammar\t
难道\trhetorical\t2\tgrammar\t
";

fn judge() -> PolarityJudge {
    PolarityJudge::load(&[("own.tsv".into(), WORDS.into())], &[]).unwrap()
}

fn check(title: &str, body: &str, expected: Polarity, rests_on: &[(&str, &str)]) {
    let (t, b) = (fold(title), fold(body));
    let post = FoldedPost { title, body, title_folded: &t, body_folded: &b };
    let (whole, _) = judge().judge(&post, &[]);
    assert_eq!(whole.polarity, expected, "{title} {body} {whole:?}");
    let mut words: Vec<(String, &str)> = whole
        .basis
        .iter()
        .map(|b| {
            let text = if b.span.field == TextField::Title { title } else { body };
            (b.why.clone(), &text[b.span.start as usize..b.span.end as usize])
        })
        .collect();
    words.sort();
    let expected: Vec<(String, &str)> =
        rests_on.iter().map(|(w, t)| ((*w).to_owned(), *t)).collect();
    assert_eq!(words, expected, "{title} {body}");
}

#[test]
fn the_lexicons_judge_alone_where_no_model_is() {
    use Polarity::{Negative, Neutral, Positive};
    check("", "云岭矿业三号井發生爆炸", Negative, &[("lexicon:爆炸", "爆炸")]);
    check("", "云岭矿业拖 欠\n工资", Negative, &[("lexicon:拖欠工资", "拖 欠\n工资")]);
    check("", "今天开了例会", Neutral, &[]);
    check("", "服务非常好，感谢", Positive, &[("lexicon:好", "好"), ("lexicon:感谢", "感谢")]);
}

#[test]
fn negation_contrast_irony_and_emoticons() {
    use Polarity::{Negative, Positive};
    check("", "态度不好", Negative, &[("negated:好", "好")]);
    check("", "没有爆炸", Positive, &[("negated:爆炸", "爆炸")]);
    check("", "不，好", Positive, &[("lexicon:好", "好")]);
    check("", "说的好但是推诿", Negative, &[("lexicon:好", "好"), ("lexicon:推诿", "推诿")]);
    check("", "呵呵，真好", Negative, &[("irony:好", "好")]);
    check("", "难道就这样", Negative, &[("rhetorical:难道", "难道")]);
    check("", "三号井【赞】[赞]👍", Positive, &[("emoticon:[赞]", "[赞]"), ("emoticon:👍", "👍")]);
}

#[test]
fn a_subject_is_judged_by_its_own_sentences() {
    let body = "云岭矿业拖欠工资。感谢救援队，非常好。";
    let (t, b) = (fold(""), fold(body));
    let post = FoldedPost { title: "", body, title_folded: &t, body_folded: &b };
    let span = |word: &str| {
        let start = body.find(word).unwrap();
        [Span { field: TextField::Body, start: start as u32, end: (start + word.len()) as u32 }]
    };
    let (mine, rescue) = (span("云岭矿业"), span("救援队"));
    let (_, of) = judge().judge(&post, &[&mine, &rescue]);
    assert_eq!(of[0].polarity, Polarity::Negative);
    assert_eq!(of[1].polarity, Polarity::Positive);
    assert!(of[1].basis.iter().all(|b| b.span.start as usize > body.find('。').unwrap()));
}

/// The lexicons as they ship.
fn shipped() -> Vec<(String, String)> {
    let files = [
        ("company.tsv", include_str!("../../../../config/lexicons/company.tsv")),
        ("discipline.tsv", include_str!("../../../../config/lexicons/discipline.tsv")),
        ("emoticons.tsv", include_str!("../../../../config/lexicons/emoticons.tsv")),
        ("environment.tsv", include_str!("../../../../config/lexicons/environment.tsv")),
        ("experience.tsv", include_str!("../../../../config/lexicons/experience.tsv")),
        ("general.tsv", include_str!("../../../../config/lexicons/general.tsv")),
        ("grammar.tsv", include_str!("../../../../config/lexicons/grammar.tsv")),
        ("labour.tsv", include_str!("../../../../config/lexicons/labour.tsv")),
        ("praise.tsv", include_str!("../../../../config/lexicons/praise.tsv")),
        ("safety.tsv", include_str!("../../../../config/lexicons/safety.tsv")),
    ];
    files.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

/// Sentences that a model of words alone reads wrongly, and the side the rules take of each with the shipped lexicons.
#[test]
fn the_rules_of_language_take_the_right_side_with_the_shipped_lexicons() {
    use Polarity::{Negative, Neutral, Positive};
    let sentences = [
        // Twice denied is said.
        ("青岚沟煤矿不是没有事故，是没人上报", Negative),
        ("运输分公司不是没有拖欠工资", Negative),
        ("槐坪选煤厂并非没有安全隐患", Negative),
        ("云岭化工不能说没有污染", Negative),
        ("这趟班车没有人不满意", Positive),
        ("来办事的职工没有不满意的", Positive),
        // A bad word that is denied accuses nobody.
        ("经现场排查，未发现违法排污", Positive),
        ("检查组没有发现安全隐患", Positive),
        ("公司不存在拖欠工资的情况", Positive),
        ("火已扑灭，无人员伤亡", Positive),
        ("全年杜绝了重大事故", Positive),
        // What follows the turn is meant.
        ("食堂不错，可是工资拖欠了三个月", Negative),
        ("嘴上说关心职工，却拖欠工资", Negative),
        ("中间停电一次，但是抢修及时，住户很满意", Positive),
        // Praise that is meant otherwise.
        ("呵呵，服务真好", Negative),
        ("不愧是优秀企业，欠条都打得这么工整", Negative),
        ("这服务态度真好[微笑]", Negative),
        // Figures of business.
        ("云岭能源三季度扭亏为盈", Positive),
        ("云岭能源提前一个月扭亏", Positive),
        ("云岭茶业亏损扩大", Negative),
        ("今天在二号楼开例会", Neutral),
    ];
    let judge = PolarityJudge::load(&shipped(), &[]).unwrap();
    let mut wrong = Vec::new();
    for (body, expected) in sentences {
        let (t, b) = (fold(""), fold(body));
        let post = FoldedPost { title: "", body, title_folded: &t, body_folded: &b };
        let whole = judge.judge(&post, &[]).0;
        if whole.polarity != expected {
            let rests_on: Vec<_> = whole.basis.iter().map(|b| (&b.why, b.weight)).collect();
            wrong.push(format!("{body} is {:?}: {rests_on:?}", whole.polarity));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
