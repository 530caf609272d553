//! `guanlan why POST RULE`: clause by clause, why a post meets a rule or a query, or does not.

use std::io::Write;

use clap::Args;
use pipelines::query::{self, Target};

use super::{Globals, Outcome, explain, open};

#[derive(Args)]
pub struct WhyArgs {
    #[arg(value_name = "POST")]
    post: String,
    #[arg(value_name = "RULE|QUERY")]
    rule: String,
}

impl WhyArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let rule = reading.config.rules.iter().find(|r| r.id.as_str() == self.rule);
        let text = rule.map_or(self.rule.as_str(), |r| r.query.as_str());
        let query = match open::query(text, &reading.config, globals) {
            Ok(query) => query,
            Err(outcome) => return Ok(outcome),
        };
        let Some(post) = explain::post_by_prefix(&reading.store, &self.post, globals)? else {
            return Ok(Outcome::Bad);
        };
        let segmenter = crate::engine::segmenter(&reading.config);
        let target = Target::new(&post).segmented_by(&segmenter);
        writeln!(out, "{}", query::why(&query, &target, globals.lang).trim_end())?;
        Ok(Outcome::Good)
    }
}
