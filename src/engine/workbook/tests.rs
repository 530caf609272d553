//! Workbooks that are bombs are refused with words, in bounded memory; those of offices are read.

use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use zip::write::SimpleFileOptions;

use super::bounds::{MAX_CELLS, Reach};
use super::{biff, ods, records};

const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
const RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="一" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// A workbook whose only sheet holds `rows` of sheet markup, in a folder that goes away with it.
fn workbook(rows: impl Iterator<Item = String>) -> (tempfile::TempDir, PathBuf) {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, text) in [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELS),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", BOOK_RELS),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    zip.write_all(br#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#).unwrap();
    rows.for_each(|row| zip.write_all(row.as_bytes()).unwrap());
    zip.write_all(b"</sheetData></worksheet>").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("表.xlsx");
    std::fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
    (dir, path)
}

fn cell(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn refusal(path: &std::path::Path) -> String {
    match records(path, &Default::default(), chrono::DateTime::UNIX_EPOCH) {
        Ok(_) => panic!("a bomb was read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_sheet_with_one_cell_far_away_is_refused_with_words() {
    let rows = [
        format!(r#"<row r="1">{}{}</row>"#, cell("A1", "标题"), cell("XFD1", "正文")),
        format!(r#"<row r="1048576">{}</row>"#, cell("A1048576", "远")),
    ];
    let (_dir, path) = workbook(rows.into_iter());
    let said = refusal(&path);
    assert!(
        said.contains("表.xlsx") && said.contains("cells") && said.contains("delete"),
        "{said}"
    );
}

#[test]
fn a_sheet_that_unpacks_to_gigabytes_is_refused_before_it_is_read() {
    let row = format!("<row>{}</row>", "<c/>".repeat(4096)).repeat(64);
    let (_dir, path) = workbook((0..280).map(|_| row.clone()));
    let size = std::fs::metadata(&path).unwrap().len();
    assert!(size < 4 << 20, "{size} bytes");
    let said = refusal(&path);
    assert!(said.contains("sheet1.xml") && said.contains("unpacks"), "{said}");
}

#[test]
fn a_file_that_repeats_rows_by_number_counts_as_if_they_were_written_out() {
    let content = |rows: &str| format!("<table:table>{rows}</table:table>");
    let row = |rows: u64, columns: u64| {
        format!(
            r#"<table:table-row table:number-rows-repeated="{rows}"><table:table-cell table:number-columns-repeated="{columns}"><text:p>文</text:p></table:table-cell></table:table-row>"#
        )
    };
    let empty = r#"<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>"#;
    assert_eq!(ods::check(content(&(row(1, 3) + &row(2, 3) + empty)).as_bytes()), Ok(()));
    assert!(ods::check(content(&row(1_000_000, 100)).as_bytes()).is_err());
    assert!(ods::check(content(&(row(1, 16_384) + empty + &row(1, 1))).as_bytes()).is_err());
    assert!(ods::check(content(&row(u64::MAX, u64::MAX)).as_bytes()).is_err());
}

/// A compound file of one sector size, whose only stream is `stream`.
fn compound(stream: &[u8]) -> Vec<u8> {
    let sectors = stream.len().div_ceil(512).max(8);
    let mut header = vec![0; 512];
    header[..8].copy_from_slice(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
    let mut put = |at: usize, value: u32| header[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put(28, 0x0009_fffe);
    put(48, 1);
    put(60, u32::MAX - 1);
    put(68, u32::MAX - 1);
    (1..109).for_each(|n| put(76 + n * 4, u32::MAX));
    put(76, 0);
    let mut table = vec![u32::MAX - 2, u32::MAX - 1];
    table.extend(
        (0..sectors as u32).map(|n| if n + 1 == sectors as u32 { u32::MAX - 1 } else { n + 3 }),
    );
    table.resize(128, u32::MAX);
    let mut directory = vec![0; 512];
    for (n, (name, start, size)) in
        [("Root Entry", u32::MAX - 1, 0), ("Workbook", 2, (sectors * 512) as u32)]
            .iter()
            .enumerate()
    {
        let entry = &mut directory[n * 128..(n + 1) * 128];
        for (i, unit) in name.encode_utf16().enumerate() {
            entry[i * 2..i * 2 + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry[64..66].copy_from_slice(&((name.len() as u16 + 1) * 2).to_le_bytes());
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&size.to_le_bytes());
    }
    let mut file = header;
    file.extend(table.iter().flat_map(|n| n.to_le_bytes()));
    file.extend(directory);
    file.extend(stream);
    file.resize(512 * (3 + sectors), 0);
    file
}

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut record = kind.to_le_bytes().to_vec();
    record.extend((data.len() as u16).to_le_bytes());
    record.extend(data);
    record
}

#[test]
fn an_old_workbook_with_cells_in_all_its_corners_is_refused() {
    let number = |row: u16, column: u16| {
        let mut data = row.to_le_bytes().to_vec();
        data.extend(column.to_le_bytes());
        data.extend([0; 10]);
        record(0x0203, &data)
    };
    let stream = |sheets: usize, last: (u16, u16)| {
        let begin = record(0x0809, &[0; 16]);
        let start = (begin.len() + sheets * 12) as u32;
        let mut bound = start.to_le_bytes().to_vec();
        bound.extend([0; 4]);
        [
            begin.clone(),
            record(0x0085, &bound).repeat(sheets),
            begin,
            number(0, 0),
            number(last.0, last.1),
        ]
        .concat()
    };
    assert_eq!(biff::check(&compound(&stream(3, (999, 20)))), Ok(()));
    assert!(biff::check(&compound(&stream(1, (65_535, 255)))).is_err());
    assert!(biff::check(&compound(&stream(300, (999, 20)))).is_err(), "one sheet under many names");
    assert_eq!(biff::check(b"no compound file"), Ok(()));
}

#[test]
fn an_ordinary_sheet_is_read() {
    let rows = (1..=3).map(|n| {
        let texts = [("A", "编号"), ("B", "标题"), ("C", "正文")];
        let cells = texts.map(|(column, text)| {
            cell(
                &format!("{column}{n}"),
                &format!("{text}{}", if n == 1 { String::new() } else { n.to_string() }),
            )
        });
        format!(r#"<row r="{n}">{}</row>"#, cells.concat())
    });
    let (_dir, path) = workbook(rows);
    let records =
        records(&path, &Default::default(), chrono::DateTime::UNIX_EPOCH).unwrap().records;
    assert_eq!(records.filter(|r| r.is_ok()).count(), 2);
}

#[test]
fn a_sheet_reaches_from_its_first_to_its_last_cell() {
    let mut reach = Reach::default();
    assert_eq!(reach.cells(), 0);
    for (row, column) in [(5, 5), (2, 9), (1_048_575, 16_383)] {
        reach.take(row, column);
    }
    assert_eq!(reach.cells(), (1_048_575 - 2 + 1) * (16_383 - 5 + 1));
    assert!(reach.cells() > MAX_CELLS);
}
