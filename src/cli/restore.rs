//! `guanlan restore FOLDER`: a station made from a backup in an empty data directory, and its index built.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Globals, Outcome, open};
use crate::desk::works::{self, backup::restore};

#[derive(Args)]
pub struct RestoreArgs {
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl RestoreArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let kept = restore(&config, &self.folder)?;
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let posts = works::rebuild(&desk, &mut |_| ())?;
        let said: [(&str, &dyn std::fmt::Display); 3] =
            [("files", &kept.files.len()), ("made", &kept.made), ("posts", &posts)];
        writeln!(out, "{}", globals.lang.fill("cli.backup.restored", &said))?;
        Ok(Outcome::Good)
    }
}
