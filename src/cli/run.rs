//! `guanlan run`: the station, until it is told to stop.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::console::Console;
use super::{Globals, Outcome, crawl, open, stop};
use crate::config::{Config, IndexKind, StoreKind};
use crate::desk::seat::Renewal;
use crate::desk::works::roles::Roles;
use crate::desk::works::station::{Asked, AtWork, is_held, lend_out, waits_for_server};
use crate::desk::works::{LEAVE_WITHIN, Stop};

/// How long is waited before a server that was away is asked again.
const SERVER_AGAIN: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct RunArgs {
    #[arg(long, default_value = "all", value_parser = ["all", "crawl", "judge", "keep", "serve"])]
    role: String,
}

impl RunArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let roles = Roles::of(&self.role).unwrap_or(Roles::ALL);
        station(globals, roles, out)
    }
}

/// Why a config is not for these roles: they are of several processes, which need a store and an index that they share.
fn unfit(config: &Config, roles: Roles) -> Option<&'static str> {
    if roles == Roles::ALL {
        return None;
    }
    if config.store.kind == StoreKind::Sqlite {
        return Some("cli.run.role_needs_server");
    }
    let needs_index = roles.keeps || roles.serves;
    (needs_index && config.index.kind == IndexKind::Tantivy).then_some("cli.run.role_needs_cluster")
}

/// Runs the station of the config until the process is told to stop.
///
/// # Errors
/// Another station on its data; a part it cannot live without.
pub fn station(
    globals: &Globals,
    roles: Roles,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let config = match open::config(globals) {
        Ok(config) => config,
        Err(outcome) => return Ok(outcome),
    };
    if let Some(why) = unfit(&config, roles) {
        eprintln!("{}", globals.lang.text(why));
        return Ok(Outcome::Bad);
    }
    let wish = Stop::default();
    stop::at_signal(&wish)?;
    let renewal = Renewal::default();
    let Some(mut station) = opened(&config, roles, globals, &wish, out)? else {
        return said_that_it_ended(globals, out);
    };
    // The console has a runtime of its own, since it outlives the station that it opened with.
    let doors = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let console = match roles.serves {
        true => doors.block_on(Console::open(station.desk(&renewal), globals, out))?,
        false => None,
    };
    out.flush()?;
    let seat = console.as_ref().map(Console::seat);
    if let Some(console) = console {
        let stop = wish.clone();
        doors.spawn(console.serve(async move { stop.asked().await }));
    }
    let ended = loop {
        let (before, dir) = (station.config(), station.dir());
        let ended = station.until_asked(&wish, &renewal);
        if ended.is_err() || wish.is_asked() {
            break ended;
        }
        if matches!(ended, Ok(Asked::Lend)) {
            lend_out(&dir, &wish);
        }
        match reopened(&before, roles, globals, (&dir, &wish), out)? {
            Some(again) => station = again,
            None => break ended,
        }
        seat.iter().for_each(|seat| seat.renew(station.desk(&renewal)));
    };
    doors.shutdown_timeout(LEAVE_WITHIN);
    ended?;
    said_that_it_ended(globals, out)
}

fn said_that_it_ended(globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    writeln!(out, "{}", globals.lang.text("cli.run.stopped"))?;
    Ok(Outcome::Good)
}

/// Opens the station again: by the config as it is now, by the one `before` where that one cannot be used, and only
/// when no command has the directory. None where it is to stop meanwhile.
fn reopened(
    before: &Config,
    roles: Roles,
    globals: &Globals,
    (dir, wish): (&Path, &Stop),
    out: &mut dyn Write,
) -> anyhow::Result<Option<AtWork>> {
    // What somebody broke by hand meanwhile was said; the station goes on as it was.
    let mut config = open::config(globals).ok();
    while !wish.is_asked() {
        let chosen = config.clone().unwrap_or_else(|| before.clone());
        match opened(&chosen, roles, globals, wish, out) {
            Ok(station) => return Ok(station),
            // One command came right behind the other.
            Err(error) if is_held(&error) => {
                lend_out(dir, wish);
            }
            Err(error) if config.is_some() => {
                let why = format!("{error:#}");
                eprintln!("{}", globals.lang.fill("cli.run.not_renewed", &[("why", &why)]));
                tracing::error!(error = why, "the changed config cannot be used");
                config = None;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Opens the station of `config` and says of what. Where its server is away it waits for it, as it does at work; none
/// where it is to stop meanwhile.
fn opened(
    config: &Config,
    roles: Roles,
    globals: &Globals,
    wish: &Stop,
    out: &mut dyn Write,
) -> anyhow::Result<Option<AtWork>> {
    let mut waits = false;
    let station = loop {
        match AtWork::open(config.clone(), roles, crawl::progress(globals)) {
            Ok(station) => break station,
            Err(error) => {
                let Some(why) = waits_for_server(&error, globals.lang) else { return Err(error) };
                if !std::mem::replace(&mut waits, true) {
                    eprintln!("{}", globals.lang.fill("cli.run.waits", &[("why", &why)]));
                    tracing::warn!(why = format!("{error:#}"), "the server is waited for");
                }
                if wish.asked_within(SERVER_AGAIN) {
                    return Ok(None);
                }
            }
        }
    };
    let sources = config.sources.iter().filter(|s| s.enabled).count();
    let rules = config.rules.iter().filter(|r| r.enabled).count();
    let dir = config.station.data_dir.display().to_string();
    let said = [("sources", &sources as &dyn Display), ("rules", &rules), ("dir", &dir)];
    writeln!(out, "{}", globals.lang.fill("cli.run.started", &said))?;
    if sources == 0 {
        writeln!(out, "{}", globals.lang.text("config.check.no_sources"))?;
    }
    out.flush()?;
    Ok(Some(station))
}
