//! The gate before hosts where several workers crawl: a host is asked by the one that holds it.
//!
//! In: a host. Out: entry, once its lease is had, with what is stored of the host; a lease that ran out counts as a request
//! at its end, since its holder may have asked until then. A host that nobody here asks any more is given back after what
//! was learned of it is stored. How fast it is asked stays the fetcher's business.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use pipelines::crawl::{Entered, Fetcher, HostGate, HostMemory};

use super::clock::Clock;
use super::holding::{HOST, Holding};
use super::hosts;
use crate::store::Store;
use crate::store::cluster::Leased;

/// How long a host that another has is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it is looked whether it is free.
const LOOK: Duration = Duration::from_millis(250);

/// After so long without a request a host is given back.
const IDLE: Duration = Duration::from_secs(5);

/// When a page of a host that another keeps is tried again.
const AGAIN: TimeDelta = TimeDelta::seconds(30);

/// The hosts that this process asks. Share it by `Arc`.
pub struct Turns {
    holding: Arc<Holding>,
    store: Arc<dyn Store>,
    clock: Clock,
    uses: Mutex<HashMap<String, Use>>,
}

#[derive(Clone)]
struct Use {
    inside: u32,
    left: Instant,
    /// One at a time takes or gives back the lease.
    door: Arc<tokio::sync::Mutex<()>>,
}

impl Turns {
    /// Nothing asked yet.
    pub fn new(holding: Arc<Holding>, store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { holding, store, clock, uses: Mutex::default() }
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<String, Use>> {
        // A panic elsewhere cannot leave these plain values half written.
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn let_in(&self, authority: &str, door: &tokio::sync::Mutex<()>) -> Entered {
        let _alone = door.lock().await;
        let asked = Instant::now();
        loop {
            if self.holding.has(HOST, authority) {
                return Entered::AsBefore;
            }
            let (holding, name) = (self.holding.clone(), authority.to_owned());
            let taken = tokio::task::spawn_blocking(move || holding.take(HOST, &name)).await;
            match taken {
                Ok(Ok(leased @ (Leased::Free | Leased::RanOut(_)))) => {
                    match self.learned(authority, leased).await {
                        Ok(memory) => return Entered::Anew(Box::new(memory)),
                        Err(error) => {
                            tracing::warn!(%error, authority, "what is known of a host cannot be read");
                            self.holding.lay_down(HOST, authority);
                        }
                    }
                }
                Ok(Ok(Leased::Taken)) => {}
                Ok(Err(error)) => tracing::warn!(%error, authority, "a host cannot be had yet"),
                Err(error) => tracing::error!(%error, authority, "a host cannot be had"),
            }
            if asked.elapsed() > PATIENCE {
                return Entered::NotYet { until: (self.clock)() + AGAIN };
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What is stored of a host that was just had.
    async fn learned(&self, authority: &str, leased: Leased) -> anyhow::Result<HostMemory> {
        let (store, name) = (self.store.clone(), authority.to_owned());
        let read = move || hosts::memory(&*store, &name);
        let mut memory = tokio::task::spawn_blocking(read).await??.unwrap_or_default();
        if let Leased::RanOut(until) = leased {
            memory.last_asked = memory.last_asked.max(Some(until));
        }
        Ok(memory)
    }

    /// Stores what `fetcher` learned, and gives back the hosts that nobody asks any more.
    ///
    /// # Errors
    /// Those of the store; nothing is given back then.
    pub fn give_back(&self, fetcher: &Fetcher) -> anyhow::Result<()> {
        self.give_back_idle(fetcher, IDLE)
    }

    fn give_back_idle(&self, fetcher: &Fetcher, idle: Duration) -> anyhow::Result<()> {
        let is_idle = |used: &Use| used.inside == 0 && used.left.elapsed() >= idle;
        let old: Vec<(String, Use)> = {
            let uses = self.uses();
            uses.iter()
                .filter(|(_, used)| is_idle(used))
                .map(|(n, u)| (n.clone(), u.clone()))
                .collect()
        };
        if old.is_empty() {
            return Ok(());
        }
        hosts::keep(fetcher, &*self.store)?;
        for (name, used) in old {
            // Somebody is just coming in.
            let Ok(_alone) = used.door.try_lock() else { continue };
            if !self.uses().get(&name).is_some_and(is_idle) {
                continue;
            }
            self.holding.give_back(HOST, &name);
            // Who comes now waits at this door, and takes it anew.
            let mut uses = self.uses();
            if uses.get(&name).is_some_and(|used| used.inside == 0) {
                uses.remove(&name);
            }
        }
        Ok(())
    }
}

impl HostGate for Turns {
    fn enter<'a>(
        &'a self,
        authority: &'a str,
    ) -> Pin<Box<dyn Future<Output = Entered> + Send + 'a>> {
        let door = {
            let mut uses = self.uses();
            let used = uses.entry(authority.to_owned()).or_insert_with(|| Use {
                inside: 0,
                left: Instant::now(),
                door: Arc::default(),
            });
            used.inside += 1;
            used.door.clone()
        };
        Box::pin(async move {
            if self.holding.has(HOST, authority) {
                return Entered::AsBefore;
            }
            self.let_in(authority, &door).await
        })
    }

    fn may_still_ask(&self, authority: &str) -> bool {
        self.holding.has(HOST, authority)
    }

    fn leave(&self, authority: &str) {
        if let Some(used) = self.uses().get_mut(authority) {
            used.inside = used.inside.saturating_sub(1);
            used.left = Instant::now();
        }
    }
}
