//! The parts of a station: what only the one has that keeps the store, and what each has for itself of a shared one.
//!
//! In: a config, an open store. Out: a committer with what it needs, leases and a gate before hosts. How they are put
//! together is decided in `station.rs`.

use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use pipelines::annotate::Annotator;
use pipelines::crawl::Fetcher;

use super::clock::Clock;
use super::commit::{CommitError, CommitParts, Committer};
use super::faults::{Board, Part};
use super::follow::FollowError;
use super::handing::{self, HandParts};
use super::holding::{About, Holding};
use super::indexing::{open_index, start_follower};
use super::keys;
use super::lock::{LockError, StationLock};
use super::nudge::{Ending, Nudge};
use super::patience::Patience;
use super::stop::Stop;
use super::turns::Turns;
use super::vault;
use super::watching::Watching;
use super::{restore, settings};
use crate::config::Config;
use crate::evidence::Archive;
use crate::platform;
use crate::store::Store;
use crate::store::cluster::KEEPER;

/// A keeper that was not heard for so long is taken for dead.
const SILENT_MS: u64 = 8_000;

/// How long closing in haste waits for the index.
const HASTE: Duration = Duration::from_secs(3);

/// What only the one has that keeps the store.
pub(super) struct Keeping {
    pub watching: Arc<Watching>,
    pub archive: Arc<Mutex<Archive>>,
    pub nudge: Nudge,
    pub follower: JoinHandle<()>,
    pub followed: mpsc::Receiver<Result<(), FollowError>>,
}

/// What a station on a shared store has for itself of it.
#[derive(Clone)]
pub(super) struct Share {
    pub holding: Arc<Holding>,
    pub turns: Arc<Turns>,
}

impl Keeping {
    /// Ends the follower; what keeps the index from following is the inner error.
    pub fn end(self, leaving: Leaving) -> anyhow::Result<Result<(), FollowError>> {
        let left = leaving != Leaving::Done;
        self.nudge.end(if left { Ending::AsItStands } else { Ending::CaughtUp });
        if leaving == Leaving::InHaste {
            // Files may be in the making for minutes; the process may end on them.
            return Ok(self.followed.recv_timeout(HASTE).unwrap_or(Ok(())));
        }
        let ended =
            self.followed.recv().map_err(|_| anyhow::anyhow!("the follower thread died"))?;
        // It holds the store and the index: whoever opens them next must find them closed.
        self.follower.join().map_err(|_| anyhow::anyhow!("the follower thread panicked"))?;
        Ok(ended)
    }
}

/// What a keeper is opened with in the process of a worker.
#[derive(Clone)]
pub struct KeeperOf {
    pub(super) holding: Arc<Holding>,
    pub(super) config: Arc<Config>,
    pub(super) clock: Clock,
    pub(super) annotator: Arc<Annotator>,
    pub(super) board: Arc<Board>,
    /// The worker's: what a keeper asks for is asked in its turns as well.
    pub(super) fetcher: Arc<Fetcher>,
}

impl KeeperOf {
    /// Says whether this process keeps the store.
    pub fn says_it_keeps(&self, keeps: bool) {
        self.holding.says_it_keeps(keeps);
    }

    /// Ends the session of a keeper that has not been heard for ten seconds; answers whether there was one.
    ///
    /// # Errors
    /// Those of the store.
    pub fn depose_silent(&self) -> crate::store::Result<bool> {
        self.holding.cluster().depose(SILENT_MS)
    }

    /// Puts on the board of its worker why this process does not keep the store though it should; none: it does, or another.
    pub fn tell(&self, why: Option<&anyhow::Error>) {
        match why {
            Some(why) => {
                self.board.failed(&Part::Keeper, format!("{why:#}"), (self.clock)());
            }
            None => drop(self.board.worked(&Part::Keeper)),
        }
    }
}

/// Says which worker's process keeps the store.
pub(super) fn name_keeper(store: &dyn Store, name: &str) -> anyhow::Result<()> {
    Ok(store.write(&mut |write| write.put_state(KEEPER, name))?)
}

/// Makes the data directory where it is not there, and takes its lock.
pub(super) fn locked(
    take: fn(&Path) -> Result<StationLock, LockError>,
    dir: &Path,
) -> anyhow::Result<StationLock> {
    platform::make_private_dir(dir)
        .with_context(|| format!("cannot make data directory `{}`", dir.display()))?;
    Ok(take(dir)?)
}

/// What a station stands on.
pub(super) enum Ground {
    /// A data directory of its own.
    Own(StationLock),
    /// A worker's, whose fetcher it asks by; the worker crawls.
    Within(Arc<Fetcher>),
}

/// What a keeper is made of.
pub(super) struct Parts<'a> {
    pub config: &'a Config,
    pub store: &'a Arc<dyn Store>,
    pub clock: &'a Clock,
    pub board: &'a Arc<Board>,
}

impl Parts<'_> {
    pub fn keep(
        &self,
        annotator: Arc<Annotator>,
        patience: &Patience,
    ) -> anyhow::Result<(Keeping, (Committer, JoinHandle<()>))> {
        let Self { config, store, clock, board } = self;
        let archive = Arc::new(Mutex::new(vault::archive(config, &***store)?));
        let index = Arc::new(open_index(config, &***store)?);
        let watching = Arc::new(Watching::new(config, clock())?);
        watching.remember_past(&***store, clock())?;
        let nudge = Nudge::default();
        let (follower, followed) = start_follower(store, &index, config, clock, &nudge, board)?;
        let waking = nudge.clone();
        let committer = Committer::start(CommitParts {
            store: (*store).clone(),
            archive: archive.clone(),
            grouped: store.state(crate::store::grouping::GROUPED)?,
            stories: restore::stories(&***store, clock())?,
            annotator,
            watching: watching.clone(),
            stored: Arc::new(move || waking.nudge()),
            patience: patience.clone(),
        });
        Ok((Keeping { watching, archive, nudge, follower, followed }, committer))
    }
}

impl Share {
    /// Renews what is held until `stop`; says who keeps the store where this process does.
    pub fn begin(&self, store: &dyn Store, keeps: bool, stop: &Stop) -> anyhow::Result<()> {
        self.holding.keep_up(stop.clone())?;
        if keeps {
            self.holding.says_it_keeps(true);
            name_keeper(store, self.holding.name())?;
        }
        Ok(())
    }

    /// A committer that hands over to whoever keeps the store.
    pub fn hand_over(&self, patience: &Patience, stop: &Stop) -> (Committer, JoinHandle<()>) {
        let (holding, patience, stop) = (self.holding.clone(), patience.clone(), stop.clone());
        let parts = HandParts { holding, patience, stop };
        Committer::by(move |queue| handing::work(&parts, queue))
    }

    pub fn open(
        config: &Config,
        store: &Arc<dyn Store>,
        fetcher: &Arc<Fetcher>,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        keys::same_for_all(config, &**store)?;
        let about = About {
            machine: platform::machine_name(),
            pid: std::process::id(),
            config: settings::of_all(config)?,
            ..About::default()
        };
        let holding = Arc::new(Holding::open(store.clone(), about)?);
        let turns = Arc::new(Turns::new(holding.clone(), store.clone(), clock.clone()));
        fetcher.stand_behind(turns.clone());
        Ok(Self { holding, turns })
    }
}

/// What the committer waits with while the store cannot be written; the board says so meanwhile.
pub(super) fn patience(board: &Arc<Board>, clock: &Clock, stop: &Stop) -> Patience {
    let (board, clock) = (board.clone(), clock.clone());
    let told = Arc::new(move |fault: Option<&CommitError>| match fault {
        Some(error) => drop(board.failed(&Part::Store, error, clock())),
        None => drop(board.worked(&Part::Store)),
    });
    Patience::new(told, stop.clone())
}

/// How a station is left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// With everything followed.
    Done,
    /// At once: the process ends.
    InHaste,
    /// For another one in this process.
    HandedOver,
}
