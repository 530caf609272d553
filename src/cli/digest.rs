//! `guanlan digest`: a digest of what is stored, in Markdown, HTML, Word and PDF with its ledger: of a day, week or month, of any
//! span, of a unit, of a topic, of one happening; and the word on one that waits for approval.

use std::io::Write;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use super::output::Table;
use super::{Globals, Outcome, open};
use crate::config::{Form, Period};
use crate::desk::Desk;
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
    #[arg(long, value_name = "FORM", value_delimiter = ',', value_parser = ["md", "html", "docx", "pdf", "xlsx"])]
    form: Vec<String>,
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[arg(long, exclusive = true)]
    waiting: bool,
    #[arg(long, value_name = "NAME", exclusive = true)]
    approve: Option<String>,
    #[arg(long, value_name = "NAME", requires = "why")]
    refuse: Option<String>,
    #[arg(long, value_name = "TEXT", requires = "refuse")]
    why: Option<String>,
}

impl DigestArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        if self.waiting {
            return list(&desk, globals, out);
        }
        if let Some((name, refused)) = self.word() {
            let who = open::who(globals);
            let said = match refused {
                None => desk.approve_digest(&who, name),
                Some(why) => desk.refuse_digest(&who, name, why),
            };
            if let Err(error) = said {
                return open::refused(error, globals.lang);
            }
            let key = if refused.is_none() { "cli.digest.approved" } else { "cli.digest.refused" };
            writeln!(out, "{}", globals.lang.fill(key, &[("name", &name)]))?;
            return Ok(Outcome::Good);
        }
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
            forms: self.form.iter().filter_map(|name| Form::of(name)).collect(),
        };
        let dir = self.out.clone().unwrap_or_else(|| desk.digest_folder());
        let made = match desk.write_digest_to(&open::who(globals), &ask, &dir) {
            Ok(made) => made,
            Err(error) => return open::refused(error, globals.lang),
        };
        for file in made.files {
            let shown = file.display().to_string();
            writeln!(out, "{}", globals.lang.fill("cli.digest.written", &[("file", &shown)]))?;
        }
        if made.lacks_fonts {
            writeln!(out, "{}", globals.lang.text("cli.digest.lacks_fonts"))?;
        }
        Ok(Outcome::Good)
    }

    /// The waiting digest that a word is said of; with a reason where it does not go out.
    fn word(&self) -> Option<(&str, Option<&str>)> {
        match (&self.approve, &self.refuse) {
            (Some(name), _) => Some((name, None)),
            (None, Some(name)) => Some((name, Some(self.why.as_deref().unwrap_or_default()))),
            (None, None) => None,
        }
    }
}

fn list(desk: &Desk, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let waiting = match desk.waiting_digests(&open::who(globals)) {
        Ok(waiting) => waiting,
        Err(error) => return open::refused(error, globals.lang),
    };
    if waiting.is_empty() && globals.format == super::Format::Table {
        writeln!(out, "{}", globals.lang.text("cli.digest.none_waiting"))?;
        return Ok(Outcome::Good);
    }
    let zone = desk.config.station.zone;
    let rows = waiting.iter().map(|one| {
        let made = open::shown_time(one.made, zone);
        let row = json!({ "name": one.name, "title": one.title, "day": one.day, "made": made });
        row.as_object().cloned().unwrap_or_default()
    });
    let columns = ["name", "title", "day", "made"];
    let heads =
        ["cli.digest.name", "cli.digest.title", "cli.digest.day", "cli.digest.made"];
    let table =
        Table { columns: columns.into_iter().zip(heads).collect(), rows: rows.collect() };
    table.write(globals.format, globals.lang, out)?;
    Ok(Outcome::Good)
}
