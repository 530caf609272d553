//! The board of faults, shown: what does not work, since when, and when it is tried again.
//!
//! In: the store. Out: a table, and a sentence where the clock is doubted, with the way out. It reads what a
//! station wrote, beside it or after it ended; it judges nothing.

use std::io::Write;

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;
use serde_json::{Map, Value, json};

use crate::cli::output::Table;
use crate::cli::{Format, Globals, open};
use crate::engine::{clock, faults};
use crate::store::Store;

/// Shows the faults, if there are any; with `alone` also that there are none.
pub fn show(
    reading: &open::Reading,
    globals: &Globals,
    alone: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (lang, zone) = (globals.lang, reading.config.station.zone);
    let faults = faults::stored(&reading.store)?;
    let is_table = globals.format == Format::Table;
    let doubt = clock_line(&reading.store, lang, zone)?;
    if is_table {
        if let Some(line) = &doubt {
            writeln!(out, "{line}\n")?;
        }
        if faults.is_empty() {
            if alone && doubt.is_none() {
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
    fault: &faults::Fault,
    globals: &Globals,
    time: &dyn Fn(DateTime<Utc>) -> String,
) -> Map<String, Value> {
    let part = if globals.format == Format::Table {
        let key = format!("cli.part.{}", fault.part.kind());
        globals.lang.fill(&key, &[("name", &fault.part.name())])
    } else {
        fault.part.to_string()
    };
    let Value::Object(row) = json!({
        "part": part,
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

/// Where the clock is doubted: what it says, what was seen before, and what to do.
pub fn clock_line(
    store: &dyn Store,
    lang: Lang,
    zone: chrono_tz::Tz,
) -> anyhow::Result<Option<String>> {
    let known = clock::stored(store)?.filter(|known| known.doubted_since.is_some());
    Ok(known.map(|known| {
        let key = if known.is_behind() { "clock_behind" } else { "clock_ahead" };
        let now = open::shown_time(known.last, zone);
        let trusted = open::shown_time(known.trusted, zone);
        lang.fill(&format!("cli.status.{key}"), &[("now", &now), ("trusted", &trusted)])
    }))
}
