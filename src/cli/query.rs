//! `guanlan query explain QUERY`: the tree, the meaning in words, the cost, and what names stand for.

use std::io::Write;

use clap::{Args, Subcommand};

use super::{Globals, Outcome, open};

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
        let query = match open::query(text, &config, globals) {
            Ok(query) => query,
            Err(outcome) => return Ok(outcome),
        };
        writeln!(out, "{}", query.explain(globals.lang).trim_end())?;
        Ok(Outcome::Good)
    }
}
