//! `guanlan alerts resend`: what could not be delivered waits again; what waits for one way out takes another.
//!
//! In: dead deliveries, or those of a way out that no longer works. Out: deliveries that are due, an audit line and
//! how many there were. It sends nothing itself: the station does, beside which this may be said.

use std::io::Write;

use clap::Args;

use crate::cli::{Globals, Outcome, open};
use crate::desk::DeskError;

#[derive(Args)]
pub struct ResendArgs {
    #[arg(long, value_name = "NOTIFIER")]
    by: Option<String>,
    #[arg(long, value_name = "NOTIFIER", requires = "by")]
    to: Option<String>,
}

impl ResendArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let lang = globals.lang;
        let count = match desk.resend(&open::who(globals), self.by.as_deref(), self.to.as_deref()) {
            Ok(count) => count,
            Err(DeskError::Unknown { id, .. }) => return Ok(open::no_notifier(&desk, &id, lang)),
            Err(error) => return open::refused(error, lang),
        };
        writeln!(out, "{}", lang.fill("cli.alerts.resent", &[("n", &count)]))?;
        Ok(Outcome::Good)
    }
}
