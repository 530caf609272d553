//! The schema of all config files as data: which keys a table has and what stands in them.
//!
//! In: nothing. Out: constants the checks walk along, so that unknown keys, wrong types and bad values are
//! found all at once, each with its line, which serde alone does not give. That these tables and the structs
//! they are read into have the same keys is tested, and so is that the manual names each of them.

mod clocks;
mod engines;

/// What stands in a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Text,
    Id,
    /// The id of an entry of this table, in whatever file.
    Ref(&'static str),
    /// A way out, or `duty` for whoever is on duty.
    Way,
    Url,
    /// An address, or nothing.
    UrlOrNone,
    Host,
    Query,
    /// A query, or nothing.
    QueryOrNone,
    Cron,
    /// A schedule, or `adaptive`.
    Pacing,
    Zone,
    Contact,
    Listen,
    Date,
    /// From one time of day to another, `22:00-07:00`.
    Hours,
    /// How long a step of a case may take: `30m`, `4h`, `5wd`.
    Limit,
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
    Contact, Count, Cron, Date, Flag, Host, Hours, Id, Kinds, List, Listen, Map, Number, OneOf,
    Pacing, Path, Pointer, Query, QueryOrNone, Ref, Table, Tables, Text, Url, UrlOrNone, Way, Zone,
};

const DAYS: Shape = Count(0, 36_500);
const SECS: Shape = Count(1, 3_600);
const MINUTES: Shape = Count(1, 60 * 24 * 366);
/// A kibibyte, below which no page is worth reading, to a gibibyte, above which memory is at stake.
const BYTES: Shape = Count(1_024, 1_073_741_824);

const PAPER: &[Key] = &[
    may("red_head", Text),
    may("unit", Text),
    may("send_to", List(&Text)),
    may("copy_to", List(&Text)),
    may("trade", QueryOrNone),
    may("fonts", List(&Path)),
];
const PUBLIC: &[Key] =
    &[may("title", Text), may("query", QueryOrNone), may("days", Count(1, 3_660))];
const REPHRASE: &[Key] = &[
    may("url", UrlOrNone),
    may("model", Text),
    may("key_env", Text),
    may("key_file", Path),
    may("timeout_secs", Count(1, 600)),
];
const STATION: &[Key] = &[
    may("name", Text),
    may("contact", Contact),
    may("user_agent", Text),
    may("timezone", Zone),
    may("lang", OneOf(&["zh", "en"])),
    may("data_dir", Path),
    may("listen", Listen),
    may("tls_cert", Path),
    may("tls_key", Path),
    may("proxy", Text),
    may("public_url", Text),
];
const STORE: &[Key] = &[may("kind", OneOf(&["sqlite", "postgres"])), may("address_env", Text)];
const PEOPLE: &[Key] = &[
    may("own_units_only", Flag),
    may("idle_minutes", Count(5, 60 * 24)),
    may("session_hours", Count(1, 24 * 31)),
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
    may("schedule", Pacing),
    may("groups", Map),
    may("adaptive_shortest_minutes", Count(1, 60 * 24)),
    may("adaptive_longest_minutes", Count(1, 60 * 24 * 31)),
    may("delay_secs", Number(0.0, 3_600.0)),
    may("per_host_concurrency", Count(1, 16)),
    may("concurrency", Count(1, 1_024)),
    may("daily_requests_per_host", Count(1, 10_000_000)),
    may("connect_timeout_secs", SECS),
    may("timeout_secs", SECS),
    may("max_body_bytes", BYTES),
    may("max_redirects", Count(0, 20)),
    may("ca_file", Path),
    may("robots_max_age_hours", Count(1, 24)),
    may("feed_gateway", Text),
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
    may("unit", Ref("subject")),
    may("topic", Ref("topic")),
    may("forms", List(&OneOf(&["md", "html", "docx", "pdf", "xlsx"]))),
    may("approve", Flag),
    may("notify", List(&Ref("notifier"))),
];

const ROUTE: &[Key] = &[
    need("name", Id),
    may("query", Query),
    may("rules", List(&Ref("rule"))),
    may("severity", OneOf(&["ordinary", "serious", "major", "critical"])),
    may("notify", List(&Way)),
    may("escalate_minutes", Count(0, 7 * 24 * 60)),
    may("escalate", List(&Way)),
];

const DUTY: &[Key] = &[
    need("name", Id),
    may("people", List(&Text)),
    may("notify", List(&Ref("notifier"))),
    may("weekdays", List(&OneOf(&super::duty::WEEKDAYS))),
    may("dates", List(&Date)),
    may("hours", Hours),
    may("units", List(&Ref("subject"))),
];

const NOTIFIER: &[Key] =
    &[need("name", Id), may("default", Flag), may("quiet", Hours), may("workday_only", Flag)];
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
    ("wecom", ROBOT),
    ("dingtalk", ROBOT),
    ("feishu", ROBOT),
    (
        "mail",
        &[
            need("host", Host),
            may("port", Count(1, 65_535)),
            may("security", OneOf(&["tls", "starttls", "none"])),
            may("user", Text),
            may("password_env", Text),
            may("password_file", Path),
            need("from", Text),
            need("to", List(&Text)),
            may("ca_file", Path),
            may("timeout_secs", SECS),
        ],
    ),
];

const ROBOT: &[Key] = &[
    may("url", Text),
    may("url_env", Text),
    may("url_file", Path),
    may("secret_env", Text),
    may("secret_file", Path),
    may("keyword", Text),
    may("style", OneOf(&["rich", "text"])),
    may("timeout_secs", SECS),
];

/// `guanlan.toml`.
pub(super) const MAIN: &[Key] = &[
    may("station", Table(STATION)),
    may("store", Table(STORE)),
    may("people", Table(PEOPLE)),
    may("paper", Table(PAPER)),
    may("public", Table(PUBLIC)),
    may("rephrase", Table(REPHRASE)),
    may("paths", Table(PATHS)),
    may("crawl", Table(CRAWL)),
    may("extract", Table(&[may("min_chars", Count(0, 100_000))])),
    may("judge", Table(&[may("depth", OneOf(&["fast", "deep"]))])),
    may("privacy", Table(&[may("key_file", Path), may("key_env", Text)])),
    may("retention", Table(RETENTION)),
    may("evidence", Table(engines::EVIDENCE)),
    may("index", Table(engines::INDEX)),
    may("cases", Table(clocks::CASES)),
    may("calendar", Table(&[may("holidays", List(&Date)), may("workdays", List(&Date))])),
    may("digest", Tables(DIGEST)),
    may("notifier", Kinds(NOTIFIER, NOTIFIER_KINDS)),
    may("route", Tables(ROUTE)),
    may("duty", Tables(DUTY)),
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
    may("own", Flag),
    may("enabled", Flag),
    may("schedule", Pacing),
    may("group", Text),
    may("workday_only", Flag),
    may("delay_secs", Number(0.0, 3_600.0)),
    may("allow_hosts", List(&Host)),
    may("allow_private", List(&Host)),
    may("exclude", Query),
    may("horizon_days", DAYS),
    may("flatline_hours", Count(0, 24 * 366)),
    may("revisit_days", Count(0, 365)),
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
    ("board", &[need("urls", List(&Url))]),
    ("pages", &[need("urls", List(&Url))]),
    (
        "search",
        &[
            need("url", Url),
            may("words", List(&Text)),
            may("pages", Count(1, 100)),
            may("selectors", Table(SELECTORS)),
        ],
    ),
    ("opml", &[need("path", Path), may("full_page", Flag)]),
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
    (
        "new_term",
        &[
            need("count", Count(2, 1_000_000)),
            need("window_minutes", MINUTES),
            need("new_days", Count(1, 366)),
        ],
    ),
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
mod tests;
