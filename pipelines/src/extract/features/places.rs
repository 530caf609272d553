//! Figures of the boxes of a page: what stands below each node, and which boxes repeat.
//!
//! In: a `Dom` and its `Lines`. Out: sums below every node, and per line the group of lines that stand in boxes of
//! the same name, with the group's habits. One pass each; judges nothing.

use std::collections::HashMap;

use super::super::blocks::Lines;
use super::super::dom::{AttrName, Dom, NodeId};
use super::super::hint::Hint;
use super::super::tag::Tag;
use super::words::Said;

/// Sums over the lines below one node.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) lines: f32,
    pub(super) chars: f32,
    pub(super) link_chars: f32,
    pub(super) punct: f32,
    /// Letters of lines that look like prose.
    pub(super) prose: f32,
    /// Lines that tell who and when.
    pub(super) metas: f32,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.chars += other.chars;
        self.link_chars += other.link_chars;
        self.punct += other.punct;
        self.prose += other.prose;
        self.metas += other.metas;
    }
}

/// The sums of every node.
pub(super) fn sums(dom: &Dom<'_>, lines: &Lines, said: &[Said]) -> Vec<Sum> {
    let mut sums = vec![Sum::default(); dom.nodes.len()];
    for (block, said) in lines.blocks.iter().zip(said) {
        let is_prose = block.punct > 0 && block.chars >= 10 && block.link_chars * 2 <= block.chars;
        sums[block.owner as usize].add(Sum {
            lines: 1.0,
            chars: block.chars as f32,
            link_chars: block.link_chars as f32,
            punct: block.punct as f32,
            prose: if is_prose { block.chars as f32 } else { 0.0 },
            metas: f32::from(u8::from(said.is_byline || said.is_post_meta)),
        });
    }
    for id in (1..dom.nodes.len()).rev() {
        let parent = dom.nodes[id].parent as usize;
        let own = sums[id];
        sums[parent].add(own);
    }
    sums
}

/// The habits of the lines that stand in boxes of one name.
#[derive(Clone, Copy, Default)]
pub(super) struct Group {
    pub(super) lines: f32,
    chars: f32,
    link_chars: f32,
    furniture: f32,
    prose: f32,
    meta: f32,
    repeats: f32,
    kept: f32,
    owners: f32,
    last_owner: NodeId,
}

impl Group {
    /// Shares and means, and how far over the page the group is spread.
    pub(super) fn habits(&self) -> [f32; 8] {
        let n = self.lines.max(1.0);
        [
            n.ln(),
            (self.chars / n + 1.0).ln(),
            self.link_chars / self.chars.max(1.0),
            self.furniture / n,
            self.prose / n,
            self.meta / n,
            self.repeats / n,
            self.owners.max(1.0).ln(),
        ]
    }

    /// The share of the group that the rules keep.
    pub(super) fn kept_share(&self) -> f32 {
        self.kept / self.lines.max(1.0)
    }
}

/// The groups of a page.
pub(super) struct Groups {
    /// The group of every line.
    pub(super) of_line: Vec<u32>,
    groups: Vec<Group>,
}

impl Groups {
    pub(super) fn of(dom: &Dom<'_>, lines: &Lines, kept: &[bool], said: &[Said]) -> Self {
        let mut names = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        let mut of_line = Vec::with_capacity(lines.blocks.len());
        let mut seen: HashMap<(u32, &str), ()> = HashMap::new();
        for (i, block) in lines.blocks.iter().enumerate() {
            let next = groups.len() as u32;
            let at = *names.entry(name_of(dom, block.owner)).or_insert(next);
            if at == next {
                groups.push(Group::default());
            }
            let line = lines.line(block);
            let group = &mut groups[at as usize];
            group.lines += 1.0;
            group.chars += block.chars as f32;
            group.link_chars += block.link_chars as f32;
            let is_furniture = said[i].is_furniture || said[i].is_post_meta;
            group.furniture += f32::from(u8::from(is_furniture));
            group.prose += f32::from(u8::from(block.punct > 0 && block.chars >= 10));
            let is_meta = lines.hints[block.owner as usize].has(Hint::META);
            group.meta += f32::from(u8::from(is_meta));
            group.repeats += f32::from(u8::from(seen.insert((at, line), ()).is_some()));
            group.kept += f32::from(u8::from(kept[i]));
            if group.last_owner != block.owner {
                group.owners += 1.0;
                group.last_owner = block.owner;
            }
            of_line.push(at);
        }
        Self { of_line, groups }
    }

    pub(super) fn group(&self, line: usize) -> &Group {
        &self.groups[self.of_line[line] as usize]
    }
}

/// What a box is called: the tag of a line's owner and the two nearest classes around it.
fn name_of<'a>(dom: &Dom<'a>, owner: NodeId) -> (std::mem::Discriminant<Tag>, &'a str, &'a str) {
    let mut found = [""; 2];
    let mut count = 0;
    let mut at = owner;
    for _ in 0..5 {
        if let Some(class) = dom.attr(at, AttrName::Class).filter(|c| !c.is_empty()) {
            found[count] = class;
            count += 1;
        }
        if at == 0 || count == 2 {
            break;
        }
        at = dom.node(at).parent;
    }
    (std::mem::discriminant(&dom.tag(owner)), found[0], found[1])
}
