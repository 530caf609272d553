//! The digests: which there are, one of them, a new one.
//!
//! In: a file's name; a form with a period and a last day. Out: a list, the file, the way back. HTML is shown in
//! the browser under a policy that lets it run nothing; the other forms are downloads.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{act, back, posted, show, unmarked};
use crate::config::Period;
use crate::desk::digests::{DigestFile, WaitingDigest};
use crate::desk::{Desk, DeskError, Who};
use crate::serve::Console;
use crate::serve::guard::Visit;

/// A digest is one file with its style in it; beyond that it may load and run nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

#[derive(Serialize)]
struct Shelf {
    files: Vec<DigestFile>,
    waiting: Vec<WaitingDigest>,
}

pub(super) async fn digests(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    let shelf = |desk: &Desk, who: &Who| {
        Ok(Shelf { files: desk.digests(who)?, waiting: desk.waiting_digests(who)? })
    };
    show(&console, &visit, "digests", shelf).await
}

pub(super) async fn file(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(name): Path<String>,
) -> Response {
    let asked = name.clone();
    let bytes = match act(&console, &visit, move |desk, who| desk.digest_file(who, &asked)).await {
        Ok(bytes) => bytes,
        Err(page) => return *page,
    };
    let (kind, is_shown) = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => ("text/html; charset=utf-8", true),
        Some("md") => ("text/markdown; charset=utf-8", false),
        Some("xlsx") => {
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", false)
        }
        _ => ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", false),
    };
    let mut answer = ([(header::CONTENT_TYPE, kind)], bytes).into_response();
    if is_shown {
        let policy = HeaderValue::from_static(POLICY);
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    } else {
        // A name of a digest holds nothing that would have to be quoted; foreign letters are percent-encoded.
        let name = url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>();
        let value = format!("attachment; filename*=UTF-8''{name}");
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
        }
    }
    answer
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Order {
    mark: String,
    period: String,
    last: String,
}

pub(super) async fn write(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(order): Form<Order>,
) -> Response {
    if !visit.takes(&order.mark) {
        return unmarked(&console, &visit);
    }
    let written = act(&console, &visit, move |desk, who| {
        let period = match order.period.as_str() {
            "day" => Period::Day,
            "week" => Period::Week,
            "month" => Period::Month,
            _ => return Err(DeskError::Value { what: "period", value: order.period }),
        };
        let wrong = || DeskError::Value { what: "day", value: order.last.clone() };
        let last = match order.last.trim() {
            "" => None,
            day => Some(day.parse::<NaiveDate>().map_err(|_| wrong())?),
        };
        desk.write_digest(who, period, last)
    });
    match written.await {
        Ok(_) => back("/digests"),
        Err(page) => *page,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Word {
    mark: String,
    word: String,
    why: String,
}

/// The word on a digest that waits.
pub(super) async fn word(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(name): Path<String>,
    Form(said): Form<Word>,
) -> Response {
    posted(&console, &visit, (&said.mark, "/digests"), move |desk, who| match said.word.as_str() {
        "approve" => desk.approve_digest(who, &name),
        _ => desk.refuse_digest(who, &name, &said.why),
    })
    .await
}
