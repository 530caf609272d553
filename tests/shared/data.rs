//! The folder of shared data beside the checkout (`../shared/data`), for the tests that measure on it.
//!
//! In: a path below it. Out: where it lies, or none with a line that names what was passed over. With
//! `GUANLAN_SHARED=required`, as in the gate, a missing one fails the test instead: what was never run must
//! not stand among what passed. Included by path, since the tests of three packages ask.

use std::path::{Path, PathBuf};

/// `../shared/data/<path>`; none where it is missing and not required.
#[track_caller]
pub fn shared(path: &str) -> Option<PathBuf> {
    let required = std::env::var("GUANLAN_SHARED").is_ok_and(|word| word == "required");
    beside(Path::new(env!("CARGO_MANIFEST_DIR")), path, required)
}

/// The same beside the checkout that holds `package`.
///
/// # Panics
/// Where it is required and missing.
#[track_caller]
pub fn beside(package: &Path, path: &str, required: bool) -> Option<PathBuf> {
    let checkout = package.ancestors().find(|dir| dir.join("Cargo.lock").exists())?;
    let found = checkout.join("../shared/data").join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(!required, "GUANLAN_SHARED=required, and ../shared/data/{path} is missing");
    eprintln!("skipped: ../shared/data/{path} is missing");
    None
}
