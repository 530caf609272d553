//! Files on disk: exports and archives, read row by row.
//!
//! In: a path, its format, field → column. Out: what was understood of its header, and an iterator of
//! [`FileRecord`]s: rows with what was found, or saved pages to be read like fetched ones; a row that cannot
//! be read is an error of its own with its number, and the rest goes on. JSON Lines and WARC are read a record
//! at a time; a table is read whole, up to a bound, since its charset and separator are told from all of it.
//! Workbooks are read elsewhere and mapped here.

mod columns;
mod delimited;
mod html_table;
mod names;
mod row;
mod table;
mod when;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::crawl::entry::decoded;
use crate::crawl::{FileFormat, address, warc};
use crate::record::{Page, SourceId};

pub use columns::{ColumnMap, Layout, parse_map};
pub use row::{Cell, Remark, Row, RowError, RowFault};
pub use table::{Opened, TableRow, Understood, read_table};

use row::map_row;

/// Longest line of JSON Lines, in bytes.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// Largest text table that is read, in bytes: about a million rows of an export.
const MAX_TABLE_BYTES: u64 = 256 * 1024 * 1024;

/// Largest table in markup that is read, in bytes: its tree takes a dozen times as much.
const MAX_MARKUP_BYTES: u64 = 32 * 1024 * 1024;

/// One record of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileRecord {
    /// A row with its fields.
    Row(Box<Row>),
    /// A saved page: bytes for the reader of pages. Its url is `import:<source>/<name>` where the file names none.
    Page(Box<Page>),
}

/// A file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened or listed.
    #[error("cannot read `{path}`: {cause}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The header line is missing or names none of the columns asked for.
    #[error("cannot read `{path}`: {why}")]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It is larger than is read at once.
    #[error("`{path}` is larger than {most} bytes; cut it into several files")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes at most.
        most: u64,
    },
    /// The format is not read here.
    #[error("`{path}` is a workbook: it is read by the importer of workbooks")]
    Workbook {
        /// The file.
        path: PathBuf,
    },
}

/// The records of a file, each or why not.
pub type Records = Box<dyn Iterator<Item = Result<FileRecord, RowError>> + Send>;

/// Opens a file (or, for saved pages, a folder) of `source` for reading.
///
/// # Errors
/// [`FileError`] when it cannot be opened or its header cannot be understood.
pub fn read_file(
    path: &Path,
    format: FileFormat,
    map: &ColumnMap,
    source: &SourceId,
    now: DateTime<Utc>,
) -> Result<Opened, FileError> {
    match format {
        FileFormat::Jsonl => jsonl(path, map.clone(), now),
        FileFormat::Csv => text_table(path, map, now),
        FileFormat::Html => pages(path, source.clone(), now).map(Opened::without_header),
        FileFormat::Warc => archive(path, source.clone()).map(Opened::without_header),
        FileFormat::Excel => Err(FileError::Workbook { path: path.to_owned() }),
    }
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> FileError + '_ {
    move |cause| FileError::Io { path: path.to_owned(), cause }
}

/// Objects a line each, or one array of objects. The columns of the first object are told of.
fn jsonl(path: &Path, map: ColumnMap, now: DateTime<Utc>) -> Result<Opened, FileError> {
    map.check_fields().map_err(|why| FileError::Header { path: path.to_owned(), why })?;
    let mut reader = BufReader::new(File::open(path).map_err(io_error(path))?);
    if starts_with_array(&mut reader) {
        return json_array(path, map, now);
    }
    let understood = json_columns(reader.fill_buf().unwrap_or_default(), &map);
    let mut number = 0;
    let rows = std::iter::from_fn(move || {
        loop {
            number += 1;
            let mut line = Vec::new();
            let error = |why| Some(Err(RowError { row: number, why }));
            match reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(n) if n as u64 == MAX_LINE_BYTES => {
                    skip_line(&mut reader);
                    return error(RowFault::TooLong(MAX_LINE_BYTES));
                }
                Ok(_) => {}
                Err(cause) => return error(RowFault::Unreadable(cause.to_string())),
            }
            let (text, _) = decoded(&line, None);
            if text.trim().is_empty() {
                continue;
            }
            return Some(json_row(text.trim(), &map, number, now));
        }
    });
    Ok(Opened { understood, records: Box::new(rows) })
}

fn starts_with_array(reader: &mut BufReader<File>) -> bool {
    let head = reader.fill_buf().unwrap_or_default();
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

/// What is understood of the first object in `head`.
fn json_columns(head: &[u8], map: &ColumnMap) -> Option<Understood> {
    let (text, _) = decoded(head, None);
    let first: Value = serde_json::from_str(text.lines().next()?).ok()?;
    let names: Vec<String> = first.as_object()?.keys().cloned().collect();
    let layout = Layout::of(&names, map);
    Some(Understood { used: layout.used(), unused: layout.unused(), ..Understood::default() })
}

fn json_array(path: &Path, map: ColumnMap, now: DateTime<Utc>) -> Result<Opened, FileError> {
    let bytes = bounded(path, MAX_TABLE_BYTES)?;
    let (text, _) = decoded(&bytes, None);
    let refused =
        |e: serde_json::Error| FileError::Header { path: path.to_owned(), why: e.to_string() };
    let values: Vec<Value> = serde_json::from_str(text.trim()).map_err(refused)?;
    let first = values.first().and_then(Value::as_object);
    let names: Option<Vec<String>> = first.map(|first| first.keys().cloned().collect());
    let layout = Layout::of(&names.unwrap_or_default(), &map);
    let understood =
        Understood { used: layout.used(), unused: layout.unused(), ..Understood::default() };
    let rows = values
        .into_iter()
        .zip(1..)
        .map(move |(value, number)| json_value(&value, &map, number, now));
    Ok(Opened { understood: Some(understood), records: Box::new(rows) })
}

fn skip_line(reader: &mut impl BufRead) {
    while let Ok(buffer) = reader.fill_buf() {
        let end = buffer.iter().position(|b| *b == b'\n');
        let used = end.map_or(buffer.len(), |at| at + 1);
        let is_done = end.is_some() || used == 0;
        reader.consume(used);
        if is_done {
            return;
        }
    }
}

fn json_row(
    text: &str,
    map: &ColumnMap,
    number: u64,
    now: DateTime<Utc>,
) -> Result<FileRecord, RowError> {
    let error =
        |e: serde_json::Error| RowError { row: number, why: RowFault::Unreadable(e.to_string()) };
    json_value(&serde_json::from_str(text).map_err(error)?, map, number, now)
}

fn json_value(
    value: &Value,
    map: &ColumnMap,
    number: u64,
    now: DateTime<Utc>,
) -> Result<FileRecord, RowError> {
    let Some(object) = value.as_object() else {
        let why = RowFault::Unreadable("not a JSON object".to_owned());
        return Err(RowError { row: number, why });
    };
    let (mut names, mut cells) = (Vec::new(), Vec::new());
    for (name, value) in object {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        names.push(name.clone());
        cells.push(Cell::from(text));
    }
    let layout = Layout::of(&names, map);
    map_row(&cells, &layout, number, now).map(|row| FileRecord::Row(Box::new(row)))
}

/// CSV and its kin, and what is called .csv or .xls and is markup.
fn text_table(path: &Path, map: &ColumnMap, now: DateTime<Utc>) -> Result<Opened, FileError> {
    let (text, _) = decoded(&bounded(path, MAX_TABLE_BYTES)?, None);
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
        return read_table(path, delimited::rows(text, map).map(Ok), map, now);
    }
    let header = |why: String| FileError::Header { path: path.to_owned(), why };
    if text.len() as u64 > MAX_MARKUP_BYTES {
        return Err(FileError::TooLarge { path: path.to_owned(), most: MAX_MARKUP_BYTES });
    }
    let rows =
        html_table::rows(&text).ok_or_else(|| header("no table in the markup".to_owned()))?;
    read_table(path, rows.into_iter().map(Ok), map, now)
}

/// The whole of a file, if it is no larger than `most`.
fn bounded(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io_error(path))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(io_error(path))?;
    if bytes.len() as u64 > most {
        return Err(FileError::TooLarge { path: path.to_owned(), most });
    }
    Ok(bytes)
}

fn pages(path: &Path, source: SourceId, now: DateTime<Utc>) -> Result<Records, FileError> {
    let mut files = Vec::new();
    if path.is_dir() {
        collect_pages(path, &mut files).map_err(io_error(path))?;
    } else {
        std::fs::metadata(path).map_err(io_error(path))?;
        files.push(path.to_owned());
    }
    files.sort();
    let root = path.to_owned();
    let rows = files.into_iter().enumerate().map(move |(index, file)| {
        let error = |cause: std::io::Error| RowError {
            row: index as u64 + 1,
            why: RowFault::Unreadable(format!("{}: {cause}", file.display())),
        };
        let body = std::fs::read(&file).map_err(error)?;
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let url = saved_from(&body).unwrap_or_else(|| format!("import:{source}/{name}"));
        Ok(FileRecord::Page(Box::new(saved_page(url, source.clone(), body, now))))
    });
    Ok(Box::new(rows))
}

fn collect_pages(dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        // A link could lead in a circle or out of the folder.
        if path.is_symlink() {
            continue;
        }
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if path.is_dir() {
            collect_pages(&path, files)?;
        } else if matches!(
            extension.to_ascii_lowercase().as_str(),
            "html" | "htm" | "shtml" | "xhtml"
        ) {
            files.push(path);
        }
    }
    Ok(())
}

fn saved_page(url: String, source: SourceId, body: Vec<u8>, now: DateTime<Utc>) -> Page {
    Page {
        requested_url: url.clone(),
        url,
        source,
        status: 200,
        headers: Vec::new(),
        sha256: Sha256::digest(&body).into(),
        body,
        fetched_at: now,
    }
}

/// The address a saved page came from: the browser's `saved from url` mark, or its canonical link.
fn saved_from(body: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&body[..body.len().min(32 * 1024)]).into_owned();
    let marked = head.split_once("saved from url=(").and_then(|(_, rest)| {
        rest.split_once(')')
            .map(|(_, url)| url.split_whitespace().next().unwrap_or_default().to_owned())
    });
    let html = || scraper::Html::parse_document(&head);
    let linked = || {
        let css = "link[rel=canonical][href], meta[property='og:url'][content]";
        let selector = scraper::Selector::parse(css).expect("a fixed selector is valid");
        let found = html();
        let element = found.select(&selector).next()?.value();
        element.attr("href").or_else(|| element.attr("content")).map(str::to_owned)
    };
    let url = marked.or_else(linked)?;
    address::canonical_url(&url).ok()
}

fn archive(path: &Path, source: SourceId) -> Result<Records, FileError> {
    let reader = warc::Reader::open(path).map_err(io_error(path))?;
    let rows = reader.enumerate().filter_map(move |(index, record)| {
        let row = index as u64 + 1;
        match record {
            Ok(record) => {
                let page = record.into_page(&source)?;
                Some(Ok(FileRecord::Page(Box::new(page))))
            }
            Err(error) => Some(Err(RowError { row, why: RowFault::Unreadable(error.to_string()) })),
        }
    });
    Ok(Box::new(rows))
}

#[cfg(test)]
mod tests;
