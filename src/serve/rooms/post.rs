//! One post: its sheet, an officer's correction, its pages as they were served.
//!
//! In: an id, and a form. Out: the sheet, the way back, or a zip. What is handed out unmasked is asked for by a
//! form, never by a link, and audited.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use pipelines::record::{Polarity, PostKind};
use serde::Deserialize;

use super::answers::Beside;
use super::{act, back, show, unmarked};
use crate::desk::DeskError;
use crate::desk::corrections::Wanted;
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
    kind: String,
    urgency: String,
    /// Not empty: what was said is taken back.
    undo: String,
    to: String,
}

impl Label {
    /// What the form says; a field that is left empty says nothing.
    fn wanted(&self) -> Result<Wanted, DeskError> {
        let wrong = |what, value: &str| DeskError::Value { what, value: value.to_owned() };
        let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let polarity = said(&self.polarity)
            .map(|text| Polarity::parse(&text).ok_or_else(|| wrong("polarity", &text)));
        let kind = said(&self.kind)
            .map(|text| PostKind::parse(&text).ok_or_else(|| wrong("correction", &text)));
        let urgency =
            said(&self.urgency).map(|text| text.parse().map_err(|_| wrong("correction", &text)));
        Ok(Wanted {
            polarity: polarity.transpose()?,
            kind: kind.transpose()?,
            urgency: urgency.transpose()?,
            ..Wanted::default()
        })
    }
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
    let to = form.to.clone();
    let done = act(&console, &visit, move |desk, who| {
        if form.undo.is_empty() {
            desk.correct(who, &id, &form.wanted()?).map(drop)
        } else {
            desk.take_back(who, &id).map(drop)
        }
    });
    match done.await {
        Ok(()) => back(&to),
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
