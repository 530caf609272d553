//! `guanlan explain POST`: each verdict in words, with what it rests on.

use std::io::Write;

use clap::Args;
use pipelines::annotate;
use pipelines::record::{AnnotatedPost, PostId};

use super::{Globals, Outcome, open};
use crate::store::{ReadEvidence, Store};

#[derive(Args)]
pub struct ExplainArgs {
    #[arg(value_name = "POST")]
    post: String,
}

impl ExplainArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let Some(post) = post_by_prefix(&reading.store, &self.post, globals)? else {
            return Ok(Outcome::Bad);
        };
        let annotator = crate::engine::annotator(&reading.config)?;
        writeln!(out, "{}", annotate::explain(&annotator, &post, globals.lang).trim_end())?;
        let (id, lang) = (post.post.id, globals.lang);
        let marks = reading.store.marks(id)?;
        if let Some(line) = open::marks_in_words(&marks, lang, reading.config.station.zone) {
            writeln!(out, "{line}")?;
        }
        let records = reading.store.evidence(id)?.len();
        let key = if records > 0 { "cli.explain.evidence" } else { "cli.explain.no_evidence" };
        writeln!(out, "{}", lang.fill(key, &[("n", &records), ("id", &id)]))?;
        Ok(Outcome::Good)
    }
}

/// The one post whose id begins with `prefix`; none, or several, is said.
pub fn post_by_prefix(
    store: &dyn Store,
    prefix: &str,
    globals: &Globals,
) -> anyhow::Result<Option<AnnotatedPost>> {
    let ids: Vec<PostId> = store.posts_by_prefix(prefix, 5)?;
    match ids.as_slice() {
        [id] => Ok(store.post(*id)?),
        [] => {
            eprintln!("{}", globals.lang.fill("desk.no_post", &[("id", &prefix)]));
            Ok(None)
        }
        several => {
            let ids = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            eprintln!("{}", globals.lang.fill("desk.several", &[("id", &prefix), ("ids", &ids)]));
            Ok(None)
        }
    }
}
