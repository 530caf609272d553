//! Boosted trees: a sum of small decision trees over a row of figures.
//!
//! In: bytes as training wrote them, a row. Out: the sum of one leaf of each tree, and as a probability. Trees stand
//! in one array, every left child right behind its parent. Bytes that are no such trees are refused as a whole.

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

/// Trees that are summed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trees {
    /// Figures in a row.
    width: usize,
    steps: Vec<Step>,
    /// Where each tree begins in `steps`; places within a tree count from there.
    starts: Vec<u32>,
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
        self.starts.push(u32::try_from(self.steps.len()).unwrap_or(u32::MAX));
        self.steps.extend_from_slice(tree);
    }

    /// The sum for a row; rows that are too short count as zeros beyond their end.
    #[must_use]
    pub fn sum(&self, row: &[f32]) -> f32 {
        let mut sum = 0.0;
        for &start in &self.starts {
            let tree = &self.steps[start as usize..];
            let mut at = 0;
            loop {
                let step = tree[at];
                if step.figure == Step::LEAF {
                    sum += step.value;
                    break;
                }
                let figure = row.get(step.figure as usize).copied().unwrap_or(0.0);
                at = if figure > step.value { step.above as usize } else { at + 1 };
            }
        }
        sum
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
        out.extend(count(self.starts.len()));
        for (i, &start) in self.starts.iter().enumerate() {
            let end = self.starts.get(i + 1).map_or(self.steps.len(), |e| *e as usize);
            out.extend(count(end - start as usize));
            for step in &self.steps[start as usize..end] {
                out.extend(step.figure.to_le_bytes());
                out.extend(step.above.to_le_bytes());
                out.extend(step.value.to_le_bytes());
            }
        }
    }

    /// Reads trees from byte `at` on and moves `at` past them.
    ///
    /// # Errors
    /// Bytes that end too early, or a step that leads backwards or out of its tree.
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
            if !is_sound(&tree) {
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

/// Every step leads forwards and to a place that is there, so that every walk ends.
fn is_sound(tree: &[Step]) -> bool {
    let ok = |(at, step): (usize, &Step)| {
        step.figure == Step::LEAF
            || (step.above as usize > at
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
