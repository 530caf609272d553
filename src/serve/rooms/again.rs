//! Forms that are taken, or come back with what was typed.
//!
//! In: what the desk said of a form. Out: the page it leads to; or the page again with the fault, and the status that goes
//! with it. What cannot be mended on the page is a page of its own.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::back;
use crate::desk::DeskError;
use crate::serve::Console;
use crate::serve::guard::Visit;

/// What became of a form.
pub(super) enum Done<T> {
    /// Taken: this page follows.
    Led(String),
    /// Not taken: the page again.
    Again(StatusCode, Box<T>),
}

/// The status of a fault that may be mended on the page; none for the rest.
pub(super) fn status_of(error: &DeskError) -> Option<StatusCode> {
    let (is_conflict, is_forbidden) = match error {
        DeskError::Case(fault) => (fault.is_conflict(), fault.is_forbidden()),
        DeskError::Answer(why) => (why.is_conflict(), why.is_forbidden()),
        _ => return None,
    };
    Some(match (is_conflict, is_forbidden) {
        (true, _) => StatusCode::CONFLICT,
        (_, true) => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    })
}

/// The answer to a form.
pub(super) fn answer<T: Serialize>(
    console: &Console,
    visit: &Visit,
    template: &str,
    done: Result<Done<T>, Box<Response>>,
) -> Response {
    match done {
        Ok(Done::Led(to)) => back(&to),
        Ok(Done::Again(status, page)) => console.pages.show_with(status, template, visit, &*page),
        Err(page) => *page,
    }
}
