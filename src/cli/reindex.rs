//! `guanlan reindex`: the index made again from the store, beside the old one, then put in its place.

use std::io::{IsTerminal, Write};

use clap::Args;
use indicatif::ProgressBar;

use super::{Globals, Outcome, open};
use crate::engine::rebuild_index;
use crate::store::Store;

#[derive(Args)]
pub struct ReindexArgs {}

impl ReindexArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let total = reading.store.post_count()?;
        let bar = if globals.quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(total)
        };
        let (dir, now) = (reading.dir.index(), chrono::Utc::now());
        rebuild_index(&reading.store, &dir, now, &|| false, &mut |n| bar.set_position(n))?;
        bar.finish_and_clear();
        writeln!(out, "{}", globals.lang.fill("cli.reindex.done", &[("posts", &total)]))?;
        Ok(Outcome::Good)
    }
}
