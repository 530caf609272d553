//! A backup of a station in a folder, made while it works, and a station made from such a folder.
//!
//! In: a config, a folder. Out: the store as of one instant, so much of each evidence file as it refers to, the other files
//! of the data directory, and a manifest of all of them with their SHA-256, written last: a folder without one is no
//! backup. A folder is taken back into an empty data directory (and an empty schema, where the store lies on a server) only,
//! and only if every file of it is what its manifest says. The index and the key of the console are left out: both are made anew. Evidence that lies elsewhere is named.

mod files;
mod manifest;

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use files::{copied, seen};
use manifest::{DUMP, MANIFEST, STORE, checked};

pub use manifest::{BackupManifest, KeptFile};

use crate::config::Config;
use crate::engine::{DataDir, StationLock, place, system_clock, vault};
use crate::platform;
use crate::store::{EvidenceEnd, Place, PostgresStore, SnapshotOf};

/// The name of a dump that is being made.
const UNFINISHED: &str = "guanlan.dump.unfinished";

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
    /// It is of a store of the other kind than the config names.
    #[error("the backup is of a store of another kind than the config names")]
    OtherKind {
        /// Whether it is of one on a server.
        is_of_server: bool,
    },
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

/// Makes a backup of the station of `config` in the folder `to`, which is made or empty. A station may be at work.
///
/// # Errors
/// See [`BackupError`]; files and stores that cannot be read or written.
pub fn back_up(config: &Config, to: &Path) -> anyhow::Result<BackupManifest> {
    let dir = DataDir(config.station.data_dir.clone());
    let place = place(config)?;
    if matches!(&place, Place::File(file) if !file.exists()) {
        return Err(BackupError::Nothing { place: dir.0.display().to_string() }.into());
    }
    platform::make_private_dir(to)?;
    let shown = || to.display().to_string();
    // A machine that no process of the station runs on has nothing but the server's.
    let has_dir = dir.0.exists();
    if has_dir && to.canonicalize()?.starts_with(dir.0.canonicalize()?) {
        return Err(BackupError::Within { place: shown() }.into());
    }
    if to.read_dir()?.next().is_some() {
        return Err(BackupError::NotEmpty { place: shown() }.into());
    }
    let made = system_clock()().to_rfc3339();
    let mut keeping = Keeping { dir: &dir, to, files: Vec::new() };
    let is_elsewhere = config.evidence.is_shared();
    let (store, evidence) = keeping.store_and_evidence(&place, is_elsewhere)?;
    if has_dir {
        keeping.rest(Path::new(""))?;
    }
    let evidence_at = if is_elsewhere { Some(vault(config)?.shown()) } else { None };
    let manifest = BackupManifest {
        guanlan: env!("CARGO_PKG_VERSION").to_owned(),
        made,
        store: Some(store),
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
    fn store_and_evidence(
        &mut self,
        place: &Place,
        is_elsewhere: bool,
    ) -> anyhow::Result<(SnapshotOf, Vec<EvidenceEnd>)> {
        for _ in 0..TRIES {
            self.files.clear();
            let (name, of, evidence) = self.store(place)?;
            self.files.push(seen(self.to, name)?);
            if is_elsewhere || self.evidence(&evidence)? {
                return Ok((of, evidence));
            }
            std::fs::remove_file(self.to.join(name))?;
            std::fs::remove_dir_all(self.to.join("evidence"))?;
        }
        Err(BackupError::Purged.into())
    }

    /// The store as of one instant; it has its name once it is whole.
    fn store(&self, place: &Place) -> anyhow::Result<(&'static str, SnapshotOf, Vec<EvidenceEnd>)> {
        let (name, making) = match place {
            Place::File(_) => (STORE, STORE),
            Place::Server(_) => (DUMP, UNFINISHED),
        };
        let copy = self.to.join(making);
        drop(platform::new_private_file(&copy)?);
        let Some(snapshot) = place.snapshot(&copy)? else {
            return Err(BackupError::Nothing { place: place.to_string() }.into());
        };
        std::fs::rename(&copy, self.to.join(name))?;
        Ok((name, snapshot.of, snapshot.evidence))
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

/// Makes the station of `config` from the backup in `from`, after every file of it was read and found to be what the
/// manifest says. The index is to be built then.
///
/// # Errors
/// See [`BackupError`]; a station at work; files that cannot be read or written.
pub fn restore(config: &Config, from: &Path) -> anyhow::Result<BackupManifest> {
    let (dir, place) = (&config.station.data_dir, place(config)?);
    let manifest = checked(from)?;
    let is_of_server = manifest.is_of_server();
    if is_of_server != matches!(place, Place::Server(_)) {
        return Err(BackupError::OtherKind { is_of_server }.into());
    }
    if let Some(of) = &manifest.store {
        of.is_known(&place)?;
    }
    platform::make_private_dir(dir)?;
    if !others(dir)?.is_empty() {
        return Err(BackupError::NotEmpty { place: dir.display().to_string() }.into());
    }
    let _lock = StationLock::take(dir)?;
    // The store comes last: without it nothing here refers to anything.
    let (store, rest): (Vec<_>, Vec<_>) =
        manifest.files.iter().partition(|file| file.name == manifest.store_file());
    let of_folder = if is_of_server { Vec::new() } else { store };
    for file in rest.into_iter().chain(of_folder) {
        if copied(from, dir, &file.name, u64::MAX)? != *file {
            return Err(BackupError::Changed { file: file.name.clone() }.into());
        }
    }
    if let (Place::Server(address), Some(of)) = (&place, &manifest.store) {
        PostgresStore::take_back(address, &from.join(DUMP), of).inspect_err(|_| taken_away(dir))?;
    }
    Ok(manifest)
}

/// What a data directory holds but its lock.
fn others(dir: &Path) -> io::Result<Vec<std::fs::DirEntry>> {
    let held = dir.read_dir()?.collect::<io::Result<Vec<_>>>()?;
    Ok(held.into_iter().filter(|entry| entry.file_name() != "station.lock").collect())
}

/// Empties a data directory that was empty before: the same can be done again once the server lets it.
fn taken_away(dir: &Path) {
    for entry in others(dir).into_iter().flatten() {
        let path = entry.path();
        let gone = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        if let Err(error) = gone {
            tracing::warn!("cannot remove `{}`: {error}", path.display());
        }
    }
}
