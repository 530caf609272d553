//! The labelled sets of a folder laid out like the shared data: found by folder and name, read row by row.
//!
//! In: a folder. Out: rows of each task and where they came from. A set is known by the part of its name
//! before the first `-` or `.`, whatever follows (dev, test, heldout …), and in `polarity/` by the form of its
//! rows where the name tells nothing. Refuses a line that is no JSON object, naming file and line; a folder
//! that is missing is no set, not an error.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pipelines::text::hex;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A set as read.
pub struct Set {
    /// Its file.
    pub path: PathBuf,
    /// `weibo`, `news`, `target`, `company`, `classified`, …: the name up to the first `-` or `.`.
    pub kind: String,
    /// Whether its name says that it is for training.
    pub for_training: bool,
    /// First 16 hex digits of the file's SHA-256: how a model remembers what it learned from.
    pub digest: String,
    /// Its rows.
    pub rows: Vec<Value>,
}

/// The sets of `dir/folder`, by name.
///
/// # Errors
/// A file that cannot be read, with its line.
pub fn sets(dir: &Path, folder: &str) -> Result<Vec<Set>> {
    let folder = dir.join(folder);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let listing =
        std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths = listing
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()
        .with_context(|| format!("cannot list {}", folder.display()))?;
    paths.sort();
    paths.iter().filter(|p| p.extension().is_some_and(|e| e == "jsonl")).map(|p| read(p)).collect()
}

/// One set.
///
/// # Errors
/// As [`sets`].
pub fn read(path: &Path) -> Result<Set> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let row: Value = serde_json::from_str(line)
            .with_context(|| format!("cannot read {} line {}", path.display(), at + 1))?;
        rows.push(row);
    }
    let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let kind = stem.split(['-', '.', '_']).next().unwrap_or_default().to_owned();
    let for_training = stem.split(['-', '.', '_']).any(|part| part == "train");
    let digest = hex(&Sha256::digest(text.as_bytes())[..8]);
    Ok(Set { path: path.to_owned(), kind, for_training, digest, rows })
}

/// A text of a row; empty when it lacks the field.
#[must_use]
pub fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A list of names of a row.
#[must_use]
pub fn names<'a>(row: &'a Value, field: &str) -> Vec<&'a str> {
    let list = row.get(field).and_then(Value::as_array);
    list.map(|l| l.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}
