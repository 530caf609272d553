//! Cases for programs: listed, shown, opened, taken from step to step, handed out as a ledger.
//!
//! In: JSON bodies. Out: what the desk answers. A step names the version it saw; where the case is another one by then it
//! is refused with 409, and the words say who was first. Which steps are open and what they must say is in the sheet
//! (`forms`).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Asked, Body, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::cases::Step;
use crate::desk::cases::chain::ChainReport;
use crate::desk::cases::opening::{CaseOrder, OpenedCases};
use crate::desk::cases::sheet::CaseSheet;
use crate::desk::cases::statistics::CaseStatistics;
use crate::desk::cases::{CaseAsk, CaseRow};
use crate::desk::export::ExportForm;
use crate::serve::Console;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListAsk {
    /// A state; `open` for all that have not ended, `late` for those whose time runs out; all unless said.
    #[serde(default)]
    state: String,
    /// A number, or words of title, unit or answer.
    #[serde(default)]
    q: String,
}

/// The cases, those whose time runs out first.
#[utoipa::path(get, path = "/api/v1/cases", params(ListAsk),
    responses((status = 200, body = Vec<CaseRow>), Refusals))]
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(ask): Asked<ListAsk>,
) -> Result<Json<Vec<CaseRow>>, Problem> {
    let ask = CaseAsk { state: ask.state, q: ask.q };
    act(&console, &bearer, move |desk, who| desk.cases(who, &ask)).await.map(Json)
}

/// One case: clocks, log, answers, what it is about, and the steps that are open.
#[utoipa::path(get, path = "/api/v1/cases/{number}",
    params(("number" = String, Path, description = "Its number, as 2026-0042")),
    responses((status = 200, body = CaseSheet), Refusals))]
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<String>,
) -> Result<Json<CaseSheet>, Problem> {
    act(&console, &bearer, move |desk, who| desk.case(who, &number)).await.map(Json)
}

#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    /// Its number.
    number: String,
}

/// Opens a case.
#[utoipa::path(post, path = "/api/v1/cases", request_body = CaseOrder,
    responses((status = 200, body = Opened), Refusals))]
pub(super) async fn open(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(order): Body<CaseOrder>,
) -> Result<Json<Opened>, Problem> {
    let opened = act(&console, &bearer, move |desk, who| desk.open_case(who, &order)).await;
    opened.map(|number| Json(Opened { number }))
}

/// Opens a case for each post of an import that has none.
#[utoipa::path(post, path = "/api/v1/imports/{number}/cases",
    params(("number" = i64, Path, description = "The import")),
    responses((status = 200, body = OpenedCases), Refusals))]
pub(super) async fn of_import(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<i64>,
) -> Result<Json<OpenedCases>, Problem> {
    act(&console, &bearer, move |desk, who| desk.open_cases_of(who, number)).await.map(Json)
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct StepOrder {
    /// The version that was seen.
    version: u64,
    /// The step.
    step: Step,
    /// What is said.
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Stepped {
    /// The version after it.
    version: u64,
}

/// Takes a step of a case.
#[utoipa::path(post, path = "/api/v1/cases/{number}/steps", request_body = StepOrder,
    params(("number" = String, Path, description = "Its number")),
    responses((status = 200, body = Stepped), Refusals))]
pub(super) async fn step(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<String>,
    Body(order): Body<StepOrder>,
) -> Result<Json<Stepped>, Problem> {
    let StepOrder { version, step, fields } = order;
    let taken = act(&console, &bearer, move |desk, who| {
        desk.step_case(who, &number, version, step, &fields)
    });
    taken.await.map(|version| Json(Stepped { version }))
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum LedgerForm {
    Csv,
    Xlsx,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct LedgerOrder {
    /// How rows are written.
    form: LedgerForm,
    /// Only cases opened in this local year.
    year: Option<i32>,
}

/// The ledger of cases.
#[utoipa::path(post, path = "/api/v1/cases/ledger", request_body = LedgerOrder,
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), Refusals))]
pub(super) async fn ledger(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(order): Body<LedgerOrder>,
) -> Result<Response, Problem> {
    let form = match order.form {
        LedgerForm::Csv => ExportForm::Csv,
        LedgerForm::Xlsx => ExportForm::Xlsx,
    };
    let made = act(&console, &bearer, move |desk, who| desk.case_ledger(who, order.year, form));
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], made.await?).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct YearAsk {
    /// The local year in which the cases were opened; this one unless said.
    #[param(minimum = 1970, maximum = 9999)]
    year: Option<i32>,
}

/// The cases of a year counted: grievances by unit and class, grades other than suggested.
#[utoipa::path(get, path = "/api/v1/cases/statistics", params(YearAsk),
    responses((status = 200, body = CaseStatistics), Refusals))]
pub(super) async fn statistics(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(ask): Asked<YearAsk>,
) -> Result<Json<CaseStatistics>, Problem> {
    act(&console, &bearer, move |desk, who| desk.case_statistics(who, ask.year)).await.map(Json)
}

/// The page of a published answer as it was kept, as a WARC file.
#[utoipa::path(post, path = "/api/v1/cases/{number}/page",
    params(("number" = String, Path, description = "Its number")),
    responses((status = 200, content_type = "application/warc", body = Vec<u8>), Refusals))]
pub(super) async fn page(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<String>,
) -> Result<Response, Problem> {
    let page = act(&console, &bearer, move |desk, who| desk.case_page(who, &number)).await?;
    Ok(([(header::CONTENT_TYPE, "application/warc")], page.warc).into_response())
}

/// Whether each line of the log of cases is whole and follows the one before.
#[utoipa::path(get, path = "/api/v1/cases/check", responses((status = 200, body = ChainReport), Refusals))]
pub(super) async fn check(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Result<Json<ChainReport>, Problem> {
    act(&console, &bearer, |desk, who| desk.check_cases(who)).await.map(Json)
}
