//! The HTTP API: every act of the desk for programs, under `/api/v1`, with a bearer token (a feed also with
//! the token as the password of Basic) and nothing else.
//!
//! In: requests with a token that an administrator made. Out: JSON as the desk answers it, or what went wrong as
//! `application/problem+json`; and what all of this is, as OpenAPI, made from these functions. Cookies open nothing
//! here, so no page of another site can ask in somebody's name.

mod acting;
mod answers;
mod cases;
mod config;
mod correcting;
mod limit;
mod people;
mod problem;
mod reading;
mod saved;
mod station;
mod stories;

use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post, put};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pipelines::locale::Lang;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

pub(super) use limit::Limits;
pub(super) use problem::Problem;

use super::Console;
use super::door::Peer;
use crate::desk::login::Caller;
use crate::desk::{Desk, DeskError, Who};

/// Bytes of a body.
const BODY_BYTES: usize = 256 * 1024;

/// Who a token acts for, and from where.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    pub who: Who,
    pub caller: Caller,
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// What is served, as OpenAPI.
#[derive(OpenApi)]
#[openapi(
    info(title = "guanlan 观澜", description = "Every act of the desk, for programs. Tokens are made by an administrator (`guanlan user token add`, or the people room)."),
    paths(
        reading::today, reading::search, reading::post, reading::why,
        reading::words, reading::story, reading::alerts,
        reading::alert, reading::rules, reading::rehearse, reading::why_nothing, reading::sources, reading::digests, reading::digest,
        acting::correct, correcting::correct, correcting::take_back, acting::evidence, acting::move_alert, acting::put_off, acting::write_digest, acting::word_on_digest, acting::export,
        stories::split, stories::merge, stories::undo,
        config::entries, config::entry, config::history, config::create, config::save, config::remove, config::undo,
        station::station, station::deliveries, station::resend, station::test, station::run, station::pause, station::add,
        cases::list, cases::show, cases::open, cases::step, cases::ledger, cases::check,
        answers::list, answers::near, answers::work, answers::show, answers::add, answers::save,
        answers::approve, answers::retire, answers::record, reading::duty,
        cases::statistics, cases::page, cases::of_import,
        saved::list, saved::save, saved::take_away, saved::feed,
        people::people, people::add, people::role, people::disable, people::password, people::sessions,
        people::end, people::tokens, people::make_token, people::revoke, people::audit, people::own_password,
    ),
    components(schemas(problem::Problem)),
    modifiers(&Bearing),
    security(("token" = []))
)]
struct Document;

struct Bearing;

impl Modify for Bearing {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_with(Default::default);
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", bearer);
    }
}

/// What is served, as OpenAPI 3.1.
pub(super) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Cases and answers on record.
fn answering() -> Router<Arc<Console>> {
    Router::new()
        .route("/cases", get(cases::list).post(cases::open))
        .route("/cases/check", get(cases::check))
        .route("/cases/ledger", post(cases::ledger))
        .route("/cases/statistics", get(cases::statistics))
        .route("/cases/{number}", get(cases::show))
        .route("/imports/{number}/cases", post(cases::of_import))
        .route("/cases/{number}/page", post(cases::page))
        .route("/cases/{number}/steps", post(cases::step))
        .route("/cases/{number}/record", post(answers::record))
        .route("/answers", get(answers::list).post(answers::add))
        .route("/answers/near", get(answers::near))
        .route("/answers/work", get(answers::work))
        .route("/answers/{number}", get(answers::show).put(answers::save))
        .route("/answers/{number}/approval", post(answers::approve))
        .route("/answers/{number}/retirement", post(answers::retire))
}

/// All paths below `/api`.
pub(super) fn router(console: &Arc<Console>) -> Router<Arc<Console>> {
    let v1 = answering()
        .route("/today", get(reading::today))
        .route("/posts", get(reading::search))
        .route("/posts/{id}", get(reading::post))
        .route("/posts/{id}/why", get(reading::why))
        .route("/posts/{id}/polarity", put(acting::correct))
        .route("/posts/{id}/corrections", put(correcting::correct).delete(correcting::take_back))
        .route("/posts/{id}/evidence", post(acting::evidence))
        .route("/words", get(reading::words))
        .route("/stories/{id}", get(reading::story))
        .route("/stories/split", post(stories::split))
        .route("/stories/{id}/merge", post(stories::merge))
        .route("/stories/acts/{number}", delete(stories::undo))
        .route("/alerts", get(reading::alerts))
        .route("/alerts/{id}", get(reading::alert))
        .route("/alerts/{id}/state", put(acting::move_alert))
        .route("/alerts/{id}/put-off", put(acting::put_off))
        .route("/duty", get(reading::duty))
        .route("/rules", get(reading::rules))
        .route("/rehearsal", get(reading::rehearse))
        .route("/rules/{id}/nothing", get(reading::why_nothing))
        .route("/sources", get(reading::sources).post(station::add))
        .route("/digests", get(reading::digests).post(acting::write_digest))
        .route("/digests/{name}", get(reading::digest))
        .route("/digests/{name}/word", post(acting::word_on_digest))
        .route("/export", post(acting::export))
        .route("/config/{table}", get(config::entries).post(config::create))
        .route("/config/{table}/{id}", get(config::entry).put(config::save).delete(config::remove))
        .route("/config/{table}/{id}/history", get(config::history).post(config::undo))
        .route("/station", get(station::station))
        .route("/deliveries", get(station::deliveries))
        .route("/deliveries/resend", post(station::resend))
        .route("/notifiers/{name}/test", post(station::test))
        .route("/sources/{id}/run", post(station::run))
        .route("/sources/{id}/paused", put(station::pause))
        .route("/saved", get(saved::list).post(saved::save))
        .route("/saved/{id}", delete(saved::take_away))
        .route("/saved/{id}/atom", get(saved::feed))
        .merge(of_people());
    Router::new()
        .nest("/v1", v1)
        .fallback(nowhere)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn_with_state(console.clone(), bearing))
        .route("/openapi.json", get(|| async { Json(document()) }))
        .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(console.clone(), at_the_door))
}

/// The paths of people, and of what they did.
fn of_people() -> Router<Arc<Console>> {
    Router::new()
        .route("/people", get(people::people).post(people::add))
        .route("/people/{name}/role", put(people::role))
        .route("/people/{name}/disabled", put(people::disable))
        .route("/people/{name}/password", put(people::password))
        .route("/sessions", get(people::sessions))
        .route("/sessions/{id}", delete(people::end))
        .route("/tokens", get(people::tokens).post(people::make_token))
        .route("/tokens/{id}", delete(people::revoke))
        .route("/audit", get(people::audit))
        .route("/account/password", put(people::own_password))
}

/// `/mcp`, by the same token.
pub(super) fn mcp(console: &Arc<Console>) -> Router<Arc<Console>> {
    Router::new()
        .route("/mcp", any(super::mcp::over_http))
        .layer(middleware::from_fn_with_state(console.clone(), bearing))
        .layer(middleware::from_fn_with_state(console.clone(), at_the_door))
}

async fn nowhere() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such path; see /api/openapi.json")
}

async fn no_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this path takes another method; see /api/openapi.json",
    )
}

/// A foreign `Host` and a way around the proxy are refused; every answer says that it is nothing to run or keep.
pub(super) async fn at_the_door(
    State(console): State<Arc<Console>>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let address = peer.and_then(|ConnectInfo(Peer(ip))| console.front.caller(*ip, headers));
    let mut answer = match address {
        _ if !console.front.is_own_host(host) => {
            Problem::new(StatusCode::MISDIRECTED_REQUEST, "this is not the address of the station")
                .into_response()
        }
        None => Problem::new(StatusCode::FORBIDDEN, "this station is reached by its proxy only")
            .into_response(),
        Some(address) => {
            let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
            let agent = agent.unwrap_or_default().to_owned();
            request.extensions_mut().insert(Caller { address, agent });
            next.run(request).await
        }
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if console.front.is_https() {
        let strict = HeaderValue::from_static(super::guard::STRICT_TRANSPORT);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, strict);
    }
    answer
}

/// Whose token it is; how often it asks.
pub(super) async fn bearing(
    State(console): State<Arc<Console>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let lang = lang_of(request.headers()).unwrap_or(console.seat.desk().config.station.lang);
    let is_feed = request.method() == Method::GET && request.uri().path().ends_with("/atom");
    let secret = secret_of(request.headers(), is_feed);
    let bucket = secret.as_deref().map_or_else(
        || format!("address {}", caller.address),
        |secret| format!("token {}", console.key.session_mark(secret)),
    );
    if let Err(secs) = console.limits.take(&bucket) {
        return Problem::wait(secs).into_response();
    }
    let desk = console.seat.desk();
    let asked = tokio::task::spawn_blocking(move || {
        secret.map(|secret| desk.token_bearer(&secret, lang)).transpose().map(Option::flatten)
    });
    match asked.await {
        Ok(Ok(Some(who))) => {
            request.extensions_mut().insert(Bearer { who, caller });
            next.run(request).await
        }
        Ok(Ok(None)) => {
            // Tokens that are tried out are counted by where they come from.
            if let Err(secs) = console.limits.fail(&caller.address) {
                return Problem::wait(secs).into_response();
            }
            let detail = "no bearer token that is good: `Authorization: Bearer gl_…`";
            let mut answer = Problem::new(StatusCode::UNAUTHORIZED, detail).into_response();
            let bearer = HeaderValue::from_static("Bearer realm=\"guanlan\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
            if is_feed {
                let basic = HeaderValue::from_static("Basic realm=\"guanlan\"");
                answer.headers_mut().append(header::WWW_AUTHENTICATE, basic);
            }
            answer
        }
        Ok(Err(error)) => Problem::of(&error, lang).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The token; a feed reader gives it as the password of Basic authentication. Nothing but a feed takes it so: a browser
/// sends such a password by itself, also with the form of another site.
fn secret_of(headers: &HeaderMap, is_feed: bool) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(secret.trim().to_owned());
    }
    if !is_feed || !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(secret.trim()).ok()?).ok()?;
    pair.split_once(':').map(|(_, password)| password.to_owned())
}

fn lang_of(headers: &HeaderMap) -> Option<Lang> {
    let first =
        headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?.trim_start().to_ascii_lowercase();
    match first {
        lang if lang.starts_with("en") => Some(Lang::En),
        lang if lang.starts_with("zh") => Some(Lang::Zh),
        _ => None,
    }
}

/// Does an act of the desk where it may wait for disk.
pub(super) async fn act<T: Send + 'static>(
    console: &Console,
    bearer: &Bearer,
    act: impl FnOnce(&Desk, &Who) -> Result<T, DeskError> + Send + 'static,
) -> Result<T, Problem> {
    let (desk, who, lang) = (console.seat.desk(), bearer.who.clone(), bearer.who.lang);
    let done = tokio::task::spawn_blocking(move || act(&desk, &who)).await;
    let done = done.unwrap_or_else(|error| {
        Err(DeskError::Broken(anyhow::anyhow!("the act ended with a panic: {error}")))
    });
    done.map_err(|error| Problem::of(&error, lang))
}
