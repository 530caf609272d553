//! Answers on record (口径): found by words, shown with their versions, what they rest on and where they were taken.
//!
//! In: words, a state, a number. Out: plain data. What is done to an entry stands in `act`, finding by likeness in
//! `near`, what comes of cases in `of_case`, the counts in `work`. What is in force is for everybody; a draft is seen by
//! the people of its units.

pub mod act;
pub mod aids;
pub mod near;
pub mod of_case;
pub mod work;

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;
use serde::{Deserialize, Serialize};

use super::edit::{DiffLine, diff};
use super::{Act, Desk, DeskError, Result, Who};
use crate::answers::{AnswerState, Done, Entry, FIELDS, Fields, Kind, Refusal, Wording, day_of};

/// Which entries are asked for; what is empty does not narrow.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct AnswerAsk {
    /// A state, or `waiting` for those with a wording that nobody approved.
    pub state: String,
    /// statement or rumour.
    pub kind: String,
    /// A number, or words of title, rumour, text or unit.
    pub q: String,
}

/// One line of the list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AnswerRow {
    /// Its number.
    pub number: i64,
    /// What it is.
    pub kind: Kind,
    /// How it stands.
    pub state: AnswerState,
    /// Whether its latest wording waits for a second person.
    pub waiting: bool,
    /// What it is called.
    pub title: String,
    /// Of a rumour: what is rumoured.
    pub claim: String,
    /// The statement or refutation: in force, else the latest.
    pub text: String,
    /// The names of its units; none: the whole enterprise.
    pub units: Vec<String>,
    /// Its last local day; none: until it is retired.
    pub until: Option<String>,
    /// When its latest wording was written.
    pub written: DateTime<Utc>,
    /// By whom.
    pub author: String,
    /// Who approved what is in force; empty where nothing is.
    pub approver: String,
}

/// Something that bears an entry out, or says what it answers.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AnswerLink {
    /// An address, or the id of a post.
    pub id: String,
    /// Whether it is a post of this station.
    pub post: bool,
    /// Of a post: its title; none where it is past its date or of other units.
    pub title: Option<String>,
    /// Of a post: pages kept as they were served.
    pub records: usize,
}

/// A version, and how it differs from the wording before.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AnswerVersionRow {
    /// Which, from 1.
    pub version: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub who: String,
    /// What was done.
    pub done: Done,
    /// Why, where it was taken out of force.
    pub why: String,
    /// Of a wording: line by line against the one before; empty where nothing was written.
    pub diff: Vec<DiffLine>,
}

/// Everything shown of one entry.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AnswerSheet {
    /// As in the list.
    pub row: AnswerRow,
    /// What the next thing done to it must expect.
    pub version: u32,
    /// Its latest wording as it is typed.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub fields: Fields,
    /// The names of its topics.
    pub topics: Vec<String>,
    /// Why it was retired; empty where it was not.
    pub retired: String,
    /// Posts that say what it answers.
    pub posts: Vec<AnswerLink>,
    /// What bears it out.
    pub evidence: Vec<AnswerLink>,
    /// The case whose published answer it is.
    pub case: Option<String>,
    /// Cases that took it into their answer, latest first.
    pub taken: Vec<String>,
    /// Everything done to it, oldest first.
    pub versions: Vec<AnswerVersionRow>,
}

impl From<Refusal> for DeskError {
    fn from(refusal: Refusal) -> Self {
        Self::Answer(Box::new(refusal))
    }
}

impl Desk {
    /// The entries asked for: those that wait first, then by number, latest first.
    ///
    /// # Errors
    /// `Value` for a state or kind that is none; a broken store.
    pub fn answers(&self, who: &Who, ask: &AnswerAsk) -> Result<Vec<AnswerRow>> {
        self.check(who, Act::SeeAnswers)?;
        let wrong = |what, value: &str| DeskError::Value { what, value: value.to_owned() };
        let state = match ask.state.as_str() {
            "" | "waiting" => None,
            name => Some(AnswerState::parse(name).ok_or_else(|| wrong("answer_state", name))?),
        };
        let kind = match ask.kind.as_str() {
            "" => None,
            name => Some(Kind::parse(name).ok_or_else(|| wrong("answer_kind", name))?),
        };
        let mut rows = Vec::new();
        for entry in self.entries_on_record()? {
            let fits = state.is_none_or(|state| state == entry.state(self.now()))
                && kind.is_none_or(|kind| kind == entry.wording.kind)
                && (ask.state != "waiting" || entry.is_waiting());
            if !fits || !self.sees_answer(who, &entry) {
                continue;
            }
            let row = self.answer_row(&entry);
            if is_called(&row, &entry, ask.q.trim()) {
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| (!row.waiting, std::cmp::Reverse(row.number)));
        Ok(rows)
    }

    /// One entry.
    ///
    /// # Errors
    /// `Unknown`; a broken store.
    pub fn answer(&self, who: &Who, number: i64) -> Result<AnswerSheet> {
        self.check(who, Act::SeeAnswers)?;
        let entry = self.entry_of(who, number)?;
        let shown = self.shown_wording(&entry).clone();
        // What waits is for the people of its units.
        let is_theirs = self.is_of_units(who, &entry.wording);
        let topics = shown.topics.iter();
        let posts = shown.posts.iter().map(ToString::to_string).collect::<Vec<_>>();
        Ok(AnswerSheet {
            row: self.answer_row(&entry),
            version: entry.version,
            fields: self.as_typed(if is_theirs { &entry.wording } else { &shown }),
            topics: topics.map(|id| self.value_name(who, "topic", id)).collect(),
            retired: entry.retired.clone().unwrap_or_default(),
            posts: self.links_named(who, &posts)?,
            evidence: self.links_named(who, &shown.evidence)?,
            taken: self.taken_by(who, number)?,
            versions: if is_theirs { self.versions_of(who, number)? } else { Vec::new() },
            case: entry.case,
        })
    }

    /// All entries, by number.
    pub(super) fn entries_on_record(&self) -> Result<Vec<Entry>> {
        self.store.answers()?.iter().map(|record| read(record)).collect()
    }

    /// The entry of a number, where this person sees it.
    pub(super) fn entry_of(&self, who: &Who, number: i64) -> Result<Entry> {
        let entry = read(&self.store.answer(number)?.ok_or_else(|| unknown(number))?)?;
        if self.sees_answer(who, &entry) { Ok(entry) } else { Err(unknown(number)) }
    }

    /// What is in force is for everybody; what waits, for the people of its units.
    pub(super) fn sees_answer(&self, who: &Who, entry: &Entry) -> bool {
        entry.in_force(self.now()).is_some() || self.is_of_units(who, &entry.wording)
    }

    /// Whether a person whom bounds hold has all the units it is about; of the whole enterprise speaks who has none.
    pub(super) fn is_of_units(&self, who: &Who, wording: &Wording) -> bool {
        let Some(own) = self.bounds(who) else { return true };
        let is_own = |id: &String| own.iter().any(|unit| unit.as_str() == id);
        !wording.units.is_empty() && wording.units.iter().all(is_own)
    }

    pub(super) fn answer_row(&self, entry: &Entry) -> AnswerRow {
        let (now, shown) = (self.now(), self.shown_wording(entry));
        let zone = self.config.station.zone;
        AnswerRow {
            number: entry.number,
            kind: shown.kind,
            state: entry.state(now),
            waiting: entry.is_waiting(),
            title: shown.title.clone(),
            claim: shown.claim.clone(),
            text: shown.text.clone(),
            units: shown.units.iter().map(|id| self.unit_name(id)).collect(),
            until: shown.until.map(|until| day_of(until, zone)),
            written: entry.written,
            author: entry.author.clone(),
            approver: entry.in_force(now).map_or_else(String::new, |held| held.who.clone()),
        }
    }

    /// What is in force, else the latest.
    fn shown_wording<'e>(&self, entry: &'e Entry) -> &'e Wording {
        entry.in_force(self.now()).map_or(&entry.wording, |held| &held.wording)
    }

    /// A wording as it is typed: units by their names, where these are one word.
    fn as_typed(&self, wording: &Wording) -> Fields {
        let mut fields = wording.fields(self.config.station.zone);
        let word = |id: &String| {
            Some(self.unit_name(id)).filter(|name| !name.contains(char::is_whitespace))
        };
        let units = wording.units.iter().map(|id| word(id).unwrap_or_else(|| id.clone()));
        let units = units.collect::<Vec<_>>();
        fields.insert("units".to_owned(), units.join(" "));
        fields
    }

    fn links_named(&self, who: &Who, ids: &[String]) -> Result<Vec<AnswerLink>> {
        let mut links = Vec::new();
        for id in ids {
            let mut link = AnswerLink { id: id.clone(), post: false, title: None, records: 0 };
            if let (false, Ok(post)) = (id.contains("://"), id.parse()) {
                link.post = true;
                if let Some(found) = self.store.post(post)?.filter(|post| self.sees(who, post)) {
                    link.title = Some(found.post.title);
                    link.records = self.store.evidence(post)?.len();
                }
            }
            links.push(link);
        }
        Ok(links)
    }

    fn versions_of(&self, who: &Who, number: i64) -> Result<Vec<AnswerVersionRow>> {
        let mut rows: Vec<AnswerVersionRow> = Vec::new();
        let mut before = String::new();
        for line in self.store.answer_versions(Some(number))? {
            let entry = read(&line.record)?;
            let unknown = || anyhow::anyhow!("answer {number}: `{}` is no act", line.done);
            let done = Done::parse(&line.done).ok_or_else(unknown)?;
            let text = self.in_lines(who, &entry.wording);
            let is_written = done == Done::Write;
            rows.push(AnswerVersionRow {
                version: line.version,
                at: line.at,
                who: line.who,
                done,
                why: entry.retired.filter(|_| done == Done::Retire).unwrap_or_default(),
                diff: if is_written { diff(&before, &text) } else { Vec::new() },
            });
            before = text;
        }
        Ok(rows)
    }

    /// A wording as lines to compare: each field that says something.
    fn in_lines(&self, who: &Who, wording: &Wording) -> String {
        let fields = self.as_typed(wording);
        let lang = who.lang;
        let said = |name: &str| fields.get(name).filter(|value| !value.is_empty());
        let lines = FIELDS.iter().filter_map(|name| {
            let value = match (*name, said(name)?.as_str()) {
                ("kind", kind) => lang.text(&format!("answers.kind.{kind}")),
                (_, value) => value.to_owned(),
            };
            let name = lang.text(&format!("answers.field.{name}"));
            Some(lang.fill("answers.line", &[("name", &name), ("value", &value)]) + "\n")
        });
        lines.collect()
    }
}

/// Whether the words are found in what the entry is called by.
fn is_called(row: &AnswerRow, entry: &Entry, words: &str) -> bool {
    let stands_in_units = |word: &str| row.units.iter().any(|unit| unit.contains(word));
    let is_number = row.number.to_string() == words;
    is_number
        || words.split_whitespace().all(|word| {
            stands_in_units(word)
                || entry.wording.says(word)
                || [&row.title, &row.claim, &row.text].iter().any(|text| text.contains(word))
        })
}

/// The entry of a record.
pub(super) fn read(record: &str) -> Result<Entry> {
    Ok(serde_json::from_str(record).map_err(anyhow::Error::from)?)
}

pub(super) fn unknown(number: i64) -> DeskError {
    DeskError::Unknown { what: "answer", id: number.to_string() }
}

/// A number as it is typed; none for what is no number.
#[must_use]
pub fn number_of(typed: &str) -> Option<i64> {
    typed.trim().split('/').next()?.parse().ok()
}

/// The name of a state, of a kind or of what was done, in words.
#[must_use]
pub fn named(lang: Lang, table: &str, name: &str) -> String {
    lang.text(&format!("answers.{table}.{name}"))
}
