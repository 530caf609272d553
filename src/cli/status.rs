//! `guanlan status`: what does not work, sources, their last runs and counts, and how far the index is behind.

mod doubt;
mod faults;

use std::io::Write;

use clap::Args;
use pipelines::crawl::SourceConfig;
use serde_json::{Map, Value, json};

use super::output::Table;
use super::{Globals, Outcome, open, standing};
use crate::engine::deep;
use crate::engine::health::{Health, health, reason_in_words};
use crate::store::Store;

#[derive(Args)]
pub struct StatusArgs {
    #[arg(long)]
    faults: bool,
}

impl StatusArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let lang = globals.lang;
        if self.faults {
            faults::show(&reading, globals, true, out)?;
            return Ok(Outcome::Good);
        }
        if globals.format == super::Format::Table {
            writeln!(out, "{}", standing::status(&reading, lang)?)?;
            let dead = reading.store.deliveries("dead", chrono::Utc::now(), 1_000)?.len();
            let waiting = reading.store.deliveries("pending", chrono::DateTime::<chrono::Utc>::MAX_UTC, 1_000)?.len();
            writeln!(out, "{}", lang.fill("cli.status.outbox", &[("waiting", &waiting), ("dead", &dead)]))?;
            deep_line(&reading, lang, out)?;
            writeln!(out)?;
            faults::show(&reading, globals, false, out)?;
        }
        let mut rows = Vec::new();
        for source in &reading.config.sources {
            let health = health(&reading.store, source, chrono::Utc::now())?;
            let waiting = reading.store.waiting_jobs(&source.id)?;
            let doubt = doubt::share(&reading.store, source)?;
            if globals.format == super::Format::Table {
                doubt::tell(source, doubt, lang, out)?;
            }
            let mut row = row(source, &health, waiting, globals, reading.config.station.zone);
            row.insert("unsure_share".to_owned(), json!(doubt));
            rows.push(row);
        }
        let table = Table {
            columns: vec![
                ("source", "cli.status.source"),
                ("state", "cli.status.state"),
                ("last_run", "cli.status.last_run"),
                ("last_post", "cli.status.last_post"),
                ("received", "cli.status.received"),
                ("kept", "cli.status.kept"),
                ("dropped", "cli.status.dropped"),
                ("failed", "cli.status.failed"),
                ("waiting", "cli.status.waiting"),
                ("error", "cli.status.error"),
            ],
            rows,
        };
        table.write(globals.format, lang, out)?;
        Ok(Outcome::Good)
    }
}

/// How much the deep reader read, where it read anything.
fn deep_line(
    reading: &open::Reading,
    lang: pipelines::locale::Lang,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let waiting = deep::waiting(&reading.store)?;
    if let Some(read) = deep::noted(&reading.store)?.or((waiting > 0).then(deep::DeepRead::default))
    {
        let (percent, speed) = (read.percent(), read.per_second());
        let filling: &[(&str, &dyn std::fmt::Display)] = &[
            ("posts", &read.posts),
            ("asked", &read.asked),
            ("percent", &percent),
            ("speed", &speed),
            ("waiting", &waiting),
        ];
        writeln!(out, "{}", lang.fill("cli.status.deep", filling))?;
    }
    Ok(())
}

fn row(
    source: &SourceConfig,
    health: &Health,
    waiting: u64,
    globals: &Globals,
    zone: chrono_tz::Tz,
) -> Map<String, Value> {
    let state = &health.state;
    let table = globals.format == super::Format::Table;
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| match at {
        Some(at) if table => json!(open::shown_time(at, zone)),
        Some(at) => json!(at.to_rfc3339()),
        None => Value::Null,
    };
    let standing = health.standing.as_str();
    let shown = if table { globals.lang.text(&format!("cli.source.standing_{standing}")) } else { standing.to_owned() };
    let said = reason_in_words(health, globals.lang).filter(|_| table);
    let Value::Object(row) = json!({
        "source": source.id,
        "name": source.name,
        "state": shown,
        "last_run": time(state.last_run),
        "last_good": time(state.last_good),
        "last_post": time(state.last_post),
        "failures": state.failures,
        "received": state.tally.received,
        "kept": state.tally.kept,
        "dropped": state.tally.dropped_total(),
        "failed": state.tally.failed_total(),
        "ties_out": state.tally.ties_out(),
        "drops": state.tally.dropped.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "failures_by_kind": state.tally.failed.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "waiting": waiting,
        "error_kind": state.error.as_ref().map(|e| e.0.clone()),
        "lost": health.lost.as_ref().map(|(reason, _)| reason.clone()),
        "error": said.or_else(|| state.error.as_ref().map(|e| e.1.clone())),
    }) else {
        unreachable!("an object literal")
    };
    row
}
