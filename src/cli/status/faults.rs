//! The board of faults, shown: what does not work, since when, and when it is tried again.
//!
//! In: how the station stands. Out: a table, and a sentence where the clock is doubted, with the way out. It reads what a
//! station wrote, beside it or after it ended; it judges nothing.

use std::io::Write;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::cli::output::Table;
use crate::cli::{Format, Globals, open};
use crate::desk::Desk;
use crate::desk::station::{FaultRow, StationSheet};

/// Shows the faults, if there are any; with `alone` also that there are none.
pub fn show(
    station: &StationSheet,
    desk: &Desk,
    globals: &Globals,
    alone: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (lang, zone) = (globals.lang, desk.config.station.zone);
    let faults = &station.faults;
    let is_table = globals.format == Format::Table;
    if is_table {
        if let Some(line) = &station.clock {
            writeln!(out, "{line}\n")?;
        }
        if faults.is_empty() {
            if alone && station.clock.is_none() {
                writeln!(out, "{}", lang.text("cli.status.no_faults"))?;
            }
            return Ok(());
        }
        writeln!(out, "{}", lang.fill("cli.status.faults", &[("n", &faults.len())]))?;
    }
    let time = |at: DateTime<Utc>| {
        if is_table { open::shown_time(at, zone) } else { at.to_rfc3339() }
    };
    let rows = faults.iter().map(|fault| row(fault, globals, &time));
    let table = Table {
        columns: vec![
            ("part", "cli.status.part"),
            ("since", "cli.status.since"),
            ("count", "cli.status.count"),
            ("next", "cli.status.next"),
            ("words", "cli.status.error"),
        ],
        rows: rows.collect(),
    };
    table.write(globals.format, lang, out)?;
    if is_table {
        writeln!(out)?;
    }
    Ok(())
}

fn row(
    fault: &FaultRow,
    globals: &Globals,
    time: &dyn Fn(DateTime<Utc>) -> String,
) -> Map<String, Value> {
    let is_table = globals.format == Format::Table;
    let Value::Object(row) = json!({
        "part": if is_table { &fault.part } else { &fault.name },
        "since": time(fault.since),
        "last": time(fault.last),
        "count": fault.count,
        "next": fault.next.map(time),
        "words": fault.words,
    }) else {
        unreachable!("an object literal")
    };
    row
}
