//! `guanlan import FILE… --map field=column,…`: exports and saved pages into the store.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use pipelines::crawl::{ColumnMap, FileFormat, SourceConfig, SourceKind, parse_map};
use pipelines::record::Channel;
use serde_json::{Value, json};

use super::output::Table;
use super::{Globals, Outcome, open, stop};
use crate::engine::import::{self, ImportError, Imported};
use crate::engine::{Station, nobody, system_clock};

/// Unreadable rows named one by one; the rest is counted.
const ROWS_NAMED: usize = 20;

#[derive(Args)]
pub struct ImportArgs {
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    map: Option<String>,
    #[arg(long, value_name = "ID", default_value = "import")]
    source: String,
    #[arg(long, value_name = "CHANNEL", default_value = "other")]
    channel: String,
}

impl ImportArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let lang = globals.lang;
        let map = match self.map.as_deref().map_or(Ok(ColumnMap::default()), parse_map) {
            Ok(map) => map,
            Err(why) => {
                eprintln!("{}", lang.fill("cli.import.bad_map", &[("why", &why)]));
                return Ok(Outcome::Usage);
            }
        };
        let Some(channel) = Channel::parse(&self.channel) else {
            eprintln!("{}", lang.fill("cli.import.bad_channel", &[("channel", &self.channel)]));
            return Ok(Outcome::Usage);
        };
        let mut files = Vec::new();
        for file in &self.files {
            let Some(format) = format_of(file) else {
                eprintln!("{}", lang.fill("cli.import.unknown_kind", &[("file", &file.display())]));
                return Ok(Outcome::Usage);
            };
            files.push((file, format));
        }
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        let known = config.sources.iter().find(|s| s.id.as_str() == self.source).cloned();
        let source = known.unwrap_or_else(|| file_source(&self.source, channel));
        let station = Station::open(config, system_clock(), nobody())?;
        stop::at_signal(&station.stop)?;
        let mut rows = Vec::new();
        let mut good = true;
        for (file, format) in files {
            match import::file(&station.collector, file, format, &map, &source) {
                Ok(imported) => rows.push(report(file, &imported, globals)),
                Err(ImportError::Stopped(imported)) => {
                    good = false;
                    rows.push(report(file, &imported, globals));
                    eprintln!("{}", lang.text("cli.stopped"));
                    break;
                }
                Err(error) => {
                    good = false;
                    eprintln!("{}{error}", lang.text("cli.failed"));
                }
            }
        }
        station.close()?;
        table(rows).write(globals.format, lang, out)?;
        Ok(if good { Outcome::Good } else { Outcome::Bad })
    }
}

fn report(file: &Path, imported: &Imported, globals: &Globals) -> serde_json::Map<String, Value> {
    let name = file.display().to_string();
    for error in imported.unreadable.iter().take(ROWS_NAMED) {
        eprintln!(
            "{}",
            globals.lang.fill("cli.import.row", &[("file", &name), ("row", &error.row), ("why", &error.why)])
        );
    }
    let more = imported.unreadable.len().saturating_sub(ROWS_NAMED);
    if more > 0 {
        eprintln!("{}", globals.lang.fill("cli.import.more_rows", &[("n", &more), ("file", &name)]));
    }
    let tally = &imported.tally;
    let Value::Object(row) = json!({
        "file": name,
        "received": tally.received,
        "kept": tally.kept,
        "dropped": tally.dropped_total(),
        "failed": tally.failed_total(),
        "ties_out": tally.ties_out(),
        "drops": tally.dropped.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    }) else {
        unreachable!("an object literal")
    };
    row
}

fn table(rows: Vec<serde_json::Map<String, Value>>) -> Table {
    Table {
        columns: vec![
            ("file", "cli.import.file"),
            ("received", "cli.status.received"),
            ("kept", "cli.status.kept"),
            ("dropped", "cli.status.dropped"),
            ("failed", "cli.status.failed"),
        ],
        rows,
    }
}

fn format_of(file: &Path) -> Option<FileFormat> {
    if file.is_dir() {
        return Some(FileFormat::Html);
    }
    import::format_of(&file.file_name()?.to_string_lossy().to_lowercase())
}

/// A source that stands in no config: what is imported by hand.
fn file_source(id: &str, channel: Channel) -> SourceConfig {
    let kind = SourceKind::Files {
        path: String::new(),
        format: FileFormat::Jsonl,
        map: std::collections::BTreeMap::new(),
    };
    SourceConfig { channel, enabled: false, ..SourceConfig::new(id, id, kind) }
}
