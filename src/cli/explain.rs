//! `guanlan explain POST`: each verdict in words, with what it rests on.

use std::io::Write;

use clap::Args;

use super::{Globals, Outcome, open};

#[derive(Args)]
pub struct ExplainArgs {
    #[arg(value_name = "POST")]
    post: String,
}

impl ExplainArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let said = match desk.explained(&open::who(globals), &self.post) {
            Ok(said) => said,
            Err(error) => return open::refused(error, globals.lang),
        };
        let lang = globals.lang;
        writeln!(out, "{}", said.words)?;
        let zone = desk.config.station.zone;
        if let Some(line) = open::marks_in_words((said.edited, said.gone), lang, zone) {
            writeln!(out, "{line}")?;
        }
        let key = if said.records > 0 { "cli.explain.evidence" } else { "cli.explain.no_evidence" };
        writeln!(out, "{}", lang.fill(key, &[("n", &said.records), ("id", &said.id)]))?;
        Ok(Outcome::Good)
    }
}
