//! Files into posts: rows of exports and saved pages take the same way as what is crawled.
//!
//! In: a file and what its columns mean. Out: steps, and the rows that could not be read with their numbers.
//! A row that cannot be read is counted and told; the rest goes in. A row without a web address is named by
//! its own id within the source, or by its content where it has none.

use std::path::Path;

use pipelines::crawl::{
    self, ColumnMap, FileError, FileFormat, FileRecord, RowError, SourceConfig,
};
use pipelines::record::{DropReason, Found, Page};

use super::collect::Collector;
use super::commit::CommitError;
use super::step::Step;
use super::workbook;
use crate::store::Tally;

/// Records stored in one transaction.
const RECORDS_AT_ONCE: usize = 256;

/// Why a file could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The station stops; what was stored before stays, and the rest is taken in when the file is read again.
    #[error("stopped before the end of the file")]
    Stopped(Box<Imported>),
}

/// What came of one file.
#[derive(Debug, Default)]
pub struct Imported {
    /// Counts.
    pub tally: Tally,
    /// Rows that could not be read.
    pub unreadable: Vec<RowError>,
}

/// Takes in one file of `source`.
///
/// # Errors
/// The file cannot be opened, or the store fails; what was stored before stays.
pub fn file(
    collector: &Collector,
    path: &Path,
    format: FileFormat,
    map: &ColumnMap,
    source: &SourceConfig,
) -> Result<Imported, ImportError> {
    let now = (collector.clock)();
    let records = match format {
        FileFormat::Excel => workbook::records(path, map.clone(), now)?,
        _ => crawl::read_file(path, format, map, &source.id, now)?,
    };
    let mut imported = Imported::default();
    let mut step = Step::new(&source.id, now);
    for record in records {
        match record {
            Ok(FileRecord::Row(row)) => {
                let url =
                    row.url.unwrap_or_else(|| own_address(source, row.id.as_deref(), &row.found));
                let verdict = collector.stages.item(&url, row.found, source, now);
                step.take(verdict);
            }
            Ok(FileRecord::Page(page)) => take_page(collector, &page, source, &mut step),
            Err(error) => {
                step.take_drop(DropReason::Malformed);
                imported.unreadable.push(error);
            }
        }
        if step.tally.received >= RECORDS_AT_ONCE as u64 {
            let full = std::mem::replace(&mut step, Step::new(&source.id, now));
            imported.tally.add(&collector.committer.commit_blocking(full)?);
            if collector.stop.is_asked() {
                return Err(ImportError::Stopped(Box::new(imported)));
            }
        }
    }
    imported.tally.add(&collector.committer.commit_blocking(step)?);
    Ok(imported)
}

fn take_page(collector: &Collector, page: &Page, source: &SourceConfig, step: &mut Step) {
    let now = (collector.clock)();
    step.take(collector.stages.page(std::slice::from_ref(page), Found::default(), source, now));
}

/// The format that a file's name (in lower case) speaks of.
#[must_use]
pub fn format_of(name: &str) -> Option<FileFormat> {
    let ends = |endings: &[&str]| endings.iter().any(|e| name.ends_with(e));
    match () {
        () if ends(&[".jsonl", ".ndjson", ".json"]) => Some(FileFormat::Jsonl),
        () if ends(&[".csv", ".tsv"]) => Some(FileFormat::Csv),
        () if ends(&[".xlsx", ".xls", ".ods", ".xlsb", ".xlsm"]) => Some(FileFormat::Excel),
        () if ends(&[".html", ".htm"]) => Some(FileFormat::Html),
        () if ends(&[".warc", ".warc.gz"]) => Some(FileFormat::Warc),
        () => None,
    }
}

/// The address of a row that has none on the web.
fn own_address(source: &SourceConfig, id: Option<&str>, found: &Found) -> String {
    match id {
        Some(id) => format!("import:{}/{id}", source.id),
        None => {
            let content = format!("{:?}\n{:?}", found.title, found.text);
            format!("import:{}/{}", source.id, pipelines::record::PostId::of_url(&content))
        }
    }
}
