//! Evidence (留证): what was served, apart from the store, and how it is handed out and checked.
//!
//! In: packed records, posts. Out: WARC files in a vault (`evidence/` of the data directory, a folder that machines share,
//! or what else keeps files), zips for one post, and whether such a zip is whole. It holds pages as they were served, with
//! every name and number in them: nothing here goes into the store, the index, a digest or a log. Knows nothing of the
//! network or the order of stages.

mod appending;
mod archive;
mod bundle;
mod container;
mod folder;
mod manifest;
mod text;
mod vault;
mod verify;
mod whole;

pub use archive::{Archive, ArchiveError, Purged};
pub use bundle::{Bundle, BundleError, bundle};
pub use folder::Folder;
pub use manifest::{Manifest, ManifestRecord};
pub use vault::{Listed, Shelf, Vault, VaultError, packed, record};
pub use verify::{Finding, Verdict, verify};
pub use whole::new_name;

use pipelines::text::hex;
use sha2::{Digest, Sha256};

/// The ending of evidence files.
pub(crate) const ENDING: &str = ".warc.gz";

/// Who writes them, as they say themselves.
pub(crate) const SOFTWARE: &str = concat!("guanlan/", env!("CARGO_PKG_VERSION"));

/// SHA-256 in hex.
fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
