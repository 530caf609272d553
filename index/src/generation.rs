//! Where an index lies: generations side by side in one directory, and a file that names the current one.
//!
//! In: a directory. Out: an opened generation. A rebuild writes the next generation and then replaces the
//! file `CURRENT` by rename, so that there is a whole index at every instant; readers of the old one keep
//! their open files. It refuses an index with another format stamp.

use std::fs;
use std::path::{Path, PathBuf};

use pipelines::text::FOLD_VERSION;
use serde::{Deserialize, Serialize};
use tantivy::schema::Schema;
use tantivy::{IndexReader, IndexSettings, IndexSortByField, Order, ReloadPolicy};

use crate::error::IndexError;
use crate::guard::guarded;
use crate::ordinals::Ordinals;
use crate::position::Position;
use crate::reading::ReadingDirectory;
use crate::schema::{Fields, SCHEMA_VERSION, TIME};
use crate::tokenize;

const CURRENT: &str = "CURRENT";

/// What each commit carries besides the segments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payload {
    #[serde(flatten)]
    pub position: Position,
    pub stamp: String,
}

impl Payload {
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("numbers and strings have a JSON form")
    }
}

/// The format that this program writes and reads. No dictionary is in it: nothing in the index hangs on one.
fn stamp() -> String {
    format!("schema-{SCHEMA_VERSION} cells-{} fold-{FOLD_VERSION}", tokenize::VERSION)
}

/// The directory of an index.
#[derive(Clone, Debug)]
pub(crate) struct Root(PathBuf);

impl Root {
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }

    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Name of the current generation.
    pub fn current(&self) -> Result<Option<String>, IndexError> {
        let path = self.0.join(CURRENT);
        match fs::read_to_string(&path) {
            Ok(name) => Ok(Some(name.trim().to_owned())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(IndexError::io("read", path)(e)),
        }
    }

    /// Makes `name` the current generation, atomically and durably.
    pub fn set_current(&self, name: &str) -> Result<(), IndexError> {
        let path = self.0.join(CURRENT);
        let fresh = self.0.join("CURRENT.new");
        fs::write(&fresh, name).map_err(IndexError::io("write", &fresh))?;
        let synced = fs::File::open(&fresh).and_then(|f| f.sync_all());
        synced.map_err(IndexError::io("sync", &fresh))?;
        fs::rename(&fresh, &path).map_err(IndexError::io("replace", &path))?;
        let synced = fs::File::open(&self.0).and_then(|d| d.sync_all());
        synced.map_err(IndexError::io("sync", &self.0))
    }

    /// A generation name that was never in use, also where the folder was emptied under somebody who still
    /// has an older one open: milliseconds since 1970, or one more than the newest.
    pub fn next_name(&self) -> Result<String, IndexError> {
        let newest = self.generations()?.iter().filter_map(|n| n[1..].parse::<u64>().ok()).max();
        let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let now = u64::try_from(since_1970.as_millis()).unwrap_or(0);
        Ok(format!("g{:013}", now.max(newest.unwrap_or(0) + 1)))
    }

    /// Removes every generation but `keep`.
    pub fn remove_others(&self, keep: &str) -> Result<(), IndexError> {
        for name in self.generations()?.iter().filter(|n| *n != keep) {
            let path = self.0.join(name);
            fs::remove_dir_all(&path).map_err(IndexError::io("remove", path))?;
        }
        Ok(())
    }

    fn generations(&self) -> Result<Vec<String>, IndexError> {
        let entries = fs::read_dir(&self.0).map_err(IndexError::io("list", &self.0))?;
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(IndexError::io("list", &self.0))?.file_name();
            let name = name.to_string_lossy().into_owned();
            if name.strip_prefix('g').is_some_and(|n| n.parse::<u64>().is_ok()) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// One opened index.
pub(crate) struct Generation {
    pub name: String,
    pub stamp: String,
    pub fields: Fields,
    pub index: tantivy::Index,
    pub reader: IndexReader,
    pub ordinals: Ordinals,
}

impl Generation {
    /// Creates an empty generation `name` that has followed nothing yet.
    pub fn create(root: &Root, name: &str) -> Result<Self, IndexError> {
        let dir = root.dir().join(name);
        fs::create_dir_all(&dir).map_err(IndexError::io("create", &dir))?;
        let (schema, _) = Fields::build();
        let index =
            tantivy::Index::builder().schema(schema).settings(settings()).create_in_dir(&dir)?;
        let payload = Payload { position: Position::default(), stamp: stamp() }.to_text();
        tokenize::register(&index);
        let mut writer: tantivy::IndexWriter = index.writer_with_num_threads(1, 16 << 20)?;
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        drop(writer);
        Self::open(root, name)
    }

    /// Opens generation `name`, refusing another format.
    pub fn open(root: &Root, name: &str) -> Result<Self, IndexError> {
        guarded(|| Self::open_unguarded(root, name))
    }

    fn open_unguarded(root: &Root, name: &str) -> Result<Self, IndexError> {
        let dir = root.dir().join(name);
        if !dir.join("meta.json").exists() {
            return Err(IndexError::Missing { dir: root.dir().to_owned() });
        }
        let expected = stamp();
        let index = tantivy::Index::open(ReadingDirectory::open(&dir)?)?;
        let payload = payload(&index)?;
        let found = payload.map(|p| p.stamp).unwrap_or_default();
        let (schema, fields): (Schema, Fields) = Fields::build();
        if found != expected || index.schema() != schema {
            return Err(IndexError::Format { found, expected });
        }
        tokenize::register(&index);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let ordinals = Ordinals::default();
        Ok(Self { name: name.to_owned(), stamp: expected, fields, index, reader, ordinals })
    }

    /// Where the store stood as of the last commit.
    pub fn position(&self) -> Result<Position, IndexError> {
        Ok(payload(&self.index)?.map(|p| p.position).unwrap_or_default())
    }
}

fn payload(index: &tantivy::Index) -> Result<Option<Payload>, IndexError> {
    let text = index.load_metas()?.payload;
    Ok(text.and_then(|t| serde_json::from_str(&t).ok()))
}

fn settings() -> IndexSettings {
    IndexSettings {
        sort_by_field: Some(IndexSortByField { field: TIME.to_owned(), order: Order::Desc }),
        ..IndexSettings::default()
    }
}
