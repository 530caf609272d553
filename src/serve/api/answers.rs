//! Answers on record, for programs: found, shown, written, approved, taken out of force.
//!
//! In: words, numbers, fields as the form has them. Out: what the desk answers. A change names the version that was seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Asked, Body, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::desk::answers::near::NearAnswer;
use crate::desk::answers::work::AnswerWork;
use crate::desk::answers::{AnswerAsk, AnswerRow, AnswerSheet};
use crate::serve::Console;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AnswersAsked {
    /// draft, approved, expired or retired; `waiting` for those with a wording that nobody approved; all unless said.
    #[serde(default)]
    state: String,
    /// statement or rumour; both unless said.
    #[serde(default)]
    kind: String,
    /// A number, or words of title, rumour, text or unit.
    #[serde(default)]
    q: String,
}

/// The answers on record, those that wait for a second person first.
#[utoipa::path(get, path = "/api/v1/answers", params(AnswersAsked),
    responses((status = 200, body = Vec<AnswerRow>), Refusals))]
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(ask): Asked<AnswersAsked>,
) -> Result<Json<Vec<AnswerRow>>, Problem> {
    let ask = AnswerAsk { state: ask.state, kind: ask.kind, q: ask.q };
    act(&console, &bearer, move |desk, who| desk.answers(who, &ask)).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NearAsked {
    /// post, story, alert or case; `text` for a text of one's own.
    origin: String,
    /// Its id or number; the text itself.
    id: String,
}

/// The answers in force near to what a post, story, alert, case or text tells, nearest first.
#[utoipa::path(get, path = "/api/v1/answers/near", params(NearAsked),
    responses((status = 200, body = Vec<NearAnswer>), Refusals))]
pub(super) async fn near(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(NearAsked { origin, id }): Asked<NearAsked>,
) -> Result<Json<Vec<NearAnswer>>, Problem> {
    let found = act(&console, &bearer, move |desk, who| match origin.as_str() {
        "text" => desk.answers_like(who, &id),
        origin => desk.answers_near(who, origin, &id),
    });
    found.await.map(Json)
}

/// What the work on answers came to, by month and unit: never by person.
#[utoipa::path(get, path = "/api/v1/answers/work",
    responses((status = 200, body = Vec<AnswerWork>), Refusals))]
pub(super) async fn work(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Result<Json<Vec<AnswerWork>>, Problem> {
    act(&console, &bearer, |desk, who| desk.answer_work(who)).await.map(Json)
}

/// One entry with its versions, what bears it out, and the cases that took it.
#[utoipa::path(get, path = "/api/v1/answers/{number}",
    params(("number" = i64, Path, description = "Its number")),
    responses((status = 200, body = AnswerSheet), Refusals))]
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<i64>,
) -> Result<Json<AnswerSheet>, Problem> {
    act(&console, &bearer, move |desk, who| desk.answer(who, number)).await.map(Json)
}

#[derive(Serialize, ToSchema)]
pub(super) struct Recorded {
    /// Its number.
    number: i64,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AnswerOrder {
    /// kind, title, claim, text, units, topics, posts, evidence, until.
    fields: BTreeMap<String, String>,
}

/// Puts a draft on record.
#[utoipa::path(post, path = "/api/v1/answers", request_body = AnswerOrder,
    responses((status = 200, body = Recorded), Refusals))]
pub(super) async fn add(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(order): Body<AnswerOrder>,
) -> Result<Json<Recorded>, Problem> {
    let added = act(&console, &bearer, move |desk, who| desk.add_answer(who, &order.fields)).await;
    added.map(|number| Json(Recorded { number }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AnswerChange {
    /// The version that was seen.
    version: u32,
    /// As for a new one, all of them.
    fields: BTreeMap<String, String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Changed {
    /// The version after it.
    version: u32,
}

/// Writes an entry anew; what was approved stays in force until the new wording is.
#[utoipa::path(put, path = "/api/v1/answers/{number}", request_body = AnswerChange,
    params(("number" = i64, Path, description = "Its number")),
    responses((status = 200, body = Changed), Refusals))]
pub(super) async fn save(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<i64>,
    Body(AnswerChange { version, fields }): Body<AnswerChange>,
) -> Result<Json<Changed>, Problem> {
    let done =
        act(&console, &bearer, move |desk, who| desk.write_answer(who, number, version, &fields));
    done.await.map(|version| Json(Changed { version }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AnswerApproval {
    /// The version that was seen.
    version: u32,
}

/// Approves the latest wording; never by who wrote it.
#[utoipa::path(post, path = "/api/v1/answers/{number}/approval", request_body = AnswerApproval,
    params(("number" = i64, Path, description = "Its number")),
    responses((status = 200, body = Changed), Refusals))]
pub(super) async fn approve(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<i64>,
    Body(AnswerApproval { version }): Body<AnswerApproval>,
) -> Result<Json<Changed>, Problem> {
    let done = act(&console, &bearer, move |desk, who| desk.approve_answer(who, number, version));
    done.await.map(|version| Json(Changed { version }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AnswerRetirement {
    /// The version that was seen.
    version: u32,
    /// Why.
    why: String,
}

/// Takes an entry out of force.
#[utoipa::path(post, path = "/api/v1/answers/{number}/retirement", request_body = AnswerRetirement,
    params(("number" = i64, Path, description = "Its number")),
    responses((status = 200, body = Changed), Refusals))]
pub(super) async fn retire(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<i64>,
    Body(AnswerRetirement { version, why }): Body<AnswerRetirement>,
) -> Result<Json<Changed>, Problem> {
    let done =
        act(&console, &bearer, move |desk, who| desk.retire_answer(who, number, version, &why));
    done.await.map(|version| Json(Changed { version }))
}

/// Puts the published answer of a case on record, as a draft with its evidence.
#[utoipa::path(post, path = "/api/v1/cases/{number}/record",
    params(("number" = String, Path, description = "The number of the case")),
    responses((status = 200, body = Recorded), Refusals))]
pub(super) async fn record(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<String>,
) -> Result<Json<Recorded>, Problem> {
    let recorded = act(&console, &bearer, move |desk, who| desk.record_case_answer(who, &number));
    recorded.await.map(|number| Json(Recorded { number }))
}
