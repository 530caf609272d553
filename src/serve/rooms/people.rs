//! People and the audit: who may come in, what was done by whom.
//!
//! In: forms of an administrator; filters in the address. Out: the lists, the way back, or a secret that is shown once.
//! What cannot be taken comes back with what was typed and the fault; passwords do not.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{act, show, unmarked};
use crate::desk::audit::{Asked, AuditPage};
use crate::desk::people::{PersonRow, SessionRow, TokenOrder, TokenRow, role_of};
use crate::desk::{Desk, DeskError, Role, Scope, Who, secrets};
use crate::serve::Console;
use crate::serve::guard::Visit;

/// What an administrator typed into one of the forms.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    mark: String,
    what: String,
    name: String,
    role: String,
    units: String,
    password: String,
    label: String,
    scope: String,
    days: String,
    id: String,
}

#[derive(Serialize)]
struct Unit {
    id: String,
    name: String,
}

#[derive(Serialize)]
struct PeoplePage {
    people: Vec<PersonRow>,
    sessions: Vec<SessionRow>,
    tokens: Vec<TokenRow>,
    units: Vec<Unit>,
    roles: [Role; 5],
    own_units_only: bool,
    /// What was wrong, in words, with what was typed.
    fault: String,
    name: String,
    role: String,
    typed_units: String,
    label: String,
}

fn page(desk: &Desk, who: &Who, typed: &Typed, fault: String) -> Result<PeoplePage, DeskError> {
    let unit = |s: &pipelines::record::Subject| Unit { id: s.id.0.clone(), name: s.name.clone() };
    Ok(PeoplePage {
        people: desk.people(who)?,
        sessions: desk.sessions(who, None)?,
        tokens: desk.tokens(who)?,
        units: desk.config.subjects.iter().map(unit).collect(),
        roles: Role::ALL,
        own_units_only: desk.config.people.own_units_only,
        fault,
        name: typed.name.clone(),
        role: typed.role.clone(),
        typed_units: typed.units.clone(),
        label: typed.label.clone(),
    })
}

pub(super) async fn people(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    show(&console, &visit, "people", |desk, who| page(desk, who, &Typed::default(), String::new()))
        .await
}

/// A secret that is shown once, and for whom it is.
#[derive(Serialize)]
struct SecretPage {
    kind: &'static str,
    name: String,
    secret: String,
}

enum Done {
    Shown(SecretPage),
    Back,
    Again(Box<PeoplePage>),
}

pub(super) async fn change(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Form(typed): Form<Typed>,
) -> Response {
    if !visit.takes(&typed.mark) {
        return unmarked(&console, &visit);
    }
    let done = act(&console, &visit, move |desk, who| match apply(desk, who, &typed) {
        Ok(Some(secret)) => Ok(Done::Shown(secret)),
        Ok(None) => Ok(Done::Back),
        Err(error @ (DeskError::Broken(_) | DeskError::Forbidden { .. })) => Err(error),
        Err(error) => page(desk, who, &typed, error.in_words(who.lang))
            .map(|page| Done::Again(Box::new(page))),
    });
    match done.await {
        Ok(Done::Shown(secret)) => console.pages.show("secret", &visit, &secret),
        Ok(Done::Back) => super::back("/people"),
        Ok(Done::Again(page)) => {
            console.pages.show_with(StatusCode::BAD_REQUEST, "people", &visit, &*page)
        }
        Err(page) => *page,
    }
}

fn apply(desk: &Desk, who: &Who, typed: &Typed) -> Result<Option<SecretPage>, DeskError> {
    let units = typed.units.split([',', '，', ' ', '\n', '\r']).map(str::trim);
    let units = units.filter(|unit| !unit.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let secret =
        |kind, secret| Some(SecretPage { kind, name: typed.name.trim().to_owned(), secret });
    // Nothing typed: one is made, and shown once.
    let made = if typed.password.is_empty() { Some(secrets::password()?) } else { None };
    let password = made.as_deref().unwrap_or(&typed.password);
    match typed.what.as_str() {
        "add" => {
            desk.add_person(who, &typed.name, role_of(&typed.role)?, &units, password)?;
            Ok(made.and_then(|made| secret("password", made)))
        }
        "password" => {
            desk.set_password(who, &typed.name, password)?;
            Ok(made.and_then(|made| secret("password", made)))
        }
        "role" => {
            desk.change_role(who, &typed.name, role_of(&typed.role)?, &units)?;
            Ok(None)
        }
        "disable" => desk.disable_person(who, &typed.name, true).map(|()| None),
        "enable" => desk.disable_person(who, &typed.name, false).map(|()| None),
        "end" => desk.end_session(who, &typed.id).map(|()| None),
        "token" => {
            let value = |what, value: &str| DeskError::Value { what, value: value.to_owned() };
            let order = TokenOrder {
                user: typed.name.trim().to_owned(),
                label: typed.label.clone(),
                scope: Scope::parse(&typed.scope).ok_or_else(|| value("scope", &typed.scope))?,
                days: typed.days.trim().parse().map_err(|_| value("days", &typed.days))?,
            };
            desk.make_token(who, &order).map(|(_, made)| secret("token", made))
        }
        "revoke" => {
            let unknown = || DeskError::Unknown { what: "token", id: typed.id.clone() };
            desk.revoke_token(who, typed.id.parse().map_err(|_| unknown())?).map(|()| None)
        }
        what => Err(DeskError::Unknown { what: "act", id: what.to_owned() }),
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Filter {
    name: String,
    action: String,
    day: String,
    all: bool,
    before: Option<i64>,
}

#[derive(Serialize)]
struct AuditRoom {
    filter: Filter,
    page: AuditPage,
}

pub(super) async fn audit(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(filter): Query<Filter>,
) -> Response {
    show(&console, &visit, "audit", move |desk, who| {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let wrong = || DeskError::Value { what: "day", value: filter.day.clone() };
        let day = some(&filter.day).map(|day| day.parse::<NaiveDate>().map_err(|_| wrong()));
        let asked = Asked {
            name: some(&filter.name),
            action: some(&filter.action),
            day: day.transpose()?,
            all: filter.all,
            before: filter.before,
        };
        Ok(AuditRoom { page: desk.audit(who, &asked)?, filter })
    })
    .await
}
