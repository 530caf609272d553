//! `guanlan run`: the station, until it is told to stop.

use std::io::Write;

use clap::Args;

use super::console::Console;
use super::{Globals, Outcome, crawl, open, stop};
use crate::engine::{Station, run, system_clock};

#[derive(Args)]
pub struct RunArgs {}

impl RunArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        station(globals, out)
    }
}

/// Runs the station of the config until the process is told to stop.
///
/// # Errors
/// Another station on its data; a part it cannot live without.
pub fn station(globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let config = match open::config(globals) {
        Ok(config) => config,
        Err(outcome) => return Ok(outcome),
    };
    let lang = globals.lang;
    let sources = config.sources.iter().filter(|s| s.enabled).count();
    let rules = config.rules.iter().filter(|r| r.enabled).count();
    let dir = config.station.data_dir.display().to_string();
    let station = Station::open(config, system_clock(), crawl::progress(globals))?;
    writeln!(
        out,
        "{}",
        lang.fill("cli.run.started", &[("sources", &sources), ("rules", &rules), ("dir", &dir)])
    )?;
    out.flush()?;
    stop::at_signal(&station.stop)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let console = runtime.block_on(Console::open(&station, globals, out))?;
    out.flush()?;
    let ended = runtime.block_on(async {
        if let Some(console) = console {
            let stop = station.stop.clone();
            tokio::spawn(console.serve(async move { stop.asked().await }));
        }
        run::run(&station).await
    });
    // A file being read or a digest being made ends with the process; nothing of it was acknowledged.
    runtime.shutdown_timeout(stop::LEAVE_WITHIN);
    let closed = station.close();
    ended?;
    closed?;
    writeln!(out, "{}", lang.text("cli.run.stopped"))?;
    Ok(Outcome::Good)
}
