//! Learns boosted trees: rows of figures, yes or no, what each row counts.
//!
//! In: rows, labels, weights, a seed. Out: `Trees` for the log odds. Figures are cut into at most 64 bins, trees grow
//! leaf by leaf at the best gain, each from a part of the rows and figures. The same input gives the same trees.
//! Knows nothing of what the figures mean.

use pipelines::extract::{Step, Trees};

/// Bins of a figure.
const BINS: usize = 64;

/// How to learn. The numbers of [`Boost::TOLD`] and [`Boost::UNTOLD`] were chosen by cross-validation by site on the
/// labelled pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boost {
    /// Trees to grow.
    pub(super) trees: usize,
    /// Leaves of a tree.
    pub(super) leaves: usize,
    /// What of a tree's answer is taken.
    pub(super) rate: f32,
    /// Share of the figures each tree may ask for.
    pub(super) figures: f32,
    /// Share of the rows each tree learns from.
    pub(super) rows: f32,
    /// Pull of the leaves towards zero, in units of weight.
    pub(super) pull: f32,
    /// Least rows in a leaf.
    pub(super) least: usize,
}

impl Boost {
    /// For the trees that are told what the rules think, which is most of what they need.
    pub(super) const TOLD: Self = Self {
        trees: 160,
        leaves: 10,
        rate: 0.09,
        figures: 0.25,
        rows: 0.8,
        pull: 25.0,
        least: 50,
    };

    /// For those that must see for themselves.
    pub(super) const UNTOLD: Self = Self { trees: 240, leaves: 16, rate: 0.06, ..Self::TOLD };
}

/// What is learned from.
pub(super) struct Rows<'a> {
    /// Figures a row.
    pub(super) width: usize,
    /// All figures, row after row.
    pub(super) figures: &'a [f32],
    pub(super) labels: &'a [bool],
    pub(super) weights: &'a [f32],
}

/// Learns trees.
pub(super) fn learn(rows: &Rows<'_>, how: &Boost, seed: u64) -> Trees {
    let bins = Bins::of(rows);
    let binned = bins.bin(rows);
    let count = rows.labels.len();
    let mut sums = vec![0.0f32; count];
    let mut slopes = vec![(0.0f32, 0.0f32); count];
    let mut trees = Trees::new(rows.width);
    let mut dice = Dice(seed ^ 0x9e37_79b9_7f4a_7c15);
    for _ in 0..how.trees {
        for i in 0..count {
            let p = 1.0 / (1.0 + (-sums[i]).exp());
            let y = f32::from(u8::from(rows.labels[i]));
            slopes[i] = ((p - y) * rows.weights[i], (p * (1.0 - p)).max(1e-4) * rows.weights[i]);
        }
        let taken = (0..count as u32)
            .filter(|&i| rows.weights[i as usize] > 0.0 && dice.below(how.rows))
            .collect();
        let asked: Vec<usize> = (0..rows.width).filter(|_| dice.below(how.figures)).collect();
        if asked.is_empty() {
            continue;
        }
        let grower = Grower { binned: &binned, width: rows.width, slopes: &slopes, asked, how };
        let tree = grower.grow(taken);
        let steps = tree.steps(&bins);
        let mut one = Trees::new(rows.width);
        one.push(&steps);
        for (sum, more) in sums.iter_mut().zip(one.sums(rows.figures, rows.width)) {
            *sum += more;
        }
        trees.push(&steps);
    }
    trees
}

/// Chance that is the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, share: f32) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 40) as f32) < share * (1u64 << 24) as f32
    }
}

/// The upper bounds of the bins of every figure.
struct Bins(Vec<Vec<f32>>);

impl Bins {
    fn of(rows: &Rows<'_>) -> Self {
        let count = rows.labels.len();
        // A sample is enough to place bounds.
        let step = (count / 20_000).max(1);
        let bounds = (0..rows.width).map(|f| {
            let mut values: Vec<f32> = (0..count)
                .step_by(step)
                .filter(|&i| rows.weights[i] > 0.0)
                .map(|i| rows.figures[i * rows.width + f])
                .collect();
            values.sort_by(f32::total_cmp);
            let mut bounds: Vec<f32> = Vec::new();
            for b in 1..BINS {
                let Some(&low) = values.get(b * values.len() / BINS) else { continue };
                // The bound lies between two values, so that rounding on another machine moves no row.
                let next = values[values.partition_point(|v| *v <= low)..].first();
                let Some(&next) = next else { break };
                let bound = low + (next - low) * 0.5;
                if bounds.last().is_none_or(|last| *last < bound) {
                    bounds.push(bound);
                }
            }
            bounds
        });
        Self(bounds.collect())
    }

    fn bin(&self, rows: &Rows<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(rows.figures.len());
        for row in rows.figures.chunks_exact(rows.width) {
            out.extend(
                row.iter().zip(&self.0).map(|(v, b)| b.partition_point(|bound| bound < v) as u8),
            );
        }
        out
    }
}

/// Slopes summed by figure and bin.
type Histogram = Vec<(f32, f32, u32)>;

/// A split: what it gains, the figure (its place in `asked`), the last bin below.
#[derive(Clone, Copy)]
struct Split {
    gain: f32,
    asked: usize,
    bin: u8,
}

struct Leaf {
    rows: Vec<u32>,
    histogram: Histogram,
    best: Option<Split>,
    node: usize,
}

enum Node {
    Leaf(f32),
    Split { figure: usize, bin: u8, below: usize, above: usize },
}

struct Tree(Vec<Node>);

impl Tree {
    /// The steps in the order that `Trees` wants.
    fn steps(&self, bins: &Bins) -> Vec<Step> {
        let mut out = Vec::new();
        self.write(0, bins, &mut out);
        out
    }

    fn write(&self, at: usize, bins: &Bins, out: &mut Vec<Step>) {
        match self.0[at] {
            Node::Leaf(value) => out.push(Step { figure: Step::LEAF, above: 0, value }),
            Node::Split { figure, bin, below, above } => {
                let here = out.len();
                let value = bins.0[figure][bin as usize];
                out.push(Step { figure: figure as u16, above: 0, value });
                self.write(below, bins, out);
                out[here].above = out.len() as u16;
                self.write(above, bins, out);
            }
        }
    }
}

struct Grower<'a> {
    binned: &'a [u8],
    width: usize,
    slopes: &'a [(f32, f32)],
    asked: Vec<usize>,
    how: &'a Boost,
}

impl Grower<'_> {
    fn grow(&self, rows: Vec<u32>) -> Tree {
        let mut nodes = vec![Node::Leaf(self.answer(&rows))];
        let histogram = self.histogram(&rows);
        let best = self.best(&histogram);
        let mut leaves = vec![Leaf { rows, histogram, best, node: 0 }];
        while leaves.len() < self.how.leaves {
            let gain = |l: &Leaf| l.best.map_or(0.0, |b| b.gain);
            let Some(at) = (0..leaves.len())
                .max_by(|a, b| gain(&leaves[*a]).total_cmp(&gain(&leaves[*b])).then(b.cmp(a)))
                .filter(|&at| gain(&leaves[at]) > 1e-6)
            else {
                break;
            };
            let leaf = leaves.swap_remove(at);
            leaves.extend(self.split(leaf, &mut nodes));
        }
        Tree(nodes)
    }

    fn split(&self, leaf: Leaf, nodes: &mut Vec<Node>) -> [Leaf; 2] {
        let Split { asked, bin, .. } = leaf.best.expect("a leaf is chosen by its split");
        let figure = self.asked[asked];
        let (below, above): (Vec<u32>, Vec<u32>) =
            leaf.rows.iter().partition(|&&i| self.binned[i as usize * self.width + figure] <= bin);
        let small = self.histogram(if below.len() < above.len() { &below } else { &above });
        let mut large = leaf.histogram;
        for (l, s) in large.iter_mut().zip(&small) {
            *l = (l.0 - s.0, l.1 - s.1, l.2 - s.2);
        }
        let (first, second) =
            if below.len() < above.len() { (small, large) } else { (large, small) };
        let node = |rows: Vec<u32>, histogram: Histogram, nodes: &mut Vec<Node>| {
            nodes.push(Node::Leaf(self.answer(&rows)));
            Leaf { best: self.best(&histogram), rows, histogram, node: nodes.len() - 1 }
        };
        let first = node(below, first, nodes);
        let second = node(above, second, nodes);
        nodes[leaf.node] = Node::Split { figure, bin, below: first.node, above: second.node };
        [first, second]
    }

    fn answer(&self, rows: &[u32]) -> f32 {
        let (g, h) = rows.iter().fold((0.0f64, 0.0f64), |(g, h), &i| {
            let s = self.slopes[i as usize];
            (g + f64::from(s.0), h + f64::from(s.1))
        });
        (-g / (h + f64::from(self.how.pull))) as f32 * self.how.rate
    }

    fn histogram(&self, rows: &[u32]) -> Histogram {
        let mut out = vec![(0.0, 0.0, 0); self.asked.len() * BINS];
        for &i in rows {
            let (g, h) = self.slopes[i as usize];
            let row = &self.binned[i as usize * self.width..][..self.width];
            for (bins, &figure) in out.chunks_exact_mut(BINS).zip(&self.asked) {
                let bin = &mut bins[row[figure] as usize];
                *bin = (bin.0 + g, bin.1 + h, bin.2 + 1);
            }
        }
        out
    }

    fn best(&self, histogram: &Histogram) -> Option<Split> {
        let pull = self.how.pull;
        let worth = |g: f32, h: f32| g * g / (h + pull);
        let least = self.how.least as u32;
        let mut best: Option<Split> = None;
        for (asked, bins) in histogram.chunks_exact(BINS).enumerate() {
            let all = bins.iter().fold((0.0, 0.0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
            let mut below = (0.0, 0.0, 0u32);
            for (bin, b) in bins[..BINS - 1].iter().enumerate() {
                below = (below.0 + b.0, below.1 + b.1, below.2 + b.2);
                if b.2 == 0 || below.2 < least || all.2 - below.2 < least {
                    continue;
                }
                let gain = worth(below.0, below.1) + worth(all.0 - below.0, all.1 - below.1)
                    - worth(all.0, all.1);
                if best.is_none_or(|b| gain > b.gain) {
                    best = Some(Split { gain, asked, bin: bin as u8 });
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::{Boost, Rows, learn};

    #[test]
    fn trees_learn_what_no_single_figure_tells() {
        // Yes where exactly one of two figures is high; the third says nothing.
        let mut figures = Vec::new();
        let mut labels = Vec::new();
        for i in 0..2000u32 {
            let (a, b, c) = (i % 7, (i / 7) % 5, i % 3);
            figures.extend([a as f32, b as f32, c as f32]);
            labels.push((a > 3) != (b > 2));
        }
        let weights = vec![1.0; labels.len()];
        let rows = Rows { width: 3, figures: &figures, labels: &labels, weights: &weights };
        let how = Boost { figures: 1.0, trees: 40, ..Boost::TOLD };
        let trees = learn(&rows, &how, 1);
        let right = figures
            .chunks_exact(3)
            .zip(&labels)
            .filter(|(row, label)| (trees.probability(row) > 0.5) == **label)
            .count();
        assert_eq!(right, labels.len());
        assert_eq!(learn(&rows, &how, 1), trees, "the same seed gives the same trees");
    }
}
