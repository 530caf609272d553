//! OPML: lists of feeds as other readers export them.
//!
//! In: bytes. Out: the feeds named, each once, with their folder. Refuses what is no OPML; an outline without a
//! readable address is passed over, since folders and notes are outlines too.

use std::collections::HashSet;

use super::address;
use super::entry::decoded;
use super::markup::{self, Element};

/// One feed of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpmlFeed {
    /// Canonical address of the feed.
    pub url: String,
    /// Its name in the list.
    pub title: String,
    /// The page it belongs to.
    pub page: Option<String>,
    /// Names of the folders around it, outermost first.
    pub folders: Vec<String>,
}

/// The feeds of an OPML file in order.
///
/// # Errors
/// What the file looks like instead.
pub fn read_opml(body: &[u8]) -> Result<Vec<OpmlFeed>, String> {
    let (text, _) = decoded(body, None);
    let root = markup::parse(&text);
    let root = root.descendants().into_iter().find(|e| e.name == "opml").ok_or_else(|| {
        format!(
            "not an OPML list: its root is `{}`",
            root.name.chars().take(40).collect::<String>()
        )
    })?;
    let mut feeds = Vec::new();
    let mut seen = HashSet::new();
    collect(root, &mut Vec::new(), &mut feeds, &mut seen);
    Ok(feeds)
}

fn collect(
    element: &Element,
    folders: &mut Vec<String>,
    feeds: &mut Vec<OpmlFeed>,
    seen: &mut HashSet<String>,
) {
    for outline in element.elements() {
        let name = ["title", "text"].iter().find_map(|key| outline.attribute(key));
        let name = name.unwrap_or_default().trim().to_owned();
        let url = outline.attribute("xmlurl").or_else(|| outline.attribute("url"));
        let url = url.and_then(|url| address::canonical_url(url).ok());
        if let Some(url) = url.filter(|url| seen.insert(url.clone())) {
            let page =
                outline.attribute("htmlurl").and_then(|page| address::canonical_url(page).ok());
            let title = if name.is_empty() { address::site_of(&url) } else { name.clone() };
            feeds.push(OpmlFeed { url, title, page, folders: folders.clone() });
        }
        let is_folder = outline.name == "outline" && !name.is_empty();
        if is_folder {
            folders.push(name);
        }
        collect(outline, folders, feeds, seen);
        if is_folder {
            folders.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_of_a_list_with_folders() {
        let list = "<opml version='2.0'><body><outline text='矿业'><outline text='云岭在线' type='rss' \
                    xmlUrl='https://example.cn/rss.xml' htmlUrl='https://example.cn/'/>\
                    <outline text='重复' xmlUrl='https://example.cn/rss.xml#x'/></outline>\
                    <outline xmlUrl='https://blog.example.cn/atom.xml'><outline text='坏' xmlUrl='ftp://x'></body></opml>";
        let feeds = read_opml(list.as_bytes()).unwrap();
        let got: Vec<(&str, &str, usize)> =
            feeds.iter().map(|f| (f.url.as_str(), f.title.as_str(), f.folders.len())).collect();
        assert_eq!(
            got,
            [
                ("https://example.cn/rss.xml", "云岭在线", 1),
                ("https://blog.example.cn/atom.xml", "blog.example.cn", 0)
            ]
        );
        assert!(read_opml(b"<html></html>").is_err());
    }
}
