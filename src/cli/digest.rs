//! `guanlan digest`: a digest of what is stored, in Markdown, HTML and Word: of a day, week or month, of any span, of a
//! unit, of a topic, of one happening.

use std::io::Write;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::{Globals, Outcome, open};
use crate::config::Period;
use crate::desk::digests::DigestAsk;

#[derive(Args)]
pub struct DigestArgs {
    #[arg(long, default_value = "day", value_parser = ["day", "week", "month"])]
    period: String,
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<NaiveDate>,
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["period", "date", "story"])]
    from: Option<NaiveDate>,
    #[arg(long, value_name = "YYYY-MM-DD", requires = "from")]
    to: Option<NaiveDate>,
    #[arg(long, value_name = "ID", conflicts_with_all = ["topic", "story"])]
    unit: Option<String>,
    #[arg(long, value_name = "ID", conflicts_with = "story")]
    topic: Option<String>,
    #[arg(long, value_name = "ID", conflicts_with_all = ["period", "date"])]
    story: Option<String>,
    #[arg(long, requires = "story")]
    full: bool,
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl DigestArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let ask = DigestAsk {
            period: match self.period.as_str() {
                "week" => Period::Week,
                "month" => Period::Month,
                _ => Period::Day,
            },
            from: self.from,
            last: self.date.or(self.to),
            unit: self.unit.clone(),
            topic: self.topic.clone(),
            story: self.story.clone(),
            full: self.full,
        };
        let dir = self.out.clone().unwrap_or_else(|| desk.digest_folder());
        let files = match desk.write_digest_to(&open::who(globals), &ask, &dir) {
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
