//! `guanlan digest --period day`: a digest of what is stored, in Markdown and HTML.

use std::io::Write;
use std::path::PathBuf;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use clap::Args;

use super::{Globals, Outcome, open};
use crate::config::{Config, Period};
use crate::engine::digests;

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
        let mut reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        reading.config.station.lang = globals.lang;
        let period = match self.period.as_str() {
            "week" => Period::Week,
            "month" => Period::Month,
            _ => Period::Day,
        };
        let now = Utc::now();
        let to = self.date.and_then(|day| end_of(day, &reading.config)).unwrap_or(now);
        let (period, from, to) = digests::span(period, to, &reading.config);
        let order = digests::Order { id: self.period.clone(), title: None, period, from, to };
        let dir = self.out.clone().unwrap_or_else(|| reading.dir.digests());
        for file in digests::write(&reading.config, &reading.store, &order, now, &dir)?.files {
            let shown = file.display().to_string();
            writeln!(out, "{}", globals.lang.fill("cli.digest.written", &[("file", &shown)]))?;
        }
        Ok(Outcome::Good)
    }
}

/// Local midnight after `day`.
fn end_of(day: NaiveDate, config: &Config) -> Option<DateTime<Utc>> {
    let next = day.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    let local = config.station.zone.from_local_datetime(&next).earliest()?;
    Some(local.with_timezone(&Utc))
}
