//! The console: an officer's rooms in a browser, on this machine.
//!
//! In: a desk, a listener on loopback, the entry key, a signal to stop. Out: complete HTML pages; one small script
//! adds keys and fresh counts, and nothing needs it. One path, one function, one file of `serve/rooms`. It names
//! no address outside the station, and knows nothing of store, index or engine: every act is the desk's.

mod chart;
mod guard;
mod key;
mod pages;
mod rooms;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;

pub use key::Key;

use crate::desk::seat::Seat;
use pages::Pages;

/// What every request is answered with.
pub(crate) struct Console {
    seat: Arc<Seat>,
    pages: Pages,
    key: Key,
    address: SocketAddr,
}

/// A console that listens and is not yet served, so that its address is known before anything is asked of it.
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// Takes the address.
///
/// # Errors
/// An address that is not of loopback: there is no login yet, so nobody else may come near. An address that is
/// taken, with the way out.
pub async fn listen(address: SocketAddr) -> anyhow::Result<Listening> {
    anyhow::ensure!(
        address.ip().is_loopback(),
        "the console listens on this machine only; `{address}` is not of loopback (127.0.0.1 or [::1])"
    );
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on `{address}`; choose another `listen` in [station]")
    })?;
    let address = listener.local_addr()?;
    Ok(Listening { listener, address })
}

impl Listening {
    /// Where it listens; the port is known here also where config says 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that lets a browser in, once; it remembers.
    #[must_use]
    pub fn entry(&self, key: &Key) -> String {
        format!("http://{}/enter?key={}", self.address, key.secret())
    }

    /// Answers until `stop`; what is being answered then is cut, since nothing is half-done by it.
    ///
    /// # Errors
    /// Templates that cannot be read (a defect of the program); a listener that failed.
    pub async fn serve(
        self,
        seat: Arc<Seat>,
        key: Key,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let pages = Pages::new(seat.desk().config.station.zone)?;
        let console = Arc::new(Console { seat, pages, key, address: self.address });
        let served = axum::serve(self.listener, rooms::router(console)).into_future();
        tokio::select! {
            served = served => Ok(served?),
            () = stop => Ok(()),
        }
    }
}
