//! A site on loopback whose answers a test changes while it runs.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, Uri, header::CONTENT_TYPE};
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

type Answers = Arc<Mutex<HashMap<String, (u16, String)>>>;

/// The running site; its paths answer 404 until the test says otherwise.
pub struct Pages {
    pub address: SocketAddr,
    pub runtime: tokio::runtime::Runtime,
    answers: Answers,
}

impl Pages {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let answers = Answers::default();
        let served = answers.clone();
        let router = Router::new().fallback(move |uri: Uri| {
            let path = uri.path_and_query().map_or_else(String::new, ToString::to_string);
            let answer = served.lock().unwrap().get(&path).cloned();
            async move {
                let (status, body) = answer.unwrap_or((404, "<p>not found".to_owned()));
                let kind = if path.ends_with(".xml") {
                    "application/rss+xml"
                } else {
                    "text/html; charset=utf-8"
                };
                (StatusCode::from_u16(status).unwrap(), [(CONTENT_TYPE, kind)], body)
            }
        });
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, runtime, answers }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn put(&self, path: &str, body: impl Into<String>) {
        self.answers.lock().unwrap().insert(path.to_owned(), (200, body.into()));
    }

    pub fn fail(&self, path: &str, status: u16) {
        self.answers.lock().unwrap().insert(path.to_owned(), (status, "<p>gone".to_owned()));
    }
}

/// When everything here was published: the same day for all, in the past day of any run.
fn published() -> DateTime<Utc> {
    let hours_ago = Utc::now() - TimeDelta::hours(3);
    hours_ago.duration_trunc(TimeDelta::minutes(1)).unwrap()
}

/// An article page: a title, a time, paragraphs, and what stands after them.
pub fn article(title: &str, paragraphs: &[&str], tail: &str) -> String {
    let published = published().to_rfc3339();
    let body: String = paragraphs.iter().map(|p| format!("<p>{p}</p>")).collect();
    format!(
        "<!doctype html><html><head><title>{title}</title>\
         <meta property='article:published_time' content='{published}'></head>\
         <body><h1>{title}</h1><div class='content'>{body}</div>{tail}</body></html>"
    )
}

/// A feed of `(title, link, text)`.
pub fn feed(items: &[(&str, String, &str)]) -> String {
    let published = published().to_rfc2822();
    let items: String = items
        .iter()
        .map(|(title, link, text)| {
            format!(
                "<item><title>{title}</title><link>{link}</link>\
                 <pubDate>{published}</pubDate><description>{text}</description></item>"
            )
        })
        .collect();
    format!(
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>云岭</title>{items}</channel></rss>"
    )
}
