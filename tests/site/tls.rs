//! A TLS listener whose certificate nobody signed (`self-signed.*.der`, made for these tests, worth nothing).
//!
//! In: nothing. Out: a port; each handshake is tried once and the connection dropped.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

/// Serves `connections` handshakes on a free port of loopback.
pub fn self_signed(connections: usize) -> SocketAddr {
    let certificate = CertificateDer::from(include_bytes!("self-signed.cert.der").to_vec());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("self-signed.key.der").to_vec());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            let Ok(mut stream) = stream else { continue };
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let mut tls = Stream::new(&mut connection, &mut stream);
            // The client is expected to refuse the certificate here.
            if tls.read(&mut [0u8; 1024]).is_ok() {
                let _ = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
        }
    });
    address
}
