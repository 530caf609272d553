//! Files on disk: exports and archives, read row by row.
//!
//! In: a path, its format, field → column. Out: an iterator of [`FileRecord`]s: rows with what was found, or
//! saved pages to be read like fetched ones; a row that cannot be read is an error of its own with its number,
//! and the rest goes on. It holds one row at a time (WARC: one record). Excel is read elsewhere and mapped here.

mod row;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::crawl::entry::decoded;
use crate::crawl::{FileFormat, address, warc};
use crate::record::{Page, SourceId};

pub use row::{ColumnMap, Row, RowError, map_row, parse_map};

/// Longest line of JSON Lines, in bytes.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

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
) -> Result<Records, FileError> {
    match format {
        FileFormat::Jsonl => jsonl(path, map.clone(), now),
        FileFormat::Csv => csv(path, map.clone(), now),
        FileFormat::Html => pages(path, source.clone(), now),
        FileFormat::Warc => archive(path, source.clone()),
        FileFormat::Excel => Err(FileError::Workbook { path: path.to_owned() }),
    }
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> FileError + '_ {
    move |cause| FileError::Io { path: path.to_owned(), cause }
}

fn jsonl(path: &Path, map: ColumnMap, now: DateTime<Utc>) -> Result<Records, FileError> {
    let mut reader = BufReader::new(File::open(path).map_err(io_error(path))?);
    let mut number = 0;
    let rows = std::iter::from_fn(move || {
        loop {
            number += 1;
            let mut line = Vec::new();
            let error = |why: String| Some(Err(RowError { row: number, why }));
            match reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(n) if n as u64 == MAX_LINE_BYTES => {
                    skip_line(&mut reader);
                    return error(format!("longer than {MAX_LINE_BYTES} bytes"));
                }
                Ok(_) => {}
                Err(cause) => return error(cause.to_string()),
            }
            let (text, _) = decoded(&line, None);
            if text.trim().is_empty() {
                continue;
            }
            return Some(json_row(text.trim(), &map, number, now));
        }
    });
    Ok(Box::new(rows))
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
    let error = |why: String| RowError { row: number, why };
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| error(e.to_string()))?;
    let object = value.as_object().ok_or_else(|| error("not a JSON object".to_owned()))?;
    let columns = object
        .iter()
        .filter_map(|(name, value)| {
            let text = match value {
                serde_json::Value::Null => return None,
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some((name.clone(), text))
        })
        .collect();
    map_row(&columns, map, number, now).map(|row| FileRecord::Row(Box::new(row)))
}

fn csv(path: &Path, map: ColumnMap, now: DateTime<Utc>) -> Result<Records, FileError> {
    let bytes = std::fs::read(path).map_err(io_error(path))?;
    let (text, _) = decoded(&bytes, None);
    let delimiter = if first_line_has_more(&text, '\t', ',') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(std::io::Cursor::new(text.into_bytes()));
    let header_error = |why: String| FileError::Header { path: path.to_owned(), why };
    let names: Vec<String> = reader
        .headers()
        .map_err(|e| header_error(e.to_string()))?
        .iter()
        .map(|name| name.trim().trim_start_matches('\u{feff}').to_owned())
        .collect();
    map.check_columns(&names).map_err(header_error)?;
    let rows = reader.into_records().enumerate().map(move |(index, record)| {
        // The header is line 1.
        let number = index as u64 + 2;
        let record = record.map_err(|e| RowError { row: number, why: e.to_string() })?;
        if record.len() > names.len() {
            let why = format!("{} cells under {} columns", record.len(), names.len());
            return Err(RowError { row: number, why });
        }
        let columns = names.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
        map_row(&columns, &map, number, now).map(|row| FileRecord::Row(Box::new(row)))
    });
    Ok(Box::new(rows))
}

fn first_line_has_more(text: &str, one: char, other: char) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.matches(one).count() > line.matches(other).count()
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
            why: format!("{}: {cause}", file.display()),
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
            Err(error) => Some(Err(RowError { row, why: error.to_string() })),
        }
    });
    Ok(Box::new(rows))
}

#[cfg(test)]
mod tests;
