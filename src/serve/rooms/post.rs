//! One post: its sheet, an officer's correction, its pages as they were served.
//!
//! In: an id, and a form. Out: the sheet, the way back, or a zip. What is handed out unmasked is asked for by a
//! form, never by a link, and audited.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, RawForm, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use pipelines::record::{Polarity, PostKind};
use serde::{Deserialize, Serialize};

use super::answers::Beside;
use super::{act, back, show, unmarked};
use crate::desk::DeskError;
use crate::desk::choices::Correctable;
use crate::desk::corrections::Wanted;
use crate::desk::post::PostSheet;
use crate::serve::Console;
use crate::serve::guard::Visit;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Marked {
    q: Option<String>,
}

/// A post, and what may be said of it.
#[derive(Serialize)]
struct PostPage {
    #[serde(flatten)]
    sheet: PostSheet,
    choices: Correctable,
}

pub(super) async fn post(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Query(Marked { q }): Query<Marked>,
) -> Response {
    show(&console, &visit, "post", move |desk, who| {
        let sheet = desk.post(who, &id, q.as_deref())?;
        let page = PostPage { sheet, choices: desk.correctable(who, &id)? };
        Beside::new(page, desk, who, ("post", &id))
    })
    .await
}

/// What the form of corrections says.
#[derive(Debug, Default)]
struct Label {
    mark: String,
    polarity: String,
    kind: String,
    urgency: String,
    /// Each after `+` or `-`; those and the subjects stand in the form once each.
    topics: Vec<String>,
    subjects: Vec<String>,
    /// Not empty: what was said is taken back.
    undo: String,
    to: String,
}

impl Label {
    fn read(form: &[u8]) -> Self {
        let mut label = Self::default();
        for (name, value) in url::form_urlencoded::parse(form) {
            let value = value.into_owned();
            match &*name {
                "mark" => label.mark = value,
                "polarity" => label.polarity = value,
                "kind" => label.kind = value,
                "urgency" => label.urgency = value,
                // A list where nothing was chosen says nothing.
                "topic" if !value.is_empty() => label.topics.push(value),
                "subject" if !value.is_empty() => label.subjects.push(value),
                "undo" => label.undo = value,
                "to" => label.to = value,
                _ => {}
            }
        }
        label
    }

    /// What the form says; a field that is left empty says nothing.
    fn wanted(self) -> Result<Wanted, DeskError> {
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
            topics: self.topics,
            subjects: self.subjects,
        })
    }
}

pub(super) async fn label(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    RawForm(form): RawForm,
) -> Response {
    let form = Label::read(&form);
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    let to = form.to.clone();
    let done = act(&console, &visit, move |desk, who| {
        if form.undo.is_empty() {
            desk.correct(who, &id, &form.wanted()?)?;
        } else {
            desk.take_back(who, &id)?;
        }
        // Whom bounds hold may have said that it is about none of hers.
        Ok(desk.post_named(who, &id).is_ok())
    });
    match done.await {
        Ok(is_seen) => back(if is_seen { &to } else { "/" }),
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
