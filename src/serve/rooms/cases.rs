//! Cases: the list with its clocks, one case with its log and the forms of its next steps, opening, the ledger, the year.
//!
//! In: filters in the address, forms. Out: pages. What cannot be taken comes back with what was typed and the fault beside
//! it, also where somebody else was first: then the page shows the case as it is now.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::again::{Done, answer, status_of};
use super::{act, show, unmarked};
use crate::cases::{Fields, Step};
use crate::desk::answers::aids::{Aids, aids};
use crate::desk::answers::near::NearAnswer;
use crate::desk::answers::of_case::CaseAnswers;
use crate::desk::cases::opening::CaseOrder;
use crate::desk::cases::sheet::{CaseSheet, FieldRow};
use crate::desk::cases::{CaseAsk, CaseRow};
use crate::desk::export::ExportForm;
use crate::desk::{Act, Desk, DeskError, Who};
use crate::serve::Console;
use crate::serve::guard::Visit;

#[derive(Serialize)]
struct ListPage {
    ask: CaseAsk,
    rows: Vec<CaseRow>,
}

pub(super) async fn cases(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(mut ask): Query<CaseAsk>,
) -> Response {
    show(&console, &visit, "cases", move |desk, who| {
        match ask.state.as_str() {
            "" if ask.q.is_empty() => "open".clone_into(&mut ask.state),
            "all" => ask.state.clear(),
            _ => {}
        }
        Ok(ListPage { rows: desk.cases(who, &ask)?, ask })
    })
    .await
}

#[derive(Serialize)]
struct Unit {
    name: String,
}

fn units(desk: &Desk) -> Vec<Unit> {
    desk.config.subjects.iter().map(|subject| Unit { name: subject.name.clone() }).collect()
}

#[derive(Serialize)]
struct CasePage {
    sheet: CaseSheet,
    units: Vec<Unit>,
    near: Vec<NearAnswer>,
    answers: CaseAnswers,
    aids: Aids,
    /// What was wrong, and of which step.
    fault: String,
    step: String,
}

impl CasePage {
    fn new(desk: &Desk, who: &Who, sheet: CaseSheet) -> Result<Self, DeskError> {
        let number = sheet.row.number.clone();
        Ok(Self {
            sheet,
            units: units(desk),
            near: desk.answers_near(who, "case", &number)?,
            answers: desk.case_answers(who, &number)?,
            aids: aids(who.lang),
            fault: String::new(),
            step: String::new(),
        })
    }
}

/// What is to stand in the draft of the answer: an answer on record, or a template.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Take {
    take: String,
    template: String,
}

pub(super) async fn case(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(number): Path<String>,
    Query(Take { take, template }): Query<Take>,
) -> Response {
    show(&console, &visit, "case", move |desk, who| {
        let mut page = CasePage::new(desk, who, desk.case(who, &number)?)?;
        if !take.is_empty() {
            desk.take_answer(who, &mut page.sheet.forms, &take)?;
        }
        if !template.is_empty() {
            desk.take_template(who, &mut page.sheet.forms, &template)?;
        }
        if !(take.is_empty() && template.is_empty()) {
            page.step = Step::Submit.as_str().to_owned();
        }
        Ok(page)
    })
    .await
}

/// What is typed into a form of a step: its mark and what it is, then the fields of the step.
type Typed = BTreeMap<String, String>;

fn taken_out(typed: &mut Typed, name: &str) -> String {
    typed.remove(name).unwrap_or_default()
}

pub(super) async fn step(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(number): Path<String>,
    Form(mut typed): Form<Typed>,
) -> Response {
    if !visit.takes(&taken_out(&mut typed, "mark")) {
        return unmarked(&console, &visit);
    }
    let done = act(&console, &visit, move |desk, who| {
        let name = taken_out(&mut typed, "step");
        let wrong = || DeskError::Value { what: "case_step", value: name.clone() };
        let step = Step::parse(&name).ok_or_else(wrong)?;
        // A form without a version saw nothing.
        let seen = taken_out(&mut typed, "version").parse().unwrap_or(0);
        match desk.step_case(who, &number, seen, step, &typed) {
            Ok(_) => Ok(Done::Led(format!("/cases/{number}"))),
            Err(error) => again(desk, who, &number, &name, &typed, error),
        }
    });
    answer(&console, &visit, "case", done.await)
}

/// The page of the case as it is now, with the fault and what was typed.
fn again(
    desk: &Desk,
    who: &Who,
    number: &str,
    step: &str,
    typed: &Fields,
    error: DeskError,
) -> Result<Done<CasePage>, DeskError> {
    let Some(status) = status_of(&error) else { return Err(error) };
    let mut sheet = desk.case(who, number)?;
    let mut is_open = false;
    for form in sheet.forms.iter_mut().filter(|form| form.step.as_str() == step) {
        is_open = true;
        retyped(&mut form.fields, typed);
    }
    let mut fault = error.in_words(who.lang);
    if !is_open {
        // The step is no longer open: what was typed is shown, to be taken elsewhere.
        fault.extend(
            typed.values().filter(|value| !value.is_empty()).map(|value| format!("\n{value}")),
        );
    }
    let page = CasePage { fault, step: step.to_owned(), ..CasePage::new(desk, who, sheet)? };
    Ok(Done::Again(status, Box::new(page)))
}

fn retyped(fields: &mut [FieldRow], typed: &Fields) {
    for field in fields {
        if let Some(value) = typed.get(field.name) {
            field.value.clone_from(value);
        }
    }
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Begin {
    from: String,
    id: String,
}

#[derive(Serialize)]
struct NewPage {
    origin: String,
    id: String,
    fields: Vec<FieldRow>,
    units: Vec<Unit>,
    fault: String,
}

fn new_page(desk: &Desk, order: &CaseOrder, fields: Vec<FieldRow>, fault: String) -> NewPage {
    let (origin, id) = (order.origin.clone(), order.id.clone());
    NewPage { origin, id, fields, units: units(desk), fault }
}

pub(super) async fn new(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(begin): Query<Begin>,
) -> Response {
    show(&console, &visit, "case_new", move |desk, who| {
        let origin = if begin.from.is_empty() { "hand".to_owned() } else { begin.from };
        let order = CaseOrder { origin, id: begin.id, fields: Fields::new() };
        let fields = desk.opening_form(&desk.case_begin(who, &order)?);
        Ok(new_page(desk, &order, fields, String::new()))
    })
    .await
}

pub(super) async fn open(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(mut typed): Form<Typed>,
) -> Response {
    if !visit.takes(&taken_out(&mut typed, "mark")) {
        return unmarked(&console, &visit);
    }
    let done = act(&console, &visit, move |desk, who| {
        let origin = taken_out(&mut typed, "origin");
        let order = CaseOrder { origin, id: taken_out(&mut typed, "id"), fields: typed };
        match desk.open_case(who, &order) {
            Ok(number) => Ok(Done::Led(format!("/cases/{number}"))),
            Err(error) => {
                let Some(status) = status_of(&error) else { return Err(error) };
                desk.check(who, Act::OpenCase)?;
                let mut fields = desk.opening_form(&Fields::new());
                retyped(&mut fields, &order.fields);
                let page = new_page(desk, &order, fields, error.in_words(who.lang));
                Ok(Done::Again(status, Box::new(page)))
            }
        }
    });
    answer(&console, &visit, "case_new", done.await)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LedgerOrder {
    mark: String,
    form: String,
    year: String,
}

pub(super) async fn ledger(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(order): Form<LedgerOrder>,
) -> Response {
    if !visit.takes(&order.mark) {
        return unmarked(&console, &visit);
    }
    let made = act(&console, &visit, move |desk, who| {
        let (form, kind, name) = match order.form.as_str() {
            "xlsx" => (ExportForm::Xlsx, XLSX, "ledger.xlsx"),
            _ => (ExportForm::Csv, "text/csv; charset=utf-8", "ledger.csv"),
        };
        Ok((desk.case_ledger(who, year_of(&order.year)?, form)?, kind, name))
    });
    match made.await {
        Ok((bytes, kind, name)) => {
            let disposition = format!("attachment; filename=\"{name}\"");
            let heads = [
                (header::CONTENT_TYPE, kind.to_owned()),
                (header::CONTENT_DISPOSITION, disposition),
            ];
            (heads, bytes).into_response()
        }
        Err(page) => *page,
    }
}

/// The page of a published answer as it was kept.
pub(super) async fn page(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(number): Path<String>,
    Form(mut typed): Form<Typed>,
) -> Response {
    if !visit.takes(&taken_out(&mut typed, "mark")) {
        return unmarked(&console, &visit);
    }
    let name = format!("attachment; filename=\"case-{}.warc.gz\"", plain(&number));
    match act(&console, &visit, move |desk, who| desk.case_page(who, &number)).await {
        Ok(page) => {
            let heads = [
                (header::CONTENT_TYPE, "application/warc".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            (heads, page.warc).into_response()
        }
        Err(page) => *page,
    }
}

/// A number as a file may be called: what was in the address is anybody's.
fn plain(number: &str) -> String {
    number.chars().filter(|c| c.is_ascii_digit() || *c == '-').take(20).collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct YearAsk {
    year: String,
}

pub(super) async fn statistics(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(ask): Query<YearAsk>,
) -> Response {
    show(&console, &visit, "case_statistics", move |desk, who| {
        desk.case_statistics(who, year_of(&ask.year)?)
    })
    .await
}

/// A year as typed; none where nothing is.
fn year_of(typed: &str) -> Result<Option<i32>, DeskError> {
    let typed = typed.trim();
    let wrong = || DeskError::Value { what: "year", value: typed.to_owned() };
    let year = Some(typed).filter(|year| !year.is_empty());
    year.map(|year| year.parse().map_err(|_| wrong())).transpose()
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
