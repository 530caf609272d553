//! What this process holds for a while of what several share: sources that it reads, hosts that it asks.
//!
//! In: a store on a server. Out: leases, renewed by a thread of its own as long as the process lives, and the certainty
//! that one still stands. Whoever dies loses what it held when its leases run out; whoever cannot renew them stops using
//! them before that.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::deep::DeepRead;
use super::stop::Stop;
use crate::platform;
use crate::store::cluster::Leased;
use crate::store::{Cluster, Result, Store, StoreError};

/// How long a lease stands without being renewed.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(3);

/// How long before its end a lease is no longer used: what was begun then is over by then.
const MARGIN: Duration = Duration::from_secs(5);

/// How often the wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A lease on a source, and on a host.
pub(super) const SOURCE: &str = "source";
pub(super) const HOST: &str = "host";

/// What a process says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// What it does: `crawl`, `judge`, `keep`, `serve`.
    pub roles: Vec<String>,
    /// The machine.
    pub machine: String,
    /// The number of the process there.
    pub pid: u32,
    /// Whether it keeps the store now.
    pub keeps: bool,
    /// Records it took up, or judged for others, since it began.
    pub received: u64,
    /// A mark of what it judges by, where it judges for others.
    pub judges_by: Option<String>,
    /// What its deep reader has read since it began; none where it has none, or was not asked yet.
    pub deep: Option<DeepRead>,
    /// A mark of the config it runs on: workers of one store should have one.
    pub config: String,
}

/// The leases of one process. Share it by `Arc`.
pub struct Holding {
    store: Arc<dyn Store>,
    name: String,
    state: Mutex<State>,
    received: AtomicU64,
    reads: OnceLock<Reads>,
}

/// Tells what the deep reader of this process has read.
type Reads = Box<dyn Fn() -> DeepRead + Send + Sync>;

struct State {
    about: About,
    held: BTreeSet<(String, String)>,
    /// When the last renewal that succeeded was asked for; none before.
    renewed: Option<Instant>,
}

fn unshared() -> StoreError {
    StoreError::Sql("a store that is one file is not shared".to_owned())
}

impl Holding {
    /// Nothing held yet, signed on.
    ///
    /// # Errors
    /// Those of the store.
    pub fn open(store: Arc<dyn Store>, about: About) -> Result<Self> {
        let nonce = platform::random_bytes::<4>().map_err(|e| StoreError::Sql(e.to_string()))?;
        let nonce = pipelines::text::hex(&nonce);
        let name = format!("{}-{}-{nonce}", about.machine, about.pid);
        let state = State { about, held: BTreeSet::new(), renewed: None };
        if store.cluster().is_none() {
            return Err(unshared());
        }
        let (received, reads) = (AtomicU64::new(0), OnceLock::new());
        let holding = Self { store, name, state: Mutex::new(state), received, reads };
        holding.renew()?;
        Ok(holding)
    }

    /// Renews what is held until `stop`.
    pub fn keep_up(self: &Arc<Self>, stop: Stop) -> std::io::Result<JoinHandle<()>> {
        let holding = self.clone();
        std::thread::Builder::new().name("leases".to_owned()).spawn(move || {
            let mut last = Instant::now();
            while !stop.is_asked() {
                std::thread::sleep(LOOK);
                if last.elapsed() < RENEW {
                    continue;
                }
                last = Instant::now();
                if let Err(error) = holding.renew() {
                    tracing::warn!(%error, "what this worker holds is not renewed");
                }
            }
        })
    }

    /// The name of this worker.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A number that differs from process to process: where it begins among many.
    pub fn place(&self) -> usize {
        self.name.bytes().fold(0, |n: usize, b| n.wrapping_mul(31).wrapping_add(b.into()))
    }

    /// What processes agree on.
    pub fn cluster(&self) -> &dyn Cluster {
        self.store.cluster().expect("it was there when this was opened")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave these plain values half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether this process keeps the store.
    pub fn says_it_keeps(&self, keeps: bool) {
        self.state().about.keeps = keeps;
    }

    /// Says what this process does.
    pub fn says_roles(&self, roles: &[&str]) {
        self.state().about.roles = roles.iter().map(|role| (*role).to_owned()).collect();
    }

    /// Says that this process judges for others who judge by the same.
    pub fn says_it_judges(&self, mark: &str) {
        self.state().about.judges_by = Some(mark.to_owned());
    }

    /// Says from now on what the deep reader of this process has read, as `reads` tells it.
    pub fn says_it_reads(&self, reads: impl Fn() -> DeepRead + Send + Sync + 'static) {
        // Whoever came first tells it already.
        let _ = self.reads.set(Box::new(reads));
    }

    /// Counts records that were taken up.
    pub fn counts(&self, received: u64) {
        self.received.fetch_add(received, Ordering::Relaxed);
    }

    fn renew(&self) -> Result<()> {
        let (about, before) = {
            let mut state = self.state();
            state.about.received = self.received.load(Ordering::Relaxed);
            state.about.deep = self.reads.get().map(|reads| reads()).filter(|read| read.posts > 0);
            (state.about.clone(), state.held.clone())
        };
        let asked = Instant::now();
        let about = serde_json::to_string(&about).map_err(|e| StoreError::Sql(e.to_string()))?;
        let ms = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let held: BTreeSet<_> = self.cluster().sign(&self.name, &about, ms)?.into_iter().collect();
        let mut state = self.state();
        for lost in before.difference(&held) {
            tracing::warn!(kind = lost.0, object = lost.1, "another worker has this now");
            state.held.remove(lost);
        }
        state.renewed = Some(asked);
        Ok(())
    }

    /// Takes a lease where it can be had.
    pub fn take(&self, kind: &str, object: &str) -> Result<Leased> {
        let ms = u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX);
        let leased = self.cluster().lease(kind, object, &self.name, ms)?;
        if leased != Leased::Taken {
            self.state().held.insert((kind.to_owned(), object.to_owned()));
        }
        Ok(leased)
    }

    /// No longer counts on a lease; it still has to be given back.
    pub fn lay_down(&self, kind: &str, object: &str) {
        self.state().held.remove(&(kind.to_owned(), object.to_owned()));
    }

    /// Gives a lease back.
    pub fn give_back(&self, kind: &str, object: &str) {
        self.lay_down(kind, object);
        if let Err(error) = self.cluster().release(kind, object, &self.name) {
            tracing::warn!(%error, kind, object, "it is free only when its lease has run out");
        }
    }

    /// Whether it is held beyond doubt.
    pub fn has(&self, kind: &str, object: &str) -> bool {
        let state = self.state();
        let is_sure = state.renewed.is_some_and(|at| at.elapsed() < LEASE - MARGIN);
        is_sure && state.held.contains(&(kind.to_owned(), object.to_owned()))
    }

    /// Gives everything back, and says that this process ends.
    pub fn end(&self) {
        self.state().held.clear();
        if let Err(error) = self.cluster().sign_off(&self.name) {
            tracing::warn!(%error, "what this worker held is free only when its leases have run out");
        }
    }
}
