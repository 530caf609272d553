//! Evidence where several machines may write: what is stored together is one file, whole or absent, written once.
//!
//! In: packed records; a date. Out: places that are there for good. A name is a time and a number drawn by chance, so that
//! machines that write at once, or one after the other, never meet. A file that nothing refers to may be one whose rows are
//! about to be stored elsewhere: it is removed only after a week.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::warc::{self, Location, Member};
use pipelines::text::hex;
use sha2::{Digest, Sha256};

use super::archive::{ArchiveError, Emptied, Purged, is_over};
use super::vault::{Listed, Shelf, Vault, VaultError};
use super::{ENDING, SOFTWARE};
use crate::platform;
use crate::store::{FiledRecord, Store};

/// How long a file may wait for the rows that refer to it: longer than a database is waited for.
const AWAITED: TimeDelta = TimeDelta::days(7);

/// Names tried before giving up; two of them would have to be drawn alike.
const NAMES: usize = 3;

/// Evidence in a vault.
pub(super) struct Whole {
    vault: Arc<dyn Vault>,
    /// The hash of what could not be written for certain, and the name it was to have.
    unsure: Option<([u8; 32], String)>,
}

/// A name for a file that begins at `at`.
///
/// # Errors
/// The system has no random bytes.
pub fn new_name(at: DateTime<Utc>) -> std::io::Result<String> {
    let drawn = hex(&platform::random_bytes::<8>()?);
    Ok(format!("{}-{drawn}{ENDING}", at.format("guanlan-%Y%m%d%H%M%S")))
}

fn failed(what: &'static str, vault: &dyn Vault) -> impl FnOnce(std::io::Error) -> VaultError {
    let path = vault.shown().into();
    move |source| VaultError::Io { what, path, source }
}

/// What stays of a file, at its place in a new one, and what cannot be read.
type Copied = (Vec<(i64, Location)>, Vec<FiledRecord>);

impl Whole {
    pub fn new(vault: Arc<dyn Vault>) -> Self {
        Self { vault, unsure: None }
    }

    pub fn append<'m>(
        &mut self,
        members: impl IntoIterator<Item = &'m Member>,
    ) -> Result<Vec<Location>, ArchiveError> {
        let members: Vec<&Member> = members.into_iter().collect();
        let Some(first) = members.first() else { return Ok(Vec::new()) };
        let bytes: Vec<&[u8]> = members.iter().map(|member| member.bytes.as_slice()).collect();
        Ok(self.write(first.at, &bytes)?)
    }

    /// Writes one file. What was tried before and may have been written gets the name it was to have.
    fn write(&mut self, at: DateTime<Utc>, members: &[&[u8]]) -> Result<Vec<Location>, VaultError> {
        let mut hash = Sha256::new();
        members.iter().for_each(|member| hash.update(member));
        let hash: [u8; 32] = hash.finalize().into();
        let mut tried = self.unsure.take().filter(|(of, _)| *of == hash).map(|(_, name)| name);
        for _ in 0..NAMES {
            let name = tried.take().map_or_else(|| new_name(at), Ok);
            let name = name.map_err(failed("name", &*self.vault))?;
            let made = warc::file_of(&name, SOFTWARE, at, members.iter().copied());
            let (file, places) = made.map_err(failed("write", &*self.vault))?;
            let written = self.vault.put_new(Shelf::Evidence, &name, &file);
            let written = match written {
                // It may be ours: an answer that was lost.
                Ok(false) => {
                    self.vault.read(Shelf::Evidence, &name, None).map(|there| there == file)
                }
                written => written,
            };
            match written {
                Ok(true) => return Ok(places),
                Ok(false) => {}
                Err(error) => {
                    self.unsure = Some((hash, name));
                    return Err(error);
                }
            }
        }
        let taken = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        Err(failed("name", &*self.vault)(taken))
    }

    pub fn purge(
        &mut self,
        store: &dyn Store,
        before: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<Purged, ArchiveError> {
        let mut purged = Purged::default();
        let mut after = String::new();
        loop {
            let files = self.vault.list(Shelf::Evidence, &after)?;
            let (Some(first), Some(last)) = (files.first(), files.last()) else { break };
            let standing = store.filed(&first.name, &last.name, before)?;
            for file in &files {
                let known = standing.iter().find(|known| known.file == file.name);
                match known {
                    None if file.written + AWAITED >= now => {}
                    Some(known) if known.over == 0 => {}
                    _ => self.replace(store, file, before, now, &mut purged)?,
                }
            }
            after.clone_from(&last.name);
        }
        Ok(purged)
    }

    /// Copies what stays of a file into a new one, tells the store, and removes it.
    fn replace(
        &mut self,
        store: &dyn Store,
        file: &Listed,
        before: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        purged: &mut Purged,
    ) -> Result<(), ArchiveError> {
        let records = store.filed_records(&file.name)?;
        let (over, staying): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|record| is_over(record, before));
        let (moved, lost) = self.copy(&file.name, &staying, now)?;
        let emptied = Emptied { file: &file.name, over: &over, moved: &moved, lost: &lost };
        if over.len() + staying.len() > 0 {
            emptied.tell(store, now)?;
        }
        self.vault.remove(Shelf::Evidence, &file.name)?;
        emptied.count(file.bytes, purged);
        Ok(())
    }

    fn copy(
        &mut self,
        name: &str,
        records: &[FiledRecord],
        now: DateTime<Utc>,
    ) -> Result<Copied, ArchiveError> {
        if records.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let file = match self.vault.read(Shelf::Evidence, name, None) {
            Err(error) if error.is_gone() => Vec::new(),
            read => read?,
        };
        let (mut staying, mut lost) = (Vec::new(), Vec::new());
        for record in records {
            match member(&file, &record.place) {
                Some(member) => staying.push((record.id, member)),
                None => {
                    tracing::error!(file = %name, offset = record.place.offset, "evidence lost");
                    lost.push(record.clone());
                }
            }
        }
        if staying.is_empty() {
            return Ok((Vec::new(), lost));
        }
        let members: Vec<&[u8]> = staying.iter().map(|(_, member)| *member).collect();
        let places = self.write(now, &members)?;
        Ok((staying.iter().map(|(id, _)| *id).zip(places).collect(), lost))
    }
}

/// The bytes of a record as they stand there; whether they are still what was stored is seen by whoever hands them out.
fn member<'f>(file: &'f [u8], place: &Location) -> Option<&'f [u8]> {
    let from = usize::try_from(place.offset).ok()?;
    file.get(from..from.checked_add(usize::try_from(place.length).ok()?)?)
}
