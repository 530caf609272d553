//! Boosted trees: a sum of small decision trees over a row of figures.
//!
//! In: bytes as training wrote them, rows. Out: for each row the sum of one leaf of each tree, also as a probability. In a
//! file every left child stands right behind its parent. Rows are walked down a tree several at once and without a
//! branch, so that a processor waits neither for guesses nor for memory. Bytes that are no such trees are refused as a
//! whole.

use thiserror::Error;

/// Why bytes are no trees.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the trees of the reader are cut or damaged at byte {0}")]
pub struct BadTrees(pub usize);

/// One step of a tree, or its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The figure asked for; [`Step::LEAF`] at the end.
    pub figure: u16,
    /// Where to go when the figure is larger, as a place in the array; the next place otherwise.
    pub above: u16,
    /// The bound, or at the end what the tree says.
    pub value: f32,
}

impl Step {
    /// No figure: the end of a tree.
    pub const LEAF: u16 = u16::MAX;
    /// Bytes of a step.
    const BYTES: usize = 8;
}

/// A step as it is walked. An end leads to itself, whatever the figure.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    bound: f32,
    answer: f32,
    figure: u16,
    below: u16,
    above: u16,
}

impl Node {
    fn of(at: usize, step: &Step) -> Self {
        let own = u16::try_from(at).unwrap_or(u16::MAX);
        if step.figure == Step::LEAF {
            return Self { bound: 0.0, answer: step.value, figure: 0, below: own, above: own };
        }
        let below = own.saturating_add(1);
        Self { bound: step.value, answer: 0.0, figure: step.figure, below, above: step.above }
    }

    fn step(&self) -> Step {
        if self.below == self.above {
            return Step { figure: Step::LEAF, above: 0, value: self.answer };
        }
        Step { figure: self.figure, above: self.above, value: self.bound }
    }

    fn next(&self, figure: f32) -> u16 {
        if figure > self.bound { self.above } else { self.below }
    }
}

/// Where a tree lies among the nodes, and the most steps from its root to an end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tree {
    from: usize,
    to: usize,
    depth: usize,
}

/// Rows that are walked at once.
const AT_ONCE: usize = 8;

/// Trees that are summed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trees {
    /// Figures in a row.
    width: usize,
    nodes: Vec<Node>,
    trees: Vec<Tree>,
}

impl Trees {
    /// Trees over rows of `width` figures, still none.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Figures in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Adds a tree: its steps in the order described above.
    pub fn push(&mut self, tree: &[Step]) {
        let from = self.nodes.len();
        self.nodes.extend(tree.iter().enumerate().map(|(at, step)| Node::of(at, step)));
        self.trees.push(Tree { from, to: self.nodes.len(), depth: depth_of(tree) });
    }

    /// The sum for a row; rows that are too short count as zeros beyond their end.
    #[must_use]
    pub fn sum(&self, row: &[f32]) -> f32 {
        let mut sum = 0.0;
        for tree in &self.trees {
            let nodes = &self.nodes[tree.from..tree.to];
            let mut at = 0;
            for _ in 0..tree.depth {
                let node = nodes[at];
                at = node.next(row.get(node.figure as usize).copied().unwrap_or(0.0)) as usize;
            }
            sum += nodes[at].answer;
        }
        sum
    }

    /// The sums for all rows of `figures`, each `stride` long and at least as long as the trees are wide.
    #[must_use]
    pub fn sums(&self, figures: &[f32], stride: usize) -> Vec<f32> {
        if stride < self.width || stride == 0 {
            return figures.chunks(stride.max(1)).map(|row| self.sum(row)).collect();
        }
        let mut out = Vec::with_capacity(figures.len() / stride);
        for rows in figures.chunks(stride * AT_ONCE) {
            let mut sums = [0.0; AT_ONCE];
            if rows.len() == stride * AT_ONCE {
                self.walk(rows, stride, &mut sums);
            } else {
                for (sum, row) in sums.iter_mut().zip(rows.chunks(stride)) {
                    *sum = self.sum(row);
                }
            }
            out.extend_from_slice(&sums[..rows.len() / stride]);
        }
        out
    }

    fn walk(&self, rows: &[f32], stride: usize, sums: &mut [f32; AT_ONCE]) {
        for tree in &self.trees {
            let nodes = &self.nodes[tree.from..tree.to];
            let mut at = [0u16; AT_ONCE];
            for _ in 0..tree.depth {
                for (row, at) in at.iter_mut().enumerate() {
                    let node = &nodes[*at as usize];
                    *at = node.next(rows[row * stride + node.figure as usize]);
                }
            }
            for (sum, at) in sums.iter_mut().zip(at) {
                *sum += nodes[at as usize].answer;
            }
        }
    }

    /// The sum as a probability.
    #[must_use]
    pub fn probability(&self, row: &[f32]) -> f32 {
        1.0 / (1.0 + (-self.sum(row)).exp())
    }

    /// Appends the trees to a file.
    pub fn write(&self, out: &mut Vec<u8>) {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
        out.extend(count(self.width));
        out.extend(count(self.trees.len()));
        for tree in &self.trees {
            out.extend(count(tree.to - tree.from));
            for step in self.nodes[tree.from..tree.to].iter().map(Node::step) {
                out.extend(step.figure.to_le_bytes());
                out.extend(step.above.to_le_bytes());
                out.extend(step.value.to_le_bytes());
            }
        }
    }

    /// Reads trees from byte `at` on and moves `at` past them.
    ///
    /// # Errors
    /// Bytes that end too early, a step that leads backwards or out of its tree, or one that asks beyond the row.
    pub fn read(bytes: &[u8], at: &mut usize) -> Result<Self, BadTrees> {
        let width = number(bytes, at)?;
        let count = number(bytes, at)?;
        let mut trees = Self::new(width as usize);
        for _ in 0..count {
            let from = *at;
            let len = number(bytes, at)? as usize;
            let end = len.checked_mul(Step::BYTES).and_then(|n| at.checked_add(n));
            let part = end.and_then(|end| bytes.get(*at..end)).ok_or(BadTrees(from))?;
            let tree: Vec<Step> = part.chunks_exact(Step::BYTES).map(step).collect();
            if !is_sound(&tree, trees.width) {
                return Err(BadTrees(from));
            }
            *at += part.len();
            trees.push(&tree);
        }
        Ok(trees)
    }
}

fn number(bytes: &[u8], at: &mut usize) -> Result<u32, BadTrees> {
    let four = at.checked_add(4).and_then(|end| bytes.get(*at..end)).ok_or(BadTrees(*at))?;
    *at += 4;
    Ok(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

fn step(b: &[u8]) -> Step {
    Step {
        figure: u16::from_le_bytes([b[0], b[1]]),
        above: u16::from_le_bytes([b[2], b[3]]),
        value: f32::from_le_bytes([b[4], b[5], b[6], b[7]]),
    }
}

/// The most steps from the root of a tree to an end. Every step leads forwards, so one pass backwards tells.
fn depth_of(tree: &[Step]) -> usize {
    let mut depths = vec![0usize; tree.len()];
    for (at, step) in tree.iter().enumerate().rev().filter(|(_, s)| s.figure != Step::LEAF) {
        let below = |next: usize| depths.get(next).copied().unwrap_or(0);
        depths[at] = 1 + below(at + 1).max(below(step.above as usize));
    }
    depths.first().copied().unwrap_or(0)
}

/// Every step leads forwards and to a place that is there, so that every walk ends.
fn is_sound(tree: &[Step], width: usize) -> bool {
    let ok = |(at, step): (usize, &Step)| {
        step.figure == Step::LEAF
            || (step.above as usize > at + 1
                && (step.figure as usize) < width
                && (step.above as usize) < tree.len()
                && at + 1 < tree.len())
    };
    !tree.is_empty() && tree.iter().enumerate().all(ok)
}

#[cfg(test)]
mod tests {
    use super::{BadTrees, Step, Trees};

    fn small() -> Trees {
        let leaf = |value| Step { figure: Step::LEAF, above: 0, value };
        let mut trees = Trees::new(2);
        trees.push(&[Step { figure: 1, above: 2, value: 0.5 }, leaf(-1.0), leaf(2.0)]);
        trees.push(&[leaf(0.25)]);
        trees
    }

    #[test]
    fn a_row_falls_into_one_leaf_of_each_tree() {
        assert_eq!(small().sum(&[0.0, 0.5]), -0.75);
        assert_eq!(small().sum(&[0.0, 0.6]), 2.25);
        assert_eq!(small().sum(&[]), -0.75);
    }

    #[test]
    fn many_rows_at_once_are_summed_like_one() {
        let figures: Vec<f32> = (0..3 * 21).map(|n| (n * 7 % 11) as f32 / 10.0).collect();
        let one_by_one: Vec<f32> = figures.chunks(3).map(|row| small().sum(row)).collect();
        assert_eq!(small().sums(&figures, 3), one_by_one);
        assert_eq!(small().sums(&[0.9, 0.1], 1), [-0.75, -0.75]);
    }

    #[test]
    fn what_was_written_is_read_and_damage_is_refused() {
        let mut bytes = Vec::new();
        small().write(&mut bytes);
        let mut at = 0;
        assert_eq!(Trees::read(&bytes, &mut at), Ok(small()));
        assert_eq!(at, bytes.len());
        for cut in 0..bytes.len() {
            assert!(Trees::read(&bytes[..cut], &mut 0).is_err(), "{cut}");
        }
        // A step that leads back to itself would never end.
        bytes[14] = 0;
        assert_eq!(Trees::read(&bytes, &mut 0), Err(BadTrees(8)));
    }
}
