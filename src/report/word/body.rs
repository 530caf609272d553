//! The body of a Word file: styled paragraphs, links, bookmarks, tables and pictures, in the order of the schema.
//!
//! In: the parts of a paper. Out: the XML of the body, with the pictures and addresses it refers to. Every text is escaped;
//! characters that XML cannot hold or that steer a reader are left out.

use std::fmt::Write as _;

use pipelines::locale::Lang;
use pipelines::text::visible_line;

use super::super::digest::Figure;
use super::super::drawing::Drawing;
use super::super::form::{quoted, titled};
use super::super::markdown::link_target;
use super::super::paper::{Block, CloudWord, Paper, Run, Table};
use super::super::sheet::{CELL, WIDTH, cloud_size, columns};

/// The width of the text in the units of drawings (English Metric Units, 635 a twentieth of a point).
const EMU: f64 = WIDTH as f64 * 635.0;

/// What says that a picture has a twin in vectors, for programs that know of it; others show the dots.
const VECTOR: &str = "{96DAC541-7B7A-43D3-8B79-37D633B846F1}";

/// A body under construction.
pub(super) struct Body {
    lang: Lang,
    pub(super) xml: String,
    /// Pictures, in order, as PNG (`rIdImage1` and so on) and as SVG (`rIdVector1` and so on).
    pub(super) images: Vec<(Vec<u8>, String)>,
    /// Addresses outside, in order: `rIdLink1` and so on.
    pub(super) addresses: Vec<String>,
    bookmarks: usize,
}

impl Body {
    pub(super) fn new(lang: Lang) -> Self {
        Self { lang, xml: String::new(), images: Vec::new(), addresses: Vec::new(), bookmarks: 0 }
    }

    /// The head: the red one with its number, unit and day over a red line, or a plain title.
    pub(super) fn head(&mut self, paper: &Paper) {
        let head = &paper.head;
        if !head.red.is_empty() {
            self.plain("RedHead", &head.red);
            if !head.issue.is_empty() {
                self.plain("Issue", &head.issue);
            }
            self.between("RedLine", &head.unit, &head.day);
        }
        self.plain("DocTitle", &paper.title);
        if head.red.is_empty() {
            self.plain("Centred", &format!("{}　{}", head.unit, head.day));
        }
        let span = match self.lang {
            Lang::Zh => format!("（{}）", head.span),
            Lang::En => format!("({})", head.span),
        };
        self.plain("Centred", &span);
    }

    pub(super) fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Heading(1, runs) => self.paragraph("Heading1", None, runs),
                Block::Heading(2, runs) => self.paragraph("Heading2", None, runs),
                Block::Heading(_, runs) => self.paragraph("Heading3", None, runs),
                Block::Para(runs) | Block::Warn(runs) => self.paragraph("Normal", None, runs),
                Block::Note(runs) => self.paragraph("Note", None, runs),
                Block::Table(table) => self.table(table),
                Block::Cloud(words, says) => self.cloud(words, says),
                Block::Drawing(drawing, says) => self.drawing(drawing, says),
                Block::Line(anchor, runs) => self.paragraph("Small", Some(anchor), runs),
            }
        }
    }

    /// 版记: to whom it goes, who made it and when, between rules.
    pub(super) fn end(&mut self, paper: &Paper) {
        for (i, sent) in paper.sent.iter().enumerate() {
            self.plain(if i == 0 { "EndFirst" } else { "EndNext" }, sent);
        }
        let style = if paper.sent.is_empty() { "EndOnly" } else { "EndLast" };
        self.between(style, &paper.head.unit, &paper.made);
    }

    pub(super) fn appendix(&mut self, paper: &Paper) {
        self.plain("AnnexTitle", &paper.appendix_title);
        self.blocks(&paper.appendix);
    }

    fn plain(&mut self, style: &str, text: &str) {
        self.paragraph(style, None, &[Run::Text(text.to_owned())]);
    }

    /// One text at the left and one at the right of a line.
    fn between(&mut self, style: &str, left: &str, right: &str) {
        let _ = write!(
            self.xml,
            r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t xml:space="preserve">{}</w:t></w:r><w:r><w:tab/><w:t xml:space="preserve">{}</w:t></w:r></w:p>"#,
            escaped(left),
            escaped(right)
        );
    }

    fn paragraph(&mut self, style: &str, anchor: Option<&str>, runs: &[Run]) {
        let _ = write!(self.xml, r#"<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>"#);
        if let Some(anchor) = anchor {
            self.bookmarks += 1;
            let (id, anchor) = (self.bookmarks, escaped(anchor));
            let _ = write!(
                self.xml,
                r#"<w:bookmarkStart w:id="{id}" w:name="{anchor}"/><w:bookmarkEnd w:id="{id}"/>"#
            );
        }
        self.runs(runs);
        self.xml.push_str("</w:p>");
    }

    fn runs(&mut self, runs: &[Run]) {
        for run in runs {
            match run {
                Run::Text(text) => self.run(text, ""),
                Run::Part(text) => self.run(text, r#"<w:rStyle w:val="Part"/>"#),
                Run::Strong(text) => self.run(text, r#"<w:rStyle w:val="Strong"/>"#),
                Run::Quote(quote) => {
                    self.run(&quoted(&quote.text), "");
                    self.mark(quote.post);
                }
                Run::Title(title) => {
                    self.run(&titled(&title.text, self.lang), "");
                    self.mark(title.post);
                }
                Run::Mark(number) => self.mark(*number),
                Run::Count(figure) => self.figure(*figure),
                Run::Address(url) => self.address(url),
            }
        }
    }

    fn run(&mut self, text: &str, properties: &str) {
        if text.is_empty() {
            return;
        }
        let properties = match properties {
            "" => String::new(),
            some => format!("<w:rPr>{some}</w:rPr>"),
        };
        let _ = write!(
            self.xml,
            r#"<w:r>{properties}<w:t xml:space="preserve">{}</w:t></w:r>"#,
            escaped(text)
        );
    }

    fn linked(&mut self, anchor: &str, text: &str, properties: &str) {
        let _ = write!(self.xml, r#"<w:hyperlink w:anchor="{}" w:history="1">"#, escaped(anchor));
        self.run(text, properties);
        self.xml.push_str("</w:hyperlink>");
    }

    fn mark(&mut self, number: usize) {
        self.linked(&format!("p{number}"), &format!("[{number}]"), r#"<w:rStyle w:val="Mark"/>"#);
    }

    fn figure(&mut self, figure: Figure) {
        let Some(value) = figure.value else {
            let text = self.lang.text("digest.not_measured");
            return self.run(&text, "");
        };
        match (figure.post, figure.set) {
            (Some(post), _) => self.linked(&format!("p{post}"), &value.to_string(), ""),
            (None, Some(set)) => self.linked(&format!("s{set}"), &value.to_string(), ""),
            (None, None) => self.run(&value.to_string(), ""),
        }
    }

    fn address(&mut self, url: &str) {
        let Some(target) = link_target(url) else { return self.run(url, "") };
        self.addresses.push(target);
        let _ = write!(
            self.xml,
            r#"<w:hyperlink r:id="rIdLink{}" w:history="1">"#,
            self.addresses.len()
        );
        self.run(url, "");
        self.xml.push_str("</w:hyperlink>");
    }

    fn table(&mut self, table: &Table) {
        let widths = columns(&table.widths);
        let _ = write!(
            self.xml,
            r#"<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="{WIDTH}" w:type="dxa"/><w:tblInd w:w="{CELL}" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>"#
        );
        for width in &widths {
            let _ = write!(self.xml, r#"<w:gridCol w:w="{width}"/>"#);
        }
        self.xml.push_str("</w:tblGrid>");
        let head: Vec<Vec<Run>> =
            table.head.iter().map(|text| vec![Run::Strong(text.clone())]).collect();
        for (i, row) in [&head].into_iter().chain(&table.rows).enumerate() {
            let is_head = if i == 0 { "<w:tblHeader/>" } else { "" };
            let _ = write!(self.xml, "<w:tr><w:trPr><w:cantSplit/>{is_head}</w:trPr>");
            for (column, cell) in row.iter().enumerate() {
                let _ = write!(
                    self.xml,
                    r#"<w:tc><w:tcPr><w:tcW w:w="{}" w:type="dxa"/></w:tcPr>"#,
                    widths[column]
                );
                self.paragraph(
                    if table.numbers[column] { "CellNumber" } else { "Cell" },
                    None,
                    cell,
                );
                self.xml.push_str("</w:tc>");
            }
            self.xml.push_str("</w:tr>");
        }
        self.xml.push_str("</w:tbl>");
    }

    /// Words by size, as text: they are found, copied and read aloud.
    fn cloud(&mut self, words: &[CloudWord], says: &str) {
        self.xml.push_str(r#"<w:p><w:pPr><w:pStyle w:val="Cloud"/></w:pPr>"#);
        let mut taken = 0;
        for CloudWord { word, size } in words {
            let half = cloud_size(*size);
            let chars = u32::try_from(word.chars().count() + 1).unwrap_or(u32::MAX);
            // Chinese breaks anywhere: where a line ends is set here, so that no word is broken.
            let wide = half.saturating_mul(10).saturating_mul(chars);
            if taken > 0 && taken + wide > WIDTH {
                self.xml.push_str("<w:r><w:br/></w:r>");
                taken = 0;
            }
            taken += wide;
            let properties = format!(r#"<w:sz w:val="{half}"/><w:szCs w:val="{half}"/>"#);
            self.run(&format!("{word}　"), &properties);
        }
        self.xml.push_str("</w:p>");
        self.plain("Caption", says);
    }

    /// A picture as wide as the text, with what it shows below it and for those who cannot see it.
    fn drawing(&mut self, drawing: &Drawing, says: &str) {
        self.images.push((drawing.png(), drawing.svg_file(says)));
        let (id, says_attribute) = (self.images.len(), escaped(says));
        let (wide, tall) = (EMU.round(), (EMU * drawing.height / drawing.width).round());
        let _ = write!(
            self.xml,
            r#"<w:p><w:pPr><w:pStyle w:val="Picture"/></w:pPr><w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{wide}" cy="{tall}"/><wp:docPr id="{id}" name="{id}" descr="{says_attribute}"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="{id}" name="{id}" descr="{says_attribute}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rIdImage{id}"><a:extLst><a:ext uri="{VECTOR}"><asvg:svgBlip xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main" r:embed="rIdVector{id}"/></a:ext></a:extLst></a:blip><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{wide}" cy="{tall}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"#
        );
        self.plain("Caption", says);
    }
}

/// Text for XML 1.0: the signs escaped, characters it cannot hold left out.
pub(super) fn escaped(text: &str) -> String {
    let text = visible_line(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::digest::Quote;
    use super::*;

    #[test]
    fn links_are_links_and_hostile_texts_stay_texts() {
        let mut body = Body::new(Lang::Zh);
        let hostile = Quote { text: "a<b>&\u{1}\u{202e}".into(), post: 1, source: String::new() };
        body.blocks(&[Block::Para(vec![
            Run::Count(Figure { value: Some(12), set: Some(3), post: None }),
            Run::Quote(hostile),
            Run::Address("javascript:alert(1)".into()),
            Run::Address("http://demo.invalid/a?b=1&c=2".into()),
        ])]);
        assert!(body.xml.contains(r#"w:anchor="s3""#) && body.xml.contains(r#"w:anchor="p1""#));
        assert!(
            body.xml.contains("a&lt;b&gt;&amp;") && !body.xml.contains('\u{202e}'),
            "{}",
            body.xml
        );
        assert_eq!(body.addresses, ["http://demo.invalid/a?b=1&c=2"]);
    }
}
