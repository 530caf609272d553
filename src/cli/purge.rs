//! `guanlan purge --before DATE`: deletes posts and evidence past their date now, and says how much.

use std::io::Write;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use clap::Args;
use pipelines::locale::Lang;

use crate::desk::station::clock_line;
use super::{Globals, Outcome, open, stop};
use crate::engine::retention::{self, Cleared, Cut};
use crate::engine::{LockError, Station, clock, nobody, open_store, system_clock};

#[derive(Args)]
pub struct PurgeArgs {
    #[arg(long, value_name = "YYYY-MM-DD")]
    before: Option<NaiveDate>,
    #[arg(long)]
    clock_is_right: bool,
}

impl PurgeArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let now = Utc::now();
        let zone = config.station.zone;
        let cut = match self.before {
            Some(day) => {
                let local = zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
                Cut::before(local.map_or(now, |at| at.with_timezone(&Utc)))
            }
            None => Cut::of(&config.retention, now),
        };
        if cut == Cut::default() {
            eprintln!("{}", globals.lang.text("cli.purge.no_date"));
            return Ok(Outcome::Usage);
        }
        let lang = globals.lang;
        if self.clock_is_right {
            clock::confirm_by_hand(&open_store(&config.station.data_dir)?, now)?;
        }
        let station = match Station::open_lent(config, system_clock(), nobody()) {
            Err(error) if self.clock_is_right && error.is::<LockError>() => {
                writeln!(out, "{}", lang.text("cli.purge.clock_confirmed"))?;
                return Ok(Outcome::Good);
            }
            opened => opened?,
        };
        // A day given by hand does not hang on what the clock says.
        if self.before.is_none() && station.time.is_doubted() {
            let line = clock_line(&*station.store, lang, zone)?;
            station.close()?;
            eprintln!("{}", line.unwrap_or_default());
            return Ok(Outcome::Bad);
        }
        stop::at_signal(&station.stop)?;
        let cleared = retention::clear(&station.shared(), cut, now);
        station.close()?;
        report(&cleared?, cut, zone, lang, out)?;
        Ok(Outcome::Good)
    }
}

/// What went, and from when on things are kept.
fn report(
    cleared: &Cleared,
    cut: Cut,
    zone: Tz,
    lang: Lang,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Cleared { posts, evidence, alerts, digests } = cleared;
    let shown = |at: Option<DateTime<Utc>>| match at {
        Some(at) => open::shown_time(at, zone),
        None => lang.text("cli.purge.never"),
    };
    let before = shown(cut.posts);
    writeln!(
        out,
        "{}",
        lang.fill("cli.purge.done", &[("posts", posts), ("before", &before)])
    )?;
    let line = lang.fill(
        "cli.purge.evidence",
        &[
            ("records", &evidence.records),
            ("before", &shown(cut.evidence)),
            ("removed", &evidence.files_removed),
            ("rewritten", &evidence.files_rewritten),
            ("bytes", &evidence.bytes_freed),
        ],
    );
    writeln!(out, "{line}")?;
    if cut.alerts.is_some() || cut.digests.is_some() {
        let args: [(&str, &dyn std::fmt::Display); 2] =
            [("alerts", alerts), ("digests", digests)];
        writeln!(out, "{}", lang.fill("cli.purge.papers", &args))?;
    }
    if evidence.lost > 0 {
        writeln!(out, "{}", lang.fill("cli.purge.lost", &[("n", &evidence.lost)]))?;
    }
    Ok(())
}
