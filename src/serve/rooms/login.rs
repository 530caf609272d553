//! Logging in and out, the first administrator, one's own account; and what was typed when a session ended.
//!
//! In: names and passwords, by forms only. Out: a cookie with a secret, the way on, the form once more with what was
//! typed. A password is never put into a page, an address or the log.

use std::sync::Arc;

use axum::Form;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::{FORM_BYTES, act, back, own_path, show, unmarked};
use crate::desk::DeskError;
use crate::desk::people::SessionRow;
use crate::serve::Console;
use crate::serve::guard::{Entered, Visit, session_name};

/// What the page of the login shows.
#[derive(Default, Serialize)]
struct LoginPage {
    name: String,
    to: String,
    /// What was typed into a form whose session had ended, as the form sent it.
    kept: String,
    /// The secret of the first administrator's address.
    key: String,
    /// What was wrong, in words.
    fault: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    to: String,
    key: String,
}

pub(super) async fn login(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    if visit.entered == Entered::Login {
        return back(&asked.to);
    }
    if !visit.has_people {
        return console.pages.refused(&visit, StatusCode::UNAUTHORIZED, "enter");
    }
    page(&console, &visit, StatusCode::OK, &LoginPage { to: asked.to, ..LoginPage::default() })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    name: String,
    password: String,
    to: String,
    kept: String,
    key: String,
}

pub(super) async fn enter(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(typed): Form<Typed>,
) -> Response {
    let (name, password) = (typed.name.clone(), typed.password);
    let (caller, before) = (visit.caller.clone(), visit.session.clone());
    let entered =
        attempt(&console, move |desk| desk.log_in(&name, &password, &caller, before.as_deref()));
    let secret = match entered.await {
        Ok(secret) => secret,
        Err(error) => {
            let Some((status, fault)) = fault(&error, &visit) else {
                return console.pages.failed(&visit, &error);
            };
            let Typed { name, to, kept, .. } = typed;
            let again = LoginPage { name, to, kept, fault, ..LoginPage::default() };
            return page(&console, &visit, status, &again);
        }
    };
    let mut answer = if typed.kept.is_empty() {
        back(&typed.to)
    } else {
        again(&console, &visit, &secret, &typed.to, &typed.kept).await
    };
    let secure = if console.front.is_https() { "; Secure" } else { "" };
    let cookie =
        format!("{}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}", session_name(&console));
    if let Ok(cookie) = cookie.parse() {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// An act of the desk that is nobody's yet.
async fn attempt<T: Send + 'static>(
    console: &Console,
    work: impl FnOnce(&crate::desk::Desk) -> Result<T, DeskError> + Send + 'static,
) -> Result<T, DeskError> {
    let desk = console.seat.desk();
    tokio::task::spawn_blocking(move || work(&desk)).await.unwrap_or_else(|error| {
        Err(DeskError::Broken(anyhow::anyhow!("a login ended with a panic: {error}")))
    })
}

/// The status and words of a login that was refused; none where a part is broken.
fn fault(error: &DeskError, visit: &Visit) -> Option<(StatusCode, String)> {
    let status = match error {
        DeskError::Broken(_) => return None,
        DeskError::Wait { .. } => StatusCode::TOO_MANY_REQUESTS,
        DeskError::NotLetIn => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    Some((status, error.in_words(visit.who.lang)))
}

fn page(console: &Console, visit: &Visit, status: StatusCode, data: &LoginPage) -> Response {
    console.pages.show_with(status, "login", visit, data)
}

/// A form whose session has ended: the login, with what was typed kept in it; passwords are not.
pub(in crate::serve) async fn kept(console: &Console, visit: &Visit, request: Request) -> Response {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let to = visit.here.clone();
    let body = match is_form {
        true => to_bytes(request.into_body(), FORM_BYTES).await.unwrap_or_default(),
        false => axum::body::Bytes::new(),
    };
    let mut kept = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(&body) {
        if name != "mark" && !is_secret(&name) {
            kept.append_pair(&name, &value);
        }
    }
    let fault = visit.who.lang.text("serve.login.ended");
    let data = LoginPage { to, kept: kept.finish(), fault, ..LoginPage::default() };
    page(console, visit, StatusCode::UNAUTHORIZED, &data)
}

fn is_secret(name: &str) -> bool {
    ["password", "old", "new", "again", "key"].contains(&name)
}

#[derive(Serialize)]
struct AgainPage {
    to: String,
    fields: Vec<(String, String)>,
}

/// What was typed, once more, with the mark of the new session: nothing is sent that the officer does not send.
async fn again(console: &Console, visit: &Visit, secret: &str, to: &str, kept: &str) -> Response {
    let session = secret.to_owned();
    let lang = visit.who.lang;
    let who = attempt(console, move |desk| desk.session(&session, lang)).await;
    let Ok(Some(who)) = who else { return back("/") };
    let mut visit = visit.clone();
    (visit.who, visit.entered, visit.mark) =
        (who, Entered::Login, console.key.session_mark(secret));
    let fields = url::form_urlencoded::parse(kept.as_bytes()).into_owned().collect();
    console.pages.show("again", &visit, &AgainPage { to: own_path(to).to_owned(), fields })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MarkOnly {
    mark: String,
}

pub(super) async fn logout(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(form): Form<MarkOnly>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    let secret = visit.session.clone().unwrap_or_default();
    if let Err(page) = act(&console, &visit, move |desk, who| desk.log_out(who, &secret)).await {
        return *page;
    }
    let secure = if console.front.is_https() { "; Secure" } else { "" };
    let gone =
        format!("{}=; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age=0", session_name(&console));
    (AppendHeaders([(header::SET_COOKIE, gone)]), Redirect::to("/login")).into_response()
}

pub(super) async fn first(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    if visit.has_people || !console.front.is_afar() {
        return back("/");
    }
    let data = LoginPage { key: asked.key, ..LoginPage::default() };
    console.pages.show("first", &visit, &data)
}

pub(super) async fn make_first(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(typed): Form<Typed>,
) -> Response {
    let (name, key, password) = (typed.name.clone(), typed.key.clone(), typed.password);
    let caller = visit.caller.clone();
    match attempt(&console, move |desk| desk.make_first(&key, &name, &password, &caller)).await {
        Ok(()) => back("/login"),
        Err(error) => {
            let Some((status, fault)) = fault(&error, &visit) else {
                return console.pages.failed(&visit, &error);
            };
            let data =
                LoginPage { name: typed.name, key: typed.key, fault, ..LoginPage::default() };
            console.pages.show_with(status, "first", &visit, &data)
        }
    }
}

#[derive(Serialize)]
struct AccountPage {
    sessions: Vec<SessionRow>,
    fault: String,
}

pub(super) async fn account(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    show(&console, &visit, "account", |desk, who| {
        Ok(AccountPage { sessions: desk.sessions(who, Some(&who.name))?, fault: String::new() })
    })
    .await
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewPassword {
    mark: String,
    old: String,
    new: String,
    again: String,
}

pub(super) async fn password(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(form): Form<NewPassword>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    let (caller, lang) = (visit.caller.clone(), visit.who.lang);
    // What is wrong with a password is said on the page; a part that is broken, or an act that is not theirs, is not.
    let done = act(&console, &visit, move |desk, who| {
        let changed = match form.new == form.again {
            true => desk.change_password(who, &form.old, &form.new, &caller),
            false => Err(DeskError::Password { why: "differ" }),
        };
        match changed {
            Ok(()) => Ok(None),
            Err(error @ (DeskError::Broken(_) | DeskError::Forbidden { .. })) => Err(error),
            Err(error) => {
                let sessions = desk.sessions(who, Some(&who.name))?;
                Ok(Some(AccountPage { sessions, fault: error.in_words(lang) }))
            }
        }
    });
    match done.await {
        Ok(None) => Redirect::to("/login").into_response(),
        Ok(Some(data)) => {
            console.pages.show_with(StatusCode::BAD_REQUEST, "account", &visit, &data)
        }
        Err(page) => *page,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct End {
    mark: String,
    id: String,
    to: String,
}

/// Ends a session, one's own or another's: which of the two it is, the desk knows.
pub(super) async fn end(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(form): Form<End>,
) -> Response {
    if !visit.takes(&form.mark) {
        return unmarked(&console, &visit);
    }
    let id = form.id;
    match act(&console, &visit, move |desk, who| desk.end_session(who, &id)).await {
        Ok(()) => back(&form.to),
        Err(page) => *page,
    }
}
