//! Answers on record: the list, one entry with its versions, writing, approving, taking out of force.
//!
//! In: filters in the address, forms. Out: pages. What cannot be taken comes back with what was typed and the fault
//! beside it; also what is near to a post, happening, alert or case is shown by their own pages with what stands here.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::again::{Done, answer as answer_to, status_of};
use super::{act, back, show, unmarked};
use crate::answers::{FIELDS, Fields};
use crate::desk::answers::aids::{Aids, aids};
use crate::desk::answers::near::NearAnswer;
use crate::desk::answers::work::AnswerWork;
use crate::desk::answers::{AnswerAsk, AnswerRow, AnswerSheet, number_of};
use crate::desk::{Act, Desk, DeskError, Who};
use crate::serve::Console;
use crate::serve::guard::Visit;

/// A page with the answers on record beside it.
#[derive(Serialize)]
pub(super) struct Beside<T> {
    #[serde(flatten)]
    sheet: T,
    near: Vec<NearAnswer>,
}

impl<T> Beside<T> {
    pub(super) fn new(
        sheet: T,
        desk: &Desk,
        who: &Who,
        (origin, id): (&str, &str),
    ) -> Result<Self, DeskError> {
        Ok(Self { near: desk.answers_near(who, origin, id)?, sheet })
    }
}

#[derive(Serialize)]
struct ListPage {
    ask: AnswerAsk,
    rows: Vec<AnswerRow>,
    work: Vec<AnswerWork>,
    aids: Aids,
}

pub(super) async fn answers(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(mut ask): Query<AnswerAsk>,
) -> Response {
    show(&console, &visit, "answers", move |desk, who| {
        if ask.state == "all" {
            ask.state.clear();
        }
        let rows = desk.answers(who, &ask)?;
        Ok(ListPage { rows, work: desk.answer_work(who)?, aids: aids(who.lang), ask })
    })
    .await
}

#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
}

/// What may be named in the form.
#[derive(Serialize)]
struct Names {
    units: Vec<Named>,
    topics: Vec<Named>,
}

fn names(desk: &Desk, who: &Who) -> Names {
    let units = desk.config.subjects.iter();
    let topics = desk.config.topics.iter();
    Names {
        units: units.map(|s| Named { id: s.id.0.clone(), name: s.name.clone() }).collect(),
        topics: topics
            .map(|t| {
                let is_zh = who.lang == pipelines::locale::Lang::Zh;
                let name = if is_zh { &t.name } else { &t.name_en };
                Named { id: t.id.as_str().to_owned(), name: name.clone() }
            })
            .collect(),
    }
}

#[derive(Serialize)]
struct EntryPage {
    sheet: AnswerSheet,
    /// The form: what is on record, or what was typed.
    fields: Fields,
    names: Names,
    fault: String,
}

pub(super) async fn answer(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(number): Path<String>,
) -> Response {
    show(&console, &visit, "answer", move |desk, who| {
        let sheet = desk.answer(who, known(&number)?)?;
        let fields = sheet.fields.clone();
        Ok(EntryPage { sheet, fields, names: names(desk, who), fault: String::new() })
    })
    .await
}

#[derive(Serialize)]
struct NewPage {
    fields: Fields,
    names: Names,
    fault: String,
}

/// What a new entry begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Begin {
    post: String,
}

pub(super) async fn new(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(begin): Query<Begin>,
) -> Response {
    show(&console, &visit, "answer_new", move |desk, who| {
        desk.check(who, Act::WriteAnswer)?;
        let mut fields = whole(Fields::new());
        if !begin.post.is_empty() {
            let post = desk.post_named(who, &begin.post)?;
            fields.insert("kind".to_owned(), "rumour".to_owned());
            fields.insert("title".to_owned(), post.post.title.clone());
            fields.insert("posts".to_owned(), post.post.id.to_string());
        }
        Ok(NewPage { fields, names: names(desk, who), fault: String::new() })
    })
    .await
}

type Typed = BTreeMap<String, String>;

pub(super) async fn add(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(mut typed): Form<Typed>,
) -> Response {
    if !visit.takes(&typed.remove("mark").unwrap_or_default()) {
        return unmarked(&console, &visit);
    }
    let done = act(&console, &visit, move |desk, who| match desk.add_answer(who, &typed) {
        Ok(number) => Ok(Done::Led(format!("/answers/{number}"))),
        Err(error) => {
            let Some(status) = status_of(&error) else { return Err(error) };
            let (fields, fault) = (whole(typed), error.in_words(who.lang));
            let page = NewPage { fields, names: names(desk, who), fault };
            Ok(Done::Again(status, Box::new(page)))
        }
    });
    answer_to(&console, &visit, "answer_new", done.await)
}

pub(super) async fn change(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(number): Path<String>,
    Form(mut typed): Form<Typed>,
) -> Response {
    let mut out = |name: &str| typed.remove(name).unwrap_or_default();
    let (mark, name, why, version) = (out("mark"), out("act"), out("why"), out("version"));
    if !visit.takes(&mark) {
        return unmarked(&console, &visit);
    }
    let done = act(&console, &visit, move |desk, who| {
        let number = known(&number)?;
        // A form without a version saw nothing.
        let seen = version.parse().unwrap_or(0);
        let done = match name.as_str() {
            "approve" => desk.approve_answer(who, number, seen),
            "retire" => desk.retire_answer(who, number, seen, &why),
            _ => desk.write_answer(who, number, seen, &typed),
        };
        match done {
            Ok(_) => Ok(Done::Led(format!("/answers/{number}"))),
            Err(error) => {
                let Some(status) = status_of(&error) else { return Err(error) };
                let sheet = desk.answer(who, number)?;
                let is_written = typed.contains_key("title");
                let fields = if is_written { whole(typed) } else { sheet.fields.clone() };
                let fault = error.in_words(who.lang);
                let page = EntryPage { sheet, fields, names: names(desk, who), fault };
                Ok(Done::Again(status, Box::new(page)))
            }
        }
    });
    answer_to(&console, &visit, "answer", done.await)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    mark: String,
}

/// The published answer of a case is put on record.
pub(super) async fn record(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(number): Path<String>,
    Form(form): Form<Record>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    match act(&console, &visit, move |desk, who| desk.record_case_answer(who, &number)).await {
        Ok(number) => back(&format!("/answers/{number}")),
        Err(page) => *page,
    }
}

/// All fields of the form, those that were not typed empty.
fn whole(mut typed: Fields) -> Fields {
    for name in FIELDS {
        typed.entry(name.to_owned()).or_default();
    }
    typed
}

fn known(number: &str) -> Result<i64, DeskError> {
    let unknown = || DeskError::Unknown { what: "answer", id: number.to_owned() };
    number_of(number).ok_or_else(unknown)
}
