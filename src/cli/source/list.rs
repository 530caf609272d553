//! `guanlan source list`: the health board, one line a source, troubled ones first.

use std::io::Write;

use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::output::Table;
use crate::cli::{Format, Globals, Outcome, open};
use crate::desk::Desk;
use crate::desk::opening::is_missing;
use crate::desk::sources::{SourceRow, never_run};

#[derive(Args)]
pub struct ListArgs {
    #[arg(long)]
    troubled: bool,
}

impl ListArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let (who, zone) = (open::who(globals), config.station.zone);
        // Before the first round there is no store, and every source stands as never run.
        let never = never_run(&config, &who);
        let board = match Desk::open(config) {
            Ok(desk) => desk.sources(&who)?,
            Err(error) if is_missing(&error) => never,
            Err(error) => return Err(error),
        };
        let shown = board.iter().filter(|line| !self.troubled || line.troubled);
        let rows = shown.map(|line| row(line, globals, zone)).collect::<Vec<_>>();
        if rows.is_empty() && globals.format == Format::Table {
            let key = if board.is_empty() { "cli.source.none" } else { "cli.source.all_good" };
            writeln!(out, "{}", globals.lang.text(key))?;
            return Ok(Outcome::Good);
        }
        table(rows).write(globals.format, globals.lang, out)?;
        Ok(Outcome::Good)
    }
}

fn table(rows: Vec<Map<String, Value>>) -> Table {
    Table {
        columns: vec![
            ("source", "cli.status.source"),
            ("name", "cli.source.name"),
            ("standing", "cli.status.state"),
            ("last_good", "cli.source.last_good"),
            ("last_post", "cli.status.last_post"),
            ("day", "cli.source.day"),
            ("usual", "cli.source.usual"),
            ("unchanged_days", "cli.source.unchanged_days"),
            ("waiting", "cli.status.waiting"),
            ("reason", "cli.status.error"),
        ],
        rows,
    }
}

fn row(line: &SourceRow, globals: &Globals, zone: chrono_tz::Tz) -> Map<String, Value> {
    let is_table = globals.format == Format::Table;
    let time = |at: Option<DateTime<Utc>>| match at {
        Some(at) if is_table => json!(open::shown_time(at, zone)),
        Some(at) => json!(at.to_rfc3339()),
        None => Value::Null,
    };
    let standing = globals.lang.text(&format!("cli.source.standing_{}", line.standing));
    let Value::Object(row) = json!({
        "source": line.id,
        "name": line.name,
        "standing": if is_table { standing } else { line.standing.to_owned() },
        "last_run": time(line.last_run),
        "last_good": time(line.last_good),
        "last_post": time(line.last_post),
        "failures": line.failures,
        "day": line.day,
        "usual": line.usual.map(|usual| (usual * 10.0).round() / 10.0),
        "unchanged_days": line.unchanged_days,
        "waiting": line.waiting,
        "silence": line.silence,
        "lost": line.lost,
        "error_kind": line.error.as_ref().map(|error| &error.0),
        "reason": line.reason,
    }) else {
        unreachable!("an object literal")
    };
    row
}
