//! One post: its sheet, an officer's correction, its pages as they were served.
//!
//! In: an id, and a form. Out: the sheet, the way back, or a zip. What is handed out unmasked is asked for by a
//! form, never by a link, and audited.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use pipelines::record::Polarity;
use serde::Deserialize;

use super::answers::Beside;
use super::{act, back, show, unmarked};
use crate::desk::DeskError;
use crate::serve::Console;
use crate::serve::guard::Visit;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Marked {
    q: Option<String>,
}

pub(super) async fn post(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Query(Marked { q }): Query<Marked>,
) -> Response {
    show(&console, &visit, "post", move |desk, who| {
        Beside::new(desk.post(who, &id, q.as_deref())?, desk, who, ("post", &id))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Label {
    mark: String,
    polarity: String,
    to: String,
}

pub(super) async fn label(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Label>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    let said = form.polarity;
    let done = act(&console, &visit, move |desk, who| {
        let wrong = || DeskError::Value { what: "polarity", value: said.clone() };
        desk.correct(who, &id, Polarity::parse(&said).ok_or_else(wrong)?)
    });
    match done.await {
        Ok(_) => back(&form.to),
        Err(page) => *page,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MarkOnly {
    mark: String,
}

pub(super) async fn evidence(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<MarkOnly>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    match act(&console, &visit, move |desk, who| desk.evidence(who, &id)).await {
        Ok(handed) => {
            let name = format!("attachment; filename=\"evidence-{}.zip\"", handed.post);
            let head = [
                (header::CONTENT_TYPE, "application/zip".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            (head, handed.zip).into_response()
        }
        Err(page) => *page,
    }
}
