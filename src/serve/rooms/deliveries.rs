//! Deliveries: what was told to whom, and what came back.
//!
//! In: a state and a place in the address; a form to have messages sent again. Out: pages.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{act, back, show, unmarked};
use crate::desk::deliveries::Deliveries;
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
}

pub(super) async fn deliveries(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(view): Query<View>,
) -> Response {
    show(&console, &visit, "deliveries", move |desk, who| {
        let state = Some(view.state.as_str()).filter(|state| !state.is_empty());
        let page = desk.deliveries(who, state, view.before)?;
        Ok(Page { view, page })
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
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    let sent = act(&console, &visit, move |desk, who| {
        let way = Some(form.way.as_str()).filter(|way| !way.is_empty());
        desk.resend(who, way, None)
    });
    match sent.await {
        Ok(_) => back("/deliveries?state=pending"),
        Err(page) => *page,
    }
}
