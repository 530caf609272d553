//! The language as a whole: what hits and misses, what is marked, and that its readers agree.

use proptest::prelude::*;

use super::*;
use crate::record::{Channel, Polarity, Subject, TextField, TopicId};

mod names;

fn context() -> Context {
    let mut context = Context::at("2026-11-22T02:30:00Z".parse().unwrap());
    context.subjects = vec![Subject {
        id: "yunling".into(),
        name: "云岭矿业集团有限公司".into(),
        short_names: vec!["云岭".into(), "云矿".into()],
        codes: vec!["YLK".into()],
        exclude: vec!["云岭大学".into(), "旅游".into()],
        ..Subject::default()
    }];
    context
}

/// Parses `query` and says whether it hits the text; a text with `｜` has a title before it.
fn hits(query: &str, text: &str) -> bool {
    let (title, body) = text.split_once('｜').unwrap_or(("", text));
    let query = parse(query, &context()).unwrap_or_else(|e| panic!("{query}: {e}"));
    let target = Target::of_texts(title, body, Facts::default());
    let spans = query.matches(&target);
    assert!(spans.iter().flatten().all(|s| s.start < s.end));
    assert!(spans.is_none() || required_agree(&query, &target), "required literals of a hit occur");
    spans.is_some()
}

/// Whether the cheap test lets the target pass.
fn required_agree(query: &Query, target: &Target) -> bool {
    query.required_literals().is_none_or(|words| {
        let texts = [target.folded_title().text(), target.folded_body().text()];
        words.iter().any(|word| texts.iter().any(|text| text.contains(word.as_str())))
    })
}

fn check(query: &str, hit: &[&str], miss: &[&str]) {
    for text in hit {
        assert!(hits(query, text), "{query} must hit {text}");
    }
    for text in miss {
        assert!(!hits(query, text), "{query} must miss {text}");
    }
}

#[test]
fn literals() {
    check("瓦斯", &["發生瓦斯爆炸", "瓦\n斯", "瓦　斯", "标题有瓦斯｜正文"], &["瓦｜斯", "煤气"]);
    check("礦難", &["矿难", "礦難"], &[]);
    check("ai", &["用ＡＩ识别", "AI, again"], &["training", "ai2"]);
    check("*ai*", &["training", "用AI识别"], &["a i"]);
    check("ai*", &["ai2号"], &["xai"]);
    check("3人", &["３人受伤"], &["13人受伤"]);
    check("*3人", &["13人受伤"], &[]);
    check("\"gas leak\"", &["a Gas \n Leak!"], &["gas-leak", "gas leaks"]);
    check("“瓦斯，爆炸”", &["瓦斯，爆炸"], &["瓦斯爆炸"]);
    check("「他说“好”」", &["他说“好”"], &["他说好"]);
    check("\"a\\\"b\"", &["a\"b"], &["ab"]);
    check("PM2.5", &["pm2.5超标"], &["pm2.55"]);
    check("\\-40度", &["气温-40度"], &["气温40度"]);
}

#[test]
fn and_or_not() {
    check("瓦斯 爆炸", &["爆炸的是瓦斯", "瓦斯｜爆炸"], &["瓦斯"]);
    check("瓦斯 ＋ 爆炸", &["爆炸的是瓦斯"], &["瓦斯"]);
    check("瓦斯 AND 爆炸", &["爆炸的是瓦斯"], &["瓦斯"]);
    check("瓦斯｜透水 事故", &["瓦斯", "透水事故"], &["透水", "事故"]);
    check("（瓦斯 | 透水） 事故", &["瓦斯事故", "透水事故"], &["透水", "事故"]);
    check("事故 -演练", &["瓦斯事故"], &["事故演练", "演练"]);
    check("事故 ！（演练 OR 培训）", &["瓦斯事故"], &["事故演练", "培训事故"]);
    check("NOT 演练 事故", &["瓦斯事故"], &["事故演练"]);
    check("事故 NOT NOT 瓦斯", &["瓦斯事故"], &["事故"]);
}

#[test]
fn keywords_may_touch_brackets_and_quotes() {
    check("（瓦斯）AND 爆炸", &["爆炸的是瓦斯"], &["瓦斯"]);
    check("(瓦斯)AND(爆炸)", &["爆炸的是瓦斯"], &["爆炸"]);
    check("瓦斯 AND（爆炸 | 燃烧）", &["瓦斯燃烧"], &["燃烧"]);
    check("(瓦斯)OR 透水", &["透水"], &["爆炸"]);
    check("(瓦斯|透水)NOT(演练)", &["透水"], &["透水演练"]);
    check("“瓦斯”AND“爆炸”", &["爆炸的是瓦斯"], &["瓦斯"]);
    check("瓦斯{2,}AND 爆炸", &["瓦斯瓦斯爆炸"], &["瓦斯爆炸"]);
    check("2 OF(瓦斯,透水,冒顶)AND 死亡", &["瓦斯透水死亡"], &["瓦斯死亡"]);
    check("(瓦斯)NEAR/2(爆炸)", &["瓦斯大爆炸"], &["瓦斯｜爆炸"]);
    check("（瓦斯）同句（死亡）", &["死亡因瓦斯"], &["瓦斯。死亡"]);
    check("title:(瓦斯)AND 爆炸", &["瓦斯｜爆炸"], &["｜瓦斯爆炸"]);
    check("(瓦斯)AND -演练", &["瓦斯"], &["瓦斯演练"]);
}

#[test]
fn near_and_same() {
    check(
        "瓦斯 NEAR/2 爆炸",
        &["瓦斯大爆炸", "爆炸,瓦斯", "瓦斯发生爆炸"],
        &["瓦斯引发的爆炸", "瓦斯｜爆炸"],
    );
    check("瓦斯 ONEAR/2 爆炸", &["瓦斯大爆炸"], &["爆炸了瓦斯"]);
    check("瓦斯 NEAR/0 斯爆", &[], &["瓦斯爆炸"]);
    check("瓦斯 NEAR/5 爆炸 NEAR/5 死亡", &["瓦斯—爆炸致死亡"], &["瓦斯爆炸，事后统计共有死亡"]);
    check("(瓦斯 | 煤尘) NEAR/3 (爆炸 | 燃烧)", &["煤尘发生燃烧"], &["煤尘不会无故就燃烧"]);
    check("瓦斯 同句 死亡", &["瓦斯爆炸，三人死亡。"], &["瓦斯爆炸。三人死亡。"]);
    check("瓦斯 SAMES 死亡", &["死亡因瓦斯"], &["瓦斯！死亡"]);
    check("瓦斯 同段 死亡", &["瓦斯爆炸。三人死亡。"], &["瓦斯爆炸。\n三人死亡。"]);
    check("gas NEAR/1 leak", &["gas leak"], &["gas big leak"]);
}

#[test]
fn counts_and_lists() {
    check("瓦斯{2,}", &["瓦斯和瓦斯", "瓦斯｜瓦斯"], &["瓦斯"]);
    check("哈哈{2,}", &["哈哈哈哈"], &["哈哈哈"]);
    check("(瓦斯 | 透水){2,3}", &["瓦斯透水"], &["瓦斯", "瓦斯透水瓦斯透水"]);
    check("2 OF (瓦斯, 透水，冒顶)", &["冒顶与瓦斯"], &["冒顶", "冒顶冒顶"]);
    check("2 OF (瓦斯 爆炸、透水 | 突水、-演练)", &["突水事故", "瓦斯爆炸"], &["突水演练"]);
    check("2 瓦斯", &["瓦斯 2"], &["瓦斯"]);
}

#[test]
fn scopes_words_and_expressions() {
    check("title:瓦斯", &["瓦斯｜正文"], &["标题｜瓦斯"]);
    check("标题：（瓦斯 -演练） 死亡", &["瓦斯｜死亡"], &["瓦斯演练｜死亡", "死亡｜瓦斯"]);
    check("body:(瓦斯 NEAR/3 爆炸)", &["｜瓦斯爆炸"], &["瓦斯爆炸｜"]);
    check("word:南关", &["南关矿停产"], &["济南关于停产的通知"]);
    check("/死亡[0-9]+人/", &["死亡３人"], &["死亡数人"]);
    check("/礦難/ 同句 瓦斯", &["瓦斯矿难"], &["瓦斯。矿难"]);
    check("words:(瓦斯的爆炸)", &["爆炸与瓦斯"], &["瓦斯"]);
}

#[test]
fn aliases_leave_namesakes_out() {
    check("@yunling", &["云岭事故", "雲礦", "ylk涨停"], &["云岭大学招生", "云岭旅游节", "岭"]);
    check("@云岭", &["云岭旅游。云岭停产"], &["旅游到云岭"]);
    check("@YUNLING", &["云岭矿业集团有限公司的旅游公司"], &[]);
    check("@云矿 同句 (欠薪 | 拖欠)", &["云岭拖欠工资"], &["云岭。拖欠"]);
}

#[test]
fn no_rule_misses_a_post_because_of_a_doubt() {
    let facts = Facts {
        polarity: Some(Polarity::Neutral),
        other: Some(Polarity::Negative),
        is_unsure: Some(true),
        ..Facts::default()
    };
    let target = Target::of_texts("", "公司拖欠工资", facts);
    for (query, searched, ruled) in [
        ("polarity:negative 工资", false, true),
        ("工资 (polarity:negative | risk:>=60)", false, true),
        ("polarity:neutral 工资", true, true),
        ("polarity:positive 工资", false, false),
        // Only what is said first is denied.
        ("工资 -polarity:negative", true, true),
        ("工资 -polarity:neutral", false, false),
    ] {
        assert_eq!(parse(query, &context()).unwrap().accepts(&target), searched, "{query}");
        let rule = parse_rule(query, &context()).unwrap();
        assert_eq!(rule.accepts(&target), ruled, "{query} as a rule");
        let set = QuerySet::build([(0, rule.clone())]).unwrap();
        assert_eq!(set.matches(&target).len(), usize::from(ruled), "{query} among rules");
        assert_eq!(rule.source(), query);
    }
}

#[test]
fn fields() {
    let (labour, source) = (TopicId::from("labour/pay"), "daily".into());
    let facts = Facts {
        source: Some(&source),
        channel: Some(Channel::Weibo),
        site: Some("www.mem.gov.cn"),
        topics: vec![&labour],
        keywords: vec!["欠薪"],
        polarity: Some(Polarity::Negative),
        other: Some(Polarity::Neutral),
        is_unsure: Some(true),
        risk: Some(60),
        time: Some("2026-11-20T15:59:59Z".parse().unwrap()),
        heat: Some(100.5),
        cases: vec!["42"],
        ..Facts::default()
    };
    let target = Target::of_texts("", "", facts);
    for (query, hit) in [
        ("source:daily", true),
        ("source:(a|daily)", true),
        ("source:dail", false),
        ("渠道：微博", true),
        ("channel:forum", false),
        ("site:gov.cn", true),
        ("site:v.cn", false),
        ("topic:labour", true),
        ("topic:labour/pay", true),
        ("topic:lab", false),
        ("keyword:欠薪", true),
        ("关键词：(薪資|Ａ|欠薪)", true),
        ("keyword:欠", false),
        ("polarity:负面", true),
        ("polarity:neutral", false),
        ("reading:negative", true),
        ("读法：中性", true),
        ("reading:positive", false),
        ("存疑：是", true),
        ("unsure:no", false),
        ("risk:>=60", true),
        ("risk:>60", false),
        ("风险：≥60", true),
        ("published:7d", true),
        ("published:2026-11-01..2026-11-20", true),
        ("published:2026-11-21", false),
        ("heat:>100", true),
        ("case:42", true),
        ("case:4", false),
        ("story:00000000000000aa", false),
        ("-story:00000000000000aa risk:60", true),
    ] {
        let read = parse(query, &context()).unwrap_or_else(|e| panic!("{query}: {e}"));
        assert_eq!(read.accepts(&target), hit, "{query}");
    }
}

#[test]
fn a_query_can_be_bounded_in_time() {
    let at = |text: &str| Some(text.parse().unwrap());
    let query = parse("瓦斯 | 透水", &context()).unwrap();
    let within =
        query.during(at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z"), context().zone);
    for (text, time, hit) in [
        ("透水", "2026-11-01T00:00:00Z", true),
        ("透水", "2026-10-31T23:59:59.9Z", false),
        ("透水", "2026-11-02T00:00:00Z", false),
        ("煤气", "2026-11-01T00:00:00Z", false),
    ] {
        let facts = Facts { time: at(time), ..Facts::default() };
        assert_eq!(within.accepts(&Target::of_texts("", text, facts)), hit, "{text} {time}");
    }
    let shown = "(\"瓦斯\" | \"透水\") published:\"2026-11-01T08:00:00..2026-11-02T08:00:00\"";
    assert_eq!(within.source(), shown);
}

#[test]
fn marks_are_of_the_original() {
    for (query, text, expected) in [
        ("矿难", "發生礦\n難，", vec!["礦\n難"]),
        ("瓦斯 NEAR/2 爆炸", "瓦斯爆炸，后来瓦斯也没再有任何爆炸", vec!["瓦斯", "爆炸"]),
        ("瓦斯 | 透水", "透水", vec!["透水"]),
        ("事故 -演练", "事故", vec!["事故"]),
        ("2 OF (a, b, c)", "c a", vec!["c", "a"]),
    ] {
        let target = Target::of_texts("", text, Facts::default());
        let spans = parse(query, &context()).unwrap().matches(&target).unwrap();
        let words: Vec<_> = spans.iter().map(|s| &text[s.start as usize..s.end as usize]).collect();
        assert_eq!(words, expected, "{query}");
        assert!(spans.iter().all(|span| span.field == TextField::Body));
    }
}

#[test]
fn explanations_speak_both_languages() {
    let query =
        parse("(@云岭 | 瓦斯{3,}) title:(a NEAR/3 b) -channel:weibo published:7d", &context())
            .unwrap();
    for lang in [Lang::Zh, Lang::En] {
        let text = query.explain(lang);
        assert!(!text.contains("query.say"), "{text}");
        assert!(text.contains("云岭矿业集团有限公司 | 云岭 | 云矿 | ylk"), "{text}");
    }
    let target = Target::of_texts(
        "",
        "云岭的瓦斯",
        Facts { channel: Some(Channel::Weibo), ..Facts::default() },
    );
    let text = why(&query, &target, Lang::Zh);
    assert!(
        text.starts_with("未命中")
            && text.contains("✓ 标题或正文里出现主体")
            && text.contains("这条是：微博"),
        "{text}"
    );
}

/// Queries of every operator over a small alphabet, so that hits are frequent.
fn any_query() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[瓦斯爆炸a1]{1,3}".prop_map(|w| format!("\"{w}\"")),
        "[瓦斯爆炸a1]{1,2}".prop_map(|w| format!("*\"{w}\"*")),
        Just("@yunling".to_owned()),
        Just("/瓦.?炸/".to_owned()),
        Just("word:瓦斯".to_owned()),
    ];
    let place = prop_oneof![
        4 => word.clone(),
        1 => (word.clone(), 0..4u8, word.clone()).prop_map(|(a, n, b)| format!("({a} NEAR/{n} {b})")),
        1 => (word.clone(), word.clone(), word.clone()).prop_map(|(a, b, c)| format!("({a} 同句 ({b} | {c}) ONEAR/3 {a})")),
        1 => (word.clone(), word).prop_map(|(a, b)| format!("({a} 同段 {b})")),
    ];
    let leaf = prop_oneof![
        6 => place.clone(),
        1 => (place.clone(), 1..3u8).prop_map(|(p, n)| format!("{p}{{{n},}}")),
        1 => place.clone().prop_map(|p| format!("{p}{{1,2}}")),
        1 => place.clone().prop_map(|p| format!("title:{p}")),
        1 => place.prop_map(|p| format!("body:({p} | \"爆\")")),
        1 => Just("channel:weibo".to_owned()),
        1 => Just("risk:>=60".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|p| format!("({})", p.join(" "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|p| format!("({})", p.join(" | "))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} -{b})")),
            (1..3u8, prop::collection::vec(inner, 2..4))
                .prop_map(|(n, p)| format!("{n} OF ({})", p.join(", "))),
        ]
    })
}

fn any_text() -> impl Strategy<Value = String> {
    "[瓦斯爆炸雲云岭。\n aA1１]{0,24}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_shown_reads_back(query in any_query()) {
        let read = parse(&query, &context()).unwrap();
        let shown = read.root().to_string();
        let again = parse(&shown, &context()).unwrap_or_else(|e| panic!("{query} shown as {shown}: {e}"));
        prop_assert_eq!(read.root(), again.root(), "{} shown as {}", query, shown);
    }

    #[test]
    fn a_set_says_what_each_says_alone(
        queries in prop::collection::vec(any_query(), 1..12),
        title in any_text(),
        body in any_text(),
        risk in 0..100u8,
    ) {
        let read: Vec<Query> = queries.iter().map(|q| parse(q, &context()).unwrap()).collect();
        let set = QuerySet::build(read.iter().cloned().enumerate()).unwrap();
        let facts = Facts { risk: Some(risk), channel: Some(Channel::Weibo), ..Facts::default() };
        let target = Target::of_texts(&title, &body, facts);
        let alone: Vec<_> = read
            .iter()
            .enumerate()
            .filter_map(|(i, q)| q.matches(&target).map(|spans| (i, spans)))
            .collect();
        let together: Vec<_> = set.matches(&target).into_iter().map(|(i, s)| (*i, s)).collect();
        prop_assert_eq!(together, alone);
    }

    #[test]
    fn a_closed_literal_is_a_run_of_cells(needle in any_text(), body in any_text()) {
        let Some(literal) = Literal::new(&needle) else { return Ok(()) };
        let cells = |text: &str| -> Vec<String> {
            crate::text::cells(text).map(|c| text[c.start..c.end].to_owned()).collect()
        };
        let target = Target::of_texts("", &body, Facts::default());
        let wanted = cells(&literal.text);
        let by_cells = cells(target.folded_body().text()).windows(wanted.len()).any(|w| w == wanted);
        let query = parse(&Node::Text(TextTest { scope: Scope::Body, pattern: Pattern::Literal(literal), min: 1, max: None }).to_string(), &context()).unwrap();
        prop_assert_eq!(query.accepts(&target), by_cells);
    }
}
