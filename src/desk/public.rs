//! The public board: what the enterprise wants its staff to see (智慧工会), without a login.
//!
//! In: `[public]` of config. Out: titles, outlets, times and addresses of posts that its query finds, as data or as an Atom
//! feed (RFC 4287); nothing where no query is configured. Only posts of media, offices and our own sites are on it: what
//! private people write is not, whatever the query finds. It names no author, no verdict and no page of the console.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use index::{SearchIndex, SearchOptions, Sort};
use pipelines::record::{AnnotatedPost, Channel, Trust};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde::Serialize;

use super::{Desk, Result};
use crate::engine::StoredPosts;

/// Lines of the board.
const LINES: usize = 50;
/// Happenings looked at for them.
const LOOKED_AT: usize = 400;

/// A line of the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicLine {
    /// The title.
    pub title: String,
    /// Who published it.
    pub outlet: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Where it stands.
    pub url: String,
    /// For the feed.
    #[serde(skip)]
    id: String,
}

/// The board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicBoard {
    /// Its title.
    pub title: String,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// Newest first, each happening once.
    pub lines: Vec<PublicLine>,
}

impl Desk {
    /// The board; none where config has no query for it.
    ///
    /// # Errors
    /// A query that cannot be read; a broken store or index.
    pub fn public_board(&self) -> Result<Option<PublicBoard>> {
        let public = &self.config.public;
        if public.query.trim().is_empty() {
            return Ok(None);
        }
        let now = self.now();
        let from = now - TimeDelta::days(public.days.into());
        let query = self.query(&public.query)?;
        let query = query.during(Some(from), Some(now), self.config.station.zone);
        let options = SearchOptions {
            limit: LOOKED_AT,
            sort: Sort::Newest,
            group_by_story: true,
            ..SearchOptions::default()
        };
        let (index, _) = self.asked()?;
        let found = index.search(&query, &options, Some(&StoredPosts(&*self.store)))?;
        let mut lines = Vec::new();
        for hit in &found.hits {
            let post = self.store.post(hit.post)?;
            lines.extend(post.and_then(|post| self.public_line(&post)));
            if lines.len() == LINES {
                break;
            }
        }
        let title = match public.title.trim() {
            "" => self.config.station.name.clone(),
            title => title.to_owned(),
        };
        Ok(Some(PublicBoard { title, made: now, lines }))
    }

    /// The line of a post; none of what private people wrote, and of what stands nowhere on the web.
    fn public_line(&self, annotated: &AnnotatedPost) -> Option<PublicLine> {
        let post = &annotated.post;
        let is_own =
            self.config.sources.iter().any(|source| source.id == post.source && source.own);
        let is_of_house = is_own
            || post.trust == Trust::High
            || matches!(post.channel, Channel::News | Channel::Gov);
        let is_on_web = post.url.starts_with("https://") || post.url.starts_with("http://");
        (is_of_house && is_on_web).then(|| PublicLine {
            title: post.title.clone(),
            outlet: post.outlet.clone().unwrap_or_else(|| self.source_name(&post.source)),
            at: post.time(),
            url: post.url.clone(),
            id: post.id.to_string(),
        })
    }
}

impl PublicBoard {
    /// It as an Atom feed; `base` is the address of the console.
    ///
    /// # Errors
    /// None in practice: it is written into memory.
    pub fn feed(&self, base: &str) -> anyhow::Result<String> {
        let mut xml = Writer::new(Vec::new());
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
        let updated = self.lines.iter().map(|line| line.at).max().unwrap_or(self.made);
        xml.create_element("feed")
            .with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
            .write_inner_content(|xml| {
                text(xml, "id", "urn:guanlan:public")?;
                text(xml, "title", &self.title)?;
                text(xml, "updated", &stamp(updated))?;
                let own = format!("{base}/public/atom");
                link(xml, "self", &own)?;
                xml.create_element("author")
                    .write_inner_content(|xml| text(xml, "name", &self.title))?;
                self.lines.iter().try_for_each(|line| entry(xml, line))
            })?;
        Ok(String::from_utf8(xml.into_inner())?)
    }
}

fn entry(xml: &mut Writer<Vec<u8>>, line: &PublicLine) -> std::io::Result<()> {
    xml.create_element("entry").write_inner_content(|xml| {
        text(xml, "id", &format!("urn:guanlan:post:{}", line.id))?;
        text(xml, "title", &line.title)?;
        text(xml, "updated", &stamp(line.at))?;
        link(xml, "alternate", &line.url)?;
        text(xml, "summary", &line.outlet)
    })?;
    Ok(())
}

fn link(xml: &mut Writer<Vec<u8>>, rel: &str, href: &str) -> std::io::Result<()> {
    let link = xml.create_element("link").with_attributes([("rel", rel), ("href", href)]);
    link.write_empty().map(drop)
}

fn text(xml: &mut Writer<Vec<u8>>, name: &str, text: &str) -> std::io::Result<()> {
    // What XML cannot hold at all was never visible.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    xml.create_element(name).write_text_content(BytesText::new(&text)).map(drop)
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
