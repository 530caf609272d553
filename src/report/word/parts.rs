//! The parts of a Word file that are the same in each: styles, fonts with what stands in for them, settings, footers.
//!
//! In: the sheet (`sheet.rs`). Out: XML. Tried with LibreOffice, where a character grid (`w:docGrid`) of the same measures gives
//! 18 characters a line.

use std::fmt::Write as _;

use super::super::sheet::{self, Align, Face, Ink, Rule, Style};

/// The names that official documents use.
fn name(face: Face) -> &'static str {
    match face {
        Face::Song => "方正小标宋简体",
        Face::Fang => "仿宋_GB2312",
        Face::Kai => "楷体_GB2312",
        Face::Hei => "黑体",
    }
}

fn hex((red, green, blue): Ink) -> String {
    format!("{red:02X}{green:02X}{blue:02X}")
}

pub(super) fn styles() -> String {
    let mut xml = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">"#.to_owned();
    for (i, style) in sheet::STYLES.iter().enumerate() {
        let (default, based) = match i {
            0 => (r#" w:default="1""#, ""),
            _ => ("", r#"<w:basedOn w:val="Normal"/>"#),
        };
        let _ = write!(
            xml,
            r#"<w:style w:type="paragraph"{default} w:styleId="{}"><w:name w:val="{}"/>{based}<w:qFormat/><w:pPr>{}</w:pPr>{}</w:style>"#,
            style.id,
            style.name,
            paragraph(style, i == 0),
            face(style)
        );
    }
    let (blue, kai, hei) = (hex(sheet::BLUE), name(Face::Kai), name(Face::Hei));
    let _ = write!(
        xml,
        r#"<w:style w:type="character" w:styleId="Mark"><w:name w:val="Mark"/><w:rPr><w:color w:val="{blue}"/><w:vertAlign w:val="superscript"/></w:rPr></w:style><w:style w:type="character" w:styleId="Part"><w:name w:val="Part"/><w:rPr><w:rFonts w:eastAsia="{kai}"/></w:rPr></w:style><w:style w:type="character" w:styleId="Strong"><w:name w:val="Strong"/><w:rPr><w:rFonts w:eastAsia="{hei}"/></w:rPr></w:style>"#
    );
    let cell = sheet::CELL;
    let _ = write!(
        xml,
        r#"<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="8" w:space="0" w:color="000000"/><w:left w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:bottom w:val="single" w:sz="8" w:space="0" w:color="000000"/><w:right w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:insideH w:val="single" w:sz="4" w:space="0" w:color="000000"/><w:insideV w:val="single" w:sz="4" w:space="0" w:color="000000"/></w:tblBorders><w:tblCellMar><w:left w:w="{cell}" w:type="dxa"/><w:right w:w="{cell}" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style></w:styles>"#
    );
    xml
}

/// The properties of a paragraph in schema order.
fn paragraph(style: &Style, is_text: bool) -> String {
    let mut xml = String::new();
    if style.keeps {
        xml.push_str("<w:keepNext/>");
    }
    if style.turns {
        xml.push_str("<w:pageBreakBefore/>");
    }
    if is_text {
        xml.push_str(r#"<w:widowControl w:val="0"/>"#);
    }
    if style.above.is_some() || style.below.is_some() {
        xml.push_str("<w:pBdr>");
        for (side, rule) in [("top", style.above), ("bottom", style.below)] {
            let Some(Rule { thick, space, ink }) = rule else { continue };
            let _ = write!(
                xml,
                r#"<w:{side} w:val="single" w:sz="{thick}" w:space="{space}" w:color="{}"/>"#,
                hex(ink)
            );
        }
        xml.push_str("</w:pBdr>");
    }
    if let Some(tab) = style.tab {
        let _ = write!(xml, r#"<w:tabs><w:tab w:val="right" w:pos="{tab}"/></w:tabs>"#);
    }
    if is_text {
        xml.push_str(r#"<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/>"#);
    }
    xml.push_str("<w:spacing");
    for (name, twips) in [("before", style.before), ("after", style.after)] {
        if twips > 0 {
            let _ = write!(xml, r#" w:{name}="{twips}""#);
        }
    }
    let (line, rule) = style.line.map_or((240, "auto"), |line| (line, "exact"));
    let _ = write!(xml, r#" w:line="{line}" w:lineRule="{rule}"/><w:ind"#);
    if style.left > 0 {
        let _ = write!(xml, r#" w:left="{}""#, style.left);
    }
    let (chars, first) = if style.is_indented { (200, sheet::INDENT) } else { (0, 0) };
    let align = match style.align {
        Align::Both => "both",
        Align::Left => "left",
        Align::Centre => "center",
    };
    let _ = write!(
        xml,
        r#" w:firstLineChars="{chars}" w:firstLine="{first}"/><w:jc w:val="{align}"/>"#
    );
    if let Some(level) = style.level {
        let _ = write!(xml, r#"<w:outlineLvl w:val="{level}"/>"#);
    }
    xml
}

/// The properties of a run in schema order: fonts, colour, spacing, size.
fn face(style: &Style) -> String {
    let colour = match style.ink {
        sheet::BLACK => String::new(),
        ink => format!(r#"<w:color w:val="{}"/>"#, hex(ink)),
    };
    let (font, spacing, size) = (name(style.face), sheet::SPACING, style.size);
    format!(
        r#"<w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}" w:cs="Times New Roman"/>{colour}<w:spacing w:val="{spacing}"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>"#
    )
}

/// Fonts by the names that official documents use, each with what stands in for it.
const FONTS: [(&str, &str, &str); 6] = [
    ("方正小标宋简体", "华文中宋", "roman"),
    ("仿宋_GB2312", "仿宋", "modern"),
    ("楷体_GB2312", "楷体", "modern"),
    ("黑体", "SimHei", "swiss"),
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
    let (size, aside) = (sheet::FOLIO, sheet::ASIDE);
    let run = format!(
        r#"<w:rPr><w:rFonts w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="宋体"/><w:spacing w:val="0"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>"#
    );
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:ftr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:spacing w:line="280" w:lineRule="exact"/><w:ind w:left="{aside}" w:right="{aside}" w:firstLineChars="0" w:firstLine="0"/><w:jc w:val="{side}"/></w:pPr><w:r>{run}<w:t xml:space="preserve">— </w:t></w:r><w:r>{run}<w:fldChar w:fldCharType="begin"/></w:r><w:r>{run}<w:instrText xml:space="preserve"> PAGE </w:instrText></w:r><w:r>{run}<w:fldChar w:fldCharType="end"/></w:r><w:r>{run}<w:t xml:space="preserve"> —</w:t></w:r></w:p></w:ftr>"#
    )
}
