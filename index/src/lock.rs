//! The right to rebuild an index: one process at a time.
//!
//! In: where an index lies. Out: a lock held as long as the value lives; the operating system frees it
//! when the process ends, however it ends. So whoever can take it knows that nobody is rebuilding.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::IndexError;
use crate::place::Place;

/// The right to rebuild the index of a directory.
#[derive(Debug)]
pub struct RebuildLock {
    place: Place,
    _file: File,
}

impl RebuildLock {
    /// Takes the right for the index at `place`, whose folder is made where it is missing.
    ///
    /// # Errors
    /// `Rebuilding` while another has it; a broken disk.
    pub fn take(place: impl Into<Place>) -> Result<Self, IndexError> {
        let place = place.into();
        let dir = place.dir();
        std::fs::create_dir_all(dir).map_err(IndexError::io("create", dir))?;
        let path = dir.join("rebuild.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(IndexError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { place, _file: file }),
            Err(TryLockError::WouldBlock) => Err(IndexError::Rebuilding { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(IndexError::io("lock", path)(source)),
        }
    }

    /// Where the index lies.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.place.dir()
    }
}
