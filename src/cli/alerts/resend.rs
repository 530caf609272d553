//! `guanlan alerts resend`: what could not be delivered waits again; what waits for one way out takes another.
//!
//! In: dead deliveries, or those of a way out that no longer works. Out: deliveries that are due, an audit line and
//! how many there were. It sends nothing itself: the station does, beside which this may be said.

use std::io::Write;

use chrono::Utc;
use clap::Args;

use crate::cli::{Globals, Outcome, open};
use crate::engine::delivery;
use crate::store::Store;

#[derive(Args)]
pub struct ResendArgs {
    #[arg(long, value_name = "NOTIFIER")]
    by: Option<String>,
    #[arg(long, value_name = "NOTIFIER", requires = "by")]
    to: Option<String>,
}

impl ResendArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let lang = globals.lang;
        let known = |name: &str| reading.config.notifiers.iter().any(|n| n.name == name);
        if let Some(unknown) = self.to.as_deref().filter(|name| !known(name)) {
            let names = reading.config.notifiers.iter().map(|n| n.name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            let args: [(&str, &dyn std::fmt::Display); 2] = [("name", &unknown), ("names", &names)];
            eprintln!("{}", lang.fill("cli.alerts.no_notifier", &args));
            return Ok(Outcome::Usage);
        }
        let (mut count, now) = (0, Utc::now());
        reading.store.write(&mut |write| {
            count = write.revive(self.by.as_deref(), now)?;
            if let (Some(by), Some(to)) = (&self.by, &self.to) {
                count = write.reroute(by, to, now)?;
            }
            // A station at work hears of it, and tries at once what it has been waiting with.
            write.put_state(delivery::RESEND, &now.to_rfc3339())?;
            let by = self.by.as_deref().unwrap_or("*");
            let detail = format!("{count} deliveries to {}", self.to.as_deref().unwrap_or(by));
            write.audit(now, "resend", by, &detail)
        })?;
        writeln!(out, "{}", lang.fill("cli.alerts.resent", &[("n", &count)]))?;
        Ok(Outcome::Good)
    }
}
