//! Six sites and a hook in true time, whatever the station's clock says.
//!
//! In: the time. Out: feeds and lists that name everything published so far, pages, and a hook that counts what
//! it is told under which key, or takes a message and never answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};

use crate::lab::{Dice, signs};

/// Sources: feeds with texts first, then lists with pages.
pub const SOURCES: i64 = 6;

/// Hours between two posts of a source.
const EVERY: i64 = 3;

/// The post of the first source that comes to the end of its time during the week: hours since the start.
pub const PAST_ITS_DATE: i64 = -26 * 24;

pub fn start() -> DateTime<Utc> {
    "2026-11-02T00:00:00Z".parse().unwrap()
}

/// What everyone can see.
pub struct Sites {
    /// The true time, in seconds since the epoch.
    pub time: AtomicI64,
    /// The hook takes messages and never answers.
    pub hook_hangs: AtomicBool,
    /// Requests for anything but robots.txt.
    pub asked: AtomicUsize,
    /// Answered messages by key.
    pub told: Mutex<BTreeMap<String, usize>>,
}

impl Sites {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            time: AtomicI64::new(start().timestamp()),
            hook_hangs: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            told: Mutex::default(),
        })
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.time.load(Ordering::SeqCst), 0).unwrap()
    }

    fn hour(&self) -> i64 {
        (self.now() - start()).num_hours()
    }

    /// Binds everything; answers the ports of the sites and of the hook.
    pub async fn serve(self: &Arc<Self>) -> (Vec<u16>, u16) {
        let mut ports = Vec::new();
        for source in 0..SOURCES {
            let sites = self.clone();
            let router = Router::new().fallback(move |uri: Uri| {
                let answer = sites.answer(source, uri.path());
                async move { answer }
            });
            ports.push(bind(router).await);
        }
        let sites = self.clone();
        let hook = Router::new().fallback(move |body: String| {
            let sites = sites.clone();
            async move { sites.hear(&body).await }
        });
        (ports, bind(hook).await)
    }

    async fn hear(&self, body: &str) -> StatusCode {
        if self.hook_hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let message: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        let key = message["key"].as_str().unwrap_or_default().to_owned();
        *self.told.lock().unwrap().entry(key).or_default() += 1;
        StatusCode::NO_CONTENT
    }

    fn answer(&self, source: i64, path: &str) -> Response {
        if path == "/robots.txt" {
            return self.dated(StatusCode::NOT_FOUND.into_response());
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let numbered = path.strip_prefix("/p/").and_then(|p| p.strip_suffix(".html"));
        self.dated(match path {
            "/rss.xml" => {
                ([(header::CONTENT_TYPE, "application/rss+xml")], feed(source, self.hour()))
                    .into_response()
            }
            "/list/" => Html(list(source, self.hour())).into_response(),
            _ => match numbered.and_then(|n| n.parse().ok()) {
                Some(hour) => Html(article(source, hour)).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
        })
    }

    /// With the `Date` of a site whose clock is right.
    fn dated(&self, mut response: Response) -> Response {
        let date = self.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert(header::DATE, date.parse().unwrap());
        response
    }
}

async fn bind(router: Router) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

pub fn is_feed(source: i64) -> bool {
    source < SOURCES / 2
}

/// The hours at which a source published something, up to `hour`.
pub fn published(source: i64, hour: i64) -> Vec<i64> {
    let old = (source == 0).then_some(PAST_ITS_DATE);
    let regular = (-24..=hour).filter(|hour| hour.rem_euclid(EVERY) == source % EVERY);
    old.into_iter().chain(regular).collect()
}

/// Whether this post tells of an accident.
pub fn is_accident(source: i64, hour: i64) -> bool {
    (hour + source) % 4 == 0 && hour != PAST_ITS_DATE
}

fn dice(source: i64, hour: i64) -> Dice {
    Dice((source * 10_000 + hour + 1_000).unsigned_abs())
}

fn title(source: i64, hour: i64) -> String {
    signs(&mut dice(source, hour), 14)
}

fn text(source: i64, hour: i64) -> String {
    let accident = if is_accident(source, hour) { "井下发生事故，" } else { "" };
    let mut dice = Dice(dice(source, hour).0 + 1_000_000);
    format!(
        "{accident}{}，{}。{}。",
        signs(&mut dice, 30),
        signs(&mut dice, 25),
        signs(&mut dice, 40)
    )
}

fn at(hour: i64) -> DateTime<Utc> {
    start() + TimeDelta::hours(hour)
}

fn feed(source: i64, hour: i64) -> String {
    let mut items = String::new();
    for hour in published(source, hour) {
        let _ = write!(
            items,
            "<item><title>{}</title><link>/p/{hour}.html</link><pubDate>{}</pubDate><description>{}</description></item>",
            title(source, hour),
            at(hour).to_rfc2822(),
            text(source, hour)
        );
    }
    format!(
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>站</title>{items}</channel></rss>"
    )
}

fn list(source: i64, hour: i64) -> String {
    let mut links = String::new();
    for hour in published(source, hour) {
        let _ = write!(links, "<li><a href='/p/{hour}.html'>{}</a></li>", title(source, hour));
    }
    format!(
        "<html><head><meta charset='utf-8'><title>列表</title></head><body><ul>{links}</ul></body></html>"
    )
}

fn article(source: i64, hour: i64) -> String {
    format!(
        "<!doctype html><html><head><meta charset='utf-8'><title>{title}</title>\
         <meta property='article:published_time' content='{at}'></head>\
         <body><h1>{title}</h1><div class='content'><p>{text}</p></div></body></html>",
        title = title(source, hour),
        at = at(hour).to_rfc3339(),
        text = text(source, hour)
    )
}
