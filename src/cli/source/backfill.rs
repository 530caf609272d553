//! `guanlan source backfill ID --days 90`: the archive of a source, resumable, with progress and an estimate.

use std::io::Write;
use std::sync::Arc;

use clap::Args;
use pipelines::crawl::{SourceConfig, SourceKind};

use super::named;
use crate::cli::{Globals, Outcome, crawl, open, stop};
use crate::desk::works::Works;
use crate::desk::works::backfill::Progress;

#[derive(Args)]
pub struct BackfillArgs {
    #[arg(value_name = "ID")]
    source: String,
    #[arg(long, value_name = "N", default_value_t = 30)]
    days: u32,
    #[arg(long, value_name = "N", default_value_t = 100)]
    pages: u32,
}

impl BackfillArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let source = match named(&config, &self.source, globals) {
            Ok(source) => Arc::new(source.clone()),
            Err(outcome) => return Ok(outcome),
        };
        if matches!(source.kind, SourceKind::Files { .. } | SourceKind::Pages { .. }) {
            eprintln!("{}", globals.lang.text("cli.source.no_archive"));
            return Ok(Outcome::Usage);
        }
        let works = Works::open(config, crawl::progress(globals))?;
        stop::at_signal(works.stop())?;
        let outcome = self.fill(&works, &source, globals, out);
        works.close()?;
        outcome
    }

    fn fill(
        &self,
        works: &Works,
        source: &Arc<SourceConfig>,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<Outcome> {
        let (lang, quiet) = (globals.lang, globals.quiet);
        let tell = move |progress: &Progress| {
            if !quiet {
                let args: [(&str, &dyn std::fmt::Display); 2] =
                    [("read", &progress.read), ("found", &progress.found)];
                eprintln!("{}", lang.fill("cli.source.fill_progress", &args));
            }
        };
        let Some(lists) = works.read_lists(source, (self.days, self.pages), lang, &tell)? else {
            eprintln!("{}", lang.text("cli.stopped"));
            return Ok(Outcome::Bad);
        };
        if let Some(trouble) = &lists.trouble {
            eprintln!("{}{trouble}", lang.text("cli.failed"));
        }
        let args: [(&str, &dyn std::fmt::Display); 4] = [
            ("read", &lists.read),
            ("found", &lists.found),
            ("waiting", &lists.waiting),
            ("minutes", &lists.minutes),
        ];
        eprintln!("{}", lang.fill("cli.source.fill_estimate", &args));
        let outcome = crawl::round_of(works, std::slice::from_ref(source), globals, out)?;
        let left = works.waiting(source)?;
        if left == 0 && lists.trouble.is_none() {
            works.close_backfill(source)?;
        } else {
            eprintln!("{}", lang.fill("cli.source.fill_left", &[("left", &left)]));
        }
        Ok(outcome)
    }
}
