//! `guanlan run`: schedules, deliveries, digests, retention and time-bound rules in one process.
//!
//! In: an open station. Out: nothing but what the station stores and sends. A tick only starts things: each duty is
//! a task of its own, and one that fails is on the board and tried again; only a committer that has ended ends the
//! station. A source whose time came while the station was down, or while it was still running, is run once, not
//! once per missed time. [`Rounds`] is one such process at a given time, so that a week can be lived through in a
//! test.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use pipelines::crawl::SourceConfig;
use pipelines::record::SourceId;
use tokio::task::JoinSet;

use super::commit::CommitError;
use super::faults::Part;
use super::shared::Shared;
use super::station::Station;
use super::{cases, delivery, digests, plan, publications, retention};
use crate::store::{RunOutcome, StoreError};

/// How often schedules are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Rules that fire on silence, and the clocks of cases, are looked at this often.
const SILENCE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How long what is under way may go on after the signal to stop: a page that is just coming is stored. What is cut
/// off then waits in the frontier or the outbox.
const GRACE: Duration = Duration::from_millis(1_500);

/// The last notes of a run get so long.
const LAST_NOTES: Duration = Duration::from_secs(1);

type Ended = (SourceId, Result<RunOutcome, CommitError>);
type Done = (Part, anyhow::Result<()>);

/// Runs until the station is asked to stop.
///
/// # Errors
/// A committer that has ended; everything else is told, stands on the board, and is tried again.
pub async fn run(station: &Station) -> anyhow::Result<()> {
    let clock = station.collector.clock.clone();
    let mut rounds = Rounds::new(station, clock())?;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = station.stop.asked() => break,
            _ = ticks.tick() => rounds.tick(clock()).await?,
            Some(ended) = rounds.runs.join_next() => rounds.note_end(ended?)?,
            Some(done) = rounds.duties.join_next() => rounds.note_done(done?),
        }
    }
    rounds.finish().await;
    Ok(())
}

/// Where in the store a wish stands that a source be asked now: `source-asked:ID`.
pub const ASKED: &str = "source-asked:";

/// The schedules of a station and what is under way.
pub struct Rounds<'a> {
    station: &'a Station,
    shared: Shared,
    sources: Vec<Arc<SourceConfig>>,
    next: HashMap<SourceId, Option<DateTime<Utc>>>,
    running: HashSet<SourceId>,
    runs: JoinSet<Ended>,
    under_way: HashSet<Part>,
    duties: JoinSet<Done>,
    silence_due: DateTime<Utc>,
    cases_due: DateTime<Utc>,
    /// What stood there when an officer last asked for everything to be sent again.
    resend: Option<String>,
}

impl<'a> Rounds<'a> {
    /// As of `now`, nothing under way.
    ///
    /// # Errors
    /// Those of the store.
    pub fn new(station: &'a Station, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let mut rounds = Self {
            station,
            shared: station.shared(),
            sources: station.sources(),
            next: HashMap::new(),
            running: HashSet::new(),
            runs: JoinSet::new(),
            under_way: HashSet::new(),
            duties: JoinSet::new(),
            silence_due: now,
            cases_due: now,
            resend: station.store.state(delivery::RESEND)?,
        };
        let config = &station.config;
        station.board.retain(|part| match part {
            Part::Digest(id) => config.digests.iter().any(|d| d.id == *id),
            Part::Source(id) => config.sources.iter().any(|s| s.enabled && s.id.as_str() == id),
            _ => true,
        });
        rounds.plan_all(now);
        Ok(rounds)
    }

    /// Plans every source that is not running, from when it last ran.
    fn plan_all(&mut self, now: DateTime<Utc>) {
        for source in self.sources.clone() {
            if self.running.contains(&source.id) {
                continue;
            }
            match self.station.store.source_state(&source.id) {
                Ok(state) => self.plan(&source, state.last_run, now),
                Err(error) => self.plan_later(&source, &error, now),
            }
        }
    }

    fn plan(&mut self, source: &SourceConfig, last_run: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        let station = self.station;
        match plan::next_run(&station.config, &*station.store, source, last_run, now) {
            Ok(next) => {
                self.next.insert(source.id.clone(), next);
            }
            Err(error) => self.plan_later(source, &error, now),
        }
    }

    fn plan_later(&mut self, source: &SourceConfig, error: &StoreError, now: DateTime<Utc>) {
        let next = self.station.board.failed(&part_of(&source.id), error, now);
        self.next.insert(source.id.clone(), Some(next));
    }

    /// Starts what is due at `now`: runs, deliveries, the look for silence, digests, the purge, notes of the run.
    ///
    /// # Errors
    /// A committer that has ended.
    pub async fn tick(&mut self, now: DateTime<Utc>) -> anyhow::Result<()> {
        if self.station.look_at_clock(now).went_back {
            // What was planned by a clock that was ahead would come when it said.
            (self.silence_due, self.cases_due) = (now, now);
            self.plan_all(now);
        }
        if let Err(error) = self.take_up_asked(now)
            && self.shared.board.may_try(&Part::Store, now)
        {
            self.shared.board.failed(&Part::Store, error, now);
        }
        for source in self.sources.clone() {
            let due = self.next.get(&source.id).copied().flatten().is_some_and(|at| at <= now);
            if due && !self.running.contains(&source.id) {
                self.running.insert(source.id.clone());
                self.plan(&source, Some(now), now);
                self.start(source);
            }
        }
        self.start_duties(now);
        self.station.collector.committer.check()?;
        Ok(())
    }

    /// Sources that an officer asks for now. One that is running comes again when it has ended.
    fn take_up_asked(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        for (name, _) in self.shared.store.states(ASKED)? {
            if let Some(next) = self.next.get_mut(&SourceId::from(&name[ASKED.len()..])) {
                *next = Some(now);
            }
            self.shared.store.write(&mut |write| write.drop_state(&name))?;
        }
        Ok(())
    }

    fn start(&mut self, source: Arc<SourceConfig>) {
        let collector = self.station.collector.clone();
        self.runs.spawn(async move {
            let run = AssertUnwindSafe(collector.run(&source)).catch_unwind().await;
            let panicked = |_| Err(CommitError::Worker("a run panicked; see the log".to_owned()));
            (source.id.clone(), run.unwrap_or_else(panicked))
        });
    }

    fn start_duties(&mut self, now: DateTime<Utc>) {
        if let Err(error) = self.start_deliveries(now)
            && self.shared.board.may_try(&Part::Store, now)
        {
            self.shared.board.failed(&Part::Store, error, now);
        }
        if now >= self.silence_due && !self.shared.time.is_doubted() {
            self.silence_due = now + SILENCE_EVERY;
            self.take_up_blocking(Part::Silence, now, |shared| {
                let (store, watching, now) = (&*shared.store, &shared.watching, shared.now());
                Ok(store.write(&mut |write| watching.look_at_silence(store, write, now))?)
            });
        }
        if now >= self.cases_due && !self.shared.time.is_doubted() {
            self.cases_due = now + SILENCE_EVERY;
            self.take_up_blocking(Part::Cases, now, cases::look_at_clocks);
            if self.shared.board.may_try(&Part::Publications, now) {
                let fetcher = self.station.collector.fetcher.clone();
                let looking = publications::look(self.shared.clone(), fetcher);
                self.take_up(Part::Publications, looking);
            }
        }
        for digest in self.shared.config.clone().digests.clone() {
            // One whose mark cannot be read says so when it is to be written.
            if digests::is_due(&self.shared, &digest, now).unwrap_or(true) {
                let part = Part::Digest(digest.id.clone());
                self.take_up_blocking(part, now, move |shared| digests::write_due(shared, &digest));
            }
        }
        if retention::is_due(&self.shared, now).unwrap_or(true) {
            self.take_up_blocking(Part::Purge, now, retention::purge_due);
        }
        let fetcher = self.station.collector.fetcher.clone();
        let stages = self.station.collector.stages.clone();
        self.take_up_blocking(Part::Memory, now, move |shared| {
            super::hosts::keep(&fetcher, &*shared.store)?;
            super::deep::come_back(&stages, &*shared.store, now)?;
            shared.time.keep_if_stale(&*shared.store)?;
            Ok(shared.board.keep(&*shared.store)?)
        });
    }

    fn start_deliveries(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let resend = self.shared.store.state(delivery::RESEND)?;
        if resend != self.resend {
            self.resend = resend;
            self.shared.board.try_at_once(|part| matches!(part, Part::Way(_)));
        }
        for way in delivery::ways_due(&self.shared, now)? {
            let serving = delivery::serve(self.shared.clone(), way.clone());
            self.take_up(Part::Way(way), serving);
        }
        Ok(())
    }

    /// Starts a duty, unless it is under way.
    fn take_up(
        &mut self,
        part: Part,
        duty: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        if !self.under_way.insert(part.clone()) {
            return;
        }
        self.duties.spawn(async move {
            let done = AssertUnwindSafe(duty).catch_unwind().await;
            (part, done.unwrap_or_else(|_| Err(anyhow::anyhow!("it panicked; see the log"))))
        });
    }

    /// The same on a thread that may wait for disk and database, if its pause is over.
    fn take_up_blocking(
        &mut self,
        part: Part,
        now: DateTime<Utc>,
        duty: impl FnOnce(&Shared) -> anyhow::Result<()> + Send + 'static,
    ) {
        if !self.shared.board.may_try(&part, now) || self.under_way.contains(&part) {
            return;
        }
        let shared = self.shared.clone();
        self.take_up(
            part,
            async move { tokio::task::spawn_blocking(move || duty(&shared)).await? },
        );
    }

    fn note_done(&mut self, (part, done): Done) {
        self.under_way.remove(&part);
        let board = &self.shared.board;
        match done {
            Err(error) => drop(board.failed(&part, format!("{error:#}"), self.shared.now())),
            // Whether a way works is known to who serves it.
            Ok(()) if matches!(part, Part::Way(_)) => {}
            Ok(()) => {
                board.worked(&part);
                if part == Part::Memory {
                    board.worked(&Part::Store);
                }
            }
        }
    }

    fn note_end(&mut self, (source, outcome): Ended) -> anyhow::Result<()> {
        self.running.remove(&source);
        let config = self.sources.iter().find(|s| s.id == source).cloned();
        match (outcome, config) {
            (Ok(outcome), config) => {
                self.shared.board.worked(&part_of(&source));
                // What came in may change how soon to ask again.
                if let Some(config) = config {
                    self.plan(&config, Some(outcome.started), outcome.ended);
                }
            }
            (Err(error), _) => {
                // Nothing more can be stored: that alone ends the station.
                self.station.collector.committer.check()?;
                let next = self.shared.board.failed(&part_of(&source), &error, self.shared.now());
                self.next.insert(source, Some(next));
            }
        }
        Ok(())
    }

    /// Waits for everything under way.
    ///
    /// # Errors
    /// A committer that has ended.
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                Some(ended) = self.runs.join_next() => self.note_end(ended?)?,
                Some(done) = self.duties.join_next() => self.note_done(done?),
                else => return Ok(()),
            }
        }
    }

    /// What is under way may end within the grace; what does not goes on at the next start.
    async fn finish(mut self) {
        match tokio::time::timeout(GRACE, self.settle()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the end of a run could not be noted"),
            Err(_) => tracing::warn!("some runs did not end in time; they go on at the next start"),
        }
        self.runs.abort_all();
        self.duties.abort_all();
        let (fetcher, shared) = (self.station.collector.fetcher.clone(), self.shared.clone());
        let notes = tokio::task::spawn_blocking(move || {
            super::hosts::keep(&fetcher, &*shared.store)?;
            shared.time.keep(&*shared.store)?;
            Ok::<_, anyhow::Error>(shared.board.keep(&*shared.store)?)
        });
        match tokio::time::timeout(LAST_NOTES, notes).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the last notes of the run are missing"),
            _ => tracing::warn!("the last notes of the run are missing: the database is held"),
        }
    }
}

fn part_of(source: &SourceId) -> Part {
    Part::Source(source.0.clone())
}
