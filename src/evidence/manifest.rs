//! The manifest of an evidence zip: what is in it, whose it is, when it was served, and every hash.
//!
//! In: nothing. Out: the one type that is written and read back. The field names are part of the format
//! (`guanlan-evidence/1`); a reader refuses fields it does not know, so that nothing is passed over in silence.

use chrono::{DateTime, Utc};
use pipelines::crawl::warc::Location;
use serde::{Deserialize, Serialize};

use crate::store::Role;

/// The format this version writes and checks.
pub(super) const FORMAT: &str = "guanlan-evidence/1";

/// The file names of a zip.
pub(super) const MANIFEST: &str = "manifest.json";
/// Hashes in the form that `sha256sum -c` reads.
pub(super) const SUMS: &str = "SHA256SUMS";
/// The extracted text.
pub(super) const TEXT: &str = "text.html";

/// What an evidence zip says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `guanlan-evidence/1`
    pub format: String,
    /// Program and version that made it.
    pub made_by: String,
    /// The station's name.
    pub station: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The post.
    pub post: ManifestPost,
    /// What was served, oldest first.
    pub records: Vec<ManifestRecord>,
    /// Every other file but the list of hashes.
    pub files: Vec<ManifestFile>,
}

/// The post a zip is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestPost {
    /// Its id.
    pub id: String,
    /// Its address.
    pub url: String,
    /// The source that brought it.
    pub source: String,
    /// Its title, private numbers masked.
    pub title: String,
    /// When it was published, if the page said so.
    pub published_at: Option<DateTime<Utc>>,
    /// When it was fetched as it stands in the store.
    pub fetched_at: DateTime<Utc>,
    /// When another content was last seen under its address.
    pub edited_at: Option<DateTime<Utc>>,
    /// Since when its address answers 404 or 410.
    pub gone_at: Option<DateTime<Utc>>,
    /// First 64 bits of the SHA-256 of the folded title and text.
    pub content_hash: String,
}

/// One answer as it was served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestRecord {
    /// What it is to the post.
    pub role: Role,
    /// Which reading it belongs to, from 1; the parts of one article share it.
    pub reading: usize,
    /// The address after redirects.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// The HTTP header fields kept (no cookies), names in lower case.
    pub headers: Vec<(String, String)>,
    /// When the answer was complete.
    pub fetched_at: DateTime<Utc>,
    /// File of the WARC record, packed as the station keeps it.
    pub record: String,
    /// SHA-256 of that file: what the station noted when it was written.
    pub record_sha256: String,
    /// File of the body as it was served.
    pub payload: String,
    /// SHA-256 of that file.
    pub payload_sha256: String,
    /// Where the record lies in the station's evidence folder.
    pub stored: Location,
}

/// A file and its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Name in the zip.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}
