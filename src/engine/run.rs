//! `guanlan run`: schedules, deliveries, digests, retention and time-bound rules in one process.
//!
//! In: an open station. Out: nothing but what the station stores and sends. A tick only starts things: each duty is
//! a task of its own, and one that fails is on the board and tried again; only a committer that has ended ends the
//! station. A source whose time came while the station was down, or while it was still running, is run once, not
//! once per missed time. [`Rounds`] is one such process at a given time, so that a week can be lived through in a
//! test.

use std::collections::HashSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::OptionFuture;
use tokio::task::JoinSet;

use super::faults::{Board, Part};
use super::intake;
use super::runs::Runs;
use super::shared::Shared;
use super::station::Station;
use super::{cases, delivery, digests, publications, retention};
use crate::store::StoreError;

pub use super::runs::ASKED;

/// How often schedules are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Rules that fire on silence, and the clocks of cases, are looked at this often.
const SILENCE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// How long what is under way may go on after the signal to stop: a page that is just coming is stored. What is cut
/// off then waits in the frontier or the outbox.
const GRACE: Duration = Duration::from_millis(1_500);

/// The last notes of a run get so long.
const LAST_NOTES: Duration = Duration::from_secs(1);

type Done = (Part, anyhow::Result<()>);

/// Runs until the station is asked to stop.
///
/// # Errors
/// A committer that has ended; everything else is told, stands on the board, and is tried again.
pub async fn run(station: &Station) -> anyhow::Result<()> {
    let clock = station.collector.clock.clone();
    let mut rounds = Rounds::new(station, clock())?;
    if let Some(shared) = rounds.shared.as_ref().filter(|shared| shared.store.cluster().is_none()) {
        intake::take_in_left(shared, &station.collector.committer).await?;
    }
    let intake = rounds.shared.clone().filter(|shared| shared.store.cluster().is_some());
    let intake = intake.map(|shared| intake::take_in(shared, station.collector.committer.clone()));
    let mut intake = pin!(OptionFuture::from(intake));
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = station.stop.asked() => break,
            _ = ticks.tick() => rounds.tick(clock()).await?,
            Some(ended) = rounds.runs.join_next() => rounds.runs.note_end(ended?, clock())?,
            Some(done) = rounds.duties.join_next() => rounds.note_done(done?),
            Some(ended) = &mut intake => {
                ended?;
                break;
            }
        }
    }
    rounds.finish().await;
    Ok(())
}

/// The schedules of a station and what is under way.
pub struct Rounds<'a> {
    station: &'a Station,
    /// What the duties of a keeper share.
    shared: Option<Shared>,
    board: Arc<Board>,
    runs: Runs,
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
        let config = &station.config;
        if station.keeps() {
            station.board.retain(|part| match part {
                Part::Digest(id) => config.digests.iter().any(|d| d.id == *id),
                Part::Source(id) => config.sources.iter().any(|s| s.enabled && s.id.as_str() == id),
                _ => true,
            });
        }
        Ok(Self {
            station,
            shared: station.shared(),
            board: station.board.clone(),
            runs: Runs::new(station, now),
            under_way: HashSet::new(),
            duties: JoinSet::new(),
            silence_due: now,
            cases_due: now,
            resend: station.store.state(delivery::RESEND)?,
        })
    }

    /// Starts what is due at `now`: runs, deliveries, the look for silence, digests, the purge, notes of the run.
    ///
    /// # Errors
    /// A committer that has ended.
    pub async fn tick(&mut self, now: DateTime<Utc>) -> anyhow::Result<()> {
        if self.station.look_at_clock(now).went_back {
            // What was planned by a clock that was ahead would come when it said.
            (self.silence_due, self.cases_due) = (now, now);
            self.runs.plan_all(now);
        }
        let asked = self.runs.take_up_asked(now).and_then(|()| self.runs.start_due(now));
        if let Err(error) = asked
            && self.board.may_try(&Part::Store, now)
        {
            self.board.failed(&Part::Store, error, now);
        }
        match self.shared.clone() {
            Some(shared) => self.start_duties(&shared, now),
            None => self.start_notes(now),
        }
        self.station.collector.committer.check()?;
        Ok(())
    }

    /// The notes of a worker: what hosts asked for, and what failed.
    fn start_notes(&mut self, now: DateTime<Utc>) {
        let fetcher = self.station.collector.fetcher.clone();
        let (store, board) = (self.station.store.clone(), self.board.clone());
        let turns = self.station.share.clone().map(|share| share.turns);
        let stages = self.station.collector.stages.clone();
        self.take_up_blocking(Part::Memory, now, move || {
            turns.map_or(Ok(()), |turns| turns.give_back(&fetcher))?;
            super::hosts::keep(&fetcher, &*store)?;
            board.keep(&*store)?;
            Ok(stages.wear_layers(&*store)?)
        });
    }

    fn start_duties(&mut self, shared: &Shared, now: DateTime<Utc>) {
        if let Err(error) = self.start_deliveries(shared, now)
            && self.board.may_try(&Part::Store, now)
        {
            self.board.failed(&Part::Store, error, now);
        }
        if now >= self.silence_due && !shared.time.is_doubted() {
            self.silence_due = now + SILENCE_EVERY;
            self.take_up_shared(shared, Part::Silence, now, |shared| {
                let (store, watching, now) = (&*shared.store, &shared.watching, shared.now());
                Ok(store.write(&mut |write| watching.look_at_silence(store, write, now))?)
            });
        }
        if now >= self.cases_due && !shared.time.is_doubted() {
            self.cases_due = now + SILENCE_EVERY;
            self.take_up_shared(shared, Part::Cases, now, cases::look_at_clocks);
            if self.board.may_try(&Part::Publications, now) {
                let fetcher = self.station.collector.fetcher.clone();
                let looking = publications::look(shared.clone(), fetcher);
                self.take_up(Part::Publications, looking);
            }
        }
        for digest in shared.config.digests.clone() {
            // One whose mark cannot be read says so when it is to be written.
            if digests::is_due(shared, &digest, now).unwrap_or(true) {
                let part = Part::Digest(digest.id.clone());
                self.take_up_shared(shared, part, now, move |shared| {
                    digests::write_due(shared, &digest)
                });
            }
        }
        if retention::is_due(shared, now).unwrap_or(true) {
            self.take_up_shared(shared, Part::Purge, now, retention::purge_due);
        }
        let fetcher = self.station.collector.fetcher.clone();
        let stages = self.station.collector.stages.clone();
        let turns = self.station.share.clone().map(|share| share.turns);
        self.take_up_shared(shared, Part::Memory, now, move |shared| {
            turns.map_or(Ok(()), |turns| turns.give_back(&fetcher))?;
            super::hosts::keep(&fetcher, &*shared.store)?;
            stages.wear_layers(&*shared.store)?;
            super::deep::come_back(&stages, &*shared.store, now)?;
            shared.time.keep_if_stale(&*shared.store)?;
            Ok(shared.board.keep(&*shared.store)?)
        });
    }

    fn start_deliveries(&mut self, shared: &Shared, now: DateTime<Utc>) -> Result<(), StoreError> {
        let resend = shared.store.state(delivery::RESEND)?;
        if resend != self.resend {
            self.resend = resend;
            self.board.try_at_once(|part| matches!(part, Part::Way(_)));
        }
        for way in delivery::ways_due(shared, now)? {
            let serving = delivery::serve(shared.clone(), way.clone());
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

    /// The same with what duties share, on a thread that may wait for disk and database.
    fn take_up_shared(
        &mut self,
        shared: &Shared,
        part: Part,
        now: DateTime<Utc>,
        duty: impl FnOnce(&Shared) -> anyhow::Result<()> + Send + 'static,
    ) {
        let shared = shared.clone();
        self.take_up_blocking(part, now, move || duty(&shared));
    }

    /// The same on a thread that may wait, if its pause is over.
    fn take_up_blocking(
        &mut self,
        part: Part,
        now: DateTime<Utc>,
        duty: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
    ) {
        if !self.board.may_try(&part, now) || self.under_way.contains(&part) {
            return;
        }
        self.take_up(part, async move { tokio::task::spawn_blocking(duty).await? });
    }

    fn note_done(&mut self, (part, done): Done) {
        self.under_way.remove(&part);
        let (board, now) = (&self.board, (self.station.collector.clock)());
        match done {
            Err(error) => drop(board.failed(&part, format!("{error:#}"), now)),
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

    /// Waits for everything under way.
    ///
    /// # Errors
    /// A committer that has ended.
    pub async fn settle(&mut self) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                Some(ended) = self.runs.join_next() => {
                    self.runs.note_end(ended?, (self.station.collector.clock)())?;
                }
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
        self.runs.abort();
        self.duties.abort_all();
        let fetcher = self.station.collector.fetcher.clone();
        let (store, board) = (self.station.store.clone(), self.board.clone());
        let time = self.shared.as_ref().map(|shared| shared.time.clone());
        let notes = tokio::task::spawn_blocking(move || {
            super::hosts::keep(&fetcher, &*store)?;
            time.map_or(Ok(()), |time| time.keep(&*store))?;
            Ok::<_, anyhow::Error>(board.keep(&*store)?)
        });
        match tokio::time::timeout(LAST_NOTES, notes).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the last notes of the run are missing"),
            _ => tracing::warn!("the last notes of the run are missing: the database is held"),
        }
    }
}
