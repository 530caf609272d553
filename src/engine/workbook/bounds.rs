//! Bounds of a workbook, looked at before anything of it is believed: what it unpacks to, and how far its cells reach.
//!
//! In: a file; a sheet of an opened workbook. Out: the workbook, the cells of the sheet, or why it is refused.
//! Sizes stated in the file are not trusted: its parts are unpacked and counted. A sheet is held dense from its
//! first to its last cell, so one cell far away costs as much as a full sheet; that is refused before it is made.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use calamine::{Cell, Data, DataRef, Range, Reader, Sheets, open_workbook_auto};

use super::{biff, ods};

/// Largest file, in bytes. Exports of a hundred thousand rows stay below 40 MiB.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Largest sheet when unpacked, in bytes; a hundred thousand rows of twelve columns have 60 to 100 MiB.
const MAX_SHEET_BYTES: u64 = 256 * 1024 * 1024;

/// Largest other part (shared texts, styles) when unpacked: each is held whole.
const MAX_PART_BYTES: u64 = 64 * 1024 * 1024;

/// All parts together.
const MAX_UNPACKED_BYTES: u64 = 512 * 1024 * 1024;

/// Most cells from the first to the last of a sheet, empty ones included: 160 MB when held.
pub(super) const MAX_CELLS: u64 = 5_000_000;

/// Most bytes of text in the cells of a sheet: a text shared by a million cells is a million texts when read.
pub(super) const MAX_TEXT_BYTES: u64 = 256 * 1024 * 1024;

/// Opens the workbook at `path`, if it stays within the bounds.
///
/// # Errors
/// Why it is refused or cannot be read.
pub(super) fn open(path: &Path) -> Result<Sheets<BufReader<File>>, String> {
    let said = |error: std::io::Error| error.to_string();
    let length = std::fs::metadata(path).map_err(said)?.len();
    if length > MAX_FILE_BYTES {
        return Err(format!(
            "{length} bytes are more than the {MAX_FILE_BYTES} a workbook may have"
        ));
    }
    let bytes = std::fs::read(path).map_err(said)?;
    if bytes.starts_with(b"PK") {
        check_parts(&bytes)?;
    } else {
        biff::check(&bytes)?;
    }
    drop(bytes);
    open_workbook_auto(path).map_err(|e| e.to_string())
}

/// Unpacks every part once, to nowhere, and counts.
fn check_parts(bytes: &[u8]) -> Result<(), String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let mut total = 0;
    for i in 0..zip.len() {
        // A part that cannot be read here cannot be read by the workbook's reader either.
        let Ok(mut part) = zip.by_index(i) else { continue };
        let name = part.name().to_owned();
        let is_sheet = name.to_ascii_lowercase().contains("worksheets/");
        let most = if is_sheet { MAX_SHEET_BYTES } else { MAX_PART_BYTES };
        let size = match name.ends_with("content.xml") {
            true => check_content(&mut part, most)?,
            false => unpacked(&mut part, most),
        };
        total += size;
        if size > most || total > MAX_UNPACKED_BYTES {
            return Err(format!(
                "its part `{name}` unpacks to more than it may ({most} bytes, {MAX_UNPACKED_BYTES} with all others)"
            ));
        }
    }
    Ok(())
}

/// Bytes a part unpacks to, counted up to one more than `most`. What breaks off is counted as far as it came.
fn unpacked(part: &mut impl Read, most: u64) -> u64 {
    let mut counted = 0;
    let mut buffer = [0; 1 << 15];
    while counted <= most {
        match part.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(n) => counted += n as u64,
        }
    }
    counted
}

/// The sheets of an OpenDocument file repeat rows and cells by number, which counts as if they were written out.
fn check_content(part: &mut impl Read, most: u64) -> Result<u64, String> {
    let mut xml = Vec::new();
    // A torn part is looked at as far as it came.
    let _ = part.take(most + 1).read_to_end(&mut xml);
    if xml.len() as u64 <= most {
        ods::check(&xml)?;
    }
    Ok(xml.len() as u64)
}

/// The cells of the sheet `name`.
///
/// # Errors
/// It cannot be read, or reaches too far.
pub(super) fn sheet<R: Read + Seek>(
    workbook: &mut Sheets<R>,
    name: &str,
) -> Result<Range<Data>, String> {
    match workbook {
        Sheets::Xlsx(book) => {
            let mut cells = book.worksheet_cells_reader(name).map_err(|e| e.to_string())?;
            let mut sheet = Cells::default();
            while let Some(cell) = cells.next_cell().map_err(|e| e.to_string())? {
                sheet.take(cell.get_position(), cell.get_value())?;
            }
            Ok(Range::from_sparse(sheet.cells))
        }
        Sheets::Xlsb(book) => {
            let mut cells = book.worksheet_cells_reader(name).map_err(|e| e.to_string())?;
            let mut sheet = Cells::default();
            while let Some(cell) = cells.next_cell().map_err(|e| e.to_string())? {
                sheet.take(cell.get_position(), cell.get_value())?;
            }
            Ok(Range::from_sparse(sheet.cells))
        }
        // Bounded when they were opened.
        Sheets::Xls(_) | Sheets::Ods(_) => {
            workbook.worksheet_range(name).map_err(|e| e.to_string())
        }
    }
}

/// Cells of a sheet as they come.
#[derive(Default)]
struct Cells {
    cells: Vec<Cell<Data>>,
    reach: Reach,
    text: u64,
}

impl Cells {
    fn take(&mut self, (row, column): (u32, u32), value: &DataRef<'_>) -> Result<(), String> {
        if matches!(value, DataRef::Empty) {
            return Ok(());
        }
        self.reach.take(row, column);
        self.text += match value {
            DataRef::String(text) => text.len() as u64,
            DataRef::SharedString(text) => text.len() as u64,
            _ => 0,
        };
        check_size(self.reach.cells().max(self.cells.len() as u64), self.text)?;
        self.cells.push(Cell::new((row, column), Data::from(value.clone())));
        Ok(())
    }
}

/// How far the cells of a sheet reach.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    rows: Option<(u32, u32)>,
    columns: Option<(u32, u32)>,
}

impl Reach {
    pub(super) fn take(&mut self, row: u32, column: u32) {
        let wider = |known: Option<(u32, u32)>, at: u32| {
            Some(known.map_or((at, at), |(first, last)| (first.min(at), last.max(at))))
        };
        self.rows = wider(self.rows, row);
        self.columns = wider(self.columns, column);
    }

    /// Cells from the first to the last.
    pub(super) fn cells(&self) -> u64 {
        let length = |known: Option<(u32, u32)>| {
            known.map_or(0, |(first, last)| u64::from(last - first) + 1)
        };
        length(self.rows) * length(self.columns)
    }
}

/// Refuses a sheet of too many cells or too much text.
pub(super) fn check_size(cells: u64, text: u64) -> Result<(), String> {
    if cells > MAX_CELLS {
        return Err(format!(
            "a sheet reaches over {cells} cells, more than {MAX_CELLS}; delete what stands far from the table"
        ));
    }
    if text > MAX_TEXT_BYTES {
        return Err(format!(
            "a sheet holds more than {MAX_TEXT_BYTES} bytes of text; cut it into several"
        ));
    }
    Ok(())
}
