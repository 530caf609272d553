//! Where evidence files lie, wherever that is: what is read, written once, listed and removed there.
//!
//! In: names of files, spans of bytes. Out: bytes, or why there are none; a file that is not there is told apart from
//! one that cannot be had. It knows no record of a file and no row that refers to one.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use pipelines::crawl::warc::{self, Location, Record, WarcError};

use crate::bucket::BucketFault;

/// What a file is kept for; the folder it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Pages that posts were read from.
    Evidence,
    /// Pages of published answers.
    Published,
}

impl Shelf {
    /// The name of the folder.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Published => "published",
        }
    }
}

/// What was tried where the whole place is not there: a folder of another machine that is not mounted.
pub(super) const FIND: &str = "find";

/// Why a file cannot be had, written, listed or removed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The folder or a file of it.
    #[error(
        "cannot {what} evidence at `{path}`: {source}; make room or mend the folder, and start again"
    )]
    Io {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The object store.
    #[error(transparent)]
    Bucket(#[from] BucketFault),
}

impl VaultError {
    /// Whether the same may succeed later: there is no room, or the object store is away or refuses us.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Io { what, source, .. } => {
                // A file that may not grow (a limit of the account or the file system) is a full disk to us.
                let full =
                    [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge];
                *what == FIND || full.contains(&source.kind())
            }
            Self::Bucket(fault) => fault.passes(),
        }
    }

    /// Whether there is no such file.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == ErrorKind::NotFound,
            Self::Bucket(fault) => matches!(fault, BucketFault::NoObject { .. }),
        }
    }
}

/// A file as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// When it was written, by the clock of whoever keeps it.
    pub written: DateTime<Utc>,
}

/// A place of evidence files.
pub trait Vault: Send + Sync {
    /// The place, as people are told it; without a secret.
    fn shown(&self) -> String;

    /// Writes a file that is not there yet, whole; when this returns it survives a power cut. Answers false, and writes
    /// nothing, where the name is taken.
    ///
    /// # Errors
    /// See [`VaultError`]; whether it was written is not known then, but never a part of it.
    fn put_new(&self, shelf: Shelf, name: &str, bytes: &[u8]) -> Result<bool, VaultError>;

    /// The bytes of a file: all, or so many from an offset on, of which there may be fewer.
    ///
    /// # Errors
    /// See [`VaultError`].
    fn read(
        &self,
        shelf: Shelf,
        name: &str,
        span: Option<(u64, u64)>,
    ) -> Result<Vec<u8>, VaultError>;

    /// Evidence files by name, those behind `after`; not necessarily all, but none only at the end.
    ///
    /// # Errors
    /// See [`VaultError`].
    fn list(&self, shelf: Shelf, after: &str) -> Result<Vec<Listed>, VaultError>;

    /// Removes a file; one that is not there is no error.
    ///
    /// # Errors
    /// See [`VaultError`].
    fn remove(&self, shelf: Shelf, name: &str) -> Result<(), VaultError>;
}

/// The packed bytes of a record as they lie there, unchecked.
///
/// # Errors
/// The file is not there, cannot be read, or ends before the record does.
pub fn packed(vault: &dyn Vault, place: &Location) -> Result<Vec<u8>, WarcError> {
    let span = Some((place.offset, place.length));
    let member = vault.read(Shelf::Evidence, &place.file, span).map_err(io::Error::other)?;
    match member.len() as u64 == place.length {
        true => Ok(member),
        false => Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
    }
}

/// A record, checked whole.
///
/// # Errors
/// As [`packed`]; one that is not what was stored.
pub fn record(vault: &dyn Vault, place: &Location) -> Result<Record, WarcError> {
    warc::checked(packed(vault, place)?, place)
}
