//! Workbooks (Excel, OpenDocument): the first sheet that has a header as rows of cells.
//!
//! In: a file. Out: the same records as any table; rows are numbered as the program that made them shows
//! them. Dates of cells become text that the row mapper reads, a midnight being a day without a clock; links
//! go with their cells. A file that unpacks or reaches beyond its bounds is refused (`bounds`).

mod biff;
mod bounds;
mod ods;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::path::Path;

use calamine::{Data, Range, Reader, Sheets};
use chrono::{DateTime, Utc};
use pipelines::crawl::{Cell, ColumnMap, FileError, Opened, TableRow, read_table};

/// The rows of the first sheet of `path` in which a header is found.
///
/// # Errors
/// The file is no workbook, or no sheet has a header: what is said of the first.
pub fn records(path: &Path, map: &ColumnMap, now: DateTime<Utc>) -> Result<Opened, FileError> {
    let header = |why: String| FileError::Header { path: path.to_owned(), why };
    let mut workbook = bounds::open(path).map_err(header)?;
    let mut first_refusal = None;
    for name in workbook.sheet_names() {
        let sheet = bounds::sheet(&mut workbook, &name).map_err(header)?;
        let rows = rows_of(&sheet, &links(&mut workbook, &name));
        match read_table(path, rows.into_iter().map(Ok), map, now) {
            Ok(opened) => return Ok(opened),
            Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
        }
    }
    Err(first_refusal.unwrap_or_else(|| header("no sheet".to_owned())))
}

/// The addresses of links by row and column.
type Links = HashMap<(u32, u32), String>;

fn rows_of(sheet: &Range<Data>, links: &Links) -> Vec<TableRow> {
    let (top, left) = sheet.start().unwrap_or_default();
    let link = |row: u32, column: u32| links.get(&(row, column)).cloned();
    let rows = sheet.rows().zip(top..).map(|(cells, row)| {
        let cells = cells.iter().zip(left..);
        let cells = cells.map(|(cell, column)| Cell { text: shown(cell), link: link(row, column) });
        TableRow { number: u64::from(row) + 1, cells: cells.collect(), has_open_quote: false }
    });
    rows.collect()
}

/// The links of a sheet; only the newer format tells of them.
fn links<R: Read + Seek>(workbook: &mut Sheets<R>, name: &str) -> Links {
    let Sheets::Xlsx(workbook) = workbook else { return Links::new() };
    // A sheet whose links cannot be read still has its cells.
    let links = workbook.hyperlinks_by_sheet_name(name).unwrap_or_default();
    let at = |link: calamine::Hyperlink| Some((link.range.start, link.target?));
    links.into_iter().filter_map(at).collect()
}

fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::DateTime(at) if at.is_datetime() && at.as_f64() >= 1.0 => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            match (hour, minute, second) {
                (0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
            }
        }
        Data::DateTime(at) => at.as_f64().to_string(),
        other => other.to_string().trim().to_owned(),
    }
}
