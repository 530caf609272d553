//! One happening: its sheet, and an officer's word on what belongs to it.
//!
//! In: a story's id, and forms. Out: the sheet, or the way back to it. Regrouping is a form with our mark, never a link.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use serde::Deserialize;

use super::answers::Beside;
use super::{act, back, show, unmarked};
use crate::desk::grouping::StoryAct;
use crate::desk::{Desk, DeskError, Who};
use crate::serve::Console;
use crate::serve::guard::Visit;

pub(super) async fn story(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    show(&console, &visit, "story", move |desk, who| {
        Beside::new(desk.story(who, &id)?, desk, who, ("story", &id))
    })
    .await
}

/// The posts that were picked stand in the form once each: read field by field.
pub(super) async fn split(
    State(console): State<Arc<Console>>,
    visit: Visit,
    RawForm(form): RawForm,
) -> Response {
    let (mut mark, mut posts) = (String::new(), Vec::new());
    for (name, value) in url::form_urlencoded::parse(&form) {
        match &*name {
            "mark" => mark = value.into_owned(),
            "post" => posts.push(value.into_owned()),
            _ => {}
        }
    }
    regroup(&console, visit, &mark, move |desk, who| desk.split_story(who, &posts)).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Merge {
    mark: String,
    into: String,
}

pub(super) async fn merge(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(Merge { mark, into }): Form<Merge>,
) -> Response {
    let into = into.trim().to_owned();
    regroup(&console, visit, &mark, move |desk, who| desk.merge_stories(who, &id, &into)).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Undo {
    mark: String,
    number: u64,
}

pub(super) async fn undo(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(Undo { mark, number }): Form<Undo>,
) -> Response {
    regroup(&console, visit, &mark, move |desk, who| desk.undo_grouping(who, number)).await
}

/// Does an act on a story and goes to where its posts are now.
async fn regroup(
    console: &Arc<Console>,
    visit: Visit,
    mark: &str,
    work: impl FnOnce(&Desk, &Who) -> Result<StoryAct, DeskError> + Send + 'static,
) -> Response {
    if !visit.takes(mark) {
        return unmarked(console, &visit);
    }
    match act(console, &visit, work).await {
        Ok(act) => back(&format!("/story/{}", if act.undone { act.from } else { act.into })),
        Err(page) => *page,
    }
}
