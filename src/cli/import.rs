//! `guanlan import FILE… --map field=column,…`: exports and saved pages into the store.
//!
//! In: files. Out: before anything is taken, what was understood of each header and which rows are older than
//! is kept; then counts, and every row that was set aside with its number and reason. `--dry-run` only looks.

mod undo;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use pipelines::crawl::{ColumnMap, FileFormat, SourceConfig, parse_map};
use pipelines::locale::Lang;
use pipelines::record::Channel;
use serde_json::{Value, json};

use super::output::Table;
use super::{Globals, Outcome, open, stop};
use crate::config::Config;
use crate::desk::works::import::{
    self, Imported, Looked, ROWS_AT_ONCE, Taken, file_source, format_of,
};
use crate::desk::works::{Works, nobody};

/// Unreadable rows named one by one; the rest is counted.
const ROWS_NAMED: usize = 20;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ImportArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[arg(long, value_name = "FIELD=COLUMN,…")]
    map: Option<String>,
    #[arg(long, value_name = "ID", default_value = "import")]
    source: String,
    #[arg(long, value_name = "CHANNEL", default_value = "other")]
    channel: String,
    #[arg(long)]
    dry_run: bool,
}

#[derive(Subcommand)]
enum Action {
    List(undo::ListArgs),
    Undo(undo::UndoArgs),
}

impl ImportArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        match &self.action {
            Some(Action::List(args)) => args.run(globals, out),
            Some(Action::Undo(args)) => args.run(globals, out),
            None => self.take_in(globals, out),
        }
    }

    fn take_in(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
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
            let Some(format) = format_named(file) else {
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
        let mut good = true;
        let mut looked = Vec::new();
        for (file, format) in files {
            match import::look(&config, file, format, &map, &source) {
                Ok(found) => {
                    tell(file, &found, &config, globals);
                    looked.push((file, format, found));
                }
                Err(error) => {
                    good = false;
                    eprintln!("{}{error}", lang.text("cli.failed"));
                }
            }
        }
        if self.dry_run {
            let rows = looked.iter().map(|(file, _, found)| report(file, found, None)).collect();
            table(rows).write(globals.format, lang, out)?;
            return Ok(if good { Outcome::Good } else { Outcome::Bad });
        }
        let works = Works::open(config, nobody())?;
        stop::at_signal(works.stop())?;
        let taken = take(&works, &looked, (&map, &source), globals);
        works.close()?;
        let (rows, all_taken) = taken?;
        table(rows).write(globals.format, lang, out)?;
        Ok(if good && all_taken { Outcome::Good } else { Outcome::Bad })
    }
}

/// Takes the files in, one after the other, until one is stopped. Answers what became of each, and whether all
/// of all of them is in.
fn take(
    works: &Works,
    looked: &[(&PathBuf, FileFormat, Looked)],
    (map, source): (&ColumnMap, &SourceConfig),
    globals: &Globals,
) -> anyhow::Result<(Vec<serde_json::Map<String, Value>>, bool)> {
    let lang = globals.lang;
    let who = open::who(globals);
    let (mut rows, mut good) = (Vec::new(), true);
    for (file, format, found) in looked {
        match works.take_in(&who, file, *format, map, source)? {
            Taken::Whole(imported) => {
                if let Some(number) = imported.number.filter(|_| !globals.quiet) {
                    eprintln!("{}", lang.fill("cli.import.taken", &[("number", &number)]));
                }
                if imported.in_haste && !globals.quiet {
                    eprintln!("{}", lang.fill("cli.import.in_haste", &[("file", &file.display()), ("n", &ROWS_AT_ONCE)]));
                }
                rows.push(report(file, found, Some(&imported)));
            }
            Taken::Stopped(imported) => {
                good = false;
                rows.push(report(file, found, Some(&imported)));
                eprintln!("{}", lang.text("cli.stopped"));
                break;
            }
            Taken::Failed(error) => {
                good = false;
                eprintln!("{}{error}", lang.text("cli.failed"));
            }
        }
    }
    Ok((rows, good))
}

/// What was understood of a file, and what will not be taken of it.
fn tell(file: &Path, found: &Looked, config: &Config, globals: &Globals) {
    let lang = globals.lang;
    let name = file.display();
    if let Some(header) = found.understood.as_ref().filter(|_| !globals.quiet) {
        let field = |field: &str| lang.text(&format!("cli.import.field_{field}"));
        let used = header.used.iter().map(|(f, column)| format!("{} ← {column}", field(f)));
        let used = used.collect::<Vec<_>>().join(lang.text("cli.import.joint").as_str());
        let key = if header.header_row > 0 { "cli.import.used" } else { "cli.import.used_keys" };
        let args: [(&str, &dyn std::fmt::Display); 3] =
            [("file", &name), ("row", &header.header_row), ("used", &used)];
        eprintln!("{}", lang.fill(key, &args));
        if !header.unused.is_empty() {
            let unused = header.unused.join(lang.text("cli.import.joint").as_str());
            eprintln!("{}", lang.fill("cli.import.unused", &[("unused", &unused)]));
        }
        if let Some(counter) = &header.counter {
            eprintln!("{}", lang.fill("cli.import.counter", &[("column", counter)]));
        }
        if !header.used.iter().any(|(field, _)| *field == "published_at") {
            eprintln!("{}", lang.text("cli.import.no_time"));
        }
    }
    if found.too_old > 0 {
        let days = config.retention.posts_days;
        eprintln!("{}", lang.fill("cli.import.too_old", &[("file", &name), ("n", &found.too_old), ("days", &days)]));
    }
    let remarks = found.remarks.iter().map(|(row, remark)| (row, remark.render(lang)));
    named(remarks, "cli.import.remark", "cli.import.more_remarks", &name, lang);
    let unreadable = found.unreadable.iter().map(|error| (&error.row, error.why.render(lang)));
    named(unreadable, "cli.import.row", "cli.import.more_rows", &name, lang);
}

/// The first rows one by one, the rest counted.
fn named<'r>(
    rows: impl Iterator<Item = (&'r u64, String)>,
    one: &str,
    more: &str,
    file: &dyn std::fmt::Display,
    lang: Lang,
) {
    let mut rows = rows;
    for (row, why) in rows.by_ref().take(ROWS_NAMED) {
        eprintln!("{}", lang.fill(one, &[("file", file), ("row", row), ("why", &why)]));
    }
    let rest = rows.count();
    if rest > 0 {
        eprintln!("{}", lang.fill(more, &[("n", &rest), ("file", file)]));
    }
}

/// One file as data; without counts where it was only looked at.
fn report(file: &Path, found: &Looked, imported: Option<&Imported>) -> serde_json::Map<String, Value> {
    let set_aside = found.unreadable.iter().map(|error| json!({ "row": error.row, "why": error.why.to_string() }));
    let mut row = serde_json::Map::new();
    let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
    put("file", json!(file.display().to_string()));
    if let Some(header) = &found.understood {
        put("header_row", json!(header.header_row));
        put("columns", json!(header.used.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()));
        put("unused", json!(header.unused));
    }
    put("too_old", json!(found.too_old));
    put("set_aside", set_aside.collect());
    if let Some(number) = imported.and_then(|imported| imported.number) {
        put("import", json!(number));
    }
    match imported.map(|imported| &imported.tally) {
        None => {
            put("received", json!(found.rows + found.unreadable.len() as u64));
        }
        Some(tally) => {
            put("received", json!(tally.received));
            put("kept", json!(tally.kept));
            put("dropped", json!(tally.dropped_total()));
            put("failed", json!(tally.failed_total()));
            put("ties_out", json!(tally.ties_out()));
            put("drops", json!(tally.dropped.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()));
        }
    }
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

fn format_named(file: &Path) -> Option<FileFormat> {
    if file.is_dir() {
        return Some(FileFormat::Html);
    }
    format_of(&file.file_name()?.to_string_lossy().to_lowercase())
}
