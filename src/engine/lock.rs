//! One station per data directory, which may lend it.
//!
//! In: the directory. Out: a lock held as long as the value lives; the operating system frees it when the
//! process ends, however it ends. A second station gets a refusal that names the directory. A station that lends
//! gives the directory away for as long as a command needs it: the command leaves a note and waits, the station sees the
//! note, closes, and opens again when the lock is free. Nothing is passed between the two but the lock itself.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The note of a command that waits for the directory.
const WANTED: &str = "station.wanted";

/// The second line of the lock file of a station that lends.
const LENDS: &str = "lends";

/// How often lock and note are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a command waits for a station to close: it ends what it is writing first.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a station that has closed waits for the command to take the lock; it may have died meanwhile.
const COME_WITHIN: Duration = Duration::from_secs(5);

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
        /// Whether the holder lends the directory to those who ask.
        lends: bool,
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
        Self::take_saying(dir, "")
    }

    /// Takes the lock of `dir` for a station that lends it, from its first moment on: whoever comes while it still
    /// opens waits as well.
    ///
    /// # Errors
    /// As of [`take`](Self::take).
    pub fn take_to_lend(dir: &Path) -> Result<Self, LockError> {
        Self::take_saying(dir, LENDS)
    }

    fn take_saying(dir: &Path, more: &str) -> Result<Self, LockError> {
        let io = |source| LockError::Io { dir: dir.to_owned(), source };
        let mut file = open(dir).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut said = String::new();
                // What the holder wrote is a courtesy; an unreadable one changes nothing.
                let _ = file.read_to_string(&mut said);
                let mut lines = said.lines();
                let pid = lines.next().unwrap_or_default().trim().to_owned();
                let lends = lines.next() == Some(LENDS);
                return Err(LockError::Held { dir: dir.to_owned(), pid, lends });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "{}\n{more}", std::process::id()).map_err(io)?;
        Ok(Self { _file: file })
    }

    /// Takes the lock of `dir` from a station that lends it, which closes for as long as this lives.
    ///
    /// # Errors
    /// `Held` where the holder does not lend, or does not come to an end within a minute.
    pub fn borrow(dir: &Path) -> Result<Self, LockError> {
        let (note, started) = (dir.join(WANTED), Instant::now());
        let taken = loop {
            match Self::take(dir) {
                Err(LockError::Held { lends: true, .. }) if started.elapsed() < PATIENCE => {
                    let noted = std::fs::write(&note, format!("{}\n", std::process::id()));
                    noted.map_err(|source| LockError::Io { dir: dir.to_owned(), source })?;
                    std::thread::sleep(LOOK_EVERY);
                }
                ended => break ended,
            }
        };
        // A note that stays makes the station close once for nobody.
        let _ = std::fs::remove_file(&note);
        taken
    }
}

/// Waits until a command asks for the directory.
pub async fn wanted(dir: &Path) {
    let note = dir.join(WANTED);
    while !note.exists() {
        tokio::time::sleep(4 * LOOK_EVERY).await;
    }
}

/// Waits, with the lock given up, until whoever asked for the directory has had it, or `stop` says so.
pub fn lend(dir: &Path, stop: &dyn Fn() -> bool) {
    let started = Instant::now();
    while is_free(dir) && !stop() && started.elapsed() < COME_WITHIN {
        std::thread::sleep(LOOK_EVERY);
    }
    while !is_free(dir) && !stop() {
        std::thread::sleep(LOOK_EVERY);
    }
    // Of somebody who died waiting.
    let _ = std::fs::remove_file(dir.join(WANTED));
}

fn open(dir: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true).open(dir.join("station.lock"))
}

/// Whether nobody holds the lock; what stands in its file stays.
fn is_free(dir: &Path) -> bool {
    open(dir).is_ok_and(|file| file.try_lock().is_ok())
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

    #[test]
    fn who_does_not_lend_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let _first = StationLock::take(dir.path()).unwrap();
        let refused = StationLock::borrow(dir.path()).unwrap_err();
        assert!(matches!(refused, LockError::Held { lends: false, .. }), "{refused}");
        assert!(!dir.path().join(WANTED).exists());
    }

    #[test]
    fn a_lent_directory_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let first = StationLock::take_to_lend(dir.path()).unwrap();
        let path = dir.path().to_owned();
        let borrower = std::thread::spawn(move || StationLock::borrow(&path).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(wanted(dir.path()));
        drop(first);
        let borrowed = borrower.join().unwrap();
        assert!(matches!(
            StationLock::take(dir.path()).unwrap_err(),
            LockError::Held { lends: false, .. }
        ));
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) > 2;
        lend(dir.path(), &stop);
        assert!(asked.get() > 2, "held, so only the wish to stop ends the wait");
        drop(borrowed);
        StationLock::take(dir.path()).unwrap();
    }
}
