//! `guanlan reindex`: the index made again from the store, beside the old one, then put in its place.

use std::io::{IsTerminal, Write};

use clap::Args;
use indicatif::ProgressBar;

use super::{Globals, Outcome, open};
use crate::desk::works;

#[derive(Args)]
pub struct ReindexArgs {}

impl ReindexArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let bar = if globals.quiet || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(works::stored_posts(&desk)?)
        };
        let total = works::rebuild(&desk, &mut |n| bar.set_position(n))?;
        bar.finish_and_clear();
        writeln!(out, "{}", globals.lang.fill("cli.reindex.done", &[("posts", &total)]))?;
        Ok(Outcome::Good)
    }
}
