//! The few parts of Office Open XML an official document needs: styled paragraphs, links, bookmarks, footers.
//!
//! In: texts, with links marked by [`link`]. Out: the archive of a `.docx`. Knows nothing of digests.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;

/// Marks of a link within a text; private-use characters, which are removed from texts that come from outside.
const OPEN: char = '\u{e000}';
const MIDDLE: char = '\u{e001}';
const CLOSE: char = '\u{e002}';

/// A link to the bookmark `anchor` within a text handed to [`Paragraphs`].
pub(super) fn link(anchor: &str, text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(*c, OPEN | MIDDLE | CLOSE)).collect();
    format!("{OPEN}{anchor}{MIDDLE}{plain}{CLOSE}")
}

/// The body of a document under construction.
#[derive(Default)]
pub(super) struct Paragraphs {
    xml: String,
    bookmarks: usize,
}

impl Paragraphs {
    pub(super) fn title(&mut self, text: &str) {
        self.paragraph("DocTitle", None, text);
    }

    pub(super) fn centred(&mut self, text: &str) {
        self.paragraph("Centred", None, text);
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.paragraph("Heading1", None, text);
    }

    pub(super) fn subheading(&mut self, text: &str) {
        self.paragraph("Heading2", None, text);
    }

    pub(super) fn body(&mut self, text: &str) {
        self.paragraph("Normal", None, text);
    }

    pub(super) fn small(&mut self, text: &str) {
        self.paragraph("Small", None, text);
    }

    /// A small paragraph that links lead to.
    pub(super) fn small_at(&mut self, anchor: &str, text: &str) {
        self.paragraph("Small", Some(anchor), text);
    }

    pub(super) fn page_break(&mut self) {
        self.xml.push_str(r#"<w:p><w:r><w:br w:type="page"/></w:r></w:p>"#);
    }

    fn paragraph(&mut self, style: &str, anchor: Option<&str>, text: &str) {
        let _ = write!(self.xml, r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>"#);
        if let Some(anchor) = anchor {
            self.bookmarks += 1;
            let id = self.bookmarks;
            let _ = write!(
                self.xml,
                r#"<w:bookmarkStart w:id="{id}" w:name="{anchor}"/><w:bookmarkEnd w:id="{id}"/>"#
            );
        }
        for part in text.split_inclusive(CLOSE) {
            let marked = part.strip_suffix(CLOSE).and_then(|p| p.split_once(OPEN));
            match marked.and_then(|(before, link)| Some((before, link.split_once(MIDDLE)?))) {
                Some((before, (anchor, shown))) => {
                    self.run(before);
                    let _ = write!(self.xml, r#"<w:hyperlink w:anchor="{}">"#, escaped(anchor));
                    self.run(shown);
                    self.xml.push_str("</w:hyperlink>");
                }
                None => self.run(part),
            }
        }
        self.xml.push_str("</w:p>");
    }

    fn run(&mut self, text: &str) {
        if !text.is_empty() {
            let _ =
                write!(self.xml, r#"<w:r><w:t xml:space="preserve">{}</w:t></w:r>"#, escaped(text));
        }
    }
}

/// Text for XML 1.0: the five signs escaped, characters it cannot hold and link marks left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            OPEN | MIDDLE | CLOSE | '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/><Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/><Override PartName="/word/footer2.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/></Types>"#;
const ROOT_LINKS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const LINKS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/settings" Target="settings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/><Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer2.xml"/></Relationships>"#;
const SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:evenAndOddHeaders/></w:settings>"#;

/// The page of GB/T 9704: A4, margins 37, 26, 35 and 28 mm (top, right, bottom, left), in twentieths of a point.
const PAGE: &str = r#"<w:sectPr><w:footerReference w:type="default" r:id="rId3"/><w:footerReference w:type="even" r:id="rId4"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588" w:header="851" w:footer="1400" w:gutter="0"/></w:sectPr>"#;

/// A style: id, name, Chinese font, half-points, paragraph properties.
const STYLES: [(&str, &str, &str, u32, &str); 6] = [
    (
        "Normal",
        "Normal",
        "仿宋",
        32,
        r#"<w:spacing w:line="579" w:lineRule="exact"/><w:ind w:firstLineChars="200" w:firstLine="640"/><w:jc w:val="both"/>"#,
    ),
    (
        "DocTitle",
        "Title",
        "方正小标宋简体",
        44,
        r#"<w:spacing w:before="579" w:after="290" w:line="640" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
    ),
    (
        "Centred",
        "Subtitle",
        "楷体",
        28,
        r#"<w:spacing w:line="480" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
    ),
    (
        "Heading1",
        "heading 1",
        "黑体",
        32,
        r#"<w:keepNext/><w:spacing w:before="160" w:line="579" w:lineRule="exact"/><w:ind w:firstLineChars="200" w:firstLine="640"/><w:outlineLvl w:val="0"/>"#,
    ),
    (
        "Heading2",
        "heading 2",
        "楷体",
        32,
        r#"<w:keepNext/><w:spacing w:line="579" w:lineRule="exact"/><w:ind w:firstLineChars="200" w:firstLine="640"/><w:outlineLvl w:val="1"/>"#,
    ),
    (
        "Small",
        "Small",
        "仿宋",
        21,
        r#"<w:spacing w:line="340" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="left"/>"#,
    ),
];

fn styles() -> String {
    let mut xml = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">"#.to_owned();
    for (id, name, font, size, paragraph) in STYLES {
        let (default, based) = match id {
            "Normal" => (r#" w:default="1""#, ""),
            _ => ("", r#"<w:basedOn w:val="Normal"/>"#),
        };
        let _ = write!(
            xml,
            r#"<w:style w:type="paragraph"{default} w:styleId="{id}"><w:name w:val="{name}"/>{based}<w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr></w:style>"#
        );
    }
    xml.push_str("</w:styles>");
    xml
}

/// The page number between dashes, 14 pt, outside: right on odd pages, left on even ones.
fn footer(side: &str) -> String {
    let run = r#"<w:rPr><w:rFonts w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="宋体"/><w:sz w:val="28"/></w:rPr>"#;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:ftr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:ind w:firstLineChars="0" w:firstLine="0" w:leftChars="100" w:rightChars="100"/><w:jc w:val="{side}"/></w:pPr><w:r>{run}<w:t xml:space="preserve">— </w:t></w:r><w:r>{run}<w:fldChar w:fldCharType="begin"/></w:r><w:r>{run}<w:instrText>PAGE</w:instrText></w:r><w:r>{run}<w:fldChar w:fldCharType="end"/></w:r><w:r>{run}<w:t xml:space="preserve"> —</w:t></w:r></w:p></w:ftr>"#
    )
}

/// The archive of the document.
pub(super) fn package(paragraphs: &Paragraphs) -> ZipResult<Vec<u8>> {
    let document = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body>{}{PAGE}</w:body></w:document>"#,
        paragraphs.xml
    );
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", TYPES.to_owned()),
        ("_rels/.rels", ROOT_LINKS.to_owned()),
        ("word/document.xml", document),
        ("word/_rels/document.xml.rels", LINKS.to_owned()),
        ("word/styles.xml", styles()),
        ("word/settings.xml", SETTINGS.to_owned()),
        ("word/footer1.xml", footer("right")),
        ("word/footer2.xml", footer("left")),
    ] {
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_links_and_hostile_texts_stay_texts() {
        let mut out = Paragraphs::default();
        let hostile = format!("a<b>&{OPEN}p9{MIDDLE}\u{1}");
        out.body(&format!("共{}条，{}", link("s3", "12"), link("p1", &hostile)));
        assert!(
            out.xml.contains(r#"<w:hyperlink w:anchor="s3"><w:r><w:t xml:space="preserve">12<"#)
        );
        assert!(out.xml.contains("a&lt;b&gt;&amp;p9<"), "{}", out.xml);
        assert_eq!(out.xml.matches("<w:hyperlink").count(), 2);
    }
}
