//! What went wrong, as `application/problem+json` (RFC 9457), and the readers of requests that answer so as well.
//!
//! In: an error of the desk, or a request that cannot be read. Out: a status and words. Causes within the station
//! are told as the console tells them; nothing secret stands in any of it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pipelines::locale::Lang;
use serde::Serialize;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::desk::DeskError;

/// What went wrong.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::serve) struct Problem {
    /// Always `about:blank`: the status says what kind it is.
    r#type: &'static str,
    /// The name of the status.
    title: String,
    /// The status.
    status: u16,
    /// What it is about, in words.
    detail: String,
    #[serde(skip)]
    wait: Option<u64>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("error").to_owned();
        Self {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            wait: None,
        }
    }

    /// Too many requests.
    pub fn wait(secs: u64) -> Self {
        let detail = format!("too many requests; the next is answered in {secs} s");
        Self { wait: Some(secs), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// An act that was not done.
    pub fn of(error: &DeskError, lang: Lang) -> Self {
        let status = status_of(error);
        if let DeskError::Broken(cause) = error {
            tracing::error!(error = format!("{cause:#}"), "an act at the desk failed");
        }
        Self::new(status, error.in_words(lang))
    }
}

/// The status that an error of the desk has at the doors for programs.
pub(super) fn status_of(error: &DeskError) -> StatusCode {
    match error {
        DeskError::Query { .. } | DeskError::Value { .. } | DeskError::Password { .. } => {
            StatusCode::BAD_REQUEST
        }
        DeskError::Unknown { .. } | DeskError::Several { .. } | DeskError::NoEvidence { .. } => {
            StatusCode::NOT_FOUND
        }
        DeskError::Forbidden { .. }
        | DeskError::Bounded
        | DeskError::NoUnits
        | DeskError::NotLetIn => StatusCode::FORBIDDEN,
        DeskError::Wait { .. } => StatusCode::TOO_MANY_REQUESTS,
        DeskError::Taken { .. } | DeskError::LastAdministrator => StatusCode::CONFLICT,
        DeskError::Case(fault) if fault.is_conflict() => StatusCode::CONFLICT,
        DeskError::Case(fault) if fault.is_forbidden() => StatusCode::FORBIDDEN,
        DeskError::Case(_) => StatusCode::BAD_REQUEST,
        DeskError::Answer(why) if why.is_conflict() => StatusCode::CONFLICT,
        DeskError::Answer(why) if why.is_forbidden() => StatusCode::FORBIDDEN,
        DeskError::Answer(_) => StatusCode::BAD_REQUEST,
        DeskError::Broken(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = (status, Json(&self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some(secs) = self.wait {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        answer
    }
}

/// The problems that every path may answer with.
pub(super) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let said = [
            ("400", "Something typed cannot be taken; the words say what and where"),
            ("401", "No bearer token that is good"),
            ("403", "The person or the token may not; the words say who may"),
            ("404", "Not there, or not seen by this person"),
            ("409", "Taken, changed meanwhile, or no administrator would be left"),
            ("413", "The body is too large"),
            ("415", "The body is not JSON"),
            ("422", "The body is JSON of another form, or the config would not be sound"),
            ("429", "Too many requests; `Retry-After` says for how long"),
            ("503", "A part of the station is broken; what still works is told"),
        ];
        let answer = |words: &str| {
            let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
            let content = ContentBuilder::new().schema(Some(schema)).build();
            let answer = ResponseBuilder::new().description(words);
            RefOr::T(answer.content("application/problem+json", content).build())
        };
        said.iter().map(|(status, words)| ((*status).to_owned(), answer(words))).collect()
    }
}

/// A query string, or a problem.
pub(super) struct Asked<T>(pub T);

/// Parts of the path, or a problem.
pub(super) struct Named<T>(pub T);

/// A JSON body, or a problem.
pub(super) struct Body<T>(pub T);

impl<T, S> FromRequestParts<S> for Asked<T>
where
    Query<T>: FromRequestParts<S, Rejection = QueryRejection>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(Query::from_request_parts(parts, state).await?.0))
    }
}

impl<T, S> FromRequestParts<S> for Named<T>
where
    Path<T>: FromRequestParts<S, Rejection = PathRejection>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(Path::from_request_parts(parts, state).await?.0))
    }
}

impl<T, S> FromRequest<S> for Body<T>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Ok(Self(Json::from_request(request, state).await?.0))
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, rejection.body_text())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
