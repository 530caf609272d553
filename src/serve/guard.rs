//! What every request passes before a room sees it, and what every answer carries.
//!
//! In: a request. Out: the visit it belongs to, or a refusal. A foreign `Host` (a name that was made to point at
//! this machine), a browser that is not logged in, and a form from another place are refused; answers forbid
//! scripts, frames and everything else from elsewhere. What was typed into a form whose session has ended is kept.

use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use pipelines::locale::Lang;

use super::door::Peer;
use super::{Console, key, rooms};
use crate::desk::login::Caller;
use crate::desk::{DeskError, Who};

/// Everything from the station itself; no script or style in the page.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const FIXED: [(header::HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        header::HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=()",
    ),
];

/// A year; browsers that came by HTTPS come by nothing else then.
pub(super) const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Paths that a browser may ask for before it was let in.
const OPEN: [&str; 5] = ["/enter", "/login", "/first", "/lang/", "/public"];

/// How a browser was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// It was not; only the pages of entry are seen then.
    No,
    /// By the key of a station on this machine that has no people yet.
    Key,
    /// By a login.
    Login,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub who: Who,
    /// Path and query, to come back to.
    pub here: String,
    pub entered: Entered,
    /// What forms carry.
    pub mark: String,
    pub caller: Caller,
    /// The secret in its cookie, good or not.
    pub session: Option<String>,
    /// Whether there are people, so that it takes a login to come in.
    pub has_people: bool,
}

impl Visit {
    pub fn is_known(&self) -> bool {
        self.entered != Entered::No
    }

    /// Whether a form carried the mark that our pages gave it in this session.
    pub fn takes(&self, mark: &str) -> bool {
        self.is_known() && key::same(&self.mark, mark)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The middleware.
pub(super) async fn guard(
    State(console): State<Arc<Console>>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let host = said(headers, header::HOST).unwrap_or_default().to_owned();
    let front = &console.front;
    let path = request.uri().path().to_owned();
    let is_asset = path.starts_with("/assets/");
    if !front.is_own_host(&host) {
        let plain = "this is not the address of the console\n";
        return (StatusCode::MISDIRECTED_REQUEST, plain).into_response();
    }
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let Some(address) = peer.and_then(|ConnectInfo(Peer(ip))| front.caller(*ip, headers)) else {
        let plain = "this console is reached by its proxy only\n";
        return (StatusCode::FORBIDDEN, plain).into_response();
    };
    if is_asset {
        return finish(&console, next.run(request).await, true);
    }
    let is_foreign_form =
        request.method() == Method::POST && !is_own_form(&console, headers, &host);
    let (seen, has_key) = seen(&console, &request, address);
    let visit = match recognised(&console, seen, has_key).await {
        Ok(visit) => visit,
        Err(told) => return finish(&console, console.pages.failed(&told.0, &told.1), false),
    };
    let is_open = OPEN.iter().any(|open| path.starts_with(open));
    if is_foreign_form {
        let page = console.pages.refused(&visit, StatusCode::FORBIDDEN, "form");
        return finish(&console, page, false);
    }
    if !visit.is_known() && !is_open {
        return finish(&console, turned_away(&console, &visit, request).await, false);
    }
    request.extensions_mut().insert(visit);
    finish(&console, next.run(request).await, false)
}

/// A browser that is not let in: to the login, or told of the key; a form keeps what was typed.
async fn turned_away(console: &Console, visit: &Visit, request: Request) -> Response {
    if !visit.has_people && !console.front.is_afar() {
        return console.pages.refused(visit, StatusCode::UNAUTHORIZED, "enter");
    }
    if request.method() == Method::POST {
        return rooms::login::kept(console, visit, request).await;
    }
    // The script asks by itself: what it gets must not be a page.
    if visit.here == "/pulse" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let to = url::form_urlencoded::byte_serialize(visit.here.as_bytes()).collect::<String>();
    Redirect::to(&format!("/login?to={to}")).into_response()
}

fn finish(console: &Console, mut response: Response, is_asset: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        // A room may have a policy of its own for what it hands out.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if console.front.is_https() {
        let strict = HeaderValue::from_static(STRICT_TRANSPORT);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, strict);
    }
    // Assets carry a hash in their name and never change; pages are of the moment and of this officer.
    let keep = if is_asset { "public, max-age=31536000, immutable" } else { "no-store" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}

/// What a request says of itself, and whether it has the pass of a station without people. Nobody is recognised yet.
fn seen(console: &Console, request: &Request, address: String) -> (Visit, bool) {
    let headers = request.headers();
    let lang = match cookie(headers, "guanlan-lang").as_deref() {
        Some("zh") => Lang::Zh,
        Some("en") => Lang::En,
        _ => console.seat.desk().config.station.lang,
    };
    let agent = said(headers, header::USER_AGENT).unwrap_or_default().to_owned();
    let has_key = cookie(headers, &pass_name(console)).is_some_and(|pass| console.key.knows(&pass));
    let here = request.uri().path_and_query().map_or("/", |whole| whole.as_str()).to_owned();
    let visit = Visit {
        who: Who::nobody(lang),
        here,
        entered: Entered::No,
        mark: String::new(),
        caller: Caller { address, agent },
        session: cookie(headers, &session_name(console)),
        has_people: true,
    };
    (visit, has_key)
}

/// Whose request it is. Asks the store, apart from the threads that answer.
async fn recognised(
    console: &Console,
    mut visit: Visit,
    has_key: bool,
) -> Result<Visit, Box<(Visit, DeskError)>> {
    let (desk, session, lang) = (console.seat.desk(), visit.session.clone(), visit.who.lang);
    let asked = tokio::task::spawn_blocking(move || {
        let who = session.map(|secret| desk.session(&secret, lang)).transpose()?.flatten();
        let has_people = who.is_some() || desk.has_people()?;
        Ok((who, has_people))
    });
    let asked = asked.await.unwrap_or_else(|error| {
        Err(DeskError::Broken(anyhow::anyhow!("asking for a session ended with a panic: {error}")))
    });
    match asked {
        Err(error) => return Err(Box::new((visit, error))),
        Ok((Some(who), _)) => {
            visit.mark = console.key.session_mark(visit.session.as_deref().unwrap_or_default());
            (visit.who, visit.entered) = (who, Entered::Login);
        }
        Ok((None, has_people)) => {
            visit.has_people = has_people;
            if has_key && !has_people && !console.front.is_afar() {
                visit.mark = console.key.form_mark();
                (visit.who, visit.entered) = (Who::owner("console", lang), Entered::Key);
            }
        }
    }
    Ok(visit)
}

/// Cookies know no ports: each station of a machine has its own name.
pub(super) fn pass_name(console: &Console) -> String {
    format!("guanlan-{}", console.front.port())
}

/// The name of the cookie of a login; by HTTPS one that browsers take from this host alone, for all of it.
pub(super) fn session_name(console: &Console) -> String {
    match console.front.is_https() {
        true => "__Host-guanlan".to_owned(),
        false => format!("guanlan-session-{}", console.front.port()),
    }
}

fn said(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

/// A form of ours: what the browser says of where it comes from does not speak against it. The mark in the
/// form is looked at by the room that takes it.
fn is_own_form(console: &Console, headers: &HeaderMap, host: &str) -> bool {
    let site = said(headers, header::HeaderName::from_static("sec-fetch-site"));
    let from_here = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = said(headers, header::ORIGIN);
    from_here && origin.is_none_or(|origin| console.front.is_own_origin(origin, host))
}
