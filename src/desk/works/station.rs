//! The station at work, from its opening until somebody wants something else of it.
//!
//! In: a config. Out: why it ended: for good, because its config changed, or because a command wants the directory. It
//! shows nothing: its door says what is to be said.

use std::path::{Path, PathBuf};

use pipelines::locale::Lang;

use super::roles::Roles;
use super::{LEAVE_WITHIN, Listener, Stop};
use crate::config::{Config, StoreKind};
use crate::desk::Desk;
use crate::desk::seat::Renewal;
use crate::desk::trouble::in_words;
use crate::engine::{LockError, Station, keeper, lend, run, system_clock, wanted};
use crate::store::StoreError;

/// A station that collects, watches and tells.
pub struct AtWork {
    station: Station,
    roles: Roles,
}

/// Why a station ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// For good.
    Stop,
    /// Its config has changed.
    Renew,
    /// A command wants the directory.
    Lend,
}

impl AtWork {
    /// Takes the data directory of `config`, to lend it to commands.
    ///
    /// # Errors
    /// Another station on its data; a part it cannot live without.
    pub fn open(config: Config, roles: Roles, listener: Listener) -> anyhow::Result<Self> {
        if config.store.kind == StoreKind::Sqlite {
            let station = Station::open_to_lend(config, system_clock(), listener)?;
            return Ok(Self { station, roles });
        }
        let mut station = Station::open_as_worker(config, system_clock(), listener)?;
        station.take_on(&roles.names())?;
        Ok(Self { station, roles })
    }

    /// The config it runs on.
    #[must_use]
    pub fn config(&self) -> Config {
        (*self.station.config).clone()
    }

    /// Its data directory.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.station.dir.0.clone()
    }

    /// Its desk; changes of config are told to `renewal`.
    #[must_use]
    pub fn desk(&self, renewal: &Renewal) -> Desk {
        let (config, store) = (self.station.config.clone(), self.station.store.clone());
        Desk::new(config, store, self.station.collector.clock.clone()).renewed_by(renewal.clone())
    }

    /// Works until it is asked to end, and closes it.
    ///
    /// # Errors
    /// A part that it cannot live without.
    pub fn until_asked(self, wish: &Stop, renewal: &Renewal) -> anyhow::Result<Asked> {
        let Self { station, roles } = self;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (stop, asked, renewal) = (station.stop.clone(), wish.clone(), renewal.clone());
        let dir = station.dir.0.clone();
        let keeper = station.keeper_of().filter(|_| roles.keeps && !station.keeps());
        let keeping = keeper.map(|keeper| {
            let stop = station.stop.clone();
            let keep = move || keeper::keep(&keeper, &stop);
            std::thread::Builder::new().name("keeper".to_owned()).spawn(keep)
        });
        let keeping = keeping.transpose()?;
        let ended = runtime.block_on(async {
            let asking = tokio::spawn(async move {
                let why = tokio::select! {
                    () = asked.asked() => Asked::Stop,
                    () = renewal.asked() => Asked::Renew,
                    () = wanted(&dir) => Asked::Lend,
                };
                stop.ask();
                why
            });
            let ended = run::run(&station).await;
            if ended.is_err() {
                asking.abort();
            }
            ended.map(|()| asking)
        });
        let ended = ended.and_then(|asking| Ok(runtime.block_on(asking)?));
        // A file being read or a digest being made ends with it; nothing of it was acknowledged.
        runtime.shutdown_timeout(LEAVE_WITHIN);
        station.stop.ask();
        if keeping.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the keeper panicked; see the log");
        }
        let closed =
            if wish.is_asked() || ended.is_err() { station.close() } else { station.hand_over() };
        let why = ended?;
        closed.map(|()| why)
    }
}

/// Waits until a command has had the directory.
pub fn lend_out(dir: &Path, wish: &Stop) {
    tracing::info!("a command has the data directory; the station goes on when it is done");
    lend(dir, &|| wish.is_asked());
}

/// What is said of a server that cannot be worked with just now, and will be again; none where `error` is none of that.
#[must_use]
pub fn waits_for_server(error: &anyhow::Error, lang: Lang) -> Option<String> {
    match error.downcast_ref()? {
        StoreError::Away { place, .. } => Some(lang.fill("cli.run.away", &[("place", place)])),
        StoreError::Standby { .. } | StoreError::AtLimit { .. } | StoreError::ServerFull { .. } => {
            Some(in_words(error, lang))
        }
        _ => None,
    }
}

/// Whether somebody else has the directory.
#[must_use]
pub fn is_held(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(LockError::Held { .. }))
}
