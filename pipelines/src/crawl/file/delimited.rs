//! Text tables: CSV as spreadsheets, offices and platforms write it.
//!
//! In: the decoded text. Out: rows of cells with their numbers. Comma, semicolon, tab or bar are told by
//! which of them makes the better table; `sep=;` in the first line is obeyed. A quote that is opened and not
//! closed as quotes are costs its own line at most: the line is read by itself and that is said. Written here
//! and not taken from a crate, since a reader of well-formed CSV swallows every row behind such a quote.

use super::columns::{ColumnMap, Layout};
use super::row::Cell;
use super::table::TableRow;

/// Signs that part cells; of equals the first.
const SEPARATORS: [char; 5] = [',', '\t', ';', '|', '；'];

/// Rows by which separators are judged.
const ROWS_JUDGED: usize = 20;

/// Lines a quoted cell may go over. A longer one is a quote left open that some later quote seems to close.
const MOST_LINES: usize = 500;

/// The rows of a text.
pub(super) fn rows(
    text: String,
    map: &ColumnMap,
) -> impl Iterator<Item = TableRow> + Send + 'static {
    let (start, separator) = match declared(&text) {
        Some((start, separator)) => (start, separator),
        None => (0, likeliest(&text, map)),
    };
    let first = if start > 0 { 2 } else { 1 };
    let mut reader = Reader { at: start, number: first, separator, text };
    std::iter::from_fn(move || reader.next())
}

/// `sep=;`, as some spreadsheets write it above the table.
fn declared(text: &str) -> Option<(usize, char)> {
    let line = text.lines().next()?;
    let plain = line.trim().trim_matches('"').to_ascii_lowercase();
    let mut sign = plain.strip_prefix("sep=")?.chars();
    let separator = sign.next().unwrap_or('\t');
    let end = text.find('\n').map_or(text.len(), |at| at + 1);
    sign.next().is_none().then_some((end, separator))
}

/// The separator under which the best row of the first ones fills the most fields, then has the most cells.
fn likeliest(text: &str, map: &ColumnMap) -> char {
    let worth = |separator: char| {
        let mut reader = Reader { at: 0, number: 1, separator, text: head(text) };
        let rows = std::iter::from_fn(|| reader.next()).take(ROWS_JUDGED);
        rows.map(|row| {
            let names: Vec<String> = row.cells.into_iter().map(|cell| cell.text).collect();
            (Layout::of(&names, map).filled(), names.len())
        })
        .max()
        .unwrap_or_default()
    };
    let mut best = (SEPARATORS[0], worth(SEPARATORS[0]));
    for separator in &SEPARATORS[1..] {
        let other = worth(*separator);
        if other > best.1 {
            best = (*separator, other);
        }
    }
    best.0
}

fn head(text: &str) -> String {
    text.char_indices().nth(64 * 1024).map_or(text, |(end, _)| &text[..end]).to_owned()
}

struct Reader {
    text: String,
    at: usize,
    number: u64,
    separator: char,
}

/// Cells of one record and where it ends; none where a quote in it is not closed as quotes are.
type Split = Option<(Vec<Cell>, usize)>;

impl Reader {
    fn next(&mut self) -> Option<TableRow> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let (cells, used, has_open_quote) = match record(rest, self.separator) {
            Some((cells, used)) => (cells, used, false),
            None => {
                let (cells, used) = line(rest, self.separator);
                (cells, used, true)
            }
        };
        let row = TableRow { number: self.number, cells, has_open_quote };
        self.at += used;
        self.number += 1;
        Some(row)
    }
}

/// One record, whose quoted cells may hold separators and line breaks.
fn record(text: &str, separator: char) -> Split {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let (cell, end) = match text[at..].trim_start_matches(' ').strip_prefix('"') {
            Some(inside) => {
                let (cell, used) = quoted(inside, separator)?;
                (cell, text.len() - inside.len() + used)
            }
            None => {
                let end = text[at..].find([separator, '\n', '\r']).map_or(text.len(), |n| at + n);
                (text[at..end].to_owned(), end)
            }
        };
        cells.push(Cell::from(cell));
        let rest = &text[end..];
        if let Some(after) = rest.strip_prefix(separator) {
            at = text.len() - after.len();
            continue;
        }
        return Some((cells, end + line_end(rest)));
    }
}

/// The rest of a quoted cell: its text, and the bytes up to the sign behind it.
fn quoted(text: &str, separator: char) -> Option<(String, usize)> {
    let mut cell = String::new();
    let (mut at, mut lines) = (0, 0);
    loop {
        let end = at + text[at..].find('"')?;
        lines += text[at..end].matches('\n').count();
        if lines > MOST_LINES {
            return None;
        }
        cell.push_str(&text[at..end]);
        let rest = &text[end + 1..];
        if let Some(after) = rest.strip_prefix('"') {
            cell.push('"');
            at = text.len() - after.len();
            continue;
        }
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let follows = rest[blanks..].chars().next();
        let is_closed = follows.is_none_or(|c| c == separator || c == '\n' || c == '\r');
        return is_closed.then_some((cell, end + 1 + blanks));
    }
}

/// One line by itself, quotes being signs like others but for pairs around a cell.
fn line(text: &str, separator: char) -> (Vec<Cell>, usize) {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let cell = |text: &str| {
        let text = text.trim();
        let inside = text.strip_prefix('"').unwrap_or(text);
        Cell::from(inside.strip_suffix('"').unwrap_or(inside).replace("\"\"", "\""))
    };
    (text[..end].split(separator).map(cell).collect(), end + line_end(&text[end..]))
}

fn line_end(text: &str) -> usize {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(u64, &[&str], bool)]) {
        let got: Vec<_> = rows(text.to_owned(), &ColumnMap::default()).collect();
        let got: Vec<(u64, Vec<&str>, bool)> = got
            .iter()
            .map(|row| {
                let cells = row.cells.iter().map(|cell| cell.text.as_str()).collect();
                (row.number, cells, row.has_open_quote)
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(n, c, q)| (*n, c.to_vec(), *q)).collect();
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn quotes_and_line_breaks_within_cells() {
        check(
            "标题,正文\r\n\"甲,\"\"乙\"\"\",\"一\n二\"\r\n丙,\n",
            &[
                (1, &["标题", "正文"], false),
                (2, &["甲,\"乙\"", "一\n二"], false),
                (3, &["丙", ""], false),
            ],
        );
    }

    #[test]
    fn separators_are_told_by_the_table_they_make() {
        check(
            "标题;正文\n甲,乙;丙,丁\n",
            &[(1, &["标题", "正文"], false), (2, &["甲,乙", "丙,丁"], false)],
        );
        check("标题\t正文\n甲\t丙\n", &[(1, &["标题", "正文"], false), (2, &["甲", "丙"], false)]);
        check("sep=;\n标题;正文\n", &[(2, &["标题", "正文"], false)]);
        check(
            "台账,一季度,,\n标题|正文\n",
            &[(1, &["台账,一季度,,"], false), (2, &["标题", "正文"], false)],
        );
    }

    #[test]
    fn a_quote_left_open_costs_its_own_line_at_most() {
        check(
            "标题,正文\n甲,\"没有闭合\n乙,好的\n丙,\"也好\"\n",
            &[
                (1, &["标题", "正文"], false),
                (2, &["甲", "没有闭合"], true),
                (3, &["乙", "好的"], false),
                (4, &["丙", "也好"], false),
            ],
        );
        check(
            "标题,正文\n甲,\"没有闭合",
            &[(1, &["标题", "正文"], false), (2, &["甲", "没有闭合"], true)],
        );
        check(
            "标题,正文\n甲,他说\"好\"\n",
            &[(1, &["标题", "正文"], false), (2, &["甲", "他说\"好\""], false)],
        );
    }
}
