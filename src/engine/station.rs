//! The station: store, index, annotator, rules and fetcher, joined and started.
//!
//! In: a checked config. Out: something that can run a round, take in files and be closed. Opening takes
//! the data directory's lock; closing lets the committer and the index follower finish what they have.

use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use futures::{StreamExt, stream};
use index::Index;
use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::{Annotator, AnnotatorConfig};
use pipelines::crawl::SourceConfig;
use pipelines::record::SourceId;
use pipelines::text::Segmenter;

use super::clock::{Clock, Observed, Timekeeper};
use super::collect::Collector;
use super::commit::{CommitError, CommitParts, Committer};
use super::data_dir::DataDir;
use super::deep;
use super::faults::{Board, Part};
use super::follow::FollowError;
use super::hosts;
use super::indexing::{open_index, start_follower};
use super::lock::{LockError, StationLock};
use super::nudge::{Ending, Nudge};
use super::opened::place;
use super::patience::Patience;
use super::process::Stages;
use super::progress::Listener;
use super::restore;
use super::shared::Shared;
use super::stop::Stop;
use super::vault;
use super::watching::Watching;
use crate::config::Config;
use crate::evidence::Archive;
use crate::platform;
use crate::store::{RunOutcome, Store, Tally};

/// Sources run at the same time.
const SOURCES_AT_ONCE: usize = 64;

/// How long closing in haste waits for the index.
const HASTE: Duration = Duration::from_secs(3);

/// A station at work. One per data directory.
pub struct Station {
    /// The config it runs on.
    pub config: Arc<Config>,
    /// Where things lie.
    pub dir: DataDir,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// The index.
    pub index: Arc<Index>,
    /// What runs sources.
    pub collector: Collector,
    /// The rules.
    pub watching: Arc<Watching>,
    /// What does not work, and when it is tried again.
    pub board: Arc<Board>,
    /// How far the clock is believed.
    pub time: Arc<Timekeeper>,
    /// The wish to stop.
    pub stop: Stop,
    archive: Arc<Mutex<Archive>>,
    nudge: Nudge,
    committer_thread: std::thread::JoinHandle<()>,
    follower: JoinHandle<()>,
    followed: mpsc::Receiver<Result<(), FollowError>>,
    lock: StationLock,
}

/// The words of the config that the segmenter must not cut: every name of every subject.
#[must_use]
pub fn segmenter(config: &Config) -> Segmenter {
    let names =
        config.subjects.iter().flat_map(|s| s.names().map(str::to_owned).collect::<Vec<_>>());
    Segmenter::new(names)
}

/// The annotator of the config.
///
/// # Errors
/// Whatever of subjects, topics, lexicons or models cannot be used.
pub fn annotator(config: &Config) -> anyhow::Result<Annotator> {
    Annotator::load(annotator_config(config)).context("cannot load the annotator")
}

/// What the annotator of the config is made of.
#[must_use]
pub fn annotator_config(config: &Config) -> AnnotatorConfig {
    AnnotatorConfig {
        subjects: config.subjects.clone(),
        topics: config.topics.clone(),
        lexicons: config.lexicons.iter().map(|(n, t)| (n.clone(), t.to_string())).collect(),
        models: config
            .models
            .iter()
            .filter(|(_, bytes)| !DeepReader::is_one(bytes))
            .map(|(n, b)| (n.clone(), b.to_vec()))
            .collect(),
        deep: deep::model(config),
    }
}

/// What the committer waits with while the store cannot be written; the board says so meanwhile.
fn patience(board: &Arc<Board>, clock: &Clock, stop: &Stop) -> Patience {
    let (board, clock) = (board.clone(), clock.clone());
    let told = Arc::new(move |fault: Option<&CommitError>| match fault {
        Some(error) => drop(board.failed(&Part::Store, error, clock())),
        None => drop(board.worked(&Part::Store)),
    });
    Patience::new(told, stop.clone())
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
        let dir = DataDir(config.station.data_dir.clone());
        platform::make_private_dir(&dir.0)
            .with_context(|| format!("cannot make data directory `{}`", dir.0.display()))?;
        let lock = take(&dir.0)?;
        let store = place(&config)?.open()?;
        let stop = Stop::default();
        let board = Arc::new(Board::open(&*store)?);
        let time = Arc::new(Timekeeper::open(&*store, clock())?);
        time.look(&*store, clock(), &|_| Vec::new());
        time.keep(&*store)?;
        let archive = Arc::new(Mutex::new(vault::archive(&config, &*store)?));
        let index = Arc::new(open_index(&config)?);
        let annotator = Arc::new(annotator(&config)?);
        let watching = Arc::new(Watching::new(&config, clock())?);
        watching.remember_past(&*store, clock())?;
        let stages = Arc::new(Stages::new(&config, annotator.clone(), time.clone(), clock())?);
        let fetcher = Arc::new(hosts::fetcher(&config, Some(&*store))?);

        let nudge = Nudge::default();
        let (follower, followed) = start_follower(&store, &index, &config, &clock, &nudge, &board)?;
        let waking = nudge.clone();
        let patience = patience(&board, &clock, &stop);
        let (committer, committer_thread) = Committer::start(CommitParts {
            store: store.clone(),
            archive: archive.clone(),
            grouped: store.state(crate::store::grouping::GROUPED)?,
            stories: restore::stories(&*store, clock())?,
            annotator,
            watching: watching.clone(),
            stored: Arc::new(move || waking.nudge()),
            patience: patience.clone(),
        });
        let collector = Collector {
            store: store.clone(),
            fetcher,
            stages,
            committer,
            patience,
            listener,
            rejected: dir.rejected(),
            clock,
            stop: stop.clone(),
        };
        let config = Arc::new(config);
        Ok(Self {
            config,
            dir,
            store,
            index,
            collector,
            watching,
            board,
            time,
            stop,
            archive,
            nudge,
            committer_thread,
            follower,
            followed,
            lock,
        })
    }

    /// The sources that are crawled.
    #[must_use]
    pub fn sources(&self) -> Vec<Arc<SourceConfig>> {
        self.config.sources.iter().filter(|s| s.enabled).cloned().map(Arc::new).collect()
    }

    /// Runs each of `sources` once, many at a time.
    ///
    /// # Errors
    /// Only those of the store; what went wrong with a source is in its outcome.
    pub async fn round(
        &self,
        sources: &[Arc<SourceConfig>],
    ) -> anyhow::Result<Vec<(SourceId, RunOutcome)>> {
        let runs = sources.iter().map(|source| async move {
            let outcome = self.collector.run(source).await?;
            Ok::<_, anyhow::Error>((source.id.clone(), outcome))
        });
        let mut outcomes = Vec::new();
        let mut running = stream::iter(runs).buffer_unordered(SOURCES_AT_ONCE);
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
        let mut tallies = Vec::new();
        for source in sources {
            tallies.push(self.store.source_state(&source.id)?.tally);
        }
        Ok(tallies)
    }

    /// What its duties share.
    #[must_use]
    pub fn shared(&self) -> Shared {
        Shared {
            config: self.config.clone(),
            dir: self.dir.clone(),
            store: self.store.clone(),
            watching: self.watching.clone(),
            board: self.board.clone(),
            time: self.time.clone(),
            clock: self.collector.clock.clone(),
            stop: self.stop.clone(),
            archive: self.archive.clone(),
            nudge: self.nudge.clone(),
        }
    }

    /// Rules that fire on silence.
    ///
    /// # Errors
    /// Those of the store.
    pub fn look_at_silence(&self, now: chrono::DateTime<chrono::Utc>) -> anyhow::Result<()> {
        Ok(self
            .store
            .write(&mut |write| self.watching.look_at_silence(&*self.store, write, now))?)
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
        let Self {
            collector, committer_thread, follower, followed, nudge, lock, board, store, ..
        } = self;
        collector.committer.close();
        committer_thread.join().map_err(|_| anyhow::anyhow!("the committer thread panicked"))?;
        let left = leaving != Leaving::Done;
        nudge.end(if left { Ending::AsItStands } else { Ending::CaughtUp });
        let ended = if leaving == Leaving::InHaste {
            // Files may be in the making for minutes; the process may end on them.
            followed.recv_timeout(HASTE).unwrap_or(Ok(()))
        } else {
            let ended = followed.recv().map_err(|_| anyhow::anyhow!("the follower thread died"))?;
            // It holds the store and the index: whoever opens them next must find them closed.
            follower.join().map_err(|_| anyhow::anyhow!("the follower thread panicked"))?;
            ended
        };
        if !left {
            // A database that fails now is told by what it fails at; the clock is seen again at the next start.
            let _ = board.keep(&*store);
        }
        store.let_go();
        drop(lock);
        ended.context("the index does not hold everything the store holds; it goes on from there at the next start")
    }
}

/// How a station is left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// With everything followed.
    Done,
    /// At once: the process ends.
    InHaste,
    /// For another one in this process.
    HandedOver,
}
