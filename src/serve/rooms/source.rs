//! Sources: one added by its address (looked at, shown, added), one asked now, one paused.
//!
//! In: an address or an id in a form. Out: what it would bring, with what was typed; or the board, where it was done. A
//! site is asked at the station's pace, so the answer takes as long as it needs.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{act, back, posted, show, unmarked};
use crate::desk::Act;
use crate::desk::adding::{SourceSheet, Wish};
use crate::desk::edit::Saved;
use crate::serve::Console;
use crate::serve::guard::Visit;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Typed {
    #[serde(skip_serializing)]
    mark: String,
    act: String,
    url: String,
    name: String,
    pick: String,
    private: String,
}

#[derive(Serialize)]
struct Page {
    typed: Typed,
    sheet: Option<SourceSheet>,
}

pub(super) async fn blank(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    show(&console, &visit, "source", |desk, who| {
        desk.check(who, Act::EditConfig)?;
        Ok(Page { typed: Typed::default(), sheet: None })
    })
    .await
}

pub(super) async fn look(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(typed): Form<Typed>,
) -> Response {
    if !visit.takes(&typed.mark) {
        return unmarked(&console, &visit);
    }
    let name = typed.name.trim();
    let wish = Wish {
        name: (!name.is_empty()).then(|| name.to_owned()),
        pick: typed.pick.parse().unwrap_or(1),
        allow_private: !typed.private.is_empty(),
        ..Wish::of(typed.url.trim().to_owned())
    };
    let add = typed.act == "add";
    let looked = act(&console, &visit, move |desk, who| desk.look_at_source(who, &wish, add)).await;
    match looked {
        Ok((_, true)) => back("/sources"),
        Ok((sheet, false)) => {
            let refused = sheet.fault.is_some();
            let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            let page = Page { typed, sheet: Some(sheet) };
            console.pages.show_with(status, "source", &visit, &page)
        }
        Err(page) => *page,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Switch {
    mark: String,
    paused: String,
}

pub(super) async fn run(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Switch>,
) -> Response {
    let way = (form.mark.as_str(), "/sources?asked=true");
    posted(&console, &visit, way, move |desk, who| desk.run_source(who, &id)).await
}

pub(super) async fn pause(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Switch>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    let entry: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    let paused = form.paused == "true";
    match act(&console, &visit, move |desk, who| desk.pause_source(who, &id, paused)).await {
        Ok(Saved::Done { .. }) => back("/sources"),
        // What stands in its way is shown where it can be mended.
        Ok(_) => back(&format!("/entry/source/{entry}")),
        Err(page) => *page,
    }
}
