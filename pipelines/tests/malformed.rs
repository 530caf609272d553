//! Every way a query can be wrong that we could think of, with the fault each gets and, in
//! `malformed.txt` beside this file, the words an officer reads.
//!
//! `UPDATE_GOLDEN=1 cargo test -p guanlan-pipelines --test malformed` writes the words anew.

use std::fmt::Write as _;

use pipelines::locale::Lang;
use pipelines::query::{Context, parse};
use pipelines::record::Subject;

/// Query and the fault it must get.
const TABLE: &[(&str, &str)] = &[
    ("", "empty"),
    ("　 \n", "empty"),
    ("瓦斯 AND", "lacks_right"),
    ("瓦斯 |", "lacks_right"),
    ("瓦斯 ＋ ", "lacks_right"),
    ("瓦斯 || 透水", "lacks_right"),
    ("瓦斯 AND OR 透水", "lacks_left"),
    ("OR 瓦斯", "lacks_left"),
    ("| 瓦斯", "expected_operand"),
    ("+瓦斯 +透水", "expected_operand"),
    ("瓦斯 NOT", "expected_operand"),
    ("NOT", "expected_operand"),
    ("瓦斯 and 透水", "lower_keyword"),
    ("瓦斯 Or 透水", "lower_keyword"),
    ("not 瓦斯", "lower_keyword"),
    ("瓦斯 near/5 透水", "lower_keyword"),
    ("瓦斯同句爆炸", "keyword_inside"),
    ("瓦斯 同句/5 爆炸", "keyword_inside"),
    ("瓦斯NEAR/5爆炸", "keyword_inside"),
    ("同句 爆炸", "lacks_left"),
    ("瓦斯 同段", "lacks_right"),
    ("瓦斯 NEAR 爆炸", "near_distance"),
    ("瓦斯 NEAR/x 爆炸", "near_distance"),
    ("瓦斯 NEAR/5000 爆炸", "near_distance"),
    ("瓦斯 ONEAR/-1 爆炸", "near_distance"),
    ("(瓦斯 煤尘) NEAR/5 爆炸", "near_operand"),
    ("瓦斯 NEAR/5 -爆炸", "near_operand"),
    ("瓦斯 同句 channel:weibo", "near_operand"),
    ("瓦斯{2,} NEAR/5 爆炸", "near_operand"),
    ("title:瓦斯 NEAR/5 爆炸", "near_scope"),
    ("-瓦斯", "pure_negation"),
    ("NOT 瓦斯 ！透水", "pure_negation"),
    ("瓦斯 | -透水", "pure_negation"),
    ("2 OF (瓦斯, -透水, -冒顶)", "pure_negation"),
    ("瓦斯 - 爆炸", "minus_apart"),
    ("瓦斯- 爆炸", "minus_apart"),
    ("(瓦斯 | 透水", "unclosed_group"),
    ("瓦斯）", "unexpected_close"),
    (")", "unexpected_close"),
    ("瓦斯 ()", "empty_group"),
    ("云岭矿业（集团）有限公司", "glued"),
    ("(瓦斯)(透水)", "glued"),
    ("(瓦斯)ANDROID", "glued"),
    ("(瓦斯)NOT 爆炸", "glued"),
    ("瓦斯(透水)AND", "glued"),
    ("(瓦斯)AND", "lacks_right"),
    ("\"瓦斯\"爆炸", "glued"),
    ("\"瓦斯 爆炸\"~5", "glued"),
    ("“瓦斯", "unclosed_quote"),
    ("瓦斯」", "glued"),
    ("」瓦斯", "unopened_quote"),
    ("\"\"", "empty_phrase"),
    ("「\u{200b}　」", "nothing_left"),
    ("瓦斯 。", "punctuation_only"),
    ("瓦斯, 透水", "comma"),
    ("瓦斯、透水", "comma"),
    ("瓦斯 && 透水", "ampersand"),
    ("瓦斯^2", "sign"),
    ("[瓦斯", "sign"),
    ("瓦?爆炸", "wildcard_question"),
    ("矿难了？", "wildcard_question"),
    ("瓦*爆炸", "wildcard_inside"),
    ("*", "wildcard_alone"),
    ("瓦斯 * 爆炸", "wildcard_alone"),
    ("@汾西*", "wildcard_alias"),
    ("@无名", "alias_unknown"),
    ("@", "alias_unknown"),
    ("tilte:瓦斯", "field_near"),
    ("工资：拖欠", "field_unknown"),
    ("http://example.com", "field_unknown"),
    (":瓦斯", "colon"),
    ("source:", "empty_value"),
    ("source: 云岭", "empty_value"),
    ("channel:瓦斯", "bad_value"),
    ("channel:(weibo forum)", "values_joint"),
    ("polarity:bad", "bad_value"),
    ("risk:high", "bad_value"),
    ("risk:80..60", "bad_value"),
    ("heat:>", "bad_value"),
    ("published:7", "bad_value"),
    ("published:2026-02-30", "bad_value"),
    ("published:2026-11-20..2026-11-01", "bad_value"),
    ("story:xyz", "bad_value"),
    ("subject:无名", "bad_value"),
    ("site:http://a.cn/b", "bad_value"),
    ("title:(瓦斯 source:a)", "field_in_scope"),
    ("title:(body:瓦斯)", "scope_in_scope"),
    ("word:/瓦斯/", "word_operand"),
    ("word:@汾西", "word_operand"),
    ("OF (瓦斯)", "of_number"),
    ("2 OF 瓦斯", "of_open"),
    ("2 OF (瓦斯,, 透水)", "of_empty"),
    ("2 OF (瓦斯, )", "of_empty"),
    ("3 OF (瓦斯, 透水)", "of_count"),
    ("0 OF (瓦斯, 透水)", "of_count"),
    ("2 OF (瓦斯, 透水", "unclosed_group"),
    ("瓦斯{3}", "count_form"),
    ("瓦斯{,3}", "count_form"),
    ("瓦斯{3,", "count_form"),
    ("瓦斯{0,}", "count_range"),
    ("瓦斯{5,3}", "count_range"),
    ("(瓦斯 爆炸){3,}", "count_operand"),
    ("channel:weibo{2,}", "count_operand"),
    ("/瓦斯", "unclosed_regex"),
    ("/瓦[斯/", "regex_invalid"),
    ("/(.{900}){900}/", "regex_invalid"),
    ("/瓦*/", "regex_empty"),
    ("words:(的、了)", "nothing_left"),
    ("words:（！！）", "nothing_left"),
    ("words:(瓦斯", "unclosed_group"),
    ("瓦斯\\", "dangling_escape"),
];

fn context() -> Context {
    let mut context = Context::at("2026-11-22T02:30:00Z".parse().expect("a valid time"));
    context.subjects = vec![Subject {
        id: "fenxi".into(),
        name: "汾西矿业集团".into(),
        short_names: vec!["汾西".into()],
        ..Subject::default()
    }];
    context
}

fn bounds() -> Vec<(String, &'static str)> {
    vec![
        ("瓦".repeat(600), "literal_long"),
        (format!("/{}/", "瓦".repeat(400)), "regex_long"),
        ("瓦斯 ".repeat(10_000), "too_long"),
        ("a ".repeat(6000), "too_many"),
        (format!("{}瓦斯{}", "(".repeat(80), ")".repeat(80)), "too_deep"),
        (format!("a {}瓦斯", "-".repeat(80)), "too_deep"),
    ]
}

#[test]
fn each_fault_is_named_and_placed() {
    let fixed = TABLE.iter().map(|(query, fault)| ((*query).to_owned(), *fault));
    for (query, fault) in fixed.chain(bounds()) {
        let shown: String = query.chars().take(60).collect();
        let error = match parse(&query, &context()) {
            Ok(read) => panic!("{shown:?} must not parse: {:?}", read.root()),
            Err(error) => error,
        };
        assert_eq!(error.fault, fault, "{shown:?}: {error}");
        assert!(error.start <= error.end && error.end <= query.len(), "{shown:?}");
        assert!(query.is_char_boundary(error.start) && query.is_char_boundary(error.end));
        for lang in [Lang::Zh, Lang::En] {
            assert!(lang.has(&format!("query.error.{fault}")), "no words for {fault}");
            assert!(!error.message(lang).contains("{name}"), "{}", error.message(lang));
        }
    }
}

#[test]
fn the_words_are_those_of_the_golden_file() {
    let mut written = String::new();
    for (query, fault) in TABLE {
        let Err(error) = parse(query, &context()) else { continue };
        let query = query.replace('\n', " ");
        writeln!(written, "# {fault}: {query:?}").unwrap();
        writeln!(written, "{}", error.render(&query, Lang::Zh)).unwrap();
        writeln!(written, "{}\n", error.message(Lang::En)).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/malformed.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &written).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    for (was, is) in golden.lines().zip(written.lines()) {
        assert_eq!(was, is, "run with UPDATE_GOLDEN=1 if the new words are meant");
    }
    assert_eq!(golden.lines().count(), written.lines().count());
}
