//! Asks a cluster over HTTP, from any thread.
//!
//! In: a place, requests. Out: answers as JSON, or a fault. Requests run on a small runtime of their own, so that who
//! asks may stand inside or outside of another. A node that cannot be reached is passed over for the next; nothing else
//! is tried twice. The login goes into requests and nowhere else.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Method, Url};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::fault::ClusterFault;
use super::place::{ClusterPlace, Login};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The oldest version that was tried.
pub(super) const LEAST: (u64, u64) = (2, 19);
const LEAST_SHOWN: &str = "2.19";

/// A cluster as it is asked.
pub(crate) struct Client {
    http: reqwest::Client,
    nodes: Vec<Url>,
    /// The node that answered last.
    node: AtomicUsize,
    login: Option<(String, String)>,
    timeout: Duration,
    runtime: Option<Runtime>,
    version: OnceLock<String>,
}

/// What is sent.
#[derive(Clone)]
pub(super) enum Body {
    Nothing,
    Json(Value),
    /// Lines of JSON.
    Lines(Vec<u8>),
}

/// What came back.
pub(super) struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Drop for Client {
    fn drop(&mut self) {
        // Waiting for it is not allowed everywhere.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Client {
    /// A client for a place; asks nothing.
    pub fn new(place: &ClusterPlace) -> Result<Self, ClusterFault> {
        let config = |why: String| ClusterFault::Config { why };
        let login = match &place.login {
            Login::Nobody => None,
            Login::Basic { user, password } => Some((user.clone(), password.clone())),
            Login::Missing { variable } => {
                return Err(ClusterFault::NoLogin { variable: variable.clone() });
            }
        };
        let mut nodes = Vec::with_capacity(place.addresses.len());
        for address in &place.addresses {
            nodes.push(node_of(address)?);
        }
        if nodes.is_empty() {
            return Err(config("no address".to_owned()));
        }
        // Another may have been set before: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if let Some(pem) = &place.ca {
            for trusted in Certificate::from_pem_bundle(pem).map_err(|e| config(e.to_string()))? {
                http = http.add_root_certificate(trusted);
            }
        }
        let http = http.build().map_err(|e| config(e.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("search-cluster")
            .enable_all()
            .build()
            .map_err(|e| config(e.to_string()))?;
        let timeout = place.timeout;
        let (node, version) = (AtomicUsize::new(0), OnceLock::new());
        Ok(Self { http, nodes, node, login, timeout, runtime: Some(runtime), version })
    }

    /// Asks, and takes any status for an answer.
    pub(super) fn ask(
        &self,
        method: &Method,
        path: &str,
        body: &Body,
    ) -> Result<Answer, ClusterFault> {
        let first = self.node.load(Ordering::Relaxed);
        let mut away = None;
        for step in 0..self.nodes.len() {
            let nth = (first + step) % self.nodes.len();
            match self.ask_node(nth, method, path, body.clone()) {
                Err(fault @ ClusterFault::Away { .. }) => away = Some(fault),
                other => {
                    self.node.store(nth, Ordering::Relaxed);
                    return other;
                }
            }
        }
        let address = self.nodes.first().map(Url::to_string).unwrap_or_default();
        Err(away.unwrap_or(ClusterFault::Away { address, why: String::new() }))
    }

    /// Asks; a status of failure is a fault about `index`.
    pub(super) fn expect(
        &self,
        method: &Method,
        path: &str,
        body: &Body,
        index: &str,
    ) -> Result<Value, ClusterFault> {
        let answer = self.ask(method, path, body)?;
        match answer.status {
            200..=299 => Ok(answer.body),
            status => Err(ClusterFault::of(status, &answer.body, index)),
        }
    }

    fn ask_node(
        &self,
        nth: usize,
        method: &Method,
        path: &str,
        body: Body,
    ) -> Result<Answer, ClusterFault> {
        let node = &self.nodes[nth];
        let shown = node.as_str().trim_end_matches('/').to_owned();
        let url = node.join(path.trim_start_matches('/'));
        let url = url.map_err(|e| ClusterFault::Config { why: e.to_string() })?;
        let mut request = self.http.request(method.clone(), url).timeout(self.timeout);
        if let Some((user, password)) = &self.login {
            request = request.basic_auth(user, Some(password));
        }
        request = match body {
            Body::Nothing => request,
            Body::Json(json) => {
                request.header(CONTENT_TYPE, "application/json").body(json.to_string())
            }
            Body::Lines(lines) => request.header(CONTENT_TYPE, "application/x-ndjson").body(lines),
        };
        let (answered, answer) = mpsc::sync_channel(1);
        let asked = async move {
            let got = async {
                let response = request.send().await?;
                Ok((response.status().as_u16(), response.bytes().await?))
            };
            // Who asked waits until it is told.
            let _ = answered.send(got.await);
        };
        let gone = || ClusterFault::Away { address: shown.clone(), why: "no runtime".to_owned() };
        self.runtime.as_ref().ok_or_else(gone)?.spawn(asked);
        let (status, bytes) = answer
            .recv()
            .map_err(|_| gone())?
            .map_err(|error: reqwest::Error| self.fault(shown.clone(), &error))?;
        Ok(Answer { status, body: read(status, &bytes)? })
    }

    fn fault(&self, address: String, error: &reqwest::Error) -> ClusterFault {
        if error.is_timeout() && !error.is_connect() {
            return ClusterFault::Slow { address, within: self.timeout };
        }
        // The address stands beside it; the innermost cause says most.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        ClusterFault::Away { address, why: cause.to_string() }
    }

    /// The index behind `name`; none where there is none.
    pub(super) fn current(&self, name: &str) -> Result<Option<String>, ClusterFault> {
        let answer = self.ask(&Method::GET, &format!("_alias/{name}"), &Body::Nothing)?;
        match answer.status {
            200 => {
                let names = answer.body.as_object().into_iter().flat_map(|found| found.keys());
                // A swap is one step: more than one is no work of ours, and the newest is the one to go by.
                Ok(names.max().cloned())
            }
            404 => Ok(None),
            status => Err(ClusterFault::of(status, &answer.body, name)),
        }
    }

    /// The version of the cluster.
    pub(super) fn version(&self) -> Result<String, ClusterFault> {
        if let Some(known) = self.version.get() {
            return Ok(known.clone());
        }
        let root = self.expect(&Method::GET, "", &Body::Nothing, "")?;
        let number = root["version"]["number"].as_str().unwrap_or("?").to_owned();
        let kind = root["version"]["distribution"].as_str().unwrap_or("server");
        let found = format!("{kind} {number}");
        let mut parts = number.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
        let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if kind != "opensearch" || (major, minor) < LEAST {
            return Err(ClusterFault::Unfit { found, least: LEAST_SHOWN });
        }
        Ok(self.version.get_or_init(|| number).clone())
    }

    /// Refuses servers of other kinds and older versions.
    pub(super) fn expect_usable(&self) -> Result<(), ClusterFault> {
        self.version().map(drop)
    }
}

fn node_of(address: &str) -> Result<Url, ClusterFault> {
    let wrong = |why: String| ClusterFault::Config { why };
    let mut url = Url::parse(address).map_err(|e| wrong(format!("`{address}`: {e}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong(format!("`{address}` is no http address")));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("an address must not hold a login".to_owned()));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn read(status: u16, bytes: &[u8]) -> Result<Value, ClusterFault> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).or_else(|error| match status {
        // A proxy in front speaks for itself.
        400.. => Ok(Value::String(String::from_utf8_lossy(bytes).into_owned())),
        _ => Err(ClusterFault::Answer { status, why: format!("not JSON: {error}") }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_no_login() {
        assert_eq!(node_of("http://127.0.0.1:9200").unwrap().as_str(), "http://127.0.0.1:9200/");
        assert_eq!(node_of("https://s.example/x").unwrap().as_str(), "https://s.example/x/");
        for bad in ["", "s.example:9200", "ftp://s.example", "http://a:b@s.example"] {
            let fault = node_of(bad).unwrap_err().to_string();
            assert!(!fault.contains("a:b"), "{fault}");
        }
    }
}
