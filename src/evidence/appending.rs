//! The folder of WARC files of one data directory: appended to day by day, mended at start, emptied by date.
//!
//! In: packed records; a date. Out: places that are on disk for good. What a kill leaves half written is cut off at the
//! next start, so nobody else may write into this folder.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use pipelines::crawl::warc::{self, Location, Member, Writer};

use super::archive::{ArchiveError, Emptied, Purged, is_over};
use super::vault::VaultError;
use super::{ENDING, SOFTWARE};
use crate::platform;
use crate::store::{FiledRecord, Store};

/// Bytes after which a file is full: what a purge has to copy at most, and what fits on any disk.
const MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// The evidence files of a data directory.
pub(super) struct Appending {
    dir: PathBuf,
    writer: Writer,
}

/// Row and new place of each record copied, and the records that could not be read.
type Copied = (Vec<(i64, Location)>, Vec<FiledRecord>);

fn failed(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ArchiveError {
    let path = path.to_owned();
    move |source| VaultError::Io { what, path, source }.into()
}

impl Appending {
    /// Opens the folder, making it for its owner alone, and cuts off what a kill left half written. The caller
    /// has the station's lock.
    ///
    /// # Errors
    /// The folder cannot be used, or the store fails.
    pub fn open(dir: &Path, store: &dyn Store) -> Result<Self, ArchiveError> {
        platform::make_private_dir(dir).map_err(failed("make", dir))?;
        platform::close_to_others(dir).map_err(failed("close to others", dir))?;
        let archive = Self { dir: dir.to_owned(), writer: writer(dir)? };
        for file in archive.files()? {
            archive.cut_torn_end(&file, store)?;
        }
        Ok(archive)
    }

    /// Writes records; when this returns they survive a power cut. The caller keeps the archive until the rows
    /// that refer to them are on disk.
    ///
    /// # Errors
    /// The disk refuses; none of the records counts then.
    pub fn append<'m>(
        &mut self,
        members: impl IntoIterator<Item = &'m Member>,
    ) -> Result<Vec<Location>, ArchiveError> {
        let written = members.into_iter().map(|member| self.writer.append_packed(member));
        let places = written.collect::<std::io::Result<Vec<_>>>();
        let places = places.map_err(failed("write", &self.dir))?;
        if !places.is_empty() {
            self.writer.sync().map_err(failed("write", &self.dir))?;
        }
        Ok(places)
    }

    /// Removes every record fetched before `before` (none: no date), every record of no stored post, and every
    /// file nothing refers to. What stays of a file is copied, the store is told, and then the file is removed:
    /// whenever the process dies, the store refers to whole records only.
    ///
    /// # Errors
    /// The disk or the store; what was removed before stays removed.
    pub fn purge(
        &mut self,
        store: &dyn Store,
        before: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Purged, ArchiveError> {
        let mut purged = Purged::default();
        for file in self.files()? {
            let (over, staying): (Vec<_>, Vec<_>) =
                store.filed_records(&file)?.into_iter().partition(|record| is_over(record, before));
            if over.is_empty() && !staying.is_empty() {
                continue;
            }
            self.replace(store, &file, &over, &staying, now, &mut purged)?;
        }
        if purged.files_removed + purged.files_rewritten > 0 {
            sync_dir(&self.dir)?;
        }
        Ok(purged)
    }

    fn replace(
        &mut self,
        store: &dyn Store,
        file: &str,
        over: &[FiledRecord],
        staying: &[FiledRecord],
        now: DateTime<Utc>,
        purged: &mut Purged,
    ) -> Result<(), ArchiveError> {
        if self.writer.current() == Some(file) {
            self.writer.close().map_err(failed("write", &self.dir))?;
        }
        let (moved, lost) = self.copy(staying, now)?;
        let emptied = Emptied { file, over, moved: &moved, lost: &lost };
        emptied.tell(store, now)?;
        let path = self.dir.join(file);
        let before = path.metadata().map_or(0, |m| m.len());
        std::fs::remove_file(&path).map_err(failed("remove", &path))?;
        emptied.count(before, purged);
        Ok(())
    }

    /// Copies records into a file of their own, byte for byte; those that cannot be read are lost, and said.
    fn copy(&self, records: &[FiledRecord], now: DateTime<Utc>) -> Result<Copied, ArchiveError> {
        let mut copies = writer(&self.dir)?;
        let (mut moved, mut lost) = (Vec::new(), Vec::new());
        for record in records {
            match warc::packed_at(&self.dir, &record.place) {
                Ok(bytes) => {
                    let copied = copies.append_packed(&Member { bytes, at: now });
                    moved.push((record.id, copied.map_err(failed("write", &self.dir))?));
                }
                Err(error) => {
                    let place = &record.place;
                    tracing::error!(file = %place.file, offset = place.offset, %error, "evidence lost");
                    lost.push(record.clone());
                }
            }
        }
        copies.close().map_err(failed("write", &self.dir))?;
        Ok((moved, lost))
    }

    /// The names of the evidence files, oldest first.
    fn files(&self) -> Result<Vec<String>, ArchiveError> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(failed("list", &self.dir))? {
            let name = entry.map_err(failed("list", &self.dir))?.file_name();
            names.extend(name.into_string().ok().filter(|name| name.ends_with(ENDING)));
        }
        names.sort();
        Ok(names)
    }

    /// Whole records that no row refers to stay until they are purged; only what is no record goes.
    fn cut_torn_end(&self, file: &str, store: &dyn Store) -> Result<(), ArchiveError> {
        let path = self.dir.join(file);
        let length = path.metadata().map_err(failed("read", &path))?.len();
        let records = store.filed_records(file)?;
        let known = records.last().map_or(0, |last| last.place.offset + last.place.length);
        if length < known {
            tracing::error!(file = %path.display(), length, known, "an evidence file is shorter than its records");
            return Ok(());
        }
        let sound = warc::sound_length(&path, known).map_err(failed("read", &path))?;
        if sound == 0 {
            return std::fs::remove_file(&path).map_err(failed("remove", &path));
        }
        if sound < length {
            tracing::warn!(file = %path.display(), bytes = length - sound, "cut the torn end of an evidence file");
            let opened = OpenOptions::new().write(true).open(&path);
            let cut = opened.and_then(|file| file.set_len(sound).and_then(|()| file.sync_all()));
            cut.map_err(failed("mend", &path))?;
        }
        Ok(())
    }
}

fn writer(dir: &Path) -> Result<Writer, ArchiveError> {
    Writer::new(dir, MAX_FILE_BYTES, SOFTWARE).map_err(failed("make", dir))
}

fn sync_dir(dir: &Path) -> Result<(), ArchiveError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("write", dir))
}
