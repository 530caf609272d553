//! The manifest of a backup, and whether a folder is what it says.
//!
//! In: a folder. Out: what it holds, after every byte of it was read. A folder with a file more, less or other is refused.

use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::BackupError;
use super::files::seen;
use crate::store::SnapshotOf;

/// The name of the manifest.
pub(super) const MANIFEST: &str = "manifest.json";

/// The name of a store that is a file.
pub(super) const STORE: &str = "guanlan.db";

/// The name of a store that lay on a server.
pub(super) const DUMP: &str = "guanlan.dump";

/// What a backup is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupManifest {
    /// The version that made it.
    pub guanlan: String,
    /// When its making began, RFC 3339.
    pub made: String,
    /// The store it is of; none in backups of earlier versions, which are all of a file.
    #[serde(default)]
    pub store: Option<SnapshotOf>,
    /// Where evidence lies that is not in it; none where it is.
    pub evidence_at: Option<String>,
    /// Evidence files that the store refers to, with how many bytes of each, where they are not in it.
    pub evidence: Vec<(String, u64)>,
    /// Its files but this one.
    pub files: Vec<KeptFile>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFile {
    /// Its path in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

impl BackupManifest {
    /// Bytes of all its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Whether the store it is of lay on a server.
    #[must_use]
    pub fn is_of_server(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.server.is_some())
    }

    /// The name of its store among its files.
    #[must_use]
    pub fn store_file(&self) -> &'static str {
        if self.is_of_server() { DUMP } else { STORE }
    }
}

/// The manifest of a folder in which every file is what it says, and no other is.
pub(super) fn checked(from: &Path) -> anyhow::Result<BackupManifest> {
    let none = || BackupError::NoManifest { place: from.display().to_string() };
    let text = std::fs::read(from.join(MANIFEST)).map_err(|_| none())?;
    let manifest: BackupManifest = serde_json::from_slice(&text).map_err(|_| none())?;
    let changed = |file: &str| BackupError::Changed { file: file.to_owned() };
    let mut names = BTreeSet::from([PathBuf::from(MANIFEST)]);
    for file in &manifest.files {
        let path = Path::new(&file.name);
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || !names.insert(path.to_owned()) {
            return Err(changed(&file.name).into());
        }
        if seen(from, &file.name).ok().as_ref() != Some(file) {
            return Err(changed(&file.name).into());
        }
    }
    if !names.contains(Path::new(manifest.store_file())) {
        return Err(changed(manifest.store_file()).into());
    }
    match stranger(from, Path::new(""), &names)? {
        Some(name) => Err(changed(&name).into()),
        None => Ok(manifest),
    }
}

/// A file in the folder that is not one of `names`.
fn stranger(from: &Path, folder: &Path, names: &BTreeSet<PathBuf>) -> io::Result<Option<String>> {
    for entry in from.join(folder).read_dir()? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if let Some(name) = stranger(from, &path, names)? {
                return Ok(Some(name));
            }
        } else if !names.contains(&path) {
            return Ok(Some(path.display().to_string()));
        }
    }
    Ok(None)
}
