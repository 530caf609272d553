//! What the rules of `body` make of a line, as figures.
//!
//! In: the figures of a page and the lines the rules keep. Out: the end of a line's row: kept or not, by how many of its
//! neighbours and of its like, how far from the box the rules chose. The judge that is told nothing sees none of these.

use super::super::blocks::Block;
use super::{AROUND, PageFigures, ln, yes};

impl PageFigures<'_, '_> {
    /// What the rules make of it.
    pub(super) fn ruled(&self, i: usize, out: &mut Vec<f32>) {
        let kept = |j: Option<usize>| j.and_then(|j| self.kept.get(j)).map_or(-1.0, |k| yes(*k));
        self.of_rule(i, out);
        out.extend(AROUND.map(|step| kept(i.checked_add_signed(step))));
        out.push(self.groups.group(i).kept_share());
        self.weights_around(&self.seen.lines.blocks[i], out);
        out.extend([
            ln(self.kept_before.last().copied().unwrap_or(0.0)),
            ln(self.sums[self.root as usize].prose),
        ]);
    }

    /// What the rules think of the line and of those around it.
    fn of_rule(&self, i: usize, out: &mut Vec<f32>) {
        let dom = self.seen.dom;
        let block = &self.seen.lines.blocks[i];
        let total = *self.kept_before.last().unwrap_or(&0.0);
        let around = |from: usize, to: usize| {
            let to = to.min(self.kept.len());
            let from = from.min(to);
            (self.kept_before[to] - self.kept_before[from]) / ((to - from).max(1) as f32)
        };
        let depth = f32::from(self.depths[block.owner as usize]);
        let root = f32::from(self.depths[self.root as usize]);
        // Levels up to the nearest box that also holds the rules' root.
        let mut up = 0.0;
        let mut at = block.owner;
        while at != 0
            && !(at <= self.root && dom.is_within(self.root, at))
            && !dom.is_within(at, self.root)
        {
            at = dom.node(at).parent;
            up += 1.0;
        }
        let most = self.weighed[self.root as usize].max(1.0);
        out.extend([
            yes(self.kept[i]),
            yes(dom.is_within(block.owner, self.root)),
            depth - root,
            up,
            self.kept_before[i] / total.max(1.0),
            around(i.saturating_sub(6), i),
            around(i + 1, i + 7),
            around(i.saturating_sub(25), i),
            around(i + 1, i + 26),
            self.weights[i].clamp(-20.0, 200.0),
            (self.weights[i] / most).clamp(-1.0, 1.0),
            self.ends_before[i],
            self.ends_before.last().copied().unwrap_or(0.0) - self.ends_before[i],
        ]);
    }

    /// What the rules give to the boxes around a line, against the box they chose.
    fn weights_around(&self, block: &Block, out: &mut Vec<f32>) {
        let most = self.weighed[self.root as usize].max(1.0);
        let mut at = block.owner;
        for _ in 0..5 {
            out.push((self.weighed[at as usize] / most).clamp(-1.0, 1.0));
            if at != 0 {
                at = self.seen.dom.node(at).parent;
            }
        }
    }
}
