//! Tables that are HTML or XML spreadsheets, whatever the file is called: the usual export of office systems.
//!
//! In: decoded markup. Out: the rows of the table with the most of them; cells that span columns or rows keep
//! the others in their places. A link in a cell goes with it. Draws nothing and runs nothing.

use scraper::{ElementRef, Html, Selector};

use super::row::Cell;
use super::table::TableRow;
use crate::extract::html_to_text;

/// Columns one cell may claim.
const MOST_SPAN: usize = 200;

/// The rows of the largest table; none where there is no table.
pub(super) fn rows(markup: &str) -> Option<Vec<TableRow>> {
    // What XML calls a table is none to a reader of HTML, which would throw its rows out of it.
    let page = match markup.contains("urn:schemas-microsoft-com:office:spreadsheet") {
        true => Html::parse_document(&markup.replace("<Table", "<div").replace("</Table", "</div")),
        false => Html::parse_document(markup),
    };
    let of = |css: &str| Selector::parse(css).expect("a fixed selector is valid");
    let row = of("tr");
    let largest = page
        .select(&of("table"))
        .map(|table| {
            table.select(&row).filter(|r| owner(*r) == Some(table.id())).collect::<Vec<_>>()
        })
        .max_by_key(Vec::len)
        .filter(|rows| !rows.is_empty());
    let rows = match largest {
        Some(rows) => rows.into_iter().map(html_cells).collect::<Vec<_>>(),
        None => page.select(&of("row")).map(sheet_cells).collect(),
    };
    (!rows.is_empty()).then(|| numbered(rows))
}

/// A cell with the columns and rows it takes.
struct Span {
    cell: Cell,
    columns: usize,
    rows: usize,
}

/// The table a row stands in.
fn owner(row: ElementRef) -> Option<ego_tree::NodeId> {
    row.ancestors()
        .filter_map(ElementRef::wrap)
        .find(|e| e.value().name() == "table")
        .map(|e| e.id())
}

fn html_cells(row: ElementRef) -> Vec<Span> {
    let link = Selector::parse("a[href]").expect("a fixed selector is valid");
    let cells = row.child_elements().filter(|e| matches!(e.value().name(), "td" | "th"));
    cells
        .map(|cell| {
            let number =
                |name: &str| cell.attr(name).and_then(|n| n.trim().parse().ok()).unwrap_or(1_usize);
            let href = cell.select(&link).next().and_then(|a| a.attr("href")).map(str::to_owned);
            Span {
                cell: Cell { text: html_to_text(&cell.inner_html()), link: href },
                columns: number("colspan").clamp(1, MOST_SPAN),
                rows: number("rowspan").max(1),
            }
        })
        .collect()
}

/// A row of an XML spreadsheet (2003): cells may say which column they stand in.
fn sheet_cells(row: ElementRef) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for cell in row.child_elements().filter(|e| e.value().name() == "cell") {
        let index = cell.attr("ss:index").and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
        while spans.len() + 1 < index.min(MOST_SPAN) {
            spans.push(Span { cell: Cell::default(), columns: 1, rows: 1 });
        }
        let text = cell.text().collect::<String>().trim().to_owned();
        let link = cell.attr("ss:href").map(str::to_owned);
        spans.push(Span { cell: Cell { text, link }, columns: 1, rows: 1 });
    }
    spans
}

/// The spans laid out: each row has its cells in their columns; a cell that spans rows stands in each.
fn numbered(rows: Vec<Vec<Span>>) -> Vec<TableRow> {
    // Of each column, the cell from above and how many more rows it takes.
    let mut taken: Vec<(usize, Cell)> = Vec::new();
    let mut laid = Vec::with_capacity(rows.len());
    for (row, number) in rows.into_iter().zip(1..) {
        let mut cells: Vec<Cell> = Vec::new();
        for span in row {
            from_above(&mut cells, &mut taken);
            for column in 0..span.columns {
                let at = cells.len();
                cells.push(if column == 0 { span.cell.clone() } else { Cell::default() });
                taken.resize(taken.len().max(at + 1), (0, Cell::default()));
                taken[at] = (span.rows - 1, cells[at].clone());
            }
        }
        from_above(&mut cells, &mut taken);
        laid.push(TableRow { number, cells, has_open_quote: false });
    }
    laid
}

fn from_above(cells: &mut Vec<Cell>, taken: &mut [(usize, Cell)]) {
    while let Some((rows, cell)) = taken.get_mut(cells.len()).filter(|(rows, _)| *rows > 0) {
        *rows -= 1;
        cells.push(cell.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(markup: &str, expected: &[&[&str]]) {
        let rows = rows(markup).unwrap_or_default();
        let got: Vec<Vec<&str>> = rows
            .iter()
            .map(|row| row.cells.iter().map(|cell| cell.text.as_str()).collect())
            .collect();
        assert_eq!(got, expected, "{markup}");
    }

    #[test]
    fn cells_keep_their_columns() {
        check(
            "<table><tr><td colspan=3>台账</td></tr><tr><th>平台<th>标题<th>正文</tr>\
             <tr><td rowspan=2>论坛<td>甲<td>一<br>二</tr><tr><td>乙<td>三</tr></table>",
            &[
                &["台账", "", ""],
                &["平台", "标题", "正文"],
                &["论坛", "甲", "一\n二"],
                &["论坛", "乙", "三"],
            ],
        );
        check("<p>no table</p>", &[]);
    }

    #[test]
    fn an_xml_spreadsheet_is_a_table() {
        check(
            "<?xml version=\"1.0\"?><Workbook xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\"><Worksheet><Table><Row><Cell><Data>标题</Data></Cell>\
             <Cell><Data>正文</Data></Cell></Row><Row><Cell ss:Index=\"2\"><Data>只有正文</Data></Cell></Row></Table></Worksheet></Workbook>",
            &[&["标题", "正文"], &["", "只有正文"]],
        );
    }

    #[test]
    fn a_link_goes_with_its_cell() {
        let rows =
            rows("<table><tr><td><a href='http://a.example/1'>甲</a></td></tr></table>").unwrap();
        assert_eq!(rows[0].cells[0].link.as_deref(), Some("http://a.example/1"));
    }
}
