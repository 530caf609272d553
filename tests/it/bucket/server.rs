//! An object store of our own on loopback: what a station asks of one, and what can go wrong with it.
//!
//! It puts (refusing a name that is taken), gets (in parts), lists in pages of two, and deletes. Each request must be
//! signed and state the hash of its body. What it does wrong is a [`Mood`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use pipelines::text::hex;
use sha2::{Digest, Sha256};

pub const BUCKET: &str = "guanlan-test";

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Well,
    NoBucket,
    WrongKeys,
    Denied,
    Skewed,
    Full,
    Busy,
    OtherRegion,
    /// Takes what is put, and says that it failed.
    LosesAnswers,
}

#[derive(Default)]
pub struct Kept {
    pub mood: Mood,
    pub objects: BTreeMap<String, Vec<u8>>,
    /// Methods asked so far.
    pub asked: Vec<String>,
}

pub struct Server {
    pub address: SocketAddr,
    pub kept: Arc<Mutex<Kept>>,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let kept = Arc::<Mutex<Kept>>::default();
        let router = Router::new().fallback(answer).with_state(kept.clone());
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, kept, _runtime: runtime }
    }

    /// Config of a station that keeps evidence here. The keys are what every process has in its environment.
    pub fn config(&self) -> String {
        format!(
            "[evidence]\nkind = \"s3\"\nendpoint = \"http://{}\"\nbucket = \"{BUCKET}\"\nprefix = \"a/b\"\n\
             access_key_env = \"CARGO_PKG_NAME\"\nsecret_key_env = \"PATH\"\ntimeout_secs = 5\n",
            self.address
        )
    }

    pub fn feels(&self, mood: Mood) {
        self.kept.lock().unwrap().mood = mood;
    }

    pub fn names(&self) -> Vec<String> {
        self.kept.lock().unwrap().objects.keys().cloned().collect()
    }

    /// How many requests of `method` were made.
    pub fn times(&self, method: &str) -> usize {
        self.kept.lock().unwrap().asked.iter().filter(|asked| *asked == method).count()
    }
}

type Said = (StatusCode, Vec<u8>);

fn refusal(status: u16, code: &str) -> Said {
    let said = format!("<Error><Code>{code}</Code><Message>as asked</Message></Error>");
    (StatusCode::from_u16(status).unwrap(), said.into_bytes())
}

/// Why a request is not one that a store would take.
fn unsigned(headers: &HeaderMap, body: &[u8]) -> Option<Said> {
    let field = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_signed = field("authorization").starts_with("AWS4-HMAC-SHA256 Credential=guanlan/")
        && field("authorization").contains("host;")
        && field("x-amz-date").len() == 16;
    if !is_signed {
        return Some(refusal(403, "AccessDenied"));
    }
    let is_whole = field("x-amz-content-sha256") == hex(&Sha256::digest(body));
    (!is_whole).then(|| refusal(400, "XAmzContentSHA256Mismatch"))
}

async fn answer(
    State(kept): State<Arc<Mutex<Kept>>>,
    method: Method,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Said {
    let mut kept = kept.lock().unwrap();
    kept.asked.push(method.to_string());
    if let Some(refused) = unsigned(&headers, &body) {
        return refused;
    }
    match kept.mood {
        Mood::Well | Mood::LosesAnswers => {}
        Mood::NoBucket => return refusal(404, "NoSuchBucket"),
        Mood::WrongKeys => return refusal(403, "SignatureDoesNotMatch"),
        Mood::Denied => return refusal(403, "AccessDenied"),
        Mood::Skewed => return refusal(403, "RequestTimeTooSkewed"),
        Mood::Full => return refusal(507, "XMinioStorageFull"),
        Mood::Busy => return refusal(503, "SlowDown"),
        Mood::OtherRegion => return refusal(400, "AuthorizationHeaderMalformed"),
    }
    let Some(key) = uri.path().strip_prefix(&format!("/{BUCKET}/")) else {
        return refusal(404, "NoSuchBucket");
    };
    if key.is_empty() {
        return (StatusCode::OK, listed(&kept, &query).into_bytes());
    }
    match method {
        Method::PUT if headers.get("if-none-match").is_none() => refusal(400, "InvalidRequest"),
        Method::PUT if kept.objects.contains_key(key) => refusal(412, "PreconditionFailed"),
        Method::PUT => {
            kept.objects.insert(key.to_owned(), body.to_vec());
            match kept.mood {
                Mood::LosesAnswers => refusal(500, "InternalError"),
                _ => (StatusCode::OK, Vec::new()),
            }
        }
        Method::DELETE => {
            kept.objects.remove(key);
            (StatusCode::NO_CONTENT, Vec::new())
        }
        _ => got(&kept, key, &headers),
    }
}

fn got(kept: &Kept, key: &str, headers: &HeaderMap) -> Said {
    let Some(object) = kept.objects.get(key) else { return refusal(404, "NoSuchKey") };
    let range = headers.get("range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let Some((from, to)) = range.and_then(|range| range.split_once('-')) else {
        return (StatusCode::OK, object.clone());
    };
    let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
    match object.get(from..object.len().min(to + 1)) {
        Some(part) => (StatusCode::PARTIAL_CONTENT, part.to_vec()),
        None => refusal(416, "InvalidRange"),
    }
}

fn listed(kept: &Kept, query: &BTreeMap<String, String>) -> String {
    let (prefix, empty) = (&query["prefix"], String::new());
    let after = query.get("start-after").unwrap_or(&empty);
    let page = kept.objects.iter().filter(|(key, _)| key.starts_with(prefix) && *key > after);
    let rows: String = page
        .take(2)
        .map(|(key, object)| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>{}</LastModified><Size>{}</Size></Contents>",
                chrono::Utc::now().to_rfc3339(),
                object.len()
            )
        })
        .collect();
    format!("<ListBucketResult><Name>{BUCKET}</Name>{rows}</ListBucketResult>")
}
