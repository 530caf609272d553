//! The rooms of the console: which path leads where, and how an act of the desk becomes an answer.
//!
//! In: requests that passed the guard. Out: pages. Acts read disk and may take their time, so they run apart
//! from the threads that answer; forms are taken only with the mark that our own pages put into them.

pub(super) mod assets;
pub(super) mod login;
pub(super) mod public;

mod again;
mod alerts;
mod answers;
mod cases;
mod deliveries;
mod digests;
mod duty;
mod enter;
mod entry;
mod export;
mod live;
mod people;
mod post;
mod reading;
mod saved;
mod source;
mod station;
mod stories;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::guard::{self, Visit};
use super::{Console, api, metrics};
use crate::desk::{Desk, DeskError, Who};

/// Bytes of a form.
const FORM_BYTES: usize = 64 * 1024;

/// Cases and answers on record.
fn answering() -> Router<Arc<Console>> {
    Router::new()
        .route("/cases", get(cases::cases))
        .route("/cases/new", get(cases::new).post(cases::open))
        .route("/cases/ledger", post(cases::ledger))
        .route("/cases/statistics", get(cases::statistics))
        .route("/cases/{number}", get(cases::case))
        .route("/cases/{number}/step", post(cases::step))
        .route("/cases/{number}/record", post(answers::record))
        .route("/answers", get(answers::answers))
        .route("/answers/new", get(answers::new).post(answers::add))
        .route("/answers/{number}", get(answers::answer).post(answers::change))
        .route("/cases/{number}/page", post(cases::page))
}

/// All paths.
pub(super) fn router(console: Arc<Console>) -> Router {
    answering()
        .route("/", get(reading::today))
        .route("/search", get(reading::search))
        .route("/export", post(export::export))
        .route("/saved", post(saved::save))
        .route("/saved/{id}/drop", post(saved::take_away))
        .route("/saved/{id}/atom", get(saved::feed))
        .route("/post/{id}", get(post::post))
        .route("/post/{id}/label", post(post::label))
        .route("/post/{id}/evidence", post(post::evidence))
        .route("/story/{id}", get(stories::story))
        .route("/story/{id}/split", post(stories::split))
        .route("/story/{id}/merge", post(stories::merge))
        .route("/story/{id}/undo", post(stories::undo))
        .route("/alerts", get(alerts::alerts))
        .route("/alerts/{id}", get(alerts::alert))
        .route("/alerts/{id}/state", post(alerts::state))
        .route("/duty", get(duty::duty))
        .route("/rules", get(reading::rules))
        .route("/entries", get(entry::entries))
        .route("/entry/{table}/new", get(entry::new).post(entry::put_new))
        .route("/entry/{table}/{id}", get(entry::entry).post(entry::put))
        .route("/sources", get(reading::sources))
        .route("/sources/new", get(source::blank).post(source::look))
        .route("/sources/{id}/run", post(source::run))
        .route("/sources/{id}/pause", post(source::pause))
        .route("/deliveries", get(deliveries::deliveries))
        .route("/deliveries/resend", post(deliveries::resend))
        .route("/deliveries/test", post(deliveries::test))
        .route("/station", get(station::station))
        .route("/digests", get(digests::digests).post(digests::write))
        .route("/digests/{name}", get(digests::file))
        .route("/digests/{name}/word", post(digests::word))
        .route("/pulse", get(reading::pulse))
        .route("/live", get(live::live))
        .route("/people", get(people::people).post(people::change))
        .route("/audit", get(people::audit))
        .route("/login", get(login::login).post(login::enter))
        .route("/logout", post(login::logout))
        .route("/first", get(login::first).post(login::make_first))
        .route("/account", get(login::account))
        .route("/account/password", post(login::password))
        .route("/account/end", post(login::end))
        .route("/public", get(public::page))
        .route("/public/atom", get(public::feed))
        .route("/enter", get(enter::enter))
        .route("/lang/{lang}", get(enter::lang))
        .route("/assets/{name}", get(assets::asset))
        .fallback(nowhere)
        .layer(axum::extract::DefaultBodyLimit::max(FORM_BYTES))
        .layer(middleware::from_fn_with_state(console.clone(), guard::guard))
        // Beside the rooms: programs come with tokens, and pass another door.
        .nest("/api", api::router(&console))
        .merge(api::mcp(&console))
        .merge(metrics::router(&console))
        .with_state(console)
}

async fn nowhere(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    console.pages.refused(&visit, StatusCode::NOT_FOUND, "nowhere")
}

/// Does an act of the desk where it may wait for disk.
async fn act<T: Send + 'static>(
    console: &Console,
    visit: &Visit,
    act: impl FnOnce(&Desk, &Who) -> Result<T, DeskError> + Send + 'static,
) -> Result<T, Box<Response>> {
    let (desk, who) = (console.seat.desk(), visit.who.clone());
    let done = tokio::task::spawn_blocking(move || act(&desk, &who)).await;
    let done = done.unwrap_or_else(|error| {
        Err(DeskError::Broken(anyhow::anyhow!("the act ended with a panic: {error}")))
    });
    done.map_err(|error| Box::new(console.pages.failed(visit, &error)))
}

/// The page of `template` with what an act answers.
async fn show<T: Serialize + Send + 'static>(
    console: &Console,
    visit: &Visit,
    template: &str,
    work: impl FnOnce(&Desk, &Who) -> Result<T, DeskError> + Send + 'static,
) -> Response {
    match act(console, visit, work).await {
        Ok(data) => console.pages.show(template, visit, &data),
        Err(page) => *page,
    }
}

/// Takes a form of ours: does its act, then leads to `to`.
async fn posted<T: Send + 'static>(
    console: &Console,
    visit: &Visit,
    (mark, to): (&str, &str),
    work: impl FnOnce(&Desk, &Who) -> Result<T, DeskError> + Send + 'static,
) -> Response {
    if !visit.takes(mark) {
        return unmarked(console, visit);
    }
    match act(console, visit, work).await {
        Ok(_) => back(to),
        Err(page) => *page,
    }
}

/// Where to go after a form was taken: back to a page of ours, wherever the form says.
fn back(to: &str) -> Response {
    Redirect::to(own_path(to)).into_response()
}

/// `to` where it is a path of this station; a foreign address or a second host in disguise leads home.
fn own_path(to: &str) -> &str {
    let is_own = to.starts_with('/')
        && !to.starts_with("//")
        && !to.contains('\\')
        && !to.chars().any(char::is_control);
    if is_own { to } else { "/" }
}

/// A form without our mark.
fn unmarked(console: &Console, visit: &Visit) -> Response {
    console.pages.refused(visit, StatusCode::FORBIDDEN, "form")
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_our_own_paths_are_gone_back_to() {
        assert_eq!(own_path("/search?q=欠薪"), "/search?q=欠薪");
        for foreign in
            ["", "//evil.example", "https://evil.example", "/\\evil", "/a\r\nSet-Cookie: x"]
        {
            assert_eq!(own_path(foreign), "/", "{foreign:?}");
        }
    }
}
