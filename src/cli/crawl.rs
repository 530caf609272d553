//! `guanlan crawl [SOURCE…]`: one round, with a display on a terminal and plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use clap::Args;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pipelines::crawl::SourceConfig;
use pipelines::locale::Lang;
use pipelines::record::SourceId;
use serde_json::{Value, json};

use super::output::Table;
use super::{Globals, Outcome, open, stop};
use crate::engine::health::{all_lost, lost_in_words};
use crate::engine::{Event, Listener, Station, delivery, nobody, system_clock};
use crate::store::RunOutcome;

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
        let station = Station::open_lent(config, system_clock(), progress(globals))?;
        stop::at_signal(&station.stop)?;
        let outcome = round(&station, &self.sources, globals, out);
        station.close()?;
        outcome
    }
}

/// One round of the sources named (all enabled ones where none is), its deliveries, and its table.
pub fn round(
    station: &Station,
    wanted: &[String],
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let mut sources = station
        .sources()
        .into_iter()
        .filter(|s| wanted.is_empty() || wanted.iter().any(|w| s.id.as_str() == w))
        .collect::<Vec<_>>();
    sources.sort_by(|a, b| a.id.cmp(&b.id));
    round_of(station, &sources, globals, out)
}

/// One round of `sources`, in the order of their ids.
pub fn round_of(
    station: &Station,
    sources: &[Arc<SourceConfig>],
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    if sources.is_empty() {
        eprintln!("{}", globals.lang.text("cli.crawl.nothing"));
        return Ok(Outcome::Bad);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let before = station.tallies(sources)?;
    let outcomes = runtime.block_on(async {
        tokio::select! {
            () = station.stop.asked() => Ok(None),
            outcomes = round_with_deliveries(station, sources) => outcomes.map(Some),
        }
    });
    runtime.shutdown_timeout(stop::LEAVE_WITHIN);
    let Some(outcomes) = outcomes? else {
        station.keep_host_memory()?;
        eprintln!("{}", globals.lang.text("cli.stopped"));
        return Ok(Outcome::Bad);
    };
    let after = station.tallies(sources)?;
    let mut rows = Vec::new();
    for (((id, outcome), before), after) in outcomes.iter().zip(&before).zip(&after) {
        let tally = after.since(before);
        let waiting = station.store.waiting_jobs(id)?;
        let Value::Object(row) = json!({
            "source": id,
            "received": tally.received,
            "kept": tally.kept,
            "dropped": tally.dropped_total(),
            "failed": tally.failed_total(),
            "ties_out": tally.ties_out(),
            "drops": tally.dropped.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "failures": tally.failed.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "waiting": waiting,
            "lost": all_lost(&tally).map(|(reason, _)| reason),
            "error": outcome.error.as_ref().map(|(_, text)| text.clone()).or_else(|| {
                all_lost(&tally).map(|lost| lost_in_words(&lost, globals.lang))
            }),
        }) else {
            unreachable!("an object literal")
        };
        rows.push(row);
    }
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
        rows,
    };
    table.write(globals.format, globals.lang, out)?;
    let failed = outcomes.iter().all(|(_, outcome)| outcome.error.is_some());
    Ok(if failed { Outcome::Bad } else { Outcome::Good })
}

async fn round_with_deliveries(
    station: &Station,
    sources: &[Arc<SourceConfig>],
) -> anyhow::Result<Vec<(SourceId, RunOutcome)>> {
    let outcomes = station.round(sources).await?;
    let now = (station.collector.clock)();
    station.look_at_clock(now);
    if !station.time.is_doubted() {
        station.look_at_silence(now)?;
    }
    delivery::deliver_due(&station.shared()).await?;
    Ok(outcomes)
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
        Event::SourceEnded { source, tally, error: None } if all_lost(tally).is_some() => {
            let why = all_lost(tally).map(|lost| lost_in_words(&lost, lang)).unwrap_or_default();
            let args: [(&str, &dyn std::fmt::Display); 3] =
                [("source", source), ("received", &tally.received), ("why", &why)];
            Some(lang.fill("cli.crawl.all_lost", &args))
        }
        Event::SourceEnded { source, tally, error: None } => Some(lang.fill(
            "cli.crawl.ended",
            &[
                ("source", source),
                ("received", &tally.received),
                ("kept", &tally.kept),
                ("dropped", &tally.dropped_total()),
                ("failed", &tally.failed_total()),
            ],
        )),
        Event::SourceEnded { source, error: Some((_, text)), tally } => Some(lang.fill(
            "cli.crawl.failed",
            &[("source", source), ("kept", &tally.kept), ("error", text)],
        )),
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
