//! `guanlan source …`: the sources an officer listens to, from the first look at a page to the health board.

mod add;
mod backfill;
mod list;
mod pack;
mod policy;
mod report;
mod test;
mod tell;

use std::io::Write;

use clap::{Args, Subcommand};
use pipelines::crawl::SourceConfig;

use super::{Globals, Outcome};
use crate::config::Config;

#[derive(Args)]
pub struct SourceArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    List(list::ListArgs),
    Add(add::AddArgs),
    Test(test::TestArgs),
    Policy(policy::PolicyArgs),
    Backfill(backfill::BackfillArgs),
}

impl SourceArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        match &self.action {
            Action::List(args) => args.run(globals, out),
            Action::Add(args) => args.run(globals, out),
            Action::Test(args) => args.run(globals, out),
            Action::Policy(args) => args.run(globals, out),
            Action::Backfill(args) => args.run(globals, out),
        }
    }
}

/// Goes through a pack as `source add --pack` does.
pub(super) fn through_pack(
    pack: &str,
    place: Option<&str>,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    add::AddArgs::of_pack(pack.to_owned(), place.map(str::to_owned)).run(globals, out)
}

/// The source called `id`; where there is none, that is said with those that there are.
fn named<'c>(config: &'c Config, id: &str, globals: &Globals) -> Result<&'c SourceConfig, Outcome> {
    config.sources.iter().find(|s| s.id.as_str() == id).ok_or_else(|| {
        let known = config.sources.iter().map(|s| s.id.as_str()).collect::<Vec<_>>().join(", ");
        let args: [(&str, &dyn std::fmt::Display); 2] = [("source", &id), ("known", &known)];
        eprintln!("{}", globals.lang.fill("cli.source.unknown", &args));
        Outcome::Usage
    })
}
