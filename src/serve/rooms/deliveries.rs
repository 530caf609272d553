//! Deliveries: what was told to whom, and what came back.
//!
//! In: a state and a place in the address; forms to have messages sent again, and to send a test. Out: pages.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{posted, show, unmarked};
use crate::desk::deliveries::Deliveries;
use crate::desk::testing::Tested;
use crate::serve::Console;
use crate::serve::guard::Visit;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct View {
    state: String,
    before: Option<i64>,
}

#[derive(Serialize)]
struct Page {
    view: View,
    page: Deliveries,
    /// What came of a test that was just sent.
    tested: Option<Tested>,
}

pub(super) async fn deliveries(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(view): Query<View>,
) -> Response {
    show(&console, &visit, "deliveries", move |desk, who| {
        let state = Some(view.state.as_str()).filter(|state| !state.is_empty());
        let page = desk.deliveries(who, state, view.before)?;
        Ok(Page { view, page, tested: None })
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Again {
    mark: String,
    way: String,
}

pub(super) async fn resend(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(form): Form<Again>,
) -> Response {
    let Again { mark, way } = form;
    posted(&console, &visit, (&mark, "/deliveries?state=pending"), move |desk, who| {
        desk.resend(who, Some(way.as_str()).filter(|way| !way.is_empty()), None)
    })
    .await
}

/// A test goes out, and the room is shown with what came back.
pub(super) async fn test(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(form): Form<Again>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    show(&console, &visit, "deliveries", move |desk, who| {
        let tested = Some(desk.send_test(who, &form.way)?);
        let page = desk.deliveries(who, None, None)?;
        Ok(Page { view: View::default(), page, tested })
    })
    .await
}
