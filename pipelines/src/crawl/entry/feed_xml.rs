//! Feeds in XML: RSS, RDF, Atom and CDF by one reading, since real feeds mix their elements.
//!
//! In: the tree and the address of the feed. Out: [`Feed`]. `xml:base` is obeyed, relative links are made
//! absolute, a `guid` that is a permalink stands in for a missing link. Extensions other than Dublin Core,
//! content and media descriptions are passed over.

use url::Url;

use super::feed::{Feed, FeedItem};
use crate::crawl::markup::{Element, Node};

pub(super) fn read(root: &Element, base: &Url) -> Result<Feed, String> {
    let Some(root) = feed_root(root) else {
        return Err(looks_like(root));
    };
    let base = rebased(root, base);
    let head = root.child(&["channel"]).unwrap_or(root);
    let base = rebased(head, &base);
    let mut feed = Feed {
        title: head.child(&["title", "dc:title"]).and_then(title),
        link: page_link(head, &base),
        description: text(
            head,
            &["description", "subtitle", "tagline", "dc:description", "abstract"],
        ),
        next: rel_link(head, &["next"]).map(|href| absolute(&base, href)),
        items: Vec::new(),
    };
    note_items(root, &base, &mut feed.items);
    Ok(feed)
}

/// Items within items: what is meant to stand beside each other and was not closed. Deeper ones would each be read with
/// all that follows them.
const MAX_WITHIN: usize = 40;

/// The items of `root`, which may be one itself, in their order.
fn note_items(root: &Element, base: &Url, items: &mut Vec<FeedItem>) {
    let mut waiting: Vec<(&Element, usize)> = vec![(root, 0)];
    while let Some((element, mut within)) = waiting.pop() {
        if matches!(element.name.as_str(), "item" | "entry") {
            if within > MAX_WITHIN {
                continue;
            }
            items.push(item(element, base));
            within += 1;
        }
        let at = waiting.len();
        waiting.extend(element.elements().map(|child| (child, within)));
        waiting[at..].reverse();
    }
}

/// The root of a feed, also inside a wrapper or after stray text.
fn feed_root(root: &Element) -> Option<&Element> {
    let is_root =
        |e: &&Element| matches!(e.name.as_str(), "rss" | "rdf:rdf" | "feed" | "rdf" | "channel");
    if is_root(&root) || matches!(root.name.as_str(), "entry" | "item") {
        return Some(root);
    }
    if root.name == "html" {
        return None;
    }
    let found = root.descendants().into_iter().find(is_root);
    found.or_else(|| root.child(&["item", "entry"]).map(|_| root))
}

fn looks_like(root: &Element) -> String {
    match root.name.as_str() {
        "" if root.children.is_empty() => "it is empty".to_owned(),
        "" => "it has no root element".to_owned(),
        "html" => "it is a web page".to_owned(),
        "urlset" | "sitemapindex" => "it is a sitemap".to_owned(),
        "opml" => "it is an OPML list".to_owned(),
        name => format!("its root is `{}`", name.chars().take(40).collect::<String>()),
    }
}

fn item(element: &Element, base: &Url) -> FeedItem {
    let base = rebased(element, base);
    let guid = element.child(&["guid"]);
    let id = text(element, &["guid", "id", "dc:identifier"])
        .or_else(|| element.attribute("rdf:about").map(str::to_owned));
    let permalink = guid.is_some_and(|g| g.attribute("ispermalink") != Some("false"));
    let link = page_link(element, &base)
        .or_else(|| id.clone().filter(|id| (permalink || guid.is_none()) && is_web(id)))
        .or_else(|| element.attribute("rdf:about").filter(|a| is_web(a)).map(str::to_owned));
    let full = element.child(&["content:encoded", "content", "xhtml:body", "body", "fulltext"]);
    let short =
        element.child(&["description", "summary", "abstract", "dc:description", "itunes:summary"]);
    let short = short.or_else(|| element.child(&["media:group"])?.child(&["media:description"]));
    let short = short.or_else(|| element.child(&["media:description"]));
    let shown = full.or(short);
    FeedItem {
        id,
        link,
        title: element.child(&["title", "dc:title", "media:title"]).and_then(title),
        summary: short.and_then(body),
        content: full.and_then(body),
        is_plain: shown.is_some_and(is_atom_text),
        published: text(
            element,
            &[
                "pubdate",
                "published",
                "issued",
                "dc:date",
                "dcterms:issued",
                "dcterms:created",
                "created",
                "date",
                "pubtime",
            ],
        ),
        updated: text(
            element,
            &["updated", "modified", "dcterms:modified", "lastmod", "lastbuilddate"],
        ),
        author: author(element),
        origin: element
            .child(&["source"])
            .and_then(|s| text(s, &["title"]).or_else(|| own_text(s))),
    }
}

fn author(element: &Element) -> Option<String> {
    let stated = element.child(&["author", "contributor"]).and_then(|author| {
        text(author, &["name"]).or_else(|| text(author, &["email"])).or_else(|| own_text(author))
    });
    let other = text(element, &["dc:creator", "dc:author", "itunes:author", "managingeditor"]);
    let names = [stated, other].into_iter().flatten().map(|author| without_mail(&author));
    names.reduce(|first, second| if first.contains('@') { second } else { first })
}

/// `someone@example.cn (某人)` and `某人 someone@example.cn` → `某人`; a bare address stays.
fn without_mail(author: &str) -> String {
    if !author.contains('@') {
        return author.to_owned();
    }
    let words = author.split_whitespace().filter(|word| !word.contains('@'));
    let name = words.collect::<Vec<_>>().join(" ");
    let name = name.trim_matches(['(', ')', '<', '>', ' ']);
    if name.is_empty() { author.trim().to_owned() } else { name.to_owned() }
}

/// The address of the page of a feed or item.
fn page_link(element: &Element, base: &Url) -> Option<String> {
    let text_link = || {
        element
            .elements()
            .filter(|e| e.name == "link" && e.attribute("href").is_none())
            .find_map(own_text)
    };
    let href = rel_link(element, &["alternate", ""])
        .map(str::to_owned)
        .or_else(text_link)
        .or_else(|| element.attribute("href").map(str::to_owned))
        .or_else(|| rel_link(element, &["self", "related", "via"]).map(str::to_owned))
        .or_else(|| {
            text(element, &["feedburner:origlink", "url", "comments"]).filter(|u| is_web(u))
        })?;
    Some(absolute(base, &href))
}

fn rel_link<'a>(element: &'a Element, rels: &[&str]) -> Option<&'a str> {
    let of = |rel: &str| {
        element.elements().filter(|e| e.name == "link").find_map(|e| {
            let is_it = e.attribute("rel").unwrap_or("").trim().eq_ignore_ascii_case(rel);
            if is_it { e.attribute("href") } else { None }
        })
    };
    rels.iter().find_map(|rel| of(rel)).filter(|href| !href.trim().is_empty())
}

fn absolute(base: &Url, href: &str) -> String {
    let href = href.trim();
    base.join(href).map_or_else(|_| href.to_owned(), Into::into)
}

fn rebased(element: &Element, base: &Url) -> Url {
    let stated = element.attribute("xml:base").and_then(|b| base.join(b.trim()).ok());
    stated.unwrap_or_else(|| base.clone())
}

fn is_web(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("http://") || text.starts_with("https://")
}

/// Atom's `type="text"` (or none): not HTML. RSS has no such attribute and means HTML.
fn is_atom_text(element: &Element) -> bool {
    let is_rss_name =
        matches!(element.name.as_str(), "description" | "content:encoded" | "body" | "fulltext");
    let kind = element.attribute("type").unwrap_or("text");
    !is_rss_name
        && matches!(kind, "text" | "text/plain")
        && element.attribute("mode") != Some("escaped")
        && !element.text().contains("</")
        && !element.text().contains("/>")
        && element.elements().next().is_none()
}

fn title(element: &Element) -> Option<String> {
    if is_atom_text(element) && element.attribute("type").is_some() {
        // Plain text is escaped, so that every title may be read as HTML.
        return own_text(element).map(|t| t.replace('&', "&amp;").replace('<', "&lt;"));
    }
    body(element)
}

fn body(element: &Element) -> Option<String> {
    let kind = element.attribute("type").unwrap_or_default();
    if element.attribute("mode") == Some("base64") || kind == "application/octet-stream" {
        return unpacked(&element.text());
    }
    let html = within_div(element).html();
    let html = html.trim();
    (!html.is_empty()).then(|| html.to_owned())
}

/// Atom wraps XHTML in a `div` that is no part of the text.
fn within_div(element: &Element) -> &Element {
    let is_blank = |node: &Node| matches!(node, Node::Text(text) if text.trim().is_empty());
    let mut inside = element.children.iter().filter(|node| !is_blank(node));
    match (inside.next(), inside.next()) {
        (Some(Node::Element(only)), None) if only.name.ends_with("div") => only,
        _ => element,
    }
}

/// Base 64 (RFC 4648), as Atom allows for content of other types; only text is of use here.
fn unpacked(text: &str) -> Option<String> {
    let (mut bits, mut held, mut bytes) = (0u32, 0u32, Vec::new());
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace() && *c != b'=') {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty())
}

fn own_text(element: &Element) -> Option<String> {
    let text = element.text();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn text(element: &Element, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| element.text_of(&[name]))
}
