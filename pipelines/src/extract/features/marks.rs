//! Where a line stands among the landmarks of a page: the title, bylines, ends of texts, heads of comments.
//!
//! In: a page cut into lines, with what each says of itself. Out: figures a line: how far behind the title and in how
//! small a box with it, what was passed since, how near the next byline is. A page that goes on with other articles or
//! with what readers say passes such marks first. Judges nothing.

use super::super::blocks::{Block, Lines};
use super::super::dom::{Dom, NodeId};
use super::super::tag::Tag;
use super::super::title;
use super::places::Sum;
use super::words::Said;
use super::{Seen, ln, yes};

/// Lines farther than this are as far as can be.
const FAR: usize = 60;
/// Levels farther than this likewise.
const HIGH: u16 = 15;

/// The landmarks of a page.
pub(super) struct Marks {
    /// The line that is the title.
    title: Option<usize>,
    /// The nodes around it.
    above_title: Vec<bool>,
    ends: Kind,
    comments: Kind,
    bylines: Kind,
    metas: Kind,
    heads: Kind,
    teasers: Vec<bool>,
}

/// Lines of one kind: how many stand before each line, and how near the last and the next are.
struct Kind {
    before: Vec<u16>,
    since: Vec<u8>,
    until: Vec<u8>,
}

impl Kind {
    fn of(is_one: impl Iterator<Item = bool>) -> Self {
        let flags: Vec<bool> = is_one.collect();
        let far = FAR as u8;
        let (mut count, mut since) = (0u16, far);
        let mut seen =
            Self { before: Vec::new(), since: Vec::new(), until: vec![far; flags.len()] };
        for &flag in &flags {
            seen.before.push(count);
            seen.since.push(since);
            count = count.saturating_add(u16::from(flag));
            since = if flag { 1 } else { (since + 1).min(far) };
        }
        let mut until = far;
        for (slot, &flag) in seen.until.iter_mut().zip(&flags).rev() {
            *slot = until;
            until = if flag { 1 } else { (until + 1).min(far) };
        }
        seen
    }

    fn between(&self, from: usize, to: usize) -> f32 {
        f32::from(self.before[to].saturating_sub(self.before[from]).min(8))
    }
}

impl Marks {
    pub(super) fn of(seen: &Seen<'_, '_>, said: &[Said], asked: &str) -> Self {
        let (dom, lines) = (seen.dom, seen.lines);
        let title = title_line(dom, lines, asked);
        let mut above_title = vec![false; dom.nodes.len()];
        let mut at = title.map_or(0, |t| lines.blocks[t].owner);
        while at != 0 {
            above_title[at as usize] = true;
            at = dom.node(at).parent;
        }
        above_title[0] = true;
        let blocks = &lines.blocks;
        let is_head = |b: &Block| matches!(dom.tag(b.owner), Tag::Heading(1 | 2));
        Self {
            title,
            above_title,
            ends: Kind::of(said.iter().map(|s| s.is_end)),
            comments: Kind::of(blocks.iter().map(|b| opens_comments(lines.line(b), b.chars))),
            bylines: Kind::of(said.iter().map(|s| s.is_byline)),
            metas: Kind::of(said.iter().map(|s| s.is_post_meta)),
            heads: Kind::of(blocks.iter().map(is_head)),
            teasers: super::super::teaser::teasers(dom, lines),
        }
    }

    /// The figures of line `i`.
    pub(super) fn figures(
        &self,
        i: usize,
        seen: &Seen<'_, '_>,
        sums: &[Sum],
        prose_before: &[f32],
        out: &mut Vec<f32>,
    ) {
        let owner = seen.lines.blocks[i].owner;
        let from = self.title.filter(|&t| t <= i).unwrap_or(0);
        let behind = match self.title {
            Some(t) if t <= i => ln((i - t) as f32),
            Some(t) => -ln((t - i) as f32),
            None => 0.0,
        };
        let (levels, shared) = self.up_to_title(seen.dom, owner);
        let (all, sum) = (sums[0], sums[shared as usize]);
        out.extend([
            yes(self.title.is_some()),
            behind,
            ln((prose_before[i] - prose_before[from]).max(0.0)),
            levels,
            sum.prose / all.prose.max(1.0),
            sum.lines / all.lines.max(1.0),
            self.heads.between(from, i),
            f32::from(self.heads.since[i]),
            self.ends.between(from, i),
            f32::from(self.ends.since[i]),
            f32::from(self.ends.until[i]),
            self.comments.between(from, i),
            f32::from(self.comments.since[i]),
            self.bylines.between(from, i),
            f32::from(self.bylines.since[i]),
            f32::from(self.bylines.until[i]),
            f32::from(self.metas.since[i]),
            f32::from(self.metas.until[i]),
            yes(self.teasers[i]),
        ]);
    }

    /// Levels from a line's box up to the one that also holds the title, and that box.
    fn up_to_title(&self, dom: &Dom<'_>, owner: NodeId) -> (f32, NodeId) {
        let mut at = owner;
        let mut levels = 0;
        while !self.above_title[at as usize] {
            at = dom.node(at).parent;
            levels += 1;
        }
        (f32::from(HIGH.min(levels)), at)
    }
}

/// The line that is the title: a heading before other lines, an equal one before one that holds it.
fn title_line(dom: &Dom<'_>, lines: &Lines, asked: &str) -> Option<usize> {
    if asked.is_empty() {
        return None;
    }
    let mut best: Option<(u32, usize)> = None;
    for (i, block) in lines.blocks.iter().enumerate().filter(|(_, b)| (2..=160).contains(&b.chars))
    {
        let own = title::bare(lines.line(block));
        let worth = match () {
            () if own == asked => 4,
            () if own.len() >= 12 && (asked.contains(&own) || own.contains(asked)) => 2,
            () => continue,
        };
        let worth = worth + u32::from(matches!(dom.tag(block.owner), Tag::Heading(1 | 2)));
        if best.is_none_or(|(most, _)| worth > most) {
            best = Some((worth, i));
        }
    }
    best.map(|(_, i)| i)
}

/// A short line that opens what readers say: 网友评论, 12 条回复, 发表评论.
fn opens_comments(line: &str, chars: u32) -> bool {
    const WORDS: [&str; 10] =
        ["评论", "評論", "留言", "跟帖", "跟贴", "回复", "網友", "网友", "Comments", "comments"];
    (2..=16).contains(&chars)
        && !line.contains(['，', '。'])
        && WORDS.iter().any(|w| line.contains(w))
}
