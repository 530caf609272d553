//! `guanlan notify test NAME`: a message that says it is a test goes out by one way, and what came back is shown.
//!
//! In: the name of a way out. Out: its answers, piece by piece, without secrets, and what they mean; exit status 1 where
//! it was not taken. It works beside a running station.

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::output::Table;
use super::{Globals, Outcome, open};
use crate::desk::DeskError;

#[derive(Args)]
pub struct NotifyArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Test(TestArgs),
}

#[derive(Args)]
struct TestArgs {
    #[arg(value_name = "NOTIFIER")]
    name: String,
}

impl NotifyArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Action::Test(args) = &self.action;
        let desk = match open::desk(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let lang = globals.lang;
        let tested = match desk.send_test(&open::who(globals), &args.name) {
            Ok(tested) => tested,
            Err(DeskError::Unknown { id, .. }) => return Ok(open::no_notifier(&desk, &id, lang)),
            Err(error) => return open::refused(error, lang),
        };
        let columns = ["piece", "taken", "said", "words"];
        let rows = tested.answers.iter().map(|answer| {
            let taken = if answer.taken { "cli.notify.yes" } else { "cli.notify.no" };
            let values: [Value; 4] = match globals.format {
                super::Format::Table => {
                    [json!(answer.piece), json!(lang.text(taken)), json!(answer.said), json!(answer.words)]
                }
                _ => [json!(answer.piece), json!(answer.taken), json!(answer.said), json!(answer.words)],
            };
            let named = columns.iter().map(|name| (*name).to_owned());
            named.zip(values).collect::<Map<_, _>>()
        });
        let table = Table {
            columns: vec![
                ("piece", "cli.notify.piece"),
                ("taken", "cli.notify.taken"),
                ("said", "cli.notify.said"),
                ("words", "cli.notify.words"),
            ],
            rows: rows.collect(),
        };
        table.write(globals.format, lang, out)?;
        Ok(Outcome::from(tested.taken))
    }
}
