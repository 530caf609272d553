//! What a search finds, as a file: a workbook, CSV that a spreadsheet opens, or JSON lines.
//!
//! In: a form with the query. Out: a download of every post found, in local time, formulas defused. It is audited
//! before the first byte leaves.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::{act, unmarked};
use crate::desk::export::ExportForm;
use crate::serve::Console;
use crate::serve::guard::Visit;

/// The type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    mark: String,
    q: String,
    form: String,
}

pub(super) async fn export(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(wanted): Form<Wanted>,
) -> Response {
    if !visit.takes(&wanted.mark) {
        return unmarked(&console, &visit);
    }
    let (form, kind, name) = match wanted.form.as_str() {
        "jsonl" => (ExportForm::JsonLines, "application/x-ndjson", "posts.jsonl"),
        "xlsx" => (ExportForm::Xlsx, XLSX, "posts.xlsx"),
        _ => (ExportForm::Csv, "text/csv; charset=utf-8", "posts.csv"),
    };
    let query = wanted.q;
    let exported = act(&console, &visit, move |desk, who| desk.export(who, &query, form));
    match exported.await {
        Ok(bytes) => {
            let attached = format!("attachment; filename=\"{name}\"");
            let head =
                [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, attached)];
            (head, bytes).into_response()
        }
        Err(page) => *page,
    }
}
