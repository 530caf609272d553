//! Saved searches for programs: listed with what is new, kept, taken away, read as a feed.
//!
//! In: JSON bodies, a number in the address. Out: lists, numbers, or Atom. A feed reader that knows no bearer token gives
//! the token as the password of Basic authentication.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Body, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::desk::saved::{SavedOrder, SavedRow};
use crate::serve::Console;

/// One's own saved searches and those handed on, each with how many posts are new.
#[utoipa::path(get, path = "/api/v1/saved", responses((status = 200, body = Vec<SavedRow>), Refusals))]
pub(super) async fn list(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Result<Json<Vec<SavedRow>>, Problem> {
    act(&console, &bearer, |desk, who| desk.saved_searches(who)).await.map(Json)
}

#[derive(Serialize, ToSchema)]
pub(super) struct Kept {
    /// Its number.
    id: String,
}

/// Saves a search.
#[utoipa::path(post, path = "/api/v1/saved", request_body = SavedOrder,
    responses((status = 200, body = Kept), Refusals))]
pub(super) async fn save(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(order): Body<SavedOrder>,
) -> Result<Json<Kept>, Problem> {
    let kept = act(&console, &bearer, move |desk, who| desk.save_search(who, &order)).await;
    kept.map(|id| Json(Kept { id }))
}

/// Takes a saved search away.
#[utoipa::path(delete, path = "/api/v1/saved/{id}",
    params(("id" = String, Path, description = "Its number")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn take_away(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let gone = act(&console, &bearer, move |desk, who| desk.drop_search(who, &id)).await;
    gone.map(|()| StatusCode::NO_CONTENT)
}

/// A saved search as an Atom feed.
#[utoipa::path(get, path = "/api/v1/saved/{id}/atom",
    params(("id" = String, Path, description = "Its number")),
    responses((status = 200, content_type = "application/atom+xml", body = String), Refusals))]
pub(super) async fn feed(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Result<Response, Problem> {
    let base = console.front.base();
    let feed = act(&console, &bearer, move |desk, who| desk.saved_feed(who, &id, &base)).await?;
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed).into_response())
}
