//! One case as it is shown: what is known, what was done, the versions of its answer, what it is about, and the forms of
//! the steps that are open to whoever looks.
//!
//! In: who, a number. Out: plain data with words in their language.

use chrono::{DateTime, Utc};
use pipelines::record::Severity;
use serde::Serialize;

use super::CaseRow;
use super::act::right_of;
use super::page::PageRow;
use super::settling::Settling;
use crate::cases::{Approval, Case, Draft, Event, Field, Form, State, Step, offered, words};
use crate::desk::edit::{DiffLine, diff};
use crate::desk::{Act, Desk, Result, Who};
use crate::engine::health::kind_in_words;
use crate::store::CaseLink;

/// Something said, in words.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Said {
    /// The field's name in the log.
    pub field: String,
    /// What it is called.
    pub name: String,
    /// What was said.
    pub value: String,
}

/// A line of the log.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LogRow {
    /// Which it is, from 1.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub who: String,
    /// What was done.
    pub step: Step,
    /// Where the case went; none where it stayed.
    pub to: Option<State>,
    /// What was said.
    pub said: Vec<Said>,
    /// Its hash in the chain.
    pub hash: String,
}

/// A version of the answer, and how it differs from the one before.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DraftRow {
    /// The version.
    pub draft: Draft,
    /// Line by line; empty for the first.
    pub diff: Vec<DiffLine>,
}

/// Something a case is about.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LinkRow {
    /// post, story or alert.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Of a post: its title; none where it is past its date.
    pub title: Option<String>,
    /// Of a post: pages kept as they were served.
    pub records: usize,
}

/// A field of a form.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FieldRow {
    /// Its name.
    pub name: &'static str,
    /// line, text, choice, grade, unit, units, case, address or time.
    pub form: &'static str,
    /// Whether the step cannot be taken without it.
    pub must: bool,
    /// What may be chosen.
    pub choices: Vec<&'static str>,
    /// What it begins with.
    pub value: String,
}

/// A form.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FormRow {
    /// The step.
    pub step: Step,
    /// Its fields.
    pub fields: Vec<FieldRow>,
}

/// Everything shown of a case.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CaseSheet {
    /// As in the list.
    pub row: CaseRow,
    /// What a step must expect.
    pub version: u64,
    /// The latest word of each field, in the order of the table.
    pub known: Vec<Said>,
    /// What was done, oldest first.
    pub log: Vec<LogRow>,
    /// Versions of the answer, oldest first.
    pub drafts: Vec<DraftRow>,
    /// The approval of the latest.
    pub approval: Option<Approval>,
    /// When it was answered.
    pub answered: Option<DateTime<Utc>>,
    /// How long it took, once it has ended.
    pub took: Option<String>,
    /// How often it was reopened.
    pub reopened: u32,
    /// Cases that became part of it.
    pub absorbed: Vec<String>,
    /// What it is about.
    pub links: Vec<LinkRow>,
    /// The page of its published answer; none where there is none.
    pub page: Option<PageRow>,
    /// Before and after the answer.
    pub settling: Option<Settling>,
    /// The steps that are open to this person.
    pub forms: Vec<FormRow>,
}

impl Desk {
    /// One case.
    ///
    /// # Errors
    /// `Unknown`; a broken store.
    pub fn case(&self, who: &Who, number: &str) -> Result<CaseSheet> {
        self.check(who, Act::SeeCases)?;
        let case = self.case_of(who, number)?;
        let links = self.store.case_links(&case.number)?;
        let mut drafts: Vec<DraftRow> = Vec::new();
        for draft in &case.drafts {
            let before = drafts.last().map(|row| row.draft.text.clone());
            let diff = before.map_or_else(Vec::new, |before| diff(&before, &draft.text));
            drafts.push(DraftRow { draft: draft.clone(), diff });
        }
        let took = case.ended.map(|at| words::span((at - case.opened).num_minutes(), who.lang));
        Ok(CaseSheet {
            version: case.version,
            known: self.known_in_words(who, &case),
            log: self.log_of(who, &case)?,
            drafts,
            approval: case.approval.clone(),
            answered: case.answered,
            took,
            reopened: case.reopened,
            absorbed: case.absorbed.clone(),
            page: self.page_of(who, &case),
            settling: self.settling(who, &case, &links)?,
            links: self.links_of(who, &links)?,
            forms: self.forms_of(who, &case, &links),
            row: self.case_row(&case, who.lang),
        })
    }

    /// The fields of a form that opens a case, with what it begins with.
    #[must_use]
    pub fn opening_form(&self, known: &crate::cases::Fields) -> Vec<FieldRow> {
        let fields = crate::cases::table::line(Step::Open).fields.iter();
        let is_typed = |field: &&Field| field.name != "origin";
        let value = |field: &Field| known.get(field.name).cloned().unwrap_or_default();
        fields.filter(is_typed).map(|field| self.field_row(field, value(field))).collect()
    }

    fn known_in_words(&self, who: &Who, case: &Case) -> Vec<Said> {
        // Each field once, where the table first names it; the answer has its place of its own.
        let mut known: Vec<Said> = Vec::new();
        for field in crate::cases::TABLE.iter().flat_map(|line| line.fields) {
            let value = case.field(field.name);
            let is_shown = known.iter().any(|said| said.field == field.name);
            let is_elsewhere =
                ["title", "answer", "note"].contains(&field.name) || field.name.starts_with("kept");
            if !value.is_empty() && !is_shown && !is_elsewhere {
                known.push(self.said(who, field.name, value));
            }
        }
        known
    }

    fn said(&self, who: &Who, field: &str, value: &str) -> Said {
        let form =
            crate::cases::TABLE.iter().flat_map(|line| line.fields).find(|f| f.name == field);
        let lang = who.lang;
        let value = match form.map(|field| field.form) {
            Some(Form::Choice(_)) => lang.text(&format!("cases.choice.{field}.{value}")),
            Some(Form::Grade) => lang.text(&format!("record.severity.{value}")),
            Some(Form::Unit | Form::Units) => {
                value.split_whitespace().map(|id| self.unit_name(id)).collect::<Vec<_>>().join(" ")
            }
            Some(Form::Time) => value.parse::<DateTime<Utc>>().map_or_else(
                |_| value.to_owned(),
                |at| {
                    at.with_timezone(&self.config.station.zone).format("%Y-%m-%d %H:%M").to_string()
                },
            ),
            _ if field == "kept_why" => kind_in_words(value, lang),
            _ => value.to_owned(),
        };
        let name = lang.text(&format!("cases.field.{field}"));
        Said { field: field.to_owned(), name, value }
    }

    fn log_of(&self, who: &Who, case: &Case) -> Result<Vec<LogRow>> {
        let mut rows = Vec::new();
        for line in self.store.case_log(Some(&case.number))? {
            let event: Event = serde_json::from_str(&line.body).map_err(anyhow::Error::from)?;
            let said = event.fields.iter();
            rows.push(LogRow {
                seq: event.seq,
                at: event.at,
                step: event.step,
                to: (event.from != Some(event.to)).then_some(event.to),
                said: said.map(|(field, value)| self.said(who, field, value)).collect(),
                who: event.who,
                hash: line.hash,
            });
        }
        Ok(rows)
    }

    fn links_of(&self, who: &Who, links: &[CaseLink]) -> Result<Vec<LinkRow>> {
        let mut rows = Vec::new();
        for link in links {
            rows.push(match link {
                CaseLink::Alert(id) => {
                    LinkRow { kind: "alert", id: id.to_string(), title: None, records: 0 }
                }
                CaseLink::Story(id) => {
                    LinkRow { kind: "story", id: id.to_string(), title: None, records: 0 }
                }
                CaseLink::Post(id) => {
                    let post = self.store.post(*id)?;
                    if post.as_ref().is_some_and(|post| !self.sees(who, post)) {
                        continue;
                    }
                    let records = self.store.evidence(*id)?.len();
                    let title = post.map(|post| post.post.title);
                    LinkRow { kind: "post", id: id.to_string(), title, records }
                }
            });
        }
        Ok(rows)
    }

    fn forms_of(&self, who: &Who, case: &Case, links: &[CaseLink]) -> Vec<FormRow> {
        let is_theirs = |line: &&&crate::cases::Line| {
            who.may(right_of(line.hand)) && self.is_theirs(who, case, line.step, line.hand).is_ok()
        };
        let form = |line: &&'static crate::cases::Line| FormRow {
            step: line.step,
            fields: line
                .fields
                .iter()
                .map(|field| self.field_row(field, self.begins_with(case, links, line.step, field)))
                .collect(),
        };
        offered(case).iter().filter(is_theirs).map(form).collect()
    }

    /// What a field of the next step begins with: what was said before, or what is known.
    fn begins_with(&self, case: &Case, links: &[CaseLink], step: Step, field: &Field) -> String {
        let said = case.field(field.name);
        let posts = links.iter().filter_map(|link| match link {
            CaseLink::Post(id) => Some(id.to_string()),
            _ => None,
        });
        match (step, field.name) {
            (Step::Verify, "grade") if said.is_empty() => case.field("suggested").to_owned(),
            (Step::Verify, "originals") if said.is_empty() => posts.collect::<Vec<_>>().join(" "),
            (Step::Assign, "main") if said.is_empty() => {
                let mut units = case.field("units").split_whitespace();
                units.next().filter(|_| units.next().is_none()).unwrap_or_default().to_owned()
            }
            (Step::Submit, "under") if said.is_empty() => self.unit_name(case.field("main")),
            (Step::Submit, "answer") if said.is_empty() => {
                case.drafts.last().map(|draft| draft.text.clone()).unwrap_or_default()
            }
            (Step::Correct, "address") => said.to_owned(),
            (Step::Verify | Step::Assign | Step::Record | Step::Submit, _) => said.to_owned(),
            _ => String::new(),
        }
    }

    fn field_row(&self, field: &Field, value: String) -> FieldRow {
        let (form, choices): (_, Vec<&'static str>) = match field.form {
            Form::Line => ("line", Vec::new()),
            Form::Text => ("text", Vec::new()),
            Form::Choice(known) => ("choice", known.to_vec()),
            Form::Grade => {
                ("grade", Severity::ALL.iter().rev().map(|grade| grade.as_str()).collect())
            }
            Form::Unit => ("unit", Vec::new()),
            Form::Units => ("units", Vec::new()),
            Form::Case => ("case", Vec::new()),
            Form::Address => ("address", Vec::new()),
            Form::Time => ("time", Vec::new()),
        };
        // As a field of the browser takes a time.
        let value = match (field.form, value.parse::<DateTime<Utc>>()) {
            (Form::Time, Ok(at)) => {
                at.with_timezone(&self.config.station.zone).format("%Y-%m-%dT%H:%M").to_string()
            }
            (Form::Unit | Form::Units, _) => {
                value.split_whitespace().map(|id| self.unit_name(id)).collect::<Vec<_>>().join(" ")
            }
            _ => value,
        };
        FieldRow { name: field.name, form, must: field.must, choices, value }
    }
}
