//! From HTML source to the arena: a lenient tokenizer and tree builder for pages as they are in the wild.
//!
//! In: decoded text of any shape. Out: a `Dom`, cut (and marked so) at the limits on nodes and depth.
//! One forward pass, no recursion, look-back bounded: the work is linear in the input whatever it holds.
//! It follows browsers where text is concerned (implied ends, raw text, table fences) and refuses the
//! rest of the HTML algorithm (foster parenting, the adoption agency), which moves no text that matters.

use super::dom::{Attr, AttrName, Dom, NodeId};
use super::tag::Tag;

/// Most nodes kept; none of 102 real pages of up to 1.3 MB reaches it, and it keeps hostile ones under 200 ms.
const MAX_NODES: usize = 40_000;
/// Deepest element that gets children of its own; below it, children become siblings.
const MAX_DEPTH: usize = 256;
/// Open elements remembered beyond the depth limit, so that end tags still pair.
const MAX_OPEN: usize = 1024;
/// How far an end tag or an implied end looks back.
const LOOK_BACK: usize = 300;

/// Parses a page.
pub(super) fn parse(source: &str) -> Dom<'_> {
    let mut builder = Builder {
        dom: Dom::new(source),
        open: vec![(Tag::Root, 0)],
        in_head: false,
        never_closed: Vec::new(),
    };
    builder.run();
    builder.dom
}

struct Builder<'a> {
    dom: Dom<'a>,
    open: Vec<(Tag, NodeId)>,
    in_head: bool,
    /// Raw elements whose end tag does not come any more: looking again would make the work quadratic.
    never_closed: Vec<Tag>,
}

impl<'a> Builder<'a> {
    fn run(&mut self) {
        let source = self.dom.source;
        let bytes = source.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if self.dom.nodes.len() >= MAX_NODES {
                self.dom.truncated = true;
                return;
            }
            let lt = source[at..].find('<').map_or(bytes.len(), |i| at + i);
            let after = match bytes.get(lt + 1) {
                Some(b) if b.is_ascii_alphabetic() => Markup::Start,
                Some(b'/') => Markup::End,
                Some(b'!') => Markup::Declaration,
                Some(b'?') => Markup::Bogus,
                _ => Markup::Text,
            };
            if matches!(after, Markup::Text) {
                let end = (lt + 1).min(bytes.len());
                self.text(at, end);
                at = end;
                continue;
            }
            self.text(at, lt);
            at = match after {
                Markup::Start => self.start_tag(lt),
                Markup::End => self.end_tag(lt),
                Markup::Declaration => declaration_end(source, lt),
                Markup::Bogus | Markup::Text => past(source, lt, ">"),
            };
        }
    }

    fn parent(&self) -> NodeId {
        self.open.last().map_or(0, |(_, id)| *id)
    }

    fn text(&mut self, from: usize, to: usize) {
        if from < to {
            let parent = self.parent();
            self.dom.append(parent, Tag::Text, from as u32, to as u32);
        }
    }

    /// Reads a start tag at `lt`; returns the place after it (and after raw content).
    fn start_tag(&mut self, lt: usize) -> usize {
        let source = self.dom.source;
        let bytes = source.as_bytes();
        let name_end = name_end(bytes, lt + 1);
        let tag = Tag::of(&bytes[lt + 1..name_end]);
        let first_attr = self.dom.attrs.len();
        let (end, self_closed) = self.attributes(name_end);
        let seen_already = match tag {
            Tag::Html | Tag::Body => self.open.iter().take(8).any(|(t, _)| *t == tag),
            Tag::Head => self.in_head,
            _ => false,
        };
        if seen_already {
            return end;
        }
        self.close_implied(tag);
        let parent = self.parent();
        let attrs_end = self.dom.attrs.len();
        let id = self.dom.append(parent, tag, first_attr as u32, attrs_end as u32);
        if tag == Tag::Head {
            self.in_head = true;
        }
        if tag.is_raw() {
            return self.raw_content(id, name_end - lt - 1, lt + 1, end);
        }
        let closed = self_closed && matches!(tag, Tag::Svg | Tag::Other);
        if !tag.is_empty() && !closed {
            self.push(tag, id);
        }
        end
    }

    fn push(&mut self, tag: Tag, id: NodeId) {
        if self.open.len() < MAX_DEPTH {
            self.open.push((tag, id));
        } else if self.open.len() < MAX_OPEN {
            let parent = self.parent();
            self.open.push((tag, parent));
            self.dom.truncated = true;
        }
    }

    /// Takes everything up to the element's own end tag as its text.
    fn raw_content(&mut self, id: NodeId, name_len: usize, name: usize, from: usize) -> usize {
        let source = self.dom.source;
        let bytes = source.as_bytes();
        let wanted = &bytes[name..name + name_len];
        let tag = self.dom.tag(id);
        let mut at = if self.never_closed.contains(&tag) { bytes.len() } else { from };
        while let Some(found) = source[at..].find("</") {
            let end = at + found;
            let after = bytes.get(end + 2..end + 2 + name_len);
            if after.is_some_and(|n| n.eq_ignore_ascii_case(wanted)) {
                self.dom.append(id, Tag::Text, from as u32, end as u32);
                return past(source, end, ">");
            }
            at = end + 2;
        }
        // Never closed: a page cut inside a script has no more text; a title or text area takes nothing.
        self.never_closed.push(tag);
        if matches!(tag, Tag::Script | Tag::Style) { bytes.len() } else { from }
    }

    fn attributes(&mut self, from: usize) -> (usize, bool) {
        let source = self.dom.source;
        let bytes = source.as_bytes();
        let mut at = from;
        let mut slash = false;
        loop {
            while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == b'/') {
                slash = bytes[at] == b'/';
                at += 1;
            }
            match bytes.get(at) {
                None => return (bytes.len(), slash),
                Some(b'>') => return (at + 1, slash),
                _ => {}
            }
            let name_start = at;
            at += 1;
            while at < bytes.len()
                && !matches!(bytes[at], b'=' | b'>' | b'/')
                && !bytes[at].is_ascii_whitespace()
            {
                at += 1;
            }
            let name = AttrName::of(&bytes[name_start..at]);
            let (value, next) = attribute_value(source, at);
            if let Some(name) = name {
                self.dom.attrs.push(Attr { name, value });
            }
            at = next;
            slash = false;
        }
    }

    /// Closes what the start of `tag` ends without saying so.
    fn close_implied(&mut self, tag: Tag) {
        if self.in_head && !tag.is_head_matter() && tag != Tag::Head {
            self.close_to(Tag::Head, |t| matches!(t, Tag::Html | Tag::Root));
        }
        match tag {
            Tag::Li => self.close_to(Tag::Li, |t| matches!(t, Tag::Ul | Tag::Ol) || t.is_fence()),
            Tag::Dt | Tag::Dd => {
                self.close_to(Tag::Dt, |t| t == Tag::Dl || t.is_fence());
                self.close_to(Tag::Dd, |t| t == Tag::Dl || t.is_fence());
            }
            Tag::Tr => self.close_to(Tag::Tr, |t| t == Tag::Table),
            Tag::Tbody => self.close_to(Tag::Tbody, |t| t == Tag::Table),
            Tag::Td => self.close_to(Tag::Td, |t| matches!(t, Tag::Tr | Tag::Table)),
            Tag::Option => self.close_to(Tag::Option, |t| t == Tag::Select || t.is_fence()),
            Tag::A => self.close_to(Tag::A, |t| t.is_block()),
            _ => {}
        }
        if tag.is_block() && !tag.is_head_matter() {
            self.close_to(Tag::P, |t| {
                t.is_fence() || matches!(t, Tag::Div | Tag::Li | Tag::Section)
            });
        }
    }

    /// Closes the nearest open `tag` (and all above it) unless a fence stands between.
    fn close_to(&mut self, tag: Tag, is_fence: impl Fn(Tag) -> bool) {
        for back in 1..=LOOK_BACK.min(self.open.len() - 1) {
            let at = self.open.len() - back;
            let open = self.open[at].0;
            if open == tag {
                self.open.truncate(at.max(1));
                return;
            }
            if is_fence(open) {
                return;
            }
        }
    }

    fn end_tag(&mut self, lt: usize) -> usize {
        let source = self.dom.source;
        let bytes = source.as_bytes();
        let name_end = name_end(bytes, lt + 2);
        let end = past(source, name_end.max(lt + 1), ">");
        match Tag::of(&bytes[lt + 2..name_end]) {
            Tag::Body | Tag::Html => {}
            Tag::Br => {
                let parent = self.parent();
                self.dom.append(parent, Tag::Br, 0, 0);
            }
            Tag::P if !self.open.iter().rev().take(LOOK_BACK).any(|(t, _)| *t == Tag::P) => {
                let parent = self.parent();
                self.dom.append(parent, Tag::P, 0, 0);
            }
            tag @ (Tag::Td | Tag::Tr | Tag::Tbody | Tag::Caption) => {
                self.close_to(tag, |t| t == Tag::Table);
            }
            Tag::Table => self.close_to(Tag::Table, |t| t == Tag::Root),
            tag @ (Tag::Inline | Tag::Other | Tag::A) => {
                self.close_to(tag, |t| t.is_block() && t != Tag::P);
            }
            tag => self.close_to(tag, Tag::is_fence),
        }
        end
    }
}

enum Markup {
    Start,
    End,
    Declaration,
    Bogus,
    Text,
}

fn name_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len()
        && !matches!(bytes[at], b'>' | b'/' | b'<')
        && !bytes[at].is_ascii_whitespace()
    {
        at += 1;
    }
    at
}

/// The place after the next `mark`, or the end.
fn past(source: &str, from: usize, mark: &str) -> usize {
    source[from..].find(mark).map_or(source.len(), |i| from + i + mark.len())
}

fn declaration_end(source: &str, lt: usize) -> usize {
    let rest = &source[lt..];
    if rest.starts_with("<!-->") || rest.starts_with("<!--->") {
        return past(source, lt, ">");
    }
    if rest.starts_with("<!--") {
        return past(source, lt + 4, "-->");
    }
    past(source, lt, ">")
}

/// The value after an attribute name ending at `from` (empty without `=`), and the place after it.
fn attribute_value(source: &str, from: usize) -> (&str, usize) {
    let bytes = source.as_bytes();
    let mut at = from;
    while at < bytes.len() && bytes[at].is_ascii_whitespace() {
        at += 1;
    }
    if bytes.get(at) != Some(&b'=') {
        return ("", from);
    }
    at += 1;
    while at < bytes.len() && bytes[at].is_ascii_whitespace() {
        at += 1;
    }
    match bytes.get(at) {
        Some(&quote @ (b'"' | b'\'')) => {
            let start = at + 1;
            let end = source[start..].find(quote as char).map_or(source.len(), |i| start + i);
            (&source[start..end], (end + 1).min(source.len()))
        }
        _ => {
            let start = at;
            while at < bytes.len() && bytes[at] != b'>' && !bytes[at].is_ascii_whitespace() {
                at += 1;
            }
            (&source[start..at], at)
        }
    }
}

/// Whether the parse has a node at all beyond the root.
#[cfg(test)]
mod tests {
    use super::super::dom::NONE;
    use super::super::tag::Tag;
    use super::{MAX_DEPTH, parse};

    /// The tree as nested brackets: `div(p(一) p(二))`.
    fn check(source: &str, expected: &str) {
        let dom = parse(source);
        let mut out = String::new();
        draw(&dom, 0, &mut out);
        assert_eq!(out, expected, "{source}");
    }

    fn draw(dom: &super::Dom<'_>, id: u32, out: &mut String) {
        for (i, child) in dom.children(id).enumerate() {
            if i > 0 {
                out.push(' ');
            }
            match dom.tag(child) {
                Tag::Text => out.push_str(dom.raw_text(child).trim()),
                tag => out.push_str(&format!("{tag:?}").to_lowercase()),
            }
            if dom.node(child).first != NONE {
                out.push('(');
                draw(dom, child, out);
                out.push(')');
            }
        }
    }

    #[test]
    fn implied_ends_are_seen() {
        check("<p>一<p>二<div>三</div>", "p(一) p(二) div(三)");
        check("<ul><li>一<li>二<ul><li>内</ul></ul>", "ul(li(一) li(二 ul(li(内))))");
        check(
            "<table><tr><td>甲<td>乙<tr><td>丙</table>尾",
            "table(tr(td(甲) td(乙)) tr(td(丙))) 尾",
        );
    }

    #[test]
    fn stray_ends_do_not_break_out_of_a_cell() {
        check(
            "<font><table><tr><td>甲</font></div>乙</td></tr></table></font>",
            "inline(table(tr(td(甲 乙))))",
        );
        check("<div>甲</span></b>乙</div>", "div(甲 乙)");
    }

    #[test]
    fn raw_text_and_comments_hold_no_elements() {
        check("<script>if(a<b){'</p>'}</script><p>正文</p>", "script(if(a<b){'</p>'}) p(正文)");
        check("<!-- <p>注</p> --><p>文", "p(文)");
        check("<title>没有结尾<p>文", "title 没有结尾 p(文)");
    }

    #[test]
    fn odd_markup_is_text_or_nothing() {
        check("1 < 2 且 <3>", "1 < 2 且 < 3>");
        check("<p class='未完", "p");
        check("</", "");
        check("<", "<");
    }

    #[test]
    fn depth_is_cut_and_text_kept() {
        let page = format!("{}底</div>", "<div>".repeat(20_000));
        let dom = parse(&page);
        assert!(dom.truncated);
        let mut depth = 0;
        let mut at = dom.all(Tag::Text).next().expect("the text is kept");
        while at != 0 {
            at = dom.node(at).parent;
            depth += 1;
        }
        assert!(depth <= MAX_DEPTH, "{depth}");
    }
}
