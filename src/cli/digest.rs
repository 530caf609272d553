//! `guanlan digest --period day`: a digest of what is stored, in Markdown and HTML.

use std::io::Write;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::{Globals, Outcome, open};
use crate::config::Period;

#[derive(Args)]
pub struct DigestArgs {
    #[arg(long, default_value = "day", value_parser = ["day", "week", "month"])]
    period: String,
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl DigestArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let period = match self.period.as_str() {
            "week" => Period::Week,
            "month" => Period::Month,
            _ => Period::Day,
        };
        let dir = self.out.clone().unwrap_or_else(|| desk.digest_folder());
        let files = match desk.write_digest_to(&open::who(globals), period, self.date, &dir) {
            Ok(files) => files,
            Err(error) => return open::refused(error, globals.lang),
        };
        for file in files {
            let shown = file.display().to_string();
            writeln!(out, "{}", globals.lang.fill("cli.digest.written", &[("file", &shown)]))?;
        }
        Ok(Outcome::Good)
    }
}
