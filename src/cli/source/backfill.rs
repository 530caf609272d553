//! `guanlan source backfill ID --days 90`: the archive of a source, resumable, with progress and an estimate.

use std::io::Write;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use clap::Args;
use pipelines::crawl::SourceKind;

use super::named;
use crate::cli::{Globals, Outcome, crawl, open, stop};
use crate::engine::backfill::{self, Bounds, Progress};
use crate::engine::health::trouble_in_words;
use crate::engine::{Station, system_clock};

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
        // The bound is a day, so that the same command on the same day goes on instead of beginning anew.
        let today = Utc::now().date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let from = today - TimeDelta::days(i64::from(self.days));
        let bounds = Bounds { from, pages: self.pages };
        let station = Station::open_lent(config, system_clock(), crawl::progress(globals))?;
        stop::at_signal(&station.stop)?;
        let outcome = self.fill(&station, &source, bounds, globals, out);
        station.close()?;
        outcome
    }

    fn fill(
        &self,
        station: &Station,
        source: &Arc<pipelines::crawl::SourceConfig>,
        bounds: Bounds,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<Outcome> {
        let lang = globals.lang;
        let quiet = globals.quiet;
        let tell = move |progress: &Progress| {
            if !quiet {
                let args: [(&str, &dyn std::fmt::Display); 2] =
                    [("read", &progress.read), ("found", &progress.found)];
                eprintln!("{}", lang.fill("cli.source.fill_progress", &args));
            }
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let collector = &station.collector;
        let progress = runtime.block_on(async {
            tokio::select! {
                () = station.stop.asked() => Ok(None),
                progress = backfill::read_lists(collector, source, bounds, &tell) => progress.map(Some),
            }
        })?;
        let Some(progress) = progress else {
            eprintln!("{}", lang.text("cli.stopped"));
            return Ok(Outcome::Bad);
        };
        if let Some((kind, said)) = &progress.error {
            eprintln!("{}{}", lang.text("cli.failed"), trouble_in_words(kind, said, lang));
        }
        let waiting = station.store.waiting_jobs(&source.id)?;
        let crawl = &station.config.crawl;
        let delay = source.delay_secs.unwrap_or(crawl.delay_secs);
        let needed = backfill::estimate(waiting, delay, crawl.daily_requests_per_host);
        let minutes = (needed.num_seconds() + 59) / 60;
        let args: [(&str, &dyn std::fmt::Display); 4] = [
            ("read", &progress.read),
            ("found", &progress.found),
            ("waiting", &waiting),
            ("minutes", &minutes),
        ];
        eprintln!("{}", lang.fill("cli.source.fill_estimate", &args));
        let outcome = crawl::round_of(station, std::slice::from_ref(source), globals, out)?;
        let left = station.store.waiting_jobs(&source.id)?;
        if left == 0 && progress.error.is_none() {
            backfill::close(collector, source)?;
        } else {
            eprintln!("{}", lang.fill("cli.source.fill_left", &[("left", &left)]));
        }
        Ok(outcome)
    }
}
