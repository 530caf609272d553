//! `guanlan case`: cases listed, shown, opened, taken from step to step, handed out as a ledger, and their log checked.
//!
//! What a step must say is given as `field=words`; what is missing is told by its name. The names are those of the table
//! in `src/cases/table.rs`, which `case show` lists for the steps that are open.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output::Table;
use super::{Format, Globals, Outcome, open};
use crate::cases::Step;
use crate::desk::cases::opening::CaseOrder;
use crate::desk::cases::sheet::{CaseSheet, FormRow};
use crate::desk::cases::statistics::{CaseStatistics, GradeRow, GrievanceRow};
use crate::desk::cases::{CaseAsk, CaseRow};
use crate::desk::export::ExportForm;
use crate::desk::{Desk, DeskError, Who};

#[derive(Args)]
pub struct CaseArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    List {
        #[arg(value_name = "WORDS")]
        words: Vec<String>,
        #[arg(long, default_value = "open", value_name = "STATE")]
        state: String,
    },
    Show {
        #[arg(value_name = "NUMBER")]
        number: String,
    },
    Open {
        #[arg(long, value_name = "NUMBER", conflicts_with_all = ["story", "post"])]
        alert: Option<String>,
        #[arg(long, value_name = "STORY", conflicts_with = "post")]
        story: Option<String>,
        #[arg(long, value_name = "POST")]
        post: Option<String>,
        #[arg(long, value_name = "NUMBER", conflicts_with_all = ["alert", "story", "post", "said"])]
        import: Option<i64>,
        #[arg(value_name = "FIELD=WORDS")]
        said: Vec<String>,
    },
    Step {
        #[arg(value_name = "NUMBER")]
        number: String,
        #[arg(value_name = "STEP")]
        step: String,
        #[arg(value_name = "FIELD=WORDS")]
        said: Vec<String>,
        #[arg(long, value_name = "N")]
        seen: Option<u64>,
    },
    Ledger {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long, value_name = "YEAR")]
        year: Option<i32>,
    },
    Stats {
        #[arg(long, value_name = "YEAR")]
        year: Option<i32>,
    },
    Page {
        #[arg(value_name = "NUMBER")]
        number: String,
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    Verify,
}

impl CaseArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        open::at_people_desk(globals, |desk, who| self.action.run(desk, who, globals, out))
    }
}

impl Action {
    fn run(&self, desk: &Desk, who: &Who, globals: &Globals, out: &mut dyn Write) -> open::Told {
        match self {
            Self::List { words, state } => {
                let state = if state == "all" { String::new() } else { state.clone() };
                let rows = desk.cases(who, &CaseAsk { state, q: words.join(" ") })?;
                Ok(list(&rows, desk, globals, out))
            }
            Self::Show { number } => {
                let sheet = desk.case(who, number)?;
                Ok(show(&sheet, desk, globals, out))
            }
            Self::Open { import: Some(import), .. } => {
                let done = desk.open_cases_of(who, *import)?;
                let numbers = done.opened.join(" ");
                let said: [(&str, &dyn std::fmt::Display); 3] =
                    [("opened", &done.opened.len()), ("numbers", &numbers), ("known", &done.known)];
                Ok(say(out, &who.lang.fill("cli.case.opened_all", &said)))
            }
            Self::Open { alert, story, post, said, .. } => {
                let from = [("alert", alert), ("story", story), ("post", post)];
                let named = from.into_iter().find_map(|(name, id)| Some((name, id.clone()?)));
                let (origin, id) = named.unwrap_or(("hand", String::new()));
                let order = CaseOrder { origin: origin.to_owned(), id, fields: open::fields(said)? };
                let number = desk.open_case(who, &order)?;
                Ok(say(out, &who.lang.fill("cli.case.opened", &[("number", &number)])))
            }
            Self::Step { number, step, said, seen } => {
                let wrong = || DeskError::Value { what: "case_step", value: step.clone() };
                let taken = Step::parse(step).ok_or_else(wrong)?;
                let seen = match seen {
                    Some(seen) => *seen,
                    None => desk.case(who, number)?.version,
                };
                desk.step_case(who, number, seen, taken, &open::fields(said)?)?;
                let sheet = desk.case(who, number)?;
                let state = who.lang.text(&format!("cases.state.{}", sheet.row.state.as_str()));
                let told = [("number", number as &dyn std::fmt::Display), ("state", &state)];
                Ok(say(out, &who.lang.fill("cli.case.stepped", &told)))
            }
            Self::Ledger { file, year } => {
                let form = match file.extension().and_then(|e| e.to_str()) {
                    Some("csv") => ExportForm::Csv,
                    Some("xlsx") => ExportForm::Xlsx,
                    _ => {
                        let value = file.display().to_string();
                        return Err(DeskError::Value { what: "ledger_form", value });
                    }
                };
                Ok(write(file, &desk.case_ledger(who, *year, form)?, who, out))
            }
            Self::Stats { year } => {
                Ok(statistics(&desk.case_statistics(who, *year)?, globals, out))
            }
            Self::Page { number, file } => {
                Ok(write(file, &desk.case_page(who, number)?.warc, who, out))
            }
            Self::Verify => verify(desk, who, out),
        }
    }
}

/// The cases that have not ended, as `case list` shows them.
pub fn show_list(desk: &Desk, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<()> {
    let rows = desk.cases(&open::who(globals), &CaseAsk { state: "open".to_owned(), q: String::new() })?;
    list(&rows, desk, globals, out).map(drop)
}

fn write(
    file: &Path,
    bytes: &[u8],
    who: &Who,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let shown = file.display();
    std::fs::write(file, bytes).with_context(|| format!("cannot write `{shown}`"))?;
    say(out, &who.lang.fill("cli.case.written", &[("file", &shown)]))
}

/// The year in words and two tables.
fn statistics(
    year: &CaseStatistics,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let lang = globals.lang;
    if globals.format != Format::Table {
        return say(out, &serde_json::to_string(year)?);
    }
    let said: [(&str, &dyn std::fmt::Display); 4] = [
        ("year", &year.year),
        ("opened", &year.opened),
        ("closed", &year.closed),
        ("dismissed", &year.dismissed),
    ];
    writeln!(out, "{}", lang.fill("cases.statistics.summary", &said))?;
    let whole = GrievanceRow { unit: lang.text("cases.statistics.all"), ..year.total.clone() };
    let rows = std::iter::once(&whole).chain(&year.units).chain(&year.classes);
    let cells = |row: &GrievanceRow| {
        let mut cells = json!(row).as_object().cloned().unwrap_or_default();
        if !row.class.is_empty() {
            cells.insert("class".into(), lang.text(&format!("cases.choice.class.{}", row.class)).into());
        }
        cells
    };
    let columns = vec![
        ("unit", "cases.statistics.unit"),
        ("class", "cases.statistics.class"),
        ("cases", "cases.statistics.cases"),
        ("answered", "cases.statistics.answered"),
        ("in_time", "cases.statistics.in_time"),
        ("overdue", "cases.statistics.overdue"),
        ("in_time_percent", "cases.statistics.percent"),
        ("median_hours", "cases.statistics.median"),
        ("called", "cases.statistics.called"),
        ("satisfied", "cases.statistics.satisfied"),
    ];
    Table { columns, rows: rows.map(cells).collect() }.write(globals.format, lang, out)?;
    differences(year, globals, out)
}

/// The cases whose grade is another than the one suggested.
fn differences(
    year: &CaseStatistics,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let lang = globals.lang;
    let (raised, lowered) = year.grades.iter().partition::<Vec<_>, _>(|row| row.raised);
    let said: [(&str, &dyn std::fmt::Display); 4] = [
        ("graded", &year.graded),
        ("same", &year.as_suggested),
        ("raised", &raised.len()),
        ("lowered", &lowered.len()),
    ];
    writeln!(out, "{}", lang.fill("cases.statistics.grades_note", &said))?;
    let cells = |row: &GradeRow| {
        let mut cells = json!(row).as_object().cloned().unwrap_or_default();
        for name in ["suggested", "set"] {
            let grade = cells[name].as_str().unwrap_or_default().to_owned();
            cells.insert(name.into(), lang.text(&format!("record.severity.{grade}")).into());
        }
        cells
    };
    let columns = vec![
        ("number", "cases.column.number"),
        ("title", "cases.field.title"),
        ("suggested", "cases.field.suggested"),
        ("set", "cases.field.grade"),
        ("why", "cases.field.grade_why"),
    ];
    let rows: Vec<_> = year.grades.iter().map(cells).collect();
    if !rows.is_empty() {
        Table { columns, rows }.write(globals.format, lang, out)?;
    }
    Ok(Outcome::Good)
}

fn say(out: &mut dyn Write, text: &str) -> anyhow::Result<Outcome> {
    writeln!(out, "{text}")?;
    Ok(Outcome::Good)
}

fn verify(desk: &Desk, who: &Who, out: &mut dyn Write) -> open::Told {
    let report = desk.check_cases(who)?;
    let lang = who.lang;
    if report.bad.is_empty() {
        return Ok(say(out, &lang.fill("cases.chain.good", &[("events", &report.events)])));
    }
    for line in &report.bad {
        let what = lang.text(&format!("cases.chain.{}", line.what));
        let told = [("id", &line.id as &dyn std::fmt::Display), ("number", &line.number), ("what", &what)];
        if let Err(error) = say(out, &lang.fill("cases.chain.bad", &told)) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(Outcome::Bad))
}

fn list(
    rows: &[CaseRow],
    desk: &Desk,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let lang = globals.lang;
    if rows.is_empty() && globals.format == Format::Table {
        return say(out, &lang.text("cases.room.none"));
    }
    let cells = |row: &CaseRow| {
        let mut cells = match json!(row) {
            Value::Object(cells) => cells,
            _ => serde_json::Map::new(),
        };
        if globals.format == Format::Table {
            let words = row.clocks.iter().map(|clock| clock.words.as_str()).collect::<Vec<_>>();
            cells.insert("clocks".into(), words.join("  ").into());
            cells.insert("state".into(), lang.text(&format!("cases.state.{}", row.state.as_str())).into());
            cells.insert("opened".into(), open::shown_time(row.opened, desk.config.station.zone).into());
        }
        cells
    };
    let columns = vec![
        ("number", "cases.column.number"),
        ("opened", "cases.column.opened"),
        ("state", "cases.column.state"),
        ("title", "cases.column.title"),
        ("main", "cases.column.main"),
        ("clocks", "cases.room.clocks"),
    ];
    Table { columns, rows: rows.iter().map(cells).collect() }.write(globals.format, lang, out)?;
    Ok(Outcome::Good)
}

fn show(
    sheet: &CaseSheet,
    desk: &Desk,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    if globals.format != Format::Table {
        return say(out, &serde_json::to_string(sheet)?);
    }
    let (lang, row) = (globals.lang, &sheet.row);
    let state = lang.text(&format!("cases.state.{}", row.state.as_str()));
    writeln!(out, "{}  [{state}]  {}", row.number, row.title)?;
    for clock in &row.clocks {
        writeln!(out, "  {}", clock.words)?;
    }
    for said in &sheet.known {
        writeln!(out, "  {}：{}", said.name, said.value.replace('\n', "\n    "))?;
    }
    writeln!(out, "{}", lang.text("cases.room.log"))?;
    for line in &sheet.log {
        let at = open::shown_time(line.at, desk.config.station.zone);
        let step = lang.text(&format!("cases.step.{}", line.step.as_str()));
        writeln!(out, "  {at}  {}  {step}  {}", line.who, &line.hash[..12])?;
    }
    writeln!(out, "{}", lang.text("cases.room.next"))?;
    for form in &sheet.forms {
        writeln!(out, "  {}", in_short(form))?;
    }
    Ok(Outcome::Good)
}

/// A step with its fields, those that must be said marked.
fn in_short(form: &FormRow) -> String {
    let field = |field: &crate::desk::cases::sheet::FieldRow| {
        let choices = field.choices.join("|");
        let what = if choices.is_empty() { field.form } else { &choices };
        format!(" {}{}={what}", field.name, if field.must { "*" } else { "" })
    };
    form.step.as_str().to_owned() + &form.fields.iter().map(field).collect::<String>()
}
