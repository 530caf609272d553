//! The digests: which there are, one of them, a new one of what an officer asks for.
//!
//! In: a file's name; a form with a period or a span, a unit, a topic or a happening. Out: a list, the file, the way back. HTML is shown in
//! the browser under a policy that lets it run nothing; the other forms are downloads.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{act, back, posted, show, unmarked};
use crate::config::{Form as Written, Period};
use crate::desk::digests::{DigestAsk, DigestChoices, DigestFile, Standing, WaitingDigest};
use crate::desk::{Desk, DeskError, Who};
use crate::serve::Console;
use crate::serve::guard::Visit;

/// A digest is one file with its style in it; beyond that it may load and run nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

#[derive(Serialize)]
struct Shelf {
    digests: Vec<Row>,
    waiting: Vec<WaitingDigest>,
    choices: DigestChoices,
}

/// A digest in all its forms.
#[derive(Serialize)]
struct Row {
    name: String,
    written: DateTime<Utc>,
    standing: Option<Standing>,
    files: Vec<FileOfRow>,
}

#[derive(Serialize)]
struct FileOfRow {
    name: String,
    form: &'static str,
    bytes: u64,
}

/// The files by digest, in the order in which the first of each comes; forms in the order in which they are asked for.
fn rows(files: Vec<DigestFile>) -> Vec<Row> {
    const FORMS: [Written; 5] =
        [Written::Html, Written::Docx, Written::Pdf, Written::Xlsx, Written::Md];
    let mut rows: Vec<Row> = Vec::new();
    for file in files {
        let Some((stem, ending)) = file.name.rsplit_once('.') else { continue };
        let Some(form) = Written::of(ending).map(Written::ending) else { continue };
        let of_row = FileOfRow { name: file.name.clone(), form, bytes: file.bytes };
        match rows.iter_mut().find(|row| row.name == stem) {
            Some(row) => row.files.push(of_row),
            None => rows.push(Row {
                name: stem.to_owned(),
                written: file.written,
                standing: file.standing,
                files: vec![of_row],
            }),
        }
    }
    for row in &mut rows {
        row.files.sort_by_key(|file| FORMS.iter().position(|form| form.ending() == file.form));
    }
    rows
}

pub(super) async fn digests(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    let shelf = |desk: &Desk, who: &Who| {
        Ok(Shelf {
            digests: rows(desk.digests(who)?),
            waiting: desk.waiting_digests(who)?,
            choices: desk.digest_choices(who)?,
        })
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
        Some("pdf") => ("application/pdf", false),
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
    from: String,
    last: String,
    unit: String,
    topic: String,
    story: String,
    full: String,
}

impl Order {
    /// What is asked for: of a happening, of a span where its first day is named, else of a period.
    fn ask(self) -> Result<DigestAsk, DeskError> {
        let day = |text: &str| match text.trim() {
            "" => Ok(None),
            day => day.parse::<NaiveDate>().map(Some).map_err(|_| wrong("day", day)),
        };
        let named = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let from = day(&self.from)?;
        let period = match self.period.as_str() {
            "week" => Period::Week,
            "month" => Period::Month,
            "day" | "" => Period::Day,
            "span" if from.is_some() => Period::Day,
            "span" => return Err(wrong("first_day", "")),
            other => return Err(wrong("period", other)),
        };
        Ok(DigestAsk {
            period,
            from,
            last: day(&self.last)?,
            unit: named(self.unit),
            topic: named(self.topic),
            story: named(self.story),
            full: !self.full.is_empty(),
            forms: Vec::new(),
        })
    }
}

fn wrong(what: &'static str, value: &str) -> DeskError {
    DeskError::Value { what, value: value.to_owned() }
}

pub(super) async fn write(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(order): Form<Order>,
) -> Response {
    if !visit.takes(&order.mark) {
        return unmarked(&console, &visit);
    }
    let written = act(&console, &visit, move |desk, who| desk.write_digest(who, &order.ask()?));
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
