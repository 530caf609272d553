//! Tables for people and for scripts: the same rows as an aligned table, JSON, JSON Lines or CSV.
//!
//! In: named columns and rows of JSON values. Out: text. A people's table shows the headings of the
//! language; the other forms carry the field names, which never change with the language.

use std::io::{self, Write};

use pipelines::locale::Lang;
use serde_json::{Map, Value};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::desk::export::defused;

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated with a header line; what a spreadsheet would take for a formula is quoted.
    Csv,
}

/// A table: rows of objects, and which fields people see.
pub struct Table {
    /// Field name, and locale key of its heading.
    pub columns: Vec<(&'static str, &'static str)>,
    /// One object a row. Fields beyond the columns appear in JSON forms only.
    pub rows: Vec<Map<String, Value>>,
}

/// Widest a cell of a people's table may be, in terminal columns.
const CELL_WIDTH: usize = 48;

impl Table {
    /// Writes the table in `format`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, format: Format, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Table => self.write_table(lang, out),
            Format::Json => {
                serde_json::to_writer_pretty(&mut *out, &self.rows)?;
                writeln!(out)
            }
            Format::Jsonl => self.rows.iter().try_for_each(|row| {
                serde_json::to_writer(&mut *out, row)?;
                writeln!(out)
            }),
            Format::Csv => self.write_csv(out),
        }
    }

    fn write_table(&self, lang: Lang, out: &mut dyn Write) -> io::Result<()> {
        let headings = self.columns.iter().map(|(_, key)| lang.text(key)).collect::<Vec<_>>();
        let mut lines = vec![headings];
        for row in &self.rows {
            lines.push(
                self.columns.iter().map(|(field, _)| clip(&shown(row.get(*field)))).collect(),
            );
        }
        let mut widths = vec![0; self.columns.len()];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.width());
            }
        }
        for line in &lines {
            let mut text = String::new();
            for (cell, width) in line.iter().zip(&widths) {
                text.push_str(cell);
                text.push_str(&" ".repeat(width - cell.width() + 2));
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }

    fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(self.columns.iter().map(|(field, _)| *field))?;
        for row in &self.rows {
            writer.write_record(self.columns.iter().map(|(f, _)| defused(&shown(row.get(*f)))))?;
        }
        writer.flush()
    }
}

/// A value as people read it.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) => {
            values.iter().map(|v| shown(Some(v))).collect::<Vec<_>>().join(" ")
        }
        Some(other) => other.to_string(),
    }
}

/// Cuts to `CELL_WIDTH` terminal columns; control characters become blanks.
fn clip(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.width() <= CELL_WIDTH {
        return clean;
    }
    let mut cut = String::new();
    let mut width = 0;
    for c in clean.chars() {
        width += c.width().unwrap_or(0);
        if width > CELL_WIDTH - 1 {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(format: Format, expected: &str) {
        let row = json!({"title": "青石沟煤矿：工资", "n": 3, "extra": [1]});
        let Value::Object(row) = row else { panic!("an object") };
        let other = json!({"title": "=1+1", "n": null});
        let Value::Object(other) = other else { panic!("an object") };
        let table = Table { columns: vec![("title", "t"), ("n", "n")], rows: vec![row, other] };
        let mut out = Vec::new();
        table.write(format, Lang::En, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn columns_align_by_terminal_width() {
        check(Format::Table, "t                 n\n青石沟煤矿：工资  3\n=1+1\n");
    }

    #[test]
    fn csv_defuses_formulas() {
        check(Format::Csv, "title,n\n青石沟煤矿：工资,3\n'=1+1,\n");
    }

    #[test]
    fn json_lines_keep_every_field() {
        check(
            Format::Jsonl,
            "{\"extra\":[1],\"n\":3,\"title\":\"青石沟煤矿：工资\"}\n{\"n\":null,\"title\":\"=1+1\"}\n",
        );
    }

    #[test]
    fn long_cells_are_cut_with_a_mark() {
        assert_eq!(clip(&"长".repeat(60)).width(), 47);
        assert_eq!(clip("两\n行"), "两 行");
    }
}
