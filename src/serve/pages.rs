//! From plain data to a page: templates compiled in, texts of the locale, everything of a post escaped.
//!
//! In: a template's name, a visit, data. Out: an answer with its status. A page that cannot be made, a thing that
//! is not there and a part that is broken are three different pages, each with what to do.

use std::collections::BTreeMap;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use minijinja::value::{Kwargs, Serde};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, Value, context};
use pipelines::locale::Lang;
use serde::Serialize;

use super::chart;
use super::guard::{Entered, Visit};
use super::rooms::assets;
use crate::desk::{Act, DeskError};

const TEMPLATES: [(&str, &str); 34] = [
    ("layout", include_str!("templates/layout.html")),
    ("lines", include_str!("templates/lines.html")),
    ("today", include_str!("templates/today.html")),
    ("search", include_str!("templates/search.html")),
    ("post", include_str!("templates/post.html")),
    ("story", include_str!("templates/story.html")),
    ("alerts", include_str!("templates/alerts.html")),
    ("alert", include_str!("templates/alert.html")),
    ("rules", include_str!("templates/rules.html")),
    ("sources", include_str!("templates/sources.html")),
    ("digests", include_str!("templates/digests.html")),
    ("entry", include_str!("templates/entry.html")),
    ("entries", include_str!("templates/entries.html")),
    ("source", include_str!("templates/source.html")),
    ("said", include_str!("templates/said.html")),
    ("login", include_str!("templates/login.html")),
    ("first", include_str!("templates/first.html")),
    ("again", include_str!("templates/again.html")),
    ("account", include_str!("templates/account.html")),
    ("people", include_str!("templates/people.html")),
    ("secret", include_str!("templates/secret.html")),
    ("deliveries", include_str!("templates/deliveries.html")),
    ("station", include_str!("templates/station.html")),
    ("audit", include_str!("templates/audit.html")),
    ("cases", include_str!("templates/cases.html")),
    ("case_statistics", include_str!("templates/case_statistics.html")),
    ("case", include_str!("templates/case.html")),
    ("case_new", include_str!("templates/case_new.html")),
    ("public", include_str!("templates/public.html")),
    ("duty", include_str!("templates/duty.html")),
    ("near", include_str!("templates/near.html")),
    ("answers", include_str!("templates/answers.html")),
    ("answer", include_str!("templates/answer.html")),
    ("answer_new", include_str!("templates/answer_new.html")),
];

/// The templates, read once.
pub(super) struct Pages {
    zh: Environment<'static>,
    en: Environment<'static>,
}

impl Pages {
    /// # Errors
    /// A template that cannot be read: a defect of the program.
    pub fn new(zone: Tz) -> Result<Self, Error> {
        Ok(Self { zh: environment(Lang::Zh, zone)?, en: environment(Lang::En, zone)? })
    }

    /// A page of `template`.
    pub fn show<T: Serialize>(&self, template: &str, visit: &Visit, data: &T) -> Response {
        self.show_with(StatusCode::OK, template, visit, data)
    }

    /// A page of `template` with a status of its own: what was typed comes back with its fault.
    pub fn show_with<T: Serialize>(
        &self,
        status: StatusCode,
        template: &str,
        visit: &Visit,
        data: &T,
    ) -> Response {
        self.with_status(status, template, visit, Value::from(Serde(data)))
    }

    /// An act that was not done, in words, with the status it has.
    pub fn failed(&self, visit: &Visit, error: &DeskError) -> Response {
        let (status, kind) = match error {
            DeskError::Query { .. } => (StatusCode::BAD_REQUEST, "query"),
            DeskError::Value { .. } => (StatusCode::BAD_REQUEST, "value"),
            DeskError::Unknown { .. }
            | DeskError::Several { .. }
            | DeskError::NoEvidence { .. } => (StatusCode::NOT_FOUND, "unknown"),
            DeskError::Forbidden { .. } | DeskError::Bounded | DeskError::NoUnits => {
                (StatusCode::FORBIDDEN, "forbidden")
            }
            DeskError::NotLetIn => (StatusCode::FORBIDDEN, "value"),
            DeskError::Wait { .. } => (StatusCode::TOO_MANY_REQUESTS, "value"),
            DeskError::Taken { .. } | DeskError::LastAdministrator => {
                (StatusCode::CONFLICT, "value")
            }
            DeskError::Password { .. } => (StatusCode::BAD_REQUEST, "value"),
            DeskError::Case(fault) if fault.is_conflict() => (StatusCode::CONFLICT, "value"),
            DeskError::Case(fault) if fault.is_forbidden() => (StatusCode::FORBIDDEN, "forbidden"),
            DeskError::Case(_) => (StatusCode::BAD_REQUEST, "value"),
            DeskError::Answer(why) if why.is_conflict() => (StatusCode::CONFLICT, "value"),
            DeskError::Answer(why) if why.is_forbidden() => (StatusCode::FORBIDDEN, "forbidden"),
            DeskError::Answer(_) => (StatusCode::BAD_REQUEST, "value"),
            DeskError::Broken(cause) => {
                tracing::error!(error = format!("{cause:#}"), "an act at the desk failed");
                (StatusCode::SERVICE_UNAVAILABLE, "broken")
            }
        };
        self.said(visit, status, kind, &error.in_words(visit.who.lang))
    }

    /// A refusal that is not the desk's: not let in, a form from elsewhere, no such page.
    pub fn refused(&self, visit: &Visit, status: StatusCode, kind: &str) -> Response {
        self.said(visit, status, kind, "")
    }

    fn said(&self, visit: &Visit, status: StatusCode, kind: &str, detail: &str) -> Response {
        let query = visit.here.split_once('?').and_then(|(_, query)| {
            url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "q")
        });
        let data = context! { kind, detail, query => query.map(|(_, text)| text.into_owned()) };
        self.with_status(status, "said", visit, data)
    }

    fn with_status(
        &self,
        status: StatusCode,
        template: &str,
        visit: &Visit,
        data: Value,
    ) -> Response {
        let env = match visit.who.lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        };
        let room = context! {
            d => data,
            page => template,
            here => visit.here.as_str(),
            is_known => visit.is_known(),
            has_login => visit.entered == Entered::Login,
            name => visit.who.name.as_str(),
            role => visit.who.role.as_str(),
            may => Value::from(may_all(visit)),
            mark => visit.mark.as_str(),
            style => Value::from_safe_string(assets::STYLE.path().to_owned()),
            script => Value::from_safe_string(assets::SCRIPT.path().to_owned()),
        };
        match env.get_template(template).and_then(|page| page.render(room)) {
            Ok(html) => {
                (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
            }
            Err(error) => {
                tracing::error!(template, error = format!("{error:#}"), "a page cannot be made");
                let said = visit.who.lang.text("serve.page_failed");
                (StatusCode::INTERNAL_SERVER_ERROR, said).into_response()
            }
        }
    }
}

/// Every act, and whether this visitor may: what is not theirs is shown, and shown as such.
fn may_all(visit: &Visit) -> BTreeMap<&'static str, bool> {
    Act::TABLE.iter().map(|(act, ..)| (act.as_str(), visit.who.may(*act))).collect()
}

fn environment(lang: Lang, zone: Tz) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    env.add_global("lang", if lang == Lang::Zh { "zh-CN" } else { "en" });
    env.add_function("t", move |_: &mut State, key: &str, args: Kwargs| say(lang, key, &args));
    env.add_function("has", move |key: &str| lang.has(key));
    env.add_function("when", move |at: Value| when(&at, zone));
    env.add_function("enc", |text: &str| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
    });
    env.add_function("columns", move |days: Value, query: Value| {
        columns(&days, query.as_str(), lang).map(Value::from_safe_string)
    });
    for (name, text) in TEMPLATES {
        env.add_template(name, text)?;
    }
    Ok(env)
}

/// The text for `key` with its places filled; escaped where it is put into the page, like everything else.
fn say(lang: Lang, key: &str, args: &Kwargs) -> Result<String, Error> {
    if !lang.has(key) {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("no text for `{key}`")));
    }
    let names = args.args().map(str::to_owned).collect::<Vec<_>>();
    let values =
        names.iter().map(|name| args.get::<Value>(name)).collect::<Result<Vec<_>, Error>>()?;
    let places = names.iter().zip(&values);
    let places = places.map(|(name, value)| (name.as_str(), value as &dyn std::fmt::Display));
    Ok(lang.fill(key, &places.collect::<Vec<_>>()))
}

/// A time as shown: local, to the minute; nothing for none.
fn when(at: &Value, zone: Tz) -> Result<String, Error> {
    let Some(text) = at.as_str() else { return Ok(String::new()) };
    let at = text.parse::<DateTime<Utc>>().map_err(|error| {
        Error::new(ErrorKind::InvalidOperation, format!("`{text}` is no time: {error}"))
    })?;
    Ok(at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string())
}

/// A picture of days; each leads to the search of `query` on that day, where there is one.
fn columns(days: &Value, query: Option<&str>, lang: Lang) -> Result<String, Error> {
    let mut all = Vec::new();
    for day in days.try_iter()? {
        let name = day.get_attr("day")?.to_string();
        let href = query.map(|query| {
            let narrowed = format!("({query}) published:{name}");
            let value: String = url::form_urlencoded::byte_serialize(narrowed.as_bytes()).collect();
            format!("/search?q={value}")
        });
        let posts = u64::try_from(day.get_attr("posts")?)?;
        all.push(chart::Column { day: name, posts, href });
    }
    Ok(chart::columns(&all, &lang.text("serve.by_day")))
}
