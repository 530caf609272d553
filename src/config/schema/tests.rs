//! The schema has the keys of the structs, and the manual explains each of them.

use std::collections::BTreeSet;
use std::path::Path as FilePath;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;

/// A value that the shape takes.
fn sample(shape: Shape) -> String {
    match shape {
        Url => "\"https://news.example.com/\"".to_owned(),
        Cron => "\"0 8 * * *\"".to_owned(),
        Count(min, _) => min.to_string(),
        Number(min, _) => min.to_string(),
        OneOf(known) => format!("\"{}\"", known[0]),
        Shape::Hours => "\"22:00-07:00\"".to_owned(),
        List(inner) => format!("[{}]", sample(*inner)),
        Map => "{ title = \"/title\" }".to_owned(),
        Flag => "true".to_owned(),
        _ => "\"x\"".to_owned(),
    }
}

/// The keys that `T` has are those of the schema: a table with the required keys alone is read, and
/// written again with all of them.
fn check<T: DeserializeOwned + Serialize>(kind: Option<&str>, keys: &[&[Key]]) {
    let all = || keys.iter().copied().flatten();
    let mut table: String = all()
        .filter(|key| key.required)
        .map(|key| format!("{} = {}\n", key.name, sample(key.shape)))
        .collect();
    table.extend(kind.map(|kind| format!("kind = \"{kind}\"\n")));
    let item: T = toml::from_str(&table).unwrap_or_else(|e| panic!("{kind:?}: {e}"));
    let serde_json::Value::Object(written) = serde_json::to_value(&item).unwrap() else {
        panic!("{kind:?} is not written as a table")
    };
    let written: BTreeSet<&str> = written.keys().map(String::as_str).collect();
    let known: BTreeSet<&str> =
        all().map(|key| key.name).chain(kind.is_some().then_some("kind")).collect();
    assert_eq!(written, known, "keys of {kind:?} in the struct, and in the schema");
}

#[test]
fn the_schema_has_the_keys_of_the_structs() {
    for (kind, keys) in SOURCE_KINDS {
        check::<pipelines::crawl::SourceConfig>(Some(kind), &[SOURCE, keys]);
    }
    for (kind, keys) in RULE_KINDS {
        check::<pipelines::watch::RuleConfig>(Some(kind), &[RULE, keys]);
    }
    for (kind, keys) in NOTIFIER_KINDS {
        check::<crate::config::NotifierConfig>(Some(kind), &[NOTIFIER, keys]);
    }
    check::<crate::config::RouteConfig>(None, &[ROUTE]);
    check::<crate::config::DutyConfig>(None, &[DUTY]);
    check::<pipelines::annotate::TopicConfig>(None, &[TOPIC]);
    check::<pipelines::record::Subject>(None, &[SUBJECT]);
    check::<pipelines::watch::Example>(None, &[EXAMPLE]);
    check::<pipelines::crawl::HtmlSelectors>(None, &[SELECTORS]);
    let names: Vec<_> = pipelines::record::Channel::ALL.iter().map(|c| c.as_str()).collect();
    let channel = SOURCE.iter().find(|key| key.name == "channel").unwrap();
    assert!(matches!(channel.shape, OneOf(known) if known == names));
    let grades: Vec<_> = pipelines::record::Severity::ALL.iter().map(|s| s.as_str()).collect();
    let severity = RULE.iter().find(|key| key.name == "severity").unwrap();
    assert!(matches!(severity.shape, OneOf(known) if known == grades));
}

fn shipped(path: &str) -> String {
    let path = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("config").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// `table.key` of each line that sets a key, also where it is commented out.
fn keys_in(text: &str) -> BTreeSet<String> {
    let mut table = String::new();
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        let line = line.trim_start_matches("# ");
        if let Some(name) = line.strip_prefix('[').filter(|l| l.trim_end().ends_with(']')) {
            table = name.trim_matches(['[', ']', ' ']).to_owned();
        } else if let Some((key, _)) = line.split_once(" = ")
            && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            keys.insert(format!("{table}.{key}"));
        }
    }
    keys
}

fn expect(found: &BTreeSet<String>, table: &str, keys: &[Key], file: &str) {
    for key in keys {
        match key.shape {
            Table(inner) | Tables(inner) => {
                let below = if table.is_empty() {
                    key.name.to_owned()
                } else {
                    format!("{table}.{}", key.name)
                };
                expect(found, &below, inner, file);
            }
            Kinds(common, kinds) => {
                expect(found, key.name, common, file);
                kinds.iter().for_each(|(_, own)| expect(found, key.name, own, file));
            }
            _ => {
                let name = format!("{table}.{}", key.name);
                assert!(found.contains(&name), "{name} is not explained in config/{file}");
            }
        }
    }
}

#[test]
fn the_manual_and_the_examples_name_every_key() {
    expect(&keys_in(&shipped("guanlan.toml")), "", MAIN, "guanlan.toml");
    expect(&keys_in(&shipped("sources/feed.toml")), "source", SOURCE, "sources/feed.toml");
    for (kind, keys) in SOURCE_KINDS {
        let file = format!("sources/{kind}.toml");
        let text = shipped(&file);
        assert!(text.contains(&format!("kind = \"{kind}\"")), "{file} is not of its kind");
        expect(&keys_in(&text), "source", keys, &file);
    }
    let rules = ["accident", "wages", "pollution", "silence", "praise", "words"];
    let text: String = rules.iter().map(|r| shipped(&format!("rules/{r}.toml"))).collect();
    let found = keys_in(&text);
    expect(&found, "rule", RULE, "rules");
    for (kind, keys) in RULE_KINDS {
        assert!(text.contains(&format!("kind = \"{kind}\"")), "no example of the kind {kind}");
        expect(&found, "rule", keys, "rules");
    }
}
