//! The right to rebuild an index: one process at a time.
//!
//! In: the directory of an index. Out: a lock held as long as the value lives; the operating system frees it
//! when the process ends, however it ends. So whoever can take it knows that nobody is rebuilding.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::IndexError;

/// The right to rebuild the index of a directory.
#[derive(Debug)]
pub struct RebuildLock {
    dir: PathBuf,
    _file: File,
}

impl RebuildLock {
    /// Takes the right for the index in `dir`, which is made where it is missing.
    ///
    /// # Errors
    /// `Rebuilding` while another has it; a broken disk.
    pub fn take(dir: &Path) -> Result<Self, IndexError> {
        std::fs::create_dir_all(dir).map_err(IndexError::io("create", dir))?;
        let path = dir.join("rebuild.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(IndexError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { dir: dir.to_owned(), _file: file }),
            Err(TryLockError::WouldBlock) => Err(IndexError::Rebuilding { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(IndexError::io("lock", path)(source)),
        }
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}
