//! What belongs together, as a program says it: posts taken out of a story, stories made one, each taken back.
//!
//! In: JSON bodies. Out: the act with its number. Each is in the audit under the name of the token's person.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::problem::{Body, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::desk::grouping::StoryAct;
use crate::serve::Console;

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Split {
    /// Ids of posts of one story.
    posts: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Merge {
    /// The story it becomes part of, or a post of it.
    into: String,
}

/// Takes posts out of the story they are in, into one of their own.
#[utoipa::path(post, path = "/api/v1/stories/split", request_body = Split,
    responses((status = 200, body = StoryAct), Refusals))]
pub(super) async fn split(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Body(Split { posts }): Body<Split>,
) -> Result<Json<StoryAct>, Problem> {
    act(&console, &bearer, move |desk, who| desk.split_story(who, &posts)).await.map(Json)
}

/// Makes a story part of another.
#[utoipa::path(post, path = "/api/v1/stories/{id}/merge", request_body = Merge,
    params(("id" = String, Path, description = "The story, or a post of it")),
    responses((status = 200, body = StoryAct), Refusals))]
pub(super) async fn merge(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Body(Merge { into }): Body<Merge>,
) -> Result<Json<StoryAct>, Problem> {
    act(&console, &bearer, move |desk, who| desk.merge_stories(who, &id, &into)).await.map(Json)
}

/// Takes an act back.
#[utoipa::path(delete, path = "/api/v1/stories/acts/{number}",
    params(("number" = u64, Path, description = "The number of the act")),
    responses((status = 200, body = StoryAct), Refusals))]
pub(super) async fn undo(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(number): Named<u64>,
) -> Result<Json<StoryAct>, Problem> {
    act(&console, &bearer, move |desk, who| desk.undo_grouping(who, number)).await.map(Json)
}
