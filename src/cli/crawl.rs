//! `guanlan crawl [SOURCE…]`: one round, with a display on a terminal and plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pipelines::crawl::SourceConfig;
use pipelines::locale::Lang;
use pipelines::record::SourceId;
use serde_json::{Map, Value, json};

use super::output::Table;
use super::{Globals, Outcome, open, stop};
use crate::desk::trying::trouble_in_words;
use crate::desk::works::round::{RoundRow, lost_in_words};
use crate::desk::works::{Event, Listener, Works, nobody};

#[derive(Args)]
pub struct CrawlArgs {
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
}

impl CrawlArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        for wanted in &self.sources {
            if !config.sources.iter().any(|s| s.id.as_str() == wanted) {
                eprintln!("{}", globals.lang.fill("cli.crawl.no_source", &[("source", wanted)]));
                return Ok(Outcome::Usage);
            }
        }
        let works = Works::open(config, progress(globals))?;
        stop::at_signal(works.stop())?;
        let outcome = round(&works, &self.sources, globals, out);
        works.close()?;
        outcome
    }
}

/// One round of the sources named (all enabled ones where none is), its deliveries, and its table.
pub fn round(
    works: &Works,
    wanted: &[String],
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    round_of(works, &works.sources(wanted), globals, out)
}

/// One round of `sources`, in the order of their ids.
pub fn round_of(
    works: &Works,
    sources: &[Arc<SourceConfig>],
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    if sources.is_empty() {
        eprintln!("{}", globals.lang.text("cli.crawl.nothing"));
        return Ok(Outcome::Bad);
    }
    let Some(done) = works.round(sources, globals.lang)? else {
        eprintln!("{}", globals.lang.text("cli.stopped"));
        return Ok(Outcome::Bad);
    };
    let table = Table {
        columns: vec![
            ("source", "cli.status.source"),
            ("received", "cli.status.received"),
            ("kept", "cli.status.kept"),
            ("dropped", "cli.status.dropped"),
            ("failed", "cli.status.failed"),
            ("waiting", "cli.status.waiting"),
            ("error", "cli.status.error"),
        ],
        rows: done.iter().map(row).collect(),
    };
    table.write(globals.format, globals.lang, out)?;
    let failed = done.iter().all(|row| row.error.is_some());
    Ok(if failed { Outcome::Bad } else { Outcome::Good })
}

fn row(row: &RoundRow) -> Map<String, Value> {
    let Value::Object(row) = json!({
        "source": row.source,
        "received": row.received,
        "kept": row.kept,
        "dropped": row.dropped,
        "failed": row.failed,
        "ties_out": row.ties_out,
        "drops": row.drops,
        "failures": row.failures,
        "waiting": row.waiting,
        "lost": row.lost,
        "error": row.trouble,
    }) else {
        unreachable!("an object literal")
    };
    row
}

/// Who watches a round: bars on a terminal, lines elsewhere, nobody with `--quiet`.
pub fn progress(globals: &Globals) -> Listener {
    let lang = globals.lang;
    if globals.quiet {
        nobody()
    } else if std::io::stderr().is_terminal() {
        bars(lang)
    } else {
        Arc::new(move |event: &Event| {
            if let Some(line) = line(event, lang) {
                eprintln!("{line}");
            }
        })
    }
}

fn line(event: &Event, lang: Lang) -> Option<String> {
    match event {
        Event::SourceEnded { source, tally, error: None } => Some(match lost_in_words(tally, lang) {
            Some(why) => {
                let args: [(&str, &dyn std::fmt::Display); 3] =
                    [("source", source), ("received", &tally.received), ("why", &why)];
                lang.fill("cli.crawl.all_lost", &args)
            }
            None => lang.fill(
                "cli.crawl.ended",
                &[
                    ("source", source),
                    ("received", &tally.received),
                    ("kept", &tally.kept),
                    ("dropped", &tally.dropped_total()),
                    ("failed", &tally.failed_total()),
                ],
            ),
        }),
        Event::SourceEnded { source, error: Some((kind, said)), tally } => {
            let error = trouble_in_words(kind, said, lang);
            Some(lang.fill(
                "cli.crawl.failed",
                &[("source", source), ("kept", &tally.kept), ("error", &error)],
            ))
        }
        Event::SourceStarted { .. } | Event::Stored { .. } => None,
    }
}

fn bars(lang: Lang) -> Listener {
    let all = MultiProgress::new();
    let open: std::sync::Mutex<std::collections::HashMap<SourceId, ProgressBar>> =
        std::sync::Mutex::default();
    Arc::new(move |event: &Event| {
        let mut open = open.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match event {
            Event::SourceStarted { source } => {
                let bar = all.add(ProgressBar::new_spinner());
                let style = ProgressStyle::with_template("{spinner} {prefix} {msg}");
                bar.set_style(style.expect("the template is a constant"));
                bar.set_prefix(source.0.clone());
                bar.enable_steady_tick(std::time::Duration::from_millis(120));
                open.insert(source.clone(), bar);
            }
            Event::Stored { source, tally, waiting } => {
                if let Some(bar) = open.get(source) {
                    bar.inc(tally.received);
                    let counts: [(&str, &dyn std::fmt::Display); 2] =
                        [("received", &bar.position()), ("waiting", waiting)];
                    bar.set_message(lang.fill("cli.crawl.under_way", &counts));
                }
            }
            Event::SourceEnded { source, .. } => {
                if let Some(bar) = open.remove(source) {
                    bar.finish_and_clear();
                }
                if let Some(line) = line(event, lang) {
                    // A terminal that went away changes nothing about the round.
                    let _ = all.println(line);
                }
            }
        }
    })
}
