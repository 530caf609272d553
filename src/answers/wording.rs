//! What an entry says, read from what was typed into its form.
//!
//! In: fields as texts, of whatever door; units, topics and posts as the ids they are known by. Out: a wording, clean, or
//! the field that cannot be taken. Whether units, topics and posts exist is not known here.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use pipelines::record::PostId;
use serde::{Deserialize, Serialize};

use super::Refusal;

/// What was typed, by the name of the field.
pub type Fields = BTreeMap<String, String>;

/// The fields of the form, in its order; locale keys under `answers.field`.
pub const FIELDS: [&str; 9] =
    ["kind", "title", "claim", "text", "units", "topics", "posts", "evidence", "until"];

/// Characters of a line.
const LINE_CHARS: usize = 120;

/// Characters of what is rumoured, and of what is said to it.
const TEXT_CHARS: usize = 20_000;

/// Posts, addresses, units or topics named in one field.
const NAMED: usize = 100;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerKind)]
pub enum Kind {
    /// A statement in the enterprise's own name.
    Statement,
    /// Something untrue that goes round, with its refutation.
    Rumour,
}

impl Kind {
    /// The name stored and typed; a locale key under `answers.kind`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Rumour => "rumour",
        }
    }

    /// The kind called so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Statement, Self::Rumour].into_iter().find(|kind| kind.as_str() == name.trim())
    }
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub title: String,
    /// Of a rumour: what is rumoured, in the words that go round.
    pub claim: String,
    /// The statement, or the refutation, in the enterprise's own name.
    pub text: String,
    /// Ids of the units it is about; none: the whole enterprise.
    pub units: Vec<String>,
    /// Ids of topics.
    pub topics: Vec<String>,
    /// Posts that say what it answers.
    pub posts: Vec<PostId>,
    /// Addresses and ids of posts that bear it out.
    pub evidence: Vec<String>,
    /// The instant from which it holds no longer.
    pub until: Option<DateTime<Utc>>,
}

impl Wording {
    /// Reads what was typed; a last day ends with that day in `zone`.
    ///
    /// # Errors
    /// The field that is missing or cannot be taken.
    pub fn read(typed: &Fields, zone: Tz) -> Result<Self, Refusal> {
        if let Some((name, value)) = typed.iter().find(|(name, _)| !FIELDS.contains(&name.as_str()))
        {
            return Err(Refusal::Wrong { field: name.clone(), value: value.clone() });
        }
        let said = |name: &str| typed.get(name).map_or("", |value| value.trim());
        let wrong =
            |name: &str| Refusal::Wrong { field: name.to_owned(), value: said(name).to_owned() };
        let kind = match said("kind") {
            "" => return Err(Refusal::Missing("kind")),
            name => Kind::parse(name).ok_or_else(|| wrong("kind"))?,
        };
        let claim = text("claim", said("claim"))?;
        match (kind, claim.is_empty()) {
            (Kind::Rumour, true) => return Err(Refusal::Missing("claim")),
            (Kind::Statement, false) => return Err(wrong("claim")),
            _ => {}
        }
        let answer = text("text", said("text"))?;
        if answer.is_empty() {
            return Err(Refusal::Missing("text"));
        }
        let title = line("title", said("title"))?;
        let posts = named("posts", said("posts"))?;
        let posts = posts.iter().map(|id| id.parse::<PostId>().map_err(|_| wrong("posts")));
        let evidence = named("evidence", said("evidence"))?;
        if !evidence.iter().all(|one| is_evidence(one)) {
            return Err(wrong("evidence"));
        }
        let until = match said("until") {
            "" => None,
            day => Some(end_of(day, zone).ok_or_else(|| wrong("until"))?),
        };
        Ok(Self {
            kind,
            title,
            claim,
            text: answer,
            units: named("units", said("units"))?,
            topics: named("topics", said("topics"))?,
            posts: posts.collect::<Result<_, _>>()?,
            evidence,
            until,
        })
    }

    /// The same as it is typed into the form.
    #[must_use]
    pub fn fields(&self, zone: Tz) -> Fields {
        let ids = |ids: &[String]| ids.join(" ");
        let posts = self.posts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let until = self.until.map_or_else(String::new, |until| day_of(until, zone));
        let values = [
            self.kind.as_str().to_owned(),
            self.title.clone(),
            self.claim.clone(),
            self.text.clone(),
            ids(&self.units),
            ids(&self.topics),
            posts,
            self.evidence.join("\n"),
            until,
        ];
        FIELDS.into_iter().map(str::to_owned).zip(values).collect()
    }

    /// Whether each of `words` stands in it.
    #[must_use]
    pub fn says(&self, words: &str) -> bool {
        let texts = [&self.title, &self.claim, &self.text];
        words.split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

/// The last local day before `until`.
#[must_use]
pub fn day_of(until: DateTime<Utc>, zone: Tz) -> String {
    let last = until - chrono::TimeDelta::seconds(1);
    last.with_timezone(&zone).date_naive().to_string()
}

/// The instant at which a local day is over.
fn end_of(day: &str, zone: Tz) -> Option<DateTime<Utc>> {
    let next = day.parse::<NaiveDate>().ok()?.checked_add_days(Days::new(1))?;
    zone.from_local_datetime(&next.and_time(NaiveTime::MIN)).earliest().map(|at| at.to_utc())
}

/// One visible line that is not empty.
pub(super) fn line(name: &'static str, typed: &str) -> Result<String, Refusal> {
    let line = pipelines::text::visible_line(typed.trim()).into_owned();
    match line.chars().count() {
        0 => Err(Refusal::Missing(name)),
        1..=LINE_CHARS => Ok(line),
        _ => Err(Refusal::Wrong { field: name.to_owned(), value: line }),
    }
}

fn text(name: &str, typed: &str) -> Result<String, Refusal> {
    let plain = typed.replace("\r\n", "\n");
    let is_plain = plain.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    if is_plain && plain.chars().count() <= TEXT_CHARS {
        return Ok(plain);
    }
    let value = plain.chars().filter(|c| !c.is_control()).take(LINE_CHARS).collect();
    Err(Refusal::Wrong { field: name.to_owned(), value })
}

/// What stands between blanks, each once.
fn named(name: &str, typed: &str) -> Result<Vec<String>, Refusal> {
    let mut all: Vec<String> = Vec::new();
    for one in typed.split_whitespace() {
        if !all.iter().any(|known| known == one) {
            all.push(one.to_owned());
        }
    }
    if all.len() <= NAMED {
        return Ok(all);
    }
    let value = all.len().to_string();
    Err(Refusal::Wrong { field: name.to_owned(), value })
}

/// A web address without a password, or the id of a post.
fn is_evidence(one: &str) -> bool {
    if !one.contains("://") {
        return one.parse::<PostId>().is_ok();
    }
    url::Url::parse(one).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.password().is_none()
    })
}
