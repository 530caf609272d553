//! Being let in by the entry address, and choosing a language; both are remembered by the browser.
//!
//! In: a key or a language, and where to go on. Out: a cookie and the way on. The key is looked at and not kept.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::own_path;
use crate::serve::Console;
use crate::serve::guard::{Visit, pass_name};

/// Seconds a browser remembers.
const MONTH_SECS: u32 = 30 * 24 * 3600;

#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    key: String,
}

pub(super) async fn enter(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(entry): Query<Entry>,
) -> Response {
    // Where there are people, they log in; the key opens nothing any more.
    if visit.has_people || console.front.is_afar() {
        return super::back("/");
    }
    if !console.key.opens(&entry.key) {
        return console.pages.refused(&visit, StatusCode::UNAUTHORIZED, "enter");
    }
    let (name, pass) = (pass_name(&console), console.key.pass());
    let secure = if console.front.is_https() { "; Secure" } else { "" };
    let cookie =
        format!("{name}={pass}; Path=/; HttpOnly; SameSite=Lax; Max-Age={MONTH_SECS}{secure}");
    (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to("/")).into_response()
}

#[derive(Deserialize)]
pub(super) struct To {
    #[serde(default)]
    to: String,
}

pub(super) async fn lang(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(lang): Path<String>,
    Query(To { to }): Query<To>,
) -> Response {
    if !matches!(lang.as_str(), "zh" | "en") {
        return console.pages.refused(&visit, StatusCode::NOT_FOUND, "nowhere");
    }
    let secure = if console.front.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "guanlan-lang={lang}; Path=/; HttpOnly; SameSite=Lax; Max-Age={MONTH_SECS}{secure}"
    );
    (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(own_path(&to))).into_response()
}
