//! A folder of evidence files: the one in the data directory, or one that several machines share.
//!
//! In: names, bytes. Out: files that are whole or absent: each is written under another name first, and gets its own by a
//! link, which fails where the name is taken. Files of others are never touched but to be read or removed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::ENDING;
use super::vault::{FIND, Listed, Shelf, Vault, VaultError};
use crate::platform;

/// The ending of what is being written.
const UNFINISHED: &str = ".unfinished";

/// A folder with one for each shelf.
pub struct Folder {
    root: PathBuf,
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> VaultError {
    let path = path.to_owned();
    move |source| VaultError::Io { what, path, source }
}

impl Folder {
    /// The folders below `root`.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn dir(&self, shelf: Shelf) -> PathBuf {
        self.root.join(shelf.as_str())
    }
}

impl Vault for Folder {
    fn shown(&self) -> String {
        self.root.display().to_string()
    }

    fn put_new(&self, shelf: Shelf, name: &str, bytes: &[u8]) -> Result<bool, VaultError> {
        // One that is not mounted is waited for, not made.
        self.root.metadata().map_err(failed(FIND, &self.root))?;
        let dir = self.dir(shelf);
        platform::make_private_dir(&dir).map_err(failed("make", &dir))?;
        let path = dir.join(name);
        let unfinished = dir.join(format!("{name}{UNFINISHED}"));
        // One that a failure left: the name is ours alone.
        let _ = fs::remove_file(&unfinished);
        let written = write(&unfinished, bytes).and_then(|()| name_it(&unfinished, &path));
        let removed = fs::remove_file(&unfinished);
        match written {
            Ok(()) => {
                removed
                    .or_else(|error| is_absent(&error).then_some(()).ok_or(error))
                    .map_err(failed("write", &path))?;
                sync_dir(&dir).map_err(failed("write", &dir))?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(failed("write", &path)(error)),
        }
    }

    fn read(
        &self,
        shelf: Shelf,
        name: &str,
        span: Option<(u64, u64)>,
    ) -> Result<Vec<u8>, VaultError> {
        let path = self.dir(shelf).join(name);
        let read = || {
            let mut file = File::open(&path)?;
            let (offset, length) = span.unwrap_or((0, u64::MAX));
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            file.take(length).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(failed("read", &path))
    }

    fn list(&self, shelf: Shelf, after: &str) -> Result<Vec<Listed>, VaultError> {
        let dir = self.dir(shelf);
        let entries = match fs::read_dir(&dir) {
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            entries => entries.map_err(failed("list", &dir))?,
        };
        let mut listed = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed("list", &dir))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_ours = name.ends_with(ENDING) || name.ends_with(UNFINISHED);
            if !is_ours || name.as_str() <= after {
                continue;
            }
            match entry.metadata().and_then(|about| Ok((about.len(), about.modified()?))) {
                Ok((bytes, written)) => {
                    listed.push(Listed { name, bytes, written: DateTime::<Utc>::from(written) });
                }
                // Somebody removed it meanwhile.
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(failed("list", &dir)(error)),
            }
        }
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    fn remove(&self, shelf: Shelf, name: &str) -> Result<(), VaultError> {
        let path = self.dir(shelf).join(name);
        match fs::remove_file(&path) {
            Err(error) if is_absent(&error) => Ok(()),
            removed => removed.map_err(failed("remove", &path)),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = platform::new_private_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives what lies at `unfinished` the name `path`, if that is not taken.
fn name_it(unfinished: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(unfinished, path) {
        // A file system without links; nobody else makes a file of this name, which is drawn by chance.
        Err(error)
            if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) =>
        {
            match path.try_exists()? {
                true => Err(ErrorKind::AlreadyExists.into()),
                false => fs::rename(unfinished, path),
            }
        }
        linked => linked,
    }
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_once_and_read_in_parts() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().to_owned());
        assert_eq!(folder.list(Shelf::Evidence, "").unwrap(), []);
        assert!(folder.put_new(Shelf::Evidence, "b.warc.gz", b"0123456789").unwrap());
        assert!(!folder.put_new(Shelf::Evidence, "b.warc.gz", b"other").unwrap());
        assert!(folder.put_new(Shelf::Evidence, "a.warc.gz", b"x").unwrap());
        let read = |span| folder.read(Shelf::Evidence, "b.warc.gz", span).unwrap();
        assert_eq!((read(None), read(Some((3, 4)))), (b"0123456789".to_vec(), b"3456".to_vec()));
        assert_eq!(read(Some((8, 9))), b"89");
        let names = |after| {
            let listed = folder.list(Shelf::Evidence, after).unwrap();
            listed.into_iter().map(|one| one.name).collect::<Vec<_>>()
        };
        assert_eq!(
            (names(""), names("a.warc.gz")),
            (vec!["a.warc.gz".to_owned(), "b.warc.gz".to_owned()], vec!["b.warc.gz".to_owned()])
        );
        folder.remove(Shelf::Evidence, "a.warc.gz").unwrap();
        folder.remove(Shelf::Evidence, "a.warc.gz").unwrap();
        assert!(folder.read(Shelf::Evidence, "a.warc.gz", None).unwrap_err().is_gone());
        let away = Folder::new(dir.path().join("not mounted"));
        assert!(away.put_new(Shelf::Evidence, "a.warc.gz", b"x").unwrap_err().passes());
        assert!(!dir.path().join("not mounted").exists());
    }
}
