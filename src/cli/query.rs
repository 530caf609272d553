//! `guanlan query explain QUERY`: the tree, the meaning in words, the cost, and what names stand for.

use std::io::Write;

use clap::{Args, Subcommand};

use super::{Globals, Outcome, open};
use crate::desk::words::explain_query;

#[derive(Args)]
pub struct QueryArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Explain(ExplainArgs),
}

#[derive(Args)]
struct ExplainArgs {
    query: String,
}

impl QueryArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Action::Explain(ExplainArgs { query: text }) = &self.action;
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        match explain_query(&config, text, globals.lang) {
            Ok(words) => writeln!(out, "{words}")?,
            Err(error) => return open::refused(error, globals.lang),
        }
        Ok(Outcome::Good)
    }
}
