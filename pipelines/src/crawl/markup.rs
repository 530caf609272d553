//! XML as it is met: feeds, sitemaps and OPML, well-formed or not, as a small tree.
//!
//! In: decoded text. Out: the root element; there is always one. Forgives what real feeds do: bare `&`
//! and `<`, unknown entities, tags never closed or closed in the wrong order, HTML inside a description,
//! text before the declaration, a cut end. Names come in lower case with the prefix that is customary for
//! their namespace. Depth and elements are bounded. It reads no DTD and fetches nothing.

mod entity;
mod reader;

pub use entity::unescaped;
pub use reader::parse;

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Lower-case name; `dc:date`, `content:encoded`; the names of RSS, RDF items and Atom have no prefix.
    pub name: String,
    /// Attributes with lower-case names, values unescaped.
    pub attributes: Vec<(String, String)>,
    /// What is inside, in order.
    pub children: Vec<Node>,
}

/// A piece of an element's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A nested element.
    Element(Element),
    /// Text, unescaped.
    Text(String),
}

impl Element {
    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Child elements in order.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child element with one of these names; earlier names are preferred.
    #[must_use]
    pub fn child(&self, names: &[&str]) -> Option<&Self> {
        names.iter().find_map(|name| self.elements().find(|e| e.name == *name))
    }

    /// All text inside, elements passed over.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.collect_text(&mut out);
        out
    }

    fn collect_text(&self, out: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) => element.collect_text(out),
            }
        }
    }

    /// The content as HTML: nested elements written out again, text as it stands when there are none (a
    /// description holds escaped HTML), escaped beside elements.
    #[must_use]
    pub fn html(&self) -> String {
        if self.elements().next().is_none() {
            return self.text();
        }
        let mut out = String::new();
        for node in &self.children {
            node.write(&mut out);
        }
        out
    }

    /// The trimmed text of the first child with one of these names, where it is not empty.
    #[must_use]
    pub fn text_of(&self, names: &[&str]) -> Option<String> {
        let text = self.child(names)?.text();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// All elements below, this one first, in document order.
    #[must_use]
    pub fn descendants(&self) -> Vec<&Self> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Self>) {
        found.push(self);
        for element in self.elements() {
            element.collect(found);
        }
    }
}

impl Node {
    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => escape_into(text, out),
            Self::Element(e) => {
                let name = e.name.rsplit(':').next().unwrap_or(&e.name);
                out.push('<');
                out.push_str(name);
                for (key, value) in e.attributes.iter().filter(|(k, _)| !k.starts_with("xmlns")) {
                    out.push(' ');
                    out.push_str(key);
                    out.push_str("=\"");
                    escape_into(value, out);
                    out.push('"');
                }
                if e.children.is_empty() && is_void(name) {
                    out.push_str(" />");
                    return;
                }
                out.push('>');
                for node in &e.children {
                    node.write(out);
                }
                out.push_str("</");
                out.push_str(name);
                out.push('>');
            }
        }
    }
}

fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

/// HTML elements that have no end tag.
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "img" | "hr" | "input" | "meta" | "area" | "col" | "wbr" | "embed" | "source"
    )
}

#[cfg(test)]
mod tests;
