//! A backup of a station in a folder, made while it works, and a station made from such a folder.
//!
//! In: a config, a folder. Out: the store as of one instant, so much of each evidence file as it refers to, the other files
//! of the data directory, and a manifest of all of them with their SHA-256, written last: a folder without one is no
//! backup. A folder is taken back into an empty data directory only, and only if every file of it is what its manifest
//! says. The index and the key of the console are left out: both are made anew. Evidence that lies elsewhere is named.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::{Component, Path, PathBuf};

use pipelines::text::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::{Config, StoreKind};
use crate::engine::{DataDir, StationLock, system_clock, vault};
use crate::platform;
use crate::store::SqliteStore;

/// The name of the manifest.
const MANIFEST: &str = "manifest.json";

/// The name of the store.
const STORE: &str = "guanlan.db";

/// What of a data directory is not its contents: made anew, or copied in another way.
const LEFT_OUT: [&str; 8] = [
    "guanlan.db",
    "guanlan.db-wal",
    "guanlan.db-shm",
    "index",
    "evidence",
    "station.lock",
    "station.wanted",
    "console.key",
];

/// How often evidence that is purged while it is copied is begun anew with.
const TRIES: u32 = 3;

/// Why a backup was not made, or not taken back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store is on a server, whose own means make its backups.
    #[error("the store is on a server: `pg_dump` makes its backup")]
    OnServer,
    /// There is nothing to keep.
    #[error("there is no store at `{place}`")]
    Nothing {
        /// The data directory.
        place: String,
    },
    /// The folder is in use.
    #[error("`{place}` is not empty")]
    NotEmpty {
        /// Which.
        place: String,
    },
    /// The folder lies in what is to be kept in it.
    #[error("`{place}` lies within the data directory")]
    Within {
        /// Which.
        place: String,
    },
    /// The folder is no backup.
    #[error("`{place}` is no backup: it has no manifest that can be read")]
    NoManifest {
        /// Which.
        place: String,
    },
    /// A file is not what the manifest says, or stands in none.
    #[error("`{file}` is not what the manifest says")]
    Changed {
        /// Its name in the folder.
        file: String,
    },
    /// Evidence went away while it was copied, again and again.
    #[error("evidence was purged while it was copied")]
    Purged,
}

/// What a backup is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupManifest {
    /// The version that made it.
    pub guanlan: String,
    /// When its making began, RFC 3339.
    pub made: String,
    /// Where evidence lies that is not in it; none where it is.
    pub evidence_at: Option<String>,
    /// Evidence files that the store refers to, with how many bytes of each, where they are not in it.
    pub evidence: Vec<(String, u64)>,
    /// Its files but this one.
    pub files: Vec<KeptFile>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFile {
    /// Its path in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

impl BackupManifest {
    /// Bytes of all its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Makes a backup of the station of `config` in the folder `to`, which is made or empty. A station may be at work.
///
/// # Errors
/// See [`BackupError`]; files and stores that cannot be read or written.
pub fn back_up(config: &Config, to: &Path) -> anyhow::Result<BackupManifest> {
    let dir = DataDir(config.station.data_dir.clone());
    if config.store.kind != StoreKind::Sqlite {
        return Err(BackupError::OnServer.into());
    }
    if !dir.store().exists() {
        return Err(BackupError::Nothing { place: dir.0.display().to_string() }.into());
    }
    platform::make_private_dir(to)?;
    let shown = || to.display().to_string();
    if to.canonicalize()?.starts_with(dir.0.canonicalize()?) {
        return Err(BackupError::Within { place: shown() }.into());
    }
    if to.read_dir()?.next().is_some() {
        return Err(BackupError::NotEmpty { place: shown() }.into());
    }
    let made = system_clock()().to_rfc3339();
    let mut keeping = Keeping { dir: &dir, to, files: Vec::new() };
    let is_elsewhere = config.evidence.is_shared();
    let evidence = keeping.store_and_evidence(is_elsewhere)?;
    keeping.rest(Path::new(""))?;
    let evidence_at = if is_elsewhere { Some(vault(config)?.shown()) } else { None };
    let manifest = BackupManifest {
        guanlan: env!("CARGO_PKG_VERSION").to_owned(),
        made,
        evidence: if is_elsewhere { evidence } else { Vec::new() },
        evidence_at,
        files: keeping.files,
    };
    let mut file = platform::new_private_file(&to.join(MANIFEST))?;
    file.write_all(&serde_json::to_vec_pretty(&manifest)?)?;
    file.sync_all()?;
    File::open(to)?.sync_all()?;
    Ok(manifest)
}

/// A backup in the making.
struct Keeping<'a> {
    dir: &'a DataDir,
    to: &'a Path,
    files: Vec<KeptFile>,
}

impl Keeping<'_> {
    /// The store, then what it refers to: that was written before it. Where a purge took some of it meanwhile, both anew.
    fn store_and_evidence(&mut self, is_elsewhere: bool) -> anyhow::Result<Vec<(String, u64)>> {
        for _ in 0..TRIES {
            self.files.clear();
            let copy = self.to.join(STORE);
            drop(platform::new_private_file(&copy)?);
            let evidence = SqliteStore::snapshot(&self.dir.store(), &copy)?;
            self.files.push(seen(self.to, STORE)?);
            if is_elsewhere || self.evidence(&evidence)? {
                return Ok(evidence);
            }
            std::fs::remove_file(&copy)?;
            std::fs::remove_dir_all(self.to.join("evidence"))?;
        }
        Err(BackupError::Purged.into())
    }

    /// So much of each file as was asked for; whether all of it was there.
    fn evidence(&mut self, evidence: &[(String, u64)]) -> anyhow::Result<bool> {
        platform::make_private_dir(&self.to.join("evidence"))?;
        for (file, end) in evidence {
            let name = format!("evidence/{file}");
            match copied(&self.dir.0, self.to, &name, *end) {
                Ok(kept) if kept.bytes == *end => self.files.push(kept),
                Ok(_) => return Ok(false),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// Everything else of the data directory; what goes away meanwhile is not needed.
    fn rest(&mut self, folder: &Path) -> anyhow::Result<()> {
        let mut entries = self.dir.0.join(folder).read_dir()?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = folder.join(entry.file_name());
            let Some(name) = path.to_str() else { continue };
            if LEFT_OUT.contains(&name) {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                platform::make_private_dir(&self.to.join(&path))?;
                self.rest(&path)?;
            } else if kind.is_file() {
                match copied(&self.dir.0, self.to, name, u64::MAX) {
                    Ok(kept) => self.files.push(kept),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }
}

/// Copies a file of `from` to the same name in `to`, at most so many bytes of it.
fn copied(from: &Path, to: &Path, name: &str, bytes: u64) -> io::Result<KeptFile> {
    let source = File::open(from.join(name))?;
    let path = to.join(name);
    if let Some(folder) = path.parent() {
        platform::make_private_dir(folder)?;
    }
    let mut file = platform::new_private_file(&path)?;
    let kept = read(source.take(bytes), name, &mut |piece| file.write_all(piece))?;
    file.sync_all()?;
    Ok(kept)
}

/// A file as it is.
fn seen(folder: &Path, name: &str) -> io::Result<KeptFile> {
    read(File::open(folder.join(name))?, name, &mut |_| Ok(()))
}

fn read(
    mut from: impl Read,
    name: &str,
    each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<KeptFile> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; 1 << 16];
    loop {
        let n = from.read(&mut piece)?;
        if n == 0 {
            break;
        }
        hash.update(&piece[..n]);
        bytes += n as u64;
        each(&piece[..n])?;
    }
    Ok(KeptFile { name: name.to_owned(), bytes, sha256: hex(&hash.finalize()) })
}

/// Makes the station of `config` from the backup in `from`, after every file of it was read and found to be what the
/// manifest says. The index is to be built then.
///
/// # Errors
/// See [`BackupError`]; a station at work; files that cannot be read or written.
pub fn restore(config: &Config, from: &Path) -> anyhow::Result<BackupManifest> {
    if config.store.kind != StoreKind::Sqlite {
        return Err(BackupError::OnServer.into());
    }
    let dir = &config.station.data_dir;
    let manifest = checked(from)?;
    platform::make_private_dir(dir)?;
    let others = dir.read_dir()?.collect::<io::Result<Vec<_>>>()?;
    if others.iter().any(|entry| entry.file_name() != "station.lock") {
        return Err(BackupError::NotEmpty { place: dir.display().to_string() }.into());
    }
    let _lock = StationLock::take(dir)?;
    // The store comes last: without it nothing here refers to anything.
    let (store, rest): (Vec<_>, Vec<_>) =
        manifest.files.iter().partition(|file| file.name == STORE);
    for file in rest.into_iter().chain(store) {
        if copied(from, dir, &file.name, u64::MAX)? != *file {
            return Err(BackupError::Changed { file: file.name.clone() }.into());
        }
    }
    Ok(manifest)
}

/// The manifest of a folder in which every file is what it says, and no other is.
fn checked(from: &Path) -> anyhow::Result<BackupManifest> {
    let none = || BackupError::NoManifest { place: from.display().to_string() };
    let text = std::fs::read(from.join(MANIFEST)).map_err(|_| none())?;
    let manifest: BackupManifest = serde_json::from_slice(&text).map_err(|_| none())?;
    let changed = |file: &str| BackupError::Changed { file: file.to_owned() };
    let mut names = BTreeSet::from([PathBuf::from(MANIFEST)]);
    for file in &manifest.files {
        let path = Path::new(&file.name);
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || !names.insert(path.to_owned()) {
            return Err(changed(&file.name).into());
        }
        if seen(from, &file.name).ok().as_ref() != Some(file) {
            return Err(changed(&file.name).into());
        }
    }
    if !names.contains(Path::new(STORE)) {
        return Err(changed(STORE).into());
    }
    match stranger(from, Path::new(""), &names)? {
        Some(name) => Err(changed(&name).into()),
        None => Ok(manifest),
    }
}

/// A file in the folder that is not one of `names`.
fn stranger(from: &Path, folder: &Path, names: &BTreeSet<PathBuf>) -> io::Result<Option<String>> {
    for entry in from.join(folder).read_dir()? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if let Some(name) = stranger(from, &path, names)? {
                return Ok(Some(name));
            }
        } else if !names.contains(&path) {
            return Ok(Some(path.display().to_string()));
        }
    }
    Ok(None)
}
