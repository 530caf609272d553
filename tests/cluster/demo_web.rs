//! The sites of the demo many times over, each with an address of its own, and the config of a station that reads them.
//!
//! In: how often. Out: sites that answer, files of config. All copies tell the same: a happening has many times the reports.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use chrono::{DateTime, Utc};
use guanlan::demo::{SITE_KEYS, Served, SiteText, render_site, sites};

use crate::lab::Lab;
use crate::watched::Watched;

/// The sites.
pub struct DemoWeb {
    copies: Vec<BTreeMap<&'static str, SocketAddr>>,
}

impl DemoWeb {
    /// Serves the demo `copies` times, as of now.
    pub fn start(watched: &Watched, copies: u64) -> Self {
        let (texts, now) = (Arc::new(sites().unwrap()), Utc::now());
        let copy = |nth: u64| {
            let site = |(key, at): (&'static str, u8)| {
                let texts = texts.clone();
                let number = nth * SITE_KEYS.len() as u64 + u64::from(at);
                // A site of its own: the same text at the same site and time is the same post.
                let host = Ipv4Addr::new(127, 1, u8::try_from(nth).unwrap(), at + 1);
                // Its pages name its address, which is known when it is asked for the first time.
                let answers = Arc::new(std::sync::OnceLock::new());
                let address = watched.site(number, host, move |uri, headers| {
                    let answers = answers.get_or_init(|| rendered(&texts, key, headers, now));
                    answer(answers, uri)
                });
                (key, address)
            };
            SITE_KEYS.into_iter().zip(0..).map(site).collect()
        };
        Self { copies: (0..copies).map(copy).collect() }
    }

    /// Writes the config of a station on these sites: `tables` name its engines, `delay` the seconds between two requests.
    pub fn furnish(&self, lab: &Lab, tables: &str, delay: f64, hook: u16) {
        let dir = lab.path();
        for (nth, addresses) in self.copies.iter().enumerate() {
            for (path, text) in guanlan::demo::config_files(addresses, dir) {
                let name = path.strip_prefix(dir).unwrap();
                if name.starts_with("sources") {
                    let text = text.replace("\nid = \"", &format!("\nid = \"c{nth}-"));
                    lab.write(format!("sources/demo-{nth}.toml"), &text);
                } else if nth == 0 {
                    let hook = format!("kind = \"webhook\"\nurl = \"http://127.0.0.1:{hook}/\"");
                    let text = text
                        .replace("kind = \"file\"\npath = \"alerts.jsonl\"", &hook)
                        .replace(
                            "data_dir = \".\"",
                            "data_dir = \"data\"\nlisten = \"127.0.0.1:0\"",
                        )
                        .replace("delay_secs = 0.02", &format!("delay_secs = {delay}"));
                    let more = if name.starts_with("rules") { "" } else { tables };
                    lab.write(name, &format!("{text}\n{more}"));
                }
            }
        }
    }
}

fn rendered(
    texts: &[SiteText],
    key: &str,
    headers: &HeaderMap,
    now: DateTime<Utc>,
) -> BTreeMap<String, Served> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let text = texts.iter().find(|text| text.key == key);
    text.map(|text| render_site(text, &format!("http://{host}"), now).unwrap()).unwrap_or_default()
}

/// A site without pages is one that is down, but for its robots.txt.
fn answer(answers: &BTreeMap<String, Served>, uri: &Uri) -> Response {
    let Some(served) = answers.get(uri.path()) else {
        let status = match (answers.is_empty(), uri.path()) {
            (true, "/robots.txt") | (false, _) => 404,
            (true, _) => 500,
        };
        return Response::builder().status(status).body(Body::empty()).unwrap();
    };
    let response = Response::builder().status(served.status);
    let response = response.header(header::CONTENT_TYPE, served.content_type);
    let response = match &served.location {
        Some(target) => response.header(header::LOCATION, target),
        None => response,
    };
    response.body(Body::from(served.body.clone())).unwrap()
}
