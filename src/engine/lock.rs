//! One station per data directory.
//!
//! In: the directory. Out: a lock held as long as the value lives; the operating system frees it when the
//! process ends, however it ends. A second station gets a refusal that names the directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another station works on `{dir}` (process {pid})")]
    Held {
        /// The data directory.
        dir: PathBuf,
        /// What the holder wrote into the lock file.
        pid: String,
    },
    /// The file system refused.
    #[error("cannot lock `{dir}`: {source}")]
    Io {
        /// The data directory.
        dir: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// The right to write to a data directory.
#[derive(Debug)]
pub struct StationLock {
    _file: File,
}

impl StationLock {
    /// Takes the lock of `dir`, which must exist.
    ///
    /// # Errors
    /// `Held` while another process has it.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let io = |source| LockError::Io { dir: dir.to_owned(), source };
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(dir.join("station.lock"))
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // What the holder wrote is a courtesy; an unreadable one changes nothing.
                let _ = file.read_to_string(&mut pid);
                return Err(LockError::Held { dir: dir.to_owned(), pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_station_is_refused_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let first = StationLock::take(dir.path()).unwrap();
        let second = StationLock::take(dir.path()).unwrap_err();
        assert!(matches!(second, LockError::Held { .. }), "{second}");
        drop(first);
        StationLock::take(dir.path()).unwrap();
    }
}
