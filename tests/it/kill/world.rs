//! The world that killed stations watch: three small sites, a folder of exports, and the hook that is told.
//!
//! In: nothing. Out: texts that are each a story of their own, so that what must fire is one alert a text;
//! requests and deliveries counted for each station by the contact it gives and the path it posts to.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use crate::lab::Lab;
use crate::small_web::{self, Sheet, serve};

/// Sites; the first two have feeds with texts, the last a list and pages.
const SITES: u64 = 3;

/// Posts of one site.
const OF_A_SITE: u64 = 8;

/// Rows of the file that is imported, of the one in the watched folder, and of the one that is purged again.
const IMPORTED: u64 = 60;
const WATCHED: u64 = 20;
const OLD: u64 = 40;

/// The purge by hand reaches to so many days ago; the old rows are twice as old.
pub const PURGED_AFTER_DAYS: i64 = 100;

/// How long the hook takes to answer, so that a kill can fall between the message and its mark.
const HOOK_TAKES: Duration = Duration::from_millis(3);

/// What came from one station.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Requests to the sites.
    pub requests: usize,
    /// Deliveries by their key.
    pub told: BTreeMap<String, usize>,
}

type Ears = Arc<Mutex<HashMap<String, Heard>>>;

/// The running world; one for all stations of a test.
pub struct World {
    ports: Vec<u16>,
    hook: u16,
    ears: Ears,
    /// When everything was published, roughly: the hours before.
    pub now: DateTime<Utc>,
    _runtime: tokio::runtime::Runtime,
}

impl World {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let now = Utc::now().duration_trunc(TimeDelta::minutes(1)).unwrap();
        let ears = Ears::default();
        let mut ports = Vec::new();
        for site in 0..SITES {
            let ears = ears.clone();
            let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap| {
                listen(&ears, &station_of(&headers), |heard| heard.requests += 1);
                async move { page(site, uri.path(), &headers, now) }
            });
            ports.push(serve(&runtime, router));
        }
        let router = Router::new().fallback(hook).with_state(ears.clone());
        let hook = serve(&runtime, router);
        Self { ports, hook, ears, now, _runtime: runtime }
    }

    /// What has been heard of station `name` so far.
    pub fn heard(&self, name: &str) -> Heard {
        self.ears.lock().unwrap().get(name).cloned().unwrap_or_default()
    }

    /// The day before which posts are purged by hand; every text but the old ones is younger.
    pub fn purge_day(&self) -> String {
        (self.now - TimeDelta::days(PURGED_AFTER_DAYS)).format("%Y-%m-%d").to_string()
    }

    /// Writes config and files of the station `name` into its laboratory.
    pub fn furnish(&self, lab: &Lab, name: &str) {
        let hook = self.hook;
        lab.write(
            "guanlan.toml",
            &format!(
                "[station]\nname = \"云岭矿业集团\"\ncontact = \"{name}@example.com\"\ndata_dir = \"data\"\n\
                 [judge]\ndepth = \"fast\"\n[crawl]\nschedule = \"* * * * * *\"\ndelay_secs = 0.0\n\
                 [retention]\nposts_days = 300\n\
                 [[subject]]\nid = \"group\"\nname = \"云岭矿业集团\"\n\
                 [[notifier]]\nname = \"file\"\nkind = \"file\"\npath = \"data/alerts.jsonl\"\ndefault = true\n\
                 [[notifier]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{hook}/{name}\"\ndefault = true\n"
            ),
        );
        let mut sources = String::new();
        for (site, port) in (0..SITES).zip(&self.ports) {
            let host = format!("127.0.0.1:{port}");
            let kind = if site + 1 < SITES {
                format!("kind = \"feed\"\nurl = \"http://{host}/rss.xml\"")
            } else {
                format!("kind = \"list\"\nurls = [\"http://{host}/list/\"]")
            };
            let _ = writeln!(
                sources,
                "[[source]]\nid = \"s{site}\"\nname = \"第{site}站\"\nallow_private = [\"{host}\"]\n{kind}"
            );
        }
        sources.push_str(
            "[[source]]\nid = \"inbox\"\nname = \"报送\"\nkind = \"files\"\npath = \"../inbox\"\nformat = \"jsonl\"\n\
             map = { id = \"id\", title = \"title\", text = \"text\", published_at = \"posted_at\" }\n",
        );
        lab.write("sources/all.toml", &sources);
        lab.write(
            "rules/accident.toml",
            "[[rule]]\nid = \"accident\"\nname = \"事故\"\nkind = \"any\"\nquery = \"井下发生事故\"\n",
        );
        lab.write("inbox/watched.jsonl", &rows(1_000..1_000 + WATCHED, self.now));
        lab.write("rows.jsonl", &rows(2_000..2_000 + IMPORTED, self.now));
        lab.write("old.jsonl", &rows(3_000..3_000 + OLD, self.now));
    }

    /// How many posts a station has that took everything in and purged the old ones.
    pub fn posts(&self) -> usize {
        usize::try_from(SITES * OF_A_SITE + IMPORTED + WATCHED).unwrap()
    }
}

fn listen(ears: &Ears, station: &str, hear: impl FnOnce(&mut Heard)) {
    hear(ears.lock().unwrap().entry(station.to_owned()).or_default());
}

/// The station behind a request: its user agent ends with `(+NAME@example.com)`.
fn station_of(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let contact = agent.rsplit_once("(+").map_or("", |(_, contact)| contact);
    contact.split('@').next().unwrap_or_default().to_owned()
}

async fn hook(State(ears): State<Ears>, uri: Uri, headers: HeaderMap, body: String) -> StatusCode {
    let message: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    let key = message["key"].as_str().unwrap_or_default().to_owned();
    let header = headers.get("Idempotency-Key").and_then(|v| v.to_str().ok()).unwrap_or_default();
    if key.is_empty() || (header.len() != 64 && header != key) {
        return StatusCode::BAD_REQUEST;
    }
    listen(&ears, uri.path().trim_matches('/'), |heard| *heard.told.entry(key).or_default() += 1);
    tokio::time::sleep(HOOK_TAKES).await;
    StatusCode::NO_CONTENT
}

/// Post `n` tells of an accident.
fn is_accident(n: u64) -> bool {
    n.is_multiple_of(5) && n < 3_000
}

fn sheet(n: u64, now: DateTime<Utc>) -> Sheet {
    Sheet::of(n, is_accident(n), published(n, now))
}

fn published(n: u64, now: DateTime<Utc>) -> DateTime<Utc> {
    let days = if n >= 3_000 { 2 * PURGED_AFTER_DAYS } else { 0 };
    now - TimeDelta::days(days) - TimeDelta::minutes(60 + i64::try_from(n % 1_000).unwrap())
}

fn rows(ids: std::ops::Range<u64>, now: DateTime<Utc>) -> String {
    ids.fold(String::new(), |mut rows, n| {
        let Sheet { title, text, at, .. } = sheet(n, now);
        let row = serde_json::json!({
            "id": n, "title": title, "text": text, "posted_at": at.to_rfc3339(),
        });
        let _ = writeln!(rows, "{row}");
        rows
    })
}

/// The numbers of a site's posts.
fn of_site(site: u64) -> std::ops::Range<u64> {
    site * 100..site * 100 + OF_A_SITE
}

/// Of one site everything stands in its feed and in its list.
fn page(site: u64, path: &str, headers: &HeaderMap, now: DateTime<Utc>) -> Response {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let sheets: Vec<Sheet> = of_site(site).map(|n| sheet(n, now)).collect();
    small_web::page(host, path, &sheets, &sheets)
}
