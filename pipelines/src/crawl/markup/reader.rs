//! Cuts markup into tags and builds the tree, forgiving what is broken.
//!
//! In: decoded text. Out: an [`Element`]. An end tag closes the nearest open element of its name and all
//! inside it; one that closes nothing is passed over; what is still open at the end is closed there.

use std::collections::HashMap;

use super::entity::unescaped;
use super::{Element, Node};

/// Deeper elements become children of the one at this depth.
const MAX_DEPTH: usize = 128;

/// A sitemap may hold 50,000 addresses of up to five elements each; a 20 MB feed stays below this.
const MAX_ELEMENTS: usize = 400_000;

/// Reads markup. The root is the first element; with several, a nameless element that holds them.
#[must_use]
pub fn parse(source: &str) -> Element {
    let mut reader = Reader {
        open: vec![Element::default()],
        scopes: Vec::new(),
        count: 0,
        has_no_bracket: false,
    };
    let mut rest = source;
    while let Some(at) = rest.find('<') {
        reader.text(&rest[..at]);
        rest = reader.markup(&rest[at..]);
        if reader.count >= MAX_ELEMENTS {
            break;
        }
    }
    reader.text(rest);
    reader.finish()
}

struct Reader {
    /// The open elements; the first is the document.
    open: Vec<Element>,
    /// Prefix → customary prefix, with the depth at which it was declared.
    scopes: Vec<(usize, HashMap<String, &'static str>)>,
    count: usize,
    /// No `]` follows: it was looked for to the end.
    has_no_bracket: bool,
}

impl Reader {
    fn text(&mut self, raw: &str) {
        if !raw.is_empty() {
            self.push_text(&unescaped(raw));
        }
    }

    fn push_text(&mut self, text: &str) {
        // Characters XML forbids are met where posts were pasted from elsewhere.
        let is_forbidden = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
        if text.contains(is_forbidden) {
            return self.push_text(&text.replace(is_forbidden, ""));
        }
        if self.open.len() == 1 && text.trim().is_empty() {
            return;
        }
        let Some(top) = self.open.last_mut() else { return };
        if let Some(Node::Text(before)) = top.children.last_mut() {
            before.push_str(text);
        } else {
            top.children.push(Node::Text(text.to_owned()));
        }
    }

    /// Reads what begins with `<` and returns what follows.
    fn markup<'a>(&mut self, rest: &'a str) -> &'a str {
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let (inside, after) = data.split_once("]]>").unwrap_or((data, ""));
            self.push_text(inside);
            return after;
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            return comment.split_once("-->").map_or("", |(_, after)| after);
        }
        if let Some(instruction) = rest.strip_prefix("<?") {
            return instruction.split_once('>').map_or("", |(_, after)| after);
        }
        if let Some(declaration) = rest.strip_prefix("<!") {
            return self.skip_declaration(declaration);
        }
        let is_end = rest[1..].starts_with('/');
        let name_at = if is_end { 2 } else { 1 };
        if !rest[name_at..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
            self.push_text("<");
            return &rest[1..];
        }
        let end = tag_end(rest);
        let inside = rest[name_at..end].trim_end_matches('>');
        if is_end {
            self.end(inside.trim());
        } else {
            self.start(inside);
        }
        &rest[end..]
    }

    /// What follows a DOCTYPE, its internal subset included.
    fn skip_declaration<'a>(&mut self, rest: &'a str) -> &'a str {
        let close = rest.find('>').unwrap_or(rest.len());
        let subset = rest[..close].find('[').filter(|_| !self.has_no_bracket);
        if let Some(open) = subset {
            match rest[open..].find(']') {
                Some(end) => {
                    let after = rest[open + end..].split_once('>');
                    return after.map_or("", |(_, after)| after);
                }
                None => self.has_no_bracket = true,
            }
        }
        rest.get(close + 1..).unwrap_or("")
    }

    fn start(&mut self, inside: &str) {
        let is_empty = inside.ends_with('/');
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let name_end = inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inside.len());
        let (raw_name, raw_attributes) = inside.split_at(name_end);
        let attributes = attributes(raw_attributes);
        let declared: HashMap<String, &'static str> = attributes
            .iter()
            .filter_map(|(name, uri)| {
                let prefix =
                    name.strip_prefix("xmlns").filter(|p| p.is_empty() || p.starts_with(':'))?;
                Some((prefix.trim_start_matches(':').to_owned(), customary_prefix(uri)?))
            })
            .collect();
        if !declared.is_empty() {
            self.scopes.push((self.open.len(), declared));
        }
        let element =
            Element { name: self.customary_name(raw_name), attributes, children: Vec::new() };
        self.count += 1;
        if self.open.len() > MAX_DEPTH {
            self.attach(element);
        } else {
            self.open.push(element);
            if is_empty {
                self.close();
            }
        }
    }

    fn end(&mut self, raw_name: &str) {
        let name = self.customary_name(raw_name);
        let local = |n: &str| n.rsplit(':').next().unwrap_or(n).to_owned();
        let found = self
            .open
            .iter()
            .skip(1)
            .rposition(|e| e.name == name)
            .or_else(|| self.open.iter().skip(1).rposition(|e| local(&e.name) == local(&name)));
        let Some(at) = found else { return };
        while self.open.len() > at + 1 {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.open.len() < 2 {
            return;
        }
        if let Some(element) = self.open.pop() {
            self.attach(element);
        }
        while self.scopes.last().is_some_and(|(depth, _)| *depth >= self.open.len()) {
            self.scopes.pop();
        }
    }

    fn attach(&mut self, element: Element) {
        if let Some(parent) = self.open.last_mut() {
            parent.children.push(Node::Element(element));
        }
    }

    fn customary_name(&self, raw: &str) -> String {
        let raw = raw.to_ascii_lowercase();
        let (prefix, local) = raw.split_once(':').unwrap_or(("", &raw));
        let known = self.scopes.iter().rev().find_map(|(_, scope)| scope.get(prefix).copied());
        match known {
            Some("") => local.to_owned(),
            Some(customary) => format!("{customary}:{local}"),
            None if matches!(prefix, "" | "rss" | "atom" | "atom10" | "atom03") => local.to_owned(),
            None => raw.clone(),
        }
    }

    fn finish(mut self) -> Element {
        while self.open.len() > 1 {
            self.close();
        }
        let document = self.open.pop().unwrap_or_default();
        if document.elements().count() != 1 {
            return document;
        }
        let only = document.children.into_iter().find_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        });
        only.unwrap_or_default()
    }
}

/// The byte after the `>` of a tag; quotes protect, unless they never close.
fn tag_end(rest: &str) -> usize {
    let mut quote = None;
    let mut fallback = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return at + 1,
            (b'>', Some(_)) => fallback = fallback.or(Some(at + 1)),
            (b'<', None) if at > 0 => return at,
            (b'"' | b'\'', None) if rest[..at].ends_with('=') || rest[..at].ends_with("= ") => {
                quote = Some(byte);
            }
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    fallback.unwrap_or(rest.len())
}

fn attributes(raw: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = raw.trim_start();
    while !rest.is_empty() && found.len() < 64 {
        let name_end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let name = rest[..name_end].to_ascii_lowercase();
        rest = rest[name_end..].trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            if name_end == 0 {
                break;
            }
            continue;
        };
        let after = after.trim_start();
        let (value, following) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inside = &after[1..];
                inside.split_once(quote).unwrap_or((inside, ""))
            }
            _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        if !name.is_empty() {
            found.push((name, unescaped(value).into_owned()));
        }
        rest = following.trim_start();
    }
    found
}

/// The customary prefix of a namespace that matters here.
fn customary_prefix(uri: &str) -> Option<&'static str> {
    let uri = uri.trim().to_ascii_lowercase();
    let known: &[(&str, &str)] = &[
        ("w3.org/2005/atom", ""),
        ("purl.org/atom/", ""),
        ("purl.org/rss/1.0/modules/content", "content"),
        ("purl.org/rss/1.0/", ""),
        ("netscape.com/rdf/simple/0.9", ""),
        ("backend.userland.com/rss", ""),
        ("my.netscape.com/publish/formats/rss", ""),
        ("sitemaps.org/schemas/sitemap", ""),
        ("google.com/schemas/sitemap/0", ""),
        ("google.com/schemas/sitemap-news", "news"),
        ("purl.org/dc/terms", "dcterms"),
        ("purl.org/dc/elements", "dc"),
        ("search.yahoo.com/mrss", "media"),
        ("w3.org/1999/02/22-rdf-syntax", "rdf"),
        ("w3.org/1999/xhtml", "xhtml"),
        ("itunes.com/dtds/podcast", "itunes"),
        ("wellformedweb.org/commentapi", "wfw"),
        ("rssnamespace.org/feedburner", "feedburner"),
    ];
    let at = |part: &str| uri.find(part).is_some_and(|at| at <= "https://www.blogs.".len());
    if uri.contains("purl.org/rss/1.0/modules/") && !uri.contains("/content") {
        return None;
    }
    known.iter().find(|(part, _)| at(part)).map(|(_, prefix)| *prefix)
}
