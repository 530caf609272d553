//! Before a post: a job to fetch, and the bytes that came back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SourceId;

/// What makes a conditional GET possible.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The `ETag` of the last answer.
    pub etag: Option<String>,
    /// The `Last-Modified` of the last answer, as served.
    pub last_modified: Option<String>,
}

/// One address to ask for. Holds no body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchJob {
    /// Absolute URL; canonical for pages, as written in config for entries.
    pub url: String,
    /// The source that wants it.
    pub source: SourceId,
    /// From the last fetch of the same URL.
    pub validators: Validators,
    /// Not to be asked before this time.
    pub due: DateTime<Utc>,
    /// How many times it failed in a row.
    pub attempts: u32,
    /// When the page was first kept, where this is another look at it.
    #[serde(default)]
    pub known_since: Option<DateTime<Utc>>,
    /// What the list or feed already said about the page (title, time, author), if anything.
    #[serde(default)]
    pub hint: super::Found,
}

impl FetchJob {
    /// A first, unconditional look at `url`.
    #[must_use]
    pub fn new(url: impl Into<String>, source: &SourceId, due: DateTime<Utc>) -> Self {
        Self {
            url: url.into(),
            source: source.clone(),
            validators: Validators::default(),
            due,
            attempts: 0,
            known_since: None,
            hint: super::Found::default(),
        }
    }
}

/// An answer as it came: bytes, not text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The URL after redirects.
    pub url: String,
    /// The URL that was asked for.
    pub requested_url: String,
    /// The source it was fetched for.
    pub source: SourceId,
    /// HTTP status.
    pub status: u16,
    /// The headers kept, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body after content decoding.
    pub body: Vec<u8>,
    /// When the answer was complete.
    pub fetched_at: DateTime<Utc>,
    /// SHA-256 of `body`.
    pub sha256: [u8; 32],
}

impl Page {
    /// The first header with this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// What makes the next GET of this address conditional.
    #[must_use]
    pub fn validators(&self) -> Validators {
        Validators {
            etag: self.header("etag").map(str::to_owned),
            last_modified: self.header("last-modified").map(str::to_owned),
        }
    }
}
