//! A paper as a Word file in official-document layout (GB/T 9704): page, margins, fonts, 28 characters by 22 lines.
//!
//! In: a [`Paper`]. Out: the bytes of a `.docx` (Office Open XML), the same for the same paper. Marks and figures are links
//! to the appendix, which begins on a page of its own. Embeds no fonts; drawings are pictures, in dots (PNG) and in
//! vectors (SVG) for programs that show these.

mod body;
mod package;
mod parts;
#[cfg(test)]
mod schema;

use super::paper::Paper;

/// Why a Word file cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot write digest as a Word file")]
pub struct WordError(#[from] zip::result::ZipError);

/// `paper` as the bytes of a Word file.
///
/// # Errors
/// The archive cannot be written: a defect of the program, since it is written to memory.
pub fn render_word(paper: &Paper) -> Result<Vec<u8>, WordError> {
    let mut body = body::Body::new(paper.lang);
    body.head(paper);
    body.blocks(&paper.body);
    body.end(paper);
    if !paper.appendix.is_empty() {
        body.appendix(paper);
    }
    Ok(package::package(&body, paper)?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use pipelines::locale::Lang;

    use super::super::input::{Issue, PaperHead};
    use super::super::{Digest, PeriodKind, compose, sample};
    use super::*;

    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn weekly(lang: Lang) -> Vec<u8> {
        let mut input = sample::input();
        input.period = PeriodKind::Week;
        input.from -= chrono::Duration::days(6);
        input.paper = PaperHead {
            red_head: "云岭矿业集团舆情周报".into(),
            unit: "党委宣传部".into(),
            send_to: vec!["集团主要领导".into()],
            copy_to: Vec::new(),
            issue: Some(Issue { year: 2026, number: 47 }),
        };
        render_word(&compose(&Digest::build(&input), lang)).unwrap()
    }

    #[test]
    fn every_link_of_the_word_file_leads_to_a_bookmark() {
        for lang in [Lang::Zh, Lang::En] {
            let bytes = weekly(lang);
            let document = part(&bytes, "word/document.xml");
            let mut links = 0;
            for rest in document.split("w:anchor=\"").skip(1) {
                let anchor = rest.split('"').next().unwrap();
                assert!(document.contains(&format!("w:name=\"{anchor}\"")), "{anchor}");
                links += 1;
            }
            assert!(links > 40, "only {links} links");
            assert!(!document.contains("digest."), "a text is missing");
            let outside = part(&bytes, "word/_rels/document.xml.rels");
            for rest in document.split("r:id=\"").chain(document.split("r:embed=\"")).skip(1) {
                let id = rest.split('"').next().unwrap();
                assert!(
                    !id.starts_with("rId") || outside.contains(&format!("Id=\"{id}\"")),
                    "{id}"
                );
            }
        }
    }

    /// The measures of GB/T 9704 in twentieths of a point, as the file writes them.
    #[test]
    fn the_page_is_that_of_an_official_document() {
        let bytes = weekly(Lang::Zh);
        let document = part(&bytes, "word/document.xml");
        assert!(document.contains(r#"<w:pgSz w:w="11906" w:h="16838"/>"#), "A4");
        let margins = r#"<w:pgMar w:top="2098" w:right="1474" w:bottom="1984" w:left="1588" w:header="851" w:footer="1307" w:gutter="0"/>"#;
        assert!(document.contains(margins), "37, 26, 35 and 28 mm; the dash 7 mm below the text");
        let styles = part(&bytes, "word/styles.xml");
        let normal = styles
            .split(r#"w:styleId="Normal""#)
            .nth(1)
            .unwrap()
            .split("</w:style>")
            .next()
            .unwrap();
        // 225 mm / 22 lines; 156 mm / 28 characters of 16 pt drawn in by a quarter of a point.
        for sign in [
            r#"<w:widowControl w:val="0"/>"#,
            r#"w:line="579" w:lineRule="exact""#,
            r#"<w:spacing w:val="-5"/>"#,
            r#"<w:sz w:val="32"/>"#,
            r#"w:eastAsia="仿宋_GB2312""#,
        ] {
            assert!(normal.contains(sign), "{sign} in {normal}");
        }
        let (width, character) = (11_906 - 1_588 - 1_474, 16 * 20 - 5);
        assert_eq!(width / character, 28);
        assert_eq!((16_838 - 2_098 - 1_984) / 579, 22);
        for (style, font) in
            [("DocTitle", "方正小标宋简体"), ("Heading1", "黑体"), ("Heading2", "楷体_GB2312")]
        {
            let style = styles.split(&format!(r#"w:styleId="{style}""#)).nth(1).unwrap();
            assert!(style.split("</w:style>").next().unwrap().contains(font));
        }
        let fonts = part(&bytes, "word/fontTable.xml");
        assert!(fonts.contains(r#"<w:font w:name="仿宋_GB2312"><w:altName w:val="仿宋"/>"#));
        for (footer, side) in [("word/footer1.xml", "right"), ("word/footer2.xml", "left")] {
            assert!(
                part(&bytes, footer).contains(&format!(r#"<w:jc w:val="{side}"/>"#)),
                "outside"
            );
        }
        for text in ["云岭矿业集团舆情周报", "2026年第47期", "党委宣传部", "报送：集团主要领导"]
        {
            assert!(document.contains(text), "{text}");
        }
    }

    #[test]
    fn a_word_file_has_tables_pictures_and_properties_and_is_the_same_each_time() {
        let bytes = weekly(Lang::Zh);
        assert_eq!(bytes, weekly(Lang::Zh));
        let document = part(&bytes, "word/document.xml");
        assert!(
            document.matches("<w:tbl>").count() >= 2 && document.contains("r:embed=\"rIdImage1\"")
        );
        let core = part(&bytes, "docProps/core.xml");
        assert!(
            core.contains("<dc:title>") && core.contains("<dc:creator>党委宣传部</dc:creator>")
        );
        let types = part(&bytes, "[Content_Types].xml");
        let archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        for name in archive.file_names() {
            let ending = name.rsplit('.').next().unwrap();
            assert!(
                types.contains(&format!("Extension=\"{ending}\"")) || types.contains(name),
                "{name} has no type"
            );
        }
    }

    #[test]
    fn every_part_stands_in_the_order_of_the_schema() {
        for lang in [Lang::Zh, Lang::En] {
            let bytes = weekly(lang);
            let archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
            let names = archive.file_names().filter(|name| !name.starts_with("word/media/"));
            let mut parts = 0;
            for name in names {
                assert_eq!(schema::fault(&part(&bytes, name)), None, "{name}");
                parts += 1;
            }
            assert_eq!(parts, 11);
            // It can fail: a pair that is swapped in the real file is found.
            let spaced = r#"<w:widowControl w:val="0"/><w:autoSpaceDE w:val="0"/>"#;
            for (name, (first, second)) in [
                ("word/document.xml", ("<w:footerReference ", "<w:docGrid/><w:footerReference ")),
                ("word/styles.xml", (spaced, r#"<w:autoSpaceDE/><w:widowControl/>"#)),
                (
                    "word/settings.xml",
                    ("<w:evenAndOddHeaders/>", "<w:compat/><w:evenAndOddHeaders/>"),
                ),
            ] {
                let text = part(&bytes, name);
                let swapped = text.replacen(first, second, 1);
                assert_ne!(text, swapped, "{name}");
                assert!(schema::fault(&swapped).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_drawing_is_there_in_dots_and_vectors_and_says_what_it_shows() {
        let bytes = weekly(Lang::Zh);
        let document = part(&bytes, "word/document.xml");
        let links = part(&bytes, "word/_rels/document.xml.rels");
        let pictures = document.matches("<w:drawing>").count();
        assert!(pictures >= 2, "{pictures}");
        for i in 1..=pictures {
            for (id, file) in [("Image", "png"), ("Vector", "svg")] {
                assert!(document.contains(&format!(r#"r:embed="rId{id}{i}""#)));
                let link = format!(r#"Id="rId{id}{i}""#);
                assert!(links.contains(&link) && links.contains(&format!("image{i}.{file}")));
            }
            let svg = part(&bytes, &format!("word/media/image{i}.svg"));
            assert!(svg.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg""#), "{svg}");
            assert!(svg.contains("<title>") && !svg.contains("<title></title>"));
        }
        let said = document.matches(r#"<wp:docPr "#).count();
        assert_eq!(said, pictures);
        assert!(!document.contains(r#"descr="""#));
    }

    #[test]
    fn every_part_is_well_formed() {
        let bytes = weekly(Lang::En);
        let names: Vec<String> = zip::ZipArchive::new(std::io::Cursor::new(&bytes))
            .unwrap()
            .file_names()
            .filter(|name| !name.ends_with(".png"))
            .map(str::to_owned)
            .collect();
        for name in names {
            let text = part(&bytes, &name);
            let mut reader = quick_xml::Reader::from_str(&text);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => panic!("{name}: {error}"),
                }
            }
        }
    }
}
