//! The way to a server: TCP, TLS over it, or a socket of this machine.
//!
//! In: an address. Out: something to read and write, which gives up when the server says nothing for too long.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_platform_verifier::Verifier;

use super::address::Address;

/// How long a server may take to answer the call.
const CALL: Duration = Duration::from_secs(10);

/// A way to a server.
pub(super) enum Stream {
    /// In the open, on this machine or where the address says so.
    Tcp(TcpStream),
    /// Sealed.
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// A socket of this machine.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    /// Calls the server.
    pub fn call(address: &Address) -> io::Result<Self> {
        if address.is_socket() {
            return socket(address);
        }
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name leads nowhere");
        for at in (address.host.as_str(), address.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&at, CALL) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(CALL))?;
                    stream.set_write_timeout(Some(CALL))?;
                    return if address.is_sealed {
                        sealed(stream, address)
                    } else {
                        Ok(Self::Tcp(stream))
                    };
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Gives up when the server says, or takes, nothing for so long.
    pub fn set_patience(&self, patience: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                both(patience, |t| stream.set_read_timeout(t), |t| stream.set_write_timeout(t))
            }
            Self::Tls(stream) => both(
                patience,
                |t| stream.sock.set_read_timeout(t),
                |t| stream.sock.set_write_timeout(t),
            ),
            #[cfg(unix)]
            Self::Unix(stream) => {
                both(patience, |t| stream.set_read_timeout(t), |t| stream.set_write_timeout(t))
            }
        }
    }
}

fn both(
    patience: Option<Duration>,
    read: impl FnOnce(Option<Duration>) -> io::Result<()>,
    write: impl FnOnce(Option<Duration>) -> io::Result<()>,
) -> io::Result<()> {
    read(patience)?;
    write(patience)
}

#[cfg(unix)]
fn socket(address: &Address) -> io::Result<Stream> {
    let path = format!("{}/.s.PGSQL.{}", address.host.trim_end_matches('/'), address.port);
    let stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(CALL))?;
    stream.set_write_timeout(Some(CALL))?;
    Ok(Stream::Unix(stream))
}

#[cfg(not(unix))]
fn socket(_: &Address) -> io::Result<Stream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no such sockets"))
}

/// Asks for TLS, and goes on only with it.
fn sealed(mut stream: TcpStream, address: &Address) -> io::Result<Stream> {
    stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])?;
    let mut answer = [0];
    stream.read_exact(&mut answer)?;
    if answer != *b"S" {
        return Err(io::Error::other(
            "the server speaks no TLS; `sslmode=disable` in the address would do without",
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let config = match &address.authority {
        Some(file) => {
            let mut roots = RootCertStore::empty();
            let unread = |e| io::Error::other(format!("cannot read `{}`: {e}", file.display()));
            for certificate in CertificateDer::pem_file_iter(file).map_err(unread)? {
                roots.add(certificate.map_err(unread)?).map_err(io::Error::other)?;
            }
            builder.with_root_certificates(roots)
        }
        None => {
            let verifier = Verifier::new(provider).map_err(io::Error::other)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
    let session = ClientConnection::new(Arc::new(config.with_no_client_auth()), name);
    let mut stream = StreamOwned::new(session.map_err(io::Error::other)?, stream);
    // The handshake now, so that a certificate that does not fit is told as such.
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(Stream::Tls(Box::new(stream)))
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(into),
            Self::Tls(stream) => stream.read(into),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
            #[cfg(unix)]
            Self::Unix(stream) => stream.flush(),
        }
    }
}
