//! `guanlan label POST --polarity …`: an officer's correction: stored, audited, in force at once.

use std::io::Write;

use chrono::Utc;
use clap::Args;
use pipelines::record::Polarity;

use super::{Globals, Outcome, explain, open};
use crate::store::Store;

#[derive(Args)]
pub struct LabelArgs {
    #[arg(value_name = "POST")]
    post: String,
    #[arg(long, value_name = "POLARITY", value_parser = ["negative", "neutral", "positive"])]
    polarity: String,
}

impl LabelArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let Some(post) = explain::post_by_prefix(&reading.store, &self.post, globals)? else {
            return Ok(Outcome::Bad);
        };
        let Some(polarity) = Polarity::parse(&self.polarity) else { return Ok(Outcome::Usage) };
        let (now, id) = (Utc::now(), post.post.id);
        let was = post.polarity.polarity;
        reading.store.write(&mut |write| {
            write.correct_polarity(id, polarity, now)?;
            let change = format!("polarity {} -> {}", was.as_str(), polarity.as_str());
            write.audit(now, "label", &id.to_string(), &change)
        })?;
        let lang = globals.lang;
        let name = |p: Polarity| lang.text(&format!("record.polarity.{}", p.as_str()));
        let (was, is) = (name(was), name(polarity));
        writeln!(out, "{}", lang.fill("cli.label.done", &[("post", &id), ("was", &was), ("is", &is)]))?;
        Ok(Outcome::Good)
    }
}
