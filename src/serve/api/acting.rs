//! What changes or hands out something: corrections, alerts, digests, exports, evidence.
//!
//! In: JSON bodies. Out: what came of it, or the file. Each is in the audit under the name of the token's person; a
//! token whose scope is to read is refused.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use pipelines::record::{AlertState, Polarity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Body, Named, Problem, Refusals};
use super::reading::number;
use super::{Bearer, act};
use crate::config::Period;
use crate::desk::corrections::Wanted;
use crate::desk::digests::DigestAsk;
use crate::desk::export::ExportForm;
use crate::serve::Console;

#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SaidPolarity {
    Negative,
    Neutral,
    Positive,
}

impl From<SaidPolarity> for Polarity {
    fn from(said: SaidPolarity) -> Self {
        match said {
            SaidPolarity::Negative => Self::Negative,
            SaidPolarity::Neutral => Self::Neutral,
            SaidPolarity::Positive => Self::Positive,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Correction {
    /// What it is.
    polarity: SaidPolarity,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Corrected {
    /// The post.
    id: String,
    /// What it was judged to be before.
    was: String,
}

/// An officer's word on the polarity of a post; in force at once.
#[utoipa::path(put, path = "/api/v1/posts/{id}/polarity", request_body = Correction,
    params(("id" = String, Path, description = "The post")),
    responses((status = 200, body = Corrected), Refusals))]
pub(super) async fn correct(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Body(said): Body<Correction>,
) -> Result<Json<Corrected>, Problem> {
    let polarity = said.polarity.into();
    let done = act(&console, &bearer, move |desk, who| {
        desk.correct(who, &id, &Wanted::polarity(polarity))
    });
    let done = done.await?;
    Ok(Json(Corrected { id: done.id.to_string(), was: done.was.as_str().to_owned() }))
}

/// A post's pages as they were served, as a zip: names and numbers unmasked.
#[utoipa::path(post, path = "/api/v1/posts/{id}/evidence",
    params(("id" = String, Path, description = "The post")),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), Refusals))]
pub(super) async fn evidence(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let handed = act(&console, &bearer, move |desk, who| desk.evidence(who, &id)).await?;
    Ok(([(header::CONTENT_TYPE, "application/zip")], handed.zip).into_response())
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Move {
    Open,
    Acknowledged,
    Closed,
    /// Closed, and the newest post becomes an example that the rule must not hit.
    FalseAlarm,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PutOff {
    /// For so many hours; 0 ends it.
    #[schema(minimum = 0, maximum = 720)]
    hours: u32,
}

/// Put an alert off: until then it is told again only where it becomes graver, then it is told anew.
#[utoipa::path(put, path = "/api/v1/alerts/{id}/put-off", request_body = PutOff,
    params(("id" = String, Path, description = "Its number")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn put_off(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Body(PutOff { hours }): Body<PutOff>,
) -> Result<StatusCode, Problem> {
    let done = act(&console, &bearer, move |desk, who| desk.put_off(who, number(&id)?, hours));
    done.await.map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct MoveTo {
    /// What becomes of it.
    state: Move,
}

/// Acknowledge, close, reopen an alert, or call it false.
#[utoipa::path(put, path = "/api/v1/alerts/{id}/state", request_body = MoveTo,
    params(("id" = String, Path, description = "Its number")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn move_alert(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Body(to): Body<MoveTo>,
) -> Result<StatusCode, Problem> {
    act(&console, &bearer, move |desk, who| {
        let id = number(&id)?;
        match to.state {
            Move::Open => desk.move_alert(who, id, AlertState::Open),
            Move::Acknowledged => desk.move_alert(who, id, AlertState::Acknowledged),
            Move::Closed => desk.move_alert(who, id, AlertState::Closed),
            Move::FalseAlarm => desk.false_alarm(who, id).map(|_| ()),
        }
    })
    .await
    .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Span {
    Day,
    Week,
    Month,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct DigestOrder {
    /// The time it is about; left out of a happening and where `from` is given.
    period: Option<Span>,
    /// The first day of any span: a special report.
    from: Option<NaiveDate>,
    /// The last day of it; none: now.
    last: Option<NaiveDate>,
    /// The id of a unit it is narrowed to, with those below it.
    unit: Option<String>,
    /// The id of a topic it is narrowed to, with those under it.
    topic: Option<String>,
    /// The id of a happening it is about: a flash report.
    story: Option<String>,
    /// Whether a happening is told at length.
    #[serde(default)]
    full: bool,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Written {
    /// Names of the files.
    files: Vec<String>,
}

/// Write a digest.
#[utoipa::path(post, path = "/api/v1/digests", request_body = DigestOrder,
    responses((status = 200, body = Written), Refusals))]
pub(super) async fn write_digest(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(order): Body<DigestOrder>,
) -> Result<Json<Written>, Problem> {
    let period = match order.period {
        Some(Span::Day) | None => Period::Day,
        Some(Span::Week) => Period::Week,
        Some(Span::Month) => Period::Month,
    };
    let DigestOrder { from, last, unit, topic, story, full, .. } = order;
    let ask = DigestAsk { period, from, last, unit, topic, story, full, ..DigestAsk::default() };
    act(&console, &bearer, move |desk, who| desk.write_digest(who, &ask))
        .await
        .map(|files| Json(Written { files }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct DigestWord {
    /// Whether it may go out.
    approve: bool,
    /// Why not; must be said where it may not.
    #[serde(default)]
    why: String,
}

/// The word on a digest that waits for approval: it goes out, or does not.
#[utoipa::path(post, path = "/api/v1/digests/{name}/word", request_body = DigestWord,
    params(("name" = String, Path, description = "Its name, without an ending")),
    responses((status = 204), Refusals))]
pub(super) async fn word_on_digest(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(name): Named<String>,
    Body(word): Body<DigestWord>,
) -> Result<StatusCode, Problem> {
    act(&console, &bearer, move |desk, who| match word.approve {
        true => desk.approve_digest(who, &name),
        false => desk.refuse_digest(who, &name, &word.why),
    })
    .await
    .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    Csv,
    Xlsx,
    Jsonl,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ExportOrder {
    /// A query; every post it finds is handed out.
    q: String,
    /// How rows are written.
    form: Form,
}

/// Everything that a search finds, as a file.
#[utoipa::path(post, path = "/api/v1/export", request_body = ExportOrder,
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), Refusals))]
pub(super) async fn export(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(order): Body<ExportOrder>,
) -> Result<Response, Problem> {
    let form = match order.form {
        Form::Csv => ExportForm::Csv,
        Form::Xlsx => ExportForm::Xlsx,
        Form::Jsonl => ExportForm::JsonLines,
    };
    let bytes = act(&console, &bearer, move |desk, who| desk.export(who, &order.q, form)).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
