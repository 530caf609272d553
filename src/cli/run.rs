//! `guanlan run`: the station, until it is told to stop.

use std::io::Write;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::console::Console;
use super::{Globals, Outcome, crawl, open};
use crate::engine::{Station, run, system_clock};

#[derive(Args)]
pub struct RunArgs {}

impl RunArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        station(&runtime, globals, out)
    }
}

/// Runs the station of the config until the process is told to stop.
///
/// # Errors
/// Another station on its data; a part it cannot live without.
pub fn station(
    runtime: &tokio::runtime::Runtime,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
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
        let console = runtime.block_on(Console::open(&station, globals, out))?;
        out.flush()?;
        let ended = runtime.block_on(async {
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::spawn(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                // Nobody listens any more if the station has ended by itself.
                let _ = stop.send(true);
            });
            if let Some(console) = console {
                tokio::spawn(console.serve(stopped.clone()));
            }
            run::run(&station, stopped).await
        });
        let closed = station.close();
        ended?;
        closed?;
        writeln!(out, "{}", lang.text("cli.run.stopped"))?;
        Ok(Outcome::Good)
    }
