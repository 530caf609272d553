//! A database file that nobody is at work on, read by an account that may not write beside it.
//!
//! In: its path. Out: the address to open it by, and what tells later whether somebody has begun to write.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::store::{Result, StoreError};

/// What tells whether a database file was written to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Print {
    bytes: u64,
    changed: Option<SystemTime>,
    /// A log lies beside it: somebody may be at work on it.
    pub has_log: bool,
}

impl Print {
    pub fn of(path: &Path) -> Self {
        let about = path.metadata().ok();
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self {
            bytes: about.as_ref().map_or(0, std::fs::Metadata::len),
            changed: about.and_then(|about| about.modified().ok()),
            has_log: Path::new(&log).metadata().is_ok_and(|log| log.len() > 0),
        }
    }
}

/// The address by which SQLite reads a file that nobody writes to, without any file beside it.
pub(super) fn still_address(path: &Path) -> Result<PathBuf> {
    let cannot = |cause: String| StoreError::Corrupt { what: path.display().to_string(), cause };
    let whole = std::path::absolute(path).map_err(|e| cannot(e.to_string()))?;
    let address = url::Url::from_file_path(whole).map_err(|()| cannot("no path".to_owned()))?;
    Ok(PathBuf::from(format!("{address}?immutable=1")))
}
