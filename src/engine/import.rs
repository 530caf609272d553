//! Files into posts: rows of exports and saved pages take the same way as what is crawled.
//!
//! In: a file and what its columns mean. Out: steps, and the rows that could not be read with their numbers.
//! A row that cannot be read is counted and told; the rest goes in. A row without a web address is named by
//! its own id within the source, or by its content where it has none. What a file is, is told from its first
//! bytes before its name: office systems call web pages and text tables `.xls`.

use std::io::Read as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use pipelines::crawl::{
    self, ColumnMap, FileError, FileFormat, FileRecord, Opened, Remark, RowError, SourceConfig,
    Understood,
};
use pipelines::record::{DropReason, Found, Page};
use pipelines::text::visible_line;

use super::collect::Collector;
use super::commit::CommitError;
use super::deep::{BYTES_AT_ONCE, ROWS_AT_ONCE};
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
    /// The number it can be taken back by.
    pub number: Option<i64>,
    /// Counts.
    pub tally: Tally,
    /// Rows that could not be read.
    pub unreadable: Vec<RowError>,
    /// Its rows were too many to be read deeply as they came: the deep reader comes back to them.
    pub in_haste: bool,
}

/// What a look into a file found, before any of it is taken.
#[derive(Debug, Default)]
pub struct Looked {
    /// What its header says; none for files without one.
    pub understood: Option<Understood>,
    /// Records that can be taken.
    pub rows: u64,
    /// Of them, those from before the day that posts are kept from.
    pub too_old: u64,
    /// Rows that cannot be read.
    pub unreadable: Vec<RowError>,
    /// What will be left out of rows that are taken, with the number of the row.
    pub remarks: Vec<(u64, Remark)>,
}

/// Looks into a file and takes nothing. `kept_from`: posts from before it will not be kept for long.
///
/// # Errors
/// The file cannot be opened.
pub fn look(
    path: &Path,
    format: FileFormat,
    map: &ColumnMap,
    source: &SourceConfig,
    (now, kept_from): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<Looked, FileError> {
    let opened = open(path, format, map, source, now)?;
    let mut looked = Looked { understood: opened.understood, ..Looked::default() };
    for record in opened.records {
        match record {
            Ok(FileRecord::Row(row)) => {
                looked.rows += 1;
                let time = row.found.published.as_ref().map(|published| published.at);
                let is_old = time.zip(kept_from).is_some_and(|(time, from)| time < from);
                looked.too_old += u64::from(is_old);
                looked.remarks.extend(row.remarks.into_iter().map(|remark| (row.number, remark)));
            }
            Ok(FileRecord::Page(_)) => looked.rows += 1,
            Err(error) => looked.unreadable.push(error),
        }
    }
    Ok(looked)
}

/// Opens a file for reading by what it is: a workbook, a table, or what its format says.
fn open(
    path: &Path,
    format: FileFormat,
    map: &ColumnMap,
    source: &SourceConfig,
    now: DateTime<Utc>,
) -> Result<Opened, FileError> {
    let is_table = matches!(format, FileFormat::Csv | FileFormat::Excel);
    match is_table.then(|| is_workbook(path)) {
        Some(true) => workbook::records(path, map, now),
        Some(false) => crawl::read_file(path, FileFormat::Csv, map, &source.id, now),
        None => crawl::read_file(path, format, map, &source.id, now),
    }
}

/// Whether a file begins as workbooks do: a zip, or a compound file of old.
fn is_workbook(path: &Path) -> bool {
    let mut head = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && (head == *b"PK\x03\x04" || head == [0xD0, 0xCF, 0x11, 0xE0])
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
    let (records, are_many) = counted(open(path, format, map, source, now)?.records);
    let number = begin(collector, path, source, now)?;
    let in_haste = are_many && collector.stages.reads_deep();
    if in_haste {
        owe(collector, number)?;
    }
    let mut imported = Imported { number: Some(number), in_haste, ..Imported::default() };
    let new_step = || Step { import: Some(number), ..Step::new(&source.id, now) };
    let mut step = new_step();
    for record in records {
        match record {
            Ok(FileRecord::Row(row)) => {
                let url =
                    row.url.unwrap_or_else(|| own_address(source, row.id.as_deref(), &row.found));
                let stages = &collector.stages;
                step.take(if in_haste {
                    stages.one_of_many(&url, row.found, source, now)
                } else {
                    stages.item(&url, row.found, source, now)
                });
            }
            Ok(FileRecord::Page(page)) => take_page(collector, &page, source, &mut step),
            Err(error) => {
                step.take_drop(DropReason::Malformed);
                imported.unreadable.push(error);
            }
        }
        if step.tally.received >= RECORDS_AT_ONCE as u64 {
            let full = std::mem::replace(&mut step, new_step());
            imported.tally.add(&collector.committer.commit_blocking(full)?);
            if collector.stop.is_asked() {
                return Err(ImportError::Stopped(Box::new(imported)));
            }
        }
    }
    imported.tally.add(&collector.committer.commit_blocking(step)?);
    Ok(imported)
}

/// The same records, and whether their rows are too many to be read deeply as they come. Saved pages never are: reading one
/// takes longer than judging it.
fn counted(
    mut records: impl Iterator<Item = Result<FileRecord, RowError>>,
) -> (impl Iterator<Item = Result<FileRecord, RowError>>, bool) {
    let (mut first, mut bytes, mut are_many) = (Vec::new(), 0, false);
    for record in records.by_ref() {
        let is_page = matches!(record, Ok(FileRecord::Page(_)));
        if let Ok(FileRecord::Row(row)) = &record {
            bytes += row.found.text.as_ref().map_or(0, String::len);
        }
        first.push(record);
        are_many = !is_page && (first.len() > ROWS_AT_ONCE || bytes > BYTES_AT_ONCE);
        if is_page || are_many {
            break;
        }
    }
    (first.into_iter().chain(records), are_many)
}

/// Notes that the deep reader has to come back to this import.
fn owe(collector: &Collector, number: i64) -> Result<(), CommitError> {
    collector.patience.until_it_passes(|| {
        Ok(collector.store.write(&mut |write| super::deep::owe(write, number))?)
    })
}

/// Notes that a file is being taken in.
fn begin(
    collector: &Collector,
    path: &Path,
    source: &SourceConfig,
    now: DateTime<Utc>,
) -> Result<i64, CommitError> {
    collector.patience.until_it_passes(|| {
        let mut number = 0;
        collector.store.write(&mut |write| {
            number = write.begin_import(&source.id, &path.display().to_string(), now)?;
            Ok(())
        })?;
        Ok(number)
    })
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
        () if ends(&[".csv", ".tsv", ".txt"]) => Some(FileFormat::Csv),
        () if ends(&[".xlsx", ".xls", ".ods", ".xlsb", ".xlsm"]) => Some(FileFormat::Excel),
        () if ends(&[".html", ".htm"]) => Some(FileFormat::Html),
        () if ends(&[".warc", ".warc.gz"]) => Some(FileFormat::Warc),
        () => None,
    }
}

/// The address of a row that has none on the web: by its id, else by all that tells it from another row.
fn own_address(source: &SourceConfig, id: Option<&str>, found: &Found) -> String {
    if let Some(id) = id {
        return format!("import:{}/{}", source.id, shown_id(id));
    }
    let said = (&found.title, &found.text, &found.author, &found.outlet, &found.origin);
    let at = found.published.as_ref().map(|published| published.at);
    let content = pipelines::record::PostId::of_url(&format!("{said:?} {at:?}"));
    format!("import:{}/{content}", source.id)
}

/// An id as it may stand in an address that is shown: one with a private number in it, or with signs that steer a
/// terminal, is told by its print.
fn shown_id(id: &str) -> String {
    let is_plain = visible_line(id) == id && pipelines::extract::mask(id) == id;
    if is_plain { id.to_owned() } else { pipelines::record::PostId::of_url(id).to_string() }
}
