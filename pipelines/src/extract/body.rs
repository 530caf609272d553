//! The main text of a page: which subtree it is, and which lines of it are text.
//!
//! In: a `Dom` and its `Lines`. Out: the kept lines. Each line gets a weight from its letters, prose marks and
//! links; names of elements, teasers and legal lines take weight away; the subtree with the largest sum is the
//! article. Judges the shape of text only: title and dates are read elsewhere, threads in `thread`.

use super::blocks::{Block, Lines};
use super::dom::{Dom, NONE, NodeId};
use super::hint::Hint;
use super::phrase;
use super::tag::Tag;
use super::teaser;

/// The main text that was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    /// Indices of the kept blocks, in order.
    pub(super) kept: Vec<usize>,
    /// The box they were taken from.
    pub(super) root: NodeId,
}

/// A child that holds this share of a text is the text; the rest is what surrounds it. A first choice, kept because
/// the labelled pages of `guanlan eval` gave no reason to move it.
const NEARLY_ALL: f32 = 0.88;
/// When more of the prose than this lies in what is named furniture, the names are not believed.
const NAMES_LIE: f32 = 0.85;

/// Names of boxes in which no article stands.
pub(super) const NAMED_AWAY: Hint = Hint::NOISE.with(Hint::EDGE).with(Hint::COMMENT);

impl Body {
    /// Letters of the kept lines.
    pub(super) fn chars(&self, lines: &Lines) -> u32 {
        self.kept.iter().map(|&i| lines.blocks[i].chars).sum()
    }

    /// The kept lines, apart by `\n`.
    pub(super) fn plain_text(&self, lines: &Lines) -> String {
        let kept: Vec<&str> = self.kept.iter().map(|&i| lines.line(&lines.blocks[i])).collect();
        kept.join("\n")
    }

    /// The kept lines, without a heading at the start that is the page's title.
    pub(super) fn text(&self, lines: &Lines, dom: &Dom<'_>, title: Option<&str>) -> String {
        let Some(&first) = self.kept.first() else { return String::new() };
        let block = &lines.blocks[first];
        let is_title = matches!(dom.tag(block.owner), Tag::Heading(_))
            && title
                .is_some_and(|t| super::title::bare(t) == super::title::bare(lines.line(block)));
        let kept = self.kept[usize::from(is_title)..].to_vec();
        Self { kept, root: self.root }.plain_text(lines)
    }
}

/// How much a line speaks for being part of a text; below zero for furniture.
pub(super) fn weight(block: &Block, line: &str) -> f32 {
    let chars = block.chars as f32;
    if block.chars == 0 {
        return 0.0;
    }
    let link = block.link_chars as f32 / chars;
    if link > 0.6 {
        return -4.0 - chars.min(30.0) * 0.5;
    }
    if phrase::is_legal(line) {
        return -10.0;
    }
    let prose = chars * (1.0 - link);
    if block.punct > 0 && block.chars >= 10 {
        return prose + 5.0 * (block.punct.min(20) as f32);
    }
    if block.chars >= 30 {
        return prose * 0.5;
    }
    if block.chars < 6 { -1.0 } else { 0.5 }
}

/// Finds the main text of an article.
pub(super) fn find(dom: &Dom<'_>, lines: &Lines) -> Option<Body> {
    let refused = NAMED_AWAY;
    let (weights, believed) = weights(dom, lines, refused);
    let sums = sums(dom, lines, &weights);
    let root = narrow(dom, &sums, best(dom, &sums)?);
    let keep = |i: &usize| {
        let block = &lines.blocks[*i];
        dom.is_within(block.owner, root)
            && !(believed && lines.hints[block.owner as usize].has(refused))
            && weights[*i] >= -3.0
    };
    let mut kept: Vec<usize> = (0..lines.blocks.len()).filter(keep).collect();
    phrase::trim(&mut kept, lines);
    Some(Body { kept, root })
}

/// The weight of every line, and whether the names of elements are believed.
pub(super) fn weights(dom: &Dom<'_>, lines: &Lines, refused: Hint) -> (Vec<f32>, bool) {
    let mut weights: Vec<f32> = lines.blocks.iter().map(|b| weight(b, lines.line(b))).collect();
    teaser::weaken(dom, lines, &mut weights);
    let believed = believe(lines, &mut weights, refused);
    (weights, believed)
}

/// Takes the weight from lines in boxes named as refused, unless nearly all prose would go with them: names lie.
pub(super) fn believe(lines: &Lines, weights: &mut [f32], refused: Hint) -> bool {
    let is_refused = |b: &Block| lines.hints[b.owner as usize].has(refused);
    for (weight, block) in weights.iter_mut().zip(&lines.blocks) {
        if lines.hints[block.owner as usize].has(Hint::OVERLAY) {
            *weight = weight.min(-4.0);
        }
    }
    let (mut all, mut away) = (0.0, 0.0);
    for (block, weight) in lines.blocks.iter().zip(weights.iter()).filter(|(_, w)| **w > 0.0) {
        all += weight;
        away += if is_refused(block) { *weight } else { 0.0 };
    }
    let believed = away < all * NAMES_LIE;
    if believed {
        for (weight, _) in weights.iter_mut().zip(&lines.blocks).filter(|(_, b)| is_refused(b)) {
            *weight = weight.min(0.0);
        }
    }
    believed
}

/// The sum of weights below every node.
pub(super) fn sums(dom: &Dom<'_>, lines: &Lines, weights: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0f32; dom.nodes.len()];
    for (w, b) in weights.iter().zip(&lines.blocks) {
        sums[b.owner as usize] += w;
    }
    for id in (1..dom.nodes.len()).rev() {
        let parent = dom.nodes[id].parent as usize;
        sums[parent] += sums[id];
    }
    sums
}

/// The element with the largest sum; the deepest of equals.
pub(super) fn best(dom: &Dom<'_>, sums: &[f32]) -> Option<NodeId> {
    let mut best = NONE;
    let mut most = 0.0;
    for (id, &sum) in sums.iter().enumerate() {
        if sum >= most && sum > 0.0 && dom.nodes[id].tag != Tag::Text {
            most = sum;
            best = id as NodeId;
        }
    }
    (best != NONE).then_some(best)
}

/// Has siblings of its kind that belong to the text, however short they are.
fn is_paragraph(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::P | Tag::Li | Tag::Pre | Tag::Blockquote | Tag::Dd | Tag::Dt | Tag::Heading(_)
    )
}

/// Goes down as long as one child holds nearly all of the text.
fn narrow(dom: &Dom<'_>, sums: &[f32], from: NodeId) -> NodeId {
    let mut at = from;
    loop {
        let child = dom
            .children(at)
            .filter(|&c| dom.tag(c) != Tag::Text)
            .max_by(|a, b| sums[*a as usize].total_cmp(&sums[*b as usize]));
        match child {
            Some(child) if is_paragraph(dom.tag(child)) => return at,
            Some(child) if sums[child as usize] >= sums[at as usize] * NEARLY_ALL => at = child,
            _ => return at,
        }
    }
}
