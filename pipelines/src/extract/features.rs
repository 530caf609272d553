//! A page's lines as numbers, for the learned judge.
//!
//! In: a page cut into lines, and what the rules of `body` think of it. Out: one row of figures a line, of the line,
//! its neighbours, the boxes around it, the boxes like it, its place, and the page. Nothing that names a site: no
//! class or word is remembered but by what it says everywhere. The order of the figures is the order of the model:
//! first what can be seen, then (from `Rows::seen` on) what the rules make of it.

mod marks;
mod places;
mod ruled;
mod words;

use std::collections::HashMap;

use super::blocks::{Block, Lines};
use super::body::{self, Body};
use super::dom::{Dom, NodeId};
use super::hint::Hint;
use super::tag::Tag;
use super::title;
use marks::Marks;
use places::{Groups, Sum};
use words::Said;

/// What the figures are taken from.
pub(super) struct Seen<'a, 'b> {
    pub(super) dom: &'a Dom<'b>,
    pub(super) lines: &'a Lines,
    pub(super) title: Option<&'a str>,
    pub(super) is_thread: bool,
}

/// The rows of a page, one after the other.
pub(super) struct Rows {
    /// Figures a line.
    pub(super) width: usize,
    /// Those of them that owe nothing to the rules.
    pub(super) seen: usize,
    /// All figures.
    pub(super) all: Vec<f32>,
}

fn yes(claim: bool) -> f32 {
    f32::from(u8::from(claim))
}

fn ln(value: f32) -> f32 {
    (value + 1.0).ln()
}

/// The figures of every line.
pub(super) fn rows(seen: &Seen<'_, '_>, rule: &Body) -> Rows {
    let page = PageFigures::of(seen, rule);
    let count = seen.lines.blocks.len();
    let mut all = Vec::with_capacity(count * 200);
    let (mut width, mut own) = (0, 0);
    for i in 0..count {
        let from = all.len();
        page.seen_of(i, &mut all);
        own = all.len() - from;
        page.ruled(i, &mut all);
        width = all.len() - from;
    }
    Rows { width, seen: own, all }
}

/// For every line the number of the name of the box it stands in.
pub(super) fn boxes_of(seen: &Seen<'_, '_>) -> Vec<u32> {
    let count = seen.lines.blocks.len();
    Groups::of(seen.dom, seen.lines, &vec![false; count], &vec![Said::default(); count]).of_line
}

/// What is known of the page before its lines are looked at.
struct PageFigures<'a, 'b> {
    seen: &'a Seen<'a, 'b>,
    sums: Vec<Sum>,
    depths: Vec<u16>,
    groups: Groups,
    said: Vec<Said>,
    marks: Marks,
    /// Shares of the page's prose and letters in boxes that are named as the text itself.
    strong: (f32, f32),
    kept: Vec<bool>,
    glances: Vec<[f32; GLANCE]>,
    /// What the rules give for each line, and the sums below every node.
    weights: Vec<f32>,
    weighed: Vec<f32>,
    /// Kept lines before each line, and letters of prose before it.
    kept_before: Vec<f32>,
    prose_before: Vec<f32>,
    ends_before: Vec<f32>,
    to_prose: Vec<(f32, f32)>,
    times: HashMap<&'a str, u32>,
    root: NodeId,
    title: String,
}

impl<'a, 'b> PageFigures<'a, 'b> {
    fn of(seen: &'a Seen<'a, 'b>, rule: &Body) -> Self {
        let (dom, lines) = (seen.dom, seen.lines);
        let said: Vec<Said> =
            lines.blocks.iter().map(|b| Said::of(lines.line(b), b.chars)).collect();
        let asked = seen.title.map(title::bare).unwrap_or_default();
        let mut kept = vec![false; lines.blocks.len()];
        for &i in &rule.kept {
            kept[i] = true;
        }
        let mut depths = vec![0u16; dom.nodes.len()];
        for id in 1..dom.nodes.len() {
            depths[id] = depths[dom.nodes[id].parent as usize].saturating_add(1);
        }
        let mut times: HashMap<&str, u32> = HashMap::new();
        for block in &lines.blocks {
            *times.entry(lines.line(block)).or_default() += 1;
        }
        let (mut kept_before, mut prose_before, mut ends_before) = (vec![], vec![], vec![]);
        let (mut k, mut p, mut e) = (0.0, 0.0, 0.0);
        for ((block, &is_kept), said) in lines.blocks.iter().zip(&kept).zip(&said) {
            kept_before.push(k);
            prose_before.push(p);
            ends_before.push(e);
            k += yes(is_kept);
            p += prose(block);
            e += yes(k > 0.0 && said.is_end);
        }
        kept_before.push(k);
        prose_before.push(p);
        ends_before.push(e);
        let (weights, _) = body::weights(dom, lines, body::NAMED_AWAY);
        let weighed = body::sums(dom, lines, &weights);
        Self {
            seen,
            groups: Groups::of(dom, lines, &kept, &said),
            glances: lines.blocks.iter().zip(&said).map(|(b, s)| glance(dom, b, *s)).collect(),
            marks: Marks::of(seen, &said, &asked),
            weights,
            weighed,
            strong: strong(lines),
            sums: places::sums(dom, lines, &said),
            depths,
            to_prose: distances(&lines.blocks),
            root: rule.root,
            kept,
            kept_before,
            prose_before,
            ends_before,
            times,
            title: asked,
            said,
        }
    }

    /// What can be seen of a line.
    fn seen_of(&self, i: usize, out: &mut Vec<f32>) {
        let lines = self.seen.lines;
        let block = &lines.blocks[i];
        let line = lines.line(block);
        shape(block, out);
        words::signs(line, block, self.said[i], out);
        self.of_title(line, block, out);
        self.tags(block, out);
        self.hints(block.owner, out);
        self.boxes(block, out);
        out.extend(self.groups.group(i).habits());
        self.place(i, out);
        self.marks.figures(i, self.seen, &self.sums, &self.prose_before, out);
        for step in AROUND {
            match i.checked_add_signed(step).filter(|j| *j < lines.blocks.len()) {
                Some(j) => out.extend(self.glances[j]),
                None => out.extend([-1.0; GLANCE]),
            }
        }
        self.page(out);
    }

    fn of_title(&self, line: &str, block: &Block, out: &mut Vec<f32>) {
        if self.title.is_empty() || block.chars > 160 {
            out.extend([0.0, 0.0]);
            return;
        }
        let own = title::bare(line);
        out.extend([
            yes(own == self.title),
            yes(own.len() >= 6 && (self.title.contains(&own) || own.contains(&self.title))),
        ]);
    }

    fn tags(&self, block: &Block, out: &mut Vec<f32>) {
        let dom = self.seen.dom;
        let (mut li, mut td, mut quote, mut heading, mut form) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let (mut pre, mut table_depth, mut article) = (0.0, 0.0, 0.0);
        let mut at = block.owner;
        let mut level = 0;
        while at != 0 && level < 12 {
            match dom.tag(at) {
                Tag::Li | Tag::Dd | Tag::Dt if level < 4 => li = 1.0,
                Tag::Td if level < 4 => td = 1.0,
                Tag::Blockquote => quote = 1.0,
                Tag::Pre => pre = 1.0,
                Tag::Heading(n) => heading = f32::from(n),
                Tag::Form => form = 1.0,
                Tag::Table => table_depth += 1.0,
                Tag::Article | Tag::Main => article = 1.0,
                _ => {}
            }
            level += 1;
            at = dom.node(at).parent;
        }
        let tag = dom.tag(block.owner);
        out.extend([
            yes(tag == Tag::P),
            yes(matches!(tag, Tag::Figcaption | Tag::Caption | Tag::Figure)),
            li,
            td,
            quote,
            heading,
            form,
            pre,
            table_depth,
            article,
        ]);
    }

    /// What the names around say: all of them, and the nearest levels apart.
    fn hints(&self, owner: NodeId, out: &mut Vec<f32>) {
        const ALL: [Hint; 10] = [
            Hint::NOISE,
            Hint::COMMENT,
            Hint::META,
            Hint::BODY,
            Hint::EDGE,
            Hint::OVERLAY,
            Hint::GUTTER,
            Hint::QUOTE,
            Hint::NOTICE,
            Hint::STRONG,
        ];
        let lines = self.seen.lines;
        let inherited = lines.hints[owner as usize];
        out.extend(ALL.iter().map(|h| yes(inherited.has(*h))));
        // The level of the nearest name of each of four kinds: 0 for the line's own box, 6 for none near.
        let mut near = [6.0f32; 4];
        let mut at = owner;
        for level in 0..6 {
            for (slot, hint) in
                near.iter_mut().zip([Hint::BODY, Hint::NOISE, Hint::META, Hint::COMMENT])
            {
                if *slot >= 6.0 && lines.own[at as usize].has(hint) {
                    *slot = level as f32;
                }
            }
            if at == 0 {
                break;
            }
            at = self.seen.dom.node(at).parent;
        }
        out.extend(near);
        let strong = self.strong;
        out.extend([strong.0, strong.1]);
    }

    /// Density of the boxes around a line.
    fn boxes(&self, block: &Block, out: &mut Vec<f32>) {
        let total = self.sums[0];
        let mut at = block.owner;
        let mut written = 0;
        let mut last = -1.0;
        // Boxes that hold no more than the box inside them say nothing new.
        while written < 5 {
            let sum = self.sums[at as usize];
            if sum.lines > last || at == 0 {
                last = sum.lines;
                let chars = sum.chars.max(1.0);
                out.extend([
                    ln(sum.lines),
                    ln(sum.chars / sum.lines.max(1.0)),
                    sum.link_chars / chars,
                    sum.punct / chars,
                    sum.prose / total.prose.max(1.0),
                    sum.metas / sum.lines.max(1.0),
                ]);
                written += 1;
            }
            if at != 0 {
                at = self.seen.dom.node(at).parent;
            }
        }
    }

    fn place(&self, i: usize, out: &mut Vec<f32>) {
        let lines = self.seen.lines;
        let block = &lines.blocks[i];
        let n = lines.blocks.len() as f32;
        let prose = *self.prose_before.last().unwrap_or(&0.0);
        let same = |j: Option<usize>| {
            yes(j.and_then(|j| lines.blocks.get(j)).is_some_and(|b| b.owner == block.owner))
        };
        let copies = self.times.get(lines.line(block)).copied().unwrap_or(1);
        out.extend([
            i as f32 / n,
            ln(i as f32),
            self.prose_before[i] / prose.max(1.0),
            f32::from(self.depths[block.owner as usize]),
            same(i.checked_sub(1)),
            same(Some(i + 1)),
            ln(copies as f32),
            self.to_prose[i].0,
            self.to_prose[i].1,
        ]);
    }

    fn page(&self, out: &mut Vec<f32>) {
        let total = self.sums[0];
        out.extend([
            ln(self.kept.len() as f32),
            ln(total.prose),
            total.link_chars / total.chars.max(1.0),
            yes(self.seen.is_thread),
            total.punct / total.chars.max(1.0),
            total.chars / total.lines.max(1.0),
        ]);
    }
}

/// The neighbours looked at.
const AROUND: [isize; 6] = [-3, -2, -1, 1, 2, 3];
/// Figures of a neighbour.
const GLANCE: usize = 5;

/// A line as its neighbours see it.
fn glance(dom: &Dom<'_>, block: &Block, said: Said) -> [f32; GLANCE] {
    let odd = said.is_furniture || said.is_byline || said.is_legal;
    let chars = block.chars.max(1) as f32;
    [
        ln(block.chars as f32),
        block.link_chars as f32 / chars,
        (block.punct as f32 / chars).min(1.0),
        yes(odd) + 2.0 * yes(said.is_end),
        yes(matches!(dom.tag(block.owner), Tag::Heading(_))),
    ]
}

fn shape(block: &Block, out: &mut Vec<f32>) {
    let chars = block.chars.max(1) as f32;
    out.extend([
        ln(block.chars as f32),
        block.link_chars as f32 / chars,
        (block.punct as f32 / chars).min(1.0),
        block.punct.min(20) as f32,
    ]);
}

/// The shares of the prose and of the letters of a page that stand in boxes named as the text itself.
fn strong(lines: &Lines) -> (f32, f32) {
    let (mut of_prose, mut of_all) = ((0.0, 0.0), (0.0, 0.0));
    for block in &lines.blocks {
        let inside = yes(lines.hints[block.owner as usize].has(Hint::STRONG));
        let (prose, chars) = (prose(block), block.chars as f32);
        of_prose = (of_prose.0 + prose * inside, of_prose.1 + prose);
        of_all = (of_all.0 + chars * inside, of_all.1 + chars);
    }
    (of_prose.0 / f32::max(of_prose.1, 1.0), of_all.0 / f32::max(of_all.1, 1.0))
}

/// Letters of a line of prose, else 0.
fn prose(block: &Block) -> f32 {
    let is_prose = block.punct > 0 && block.chars >= 10 && block.link_chars * 2 <= block.chars;
    if is_prose { block.chars as f32 } else { 0.0 }
}

/// Lines back and on to the nearest long line of prose; 30 where there is none near.
fn distances(blocks: &[Block]) -> Vec<(f32, f32)> {
    const FAR: f32 = 30.0;
    let is_long = |b: &Block| prose(b) >= 40.0;
    let mut out = vec![(FAR, FAR); blocks.len()];
    let mut since = FAR;
    for (slot, block) in out.iter_mut().zip(blocks) {
        slot.0 = since;
        since = if is_long(block) { 1.0 } else { (since + 1.0).min(FAR) };
    }
    let mut until = FAR;
    for (slot, block) in out.iter_mut().zip(blocks).rev() {
        slot.1 = until;
        until = if is_long(block) { 1.0 } else { (until + 1.0).min(FAR) };
    }
    out
}
