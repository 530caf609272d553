//! Rows as a workbook that office programs open.
//!
//! In: headings, then rows of text in their order. Out: the bytes of an `.xlsx`. Cells that are a time or a whole number
//! become such; all else is text, so that nothing in a post is ever run as a formula.

use anyhow::Context as _;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};

/// Characters of a cell that office programs take.
const CELL_CHARS: usize = 32_767;

/// Rows of a sheet that they take.
const ROWS: u32 = 1_048_576;

/// Widths of columns in characters: one that is not named is narrow.
const WIDTHS: [(u16, f64); 5] = [(1, 17.0), (2, 40.0), (3, 60.0), (10, 24.0), (11, 40.0)];

/// A workbook of one sheet, as it grows.
pub(super) struct Sheet {
    sheet: Worksheet,
    time: Format,
    next: u32,
}

impl Sheet {
    pub fn new() -> Self {
        let time = Format::new().set_num_format("yyyy-mm-dd hh:mm");
        Self { sheet: Worksheet::new(), time, next: 0 }
    }

    /// The first row, which stays in sight.
    ///
    /// # Errors
    /// None in practice: it is far from the bounds of a sheet.
    pub fn head(&mut self, headings: &[String]) -> anyhow::Result<()> {
        let bold = Format::new().set_bold();
        for (column, heading) in (0..).zip(headings) {
            self.sheet.write_string_with_format(0, column, heading, &bold)?;
        }
        for (column, width) in WIDTHS {
            self.sheet.set_column_width(column, width)?;
        }
        self.sheet.set_freeze_panes(1, 0)?;
        self.next = 1;
        Ok(())
    }

    /// A row. A text longer than a cell takes is cut, and ends with `…`.
    ///
    /// # Errors
    /// More rows than a sheet takes; CSV takes them.
    pub fn put(&mut self, cells: &[String]) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.next < ROWS,
            "a sheet takes {ROWS} rows; choose CSV, or a narrower query"
        );
        for (column, cell) in (0..).zip(cells) {
            if let Some(number) = whole_number(cell) {
                self.sheet.write_number(self.next, column, number)?;
            } else if let Some(time) = time_of(cell) {
                self.sheet.write_datetime_with_format(self.next, column, &time, &self.time)?;
            } else if cell.encode_utf16().count() > CELL_CHARS {
                let cut: String = cell.chars().take(CELL_CHARS / 2 - 1).chain(['…']).collect();
                self.sheet.write_string(self.next, column, cut)?;
            } else {
                self.sheet.write_string(self.next, column, cell)?;
            }
        }
        self.next += 1;
        Ok(())
    }

    /// The workbook.
    ///
    /// # Errors
    /// None in practice: it is made in memory.
    pub fn end(self) -> anyhow::Result<Vec<u8>> {
        let mut book = Workbook::new();
        book.push_worksheet(self.sheet);
        book.save_to_buffer().context("cannot make the workbook")
    }
}

/// A whole number as it is written by people; an id with zeros before it is none.
fn whole_number(cell: &str) -> Option<u32> {
    cell.parse::<u32>().ok().filter(|number| number.to_string() == cell)
}

/// `2026-11-26 08:00` as a time.
fn time_of(cell: &str) -> Option<ExcelDateTime> {
    let at = chrono::NaiveDateTime::parse_from_str(cell, "%Y-%m-%d %H:%M").ok()?;
    ExcelDateTime::parse_from_str(&at.format("%Y-%m-%dT%H:%M:%S").to_string()).ok()
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader as _, Xlsx};

    use super::*;

    #[test]
    fn times_and_numbers_are_such_and_a_formula_is_text() {
        let mut sheet = Sheet::new();
        sheet.head(&["一".to_owned(), "二".to_owned()]).unwrap();
        let row = ["2026-11-26 08:05", "93", "=HYPERLINK(\"http://x\")", "0000000000123456"];
        sheet.put(&row.map(str::to_owned)).unwrap();
        sheet.put(&["长".repeat(40_000)]).unwrap();
        let bytes = sheet.end().unwrap();
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        let rows: Vec<_> = range.rows().collect();
        assert_eq!(rows[0][0], Data::String("一".to_owned()));
        let Data::DateTime(at) = &rows[1][0] else { panic!("{:?}", rows[1]) };
        // Days since 1900, as spreadsheets count.
        assert!((at.as_f64() - (46_352.0 + 485.0 / 1_440.0)).abs() < 1e-6, "{at:?}");
        assert_eq!(rows[1][1], Data::Float(93.0));
        assert_eq!(rows[1][2], Data::String(row[2].to_owned()));
        assert_eq!(rows[1][3], Data::String(row[3].to_owned()));
        let Data::String(cut) = &rows[2][0] else { panic!("{:?}", rows[2]) };
        assert!(cut.ends_with('…') && cut.chars().count() < CELL_CHARS);
    }
}
