//! Where the console is reached: its address, the names browsers may ask for, TLS of its own, a proxy in front.
//!
//! In: what config says of the station. Out: a listener, and answers on whether a request came by the right way. What
//! other machines reach without TLS and without a named proxy is refused before anything listens.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::http::HeaderMap;
use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::Station;

/// How long a browser may take to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Connections that agreed on keys and wait to be answered.
const WAITING: usize = 64;

/// How the console is reached.
#[derive(Clone, Debug)]
pub(super) struct Front {
    address: SocketAddr,
    is_https: bool,
    /// What browsers ask for where other machines reach it: `https://name`.
    origin: Option<String>,
    proxy: Option<IpAddr>,
}

impl Front {
    /// # Errors
    /// What config refuses as well: reached by other machines without TLS, proxy or name.
    pub fn of(station: &Station, address: SocketAddr) -> anyhow::Result<Self> {
        let proxy = match station.proxy.as_str() {
            "" => None,
            proxy => {
                Some(proxy.parse::<IpAddr>().with_context(|| format!("`proxy = \"{proxy}\"`"))?)
            }
        };
        let is_afar = station.is_reached_from_afar();
        anyhow::ensure!(
            !is_afar || station.has_tls() || proxy.is_some(),
            "`{address}` is reached from other machines: give `tls_cert` and `tls_key`, or name the `proxy` that does TLS"
        );
        let origin = if is_afar { station.origin() } else { None };
        anyhow::ensure!(
            !is_afar || origin.is_some(),
            "`{address}` is reached from other machines: say under which name, as `public_url = \"https://name\"`"
        );
        Ok(Self { address, is_https: is_afar || station.has_tls(), origin, proxy })
    }

    /// Whether other machines reach it; then nobody comes in without a login.
    pub fn is_afar(&self) -> bool {
        self.origin.is_some()
    }

    /// Whether browsers ask by HTTPS.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// The port, which tells stations of one machine apart.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What an address of the console begins with.
    pub fn base(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        self.origin.clone().unwrap_or_else(|| format!("{scheme}://{}", self.address))
    }

    /// Whether `Host` names this console: a page elsewhere cannot reach it under a name of its own.
    pub fn is_own_host(&self, host: &str) -> bool {
        if let Some(origin) = &self.origin {
            return origin
                .strip_prefix("https://")
                .is_some_and(|own| own.eq_ignore_ascii_case(host));
        }
        let port = self.address.port();
        let own =
            [self.address.to_string(), format!("localhost:{port}"), format!("127.0.0.1:{port}")];
        own.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// Whether a page of `origin`, asked for under `host`, is one of this console.
    pub fn is_own_origin(&self, origin: &str, host: &str) -> bool {
        let scheme = if self.is_https { "https" } else { "http" };
        origin == format!("{scheme}://{host}")
    }

    /// Where a request comes from; none where a proxy is named and this is not it.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> Option<String> {
        let Some(proxy) = self.proxy else { return Some(peer.to_string()) };
        if peer != proxy {
            return None;
        }
        // The last is what the proxy itself saw; those before may be anybody's words.
        let told = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
        let last = told
            .flat_map(|line| line.split(','))
            .last()
            .and_then(|ip| ip.trim().parse::<IpAddr>().ok());
        Some(last.unwrap_or(peer).to_string())
    }
}

/// The address of whoever connected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub IpAddr);

/// A listener whose connections have agreed on keys; one that takes its time keeps no other waiting.
pub(super) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// # Errors
    /// Certificate or key that cannot be read or do not belong together.
    pub fn new(mut listener: TcpListener, station: &Station) -> anyhow::Result<Self> {
        let acceptor = acceptor(station)?;
        let address = listener.local_addr()?;
        let (send, ready) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            while !send.is_closed() {
                let (stream, peer) = Listener::accept(&mut listener).await;
                let (acceptor, send) = (acceptor.clone(), send.clone());
                tokio::spawn(async move {
                    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        // The console has ended: the connection ends with it.
                        Ok(Ok(stream)) => drop(send.send((stream, peer)).await),
                        Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS"),
                        Err(_) => tracing::debug!(%peer, "no TLS in time"),
                    }
                });
            }
        });
        Ok(Self { ready, address })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // Nobody accepts any more: there is nothing to answer until the console is stopped.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

fn acceptor(station: &Station) -> anyhow::Result<TlsAcceptor> {
    let (cert, key) = (&station.tls_cert, &station.tls_key);
    let unread =
        |path: &std::path::Path, name| format!("cannot read `{}` ({name})", path.display());
    let certs = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| unread(cert, "tls_cert"))?;
    anyhow::ensure!(!certs.is_empty(), "`{}` (tls_cert) holds no certificate", cert.display());
    let private = PrivateKeyDer::from_pem_file(key).with_context(|| unread(key, "tls_key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certs, private)
        .with_context(|| format!("`{}` does not fit `{}`", key.display(), cert.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(text: &str) -> Station {
        let mut station = crate::config::Config::shipped(&Default::default()).station;
        for line in text.split(';').filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once('=').unwrap();
            match key {
                "listen" => station.listen = value.parse().unwrap(),
                "proxy" => station.proxy = value.to_owned(),
                "public_url" => station.public_url = value.to_owned(),
                _ => (station.tls_cert, station.tls_key) = (value.into(), value.into()),
            }
        }
        station
    }

    fn front(text: &str) -> anyhow::Result<Front> {
        let station = station(text);
        Front::of(&station, station.listen)
    }

    #[test]
    fn what_others_reach_needs_tls_or_a_named_proxy_and_a_name() {
        for bad in [
            "listen=0.0.0.0:80",
            "listen=0.0.0.0:80;public_url=https://a.example",
            "listen=0.0.0.0:80;tls=x.pem",
            "listen=0.0.0.0:80;tls=x.pem;public_url=http://a.example",
            "proxy=127.0.0.1",
            "proxy=127.0.0.1;public_url=https://a.example/path",
            "proxy=elsewhere;public_url=https://a.example",
        ] {
            assert!(front(bad).is_err(), "{bad}");
        }
        for good in [
            "",
            "listen=[::1]:8718",
            "tls=x.pem",
            "listen=0.0.0.0:80;tls=x.pem;public_url=https://a.example",
            "listen=0.0.0.0:80;proxy=10.0.0.2;public_url=https://a.example:8443",
        ] {
            assert!(front(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn only_the_proxy_is_believed_and_only_its_own_word() {
        let front = front("proxy=10.0.0.2;public_url=https://a.example").unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "192.0.2.66, 198.51.100.7".parse().unwrap());
        let (proxy, other) = ("10.0.0.2".parse().unwrap(), "10.0.0.3".parse().unwrap());
        assert_eq!(front.caller(proxy, &headers).as_deref(), Some("198.51.100.7"));
        assert_eq!(front.caller(other, &headers), None);
        assert!(front.is_own_host("a.example") && !front.is_own_host("127.0.0.1:8718"));
        assert!(front.is_own_origin("https://a.example", "a.example"));
        assert!(!front.is_own_origin("http://a.example", "a.example"));
    }
}
