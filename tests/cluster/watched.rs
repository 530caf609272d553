//! Sites that note when they are asked, and a hook that counts what it is told.
//!
//! In: what a site answers. Out: a port for each, the shortest pause between two requests to one of them, and how often the
//! hook was told of each key.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::small_web::{serve, serve_at};

/// What is served, and what came.
pub struct Watched {
    /// The port of the hook.
    pub hook: u16,
    asked: Arc<Mutex<HashMap<u64, Vec<Instant>>>>,
    told: Arc<Mutex<BTreeMap<String, usize>>>,
    runtime: tokio::runtime::Runtime,
}

impl Watched {
    /// The hook, and no site yet.
    pub fn start() -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let told: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
        let hears = told.clone();
        let hook = Router::new().fallback(move |body: String| {
            let message: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            let key = message["key"].as_str().unwrap_or_default().to_owned();
            *hears.lock().unwrap().entry(key).or_default() += 1;
            async { StatusCode::NO_CONTENT }
        });
        let hook = serve(&runtime, hook);
        Self { hook, asked: Arc::default(), told, runtime }
    }

    /// A site at `host`, on a port of its own; when it was asked is noted under `number`.
    pub fn site(
        &self,
        number: u64,
        host: Ipv4Addr,
        answer: impl Fn(&Uri, &HeaderMap) -> Response + Clone + Send + Sync + 'static,
    ) -> SocketAddr {
        let asked = self.asked.clone();
        let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap| {
            asked.lock().unwrap().entry(number).or_default().push(Instant::now());
            let answer = answer(&uri, &headers);
            async move { answer }
        });
        serve_at(&self.runtime, host, router)
    }

    /// The shortest pause between two requests to one site.
    pub fn shortest_pause(&self) -> Duration {
        let asked = self.asked.lock().unwrap();
        let pauses = asked.values().flat_map(|times| times.windows(2).map(|two| two[1] - two[0]));
        pauses.min().unwrap_or(Duration::MAX)
    }

    /// How often each key was told of.
    pub fn told(&self) -> BTreeMap<String, usize> {
        self.told.lock().unwrap().clone()
    }
}
