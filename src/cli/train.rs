//! `guanlan train DIR`: the models made again from labelled data and the officers' corrections.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::{Globals, Outcome, open};
use crate::config::Config;
use crate::desk::works::models;
use crate::train::{SEED, TrainOptions, pinned_floors, train};

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
        let options = TrainOptions {
            lexicons: config.lexicons.iter().map(|(n, t)| (n.clone(), t.to_string())).collect(),
            corrections: models::corrections(&config)?,
            filed: models::filed(&config)?,
            floors: pinned_floors(Config::model_figures())?,
            deep: models::judges(&config).deep,
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
