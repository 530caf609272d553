//! `guanlan run`: schedules, deliveries, digests, retention and time-bound rules in one process.
//!
//! In: an open station and a signal to stop. Out: nothing but what the station stores and sends. A source
//! whose time came while the station was down, or while it was still running, is run once, not once per
//! missed time. [`Rounds`] is one such process at a given time, so that a week can be lived through in a test.

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
use super::{delivery, digests, plan, retention};
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
    let mut rounds = Rounds::new(station, (station.collector.clock)())?;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = ticks.tick() => rounds.tick((station.collector.clock)()).await?,
            Some(ended) = rounds.runs.join_next() => rounds.note_end(ended?)?,
            _ = stop.changed() => break,
        }
    }
    rounds.finish().await
}

/// The schedules of a station and the runs under way.
pub struct Rounds<'a> {
    station: &'a Station,
    sources: Vec<Arc<SourceConfig>>,
    next: HashMap<SourceId, Option<DateTime<Utc>>>,
    running: HashSet<SourceId>,
    runs: JoinSet<Ended>,
    silence_due: DateTime<Utc>,
}

impl<'a> Rounds<'a> {
    /// As of `now`, nothing under way.
    ///
    /// # Errors
    /// Those of the store.
    pub fn new(station: &'a Station, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let mut rounds = Self {
            station,
            sources: station.sources(),
            next: HashMap::new(),
            running: HashSet::new(),
            runs: JoinSet::new(),
            silence_due: now,
        };
        for source in rounds.sources.clone() {
            let last_run = station.store.source_state(&source.id)?.last_run;
            rounds.plan(&source, last_run, now)?;
        }
        Ok(rounds)
    }

    fn plan(
        &mut self,
        source: &SourceConfig,
        last_run: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let station = self.station;
        let next = plan::next_run(&station.config, &*station.store, source, last_run, now)?;
        self.next.insert(source.id.clone(), next);
        Ok(())
    }

    /// Does what is due at `now`: starts runs, sends, looks at silence, writes digests, purges.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tick(&mut self, now: DateTime<Utc>) -> anyhow::Result<()> {
        for source in self.sources.clone() {
            let due = self.next.get(&source.id).copied().flatten().is_some_and(|at| at <= now);
            if due && !self.running.contains(&source.id) {
                self.running.insert(source.id.clone());
                self.plan(&source, Some(now), now)?;
                self.start(source);
            }
        }
        delivery::deliver_due(self.station, now).await?;
        if now >= self.silence_due {
            self.silence_due = now + SILENCE_EVERY;
            self.station.look_at_silence(now)?;
        }
        digests::write_due(self.station, now)?;
        retention::purge_due(self.station, now)
    }

    fn start(&mut self, source: Arc<SourceConfig>) {
        let collector = self.station.collector.clone();
        self.runs.spawn(async move {
            let outcome = collector.run(&source).await;
            (source.id.clone(), outcome)
        });
    }

    fn note_end(&mut self, (source, outcome): Ended) -> anyhow::Result<()> {
        self.running.remove(&source);
        let outcome = outcome?;
        // What came in may change how soon to ask again.
        if let Some(config) = self.sources.iter().find(|s| s.id == source).cloned() {
            self.plan(&config, Some(outcome.started), outcome.ended)?;
        }
        self.station.keep_host_memory()
    }

    /// Waits for the runs under way.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.runs.join_next().await {
            self.note_end(ended?)?;
        }
        Ok(())
    }

    /// What is under way may end within the grace; what does not is in the frontier and goes on at the next
    /// start.
    async fn finish(mut self) -> anyhow::Result<()> {
        match tokio::time::timeout(GRACE, self.settle()).await {
            Ok(settled) => settled?,
            Err(_) => tracing::warn!("some runs did not end in time; they go on at the next start"),
        }
        self.runs.shutdown().await;
        self.station.keep_host_memory()
    }
}
