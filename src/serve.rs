//! The console: an officer's rooms in a browser, on this machine, or on others by TLS and with a login.
//!
//! In: a desk, a listener, the key of marks, a signal to stop. Out: complete HTML pages; one small script adds keys and
//! fresh counts, and nothing needs it. One path, one function, one file of `serve/rooms`. It names no address outside
//! the station, and knows nothing of store, index or engine: every act is the desk's.

mod api;
mod chart;
mod connections;
mod door;
mod guard;
mod key;
pub mod mcp;
mod metrics;
mod pages;
mod rooms;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

pub use key::Key;

use crate::config::Station;
use crate::desk::Desk;
use crate::desk::seat::Seat;
use api::Limits;
use connections::{HEAD_WITHIN, answer};
use door::{Front, TlsListener};
use pages::Pages;
use rooms::public::Board;

/// What every request is answered with.
pub(crate) struct Console {
    seat: Arc<Seat>,
    pages: Pages,
    key: Key,
    front: Front,
    limits: Limits,
    board: Board,
}

/// How somebody comes in at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An address with a key, for the one person of a station on this machine alone.
    Key(String),
    /// An address with a secret, good once, that makes the first administrator.
    First(String),
    /// The plain address: there are people, who log in.
    Login(String),
}

/// A console that listens and is not yet served, so that its address is known before anything is asked of it.
pub struct Listening {
    listener: TcpListener,
    front: Front,
    station: Station,
    address: SocketAddr,
}

/// Takes the address.
///
/// # Errors
/// An address that other machines reach without TLS, proxy or name; one that is taken, with the way out.
pub async fn listen(station: &Station) -> anyhow::Result<Listening> {
    // Asked before anything listens.
    Front::of(station, station.listen)?;
    let listener = TcpListener::bind(station.listen).await.with_context(|| {
        format!("cannot listen on `{}`; choose another `listen` in [station]", station.listen)
    })?;
    let address = listener.local_addr()?;
    let front = Front::of(station, address)?;
    Ok(Listening { listener, front, station: station.clone(), address })
}

impl Listening {
    /// Where it listens; the port is known here also where config says 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How to come in. Makes the secret for the first administrator where other machines reach a console without people.
    ///
    /// # Errors
    /// A broken store.
    pub fn entry(&self, key: &Key, desk: &Desk) -> anyhow::Result<Entry> {
        let base = self.front.base();
        if !self.front.is_afar() && !desk.has_people()? {
            return Ok(Entry::Key(format!("{base}/enter?key={}", key.secret())));
        }
        Ok(match desk.first_secret()? {
            Some(secret) => Entry::First(format!("{base}/first?key={secret}")),
            None => Entry::Login(format!("{base}/")),
        })
    }

    /// Answers until `stop`; what is being answered then is cut, since nothing is half-done by it.
    ///
    /// # Errors
    /// Templates that cannot be read (a defect of the program); a certificate or key that cannot be used; a listener
    /// that failed.
    pub async fn serve(
        self,
        seat: Arc<Seat>,
        key: Key,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let pages = Pages::new(seat.desk().config.station.zone)?;
        let (limits, board) = (Limits::default(), Board::default());
        let console = Arc::new(Console { seat, pages, key, front: self.front, limits, board });
        let rooms = rooms::router(console);
        let served = async {
            if self.station.has_tls() {
                let listener = TlsListener::new(self.listener, &self.station)?;
                answer(listener, rooms, HEAD_WITHIN).await;
            } else {
                answer(self.listener, rooms, HEAD_WITHIN).await;
            }
            anyhow::Ok(())
        };
        tokio::select! {
            served = served => served,
            () = stop => Ok(()),
        }
    }
}
