//! The duty room: who has the desk now and in the days to come, and when nobody has.
//!
//! In: how many days, in the address. Out: a page.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::show;
use crate::desk::duty::DutySheet;
use crate::serve::Console;
use crate::serve::guard::Visit;

/// Days shown unless said.
const WEEK: u32 = 7;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ahead {
    days: Option<u32>,
}

#[derive(Serialize)]
struct DutyPage {
    days: u32,
    sheet: DutySheet,
}

pub(super) async fn duty(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(Ahead { days }): Query<Ahead>,
) -> Response {
    show(&console, &visit, "duty", move |desk, who| {
        let days = days.unwrap_or(WEEK);
        Ok(DutyPage { days, sheet: desk.duty(who, days)? })
    })
    .await
}
