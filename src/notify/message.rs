//! Messages: what is told of an alert or a finished digest, in Markdown and as data.
//!
//! In: an alert with its rule and evidence. Out: a message with its key. Every text of a post is escaped; no
//! author is sent, and of their texts one sentence at most.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use pipelines::locale::Lang;
use pipelines::record::{Alert, Told};
use pipelines::watch::RuleConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::about::About;
use crate::report::{DigestPost, markdown, why};

/// Evidence posts named in a message that knows nothing of them but that.
const SHOWN: usize = 5;

/// Characters of a rule's meaning in words; a longer one is shown as its query.
const RULE_CHARS: usize = 120;

/// Posts to read, where more is known.
const TO_READ: usize = 3;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// An alert.
    Alert,
    /// A digest.
    Digest,
    /// The clock of a case.
    Case,
    /// A test of the way.
    Test,
}

impl MessageKind {
    /// The name used in the outbox and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Digest => "digest",
            Self::Case => "case",
            Self::Test => "test",
        }
    }
}

/// One message. The outbox keeps it as JSON; `key` comes first so that a torn line is known as ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The same message never has two keys, two messages never the same.
    pub key: String,
    /// What it is about.
    pub kind: MessageKind,
    /// One line of plain text.
    pub title: String,
    /// The whole in Markdown.
    pub body_markdown: String,
    /// The same as data.
    pub data: Value,
}

/// A file that goes with a message, where the way takes files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// The name that people read.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
}

impl Message {
    /// The files that go with it.
    #[must_use]
    pub fn enclosures(&self) -> Vec<Enclosure> {
        self.data.get("files").and_then(|files| Vec::deserialize(files).ok()).unwrap_or_default()
    }

    /// One line of JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a message of texts and JSON is JSON")
    }
}

/// Why an alert that was told is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// Twice the posts, or more.
    Doubled,
    /// A graver post among them.
    Graver,
    /// An office or the house itself has answered.
    Answered,
    /// A medium of farther reach has picked it up.
    Farther,
    /// Nobody has looked at it in its time.
    Unattended,
    /// It was put off until now.
    Woken,
}

impl Growth {
    /// The name used in locale keys (`notify.alert.again.…`) and in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Doubled => "doubled",
            Self::Graver => "graver",
            Self::Answered => "answered",
            Self::Farther => "farther",
            Self::Unattended => "unattended",
            Self::Woken => "woken",
        }
    }

    /// Why an alert that was told as `before` and stands as `now` is told again, the weightiest reason.
    #[must_use]
    pub fn between(before: Told, now: Told) -> Option<Self> {
        if now.severity > before.severity {
            Some(Self::Graver)
        } else if now.answered && !before.answered {
            Some(Self::Answered)
        } else if before.trust.is_some() && now.trust > before.trust {
            Some(Self::Farther)
        } else {
            (before.posts > 0 && now.posts >= 2 * before.posts).then_some(Self::Doubled)
        }
    }
}

/// Everything told of an alert.
#[derive(Clone, Copy, Debug)]
pub struct AlertNotice<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// Its rule; absent where it was removed since.
    pub rule: Option<&'a RuleConfig>,
    /// The rule's query in words (`Query::explain`); the query itself where absent.
    pub query_in_words: Option<&'a str>,
    /// The evidence posts still stored, newest first.
    pub evidence: &'a [DigestPost],
    /// What is known of its posts; none where it rests on none.
    pub about: Option<&'a About>,
    /// Why it is told again; none the first time.
    pub again: Option<Growth>,
    /// The zone in which times are shown.
    pub zone: Tz,
    /// The language.
    pub lang: Lang,
}

/// The message of an alert. `key` is the outbox's: the alert's own, and which firing or update of it.
#[must_use]
pub fn alert_message(key: String, notice: &AlertNotice) -> Message {
    let AlertNotice { alert, rule, evidence, lang, .. } = *notice;
    let severity = lang.text(&format!("record.severity.{}", alert.severity.as_str()));
    let rule_name = rule.map_or_else(|| alert.rule.to_string(), |r| r.name.clone());
    let unit = notice.about.and_then(|about| about.units.first());
    let title = match evidence.first() {
        Some(newest) if unit.is_some() => lang.fill(
            "notify.alert.title_of_unit",
            &[
                ("severity", &severity),
                ("unit", &unit.map_or("", |u| u)),
                ("headline", &newest.title),
            ],
        ),
        Some(newest) => lang.fill(
            "notify.alert.title",
            &[("severity", &severity), ("rule", &rule_name), ("headline", &newest.title)],
        ),
        None => {
            lang.fill("notify.alert.title_bare", &[("severity", &severity), ("rule", &rule_name)])
        }
    };
    let title = match notice.again {
        Some(growth) => {
            let posts = alert.told.posts;
            let key = format!("notify.alert.again.{}", growth.as_str());
            lang.fill(&key, &[("title", &title), ("posts", &posts)])
        }
        None => title,
    };
    Message {
        key,
        kind: MessageKind::Alert,
        body_markdown: body(notice, &title, &severity, &rule_name),
        data: data(notice, &rule_name),
        title,
    }
}

/// Messages of several alerts as one: each with its title, why it fired and the newest post it rests on.
#[must_use]
pub fn many_message(key: String, messages: &[Message], lang: Lang) -> Message {
    let first = messages.first().map_or("", |message| message.title.as_str());
    let title = lang.fill("notify.many.title", &[("n", &messages.len()), ("first", &first)]);
    let mut lines = vec![format!("### {}", markdown::escape(&title)), String::new()];
    for (number, message) in messages.iter().enumerate() {
        let text =
            |place: &str| message.data.pointer(place).and_then(Value::as_str).unwrap_or_default();
        let headline = markdown::escape(&message.title);
        let headline = match markdown::link_target(text("/evidence/0/url")) {
            Some(target) => format!("[{headline}]({target})"),
            None => headline,
        };
        lines.push(format!("{}. {headline}　{}", number + 1, markdown::escape(text("/reason"))));
    }
    lines.push(String::new());
    lines.push(lang.text("notify.many.footer"));
    Message {
        key,
        kind: MessageKind::Alert,
        body_markdown: lines.join("\n"),
        data: json!({ "alerts": messages.iter().map(|message| &message.data).collect::<Vec<_>>() }),
        title,
    }
}

/// A message that says it is a test, asked for by `who` at `station`.
#[must_use]
pub fn test_message(station: &str, who: &str, now: DateTime<Utc>, lang: Lang) -> Message {
    let title = lang.fill("notify.test.title", &[("station", &station)]);
    let body = lang.fill("notify.test.body", &[("who", &markdown::escape(who))]);
    Message {
        key: format!("test:{}", now.timestamp_millis()),
        kind: MessageKind::Test,
        body_markdown: format!("### {}\n\n{body}\n", markdown::escape(&title)),
        data: json!({ "station": station }),
        title,
    }
}

/// Everything told of a finished digest.
#[derive(Clone, Debug)]
pub struct DigestNotice<'a> {
    /// Its title.
    pub title: &'a str,
    /// Where the whole lies.
    pub place: &'a str,
    /// The whole in Markdown.
    pub markdown: &'a str,
    /// The heading of its summary.
    pub summary_heading: &'a str,
    /// Its files, for ways that take some.
    pub files: Vec<Enclosure>,
    /// The language.
    pub lang: Lang,
}

/// The message of a finished digest: its summary and where the whole lies; the whole is in the data.
#[must_use]
pub fn digest_message(key: String, notice: &DigestNotice) -> Message {
    let place = notice.lang.fill("notify.digest.place", &[("place", &notice.place)]);
    let summary = section(notice.markdown, notice.summary_heading);
    Message {
        key,
        kind: MessageKind::Digest,
        title: notice.title.to_owned(),
        body_markdown: format!("{summary}{}\n", markdown::escape(&place)),
        data: json!({
            "title": notice.title, "path": notice.place, "markdown": notice.markdown,
            "files": notice.files,
        }),
    }
}

/// The lines below a heading of the second order, up to the next; none where there is no such heading.
fn section(markdown: &str, heading: &str) -> String {
    let below = |line: &&str| line.strip_prefix("## ").is_none_or(|found| found.trim() != heading);
    let lines = markdown.lines().skip_while(below).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("## ") && !line.starts_with("# "));
    lines.map(|line| format!("{line}\n")).collect()
}

fn shown(at: DateTime<Utc>, notice: &AlertNotice) -> String {
    let format = notice.lang.text("notify.format.minute");
    at.with_timezone(&notice.zone).format(&format).to_string()
}

fn body(notice: &AlertNotice, title: &str, severity: &str, rule_name: &str) -> String {
    let AlertNotice { alert, rule, evidence, lang, .. } = *notice;
    let mut lines = vec![format!("### {}", markdown::escape(title)), String::new()];
    if let Some(about) = notice.about {
        lines.extend(about.lines(&|at| shown(at, notice), lang));
        lines.push(lang.text("notify.alert.to_read"));
        for (i, post) in evidence.iter().take(TO_READ).enumerate() {
            lines.push(format!("{}. {}", i + 1, evidence_line(post, notice)));
        }
        lines.push(String::new());
    }
    let mut say = |key: &str, args: &[(&str, &dyn std::fmt::Display)]| {
        lines.push(lang.fill(&format!("notify.alert.{key}"), args));
        lines.push(String::new());
    };
    say("reason", &[("text", &why(rule, alert, lang))]);
    let query = rule.map(|rule| rule.query.as_str()).filter(|query| !query.is_empty());
    let words = notice.query_in_words.filter(|words| words.chars().count() <= RULE_CHARS);
    match words.or(query) {
        Some(words) => {
            let (name, words) = (markdown::escape(rule_name), markdown::escape(words));
            say("rule", &[("name", &name), ("words", &words)]);
        }
        None => say("rule_bare", &[("name", &markdown::escape(rule_name))]),
    }
    let state = lang.text(&format!("record.alert_state.{}", alert.state.as_str()));
    say("severity", &[("severity", &severity), ("state", &state)]);
    let (at, since) = (shown(alert.fired_at, notice), shown(alert.window_start, notice));
    say("fired", &[("at", &at), ("since", &since)]);
    if notice.about.is_none() && !alert.evidence.is_empty() {
        let listed = evidence.len().min(SHOWN);
        say("evidence", &[("count", &alert.evidence.len()), ("shown", &listed)]);
        for (i, post) in evidence.iter().take(SHOWN).enumerate() {
            lines.push(format!("{}. {}", i + 1, evidence_line(post, notice)));
        }
        lines.push(String::new());
    }
    let stored = notice.about.map_or(evidence.len(), |about| about.posts);
    let missing = alert.evidence.len().saturating_sub(stored);
    if missing > 0 {
        lines.push(lang.fill("notify.alert.missing", &[("count", &missing)]));
        lines.push(String::new());
    }
    lines.push(lang.fill("notify.alert.footer", &[("key", &markdown::escape(&alert.key))]));
    lines.join("\n")
}

fn evidence_line(post: &DigestPost, notice: &AlertNotice) -> String {
    let title = markdown::escape(&post.title);
    let title = match markdown::link_target(&post.url) {
        Some(target) => format!("[{title}]({target})"),
        None => title,
    };
    let at = post
        .published_at
        .map_or_else(|| notice.lang.text("notify.alert.outside"), |at| shown(at, notice));
    let channel = notice.lang.text(&format!("record.channel.{}", post.channel.as_str()));
    format!("{title}　{}（{channel}）{at}", markdown::escape(&post.source_name))
}

fn data(notice: &AlertNotice, rule_name: &str) -> Value {
    let AlertNotice { alert, rule, evidence, lang, .. } = *notice;
    let posts: Vec<Value> = evidence
        .iter()
        .map(|p| {
            json!({
                "id": p.id, "url": p.url, "title": p.title, "source": p.source_name,
                "channel": p.channel, "published_at": p.published_at, "fetched_at": p.fetched_at,
                "content_hash": format!("{:016x}", p.content_hash), "story": p.story,
            })
        })
        .collect();
    json!({
        "alert": alert.key, "rule": alert.rule, "rule_name": rule_name,
        "query": rule.map(|r| &r.query), "severity": alert.severity, "state": alert.state,
        "reason": why(rule, alert, lang), "measured": alert.measured,
        "threshold": alert.threshold, "window_start": alert.window_start,
        "fired_at": alert.fired_at, "evidence_count": alert.evidence.len(), "evidence": posts,
    })
}
