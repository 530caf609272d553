//! `guanlan words`: the hot words of the last days against the days before, and the words nobody wrote before.

use std::io::Write;

use clap::Args;
use serde_json::{Map, json};

use super::output::Table;
use super::{Format, Globals, Outcome, open};
use crate::desk::DeskError;

#[derive(Args)]
pub struct WordsArgs {
    #[arg(long, default_value_t = 7)]
    days: u32,
    #[arg(long, short = 'n', default_value_t = 30)]
    limit: usize,
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,
}

impl WordsArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let found = desk.words(&open::who(globals), self.query.as_deref(), self.days, self.limit);
        let words = match found {
            Ok(words) => words,
            Err(DeskError::Broken(cause)) => return Err(cause),
            Err(error) => {
                open::refused(error, globals.lang)?;
                return Ok(Outcome::Usage);
            }
        };
        if globals.format == Format::Table {
            let counts = [("posts", &words.posts as _), ("before", &words.before as _)];
            writeln!(out, "{}", globals.lang.fill("cli.words.of", &counts))?;
            if words.hot.is_empty() && words.new.is_empty() {
                writeln!(out, "{}", globals.lang.text("cli.words.none"))?;
                return Ok(Outcome::Good);
            }
        }
        let hot = words.hot.iter().map(|w| (&w.word, w.posts, w.before, false));
        let new = words.new.iter().map(|w| (&w.word, u64::from(w.posts), 0, true));
        let rows = hot.chain(new).map(|(word, posts, before, is_new)| {
            let told = match (globals.format, is_new) {
                (Format::Table, true) => json!(globals.lang.text("cli.words.is_new")),
                (Format::Table, false) => json!(""),
                _ => json!(is_new),
            };
            Map::from_iter([
                ("word".to_owned(), json!(word)),
                ("posts".to_owned(), json!(posts)),
                ("before".to_owned(), json!(before)),
                ("new".to_owned(), told),
            ])
        });
        let table = Table {
            columns: vec![
                ("word", "cli.words.word"),
                ("posts", "cli.words.posts"),
                ("before", "cli.words.before"),
                ("new", "cli.words.new"),
            ],
            rows: rows.collect(),
        };
        table.write(globals.format, globals.lang, out)?;
        Ok(Outcome::Good)
    }
}
