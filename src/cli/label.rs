//! `guanlan label POST --polarity …`: an officer's correction: stored, audited, in force at once.

use std::io::Write;

use clap::Args;
use pipelines::record::Polarity;

use super::{Globals, Outcome, open};

#[derive(Args)]
pub struct LabelArgs {
    #[arg(value_name = "POST")]
    post: String,
    #[arg(long, value_name = "POLARITY", value_parser = ["negative", "neutral", "positive"])]
    polarity: String,
}

impl LabelArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let Some(polarity) = Polarity::parse(&self.polarity) else { return Ok(Outcome::Usage) };
        let (id, was) = match desk.correct(&open::who(globals), &self.post, polarity) {
            Ok(corrected) => corrected,
            Err(error) => return open::refused(error, globals.lang),
        };
        let lang = globals.lang;
        let name = |p: Polarity| lang.text(&format!("record.polarity.{}", p.as_str()));
        let (was, is) = (name(was), name(polarity));
        writeln!(out, "{}", lang.fill("cli.label.done", &[("post", &id), ("was", &was), ("is", &is)]))?;
        Ok(Outcome::Good)
    }
}
