//! `guanlan duty`: who has the desk now and in the days to come, and when nobody has.
//!
//! It reads the config and nothing else: a roster is looked at before the station ever ran.

use std::io::Write;

use clap::Args;
use serde_json::{Value, json};

use super::output::Table;
use super::{Format, Globals, Outcome, open};
use crate::desk::Desk;
use crate::desk::duty::{DutyGap, DutySheet, DutySpan};

#[derive(Args)]
pub struct DutyArgs {
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=62))]
    days: u32,
}

impl DutyArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::people_desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        match desk.duty(&open::who(globals), self.days) {
            Ok(sheet) => show(&sheet, &desk, globals, out),
            Err(error) => open::refused(error, globals.lang),
        }
    }
}

fn show(
    sheet: &DutySheet,
    desk: &Desk,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let (lang, zone) = (globals.lang, desk.config.station.zone);
    let is_table = globals.format == Format::Table;
    if !sheet.kept && is_table {
        writeln!(out, "{}", lang.text("serve.duty.none"))?;
        return Ok(Outcome::Good);
    }
    let at = |at| if is_table { open::shown_time(at, zone) } else { at.to_rfc3339() };
    let row = |from, until, who: Value, units: &[String], is_gap: bool| {
        let cells = json!({
            "from": at(from), "until": at(until), "who": who, "units": units.join(" "),
            "gap": is_gap,
        });
        match cells {
            Value::Object(cells) => cells,
            _ => serde_json::Map::new(),
        }
    };
    let span = |span: &DutySpan| {
        let names = span.people.iter().chain(&span.ways).map(String::as_str);
        let who = names.collect::<Vec<_>>().join(" ");
        (span.from, row(span.from, span.until, who.into(), &span.units, false))
    };
    let gap = |gap: &DutyGap| {
        let who = if is_table { lang.text("serve.duty.gap").into() } else { Value::Null };
        (gap.from, row(gap.from, gap.until, who, &gap.units, true))
    };
    let mut rows = sheet.spans.iter().map(span).chain(sheet.gaps.iter().map(gap)).collect::<Vec<_>>();
    rows.sort_by_key(|(from, _)| *from);
    let columns = vec![
        ("from", "serve.duty.from"),
        ("until", "serve.duty.until_when"),
        ("who", "serve.duty.who"),
        ("units", "answers.field.units"),
    ];
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    Table { columns, rows }.write(globals.format, lang, out)?;
    Ok(Outcome::Good)
}
