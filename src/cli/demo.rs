//! `guanlan demo`: the whole job on a small web of our own, without network and config.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use pipelines::locale::Lang;

use super::{Globals, Outcome, alerts, crawl, open, run, search};
use crate::config::{Config, Period};
use crate::demo;
use crate::engine::{Station, digests, system_clock};
use crate::store::{PostRange, Store};

#[derive(Args)]
pub struct DemoArgs {
    #[arg(long)]
    keep: bool,
    #[arg(long)]
    serve: bool,
}

impl DemoArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let lang = globals.lang;
        let (dir, temporary) = self.directory(globals)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let site = runtime.block_on(demo::serve())?;
        writeln!(out, "{}", lang.fill("cli.demo.served", &[("pages", &site.pages), ("sites", &site.addresses.len())]))?;
        for (path, text) in demo::config_files(&site.addresses, &dir) {
            let parent = path.parent().context("a config file lies in a folder")?;
            std::fs::create_dir_all(parent)?;
            std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        let here = Globals {
            config: Some(dir.join("guanlan.toml")),
            data_dir: Some(dir.clone()),
            ..globals.clone()
        };
        let config = match open::config(&here) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let collected = collect(config, &here, out)?;
        if collected != Outcome::Good {
            return Ok(collected);
        }
        show(&here, &dir, out)?;
        if self.serve {
            // The sites go on answering, so the station goes on collecting beside its console.
            writeln!(out)?;
            let ended = run::station(&here, out)?;
            if temporary {
                clear_but_digests(&dir)?;
            }
            return Ok(ended);
        }
        if temporary {
            clear_but_digests(&dir)?;
        }
        self.next_steps(&dir, temporary, globals, out)?;
        Ok(Outcome::Good)
    }

    /// Where the demo works: the directory asked for, else a new one beside the system's temporary files.
    fn directory(&self, globals: &Globals) -> anyhow::Result<(PathBuf, bool)> {
        if let Some(dir) = &globals.data_dir {
            std::fs::create_dir_all(dir)?;
            return Ok((dir.canonicalize()?, false));
        }
        if self.keep {
            let dir = PathBuf::from("guanlan-demo");
            std::fs::create_dir_all(&dir)?;
            return Ok((dir.canonicalize()?, false));
        }
        let dir = std::env::temp_dir().join(format!("guanlan-demo-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok((dir, true))
    }

    fn next_steps(
        &self,
        dir: &Path,
        gone: bool,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let key = if gone { "cli.demo.next_gone" } else { "cli.demo.next" };
        let program = std::env::args().next().unwrap_or_else(|| "guanlan".to_owned());
        let shown = dir.display().to_string();
        writeln!(out, "\n{}", globals.lang.fill(key, &[("guanlan", &program), ("dir", &shown)]))?;
        Ok(())
    }
}

/// The demo's data goes; the digests stay, so that what was shown can be opened.
fn clear_but_digests(dir: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let removed = match path.file_name() {
            Some(name) if name == "digests" => Ok(()),
            _ if path.is_dir() => std::fs::remove_dir_all(&path),
            _ => std::fs::remove_file(&path),
        };
        removed.with_context(|| format!("cannot remove `{}`", path.display()))?;
    }
    Ok(())
}

/// One real round over the demo's sites, and the day's digest.
fn collect(mut config: Config, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    config.station.lang = globals.lang;
    writeln!(out, "\n{}", globals.lang.text("cli.demo.collecting"))?;
    let station = Station::open(config, system_clock(), crawl::progress(globals))?;
    let outcome = crawl::round(&station, &[], globals, out);
    let now = Utc::now();
    for (id, period) in [("daily", Period::Day), ("weekly", Period::Week)] {
        let config = &station.config;
        // The titles in config are Chinese.
        let configured = config.digests.iter().find(|d| d.id == id && globals.lang == Lang::Zh);
        let order = digests::Order {
            title: configured.and_then(|d| d.title.clone()),
            ..digests::Order::of_all(id, digests::span(period, now, config), config)
        };
        digests::write(&station.config, &*station.store, &order, now, &station.dir.digests())?;
    }
    station.close()?;
    outcome
}

/// Searches worth showing, the alerts with their reasons, and where the digest lies.
fn show(globals: &Globals, dir: &Path, out: &mut dyn Write) -> anyhow::Result<()> {
    let lang = globals.lang;
    for stop in demo::tour(lang) {
        writeln!(out, "\n{}", lang.fill("cli.demo.search", &[("query", &stop.query), ("note", &stop.note)]))?;
        search::show(stop.query, 2, globals, out)?;
    }
    writeln!(out, "\n{}", lang.text("cli.demo.alerts"))?;
    alerts::show_reasons(globals, out)?;
    let store = crate::engine::open_store(dir)?;
    let posts = store.post_count()?;
    let fired = store.alerts(&PostRange::default(), usize::MAX)?.len();
    writeln!(out, "\n{}", lang.fill("cli.demo.total", &[("posts", &posts), ("alerts", &fired)]))?;
    writeln!(out, "\n{}", lang.text("cli.demo.digest"))?;
    let mut files = std::fs::read_dir(dir.join("digests"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.sort();
    for file in files {
        writeln!(out, "  {}", file.display())?;
    }
    Ok(())
}
