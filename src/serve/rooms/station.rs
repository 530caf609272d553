//! The station itself: what lies where, what does not work.
//!
//! In: nothing. Out: a page.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::show;
use crate::serve::Console;
use crate::serve::guard::Visit;

pub(super) async fn station(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    show(&console, &visit, "station", |desk, who| desk.station(who)).await
}
