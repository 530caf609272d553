//! Lines of a search as an Atom feed (RFC 4287).
//!
//! In: lines and what names the feed. Out: XML. Entries lead to the page of the console, where the original stands;
//! ids stay what they are when the station moves. No entry names an author: none is stored.

use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::desk::line::{Piece, PostLine};

/// What names a feed.
pub(super) struct Feed<'a> {
    pub station: &'a str,
    pub name: &'a str,
    pub id: &'a str,
    pub base: &'a str,
    pub made: DateTime<Utc>,
}

impl Feed<'_> {
    /// # Errors
    /// None in practice: it is written into memory.
    pub fn render(&self, lines: &[PostLine]) -> anyhow::Result<String> {
        let mut xml = Writer::new(Vec::new());
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
        let updated = lines.iter().map(|line| line.time).max().unwrap_or(self.made);
        let (id, base) = (self.id, self.base);
        let mut failed = Ok(());
        xml.create_element("feed")
            .with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
            .write_inner_content(|xml| {
                text(xml, "id", &format!("urn:guanlan:saved:{id}"))?;
                text(xml, "title", &format!("{} · {}", self.name, self.station))?;
                text(xml, "updated", &stamp(updated))?;
                xml.create_element("link")
                    .with_attributes([
                        ("rel", "self"),
                        ("href", &*format!("{base}/saved/{id}/atom")),
                    ])
                    .write_empty()?;
                xml.create_element("author")
                    .write_inner_content(|xml| text(xml, "name", self.station))?;
                for line in lines {
                    if let Err(error) = entry(xml, line, base) {
                        failed = Err(error);
                        break;
                    }
                }
                Ok(())
            })?;
        failed?;
        Ok(String::from_utf8(xml.into_inner())?)
    }
}

fn entry(xml: &mut Writer<Vec<u8>>, line: &PostLine, base: &str) -> std::io::Result<()> {
    xml.create_element("entry").write_inner_content(|xml| {
        text(xml, "id", &format!("urn:guanlan:post:{}", line.id))?;
        text(xml, "title", &whole(&line.title))?;
        text(xml, "updated", &stamp(line.time))?;
        let (page, own) = (format!("{base}/post/{}", line.id), line.url.as_str());
        let link = |xml: &mut Writer<Vec<u8>>, rel: &str, href: &str| {
            xml.create_element("link")
                .with_attributes([("rel", rel), ("href", href)])
                .write_empty()
                .map(drop)
        };
        link(xml, "alternate", &page)?;
        if !own.is_empty() {
            link(xml, "via", own)?;
        }
        text(xml, "summary", &format!("{}：{}", line.outlet, whole(&line.snippet)))
    })?;
    Ok(())
}

fn text(xml: &mut Writer<Vec<u8>>, name: &str, text: &str) -> std::io::Result<()> {
    // What XML cannot hold at all was never visible.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    xml.create_element(name).write_text_content(BytesText::new(&text)).map(drop)
}

fn whole(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
