//! `guanlan eval DIR`: every judgement measured on labelled data, as a table or JSON.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::{Format, Globals, Outcome, open};
use crate::config::Config;
use crate::desk::works::models;
use crate::eval::{self, EvalOptions};

#[derive(Args)]
pub struct EvalArgs {
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    #[arg(long)]
    json: bool,
    #[arg(long, value_name = "TASK")]
    task: Vec<String>,
    #[arg(long)]
    train: bool,
    #[arg(long, value_name = "N", default_value_t = 0)]
    worst: usize,
}

impl EvalArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let options = EvalOptions {
            judges: models::judges(&config),
            figures: Some(Config::model_figures().to_owned()),
            train: self.train,
            worst: self.worst,
            tasks: self.task.clone(),
        };
        let report = serde_json::to_value(eval::run(&self.dir, &options)?)?;
        if self.json || globals.format != Format::Table {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            writeln!(out)?;
        } else {
            write_lines("", &report, out)?;
        }
        Ok(Outcome::Good)
    }
}

/// One line a figure: `pages.f1 0.941`.
fn write_lines(path: &str, value: &Value, out: &mut dyn Write) -> std::io::Result<()> {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            write_lines(&path, value, out)
        }),
        Value::Array(cases) => cases.iter().try_for_each(|case| writeln!(out, "{path:<40} {case}")),
        Value::Number(n) if n.is_f64() => {
            writeln!(out, "{path:<40} {:.4}", n.as_f64().unwrap_or_default())
        }
        other => writeln!(out, "{path:<40} {other}"),
    }
}
