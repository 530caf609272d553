//! What officers say of a post where the judges were wrong, field by field, and taking it back.
//!
//! In: JSON bodies. Out: what was changed. Each is in the audit under the name of the token's person.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use pipelines::record::{Polarity, PostKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Body, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::desk::corrections::{ChangedField, Wanted};
use crate::serve::Console;

/// What a post is; what is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Corrections {
    /// `negative`, `neutral`, `positive`
    #[schema(value_type = Option<String>)]
    polarity: Option<Polarity>,
    /// `grievance`, `accident`, …
    #[schema(value_type = Option<String>)]
    kind: Option<PostKind>,
    /// 0 to 3.
    #[schema(minimum = 0, maximum = 3)]
    urgency: Option<u8>,
    /// Topics by id or name, each after `+` or `-`.
    topics: Vec<String>,
    /// Subjects by id or name, each after `+` or `-`.
    subjects: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct FieldsCorrected {
    /// The post.
    id: String,
    /// What was changed.
    changes: Vec<ChangedField>,
}

/// An officer's word on a post: polarity, kind, urgency, topics, subjects; in force at once.
#[utoipa::path(put, path = "/api/v1/posts/{id}/corrections", request_body = Corrections,
    params(("id" = String, Path, description = "The post")),
    responses((status = 200, body = FieldsCorrected), Refusals))]
pub(super) async fn correct(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Body(said): Body<Corrections>,
) -> Result<Json<FieldsCorrected>, Problem> {
    let Corrections { polarity, kind, urgency, topics, subjects } = said;
    let wanted = Wanted { polarity, kind, urgency, topics, subjects };
    let done = act(&console, &bearer, move |desk, who| desk.correct(who, &id, &wanted)).await?;
    Ok(Json(FieldsCorrected { id: done.id.to_string(), changes: done.changes }))
}

/// Take back what officers said of a post; it is judged anew.
#[utoipa::path(delete, path = "/api/v1/posts/{id}/corrections",
    params(("id" = String, Path, description = "The post")),
    responses((status = 204, description = "Done"), Refusals))]
pub(super) async fn take_back(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Result<StatusCode, Problem> {
    let done = act(&console, &bearer, move |desk, who| desk.take_back(who, &id));
    done.await.map(|_| StatusCode::NO_CONTENT)
}
