//! `guanlan source test ID`: a dry run that shows each step and each decision, and stores nothing.

use std::io::Write;

use chrono::Utc;
use clap::Args;
use pipelines::record::Verdict;

use super::named;
use super::tell::{Teller, as_json};
use crate::cli::{Format, Globals, Outcome, open};
use crate::engine::open_store;
use crate::engine::trial::Trial;
use crate::store::Store;

#[derive(Args)]
pub struct TestArgs {
    #[arg(value_name = "ID")]
    source: String,
    #[arg(long, value_name = "N", default_value_t = 5)]
    posts: usize,
}

impl TestArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let source = match named(&config, &self.source, globals) {
            Ok(source) => source,
            Err(outcome) => return Ok(outcome),
        };
        let store = open_store(&config.station.data_dir).ok();
        let trial = Trial::new(&config, store.as_ref().map(|store| store as &dyn Store))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let now = Utc::now();
        let (entries, posts) = runtime.block_on(async {
            let entries = trial.entries(source, now).await;
            let read = entries.iter().filter_map(|e| e.read.as_ref().ok()).collect::<Vec<_>>();
            let posts = trial.posts(source, &read, self.posts, now).await?;
            Ok::<_, anyhow::Error>((entries, posts))
        })?;
        if globals.format == Format::Table {
            let teller = Teller { lang: globals.lang, zone: config.station.zone };
            entries.iter().try_for_each(|entry| teller.entry(entry, out))?;
            for (number, post) in posts.iter().enumerate() {
                teller.post(number + 1, post, out)?;
            }
            writeln!(out, "{}", globals.lang.text("cli.source.nothing_stored"))?;
        } else {
            serde_json::to_writer_pretty(&mut *out, &as_json(&entries, &posts))?;
            writeln!(out)?;
        }
        Ok(Outcome::from(posts.iter().any(|post| matches!(post.read, Ok(Verdict::Keep(_))))))
    }
}
