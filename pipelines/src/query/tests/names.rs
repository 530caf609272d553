//! Names of topics and sources, what people say for signs, days written out.

use super::*;

fn named() -> Context {
    let name = |id: &str, shown: &[&str]| Name {
        id: id.to_owned(),
        shown: shown.iter().map(|shown| (*shown).to_owned()).collect(),
    };
    let now = "2026-11-26T04:00:00Z".parse().unwrap();
    Context {
        topics: vec![
            name("labour", &["劳动用工", "Labour"]),
            name("labour/pay", &["薪酬拖欠", "Unpaid wages"]),
            name("safety", &["安全生产", "Safety"]),
        ],
        sources: vec![name("jiexiu", &["介休社区论坛"])],
        stored_sources: Some(vec!["import".to_owned()]),
        ..Context::at(now)
    }
}

#[test]
fn topics_and_sources_go_by_their_names_and_unknown_ones_are_told_with_the_near_ones() {
    let context = named();
    let read = |text: &str| parse(text, &context).unwrap();
    for (typed, is) in [
        ("topic:labour", "topic:labour"),
        ("topic:labour/", "topic:labour"),
        ("专题:薪酬拖欠", "topic:labour/pay"),
        ("topic:\"Unpaid wages\"", "topic:labour/pay"),
        ("信源:介休社区论坛", "source:jiexiu"),
        ("source:import", "source:import"),
    ] {
        assert_eq!(read(typed).fields(), read(is).fields(), "{typed}");
    }
    for (typed, near) in [
        ("topic:劳动", "劳动用工（labour）"),
        ("topic:labr", "劳动用工（labour）"),
        ("topic:欠薪", "labour/pay"),
        ("source:介休", "介休社区论坛（jiexiu）"),
        ("source:nosuch", "jiexiu"),
    ] {
        let error = parse(typed, &context).unwrap_err();
        assert_eq!(error.fault, "bad_value", "{typed}");
        assert!(error.message(Lang::Zh).contains(near), "{}", error.message(Lang::Zh));
    }
    // Where nothing is known of a config, names are taken as they stand.
    assert!(parse("topic:x source:y 甲", &Context::at(context.now)).is_ok());
}

#[test]
fn what_people_say_for_signs_is_told_and_not_looked_for() {
    for (typed, sign) in
        [("工资 或 事故", "|"), ("工资 不含 演练", "NOT"), ("工资 并且 事故", "AND")]
    {
        let error = parse(typed, &named()).unwrap_err();
        assert_eq!(error.fault, "said_keyword", "{typed}");
        assert!(error.message(Lang::Zh).contains(sign), "{}", error.message(Lang::Zh));
    }
    check("工资 “或”", &["工资或奖金"], &["工资"]);
    check("或许", &["或许"], &["或"]);
}

#[test]
fn days_may_be_written_out() {
    let context = named();
    let read = |text: &str| parse(text, &context).unwrap();
    for (typed, is) in [
        ("published:2026年11月25日", "published:2026-11-25"),
        ("发布:2026年11月", "published:2026-11"),
        ("时间:2026年", "published:2026"),
        ("时间:11月5日..11月20号", "published:2026-11-05..2026-11-20"),
        ("时间:>=2026年11月1日", "published:>=2026-11-01"),
    ] {
        let range = |query: &Query| match query.fields()[0] {
            FieldTest::Published(range) => (range.from, range.to),
            other => panic!("{other:?}"),
        };
        assert_eq!(range(&read(typed)), range(&read(is)), "{typed}");
    }
    for wrong in ["published:13月40日", "published:年月日", "published:2026年x月"] {
        assert!(parse(wrong, &context).is_err(), "{wrong}");
    }
}

#[test]
fn any_subject_is_whichever_is_spoken_of() {
    let context = context();
    let spoken = |id: &str, query: &str| {
        let id = crate::record::SubjectId::from(id);
        let facts = Facts { subjects: vec![&id], ..Facts::default() };
        let target = Target::of_texts("", "x", facts);
        parse(query, &context).unwrap().matches(&target).is_some()
    };
    for query in ["subject:any", "主体:我们", "主体：本单位"] {
        assert!(spoken("yunling", query), "{query}");
        assert!(!spoken("elsewhere", query), "{query}");
        let read = |text: &str| parse(text, &context).unwrap();
        assert_eq!(read(query).fields(), read("subject:any").fields());
    }
    // Where config has no subject there is none that could be meant.
    let none = Context { subjects: Vec::new(), ..context };
    assert!(parse("subject:any", &none).is_err());
}
