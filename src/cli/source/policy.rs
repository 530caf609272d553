//! `guanlan source policy ID`: what is done to whom and why, ready to be shown to a lawyer.

use std::io::Write;

use clap::Args;

use super::named;
use crate::cli::{Globals, Outcome, open};
use crate::desk::policy;

#[derive(Args)]
pub struct PolicyArgs {
    #[arg(value_name = "ID")]
    source: String,
}

impl PolicyArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let source = match named(&config, &self.source, globals) {
            Ok(source) => source,
            Err(outcome) => return Ok(outcome),
        };
        writeln!(out, "{}", policy::paper(&config, source, globals.lang)?.join("\n"))?;
        Ok(Outcome::Good)
    }
}
