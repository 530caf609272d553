//! `guanlan purge --before DATE`: deletes posts and evidence past their date now, and says how much.

use std::io::Write;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::Args;
use pipelines::locale::Lang;

use super::{Globals, Outcome, open, stop};
use crate::desk::works::purge::{Cleared, Cut, Purged, purge};

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
        let (lang, zone) = (globals.lang, config.station.zone);
        let wish = (self.before, self.clock_is_right);
        match purge(&open::who(globals), config, wish, &stop::at_signal, lang)? {
            Purged::NoDate => {
                eprintln!("{}", lang.text("cli.purge.no_date"));
                Ok(Outcome::Usage)
            }
            Purged::Confirmed => {
                writeln!(out, "{}", lang.text("cli.purge.clock_confirmed"))?;
                Ok(Outcome::Good)
            }
            Purged::Doubted(line) => {
                eprintln!("{line}");
                Ok(Outcome::Bad)
            }
            Purged::Done(cleared, cut) => {
                report(&cleared, cut, zone, lang, out)?;
                Ok(Outcome::Good)
            }
        }
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
