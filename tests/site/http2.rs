//! A server that speaks nothing but HTTP/2, over TLS. Its certificate is signed by a root of these tests
//! (`h2.ca.pem`, worth nothing elsewhere).
//!
//! In: what to answer. Out: a port.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// The root to trust.
pub const ROOT: &[u8] = include_bytes!("h2.ca.pem");

/// Answers 404 to robots.txt and `html` to all else.
pub async fn start(html: &'static str) -> SocketAddr {
    let certificate = CertificateDer::from(include_bytes!("h2.cert.der").to_vec());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("h2.key.der").to_vec());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let Ok(mut connection) = h2::server::handshake(stream).await else { return };
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let is_robots = request.uri().path() == "/robots.txt";
                    let answer = http::Response::builder()
                        .status(if is_robots { 404 } else { 200 })
                        .header("content-type", "text/html; charset=utf-8")
                        .body(())
                        .unwrap();
                    let body = if is_robots { "" } else { html };
                    let mut sent = respond.send_response(answer, false).unwrap();
                    sent.send_data(body.into(), true).unwrap();
                }
            });
        }
    });
    address
}
