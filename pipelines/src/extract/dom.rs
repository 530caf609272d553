//! A document as an arena of small nodes in document order, borrowed from the decoded source.
//!
//! In: nodes from `markup`. Out: parents, children, attributes, text. A node's parent always has a smaller
//! index, so sums over subtrees are one backward pass and nothing here recurses. Knows no parsing rules.

use std::borrow::Cow;

use super::entity::decode_entities;
use super::tag::Tag;

/// Index of a node in its arena.
pub(super) type NodeId = u32;

/// "No node".
pub(super) const NONE: NodeId = u32::MAX;

/// The attributes that reading looks at; all others are dropped while parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttrName {
    Class,
    Id,
    Href,
    Style,
    Content,
    Name,
    Property,
    Itemprop,
    Datetime,
    Title,
    Rel,
    Src,
    Hidden,
    Type,
    Charset,
}

impl AttrName {
    /// The attribute with this name, whatever its case; `None` for those not looked at.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], AttrName); 15] = [
            (b"class", AttrName::Class),
            (b"id", AttrName::Id),
            (b"href", AttrName::Href),
            (b"style", AttrName::Style),
            (b"content", AttrName::Content),
            (b"name", AttrName::Name),
            (b"property", AttrName::Property),
            (b"itemprop", AttrName::Itemprop),
            (b"datetime", AttrName::Datetime),
            (b"title", AttrName::Title),
            (b"rel", AttrName::Rel),
            (b"src", AttrName::Src),
            (b"hidden", AttrName::Hidden),
            (b"type", AttrName::Type),
            (b"charset", AttrName::Charset),
        ];
        NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, a)| *a)
    }
}

/// One kept attribute; the value is raw (entities not decoded).
#[derive(Clone, Copy, Debug)]
pub(super) struct Attr<'a> {
    pub(super) name: AttrName,
    pub(super) value: &'a str,
}

/// One node. For an element `from..to` are its attributes, for text the bytes of the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) tag: Tag,
    pub(super) parent: NodeId,
    pub(super) first: NodeId,
    pub(super) last: NodeId,
    pub(super) next: NodeId,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A parsed document.
pub(super) struct Dom<'a> {
    pub(super) source: &'a str,
    pub(super) nodes: Vec<Node>,
    pub(super) attrs: Vec<Attr<'a>>,
    /// A limit cut the document.
    pub(super) truncated: bool,
}

impl<'a> Dom<'a> {
    /// An arena that holds only the root.
    pub(super) fn new(source: &'a str) -> Self {
        let root = Node {
            tag: Tag::Root,
            parent: NONE,
            first: NONE,
            last: NONE,
            next: NONE,
            from: 0,
            to: 0,
        };
        let mut nodes = Vec::with_capacity(source.len() / 24 + 8);
        nodes.push(root);
        Self { source, nodes, attrs: Vec::with_capacity(source.len() / 48 + 8), truncated: false }
    }

    /// Appends a node as the last child of `parent`.
    pub(super) fn append(&mut self, parent: NodeId, tag: Tag, from: u32, to: u32) -> NodeId {
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Node { tag, parent, first: NONE, last: NONE, next: NONE, from, to });
        let last = self.nodes[parent as usize].last;
        if last == NONE {
            self.nodes[parent as usize].first = id;
        } else {
            self.nodes[last as usize].next = id;
        }
        self.nodes[parent as usize].last = id;
        id
    }

    /// The node.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// What kind of node it is.
    pub(super) fn tag(&self, id: NodeId) -> Tag {
        self.nodes[id as usize].tag
    }

    /// The raw value of an attribute.
    pub(super) fn attr(&self, id: NodeId, name: AttrName) -> Option<&'a str> {
        let node = self.node(id);
        if node.tag == Tag::Text {
            return None;
        }
        self.attrs[node.from as usize..node.to as usize]
            .iter()
            .find(|a| a.name == name)
            .map(|a| a.value)
    }

    /// The value of an attribute with entities decoded.
    pub(super) fn attr_text(&self, id: NodeId, name: AttrName) -> Option<Cow<'a, str>> {
        self.attr(id, name).map(decode_entities)
    }

    /// The raw source of a text node.
    pub(super) fn raw_text(&self, id: NodeId) -> &'a str {
        let node = self.node(id);
        if node.tag == Tag::Text { &self.source[node.from as usize..node.to as usize] } else { "" }
    }

    /// All nodes of one kind, in document order.
    pub(super) fn all(&self, tag: Tag) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes.len() as NodeId).filter(move |&id| self.tag(id) == tag)
    }

    /// The children of a node.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let mut at = self.node(id).first;
        std::iter::from_fn(move || {
            let now = at;
            if now == NONE {
                return None;
            }
            at = self.node(now).next;
            Some(now)
        })
    }

    /// Whether `inner` is `outer` or lies below it.
    pub(super) fn is_within(&self, inner: NodeId, outer: NodeId) -> bool {
        let mut at = inner;
        while at != NONE && at >= outer {
            if at == outer {
                return true;
            }
            at = self.node(at).parent;
        }
        false
    }

    /// The node after the whole subtree of `id`, in document order.
    pub(super) fn after_subtree(&self, id: NodeId) -> NodeId {
        let mut at = id;
        while at != NONE {
            let next = self.node(at).next;
            if next != NONE {
                return next;
            }
            at = self.node(at).parent;
        }
        self.nodes.len() as NodeId
    }

    /// The visible text of a subtree on one line, blanks collapsed, at most `max` bytes or a little more.
    pub(super) fn line(&self, id: NodeId, max: usize) -> String {
        let mut out = String::new();
        let end = self.after_subtree(id);
        let mut at = id;
        while at < end && out.len() < max {
            let tag = self.tag(at);
            if tag == Tag::Text {
                super::blocks::push_collapsed(&mut out, &decode_entities(self.raw_text(at)));
            } else if at != id && tag.is_silent() {
                at = self.after_subtree(at);
                continue;
            } else if (tag == Tag::Br || tag.is_block()) && !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
            at += 1;
        }
        out.trim().to_owned()
    }
}
