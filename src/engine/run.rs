//! `guanlan run`: schedules, deliveries, digests, retention and time-bound rules in one process.
//!
//! In: an open station and a signal to stop. Out: nothing but what the station stores and sends. A source
//! whose time came while the station was down, or while it was still running, is run once, not once per
//! missed time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::SourceConfig;
use pipelines::record::SourceId;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::commit::CommitError;
use super::station::Station;
use super::{delivery, digests, retention};
use crate::store::RunOutcome;

/// How often schedules are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Rules that fire on silence are looked at this often.
const SILENCE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How long runs may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

type Ended = (SourceId, Result<RunOutcome, CommitError>);

/// Runs until `stop` says so.
///
/// # Errors
/// A broken store; everything else is told and goes on.
pub async fn run(station: &Station, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut runs: JoinSet<Ended> = JoinSet::new();
    let mut running: HashSet<SourceId> = HashSet::new();
    let mut last_runs = last_runs(station)?;
    let mut silence_due = (station.collector.clock)();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let sources = station.sources();
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let now = (station.collector.clock)();
                for source in &sources {
                    if !running.contains(&source.id) && is_due(station, source, &last_runs, now) {
                        running.insert(source.id.clone());
                        last_runs.insert(source.id.clone(), now);
                        start(station, source, &mut runs);
                    }
                }
                delivery::deliver_due(station, now).await?;
                if now >= silence_due {
                    silence_due = now + SILENCE_EVERY;
                    station.look_at_silence(now)?;
                }
                digests::write_due(station, now)?;
                retention::purge_due(station, now)?;
            }
            Some(ended) = runs.join_next() => {
                let (source, outcome) = ended?;
                running.remove(&source);
                outcome?;
                station.keep_host_memory()?;
            }
            _ = stop.changed() => break,
        }
    }
    finish(station, runs).await
}

fn last_runs(station: &Station) -> anyhow::Result<HashMap<SourceId, DateTime<Utc>>> {
    let mut last = HashMap::new();
    for source in station.sources() {
        if let Some(at) = station.store.source_state(&source.id)?.last_run {
            last.insert(source.id.clone(), at);
        }
    }
    Ok(last)
}

/// A source never run is due at once, so that a new station hears something at its first start.
fn is_due(
    station: &Station,
    source: &SourceConfig,
    last_runs: &HashMap<SourceId, DateTime<Utc>>,
    now: DateTime<Utc>,
) -> bool {
    match last_runs.get(&source.id) {
        Some(last) => station.config.source_schedule(source).due(*last, now).is_some(),
        None => true,
    }
}

fn start(station: &Station, source: &Arc<SourceConfig>, runs: &mut JoinSet<Ended>) {
    let (collector, source) = (station.collector.clone(), source.clone());
    runs.spawn(async move {
        let outcome = collector.run(&source).await;
        (source.id.clone(), outcome)
    });
}

/// What is under way may end within the grace; what is not is in the frontier and goes on at the next start.
async fn finish(station: &Station, mut runs: JoinSet<Ended>) -> anyhow::Result<()> {
    let ended = tokio::time::timeout(GRACE, async {
        while let Some(ended) = runs.join_next().await {
            ended?.1?;
        }
        Ok::<_, anyhow::Error>(())
    })
    .await;
    match ended {
        Ok(ended) => ended?,
        Err(_) => tracing::warn!("some runs did not end in time; they go on at the next start"),
    }
    runs.shutdown().await;
    station.keep_host_memory()
}
