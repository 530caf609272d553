//! Workbooks (Excel, OpenDocument): the first sheet as rows, its first row as the header.
//!
//! In: a file. Out: the same records as any export. Dates of cells become text that the row mapper reads. A file
//! that unpacks or reaches beyond its bounds is refused (`bounds`).

mod biff;
mod bounds;
mod ods;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{Data, Reader};
use chrono::{DateTime, Utc};
use pipelines::crawl::{ColumnMap, FileError, FileRecord, RowError, map_row};

type Records = Box<dyn Iterator<Item = Result<FileRecord, RowError>> + Send>;

/// The rows of the first sheet of `path`.
///
/// # Errors
/// The file is no workbook, or has no sheet.
pub fn records(path: &Path, map: ColumnMap, now: DateTime<Utc>) -> Result<Records, FileError> {
    let header = |why: String| FileError::Header { path: path.to_owned(), why };
    let mut workbook = bounds::open(path).map_err(header)?;
    let names = workbook.sheet_names();
    let first = names.first().ok_or_else(|| header("no sheet".to_owned()))?;
    let sheet = bounds::sheet(&mut workbook, first).map_err(header)?;
    let mut rows = sheet.rows();
    let columns = rows.next().ok_or_else(|| header("the first sheet is empty".to_owned()))?;
    let columns = columns.iter().map(shown).collect::<Vec<_>>();
    let rows = rows.map(|row| row.iter().map(shown).collect::<Vec<_>>()).collect::<Vec<_>>();
    let records = rows.into_iter().zip(2..).filter(|(row, _)| row.iter().any(|c| !c.is_empty()));
    Ok(Box::new(records.map(move |(row, number)| {
        let cells = columns.iter().cloned().zip(row).collect::<BTreeMap<_, _>>();
        map_row(&cells, &map, number, now).map(|row| FileRecord::Row(Box::new(row)))
    })))
}

fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        other => other.to_string().trim().to_owned(),
    }
}
