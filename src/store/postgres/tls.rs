//! TLS to a server, by the same library as everything else here.
//!
//! In: an address. Out: what the client seals its connection with. The certificate is always checked: by the authority
//! that the address names, else by those the system trusts. What cannot be sealed is refused with the reason, and nothing
//! goes in the clear.

use std::error::Error;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::trouble::Trouble;

/// Why a connection cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// The server speaks no TLS.
    #[error("the server speaks no TLS")]
    NoTls,
    /// Nobody who is trusted signed its certificate.
    #[error("its certificate is signed by nobody who is trusted here")]
    Stranger,
    /// Its certificate names other hosts.
    #[error("its certificate is for another name")]
    OtherName,
    /// Its certificate is not valid at this time.
    #[error("its certificate is not valid at this time")]
    OutOfTime,
    /// Its certificate is that of an authority, which signs others and not itself.
    #[error("its certificate is that of an authority")]
    SelfSigned,
    /// The file of authorities cannot be used.
    #[error("the file of authorities cannot be used: {0}")]
    Authority(String),
    /// Something else that does not mend itself.
    #[error("{0}")]
    Other(String),
}

impl SealFault {
    /// What a failed handshake failed by; none where the way was lost.
    pub(super) fn of(cause: &(dyn Error + 'static)) -> Option<Self> {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let sealing = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let refused = match sealing {
            Some(rustls::Error::InvalidCertificate(refused)) => refused,
            Some(other) => return Some(Self::Other(other.to_string())),
            // The client has no other word for it.
            None => {
                return (cause.to_string() == "server does not support TLS").then_some(Self::NoTls);
            }
        };
        Some(match refused {
            CertificateError::UnknownIssuer => Self::Stranger,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherName
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::OutOfTime,
            other if format!("{other:?}").contains("CaUsedAsEndEntity") => Self::SelfSigned,
            other => Self::Other(other.to_string()),
        })
    }
}

/// The authorities in a file of certificates (PEM).
fn authorities(file: &Path) -> Result<RootCertStore, SealFault> {
    let at = |why: String| SealFault::Authority(format!("`{}`: {why}", file.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| at(e.to_string()))? {
        let certificate = certificate.map_err(|e| at(e.to_string()))?;
        roots.add(certificate).map_err(|e| at(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(at("it holds no certificate (PEM)".to_owned()));
    }
    Ok(roots)
}

/// Makes connectors.
#[derive(Clone)]
pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// For a server at `address`.
    pub fn of(address: &Address) -> Result<Self, Trouble> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let builder = match &address.authority {
            // An authority that is not needed is not asked for.
            Some(file) if address.is_sealed => builder.with_root_certificates(authorities(file)?),
            _ if !address.is_sealed => builder.with_root_certificates(RootCertStore::empty()),
            _ => {
                let verifier = Verifier::new(provider).map_err(io::Error::other)?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
        };
        Ok(Self(Arc::new(builder.with_no_client_auth())))
    }
}

/// Seals one connection.
pub(super) struct Sealing {
    connector: TlsConnector,
    /// Its name, or why it has none: a socket of this machine is never sealed.
    name: io::Result<ServerName<'static>>,
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Sealed<S>;
    type TlsConnect = Sealing;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> io::Result<Sealing> {
        let name = ServerName::try_from(domain.to_owned()).map_err(io::Error::other);
        Ok(Sealing { connector: TlsConnector::from(self.0.clone()), name })
    }
}

impl<S> TlsConnect<S> for Sealing
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Sealed<S>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Sealed<S>>>;

    fn connect(self, stream: S) -> Self::Future {
        async move { Ok(Sealed(self.connector.connect(self.name?, stream).await?)) }.boxed()
    }
}

/// A sealed connection.
pub(super) struct Sealed<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Sealed<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Sealed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Sealed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
