//! Rows of cells → records: the header is found, what was understood of it is said, the rest is mapped.
//!
//! In: rows in their order, blank ones too, and a map. Out: an [`Opened`] table. Lines above the header (the
//! name of the table, a date) are passed over; blank rows are no rows; a header that comes again is set
//! aside. Refuses a table in whose first rows no header with words for a post can be found.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::columns::{ColumnMap, Layout};
use super::row::{Cell, RowError, RowFault, map_row};
use super::{FileError, FileRecord, Records};

/// Rows looked at for the header, and for what the numbers of a column are.
const ROWS_AHEAD: usize = 50;

/// Columns named in an error.
const COLUMNS_NAMED: usize = 30;

/// A row as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRow {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Whether a quote in it was never closed.
    pub has_open_quote: bool,
}

/// What was understood of a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Understood {
    /// The row the header stands in, from 1.
    pub header_row: u64,
    /// Field and column, in the order of the columns.
    pub used: Vec<(&'static str, String)>,
    /// Columns that fill no field.
    pub unused: Vec<String>,
    /// The column whose numbers only count the rows: no id.
    pub counter: Option<String>,
}

/// A file opened for reading.
pub struct Opened {
    /// What its header says; none for files without one.
    pub understood: Option<Understood>,
    /// Its records, each or why not.
    pub records: Records,
}

impl Opened {
    pub(super) fn without_header(records: Records) -> Self {
        Self { understood: None, records }
    }
}

/// The records of a table.
///
/// # Errors
/// [`FileError::Header`] when no header is found, or one without a column of `map`.
pub fn read_table(
    path: &Path,
    rows: impl Iterator<Item = Result<TableRow, RowError>> + Send + 'static,
    map: &ColumnMap,
    now: DateTime<Utc>,
) -> Result<Opened, FileError> {
    let mut rows = rows;
    let mut ahead: Vec<Result<TableRow, RowError>> = Vec::new();
    while ahead.len() < ROWS_AHEAD
        && let Some(row) = rows.next()
    {
        ahead.push(row);
    }
    let (at, mut layout) =
        header(&ahead, map).map_err(|why| FileError::Header { path: path.to_owned(), why })?;
    let header_row = ahead.get(at).and_then(|row| row.as_ref().ok()).map_or(0, |row| row.number);
    let counter = counter(&layout, &ahead[at + 1..]).filter(|_| map.0.is_empty());
    if counter.is_some() {
        layout.forget("id");
    }
    let understood =
        Understood { header_row, used: layout.used(), unused: layout.unused(), counter };
    let below = ahead.into_iter().skip(at + 1).chain(rows);
    let records = below.filter_map(move |row| {
        let row = match row {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        is_written(&row).then(|| record(row, &layout, now))
    });
    Ok(Opened { understood: Some(understood), records: Box::new(records) })
}

fn record(row: TableRow, layout: &Layout, now: DateTime<Utc>) -> Result<FileRecord, RowError> {
    let fault = |why| Err(RowError { row: row.number, why });
    let columns = layout.names.len();
    let cells = row.cells.iter().rposition(is_filled).map_or(0, |last| last + 1);
    if cells > columns {
        return fault(RowFault::TooWide { cells, columns });
    }
    let is_header = |(cell, name): (&Cell, &String)| cell.text.trim() == name.trim();
    if cells > 1 && row.cells[..cells].iter().zip(&layout.names).all(is_header) {
        return fault(RowFault::HeaderAgain);
    }
    let mut mapped = map_row(&row.cells, layout, row.number, now)?;
    if row.has_open_quote {
        mapped.remarks.push(super::Remark::OpenQuote);
    }
    Ok(FileRecord::Row(Box::new(mapped)))
}

fn is_filled(cell: &Cell) -> bool {
    !cell.text.trim().is_empty()
}

fn is_written(row: &TableRow) -> bool {
    row.cells.iter().any(is_filled)
}

/// Where the header stands and what it says: the row that fills the most fields; of equals the first.
fn header(rows: &[Result<TableRow, RowError>], map: &ColumnMap) -> Result<(usize, Layout), String> {
    map.check_fields()?;
    let written = || {
        let rows = rows.iter().enumerate().filter_map(|(at, row)| Some((at, row.as_ref().ok()?)));
        rows.filter(|(_, row)| is_written(row))
    };
    let layouts = written().map(|(at, row)| {
        let last = row.cells.iter().rposition(is_filled).map_or(0, |last| last + 1);
        let name = |cell: &Cell| cell.text.trim().trim_start_matches('\u{feff}').to_owned();
        let names: Vec<String> = row.cells[..last].iter().map(name).collect();
        (at, Layout::of(&names, map))
    });
    let fits = |layout: &Layout| layout.lacks(map).is_none() && layout.has_words();
    let fitting = layouts.clone().filter(|(_, layout)| fits(layout));
    if let Some(best) =
        fitting.reduce(|best, other| if other.1.filled() > best.1.filled() { other } else { best })
    {
        return Ok(best);
    }
    let Some((_, shown)) = layouts
        .max_by_key(|(at, layout)| (layout.filled(), layout.names.len().min(2), usize::MAX - at))
    else {
        return Err("the table is empty".to_owned());
    };
    let columns =
        shown.names.iter().take(COLUMNS_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    Err(match shown.lacks(map) {
        Some(column) => format!("no column `{column}`; columns are {columns}"),
        None => format!("no column with the text; name it by a map; columns are {columns}"),
    })
}

/// The name of the column of ids, if it only counts the rows: 1, 2, 3… (or from 0). It begins anew in the
/// next file, where the same number is another post.
fn counter(layout: &Layout, rows: &[Result<TableRow, RowError>]) -> Option<String> {
    let column = layout.column("id")?;
    let rows = rows.iter().filter_map(|row| row.as_ref().ok()).filter(|row| is_written(row));
    let mut numbers = rows.map(|row| row.cells.get(column)?.text.trim().parse::<u64>().ok());
    let mut last = numbers.next()??;
    if last > 1 {
        return None;
    }
    for number in numbers {
        if number? != last + 1 {
            return None;
        }
        last += 1;
    }
    Some(layout.names[column].clone())
}
