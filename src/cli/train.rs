//! `guanlan train DIR`: the models made again from labelled data and the officers' corrections.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Globals, Outcome, open};
use crate::engine::open_store;
use crate::store::Store;
use crate::config::Config;
use crate::train::{Correction, SEED, TrainOptions, pinned_floors, train};

/// What one correction counts against a row of a set: an officer looked at it, and it is of this house.
const CORRECTION_WEIGHT: f32 = 3.0;

#[derive(Args)]
pub struct TrainArgs {
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[arg(long, value_name = "MODEL")]
    only: Vec<String>,
    #[arg(long)]
    force: bool,
}

impl TrainArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let mut corrections = Vec::new();
        if crate::engine::DataDir(config.station.data_dir.clone()).store().exists() {
            let store = open_store(&config.station.data_dir)?;
            for (id, polarity) in store.corrections()? {
                let Some(post) = store.post(id)? else { continue };
                // As in judging: a title with a text is news, anything else a short post.
                let model = if post.post.title.is_empty() { "weibo" } else { "news" };
                corrections.push(Correction {
                    title: post.post.title,
                    text: post.post.text,
                    model: model.to_owned(),
                    label: polarity.as_str().to_owned(),
                    weight: CORRECTION_WEIGHT,
                });
            }
        }
        let options = TrainOptions {
            lexicons: config.lexicons.iter().map(|(n, t)| (n.clone(), t.to_string())).collect(),
            corrections,
            floors: pinned_floors(Config::model_figures())?,
            only: self.only.clone(),
            even_if_lower: self.force,
            seed: SEED,
        };
        let report = train(&self.dir, &self.out, &options)?;
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)?;
        Ok(Outcome::Good)
    }
}
