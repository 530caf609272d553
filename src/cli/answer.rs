//! `guanlan answer`: answers on record listed, found by likeness, shown, written, approved, taken out of force, counted.
//!
//! What an entry says is given as `field=words`; the names are those that `answer show` lists. Whoever wrote a wording
//! does not approve it, on a command line as elsewhere: the account is who acts.

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::Table;
use super::{Format, Globals, Outcome, open};
use crate::answers::FIELDS;
use crate::desk::answers::near::NearAnswer;
use crate::desk::answers::work::AnswerWork;
use crate::desk::answers::{AnswerAsk, AnswerRow, AnswerSheet, named};
use crate::desk::{Desk, Who};

#[derive(Args)]
pub struct AnswerArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    List {
        #[arg(value_name = "WORDS")]
        words: Vec<String>,
        #[arg(long, default_value = "approved", value_name = "STATE")]
        state: String,
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
    },
    Show {
        #[arg(value_name = "NUMBER")]
        number: i64,
    },
    Find {
        #[arg(value_name = "WORDS", required_unless_present_any = ["post", "story", "alert", "case"])]
        words: Vec<String>,
        #[arg(long, value_name = "POST", conflicts_with_all = ["words", "story", "alert", "case"])]
        post: Option<String>,
        #[arg(long, value_name = "STORY", conflicts_with_all = ["words", "alert", "case"])]
        story: Option<String>,
        #[arg(long, value_name = "NUMBER", conflicts_with_all = ["words", "case"])]
        alert: Option<String>,
        #[arg(long, value_name = "NUMBER", conflicts_with = "words")]
        case: Option<String>,
    },
    Add {
        #[arg(long, value_name = "NUMBER", conflicts_with = "said")]
        case: Option<String>,
        #[arg(value_name = "FIELD=WORDS")]
        said: Vec<String>,
    },
    Edit {
        #[arg(value_name = "NUMBER")]
        number: i64,
        #[arg(value_name = "FIELD=WORDS", required = true)]
        said: Vec<String>,
    },
    Approve {
        #[arg(value_name = "NUMBER")]
        number: i64,
    },
    Retire {
        #[arg(value_name = "NUMBER")]
        number: i64,
        #[arg(value_name = "WHY", required = true)]
        why: Vec<String>,
    },
    Work,
}

impl AnswerArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        open::at_people_desk(globals, |desk, who| self.action.run(desk, who, globals, out))
    }
}

impl Action {
    fn run(&self, desk: &Desk, who: &Who, globals: &Globals, out: &mut dyn Write) -> open::Told {
        let mut say = |key: &str, number: i64| {
            let said = who.lang.fill(&format!("cli.answer.{key}"), &[("number", &number)]);
            Ok(writeln!(out, "{said}").map(|()| Outcome::Good).map_err(Into::into))
        };
        match self {
            Self::List { words, state, kind } => {
                let state = if state == "all" { String::new() } else { state.clone() };
                let kind = kind.clone().unwrap_or_default();
                let rows = desk.answers(who, &AnswerAsk { state, kind, q: words.join(" ") })?;
                Ok(list(&rows, globals, out))
            }
            Self::Show { number } => {
                let sheet = desk.answer(who, *number)?;
                Ok(show(&sheet, desk, globals, out))
            }
            Self::Find { words, post, story, alert, case } => {
                let from = [("post", post), ("story", story), ("alert", alert), ("case", case)];
                let named = from.into_iter().find_map(|(name, id)| Some((name, id.as_ref()?)));
                let near = match named {
                    Some((origin, id)) => desk.answers_near(who, origin, id)?,
                    None => desk.answers_like(who, &words.join(" "))?,
                };
                Ok(found(&near, globals, out))
            }
            Self::Add { case: Some(case), .. } => say("added", desk.record_case_answer(who, case)?),
            Self::Add { said, .. } => say("added", desk.add_answer(who, &open::fields(said)?)?),
            Self::Edit { number, said } => {
                let sheet = desk.answer(who, *number)?;
                let mut all = sheet.fields;
                all.extend(open::fields(said)?);
                desk.write_answer(who, *number, sheet.version, &all)?;
                say("written", *number)
            }
            Self::Approve { number } => {
                let seen = desk.answer(who, *number)?.version;
                desk.approve_answer(who, *number, seen)?;
                say("approved", *number)
            }
            Self::Retire { number, why } => {
                let seen = desk.answer(who, *number)?.version;
                desk.retire_answer(who, *number, seen, &why.join(" "))?;
                say("retired", *number)
            }
            Self::Work => Ok(work(&desk.answer_work(who)?, globals, out)),
        }
    }
}

/// The answers in force, as `answer list` shows them.
pub fn show_list(desk: &Desk, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<()> {
    let ask = AnswerAsk { state: "approved".to_owned(), ..AnswerAsk::default() };
    list(&desk.answers(&open::who(globals), &ask)?, globals, out).map(drop)
}

/// Rows as they are, with cells in words where a table is shown.
fn table<T: serde::Serialize>(
    rows: &[T],
    columns: Vec<(&'static str, &'static str)>,
    globals: &Globals,
    out: &mut dyn Write,
    in_words: impl Fn(&T, &mut serde_json::Map<String, Value>),
) -> anyhow::Result<Outcome> {
    let mut cells = Vec::new();
    for row in rows {
        let mut map = match json!(row) {
            Value::Object(map) => map,
            _ => serde_json::Map::new(),
        };
        if globals.format == Format::Table {
            in_words(row, &mut map);
        }
        cells.push(map);
    }
    Table { columns, rows: cells }.write(globals.format, globals.lang, out)?;
    Ok(Outcome::Good)
}

fn list(rows: &[AnswerRow], globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let lang = globals.lang;
    if rows.is_empty() && globals.format == Format::Table {
        writeln!(out, "{}", lang.text("answers.room.none"))?;
        return Ok(Outcome::Good);
    }
    let columns = vec![
        ("number", "answers.column.number"),
        ("kind", "answers.field.kind"),
        ("state", "answers.room.state"),
        ("title", "answers.field.title"),
        ("units", "answers.field.units"),
        ("until", "answers.field.until"),
    ];
    table(rows, columns, globals, out, |row, cells| {
        cells.insert("kind".into(), named(lang, "kind", row.kind.as_str()).into());
        let state = named(lang, "state", row.state.as_str());
        let waits = if row.waiting { lang.text("answers.room.and_waiting") } else { String::new() };
        cells.insert("state".into(), (state + &waits).into());
        cells.insert("units".into(), row.units.join(" ").into());
    })
}

fn found(near: &[NearAnswer], globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let lang = globals.lang;
    if near.is_empty() && globals.format == Format::Table {
        writeln!(out, "{}", lang.text("cli.answer.none_near"))?;
        return Ok(Outcome::Good);
    }
    let columns = vec![
        ("number", "answers.column.number"),
        ("kind", "answers.field.kind"),
        ("percent", "answers.column.percent"),
        ("title", "answers.field.title"),
    ];
    table(near, columns, globals, out, |row, cells| {
        cells.insert("kind".into(), named(lang, "kind", row.kind.as_str()).into());
    })
}

fn work(rows: &[AnswerWork], globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let lang = globals.lang;
    if rows.is_empty() && globals.format == Format::Table {
        writeln!(out, "{}", lang.text("answers.room.no_work"))?;
        return Ok(Outcome::Good);
    }
    let columns = vec![
        ("month", "answers.work.month"),
        ("unit", "answers.work.unit"),
        ("verified", "answers.work.verified"),
        ("published", "answers.work.published"),
        ("taken", "answers.work.taken"),
    ];
    table(rows, columns, globals, out, |row, cells| {
        if row.unit.is_empty() {
            cells.insert("unit".into(), lang.text("answers.room.whole").into());
        }
    })
}

fn show(
    sheet: &AnswerSheet,
    desk: &Desk,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    if globals.format != Format::Table {
        writeln!(out, "{}", serde_json::to_string(sheet)?)?;
        return Ok(Outcome::Good);
    }
    let (lang, row) = (globals.lang, &sheet.row);
    let (kind, state) =
        (named(lang, "kind", row.kind.as_str()), named(lang, "state", row.state.as_str()));
    writeln!(out, "{}  [{kind}] [{state}]  {}", row.number, row.title)?;
    if row.waiting {
        writeln!(out, "  {}", lang.text("answers.room.waiting"))?;
    }
    if !sheet.retired.is_empty() {
        let said = lang.fill("answers.room.retired", &[("why", &sheet.retired)]);
        writeln!(out, "  {said}")?;
    }
    for name in FIELDS.iter().filter(|name| !["kind", "title"].contains(name)) {
        let value = sheet.fields.get(*name).map_or("", String::as_str);
        if !value.is_empty() {
            let field = lang.text(&format!("answers.field.{name}"));
            writeln!(out, "  {name} ({field}): {}", value.replace('\n', "\n    "))?;
        }
    }
    if !sheet.taken.is_empty() {
        writeln!(out, "  {}: {}", lang.text("answers.room.taken"), sheet.taken.join(" "))?;
    }
    for version in &sheet.versions {
        let at = open::shown_time(version.at, desk.config.station.zone);
        let done = named(lang, "done", version.done.as_str());
        writeln!(out, "  {at}  {}  {done}  {}", version.who, version.version)?;
    }
    Ok(Outcome::Good)
}
