//! `guanlan demo`: the whole job on a small web of our own, without network and config.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::{Globals, Outcome, alerts, answer, case, crawl, open, run, search};
use crate::desk::works::roles::Roles;
use crate::config::Config;
use crate::demo;
use crate::desk::Desk;
use crate::desk::works::{self, Works};

#[derive(Args)]
pub struct DemoArgs {
    #[arg(long)]
    keep: bool,
    #[arg(long)]
    serve: bool,
    #[arg(long, value_name = "FILE")]
    engines: Option<PathBuf>,
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
        let main = dir.join("guanlan.toml");
        if let Some(engines) = &self.engines {
            let shown = |path: &Path| path.display().to_string();
            let tables = std::fs::read_to_string(engines).with_context(|| format!("cannot read `{}`", shown(engines)))?;
            let mut file = std::fs::File::options().append(true).open(&main)?;
            write!(file, "\n{tables}").with_context(|| format!("cannot write `{}`", shown(&main)))?;
        }
        let here = Globals {
            config: Some(main),
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
            let ended = run::station(&here, Roles::ALL, out)?;
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
fn collect(config: Config, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    writeln!(out, "\n{}", globals.lang.text("cli.demo.collecting"))?;
    let works = Works::open(config.clone(), crawl::progress(globals))?;
    let outcome = crawl::round(&works, &[], globals, out);
    // While the directory is ours, so that its index takes up what the cases are about.
    let cases = demo::cases::play(&works.desk(), globals.lang)?;
    let accident = cases.first().context("the demo has a case")?;
    demo::answers::put_on_record(&works.desk(), accident, globals.lang)?;
    works.close()?;
    let desk = Desk::open(config)?;
    for id in ["daily", "weekly"] {
        desk.write_digest_of_config(&open::who(globals), id)?;
    }
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
    let Ok(desk) = open::reading(globals)? else { return Ok(()) };
    let fired = alerts::show_reasons(&desk, globals, out)?;
    writeln!(out, "\n{}", lang.text("cli.demo.cases"))?;
    case::show_list(&desk, globals, out)?;
    writeln!(out, "\n{}", lang.text("cli.demo.answers"))?;
    answer::show_list(&desk, globals, out)?;
    let posts = works::stored_posts(&desk)?;
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
