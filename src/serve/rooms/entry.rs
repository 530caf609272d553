//! A rule, topic, subject or source as it is edited: tried, saved, taken away, brought back.
//!
//! In: a table and an id in the address; a form with the text, or for a rule with its fields. Out: the page again with
//! what was typed and every fault beside it, or the way back. What somebody else changed meanwhile is shown, and
//! what was typed is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{act, back, show, unmarked};
use crate::desk::edit::{DiffLine, Fault, Saved, VersionRow, table};
use crate::desk::plain_form::PlainForm;
use crate::desk::rule_form::RuleForm;
use crate::desk::rules::RehearsalSheet;
use crate::desk::{Act, Desk, DeskError, Who};
use crate::serve::Console;
use crate::serve::guard::Visit;

/// Days a rule is rehearsed over when it is tried.
const TRIED_DAYS: u32 = 30;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Start {
    q: String,
    as_text: bool,
    saved: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    mark: String,
    /// Of the text it was made from; empty for a new entry.
    read: String,
    /// `try`, `save`, `drop`, or `undo`.
    act: String,
    /// The text; where the form has fields, the text they are put into.
    text: String,
    /// Whether the fields of a rule were sent.
    fields: String,
    /// The version to bring back before.
    number: String,
    /// The fields.
    #[serde(flatten)]
    form: BTreeMap<String, String>,
}

/// What stands on the page.
#[derive(Default, Serialize)]
struct EntryPage {
    table: &'static str,
    id: String,
    file: String,
    read: String,
    text: String,
    /// The fields of a rule, unless its text is edited.
    form: Option<RuleForm>,
    /// The fields of a subject or topic, unless its text is edited.
    plain: Option<PlainForm>,
    faults: Vec<Fault>,
    /// Whether it was tried and may be saved.
    tried: bool,
    /// What would be saved over somebody else's change.
    overtaken: Vec<DiffLine>,
    history: Vec<VersionRow>,
    rehearsal: Option<RehearsalSheet>,
    /// Why there is none.
    no_rehearsal: String,
    /// Whether it was saved just now.
    saved: bool,
    /// Whether a station takes it up by itself.
    in_force: bool,
}

pub(super) async fn entry(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path((name, id)): Path<(String, String)>,
    Query(start): Query<Start>,
) -> Response {
    show(&console, &visit, "entry", move |desk, who| {
        let table = table(&name)?;
        let sheet = desk.entry(who, table, &id)?;
        let form = (table == "rule" && !start.as_text).then(|| RuleForm::of(&sheet.text)).flatten();
        let plain = (!start.as_text).then(|| PlainForm::of(table, &sheet.text)).flatten();
        Ok(EntryPage {
            table,
            plain: plain.map(|form| desk.with_choices(form)),
            file: sheet.file,
            read: sheet.mark,
            form,
            history: desk.entry_history(who, table, &id)?,
            text: sheet.text,
            id,
            saved: start.saved,
            in_force: desk.takes_up_changes(),
            ..EntryPage::default()
        })
    })
    .await
}

pub(super) async fn new(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path(name): Path<String>,
    Query(start): Query<Start>,
) -> Response {
    show(&console, &visit, "entry", move |desk, who| {
        desk.check(who, Act::EditConfig)?;
        let table = table(&name)?;
        let form = (table == "rule" && !start.as_text).then(|| RuleForm::new(&start.q));
        let plain = (!start.as_text).then(|| PlainForm::new(table)).flatten();
        let plain = plain.map(|form| desk.with_choices(form));
        let text = if form.is_some() || plain.is_some() {
            String::new()
        } else {
            who.lang.text(&format!("desk.new_entry.{table}"))
        };
        Ok(EntryPage { table, form, plain, text, ..EntryPage::default() })
    })
    .await
}

pub(super) async fn put_new(
    console: State<Arc<Console>>,
    visit: Visit,
    Path(name): Path<String>,
    typed: Form<Typed>,
) -> Response {
    put(console, visit, Path((name, String::new())), typed).await
}

pub(super) async fn put(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Path((name, id)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Response {
    if !visit.takes(&typed.mark) {
        return unmarked(&console, &visit);
    }
    match act(&console, &visit, move |desk, who| taken(desk, who, &name, id, &typed)).await {
        Ok(Taken::Done(to)) => back(&to),
        Ok(Taken::Again(page)) => {
            let refused = !page.tried && !page.faults.is_empty() || !page.overtaken.is_empty();
            let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            console.pages.show_with(status, "entry", &visit, &*page)
        }
        Err(page) => *page,
    }
}

enum Taken {
    Done(String),
    Again(Box<EntryPage>),
}

fn taken(
    desk: &Desk,
    who: &Who,
    name: &str,
    id: String,
    typed: &Typed,
) -> Result<Taken, DeskError> {
    let table = table(name)?;
    let there = (!id.is_empty()).then_some(id.as_str());
    let fields = fields(desk, table, there, typed)?;
    let (form, plain, text) = (fields.form, fields.plain, fields.text);
    let mut page = EntryPage {
        table,
        read: typed.read.clone(),
        form,
        plain,
        in_force: desk.takes_up_changes(),
        ..EntryPage::default()
    };
    let saved = match (typed.act.as_str(), there) {
        ("drop", Some(id)) => Some(desk.drop_entry(who, table, id)?),
        ("undo", Some(id)) => Some(desk.undo_entry(who, table, id, &typed.number)?),
        ("save", there) => {
            Some(desk.save_entry(who, table, there.map(|id| (id, typed.read.as_str())), &text)?)
        }
        _ => {
            page.faults = desk.try_entry(who, table, there, &text)?;
            page.tried = page.faults.iter().all(|fault| fault.is_warning);
            let about = page.plain.as_ref().and_then(PlainForm::query);
            let rehearsed = match about {
                _ if !page.tried => None,
                Some(query) => Some(desk.rehearse_query(who, &query, TRIED_DAYS)),
                None => page.form.is_some().then(|| desk.rehearse_text(who, &text, TRIED_DAYS)),
            };
            match rehearsed {
                Some(Ok(sheet)) => page.rehearsal = Some(sheet),
                Some(Err(error)) => page.no_rehearsal = error.in_words(who.lang),
                None => {}
            }
            None
        }
    };
    match saved {
        Some(Saved::Done { id, .. }) if typed.act != "drop" => {
            let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
            return Ok(Taken::Done(format!("/entry/{table}/{id}?saved=true")));
        }
        Some(Saved::Done { .. }) => return Ok(Taken::Done(home(table).to_owned())),
        Some(Saved::Refused { faults }) => page.faults = faults,
        Some(Saved::Overtaken { now, diff }) => (page.read, page.overtaken) = (now.mark, diff),
        None => {}
    }
    if let Some(id) = there {
        page.file = desk.entry(who, table, id).map(|sheet| sheet.file).unwrap_or_default();
        page.history = desk.entry_history(who, table, id)?;
    }
    (page.id, page.text) = (id, text);
    Ok(Taken::Again(Box::new(page)))
}

/// What was sent: fields put into the text, or the text itself.
struct Fields {
    form: Option<RuleForm>,
    plain: Option<PlainForm>,
    text: String,
}

fn fields(desk: &Desk, table: &str, id: Option<&str>, typed: &Typed) -> Result<Fields, DeskError> {
    let text = typed.text.replace("\r\n", "\n");
    if typed.fields.is_empty() {
        return Ok(Fields { form: None, plain: None, text });
    }
    let mut said = typed.form.clone();
    if let Some(id) = id {
        said.insert("id".to_owned(), id.to_owned());
    }
    if let Some(plain) = PlainForm::typed(table, &said) {
        let text = plain.put_into(&text)?;
        return Ok(Fields { form: None, plain: Some(desk.with_choices(plain)), text });
    }
    let form = RuleForm::typed(&said);
    let text = form.put_into(&text)?;
    Ok(Fields { form: Some(form), plain: None, text })
}

/// The room that lists entries of `table`.
fn home(table: &str) -> &'static str {
    match table {
        "source" => "/sources",
        "rule" => "/rules",
        _ => "/entries",
    }
}

#[derive(Serialize)]
struct Listed {
    subjects: Vec<(String, String)>,
    topics: Vec<(String, String)>,
}

/// Subjects and topics of the user.
pub(super) async fn entries(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    show(&console, &visit, "entries", |desk, who| {
        let own = |table| desk.own_entries(who, table);
        Ok(Listed { subjects: own("subject")?, topics: own("topic")? })
    })
    .await
}
