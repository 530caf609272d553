//! `guanlan purge --before DATE`: deletes posts past their date now, and says how many.

use std::io::Write;

use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use clap::Args;

use super::{Globals, Outcome, open};
use crate::engine::{Station, nobody, retention, system_clock};

#[derive(Args)]
pub struct PurgeArgs {
    #[arg(long, value_name = "YYYY-MM-DD")]
    before: Option<NaiveDate>,
}

impl PurgeArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let now = Utc::now();
        let zone = config.station.zone;
        let days = config.retention.posts_days;
        let before = match self.before {
            Some(day) => {
                let local = zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
                local.map_or(now, |at| at.with_timezone(&Utc))
            }
            None if days == 0 => {
                eprintln!("{}", globals.lang.text("cli.purge.no_date"));
                return Ok(Outcome::Usage);
            }
            None => now - TimeDelta::days(i64::from(days)),
        };
        let station = Station::open(config, system_clock(), nobody())?;
        let purged = retention::purge(&*station.store, before, now);
        station.close()?;
        let line = globals.lang.fill(
            "cli.purge.done",
            &[("posts", &purged?), ("before", &open::shown_time(before, zone))],
        );
        writeln!(out, "{line}")?;
        Ok(Outcome::Good)
    }
}
