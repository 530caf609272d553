//! What a page states about itself in machine-readable form: meta tags, JSON-LD, script variables.
//!
//! In: a `Dom`. Out: values by name. Broken JSON is read as far as single strings go. Believes nothing: the
//! readers of title, time and author weigh these against what the page shows.

use super::clip::front;
use super::dom::{AttrName, Dom, NodeId};
use super::tag::Tag;

/// Meta tags (names in lower case) and the raw JSON-LD and script texts.
pub(super) struct Meta<'a> {
    tags: Vec<(String, String)>,
    /// `application/ld+json` blocks.
    pub(super) json_ld: Vec<&'a str>,
    /// Other inline scripts.
    pub(super) scripts: Vec<&'a str>,
}

/// Scripts longer than this are libraries or state dumps; only their head is searched.
const SCRIPT_BYTES: usize = 200_000;

impl<'a> Meta<'a> {
    /// Collects a page's statements.
    pub(super) fn of(dom: &Dom<'a>) -> Self {
        let mut meta = Self { tags: Vec::new(), json_ld: Vec::new(), scripts: Vec::new() };
        for id in 1..dom.nodes.len() as NodeId {
            match dom.tag(id) {
                Tag::Meta => meta.add_tag(dom, id),
                Tag::Script => {
                    let Some(text) = dom.children(id).next().map(|t| dom.raw_text(t)) else {
                        continue;
                    };
                    if dom.attr(id, AttrName::Type).is_some_and(|t| t.contains("ld+json")) {
                        meta.json_ld.push(text);
                    } else {
                        meta.scripts.push(front(text, SCRIPT_BYTES));
                    }
                }
                _ => {}
            }
        }
        meta
    }

    fn add_tag(&mut self, dom: &Dom<'a>, id: NodeId) {
        let Some(content) = dom.attr_text(id, AttrName::Content) else { return };
        for key in [AttrName::Property, AttrName::Name, AttrName::Itemprop] {
            if let Some(name) = dom.attr(id, key) {
                self.tags.push((name.trim().to_ascii_lowercase(), content.trim().to_owned()));
            }
        }
    }

    /// The first non-empty meta tag among `names`, in the order of `names`, with its name.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| {
            let tag = self.tags.iter().find(|(n, v)| n == name && !v.is_empty())?;
            Some((*name, tag.1.as_str()))
        })
    }

    /// The first string under `key` in JSON-LD.
    pub(super) fn in_json_ld(&self, key: &str) -> Option<String> {
        self.json_ld.iter().find_map(|text| json_string(text, key))
    }

    /// The name of the person or organisation under `key` in JSON-LD.
    pub(super) fn name_in_json_ld(&self, key: &str) -> Option<String> {
        self.json_ld.iter().find_map(|text| {
            let at = text.find(&format!("\"{key}\""))? + key.len() + 2;
            let rest = front(&text[at..], 300);
            let value = rest.trim_start().strip_prefix(':')?.trim_start();
            if value.starts_with('"') { string_literal(value) } else { json_string(value, "name") }
        })
    }
}

/// The string value of the first `"key": "…"`.
pub(super) fn json_string(text: &str, key: &str) -> Option<String> {
    json_strings(text, key).next()
}

/// The string values of every `"key": "…"` that is not empty.
pub(super) fn json_strings<'t>(text: &'t str, key: &str) -> impl Iterator<Item = String> + use<'t> {
    let quoted = format!("\"{key}\"");
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = text[at..].find(&quoted) {
            at += found + quoted.len();
            let value = text[at..].trim_start().strip_prefix(':').map(str::trim_start);
            if let Some(value) = value.and_then(string_literal).filter(|v| !v.trim().is_empty()) {
                return Some(value);
            }
        }
        None
    })
}

/// A JSON string literal at the start of `text`; raw line breaks inside are forgiven.
fn string_literal(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = inner.bytes().position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    })?;
    let literal = inner[..end].replace('\n', "\\n").replace(['\r', '\t'], " ");
    serde_json::from_str(&format!("\"{literal}\"")).ok()
}

#[cfg(test)]
mod tests {
    use super::super::markup::parse;
    use super::{Meta, json_string};

    #[test]
    fn strings_are_read_from_broken_json_too() {
        let check = |text: &str, key: &str, expected: Option<&str>| {
            assert_eq!(json_string(text, key).as_deref(), expected, "{text}");
        };
        check(r#"{"headline":"云岭\u77ff业","x":1}"#, "headline", Some("云岭矿业"));
        check("{\"a\": \"甲\n乙\", }", "a", Some("甲\n乙"));
        check(r#"{"a":"说\"好\""}"#, "a", Some("说\"好\""));
        check(r#"{"a":5,"b":{"a":"后"}}"#, "a", Some("后"));
        check(r#"{"a":"没有结尾"#, "a", None);
    }

    #[test]
    fn tags_and_json_ld_are_found() {
        let dom = parse(
            "<meta property='og:title' content='安全&amp;环保'><meta name=Author content=' 张工 '>\
             <script type='application/ld+json'>{\"author\":[{\"@type\":\"Person\",\"name\":\"李工\"}]}</script>",
        );
        let meta = Meta::of(&dom);
        assert_eq!(meta.first(&["title", "og:title"]), Some(("og:title", "安全&环保")));
        assert_eq!(meta.first(&["author"]), Some(("author", "张工")));
        assert_eq!(meta.name_in_json_ld("author").as_deref(), Some("李工"));
    }
}
