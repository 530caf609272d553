//! `guanlan import list` and `guanlan import undo N`: what was taken in by file, and taking it back.

use std::io::Write;

use clap::Args;
use serde_json::json;

use crate::cli::output::Table;
use crate::cli::{Globals, Outcome, open};
use crate::desk::works::{Works, nobody};

#[derive(Args)]
pub struct ListArgs {
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

#[derive(Args)]
pub struct UndoArgs {
    #[arg(value_name = "N")]
    number: i64,
}

impl ListArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let zone = desk.config.station.zone;
        let imports = match desk.imports(&open::who(globals), self.limit) {
            Ok(imports) => imports,
            Err(error) => return open::refused(error, globals.lang),
        };
        let rows = imports.into_iter().map(|import| {
            let undone = import.undone.map(|at| open::shown_time(at, zone));
            let row = json!({
                "id": import.id, "file": import.file, "source": import.source,
                "at": open::shown_time(import.at, zone), "kept": import.kept, "undone": undone,
            });
            row.as_object().cloned().unwrap_or_default()
        });
        let columns = [
            ("id", "cli.import.number"),
            ("file", "cli.import.file"),
            ("source", "cli.import.source"),
            ("at", "cli.import.at"),
            ("kept", "cli.status.kept"),
            ("undone", "cli.import.undone"),
        ];
        let table = Table { columns: columns.to_vec(), rows: rows.collect() };
        table.write(globals.format, globals.lang, out)?;
        Ok(Outcome::Good)
    }
}

impl UndoArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let lang = globals.lang;
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let works = Works::open(config, nobody())?;
        let taken = works.take_back(&open::who(globals), self.number);
        works.close()?;
        let Some((file, gone)) = taken? else {
            eprintln!("{}", lang.fill("cli.import.no_such", &[("number", &self.number)]));
            return Ok(Outcome::Bad);
        };
        let args: [(&str, &dyn std::fmt::Display); 3] =
            [("number", &self.number), ("file", &file), ("n", &gone)];
        writeln!(out, "{}", lang.fill("cli.import.taken_back", &args))?;
        Ok(Outcome::Good)
    }
}
