//! What every request passes before a room sees it, and what every answer carries.
//!
//! In: a request. Out: the visit it belongs to, or a refusal. A foreign `Host` (a name that was made to point at
//! this machine), a browser that was not let in, and a form from another place are refused; answers forbid
//! scripts, frames and everything else from elsewhere.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use pipelines::locale::Lang;

use super::Console;
use crate::desk::Who;

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

/// Paths that a browser may ask for before it was let in.
const OPEN: [&str; 2] = ["/enter", "/assets/"];

/// One request of somebody who was let in.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub who: Who,
    /// Path and query, to come back to.
    pub here: String,
    /// Whether the browser was let in; only the entry page is seen without.
    pub is_known: bool,
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
    if !is_own_host(headers, &console) {
        return (StatusCode::MISDIRECTED_REQUEST, "this is not the address of the console\n")
            .into_response();
    }
    let visit = visit(&console, &request);
    let path = request.uri().path();
    let is_open = OPEN.iter().any(|open| path.starts_with(open));
    if request.method() == Method::POST && !is_own_form(headers) {
        return finish(console.pages.refused(&visit, StatusCode::FORBIDDEN, "form"), false);
    }
    if !visit.is_known && !is_open {
        return finish(console.pages.refused(&visit, StatusCode::UNAUTHORIZED, "enter"), false);
    }
    let is_asset = path.starts_with("/assets/");
    request.extensions_mut().insert(visit);
    finish(next.run(request).await, is_asset)
}

fn finish(mut response: Response, is_asset: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        // A room may have a policy of its own for what it hands out.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Assets carry a hash in their name and never change; pages are of the moment and of this officer.
    let keep = if is_asset { "public, max-age=31536000, immutable" } else { "no-store" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}

fn visit(console: &Console, request: &Request) -> Visit {
    let cookie = |name: &str| cookie(request.headers(), name);
    let lang = match cookie("guanlan-lang").as_deref() {
        Some("zh") => Lang::Zh,
        Some("en") => Lang::En,
        _ => console.seat.desk().config.station.lang,
    };
    let is_known = cookie(&pass_name(console)).is_some_and(|pass| console.key.knows(&pass));
    let here = request.uri().path_and_query().map_or("/", |whole| whole.as_str()).to_owned();
    Visit { who: Who { name: "console".to_owned(), lang }, here, is_known }
}

/// Cookies know no ports: each station of a machine has its own name.
pub(super) fn pass_name(console: &Console) -> String {
    format!("guanlan-{}", console.address.port())
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
}

/// `Host` names this machine and our port: a page elsewhere cannot reach us under a name of its own.
fn is_own_host(headers: &HeaderMap, console: &Console) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let port = console.address.port();
    let own =
        [console.address.to_string(), format!("localhost:{port}"), format!("127.0.0.1:{port}")];
    own.iter().any(|own| own.eq_ignore_ascii_case(host))
}

/// A form of ours: what the browser says of where it comes from does not speak against it. The mark in the
/// form is looked at by the room that takes it.
fn is_own_form(headers: &HeaderMap) -> bool {
    let said = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let site = said(header::HeaderName::from_static("sec-fetch-site"));
    let from_here = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin = said(header::ORIGIN);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let own_origin = origin.is_none_or(|origin| origin == format!("http://{host}"));
    from_here && own_origin
}
