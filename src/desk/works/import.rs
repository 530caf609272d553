//! Files taken in by hand, and taken back: looked at first, so that what is not understood is told before anything is stored.
//!
//! In: a file, its format and columns, the source it counts as. Out: what was understood, what became of each row; the list of
//! imports. A file that is stopped half way says so, and taking it in again goes on: known rows are duplicates.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::{ColumnMap, FileFormat, SourceConfig, SourceKind};
use pipelines::record::Channel;
use serde::Serialize;

use super::{Desk, Who, Works};
use crate::config::Config;
use crate::desk::{Act, Result};
use crate::engine::{import, undo};

pub use crate::engine::deep::ROWS_AT_ONCE;
pub use crate::engine::import::{Imported, Looked, format_of};

/// What became of a file.
pub enum Taken {
    /// All of it is in.
    Whole(Imported),
    /// So much was in when it was stopped.
    Stopped(Box<Imported>),
    /// It could not be read, or nothing more could be stored; in words.
    Failed(String),
}

/// An import as listed.
#[derive(Clone, Debug, Serialize)]
pub struct ImportRow {
    /// Its number.
    pub id: i64,
    /// The file.
    pub file: String,
    /// What it counts as.
    pub source: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Posts it brought.
    pub kept: u64,
    /// When it was taken back.
    pub undone: Option<DateTime<Utc>>,
}

/// What a file holds, as it would be taken; nothing is stored.
///
/// # Errors
/// A file that cannot be read, in words.
pub fn look(
    config: &Config,
    file: &Path,
    format: FileFormat,
    map: &ColumnMap,
    source: &SourceConfig,
) -> std::result::Result<Looked, String> {
    let now = crate::engine::system_clock()();
    let days = config.retention.posts_days;
    let kept_from = (days > 0).then(|| now - TimeDelta::days(i64::from(days)));
    import::look(file, format, map, source, (now, kept_from)).map_err(|error| error.to_string())
}

/// A source that stands in no config: what is imported by hand.
#[must_use]
pub fn file_source(id: &str, channel: Channel) -> SourceConfig {
    let kind = SourceKind::Files {
        path: String::new(),
        format: FileFormat::Jsonl,
        map: std::collections::BTreeMap::new(),
    };
    SourceConfig { channel, enabled: false, ..SourceConfig::new(id, id, kind) }
}

impl Works {
    /// Takes a file in.
    ///
    /// # Errors
    /// The audit line could not be written.
    pub fn take_in(
        &self,
        who: &Who,
        file: &Path,
        format: FileFormat,
        map: &ColumnMap,
        source: &SourceConfig,
    ) -> anyhow::Result<Taken> {
        let taken = match import::file(&self.station.collector, file, format, map, source) {
            Ok(imported) => Taken::Whole(imported),
            Err(import::ImportError::Stopped(imported)) => Taken::Stopped(imported),
            Err(error) => Taken::Failed(error.to_string()),
        };
        if let Taken::Whole(imported) = &taken
            && let Some(number) = imported.number
        {
            let detail = format!("{} posts of {}", imported.tally.kept, file.display());
            self.noted(who, ("import", &number.to_string(), &detail))?;
        }
        Ok(taken)
    }

    /// Takes import `number` back; answers its file and how many posts went, or none where there is no such import.
    ///
    /// # Errors
    /// A store that cannot be written; what was deleted before stays deleted, and undoing again goes on from there.
    pub fn take_back(&self, who: &Who, number: i64) -> anyhow::Result<Option<(String, u64)>> {
        let Some(import) = undo::import_of(&*self.station.store, number)? else {
            return Ok(None);
        };
        let gone = undo::undo(&self.station, &import, self.now())?;
        let detail = format!("{gone} posts of {}", import.file);
        self.noted(who, ("import_undo", &number.to_string(), &detail))?;
        Ok(Some((import.file, gone)))
    }
}

impl Desk {
    /// The latest imports, newest first.
    ///
    /// # Errors
    /// A broken store.
    pub fn imports(&self, who: &Who, limit: usize) -> Result<Vec<ImportRow>> {
        self.check(who, Act::SeeSources)?;
        let row = |import: crate::store::Import| ImportRow {
            id: import.id,
            file: import.file,
            source: import.source.0,
            at: import.at,
            kept: import.kept,
            undone: import.undone,
        };
        Ok(self.store.imports(limit)?.into_iter().map(row).collect())
    }
}
