//! The rooms that are only read: the day, search, rules and rehearsal, the health board, the pulse.
//!
//! In: the state of a view, all of it in the address, so that going back, loading anew and a mailed link show
//! the same. Out: pages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::{act, show};
use crate::desk::DeskError;
use crate::desk::nothing::NothingSheet;
use crate::desk::rules::{RehearsalSheet, RuleRow};
use crate::desk::saved::SavedRow;
use crate::desk::search::{Ask, Found, Order, PAGE};
use crate::serve::Console;
use crate::serve::guard::Visit;

/// What a query asks for whichever subject.
const OURS: &str = "subject:any";

/// Days a rehearsal may reach back.
const MOST_DAYS: u32 = 366;

pub(super) async fn today(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    show(&console, &visit, "today", |desk, who| desk.today(who)).await
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct View {
    q: String,
    sort: String,
    posts: bool,
    after: Option<String>,
    /// A saved search that is asked instead of `q`.
    saved: String,
    /// Only posts that speak of a subject; becomes part of the query.
    ours: bool,
}

impl View {
    pub(super) fn ask(&self) -> Ask {
        let sort = match self.sort.as_str() {
            "relevance" => Order::Relevance,
            "risk" => Order::Risk,
            "heat" => Order::Heat,
            _ => Order::Newest,
        };
        let after = self.after.clone().filter(|after| !after.is_empty());
        let query = if self.ours && !self.q.trim().is_empty() {
            format!("({}) {OURS}", self.q)
        } else {
            self.q.clone()
        };
        Ask { query, sort, posts: self.posts, limit: PAGE, after, ..Ask::default() }
    }
}

#[derive(Serialize)]
struct SearchPage {
    view: View,
    /// None before anything was asked.
    found: Option<Found>,
    /// Listed where nothing is asked.
    saved: Vec<SavedRow>,
}

pub(super) async fn search(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(view): Query<View>,
) -> Response {
    show(&console, &visit, "search", move |desk, who| {
        let mut view = view;
        let found = match (view.saved.as_str(), view.q.trim()) {
            ("", "") => None,
            ("", _) => Some(desk.search(who, &view.ask())?),
            (id, _) => Some(desk.ask_saved(who, id, &view.ask())?),
        };
        if let Some(found) = &found {
            view.q.clone_from(&found.query);
            view.ours = false;
        }
        let saved = match found {
            Some(_) => Vec::new(),
            None => desk.saved_searches(who)?,
        };
        Ok(SearchPage { view, found, saved })
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rehearse {
    rule: String,
    /// A rule of which is asked why it told nothing on `day`.
    why: String,
    day: String,
    q: String,
    days: Option<u32>,
}

#[derive(Serialize)]
struct RulesPage {
    rules: Vec<RuleRow>,
    q: String,
    days: u32,
    rehearsal: Option<RehearsalSheet>,
    nothing: Option<NothingSheet>,
}

pub(super) async fn rules(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(asked): Query<Rehearse>,
) -> Response {
    show(&console, &visit, "rules", move |desk, who| {
        let days = asked.days.unwrap_or(30).clamp(1, MOST_DAYS);
        let rehearsal = match (asked.rule.as_str(), asked.q.trim()) {
            ("", "") => None,
            ("", query) => Some(desk.rehearse_query(who, query, days)?),
            (rule, _) => Some(desk.rehearse_rule(who, rule, days)?),
        };
        let nothing = match (asked.why.as_str(), asked.day.trim()) {
            ("", _) => None,
            (rule, "") => Some(desk.why_nothing(who, rule, None)?),
            (rule, day) => {
                let typed = || DeskError::Value { what: "day", value: day.to_owned() };
                Some(desk.why_nothing(who, rule, Some(day.parse().map_err(|_| typed())?))?)
            }
        };
        Ok(RulesPage { rules: desk.rules(who)?, q: asked.q, days, rehearsal, nothing })
    })
    .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BoardView {
    asked: bool,
}

pub(super) async fn sources(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(view): Query<BoardView>,
) -> Response {
    #[derive(Serialize)]
    struct Board {
        asked: bool,
        rows: Vec<crate::desk::sources::SourceRow>,
    }
    show(&console, &visit, "sources", move |desk, who| {
        Ok(Board { asked: view.asked, rows: desk.sources(who)? })
    })
    .await
}

/// What the script is told.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Pulse {
    pub posts: u64,
    pub open_alerts: usize,
}

pub(super) async fn pulse(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    let pulse = act(&console, &visit, |desk, who| {
        let (posts, open_alerts) = desk.pulse(who)?;
        Ok::<_, DeskError>(Pulse { posts, open_alerts })
    });
    match pulse.await {
        Ok(pulse) => Json(pulse).into_response(),
        Err(page) => *page,
    }
}
