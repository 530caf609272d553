//! `guanlan store copy --to KIND`: the store moved between a file and a server, proven equal, and what to do then.

use std::io::{IsTerminal, Write};

use clap::{Args, Subcommand, ValueEnum};
use indicatif::ProgressBar;
use serde_json::json;

use super::output::Table;
use super::{Globals, Outcome, open, stop};
use crate::config::StoreKind;
use crate::desk::works::moving::{CopyProgress, Moved, TableProof, copy_store};

#[derive(Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Copy {
        #[arg(long, value_name = "KIND", value_enum, hide_possible_values = true)]
        to: Kind,
        #[arg(long)]
        anew: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

impl StoreArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Action::Copy { to, anew } = &self.action;
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let (kind, name) = match to {
            Kind::Sqlite => (StoreKind::Sqlite, "sqlite"),
            Kind::Postgres => (StoreKind::Postgres, "postgres"),
        };
        let bar = match globals.quiet || !std::io::stderr().is_terminal() {
            true => ProgressBar::hidden(),
            false => ProgressBar::no_length(),
        };
        let told = |progress: CopyProgress| {
            // Copied is half of it, compared the other.
            let done = if progress.is_proof { progress.of + progress.done } else { progress.done };
            bar.set_length(2 * progress.of);
            bar.set_position(done);
        };
        let who = open::who(globals);
        let moved = copy_store(&who, &config, (kind, *anew), &stop::at_signal, &told)?;
        bar.finish_and_clear();
        show(&moved, name, globals, out)
    }
}

fn show(
    moved: &Moved,
    kind: &str,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let (lang, copied) = (globals.lang, &moved.copied);
    let row = |proof: &TableProof| {
        let fields = [
            ("table", json!(proof.table)),
            ("rows", json!(proof.rows)),
            ("sha256", json!(proof.sha256)),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    };
    let columns = vec![("table", "cli.copy.table"), ("rows", "cli.copy.rows")];
    let table = Table { columns, rows: copied.tables.iter().map(row).collect() };
    table.write(globals.format, lang, out)?;
    let (copy_secs, proof_secs) =
        (format!("{:.1}", copied.copy_secs), format!("{:.1}", copied.proof_secs));
    let said: [(&str, &dyn std::fmt::Display); 6] = [
        ("rows", &copied.rows()),
        ("from", &moved.from),
        ("to", &moved.to),
        ("kind", &kind),
        ("copy_secs", &copy_secs),
        ("proof_secs", &proof_secs),
    ];
    if !globals.quiet {
        eprintln!("{}", pipelines::text::visible(&lang.fill("cli.copy.done", &said)));
    }
    Ok(Outcome::Good)
}
