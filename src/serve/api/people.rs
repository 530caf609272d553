//! People, sessions, tokens and the audit, for programs of those who may.
//!
//! In: names, roles, passwords in JSON bodies, never in an address. Out: lists without secrets; a token's secret once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Asked, Body, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::desk::audit::{self, AuditPage};
use crate::desk::people::{PersonRow, SessionRow, TokenOrder, TokenRow, role_of};
use crate::desk::{DeskError, Scope};
use crate::serve::Console;

type Done = Result<StatusCode, Problem>;

/// Everybody, by name.
#[utoipa::path(get, path = "/api/v1/people", responses((status = 200, body = Vec<PersonRow>), Refusals))]
pub(super) async fn people(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Result<Json<Vec<PersonRow>>, Problem> {
    act(&console, &bearer, |desk, who| desk.people(who)).await.map(Json)
}

#[derive(Deserialize, ToSchema)]
pub(super) struct NewPerson {
    /// Their name.
    name: String,
    /// administrator, officer, commentator, leader or auditor
    role: String,
    /// Units they are bound to, by id or name.
    #[serde(default)]
    units: Vec<String>,
    /// At least 12 characters.
    password: String,
}

/// Add a person.
#[utoipa::path(post, path = "/api/v1/people", request_body = NewPerson,
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn add(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(new): Body<NewPerson>,
) -> Done {
    act(&console, &bearer, move |desk, who| {
        desk.add_person(who, &new.name, role_of(&new.role)?, &new.units, &new.password)
    })
    .await
    .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
pub(super) struct NewRole {
    /// administrator, officer, commentator, leader or auditor
    role: String,
    /// Units they are bound to; none: bound to none.
    #[serde(default)]
    units: Vec<String>,
}

/// Give a person another role and other units.
#[utoipa::path(put, path = "/api/v1/people/{name}/role", request_body = NewRole,
    params(("name" = String, Path, description = "Who")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn role(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(name): Named<String>,
    Body(new): Body<NewRole>,
) -> Done {
    act(&console, &bearer, move |desk, who| {
        desk.change_role(who, &name, role_of(&new.role)?, &new.units)
    })
    .await
    .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
pub(super) struct Disabled {
    /// Whether they may no longer come in.
    disabled: bool,
}

/// Let a person no longer come in, or again; their sessions end.
#[utoipa::path(put, path = "/api/v1/people/{name}/disabled", request_body = Disabled,
    params(("name" = String, Path, description = "Who")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn disable(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(name): Named<String>,
    Body(new): Body<Disabled>,
) -> Done {
    act(&console, &bearer, move |desk, who| desk.disable_person(who, &name, new.disabled))
        .await
        .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
pub(super) struct NewPassword {
    /// At least 12 characters.
    password: String,
}

/// Give a person another password; their sessions end.
#[utoipa::path(put, path = "/api/v1/people/{name}/password", request_body = NewPassword,
    params(("name" = String, Path, description = "Who")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn password(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(name): Named<String>,
    Body(new): Body<NewPassword>,
) -> Done {
    act(&console, &bearer, move |desk, who| desk.set_password(who, &name, &new.password))
        .await
        .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
pub(super) struct OwnPassword {
    /// The present one.
    old: String,
    /// The new one, at least 12 characters.
    new: String,
}

/// One's own password; all one's sessions end.
#[utoipa::path(put, path = "/api/v1/account/password", request_body = OwnPassword,
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn own_password(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(typed): Body<OwnPassword>,
) -> Done {
    let caller = bearer.caller.clone();
    act(&console, &bearer, move |desk, who| {
        desk.change_password(who, &typed.old, &typed.new, &caller)
    })
    .await
    .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SessionsAsk {
    /// Of this person only.
    name: Option<String>,
}

/// Where people are logged in.
#[utoipa::path(get, path = "/api/v1/sessions", params(SessionsAsk),
    responses((status = 200, body = Vec<SessionRow>), Refusals))]
pub(super) async fn sessions(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(asked): Asked<SessionsAsk>,
) -> Result<Json<Vec<SessionRow>>, Problem> {
    act(&console, &bearer, move |desk, who| desk.sessions(who, asked.name.as_deref()))
        .await
        .map(Json)
}

/// End a session.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}",
    params(("id" = String, Path, description = "What names it in the list")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn end(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Done {
    act(&console, &bearer, move |desk, who| desk.end_session(who, &id))
        .await
        .map(|()| StatusCode::NO_CONTENT)
}

/// All tokens, newest first; never a secret.
#[utoipa::path(get, path = "/api/v1/tokens", responses((status = 200, body = Vec<TokenRow>), Refusals))]
pub(super) async fn tokens(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Result<Json<Vec<TokenRow>>, Problem> {
    act(&console, &bearer, |desk, who| desk.tokens(who)).await.map(Json)
}

#[derive(Deserialize, ToSchema)]
pub(super) struct NewToken {
    /// For whom the program acts.
    user: String,
    /// What it is for.
    label: String,
    /// How much of what they may.
    scope: Scope,
    /// For how many days.
    #[schema(minimum = 1, maximum = 366)]
    days: u32,
}

#[derive(Serialize, ToSchema)]
pub(super) struct MadeToken {
    /// Its number.
    id: i64,
    /// Its secret, shown once.
    token: String,
}

/// Make a token.
#[utoipa::path(post, path = "/api/v1/tokens", request_body = NewToken,
    responses((status = 200, body = MadeToken), Refusals))]
pub(super) async fn make_token(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(new): Body<NewToken>,
) -> Result<Json<MadeToken>, Problem> {
    let NewToken { user, label, scope, days } = new;
    let order = TokenOrder { user, label, scope, days };
    act(&console, &bearer, move |desk, who| desk.make_token(who, &order))
        .await
        .map(|(id, token)| Json(MadeToken { id, token }))
}

/// Make a token good for nothing.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}",
    params(("id" = String, Path, description = "Its number")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn revoke(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Done {
    act(&console, &bearer, move |desk, who| {
        let unknown = || DeskError::Unknown { what: "token", id: id.clone() };
        desk.revoke_token(who, id.parse().map_err(|_| unknown())?)
    })
    .await
    .map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditAsk {
    /// Acts of this person only.
    name: Option<String>,
    /// Acts of this kind only.
    action: Option<String>,
    /// Of this local day only.
    day: Option<NaiveDate>,
    /// Also what the station did by itself.
    #[serde(default)]
    all: bool,
    /// `next` of the page before.
    before: Option<i64>,
}

/// What was done, by whom, newest first.
#[utoipa::path(get, path = "/api/v1/audit", params(AuditAsk),
    responses((status = 200, body = AuditPage), Refusals))]
pub(super) async fn audit(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(asked): Asked<AuditAsk>,
) -> Result<Json<AuditPage>, Problem> {
    let AuditAsk { name, action, day, all, before } = asked;
    let asked = audit::Asked { name, action, day, all, before };
    act(&console, &bearer, move |desk, who| desk.audit(who, &asked)).await.map(Json)
}
