//! `guanlan source test ID`: a dry run that shows each step and each decision, and stores nothing.

use std::io::Write;

use chrono::Utc;
use clap::Args;
use pipelines::crawl::SourceKind;
use pipelines::record::Verdict;

use super::named;
use super::tell::{Teller, as_json};
use crate::cli::{Format, Globals, Outcome, open};
use crate::desk::trying::tried;

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
        if matches!(source.kind, SourceKind::Files { .. }) {
            eprintln!("{}", globals.lang.fill("cli.source.files", &[("source", &source.id)]));
            return Ok(Outcome::Good);
        }
        let (entries, posts) = tried(&config, source, self.posts, Utc::now())?;
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
