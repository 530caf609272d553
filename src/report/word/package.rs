//! The archive of a Word file: its parts, how they refer to each other, and its properties.
//!
//! In: a body, a paper. Out: bytes that depend on these alone: every entry has the same date, in a fixed order.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::super::paper::Paper;
use super::super::sheet;
use super::body::{Body, escaped};
use super::parts;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006";

/// The section: the page and its margins; the number of the page stands 7 mm below the text.
fn section() -> String {
    let (wide, tall) = sheet::PAPER;
    let [top, right, bottom, left] = sheet::MARGINS;
    let foot = sheet::FOOT;
    format!(
        r#"<w:sectPr><w:footerReference w:type="default" r:id="rId4"/><w:footerReference w:type="even" r:id="rId5"/><w:pgSz w:w="{wide}" w:h="{tall}"/><w:pgMar w:top="{top}" w:right="{right}" w:bottom="{bottom}" w:left="{left}" w:header="851" w:footer="{foot}" w:gutter="0"/></w:sectPr>"#
    )
}

/// The parts that every document refers to: id, kind, file.
const LINKS: [(&str, &str, &str); 5] = [
    ("rId1", "styles", "styles.xml"),
    ("rId2", "settings", "settings.xml"),
    ("rId3", "fontTable", "fontTable.xml"),
    ("rId4", "footer", "footer1.xml"),
    ("rId5", "footer", "footer2.xml"),
];

/// The archive of the document.
pub(super) fn package(body: &Body, paper: &Paper) -> ZipResult<Vec<u8>> {
    let document = format!(
        r#"{HEAD}<w:document xmlns:w="{MAIN}" xmlns:r="{OFFICE}" xmlns:wp="{DRAWING}/wordprocessingDrawing" xmlns:a="{DRAWING}/main" xmlns:pic="{DRAWING}/picture"><w:body>{}{}</w:body></w:document>"#,
        body.xml,
        section()
    );
    let mut parts: Vec<(String, Vec<u8>)> = [
        ("[Content_Types].xml", types()),
        ("_rels/.rels", roots()),
        ("docProps/core.xml", properties(paper)),
        ("docProps/app.xml", parts::APPLICATION.to_owned()),
        ("word/document.xml", document),
        ("word/_rels/document.xml.rels", links(body)),
        ("word/styles.xml", parts::styles()),
        ("word/settings.xml", parts::SETTINGS.to_owned()),
        ("word/fontTable.xml", parts::fonts()),
        ("word/footer1.xml", parts::footer("right")),
        ("word/footer2.xml", parts::footer("left")),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.into_bytes()))
    .collect();
    for (i, (dots, vectors)) in body.images.iter().enumerate() {
        parts.push((format!("word/media/image{}.png", i + 1), dots.clone()));
        parts.push((format!("word/media/image{}.svg", i + 1), vectors.clone().into_bytes()));
    }
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name, options)?;
        zip.write_all(&bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn types() -> String {
    let word = "application/vnd.openxmlformats-officedocument.wordprocessingml";
    let package = "application/vnd.openxmlformats-package";
    let mut xml = format!(
        r#"{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="{package}.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/><Default Extension="svg" ContentType="image/svg+xml"/>"#
    );
    for (part, kind) in [
        ("word/document.xml", format!("{word}.document.main+xml")),
        ("word/styles.xml", format!("{word}.styles+xml")),
        ("word/settings.xml", format!("{word}.settings+xml")),
        ("word/fontTable.xml", format!("{word}.fontTable+xml")),
        ("word/footer1.xml", format!("{word}.footer+xml")),
        ("word/footer2.xml", format!("{word}.footer+xml")),
        ("docProps/core.xml", format!("{package}.core-properties+xml")),
        (
            "docProps/app.xml",
            "application/vnd.openxmlformats-officedocument.extended-properties+xml".to_owned(),
        ),
    ] {
        let _ = write!(xml, r#"<Override PartName="/{part}" ContentType="{kind}"/>"#);
    }
    xml + "</Types>"
}

fn relationships(lines: &str) -> String {
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    format!(r#"{HEAD}<Relationships xmlns="{package}">{lines}</Relationships>"#)
}

fn roots() -> String {
    let core =
        "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
    relationships(&format!(
        r#"<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="{core}" Target="docProps/core.xml"/><Relationship Id="rId3" Type="{OFFICE}/extended-properties" Target="docProps/app.xml"/>"#
    ))
}

fn links(body: &Body) -> String {
    let mut lines = String::new();
    for (id, kind, file) in LINKS {
        let _ =
            write!(lines, r#"<Relationship Id="{id}" Type="{OFFICE}/{kind}" Target="{file}"/>"#);
    }
    for i in 1..=body.images.len() {
        for (name, ending) in [("Image", "png"), ("Vector", "svg")] {
            let _ = write!(
                lines,
                r#"<Relationship Id="rId{name}{i}" Type="{OFFICE}/image" Target="media/image{i}.{ending}"/>"#
            );
        }
    }
    for (i, address) in body.addresses.iter().enumerate() {
        let _ = write!(
            lines,
            r#"<Relationship Id="rIdLink{}" Type="{OFFICE}/hyperlink" Target="{}" TargetMode="External"/>"#,
            i + 1,
            escaped(address)
        );
    }
    relationships(&lines)
}

/// Title, author, language and time, as the file manager shows them.
fn properties(paper: &Paper) -> String {
    let (title, unit, made) = (escaped(&paper.title), escaped(&paper.head.unit), &paper.made_at);
    let span = escaped(&paper.head.span);
    format!(
        r#"{HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{title}</dc:title><dc:subject>{span}</dc:subject><dc:creator>{unit}</dc:creator><cp:lastModifiedBy>{unit}</cp:lastModifiedBy><dcterms:created xsi:type="dcterms:W3CDTF">{made}</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">{made}</dcterms:modified></cp:coreProperties>"#
    )
}
