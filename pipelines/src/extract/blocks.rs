//! A page as lines of text with the figures that tell prose from furniture.
//!
//! In: a `Dom`. Out: `Lines`: one buffer with all visible text, cut into blocks at block elements and
//! `<br>`, each with its owner element, letters, letters inside links, and prose punctuation.
//! Judges nothing: what is main text is decided by `body`.

use super::dom::{AttrName, Dom, NONE, NodeId};
use super::entity::decode_entities;
use super::hint::{Hint, Hints};
use super::tag::Tag;

/// A run of inline text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// The nearest block element around it.
    pub(super) owner: NodeId,
    /// Its first text node.
    pub(super) node: NodeId,
    /// Bytes of `Lines::text`.
    pub(super) start: u32,
    /// One past its last byte.
    pub(super) end: u32,
    /// Letters, digits and ideographs.
    pub(super) chars: u32,
    /// Those inside links.
    pub(super) link_chars: u32,
    /// Marks that only prose has (，。！？；：、…).
    pub(super) punct: u32,
}

/// All visible text of a page.
pub(super) struct Lines {
    pub(super) text: String,
    pub(super) blocks: Vec<Block>,
    /// Per node: what the class and id of it and of all around it say.
    pub(super) hints: Vec<Hint>,
    /// Per node: what its own class and id say.
    pub(super) own: Vec<Hint>,
}

impl Lines {
    /// The text of a block.
    pub(super) fn line(&self, block: &Block) -> &str {
        &self.text[block.start as usize..block.end as usize]
    }
}

/// What holds for a node because of itself or something around it.
#[derive(Clone, Copy)]
struct Around {
    owner: NodeId,
    silent: bool,
    link: NodeId,
    pre: bool,
}

/// Cuts a page into lines. Elements hidden by the page itself count only when `with_hidden`.
pub(super) fn lines(dom: &Dom<'_>, with_hidden: bool) -> Lines {
    let hints = Hints::of(dom);
    let mut cutter = Cutter::new(dom.source.len());
    let mut around: Vec<Around> = Vec::with_capacity(dom.nodes.len());
    around.push(Around { owner: 0, silent: false, link: NONE, pre: false });
    for id in 1..dom.nodes.len() as NodeId {
        let node = dom.node(id);
        let mut here = around[node.parent as usize];
        if node.tag == Tag::Text {
            if !here.silent {
                cutter.add(id, here, dom.raw_text(id));
            }
        } else if !here.silent {
            here.silent = node.tag.is_silent() || (!with_hidden && is_hidden(dom, id));
            if node.tag == Tag::A && is_link(dom, id) {
                here.link = id;
            }
            if node.tag.is_block() {
                here.owner = id;
                here.pre |= node.tag == Tag::Pre;
                cutter.close();
            } else if node.tag == Tag::Br {
                cutter.close();
            }
        }
        around.push(here);
    }
    cutter.close();
    Lines { text: cutter.text, blocks: cutter.blocks, hints: hints.inherited, own: hints.own }
}

/// An anchor that only names a place is no link: left open, as `<a name=top/>` is, it would make one of all that follows.
fn is_link(dom: &Dom<'_>, id: NodeId) -> bool {
    let has = |name: AttrName| dom.attr(id, name).is_some();
    has(AttrName::Href) || !(has(AttrName::Name) || has(AttrName::Id))
}

/// Whether the page hides this element in its own markup.
fn is_hidden(dom: &Dom<'_>, id: NodeId) -> bool {
    if dom.attr(id, AttrName::Hidden).is_some() {
        return true;
    }
    dom.attr(id, AttrName::Style).is_some_and(|style| {
        style.find("display").is_some_and(|at| {
            let rest = style[at + 7..].trim_start();
            rest.strip_prefix(':').is_some_and(|v| v.trim_start().starts_with("none"))
        })
    })
}

struct Cutter {
    text: String,
    blocks: Vec<Block>,
    start: usize,
    owner: NodeId,
    node: NodeId,
    link_chars: u32,
}

impl Cutter {
    fn new(source_len: usize) -> Self {
        Self {
            text: String::with_capacity(source_len / 8),
            blocks: Vec::new(),
            start: 0,
            owner: NONE,
            node: NONE,
            link_chars: 0,
        }
    }

    fn add(&mut self, id: NodeId, around: Around, raw: &str) {
        if around.owner != self.owner {
            self.close();
            self.owner = around.owner;
        }
        if self.node == NONE {
            self.node = id;
        }
        if !around.pre {
            self.push(raw, around.link != NONE);
            return;
        }
        for (i, line) in raw.split('\n').enumerate() {
            if i > 0 {
                self.close();
                self.owner = around.owner;
                self.node = id;
            }
            self.push(line, around.link != NONE);
        }
    }

    fn push(&mut self, raw: &str, in_link: bool) {
        let before = self.text.len();
        let text = decode_entities(raw);
        push_collapsed_from(&mut self.text, self.start, &text);
        if in_link {
            self.link_chars += count_chars(&self.text[before..]);
        }
    }

    fn close(&mut self) {
        while self.text.len() > self.start && self.text.ends_with(' ') {
            self.text.pop();
        }
        if self.text.len() > self.start {
            let line = &self.text[self.start..];
            let (chars, punct) = measure(line);
            self.blocks.push(Block {
                owner: self.owner,
                node: self.node,
                start: self.start as u32,
                end: self.text.len() as u32,
                chars,
                link_chars: self.link_chars.min(chars),
                punct,
            });
            self.start = self.text.len();
        }
        self.link_chars = 0;
        self.node = NONE;
        self.owner = NONE;
    }
}

/// Letters, digits and ideographs of a line.
pub(super) fn count_chars(line: &str) -> u32 {
    measure(line).0
}

/// Letters and prose marks of a line.
fn measure(line: &str) -> (u32, u32) {
    let mut chars = 0;
    let mut punct = 0;
    for c in line.chars() {
        match c {
            '，' | '。' | '！' | '？' | '；' | '、' | '：' | '…' | '”' | '」' | '』' => {
                punct += 1
            }
            ',' | '!' | '?' | ';' => punct += 1,
            c if c.is_ascii() => chars += u32::from(c.is_ascii_alphanumeric()),
            '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}' | '\u{2000}'..='\u{2bff}' => {}
            _ => chars += 1,
        }
    }
    (chars, punct)
}

/// Appends text with blanks collapsed; see `push_collapsed_from`.
pub(super) fn push_collapsed(out: &mut String, text: &str) {
    push_collapsed_from(out, 0, text);
}

/// Appends text to the line that begins at byte `start` of `out`: runs of blanks become one blank, none
/// at the start of the line, none where a line break of the source stands between two ideographs.
fn push_collapsed_from(out: &mut String, start: usize, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_invisible(c) {
            continue;
        }
        if !is_blank(c) {
            out.push(c);
            continue;
        }
        let mut broken = c == '\n';
        while let Some(&next) = chars.peek() {
            if !is_blank(next) && !is_invisible(next) {
                break;
            }
            broken |= next == '\n';
            chars.next();
        }
        if out.len() == start || out.ends_with(' ') {
            continue;
        }
        let joins = broken
            && out.ends_with(is_ideograph)
            && chars.peek().is_none_or(|&next| is_ideograph(next));
        if !joins {
            out.push(' ');
        }
    }
}

fn is_blank(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | '\r' | '\u{c}' | '\u{a0}' | '\u{3000}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}'
    )
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}' | '\u{202a}'..='\u{202e}' | '\0')
}

/// Han, or a full-width mark.
pub(super) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}' | '“' | '”')
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::extract::markup::parse;

    #[test]
    fn an_open_anchor_that_names_a_place_makes_no_link_of_what_follows() {
        let dom = parse(
            "<div><a id=\"1\" name=\"1\"/><p>今天停产检修</p><p><a href=\"/2\">下一篇</a></p></div>",
        );
        let found = lines(&dom, false);
        let shares: Vec<(u32, u32)> =
            found.blocks.iter().map(|b| (b.chars, b.link_chars)).collect();
        assert_eq!(shares, [(6, 0), (3, 3)]);
    }
}
