//! Saved searches: kept, taken away, handed out as a feed.
//!
//! In: forms of the search page; a number in the address. Out: the way back, or an Atom feed.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{act, back, posted, unmarked};
use crate::desk::saved::{Audience, SavedOrder};
use crate::serve::Console;
use crate::serve::guard::Visit;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    mark: String,
    q: String,
    name: String,
    audience: String,
}

pub(super) async fn save(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(typed): Form<Typed>,
) -> Response {
    if !visit.takes(&typed.mark) {
        return unmarked(&console, &visit);
    }
    let saved = act(&console, &visit, move |desk, who| {
        let audience = Audience::parse(&typed.audience)?;
        desk.save_search(who, &SavedOrder { name: typed.name, query: typed.q, audience })
    });
    match saved.await {
        Ok(id) => back(&format!("/search?saved={id}")),
        Err(page) => *page,
    }
}

pub(super) async fn take_away(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Response {
    let way = (typed.mark.as_str(), "/search");
    posted(&console, &visit, way, move |desk, who| desk.drop_search(who, &id)).await
}

pub(super) async fn feed(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    let base = console.front.base();
    match act(&console, &visit, move |desk, who| desk.saved_feed(who, &id, &base)).await {
        Ok(feed) => ([(header::CONTENT_TYPE, ATOM)], feed).into_response(),
        Err(page) => *page,
    }
}

/// The type of a feed.
pub(in crate::serve) const ATOM: &str = "application/atom+xml; charset=utf-8";
