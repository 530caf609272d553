//! Connections of browsers and programs, answered one task each; who does not say what it wants in time is hung up on.
//!
//! In: a listener and the rooms. Out: answers until the task is dropped. An answer may take as long as it needs (events of a
//! page stay open for minutes); a request line and its headers may not.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tower_service::Service as _;

use super::door::Peer;

/// How long the head of a request may take, and a connection stay open between two.
pub(super) const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// Answers whoever comes, for good.
pub(super) async fn answer<L>(mut listener: L, rooms: Router, head_within: Duration)
where
    L: Listener<Addr = SocketAddr>,
{
    loop {
        let (stream, address) = listener.accept().await;
        let (rooms, peer) = (rooms.clone(), ConnectInfo(Peer(address.ip())));
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            let mut rooms = rooms.clone();
            async move { rooms.call(request).await }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(head_within);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    async fn said(request: &[u8], head_within: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let who = |ConnectInfo(Peer(ip)): ConnectInfo<Peer>| async move { ip.to_string() };
        let rooms = Router::new().route("/", get(who));
        tokio::spawn(answer(listener, rooms, head_within));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answered = String::new();
        stream.read_to_string(&mut answered).await.unwrap();
        answered
    }

    #[tokio::test]
    async fn who_asks_is_answered_and_known_by_address() {
        let asked = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let answered = said(asked, HEAD_WITHIN).await;
        assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
        assert!(answered.ends_with("127.0.0.1"), "{answered}");
    }

    #[tokio::test]
    async fn who_never_ends_a_head_is_hung_up_on() {
        // Without the bound the reading of the answer would never end.
        let answered = said(b"GET / HTTP/1.1\r\nhost: x\r\n", Duration::from_millis(20)).await;
        assert!(!answered.contains("200"), "{answered}");
    }
}
