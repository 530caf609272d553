//! `guanlan why POST RULE`: clause by clause, why a post meets a rule or a query, or does not.

use std::io::Write;

use clap::Args;
use super::{Globals, Outcome, open};

#[derive(Args)]
pub struct WhyArgs {
    #[arg(value_name = "POST")]
    post: String,
    #[arg(value_name = "RULE|QUERY")]
    rule: String,
}

impl WhyArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        match desk.why(&open::who(globals), &self.post, &self.rule) {
            Ok(why) => writeln!(out, "{why}")?,
            Err(error) => return open::refused(error, globals.lang),
        }
        Ok(Outcome::Good)
    }
}
