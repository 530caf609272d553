//! The schema of all config files as data: which keys a table has and what stands in them.
//!
//! In: nothing. Out: constants the checks walk along, so that unknown keys, wrong types and bad values are
//! found all at once, each with its line, which serde alone does not give. That these tables and the structs
//! they are read into have the same keys is tested, and so is that the manual names each of them.

/// What stands in a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text,
    Id,
    /// The id of an entry of this table, in whatever file.
    Ref(&'static str),
    Url,
    Host,
    Query,
    Cron,
    Zone,
    Contact,
    Listen,
    Date,
    Path,
    Pointer,
    Flag,
    Count(u32, u32),
    Number(f64, f64),
    OneOf(&'static [&'static str]),
    List(&'static Shape),
    /// Texts by name.
    Map,
    Table(&'static [Key]),
    Tables(&'static [Key]),
    /// Tables whose `kind` decides about the rest.
    Kinds(&'static [Key], &'static [(&'static str, &'static [Key])]),
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

const fn need(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: true }
}

const fn may(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, required: false }
}

use Shape::{
    Contact, Count, Cron, Date, Flag, Host, Id, Kinds, List, Listen, Map, Number, OneOf, Path,
    Pointer, Query, Ref, Table, Tables, Text, Url, Zone,
};

const DAYS: Shape = Count(0, 36_500);
const SECS: Shape = Count(1, 3_600);
const MINUTES: Shape = Count(1, 60 * 24 * 366);
/// A kibibyte, below which no page is worth reading, to a gibibyte, above which memory is at stake.
const BYTES: Shape = Count(1_024, 1_073_741_824);

const STATION: &[Key] = &[
    may("name", Text),
    may("contact", Contact),
    may("user_agent", Text),
    may("timezone", Zone),
    may("lang", OneOf(&["zh", "en"])),
    may("data_dir", Path),
    may("listen", Listen),
];

const PATHS: &[Key] = &[
    may("sources", List(&Path)),
    may("rules", List(&Path)),
    may("topics", List(&Path)),
    may("lexicons", List(&Path)),
    may("models", List(&Path)),
    may("shipped_topics", Flag),
];

const CRAWL: &[Key] = &[
    may("schedule", Cron),
    may("delay_secs", Number(0.0, 3_600.0)),
    may("per_host_concurrency", Count(1, 16)),
    may("concurrency", Count(1, 1_024)),
    may("daily_requests_per_host", Count(1, 10_000_000)),
    may("connect_timeout_secs", SECS),
    may("timeout_secs", SECS),
    may("max_body_bytes", BYTES),
    may("max_decoded_bytes", BYTES),
    may("max_redirects", Count(0, 20)),
    may("robots_max_age_hours", Count(1, 24)),
    may("evidence", Flag),
];

const RETENTION: &[Key] = &[
    may("posts_days", DAYS),
    may("evidence_days", DAYS),
    may("alerts_days", DAYS),
    may("digests_days", DAYS),
];

const SUBJECT: &[Key] = &[
    need("id", Id),
    need("name", Text),
    may("short_names", List(&Text)),
    may("codes", List(&Text)),
    may("homophones", List(&Text)),
    may("places", List(&Text)),
    may("exclude", List(&Text)),
    may("parent", Ref("subject")),
];

const DIGEST: &[Key] = &[
    need("id", Id),
    may("title", Text),
    need("period", OneOf(&["day", "week", "month"])),
    need("schedule", Cron),
    may("workday_only", Flag),
    may("notify", List(&Ref("notifier"))),
];

const NOTIFIER: &[Key] = &[need("name", Id), may("default", Flag)];
const NOTIFIER_KINDS: &[(&str, &[Key])] = &[
    ("log", &[]),
    ("file", &[need("path", Path)]),
    (
        "webhook",
        &[
            may("url", Url),
            may("url_env", Text),
            may("url_file", Path),
            may("headers", Map),
            may("secret_env", Text),
            may("secret_file", Path),
            may("timeout_secs", SECS),
        ],
    ),
];

/// `guanlan.toml`.
pub(super) const MAIN: &[Key] = &[
    may("station", Table(STATION)),
    may("paths", Table(PATHS)),
    may("crawl", Table(CRAWL)),
    may("extract", Table(&[may("min_chars", Count(0, 100_000))])),
    may("privacy", Table(&[may("key_file", Path), may("key_env", Text)])),
    may("retention", Table(RETENTION)),
    may("calendar", Table(&[may("holidays", List(&Date)), may("workdays", List(&Date))])),
    may("digest", Tables(DIGEST)),
    may("notifier", Kinds(NOTIFIER, NOTIFIER_KINDS)),
    may("subject", Tables(SUBJECT)),
];

const SOURCE: &[Key] = &[
    need("id", Id),
    need("name", Text),
    may(
        "channel",
        OneOf(&["news", "gov", "weibo", "wechat", "forum", "qa", "blog", "video", "other"]),
    ),
    may("trust", OneOf(&["low", "normal", "high"])),
    may("enabled", Flag),
    may("schedule", Cron),
    may("delay_secs", Number(0.0, 3_600.0)),
    may("allow_hosts", List(&Host)),
    may("allow_private", List(&Host)),
    may("exclude", Query),
    may("horizon_days", DAYS),
    may("flatline_hours", Count(0, 24 * 366)),
    may("official_authors", List(&Text)),
    may("evidence", Flag),
];
const SELECTORS: &[Key] = &[
    may("links", Text),
    may("title", Text),
    may("text", Text),
    may("published", Text),
    may("author", Text),
];
const SOURCE_KINDS: &[(&str, &[Key])] = &[
    ("feed", &[need("url", Url), may("full_page", Flag)]),
    (
        "list",
        &[
            need("urls", List(&Url)),
            may("pages", Count(1, 1_000)),
            may("selectors", Table(SELECTORS)),
        ],
    ),
    ("sitemap", &[need("url", Url), may("url_contains", List(&Text))]),
    ("json", &[need("url", Url), need("items", Pointer), need("fields", Map)]),
    ("board", &[need("urls", List(&Url)), may("revisit_days", Count(0, 365))]),
    (
        "files",
        &[
            need("path", Path),
            need("format", OneOf(&["jsonl", "csv", "excel", "html", "warc"])),
            may("map", Map),
        ],
    ),
];

/// `sources/*.toml`.
pub(super) const SOURCES: &[Key] = &[may("source", Kinds(SOURCE, SOURCE_KINDS))];

const EXAMPLE: &[Key] = &[may("title", Text), need("text", Text), need("hit", Flag)];

const RULE: &[Key] = &[
    need("id", Id),
    need("name", Text),
    may("enabled", Flag),
    need("query", Query),
    may("severity", OneOf(&["ordinary", "serious", "major", "critical"])),
    may("merge_hours", Count(0, 24 * 366)),
    may("notify", List(&Ref("notifier"))),
    may("example", Tables(EXAMPLE)),
];
const RULE_KINDS: &[(&str, &[Key])] = &[
    ("any", &[]),
    ("frequency", &[need("count", Count(1, 1_000_000)), need("window_minutes", MINUTES)]),
    (
        "spike",
        &[
            need("count", Count(1, 1_000_000)),
            need("window_minutes", MINUTES),
            need("factor", Number(1.0, 1_000.0)),
            need("baseline_days", Count(1, 366)),
        ],
    ),
    ("flatline", &[need("window_minutes", MINUTES)]),
    ("first_mention", &[need("quiet_days", DAYS)]),
];

/// `rules/*.toml`.
pub(super) const RULES: &[Key] = &[may("rule", Kinds(RULE, RULE_KINDS))];

const TOPIC: &[Key] = &[
    need("id", Id),
    need("name", Text),
    need("name_en", Text),
    may("query", Query),
    may("labels", List(&Text)),
    may("risk", Number(-20.0, 40.0)),
    may("example", Tables(EXAMPLE)),
];

/// `topics/*.toml`.
pub(super) const TOPICS: &[Key] = &[may("topic", Tables(TOPIC))];

#[cfg(test)]
mod tests {
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
        let rules = ["accident", "wages", "pollution", "silence", "praise"];
        let text: String = rules.iter().map(|r| shipped(&format!("rules/{r}.toml"))).collect();
        let found = keys_in(&text);
        expect(&found, "rule", RULE, "rules");
        for (kind, keys) in RULE_KINDS {
            assert!(text.contains(&format!("kind = \"{kind}\"")), "no example of the kind {kind}");
            expect(&found, "rule", keys, "rules");
        }
    }
}
