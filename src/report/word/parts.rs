//! The parts of a Word file that are the same in each: styles, fonts with what stands in for them, settings, footers.
//!
//! In: nothing. Out: XML. The measures are those of GB/T 9704-2012: 3号仿宋 (16 pt), 22 lines of 28.95 pt, 28 characters of
//! 15.75 pt; tried with LibreOffice, where a character grid (`w:docGrid`) of the same measures gives 18 characters.

use std::fmt::Write as _;

/// A style: id, name, the one it is based on, Chinese font, half-points, colour, paragraph properties in schema order.
struct Style {
    id: &'static str,
    name: &'static str,
    font: &'static str,
    size: u32,
    paragraph: &'static str,
    run: &'static str,
}

const SONG: &str = "方正小标宋简体";
const FANG: &str = "仿宋_GB2312";
const KAI: &str = "楷体_GB2312";
const HEI: &str = "黑体";

const fn style(
    id: &'static str,
    name: &'static str,
    (font, size): (&'static str, u32),
    paragraph: &'static str,
    run: &'static str,
) -> Style {
    Style { id, name, font, size, paragraph, run }
}

const INDENT: &str = r#"<w:ind w:firstLineChars="200" w:firstLine="630"/>"#;

const STYLES: [Style; 19] = [
    style(
        "DocTitle",
        "Title",
        (SONG, 44),
        r#"<w:keepNext/><w:spacing w:after="60" w:line="640" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
        "",
    ),
    style(
        "RedHead",
        "Red head",
        (SONG, 72),
        r#"<w:spacing w:after="200" w:line="1000" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
        r#"<w:color w:val="FF0000"/>"#,
    ),
    style(
        "Issue",
        "Issue",
        (FANG, 32),
        r#"<w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
        "",
    ),
    style(
        "RedLine",
        "Red line",
        (FANG, 32),
        r#"<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="8" w:color="FF0000"/></w:pBdr><w:tabs><w:tab w:val="right" w:pos="8844"/></w:tabs><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="left"/>"#,
        "",
    ),
    style(
        "Centred",
        "Subtitle",
        (KAI, 28),
        r#"<w:spacing w:line="480" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
        "",
    ),
    style("Heading1", "heading 1", (HEI, 32), r#"<w:keepNext/><w:outlineLvl w:val="0"/>"#, ""),
    style("Heading2", "heading 2", (KAI, 32), r#"<w:keepNext/><w:outlineLvl w:val="1"/>"#, ""),
    style("Heading3", "heading 3", (FANG, 32), r#"<w:keepNext/><w:outlineLvl w:val="2"/>"#, ""),
    style(
        "Note",
        "Note",
        (FANG, 24),
        r#"<w:spacing w:line="400" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/>"#,
        "",
    ),
    style(
        "Small",
        "Small",
        (FANG, 21),
        r#"<w:spacing w:after="60" w:line="320" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="left"/>"#,
        "",
    ),
    style(
        "Cell",
        "Cell",
        (FANG, 21),
        r#"<w:spacing w:line="330" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="left"/>"#,
        "",
    ),
    style(
        "CellNumber",
        "Cell number",
        (FANG, 21),
        r#"<w:spacing w:line="330" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
        "",
    ),
    style(
        "Picture",
        "Picture",
        (FANG, 32),
        r#"<w:keepNext/><w:spacing w:before="120" w:line="240" w:lineRule="auto"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
        "",
    ),
    style(
        "Cloud",
        "Cloud",
        (HEI, 28),
        r#"<w:keepNext/><w:spacing w:before="120" w:line="240" w:lineRule="auto"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
        r#"<w:color w:val="1F4E79"/>"#,
    ),
    style(
        "Caption",
        "caption",
        (KAI, 24),
        r#"<w:spacing w:line="400" w:lineRule="exact"/><w:ind w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="center"/>"#,
        "",
    ),
    style("EndOnly", "End", (FANG, 28), END_ONLY, ""),
    style("EndFirst", "End first", (FANG, 28), END_FIRST, ""),
    style("EndNext", "End next", (FANG, 28), END_NEXT, ""),
    style("EndLast", "End last", (FANG, 28), END_LAST, ""),
];

/// 版记: the outer rules 0.35 mm, the inner ones 0.25 mm, one character in from both sides.
const END_ONLY: &str = r#"<w:pBdr><w:top w:val="single" w:sz="8" w:space="1" w:color="000000"/><w:bottom w:val="single" w:sz="8" w:space="1" w:color="000000"/></w:pBdr><w:tabs><w:tab w:val="right" w:pos="8564"/></w:tabs><w:spacing w:before="200" w:line="500" w:lineRule="exact"/><w:ind w:left="280" w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="left"/>"#;
const END_FIRST: &str = r#"<w:keepNext/><w:pBdr><w:top w:val="single" w:sz="8" w:space="1" w:color="000000"/></w:pBdr><w:spacing w:before="200" w:line="500" w:lineRule="exact"/><w:ind w:left="280" w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="left"/>"#;
const END_NEXT: &str = r#"<w:keepNext/><w:spacing w:line="500" w:lineRule="exact"/><w:ind w:left="280" w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="left"/>"#;
const END_LAST: &str = r#"<w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/><w:bottom w:val="single" w:sz="8" w:space="1" w:color="000000"/></w:pBdr><w:tabs><w:tab w:val="right" w:pos="8564"/></w:tabs><w:spacing w:line="500" w:lineRule="exact"/><w:ind w:left="280" w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="left"/>"#;

pub(super) fn styles() -> String {
    let mut xml = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">"#.to_owned();
    let _ = write!(
        xml,
        r#"<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/><w:pPr><w:widowControl w:val="0"/><w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/><w:spacing w:line="579" w:lineRule="exact"/>{INDENT}<w:jc w:val="both"/></w:pPr>{}</w:style>"#,
        face(FANG, 32, "")
    );
    for Style { id, name, font, size, paragraph, run } in &STYLES {
        let _ = write!(
            xml,
            r#"<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/><w:qFormat/><w:pPr>{paragraph}</w:pPr>{}</w:style>"#,
            face(font, *size, run)
        );
    }
    let _ = write!(
        xml,
        r#"<w:style w:type="paragraph" w:styleId="AnnexTitle"><w:name w:val="Annex title"/><w:basedOn w:val="Heading1"/><w:qFormat/><w:pPr><w:pageBreakBefore/><w:ind w:firstLineChars="0" w:firstLine="0"/></w:pPr></w:style>"#
    );
    xml.push_str(r#"<w:style w:type="character" w:styleId="Mark"><w:name w:val="Mark"/><w:rPr><w:color w:val="1F4E79"/><w:vertAlign w:val="superscript"/></w:rPr></w:style><w:style w:type="character" w:styleId="Part"><w:name w:val="Part"/><w:rPr><w:rFonts w:eastAsia="楷体_GB2312"/></w:rPr></w:style>"#);
    xml.push_str(r#"<w:style w:type="character" w:styleId="Strong"><w:name w:val="Strong"/><w:rPr><w:rFonts w:eastAsia="黑体"/></w:rPr></w:style>"#);
    xml.push_str(r#"<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="8" w:space="0" w:color="000000"/><w:left w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:bottom w:val="single" w:sz="8" w:space="0" w:color="000000"/><w:right w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:insideH w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:insideV w:val="single" w:sz="4" w:space="0" w:color="000000"/></w:tblBorders><w:tblCellMar><w:left w:w="80" w:type="dxa"/><w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>"#);
    xml.push_str("</w:styles>");
    xml
}

/// The properties of a run in schema order: fonts, colour, spacing, size.
fn face(font: &str, size: u32, colour: &str) -> String {
    format!(
        r#"<w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}" w:cs="Times New Roman"/>{colour}<w:spacing w:val="-5"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>"#
    )
}

/// Fonts by the names that official documents use, each with what stands in for it.
const FONTS: [(&str, &str, &str); 6] = [
    (SONG, "华文中宋", "roman"),
    (FANG, "仿宋", "modern"),
    (KAI, "楷体", "modern"),
    (HEI, "SimHei", "swiss"),
    ("宋体", "SimSun", "roman"),
    ("Times New Roman", "Liberation Serif", "roman"),
];

pub(super) fn fonts() -> String {
    let mut xml = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">"#.to_owned();
    for (name, instead, family) in FONTS {
        let charset = if name.is_ascii() { "00" } else { "86" };
        let _ = write!(
            xml,
            r#"<w:font w:name="{name}"><w:altName w:val="{instead}"/><w:charset w:val="{charset}"/><w:family w:val="{family}"/></w:font>"#
        );
    }
    xml + "</w:fonts>"
}

pub(super) const SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:evenAndOddHeaders/><w:characterSpacingControl w:val="doNotCompress"/><w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>"#;

pub(super) const APPLICATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>guanlan</Application></Properties>"#;

/// The page number between dashes, 14 pt, outside and one character in: right on odd pages, left on even ones.
pub(super) fn footer(side: &str) -> String {
    let run = r#"<w:rPr><w:rFonts w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="宋体"/><w:spacing w:val="0"/><w:sz w:val="28"/><w:szCs w:val="28"/></w:rPr>"#;
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:ftr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:spacing w:line="280" w:lineRule="exact"/><w:ind w:left="280" w:right="280" w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="{side}"/></w:pPr><w:r>{run}<w:t xml:space="preserve">— </w:t></w:r><w:r>{run}<w:fldChar w:fldCharType="begin"/></w:r><w:r>{run}<w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r>{run}<w:fldChar w:fldCharType="end"/></w:r><w:r>{run}<w:t xml:space="preserve"> —</w:t></w:r></w:p></w:ftr>"#
    )
}
