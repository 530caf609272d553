//! The queue of alerts, one alert, and what is done with it.
//!
//! In: filters in the address; a form. Out: pages, and the way back. Acknowledging and closing can be taken
//! back; a false alarm teaches the rule.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use pipelines::record::AlertState;
use serde::{Deserialize, Serialize};

use super::answers::Beside;
use super::{act, back, show, unmarked};
use crate::desk::DeskError;
use crate::desk::alerts::AlertRow;
use crate::serve::Console;
use crate::serve::guard::Visit;

/// Lines of the queue.
const LISTED: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Queue {
    state: String,
    days: Option<u32>,
}

#[derive(Serialize)]
struct QueuePage {
    state: String,
    days: u32,
    rows: Vec<AlertRow>,
}

pub(super) async fn alerts(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(queue): Query<Queue>,
) -> Response {
    show(&console, &visit, "alerts", move |desk, who| {
        let days = queue.days.unwrap_or(30).clamp(1, 3_660);
        let state = match queue.state.as_str() {
            "" => None,
            name => Some(state_of(name)?),
        };
        let rows = desk.alerts(who, days, state, LISTED)?;
        Ok(QueuePage { state: queue.state, days, rows })
    })
    .await
}

pub(super) async fn alert(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    show(&console, &visit, "alert", move |desk, who| {
        Beside::new(desk.alert(who, number(&id)?)?, desk, who, ("alert", &id))
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Move {
    mark: String,
    /// A state, `false_alarm`, or `put_off` for so many hours.
    state: String,
    hours: String,
    to: String,
}

pub(super) async fn state(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form<Move>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    let name = form.state;
    let done = act(&console, &visit, move |desk, who| {
        let id = number(&id)?;
        if name == "false_alarm" {
            return desk.false_alarm(who, id).map(|_| ());
        }
        if name == "put_off" {
            let typed = || DeskError::Value { what: "hours", value: form.hours.clone() };
            return desk.put_off(who, id, form.hours.trim().parse().map_err(|_| typed())?);
        }
        desk.move_alert(who, id, state_of(&name)?)
    });
    match done.await {
        Ok(()) => back(&form.to),
        Err(page) => *page,
    }
}

fn number(id: &str) -> Result<i64, DeskError> {
    id.parse().map_err(|_| DeskError::Unknown { what: "alert", id: id.to_owned() })
}

fn state_of(name: &str) -> Result<AlertState, DeskError> {
    let states = [AlertState::Open, AlertState::Acknowledged, AlertState::Closed];
    let found = states.into_iter().find(|state| state.as_str() == name);
    found.ok_or_else(|| DeskError::Value { what: "alert_state", value: name.to_owned() })
}
