//! `guanlan source list`: the health board, one line a source, troubled ones first.

use std::io::Write;

use chrono::{DateTime, Utc};
use clap::Args;
use pipelines::crawl::SourceConfig;
use serde_json::{Map, Value, json};

use crate::cli::output::Table;
use crate::cli::{Format, Globals, Outcome, open};
use crate::desk::sources::rank;
use crate::engine::health::{Health, Standing, health, reason_in_words};
use crate::engine::{NoData, open_store};
use crate::store::Store;

#[derive(Args)]
pub struct ListArgs {
    #[arg(long)]
    troubled: bool,
}

impl ListArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let config = match open::config(globals) {
            Ok(config) => config,
            Err(outcome) => return Ok(outcome),
        };
        // Before the first round there is no store, and every source stands as never run.
        let store = match open_store(&config.station.data_dir) {
            Ok(store) => Some(store),
            Err(error) if error.is::<NoData>() => None,
            Err(error) => return Err(error),
        };
        let now = Utc::now();
        let mut board = Vec::new();
        for source in &config.sources {
            let health = match &store {
                Some(store) => health(store, source, now)?,
                None => Health::never(source),
            };
            board.push((source, health));
        }
        board.sort_by_key(|(source, health)| (rank(health.standing), source.id.clone()));
        let mut rows = Vec::new();
        for (source, health) in &board {
            if self.troubled && rank(health.standing) > rank(Standing::Undated) {
                continue;
            }
            let waiting = store.as_ref().map_or(Ok(0), |store| store.waiting_jobs(&source.id))?;
            rows.push(row(source, health, waiting, globals, config.station.zone));
        }
        if rows.is_empty() && globals.format == Format::Table {
            let key = if board.is_empty() { "cli.source.none" } else { "cli.source.all_good" };
            writeln!(out, "{}", globals.lang.text(key))?;
            return Ok(Outcome::Good);
        }
        table(rows).write(globals.format, globals.lang, out)?;
        Ok(Outcome::Good)
    }
}

fn table(rows: Vec<Map<String, Value>>) -> Table {
    Table {
        columns: vec![
            ("source", "cli.status.source"),
            ("name", "cli.source.name"),
            ("standing", "cli.status.state"),
            ("last_good", "cli.source.last_good"),
            ("last_post", "cli.status.last_post"),
            ("day", "cli.source.day"),
            ("usual", "cli.source.usual"),
            ("unchanged_days", "cli.source.unchanged_days"),
            ("waiting", "cli.status.waiting"),
            ("reason", "cli.status.error"),
        ],
        rows,
    }
}

fn row(
    source: &SourceConfig,
    health: &Health,
    waiting: u64,
    globals: &Globals,
    zone: chrono_tz::Tz,
) -> Map<String, Value> {
    let lang = globals.lang;
    let is_table = globals.format == Format::Table;
    let time = |at: Option<DateTime<Utc>>| match at {
        Some(at) if is_table => json!(open::shown_time(at, zone)),
        Some(at) => json!(at.to_rfc3339()),
        None => Value::Null,
    };
    let standing = health.standing.as_str();
    let shown = lang.text(&format!("cli.source.standing_{standing}"));
    let error = health.state.error.as_ref();
    let reason = reason_in_words(health, lang);
    let Value::Object(row) = json!({
        "source": source.id,
        "name": source.name,
        "standing": if is_table { shown } else { standing.to_owned() },
        "last_run": time(health.state.last_run),
        "last_good": time(health.state.last_good),
        "last_post": time(health.state.last_post),
        "failures": health.state.failures,
        "day": health.day,
        "usual": health.usual.map(|usual| (usual * 10.0).round() / 10.0),
        "unchanged_days": health.unchanged_days,
        "waiting": waiting,
        "silence": health.reason.map(|r| r.as_str()),
        "lost": health.lost.as_ref().map(|(reason, _)| reason.clone()),
        "error_kind": error.map(|(kind, _)| kind.clone()),
        "reason": reason,
    }) else {
        unreachable!("an object literal")
    };
    row
}
