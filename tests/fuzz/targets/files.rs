//! Files that officers are handed: tables, archives, evidence zips.

use std::io::{Cursor, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use guanlan::engine::workbook;
use guanlan::evidence::verify;
use pipelines::crawl::{ColumnMap, FileFormat, read_file, warc};
use pipelines::record::{Page, SourceId};
use zip::write::SimpleFileOptions;

pub const TABLE_PIECES: &[&str] = &[
    "编号,标题,正文,发布时间\n",
    "1,欠薪,\"三个月没发工资\",2026-11-22 08:00\n",
    "\"",
    "\"\"",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\u{feff}",
    "{\"id\":1,\"title\":\"欠薪\",\"text\":\"",
    "\"}\n",
    "[",
    "{",
    "}",
    "<table><tr><td>标题</td><td>正文</td></tr>",
    "<tr><td>",
    "</td></tr>",
    "</table>",
    "<row r=\"1\">",
    "</row>",
    "<c r=\"A1\" t=\"inlineStr\"><is><t>标题</t></is></c>",
    "<c r=\"XFD1048576\"><v>1</v></c>",
    "<c r=\"B2\" t=\"s\"><v>9</v></c>",
    "<v>46346.35</v>",
    "=1+1",
    "46346.354167",
    "\u{0}",
    "<mergeCell ref=\"A1:XFD1048576\"/>",
    "<dimension ref=\"A1:XFD1048576\"/>",
];

pub const WARC_PIECES: &[&str] = &[
    "WARC/1.1\r\n",
    "WARC-Type: response\r\n",
    "WARC-Target-URI: http://a.example/1\r\n",
    "WARC-Date: 2026-11-22T08:00:00Z\r\n",
    "Content-Length: 20\r\n",
    "Content-Length: 99999999999\r\n",
    "\r\n\r\n",
    "HTTP/1.1 200 OK\r\n",
    "Content-Type: text/html\r\n",
    "Content-Encoding: gzip\r\n",
    "Transfer-Encoding: chunked\r\n\r\n5\r\n",
    "ffffffffffffffff\r\n",
    " ",
    "\u{1f}",
    "<p>文",
    "WARC-Payload-Digest: sha256:AAAA\r\n",
];

pub const ZIP_PIECES: &[&str] = &[
    "PK\u{3}\u{4}",
    "PK\u{1}\u{2}",
    "PK\u{5}\u{6}",
    "\0\0",
    "manifest.json",
    "SHA256SUMS",
    "text.html",
    "../",
    "records/01.warc.gz",
    "{\"format\":\"guanlan-evidence/1\",",
    "\"records\":[",
    "\"files\":[{\"name\":\"",
    "\"sha256\":\"",
    "}",
    "]",
    "  ",
    "\n",
];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A zip of parts that are stored as they are.
fn stored(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const BOOK: &str = r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="一" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;

/// A workbook around the markup of its sheet.
fn book(sheet: &[u8]) -> Vec<u8> {
    stored(&[
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", BOOK_RELS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
    ])
}

fn open_document(content: &[u8]) -> Vec<u8> {
    stored(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content),
    ])
}

pub fn tables() -> Vec<Vec<u8>> {
    let sheet = r#"<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>编号</t></is></c><c r="B1" t="inlineStr"><is><t>标题</t></is></c></row><row r="2"><c r="A2"><v>1</v></c><c r="B2" t="inlineStr"><is><t>欠薪</t></is></c></row></sheetData></worksheet>"#;
    let content = r#"<office:document-content><office:body><office:spreadsheet><table:table table:name="一"><table:table-row><table:table-cell office:value-type="string"><text:p>标题</text:p></table:table-cell></table:table-row><table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="2" office:value-type="string"><text:p>欠薪</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"#;
    vec![book(sheet.as_bytes()), sheet.into(), open_document(content.as_bytes()), content.into()]
}

/// As every kind of table: text as CSV and JSON Lines and within a workbook, containers as what they are.
pub fn table(input: &[u8], dir: &Path) {
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let books = match input {
        [b'P', b'K', ..] => {
            vec![write("t.xlsx", input), write("t.ods", input), write("t.xlsb", input)]
        }
        [0xd0, 0xcf, ..] => vec![write("t.xls", input)],
        _ => vec![
            write("t.xlsx", &book(input)),
            write("t.ods", &open_document(input)),
            write("t.xls", input),
        ],
    };
    for path in books {
        if let Ok(opened) = workbook::records(&path, &ColumnMap::default(), now()) {
            let _ = opened.records.take(5_000).count();
        }
    }
    let source = SourceId::from("fuzz");
    for (name, format) in
        [("t.csv", FileFormat::Csv), ("t.jsonl", FileFormat::Jsonl), ("t.html", FileFormat::Html)]
    {
        let path = write(name, input);
        if let Ok(opened) = read_file(&path, format, &ColumnMap::default(), &source, now()) {
            let _ = opened.records.take(5_000).count();
        }
    }
}

fn page() -> Page {
    Page {
        url: "http://a.example/1".to_owned(),
        requested_url: "http://a.example/1".to_owned(),
        source: SourceId::default(),
        status: 200,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: "<p>云岭矿业三个月没发工资</p>".as_bytes().to_vec(),
        fetched_at: now(),
        sha256: [0; 32],
    }
}

pub fn archives() -> Vec<Vec<u8>> {
    let packed = warc::pack(&page()).unwrap().bytes;
    vec![packed.repeat(3), packed]
}

/// Every record that can be read, as a page and by its digests.
pub fn archive(input: &[u8], _: &Path) {
    for record in warc::Reader::of_bytes(input.to_vec()).take(2_000).flatten() {
        let _ = (record.verify(0), record.http());
        let _ = record.into_page(&SourceId::default());
    }
}

pub fn zips() -> Vec<Vec<u8>> {
    let packed = warc::pack(&page()).unwrap().bytes;
    let manifest = br#"{"format":"guanlan-evidence/1","made_by":"x","station":"x","made_at":"2026-11-22T08:00:00Z","post":{"id":"0","url":"u","source":"s","title":"t","published_at":null,"fetched_at":"2026-11-22T08:00:00Z","edited_at":null,"gone_at":null,"content_hash":"0"},"records":[],"files":[]}"#;
    let parts: [(&str, &[u8]); 3] =
        [("manifest.json", manifest), ("SHA256SUMS", b""), ("records/01.warc.gz", &packed)];
    vec![stored(&parts), manifest.to_vec()]
}

/// As it is, and as the manifest of a zip.
pub fn zip(input: &[u8], _: &Path) {
    let _ = verify(input);
    if !input.starts_with(b"PK") {
        let _ = verify(&stored(&[("manifest.json", input), ("SHA256SUMS", input)]));
    }
}
