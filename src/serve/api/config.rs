//! Rules, topics, subjects and sources as they stand in the config: read, tried, saved, taken away, brought back.
//!
//! In: the text of one entry, with the mark of the text it was made from. Out: the entry, or the faults in the words of
//! `check`, or what somebody else changed meanwhile. Nothing is written that would not be sound.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{Body, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::desk::edit::{EntrySheet, Fault, Saved, VersionRow, table};
use crate::serve::Console;

#[derive(Serialize, ToSchema)]
pub(super) struct Listed {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// Entries of the user's own files; subjects and topics.
#[utoipa::path(get, path = "/api/v1/config/{table}",
    params(("table" = String, Path, description = "subject or topic")),
    responses((status = 200, body = Vec<Listed>), Refusals))]
pub(super) async fn entries(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(name): Named<String>,
) -> Result<Json<Vec<Listed>>, Problem> {
    let found =
        act(&console, &bearer, move |desk, who| desk.own_entries(who, table(&name)?)).await?;
    Ok(Json(found.into_iter().map(|(id, name)| Listed { id, name }).collect()))
}

/// One entry as its file has it.
#[utoipa::path(get, path = "/api/v1/config/{table}/{id}",
    params(("table" = String, Path, description = "rule, topic, subject or source"), ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = EntrySheet), Refusals))]
pub(super) async fn entry(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named((name, id)): Named<(String, String)>,
) -> Result<Json<EntrySheet>, Problem> {
    act(&console, &bearer, move |desk, who| desk.entry(who, table(&name)?, &id)).await.map(Json)
}

/// The changes of an entry, newest first.
#[utoipa::path(get, path = "/api/v1/config/{table}/{id}/history",
    params(("table" = String, Path, description = "rule, topic, subject or source"), ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = Vec<VersionRow>), Refusals))]
pub(super) async fn history(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named((name, id)): Named<(String, String)>,
) -> Result<Json<Vec<VersionRow>>, Problem> {
    act(&console, &bearer, move |desk, who| desk.entry_history(who, table(&name)?, &id))
        .await
        .map(Json)
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewEntry {
    /// One entry as config files have it, such as one `[[rule]]`.
    text: String,
    /// Whether it is only judged.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ChangedEntry {
    /// The entry as it shall be.
    text: String,
    /// `mark` of the entry that it was made from.
    mark: String,
    /// Whether it is only judged.
    #[serde(default)]
    dry_run: bool,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Outcome {
    /// The entry's id; none where it was only judged.
    id: Option<String>,
    /// What `check` says of it.
    faults: Vec<Fault>,
    /// Whether a station at work takes it up by itself.
    in_force: bool,
}

/// Add an entry to the config.
#[utoipa::path(post, path = "/api/v1/config/{table}", request_body = NewEntry,
    params(("table" = String, Path, description = "rule, topic, subject or source")),
    responses((status = 200, body = Outcome), Refusals))]
pub(super) async fn create(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(name): Named<String>,
    Body(new): Body<NewEntry>,
) -> Result<Response, Problem> {
    if new.dry_run {
        let faults = act(&console, &bearer, move |desk, who| {
            desk.try_entry(who, table(&name)?, None, &new.text)
        });
        return Ok(judged(faults.await?));
    }
    let saved = act(&console, &bearer, move |desk, who| {
        desk.save_entry(who, table(&name)?, None, &new.text)
    });
    told(saved.await?)
}

/// Change an entry. Where somebody else changed it meanwhile the answer is 409.
#[utoipa::path(put, path = "/api/v1/config/{table}/{id}", request_body = ChangedEntry,
    params(("table" = String, Path, description = "rule, topic, subject or source"), ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = Outcome), Refusals))]
pub(super) async fn save(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named((name, id)): Named<(String, String)>,
    Body(changed): Body<ChangedEntry>,
) -> Result<Response, Problem> {
    if changed.dry_run {
        let faults = act(&console, &bearer, move |desk, who| {
            desk.try_entry(who, table(&name)?, Some(&id), &changed.text)
        });
        return Ok(judged(faults.await?));
    }
    let saved = act(&console, &bearer, move |desk, who| {
        desk.save_entry(who, table(&name)?, Some((&id, &changed.mark)), &changed.text)
    });
    told(saved.await?)
}

/// Take an entry out of the config; its text stays in the history.
#[utoipa::path(delete, path = "/api/v1/config/{table}/{id}",
    params(("table" = String, Path, description = "rule, topic, subject or source"), ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = Outcome), Refusals))]
pub(super) async fn remove(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named((name, id)): Named<(String, String)>,
) -> Result<Response, Problem> {
    told(act(&console, &bearer, move |desk, who| desk.drop_entry(who, table(&name)?, &id)).await?)
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Undo {
    /// `number` of the change.
    number: String,
}

/// Bring an entry back as it was before a change.
#[utoipa::path(post, path = "/api/v1/config/{table}/{id}/history", request_body = Undo,
    params(("table" = String, Path, description = "rule, topic, subject or source"), ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = Outcome), Refusals))]
pub(super) async fn undo(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named((name, id)): Named<(String, String)>,
    Body(undo): Body<Undo>,
) -> Result<Response, Problem> {
    let saved = act(&console, &bearer, move |desk, who| {
        desk.undo_entry(who, table(&name)?, &id, &undo.number)
    });
    told(saved.await?)
}

fn judged(faults: Vec<Fault>) -> Response {
    Json(Outcome { id: None, faults, in_force: false }).into_response()
}

fn told(saved: Saved) -> Result<Response, Problem> {
    match saved {
        Saved::Done { id, in_force, warnings } => {
            Ok(Json(Outcome { id: Some(id), faults: warnings, in_force }).into_response())
        }
        Saved::Refused { faults } => {
            let words =
                faults.iter().map(|fault| format!("{}: {} {}", fault.place, fault.key, fault.what));
            let words = words.collect::<Vec<_>>().join("\n");
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words))
        }
        Saved::Overtaken { now, .. } => {
            let words = format!("somebody else changed it; its mark is `{}` now", now.mark);
            Err(Problem::new(StatusCode::CONFLICT, words))
        }
    }
}
