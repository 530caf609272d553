//! The station for programs: its state, its deliveries, its sources set going.
//!
//! In: ids, JSON bodies. Out: what the desk answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Asked, Body, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::desk::adding::{SourceSheet, Wish};
use crate::desk::deliveries::Deliveries;
use crate::desk::edit::Saved;
use crate::desk::station::StationSheet;
use crate::desk::testing::Tested;
use crate::serve::Console;

/// How the station stands: index, faults, sizes, end dates.
#[utoipa::path(get, path = "/api/v1/station", responses((status = 200, body = StationSheet), Refusals))]
pub(super) async fn station(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Result<Json<StationSheet>, Problem> {
    act(&console, &bearer, |desk, who| desk.station(who)).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `pending`, `dead` or `sent`; all unless said.
    state: Option<String>,
    /// `next` of the page before.
    before: Option<i64>,
}

/// Messages, newest first, with what became of them; the ways out and how they stand.
#[utoipa::path(get, path = "/api/v1/deliveries", params(Which),
    responses((status = 200, body = Deliveries), Refusals))]
pub(super) async fn deliveries(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(which): Asked<Which>,
) -> Result<Json<Deliveries>, Problem> {
    act(&console, &bearer, move |desk, who| {
        desk.deliveries(who, which.state.as_deref(), which.before)
    })
    .await
    .map(Json)
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Again {
    /// Of this way out only.
    by: Option<String>,
    /// Send what waits for `by` this way instead.
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Revived {
    /// Messages that are due again.
    messages: u64,
}

/// What was given up is due again.
#[utoipa::path(post, path = "/api/v1/deliveries/resend", request_body = Again,
    responses((status = 200, body = Revived), Refusals))]
pub(super) async fn resend(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(again): Body<Again>,
) -> Result<Json<Revived>, Problem> {
    let sent = act(&console, &bearer, move |desk, who| {
        desk.resend(who, again.by.as_deref(), again.to.as_deref())
    });
    sent.await.map(|messages| Json(Revived { messages }))
}

/// Send a test by a way out; what came back is the answer, whether it was taken or not.
#[utoipa::path(post, path = "/api/v1/notifiers/{name}/test",
    params(("name" = String, Path, description = "The way out")),
    responses((status = 200, body = Tested), Refusals))]
pub(super) async fn test(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(name): Named<String>,
) -> Result<Json<Tested>, Problem> {
    act(&console, &bearer, move |desk, who| desk.send_test(who, &name)).await.map(Json)
}

/// Ask a source now, before its schedule; a station at work takes it up within a second.
#[utoipa::path(post, path = "/api/v1/sources/{id}/run",
    params(("id" = String, Path, description = "The source")),
    responses((status = 204, description = "Asked for"), Refusals))]
pub(super) async fn run(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let asked = act(&console, &bearer, move |desk, who| desk.run_source(who, &id)).await;
    asked.map(|()| StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Pause {
    /// Whether it is paused.
    paused: bool,
}

/// Pause a source of the user's own files, or take it up again.
#[utoipa::path(put, path = "/api/v1/sources/{id}/paused", request_body = Pause,
    params(("id" = String, Path, description = "The source")),
    responses((status = 200, body = Saved), Refusals))]
pub(super) async fn pause(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Body(Pause { paused }): Body<Pause>,
) -> Result<Json<Saved>, Problem> {
    act(&console, &bearer, move |desk, who| desk.pause_source(who, &id, paused)).await.map(Json)
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewSource {
    /// The address of a site, a column of it, a feed or a sitemap.
    #[schema(max_length = 2000)]
    url: String,
    /// The name of the source; proposed where none is given.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// Which of the ways found, from 1.
    #[schema(minimum = 1, maximum = 1000)]
    pick: Option<u16>,
    /// Whether hosts of a network of one's own may be asked.
    #[serde(default)]
    allow_private: bool,
    /// Whether it is added where it would bring something; else it is only looked at.
    #[serde(default)]
    add: bool,
}

/// What an address would bring, and whether it was added.
#[derive(Serialize, ToSchema)]
pub(super) struct LookedAt {
    added: bool,
    sheet: SourceSheet,
}

/// Look at an address as a source, and add it. Takes as long as the site needs.
#[utoipa::path(post, path = "/api/v1/sources", request_body = NewSource,
    responses((status = 200, body = LookedAt), Refusals))]
pub(super) async fn add(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(new): Body<NewSource>,
) -> Result<Json<LookedAt>, Problem> {
    let wish = Wish {
        name: new.name.filter(|name| !name.trim().is_empty()),
        pick: new.pick.map_or(1, usize::from).max(1),
        allow_private: new.allow_private,
        ..Wish::of(new.url.trim().to_owned())
    };
    let looked = act(&console, &bearer, move |desk, who| desk.look_at_source(who, &wish, new.add));
    let (sheet, added) = looked.await?;
    Ok(Json(LookedAt { added, sheet }))
}
