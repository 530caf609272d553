//! The sockets of the demo: one listener a site, each on its own loopback address where the system allows it.
//!
//! In: rendered answers. Out: addresses, and tasks that live as long as the handle. Binds loopback only.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::http::{Response, StatusCode, Uri, header};
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::content::{SITE_KEYS, sites};
use super::render::{Served, render_site};

/// The running sites. Dropping it ends them.
#[derive(Debug)]
pub struct DemoSite {
    /// Where each site listens, by its key.
    pub addresses: BTreeMap<&'static str, SocketAddr>,
    /// The number of pages behind the entries.
    pub pages: usize,
    asked: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<()>>,
}

impl DemoSite {
    /// How many requests the sites have been asked since they began.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for DemoSite {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Serves the sites with times relative to this moment.
///
/// # Errors
/// No loopback socket can be bound, or the content cannot be rendered.
pub async fn serve() -> anyhow::Result<DemoSite> {
    serve_at(Utc::now()).await
}

/// Serves the sites with times relative to `now`.
///
/// # Errors
/// No loopback socket can be bound, or the content cannot be rendered.
pub async fn serve_at(now: DateTime<Utc>) -> anyhow::Result<DemoSite> {
    let texts = sites()?;
    let asked = Arc::default();
    let mut site = DemoSite { addresses: BTreeMap::new(), pages: 0, asked, tasks: Vec::new() };
    for (i, key) in SITE_KEYS.into_iter().enumerate() {
        let listener = bind(i).await?;
        let address = listener.local_addr()?;
        let answers = match texts.iter().find(|t| t.key == key) {
            Some(text) => {
                site.pages += text.pages.len();
                Some(render_site(text, &format!("http://{address}"), now)?)
            }
            None => None,
        };
        site.addresses.insert(key, address);
        let router = router(answers, Arc::clone(&site.asked));
        site.tasks.push(tokio::spawn(async move {
            if let Err(cause) = axum::serve(listener, router).await {
                tracing::error!(site = key, %cause, "demo site stopped");
            }
        }));
    }
    Ok(site)
}

/// A host of its own for each site, so that politeness and robots are per site; where only 127.0.0.1 can be
/// bound (macOS), the sites differ by port.
async fn bind(i: usize) -> anyhow::Result<TcpListener> {
    let last = u8::try_from(i + 1).unwrap_or(1);
    if let Ok(listener) = TcpListener::bind((Ipv4Addr::new(127, 0, 0, last), 0)).await {
        return Ok(listener);
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot bind a loopback port")
}

/// `None` stands for the site that is down: robots.txt is there, everything else is a 500.
fn router(answers: Option<BTreeMap<String, Served>>, asked: Arc<AtomicUsize>) -> Router {
    let answers = Arc::new(answers);
    Router::new().fallback(move |uri: Uri| {
        asked.fetch_add(1, Ordering::SeqCst);
        let answers = Arc::clone(&answers);
        async move { answer(answers.as_ref().as_ref(), uri.path()) }
    })
}

fn answer(answers: Option<&BTreeMap<String, Served>>, path: &str) -> Response<Body> {
    let plain = "text/plain; charset=utf-8";
    let (status, content_type, location, body) = match answers {
        None if path == "/robots.txt" => (200, plain, None, b"User-agent: *\nDisallow:\n".to_vec()),
        None => (500, plain, None, b"database error".to_vec()),
        Some(answers) => match answers.get(path) {
            Some(s) => (s.status, s.content_type, s.location.clone(), s.body.clone()),
            None => (404, plain, None, b"not found".to_vec()),
        },
    };
    let mut response =
        Response::builder().status(status).header(header::CONTENT_TYPE, content_type);
    if let Some(target) = location {
        response = response.header(header::LOCATION, target);
    }
    response.body(Body::from(body)).unwrap_or_else(|_| {
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn status(address: SocketAddr, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let ask = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).split_whitespace().nth(1).unwrap().to_owned()
    }

    #[tokio::test]
    async fn sites_answer_over_http_as_they_are_meant_to() {
        let site = serve().await.unwrap();
        assert_eq!(site.addresses.len(), SITE_KEYS.len());
        assert!((55..=70).contains(&site.pages));
        for (key, path, expected) in [
            ("daily", "/rss.xml", "200"),
            ("energy", "/atom.xml", "200"),
            ("blog", "/feed.json", "200"),
            ("forum", "/thread-60418-1-1.html", "200"),
            ("portal", "/news/2041/30809.html", "500"),
            ("portal", "/news/2041/30802.html", "302"),
            ("portal", "/no/such/page", "404"),
            ("down", "/robots.txt", "200"),
            ("down", "/rss.xml", "500"),
        ] {
            assert_eq!(status(site.addresses[key], path).await, expected, "{key}{path}");
        }
    }
}
