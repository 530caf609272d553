//! Evidence (留证): what was served, apart from the store, and how it is handed out and checked.
//!
//! In: packed records, posts. Out: WARC files under `evidence/` of the data directory, zips for one post, and
//! whether such a zip is whole. It holds pages as they were served, with every name and number in them: nothing
//! here goes into the store, the index, a digest or a log. Knows nothing of the network or the order of stages.

mod archive;
mod bundle;
mod container;
mod manifest;
mod text;
mod verify;

pub use archive::{Archive, ArchiveError, Purged};
pub use bundle::{Bundle, BundleError, bundle};
pub use manifest::{Manifest, ManifestRecord};
pub use verify::{Finding, Verdict, verify};

use pipelines::text::hex;
use sha2::{Digest, Sha256};

/// SHA-256 in hex.
fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
