//! The station: store, index, annotator, rules and fetcher, joined and started.
//!
//! In: a checked config. Out: something that can run a round, take in files and be closed. Opening takes
//! the data directory's lock; closing lets the committer and the index follower finish what they have.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::Context as _;
use futures::{StreamExt, stream};
use pipelines::annotate::Annotator;
use pipelines::crawl::SourceConfig;
use pipelines::record::SourceId;

use super::annotator::annotator;
use super::clock::{Clock, Observed, Timekeeper};
use super::collect::Collector;
use super::commit::CommitError;
use super::data_dir::DataDir;
use super::faults::Board;
use super::hosts;
use super::judging::Bench;
use super::lock::{LockError, StationLock};
use super::opened::{open_store, place};
use super::parts::{
    Ground, KeeperOf, Keeping, Leaving, Parts, Share, locked, name_keeper, patience,
};
use super::process::Stages;
use super::progress::Listener;
use super::runs;
use super::shared::Shared;
use super::stop::Stop;
use crate::config::Config;
use crate::store::{RunOutcome, Store, StoreError, StoreWrite, Tally};

/// Sources run at the same time.
const SOURCES_AT_ONCE: usize = 64;

/// A station at work. One per data directory; on a store that is shared, one keeps it and the others are workers.
pub struct Station {
    /// The config it runs on.
    pub config: Arc<Config>,
    /// Where things lie.
    pub dir: DataDir,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// What runs sources.
    pub collector: Collector,
    /// What does not work, and when it is tried again.
    pub board: Arc<Board>,
    /// How far the clock is believed.
    pub time: Arc<Timekeeper>,
    /// The wish to stop.
    pub stop: Stop,
    /// What it has for itself of what several share.
    pub(super) share: Option<Share>,
    /// Whether it reads sources by itself.
    is_reading: bool,
    keeping: Option<Keeping>,
    committer_thread: JoinHandle<()>,
    lock: Option<StationLock>,
}

/// How a station is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seat {
    /// As the one that stores, watches and tells.
    Keeper,
    /// As one that reads and hands over.
    Worker,
}

impl Station {
    /// Opens the data directory of `config`, making it if it is not there.
    ///
    /// # Errors
    /// Another station on it; a store, index, lexicon or model that cannot be used.
    pub fn open(config: Config, clock: Clock, listener: Listener) -> anyhow::Result<Self> {
        Self::open_by(StationLock::take, config, clock, listener)
    }

    /// The same for a station that lends the directory to commands.
    ///
    /// # Errors
    /// As of [`open`](Self::open).
    pub fn open_to_lend(config: Config, clock: Clock, listener: Listener) -> anyhow::Result<Self> {
        Self::open_by(StationLock::take_to_lend, config, clock, listener)
    }

    /// The same for a command: a station that runs on the directory lends it meanwhile.
    ///
    /// # Errors
    /// As of [`open`](Self::open).
    pub fn open_lent(config: Config, clock: Clock, listener: Listener) -> anyhow::Result<Self> {
        Self::open_by(StationLock::borrow, config, clock, listener)
    }

    fn open_by(
        take: fn(&Path) -> Result<StationLock, LockError>,
        config: Config,
        clock: Clock,
        listener: Listener,
    ) -> anyhow::Result<Self> {
        let lock = locked(take, &config.station.data_dir)?;
        let store = match place(&config)?.open() {
            // Somebody else keeps the store: what is read here is handed over.
            Err(StoreError::Held { .. }) => {
                return Self::open_worker(config, clock, listener, lock);
            }
            opened => opened?,
        };
        let annotator = Arc::new(annotator(&config)?);
        Self::assemble(Seat::Keeper, config, store, annotator, (clock, listener), Ground::Own(lock))
    }

    /// Opens a worker on a shared store, beside whoever keeps it.
    fn open_worker(
        config: Config,
        clock: Clock,
        listener: Listener,
        lock: StationLock,
    ) -> anyhow::Result<Self> {
        let store = open_store(&config)?;
        let annotator = Arc::new(annotator(&config)?);
        Self::assemble(Seat::Worker, config, store, annotator, (clock, listener), Ground::Own(lock))
    }

    /// Opens a worker on a shared store, to lend its directory to commands.
    ///
    /// # Errors
    /// Another station on its directory; a store that is not shared or cannot be used.
    pub fn open_as_worker(
        config: Config,
        clock: Clock,
        listener: Listener,
    ) -> anyhow::Result<Self> {
        let lock = locked(StationLock::take_to_lend, &config.station.data_dir)?;
        let place = place(&config)?;
        // The store is made, or brought to this version, by whoever comes first.
        if matches!(place.open_to_read(), Ok(None) | Err(StoreError::Older { .. })) {
            match place.open() {
                Ok(made) => made.let_go(),
                Err(StoreError::Held { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Self::open_worker(config, clock, listener, lock)
    }

    /// Opens the keeper in the process of `worker`, once nobody else keeps the store.
    ///
    /// # Errors
    /// `Held` while another does; a part that cannot be used.
    pub fn open_as_keeper(worker: &KeeperOf) -> anyhow::Result<Self> {
        let config = (*worker.config).clone();
        let store = place(&config)?.open_if_free()?;
        name_keeper(&*store, worker.holding.name())?;
        let context = (worker.clock.clone(), super::progress::nobody());
        let ground = Ground::Within(worker.fetcher.clone());
        Self::assemble(Seat::Keeper, config, store, worker.annotator.clone(), context, ground)
    }

    fn assemble(
        seat: Seat,
        config: Config,
        store: Arc<dyn Store>,
        annotator: Arc<Annotator>,
        (clock, listener): (Clock, Listener),
        ground: Ground,
    ) -> anyhow::Result<Self> {
        let dir = DataDir(config.station.data_dir.clone());
        let stop = Stop::default();
        let board = Arc::new(Board::open(&*store)?);
        let time = Arc::new(Timekeeper::open(&*store, clock())?);
        time.look(&*store, clock(), &|_| Vec::new());
        if seat == Seat::Keeper {
            time.keep(&*store)?;
        }
        let stages = Stages::new(&config, annotator.clone(), time.clone(), clock())?;
        stages.take_layers(&*store, seat == Seat::Keeper, clock())?;
        let (fetcher, lock) = match ground {
            Ground::Own(lock) => (Arc::new(hosts::fetcher(&config, Some(&*store))?), Some(lock)),
            Ground::Within(fetcher) => (fetcher, None),
        };
        let patience = patience(&board, &clock, &stop);
        let share = match store.cluster() {
            Some(_) if lock.is_some() => Some(Share::open(&config, &store, &fetcher, &clock)?),
            _ => None,
        };
        if let Some(share) = &share {
            share.begin(&*store, seat == Seat::Keeper, &stop)?;
        }
        let (keeping, (committer, committer_thread)) = match (seat, &share) {
            (Seat::Worker, Some(share)) => (None, share.hand_over(&patience, &stop)),
            (Seat::Worker, None) => anyhow::bail!("a worker needs a store on a server"),
            (Seat::Keeper, _) => {
                let parts = Parts { config: &config, store: &store, clock: &clock, board: &board };
                let (keeping, committer) = parts.keep(annotator, &patience)?;
                (Some(keeping), committer)
            }
        };
        let collector = Collector {
            store: store.clone(),
            fetcher,
            stages: Arc::new(stages),
            committer,
            patience,
            listener,
            rejected: dir.rejected(),
            clock,
            stop: stop.clone(),
            share: share.clone(),
        };
        let config = Arc::new(config);
        Ok(Self {
            config,
            dir,
            store,
            collector,
            board,
            time,
            stop,
            share,
            is_reading: lock.is_some(),
            keeping,
            committer_thread,
            lock,
        })
    }

    /// What a keeper in this process is opened with; none where the store is not shared.
    #[must_use]
    pub fn keeper_of(&self) -> Option<KeeperOf> {
        Some(KeeperOf {
            holding: self.share.as_ref()?.holding.clone(),
            config: self.config.clone(),
            clock: self.collector.clock.clone(),
            annotator: self.collector.stages.annotator(),
            board: self.board.clone(),
            fetcher: self.collector.fetcher.clone(),
        })
    }

    /// Whether it reads sources by itself: not where it only keeps what the worker of its process hands over.
    #[must_use]
    pub(super) fn crawls(&self) -> bool {
        self.is_reading
    }

    /// What it does on a shared store, said to the others: without `crawl` it reads no sources.
    ///
    /// # Errors
    /// A thread that cannot be started.
    pub fn take_on(&mut self, roles: &[&str]) -> std::io::Result<()> {
        self.is_reading = roles.contains(&"crawl");
        let Some(share) = &self.share else { return Ok(()) };
        share.holding.says_roles(roles);
        let stages = self.collector.stages.clone();
        share.holding.says_it_reads(move || stages.deep_read());
        let bench = Bench { holding: share.holding.clone(), stop: self.stop.clone() };
        bench.take_up(roles, &self.config, &self.collector.stages)
    }

    /// Whether it stores, watches and tells.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.keeping.is_some()
    }

    /// The sources that are crawled.
    #[must_use]
    pub fn sources(&self) -> Vec<Arc<SourceConfig>> {
        self.config.sources.iter().filter(|s| s.enabled).cloned().map(Arc::new).collect()
    }

    /// Runs each of `sources` once, many at a time or one after another.
    ///
    /// # Errors
    /// Only those of the store; what went wrong with a source is in its outcome.
    pub async fn round(
        &self,
        sources: &[Arc<SourceConfig>],
    ) -> anyhow::Result<Vec<(SourceId, RunOutcome)>> {
        let runs = sources.iter().map(|source| async move {
            let outcome = match self.collector.run(source).await {
                Err(CommitError::Lost) => runs::elsewhere((self.collector.clock)()),
                ran => ran?,
            };
            Ok::<_, anyhow::Error>((source.id.clone(), outcome))
        });
        let mut outcomes = Vec::new();
        let at_once = self.collector.fetcher.at_once(SOURCES_AT_ONCE);
        let mut running = stream::iter(runs).buffer_unordered(at_once);
        while let Some(ended) = running.next().await {
            outcomes.push(ended?);
        }
        self.keep_host_memory()?;
        outcomes.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(outcomes)
    }

    /// Counts of each of `sources` since the beginning.
    ///
    /// # Errors
    /// Those of the store.
    pub fn tallies(&self, sources: &[Arc<SourceConfig>]) -> anyhow::Result<Vec<Tally>> {
        sources.iter().map(|source| Ok(self.store.source_state(&source.id)?.tally)).collect()
    }

    /// What its duties share; none where it keeps nothing.
    #[must_use]
    pub fn shared(&self) -> Option<Shared> {
        let keeping = self.keeping.as_ref()?;
        Some(Shared {
            config: self.config.clone(),
            dir: self.dir.clone(),
            store: self.store.clone(),
            watching: keeping.watching.clone(),
            board: self.board.clone(),
            time: self.time.clone(),
            clock: self.collector.clock.clone(),
            stop: self.stop.clone(),
            archive: keeping.archive.clone(),
            nudge: keeping.nudge.clone(),
        })
    }

    /// Rules that fire on silence.
    ///
    /// # Errors
    /// Those of the store.
    pub fn look_at_silence(&self, now: chrono::DateTime<chrono::Utc>) -> anyhow::Result<()> {
        let Some(keeping) = &self.keeping else { return Ok(()) };
        let look = &mut |write: &dyn StoreWrite| {
            keeping.watching.look_at_silence(&*self.store, write, now)
        };
        Ok(self.store.write(look)?)
    }

    /// Looks at the clock, and at what sites said of the time where it is in doubt.
    pub fn look_at_clock(&self, now: chrono::DateTime<chrono::Utc>) -> Observed {
        let fetcher = &self.collector.fetcher;
        self.time.look(&*self.store, now, &|since| {
            let told = fetcher.times_told().into_iter().filter(|told| told.at >= since);
            told.map(|told| told.ahead).collect()
        })
    }

    /// Remembers across restarts what hosts asked for: back-off, budgets, robots.
    ///
    /// # Errors
    /// Those of the store.
    pub fn keep_host_memory(&self) -> anyhow::Result<()> {
        hosts::keep(&self.collector.fetcher, &*self.store)
    }

    /// Lets the committer and the follower finish, then frees the directory. Who was asked to stop leaves what the
    /// index has still to follow for the next start.
    ///
    /// # Errors
    /// What keeps the index from following.
    pub fn close(self) -> anyhow::Result<()> {
        let leaves = self.stop.is_asked();
        self.end(if leaves { Leaving::InHaste } else { Leaving::Done })
    }

    /// Frees the directory for another station in this process: what is under way comes to its end, what waits is left
    /// to that one.
    ///
    /// # Errors
    /// What keeps the index from following.
    pub fn hand_over(self) -> anyhow::Result<()> {
        self.end(Leaving::HandedOver)
    }

    fn end(self, leaving: Leaving) -> anyhow::Result<()> {
        self.stop.ask();
        let Self { collector, committer_thread, keeping, share, lock, board, store, .. } = self;
        collector.committer.close();
        committer_thread.join().map_err(|_| anyhow::anyhow!("the committer thread panicked"))?;
        let ended = keeping.map_or(Ok(Ok(())), |keeping| keeping.end(leaving))?;
        if leaving == Leaving::Done {
            // A database that fails now is told by what it fails at; the clock is seen again at the next start.
            let _ = board.keep(&*store);
        }
        if let Some(share) = share {
            if let Err(error) = hosts::keep(&collector.fetcher, &*store) {
                tracing::warn!(%error, "what was learned of hosts is not stored");
            }
            share.holding.end();
        }
        store.let_go();
        drop(lock);
        ended.context("the index does not hold everything the store holds; it goes on from there at the next start")
    }
}
