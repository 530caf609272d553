//! What is only read: the day, posts, stories, alerts, rules, sources, digests.
//!
//! In: ids and questions in the address. Out: what the desk answers, as it stands. Lists that go on say where the next
//! page begins (`next`).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use pipelines::record::AlertState;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Asked, Named, Problem, Refusals};
use super::{Bearer, act};
use crate::desk::DeskError;
use crate::desk::alerts::{AlertRow, AlertSheet};
use crate::desk::digests::DigestFile;
use crate::desk::duty::DutySheet;
use crate::desk::nothing::NothingSheet;
use crate::desk::post::PostSheet;
use crate::desk::rules::{RehearsalSheet, RuleRow};
use crate::desk::search::{Ask, Found, MOST, Order, PAGE};
use crate::desk::sources::SourceRow;
use crate::desk::story::StorySheet;
use crate::desk::today::Today;
use crate::desk::words::Words;
use crate::serve::Console;

type Answer<T> = Result<Json<T>, Problem>;

/// The day at a glance.
#[utoipa::path(get, path = "/api/v1/today", responses((status = 200, body = Today), Refusals))]
pub(super) async fn today(State(console): State<Arc<Console>>, bearer: Bearer) -> Answer<Today> {
    act(&console, &bearer, |desk, who| desk.today(who)).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DutyAsked {
    /// Of so many days from now on, 7 unless said.
    #[param(minimum = 1, maximum = 62)]
    days: Option<u32>,
}

/// Who has the desk now and in the days to come, and when nobody has.
#[utoipa::path(get, path = "/api/v1/duty", params(DutyAsked),
    responses((status = 200, body = DutySheet), Refusals))]
pub(super) async fn duty(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(DutyAsked { days }): Asked<DutyAsked>,
) -> Answer<DutySheet> {
    act(&console, &bearer, move |desk, who| desk.duty(who, days.unwrap_or(7))).await.map(Json)
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::serve) enum Sort {
    #[default]
    Newest,
    Relevance,
    Risk,
    Heat,
}

impl From<Sort> for Order {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Newest => Self::Newest,
            Sort::Relevance => Self::Relevance,
            Sort::Risk => Self::Risk,
            Sort::Heat => Self::Heat,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchAsk {
    /// A query, in the query language.
    q: String,
    /// Order of lines.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// One line a post instead of one a story.
    #[serde(default)]
    posts: bool,
    /// Lines on the page, 20 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Search posts: lines with what was found marked, counts by property and day.
#[utoipa::path(get, path = "/api/v1/posts", params(SearchAsk), responses((status = 200, body = Found), Refusals))]
pub(super) async fn search(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(asked): Asked<SearchAsk>,
) -> Answer<Found> {
    let limit = asked.limit.map_or(PAGE, |limit| limit as usize);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, format!("`limit` is 1 to {MOST}")));
    }
    let after = asked.after.filter(|after| !after.is_empty());
    let (sort, posts) = (asked.sort.into(), asked.posts);
    let ask = Ask { query: asked.q, sort, posts, limit, after, ..Ask::default() };
    act(&console, &bearer, move |desk, who| desk.search(who, &ask)).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Marked {
    /// A query whose words are marked.
    q: Option<String>,
}

/// One post with its verdicts and what they rest on.
#[utoipa::path(get, path = "/api/v1/posts/{id}",
    params(("id" = String, Path, description = "Its id, or the beginning of it"), Marked),
    responses((status = 200, body = PostSheet), Refusals))]
pub(super) async fn post(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Asked(asked): Asked<Marked>,
) -> Answer<PostSheet> {
    act(&console, &bearer, move |desk, who| desk.post(who, &id, asked.q.as_deref())).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Why {
    /// The query.
    q: String,
}

/// Words of the station, for people.
#[derive(Serialize, ToSchema)]
pub(super) struct InWords {
    words: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WordsAsk {
    /// A query that narrows the posts down.
    q: Option<String>,
    /// Of so many days, 7 unless said.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
    /// At most so many of each kind, 30 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Hot and new words of a period.
#[utoipa::path(get, path = "/api/v1/words", params(WordsAsk), responses((status = 200, body = Words), Refusals))]
pub(super) async fn words(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(asked): Asked<WordsAsk>,
) -> Answer<Words> {
    let (days, limit) = (asked.days.unwrap_or(7), asked.limit.unwrap_or(30));
    if !(1..=200).contains(&limit) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "`limit` is 1 to 200"));
    }
    act(&console, &bearer, move |desk, who| {
        desk.words(who, asked.q.as_deref(), days, limit as usize)
    })
    .await
    .map(Json)
}

/// Clause by clause, why a post meets a query or does not.
#[utoipa::path(get, path = "/api/v1/posts/{id}/why",
    params(("id" = String, Path, description = "The post"), Why),
    responses((status = 200, body = InWords), Refusals))]
pub(super) async fn why(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Asked(asked): Asked<Why>,
) -> Answer<InWords> {
    let words = act(&console, &bearer, move |desk, who| desk.why(who, &id, &asked.q)).await?;
    Ok(Json(InWords { words }))
}

/// One happening.
#[utoipa::path(get, path = "/api/v1/stories/{id}",
    params(("id" = String, Path, description = "Its id: that of its first post")),
    responses((status = 200, body = StorySheet), Refusals))]
pub(super) async fn story(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Answer<StorySheet> {
    act(&console, &bearer, move |desk, who| desk.story(who, &id)).await.map(Json)
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::serve) enum State_ {
    Open,
    Acknowledged,
    Closed,
}

impl From<State_> for AlertState {
    fn from(state: State_) -> Self {
        match state {
            State_::Open => Self::Open,
            State_::Acknowledged => Self::Acknowledged,
            State_::Closed => Self::Closed,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AlertsAsk {
    /// Of so many days, 30 unless said.
    #[param(minimum = 1, maximum = 3660)]
    days: Option<u32>,
    /// In this state only.
    #[param(inline)]
    state: Option<State_>,
    /// At most so many, 200 unless said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Alerts, open ones first, then newest first.
#[utoipa::path(get, path = "/api/v1/alerts", params(AlertsAsk),
    responses((status = 200, body = Vec<AlertRow>), Refusals))]
pub(super) async fn alerts(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(asked): Asked<AlertsAsk>,
) -> Answer<Vec<AlertRow>> {
    let (days, limit) = (asked.days.unwrap_or(30), asked.limit.unwrap_or(200));
    if !(1..=3_660).contains(&days) || !(1..=1_000).contains(&limit) {
        let words = "`days` is 1 to 3660, `limit` 1 to 1000";
        return Err(Problem::new(StatusCode::BAD_REQUEST, words));
    }
    let state = asked.state.map(AlertState::from);
    act(&console, &bearer, move |desk, who| desk.alerts(who, days, state, limit as usize))
        .await
        .map(Json)
}

/// One alert with the posts it rests on and what was done to it.
#[utoipa::path(get, path = "/api/v1/alerts/{id}",
    params(("id" = String, Path, description = "Its number")),
    responses((status = 200, body = AlertSheet), Refusals))]
pub(super) async fn alert(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
) -> Answer<AlertSheet> {
    act(&console, &bearer, move |desk, who| desk.alert(who, number(&id)?)).await.map(Json)
}

pub(super) fn number(id: &str) -> Result<i64, DeskError> {
    id.parse().map_err(|_| DeskError::Unknown { what: "alert", id: id.to_owned() })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfDay {
    /// The local day; today unless said.
    day: Option<chrono::NaiveDate>,
}

/// Why a rule told nothing on a day: from what was collected to what became of each message.
#[utoipa::path(get, path = "/api/v1/rules/{id}/nothing",
    params(("id" = String, Path, description = "The rule"), OfDay),
    responses((status = 200, body = NothingSheet), Refusals))]
pub(super) async fn why_nothing(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(id): Named<String>,
    Asked(of): Asked<OfDay>,
) -> Answer<NothingSheet> {
    act(&console, &bearer, move |desk, who| desk.why_nothing(who, &id, of.day)).await.map(Json)
}

/// The rules.
#[utoipa::path(get, path = "/api/v1/rules", responses((status = 200, body = Vec<RuleRow>), Refusals))]
pub(super) async fn rules(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Answer<Vec<RuleRow>> {
    act(&console, &bearer, |desk, who| desk.rules(who)).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Rehearse {
    /// A rule's id; or
    rule: Option<String>,
    /// a query, as a rule that fires at each hit.
    q: Option<String>,
    /// Over so many days, 30 unless said.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
}

/// What a rule, or a query as a rule, would have done.
#[utoipa::path(get, path = "/api/v1/rehearsal", params(Rehearse),
    responses((status = 200, body = RehearsalSheet), Refusals))]
pub(super) async fn rehearse(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Asked(asked): Asked<Rehearse>,
) -> Answer<RehearsalSheet> {
    let days = asked.days.unwrap_or(30);
    if !(1..=366).contains(&days) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "`days` is 1 to 366"));
    }
    act(&console, &bearer, move |desk, who| match (&asked.rule, &asked.q) {
        (Some(rule), None) => desk.rehearse_rule(who, rule, days),
        (None, Some(query)) => desk.rehearse_query(who, query, days),
        _ => Err(DeskError::Value { what: "rule_or_query", value: String::new() }),
    })
    .await
    .map(Json)
}

/// The health board: troubled sources first.
#[utoipa::path(get, path = "/api/v1/sources", responses((status = 200, body = Vec<SourceRow>), Refusals))]
pub(super) async fn sources(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Answer<Vec<SourceRow>> {
    act(&console, &bearer, |desk, who| desk.sources(who)).await.map(Json)
}

/// The digests written so far, newest first.
#[utoipa::path(get, path = "/api/v1/digests", responses((status = 200, body = Vec<DigestFile>), Refusals))]
pub(super) async fn digests(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
) -> Answer<Vec<DigestFile>> {
    act(&console, &bearer, |desk, who| desk.digests(who)).await.map(Json)
}

/// One digest, as a file. Handing it out is in the audit.
#[utoipa::path(get, path = "/api/v1/digests/{name}",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), Refusals))]
pub(super) async fn digest(
    State(console): State<Arc<Console>>,
    bearer: Bearer,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    let bytes = act(&console, &bearer, move |desk, who| desk.digest_file(who, &name)).await?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
