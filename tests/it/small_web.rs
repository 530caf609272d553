//! A site in a few lines for tests that kill: a feed, a list, pages, whose texts each tell a story of their own.
//!
//! In: numbers of posts. Out: answers of a site. What a post is about, and when it was published, is the caller's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, Utc};

use crate::lab::{Dice, signs};

/// A post as a site shows it.
pub struct Sheet {
    pub number: u64,
    pub title: String,
    pub text: String,
    pub at: DateTime<Utc>,
}

impl Sheet {
    /// Post `number`, which tells of an accident or of nothing.
    pub fn of(number: u64, is_accident: bool, at: DateTime<Utc>) -> Self {
        let mut dice = Dice(number + 500_000);
        let accident = if is_accident { "井下发生事故，" } else { "" };
        let text = format!(
            "{accident}{}，{}。{}。",
            signs(&mut dice, 30),
            signs(&mut dice, 25),
            signs(&mut dice, 40)
        );
        Self { number, title: signs(&mut Dice(number), 14), text, at }
    }
}

/// A site or hook that takes every request and answers none but for its robots.txt; how many it took is counted.
pub fn hanging(asked: &Arc<AtomicUsize>) -> Router {
    let asked = asked.clone();
    Router::new().fallback(move |uri: Uri| {
        let asked = asked.clone();
        async move {
            if uri.path() != "/robots.txt" {
                asked.fetch_add(1, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
            StatusCode::NOT_FOUND
        }
    })
}

/// Serves `router` on a port of its own.
pub fn serve(runtime: &tokio::runtime::Runtime, router: Router) -> u16 {
    serve_at(runtime, Ipv4Addr::LOCALHOST, router).port()
}

/// Serves `router` at `host`, on a port of its own.
pub fn serve_at(runtime: &tokio::runtime::Runtime, host: Ipv4Addr, router: Router) -> SocketAddr {
    let listener = runtime.block_on(tokio::net::TcpListener::bind((host, 0))).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, router).await });
    address
}

/// What a site of `host` answers under `path`: a feed with the texts of `feed`, a list of `list`, pages of both.
pub fn page(host: &str, path: &str, feed: &[Sheet], list: &[Sheet]) -> Response {
    match path {
        "/rss.xml" => {
            let items: String = feed.iter().map(|sheet| item(host, sheet)).collect();
            let feed = format!(
                "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>站</title>{items}</channel></rss>"
            );
            ([(header::CONTENT_TYPE, "application/rss+xml")], feed).into_response()
        }
        "/list/" => {
            let link =
                |s: &Sheet| format!("<li><a href='/p/{}.html'>{}</a></li>", s.number, s.title);
            let links: String = list.iter().map(link).collect();
            Html(format!("<html><title>列表</title><body><ul>{links}</ul></body></html>"))
                .into_response()
        }
        _ => {
            let number = path.strip_prefix("/p/").and_then(|p| p.strip_suffix(".html"));
            let number = number.and_then(|n| n.parse::<u64>().ok());
            match feed.iter().chain(list).find(|sheet| Some(sheet.number) == number) {
                Some(sheet) => Html(article(sheet)).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            }
        }
    }
}

fn item(host: &str, sheet: &Sheet) -> String {
    format!(
        "<item><title>{}</title><link>http://{host}/p/{}.html</link><pubDate>{}</pubDate>\
         <description>{}</description></item>",
        sheet.title,
        sheet.number,
        sheet.at.to_rfc2822(),
        sheet.text
    )
}

fn article(sheet: &Sheet) -> String {
    format!(
        "<!doctype html><html><head><title>{title}</title>\
         <meta property='article:published_time' content='{at}'></head>\
         <body><h1>{title}</h1><div class='content'><p>{text}</p></div></body></html>",
        title = sheet.title,
        at = sheet.at.to_rfc3339(),
        text = sheet.text
    )
}
