//! A bucket of an S3-compatible object store, as a vault of evidence.
//!
//! In: where it is, keys, names, bytes. Out: objects that are whole or absent, written only where there is none of the name
//! (`If-None-Match: *`). Requests run on a small runtime of their own, so that who asks may stand inside or outside of
//! another; each is signed (`sign.rs`), none is tried twice here: who writes waits and tries again. Keys go into
//! signatures and nowhere else.

mod fault;
mod listing;
mod place;
mod sign;

use std::error::Error as _;
use std::sync::mpsc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Certificate, Method, Url};
use tokio::runtime::Runtime;

pub use fault::BucketFault;
pub use place::{BucketPlace, Keys};

use crate::evidence::{ENDING, Listed, Shelf, Vault, VaultError};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer in words that are read.
const SAID_BYTES: usize = 64 * 1024;

/// A bucket as it is asked.
pub struct Bucket {
    place: BucketPlace,
    keys: sign::Secret,
    /// The address of the bucket, ending in `/`.
    base: Url,
    http: reqwest::Client,
    runtime: Option<Runtime>,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // Waiting for it is not allowed everywhere.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A request before it is signed.
struct Ask<'a> {
    method: Method,
    /// The key of the object; empty: the bucket itself.
    key: &'a str,
    query: &'a [(&'a str, &'a str)],
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Bucket {
    /// A bucket at a place; asks nothing.
    ///
    /// # Errors
    /// Keys that are not there, an address or certificates that cannot be used.
    pub fn new(place: BucketPlace) -> Result<Self, BucketFault> {
        let config = |why: String| BucketFault::Config { why };
        let keys = place.keys.secret(&place.region)?;
        let base = place.base().map_err(config)?;
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
            .thread_name("bucket")
            .enable_all()
            .build()
            .map_err(|e| config(e.to_string()))?;
        Ok(Self { place, keys, base, http, runtime: Some(runtime) })
    }

    /// Whether the bucket is there and can be listed and read; nothing is written.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn tried(&self) -> Result<(), BucketFault> {
        let prefix = self.key(Shelf::Evidence, "");
        self.listed(&prefix, "", "1")?;
        let none = self.key(Shelf::Evidence, "none");
        let asked = Ask { method: Method::GET, key: &none, query: &[], headers: &[], body: &[] };
        match self.ask(&asked) {
            Ok(_) | Err(BucketFault::NoObject { .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    fn key(&self, shelf: Shelf, name: &str) -> String {
        format!("{}{}/{name}", self.place.prefix, shelf.as_str())
    }

    fn listed(&self, prefix: &str, after: &str, most: &str) -> Result<Vec<u8>, BucketFault> {
        let mut query = vec![("list-type", "2"), ("max-keys", most), ("prefix", prefix)];
        if !after.is_empty() {
            query.push(("start-after", after));
        }
        let asked = Ask { method: Method::GET, key: "", query: &query, headers: &[], body: &[] };
        Ok(self.ask(&asked)?.body)
    }

    /// Asks; a status of failure is a fault.
    fn ask(&self, asked: &Ask<'_>) -> Result<Answer, BucketFault> {
        let answer = self.send(asked)?;
        match answer.status {
            200..=299 => Ok(answer),
            status => {
                let said = &answer.body[..answer.body.len().min(SAID_BYTES)];
                Err(BucketFault::of(status, &listing::said(said), &self.place, asked.key))
            }
        }
    }

    fn send(&self, asked: &Ask<'_>) -> Result<Answer, BucketFault> {
        let config = |why: String| BucketFault::Config { why };
        let mut url = self.base.join(asked.key).map_err(|e| config(e.to_string()))?;
        if !asked.query.is_empty() {
            url.set_query(Some(&sign::query(asked.query)));
        }
        let signed = sign::signed(
            &sign::Request {
                method: asked.method.as_str(),
                url: &url,
                query: asked.query,
                headers: asked.headers,
                body: asked.body,
                at: Utc::now(),
            },
            &self.keys,
        );
        let mut request = self.http.request(asked.method.clone(), url).timeout(self.place.timeout);
        for (name, value) in asked.headers {
            request = request.header(*name, *value);
        }
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let request = request.body(asked.body.to_vec());
        let (answered, answer) = mpsc::sync_channel(1);
        let asking = async move {
            let got = async {
                let response = request.send().await?;
                let status = response.status().as_u16();
                Ok(Answer { status, body: response.bytes().await?.to_vec() })
            };
            // Who asked waits until it is told.
            let _ = answered.send(got.await);
        };
        let gone = || self.away("no runtime".to_owned());
        self.runtime.as_ref().ok_or_else(gone)?.spawn(asking);
        answer.recv().map_err(|_| gone())?.map_err(|error: reqwest::Error| self.fault(&error))
    }

    fn away(&self, why: String) -> BucketFault {
        BucketFault::Away { address: self.place.endpoint.clone(), why }
    }

    fn fault(&self, error: &reqwest::Error) -> BucketFault {
        if error.is_timeout() && !error.is_connect() {
            let address = self.place.endpoint.clone();
            return BucketFault::Slow { address, within: self.place.timeout };
        }
        // The address stands beside it; the innermost cause says most.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        if error.source().is_none() {
            self.away(error.to_string())
        } else {
            self.away(cause.to_string())
        }
    }
}

impl Vault for Bucket {
    fn shown(&self) -> String {
        self.place.shown()
    }

    fn put_new(&self, shelf: Shelf, name: &str, bytes: &[u8]) -> Result<bool, VaultError> {
        let key = self.key(shelf, name);
        let headers = [("content-type", "application/warc"), ("if-none-match", "*")];
        let asked =
            Ask { method: Method::PUT, key: &key, query: &[], headers: &headers, body: bytes };
        match self.ask(&asked) {
            Ok(_) => Ok(true),
            Err(BucketFault::Taken) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    fn read(
        &self,
        shelf: Shelf,
        name: &str,
        span: Option<(u64, u64)>,
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.key(shelf, name);
        if span.is_some_and(|(_, length)| length == 0) {
            return Ok(Vec::new());
        }
        let range =
            span.map(|(from, length)| format!("bytes={from}-{}", from.saturating_add(length - 1)));
        let headers: Vec<(&str, &str)> =
            range.iter().map(|range| ("range", range.as_str())).collect();
        let asked =
            Ask { method: Method::GET, key: &key, query: &[], headers: &headers, body: &[] };
        let answer = self.ask(&asked)?;
        // A server that knows no ranges sends all of it.
        Ok(match span {
            Some((from, length)) if answer.status == 200 => {
                let from = usize::try_from(from).unwrap_or(usize::MAX).min(answer.body.len());
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let to = from.saturating_add(length).min(answer.body.len());
                answer.body[from..to].to_vec()
            }
            _ => answer.body,
        })
    }

    fn list(&self, shelf: Shelf, after: &str) -> Result<Vec<Listed>, VaultError> {
        let prefix = self.key(shelf, "");
        let mut after = if after.is_empty() { String::new() } else { self.key(shelf, after) };
        loop {
            let page = listing::page(&self.listed(&prefix, &after, "1000")?)?;
            let is_end = page.is_empty();
            after = page.last().map(|one| one.name.clone()).unwrap_or_default();
            let ours = page.into_iter().filter_map(|one| {
                let name = one.name.strip_prefix(&prefix)?;
                (name.ends_with(ENDING) && !name.contains('/'))
                    .then(|| Listed { name: name.to_owned(), ..one.clone() })
            });
            let ours: Vec<Listed> = ours.collect();
            if is_end || !ours.is_empty() {
                return Ok(ours);
            }
        }
    }

    fn remove(&self, shelf: Shelf, name: &str) -> Result<(), VaultError> {
        let key = self.key(shelf, name);
        let asked = Ask { method: Method::DELETE, key: &key, query: &[], headers: &[], body: &[] };
        match self.ask(&asked) {
            Ok(_) | Err(BucketFault::NoObject { .. }) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}

/// What a time of the store's is in ours.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc))
}
