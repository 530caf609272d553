//! Teasers: lists of headlines with a sentence of each article below.
//!
//! In: lines and their weights. Out: the weights, below zero for teasers. A teaser is prose that shares a small box
//! with a line that is nearly all link, where several such boxes stand side by side. One linked line beside a
//! paragraph is no teaser; an article's paragraphs have their links inside.

use std::collections::HashMap;

use super::blocks::{Block, Lines};
use super::dom::{Dom, NONE, NodeId};

/// Boxes side by side that make a list.
const ENOUGH: u32 = 3;
/// Levels between a line and its box.
const LEVELS: usize = 6;
/// Most letters in a box.
const BOX_CHARS: u32 = 420;

/// Takes the weight from teasers.
pub(super) fn weaken(dom: &Dom<'_>, lines: &Lines, weights: &mut [f32]) {
    let strong: Vec<bool> = weights.iter().map(|w| *w > 0.0).collect();
    for ((weight, block), is_teaser) in
        weights.iter_mut().zip(&lines.blocks).zip(among(dom, lines, &strong))
    {
        if is_teaser {
            *weight = -4.0 - (block.chars.min(60) as f32) * 0.2;
        }
    }
}

/// The lines that are teasers, whatever the names of their boxes say.
pub(super) fn teasers(dom: &Dom<'_>, lines: &Lines) -> Vec<bool> {
    let strong: Vec<bool> =
        lines.blocks.iter().map(|b| super::body::weight(b, lines.line(b)) > 0.0).collect();
    among(dom, lines, &strong)
}

/// Which of the `strong` lines are teasers.
fn among(dom: &Dom<'_>, lines: &Lines, strong: &[bool]) -> Vec<bool> {
    let mut chars = vec![0u32; dom.nodes.len()];
    let mut headlines = vec![0u32; dom.nodes.len()];
    for block in &lines.blocks {
        chars[block.owner as usize] += block.chars;
        headlines[block.owner as usize] += u32::from(is_headline(block));
    }
    for id in (1..dom.nodes.len()).rev() {
        let parent = dom.nodes[id].parent as usize;
        chars[parent] += chars[id];
        headlines[parent] += headlines[id];
    }
    let boxes: Vec<NodeId> = lines
        .blocks
        .iter()
        .zip(strong)
        .map(|(b, s)| if *s { box_of(dom, b, &chars, &headlines) } else { NONE })
        .collect();
    let mut beside: HashMap<NodeId, u32> = HashMap::new();
    let mut last = NONE;
    for &at in boxes.iter().filter(|b| **b != NONE) {
        if at != last {
            *beside.entry(dom.node(at).parent).or_default() += 1;
            last = at;
        }
    }
    let is_one = |at: NodeId| at != NONE && beside[&dom.node(at).parent] >= ENOUGH;
    boxes.into_iter().map(is_one).collect()
}

fn is_headline(block: &Block) -> bool {
    block.chars >= 6 && block.link_chars * 10 >= block.chars * 8
}

/// The largest small box around a line that also holds one or two headlines.
fn box_of(dom: &Dom<'_>, block: &Block, chars: &[u32], headlines: &[u32]) -> NodeId {
    let mut found = NONE;
    let mut at = block.owner;
    for _ in 0..LEVELS {
        if at == NONE
            || at == 0
            || chars[at as usize] > BOX_CHARS.max(block.chars + 100)
            || headlines[at as usize] > 2
        {
            break;
        }
        if headlines[at as usize] > 0 {
            found = at;
        }
        at = dom.node(at).parent;
    }
    found
}
