//! The learned judge: which lines of a page are its text.
//!
//! In: a page cut into lines, and what the rules of `body` keep. Out: the lines that are text. Two sums of trees judge
//! every line: one is told what the rules think, the other is not, so that a page which deceives the rules need not
//! deceive both. Of their odds those of the untold count for more. Lines are kept from the surest down to where the F1 to be expected is
//! largest: a page that is unlike all others is judged by its own measure. `guanlan train` makes the trees.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::blocks::Lines;
use super::body::Body;
use super::features::{self, Seen};
use super::trees::{BadTrees, Trees};
use super::{phrase, title};

/// The trees of the reader.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judge {
    /// Told what the rules think.
    pub told: Trees,
    /// Told only what can be seen.
    pub untold: Trees,
}

/// What the odds of the told trees count, those of the untold being the rest: on pages, and on threads, whose rules know
/// what posts look like. By cross-validation by site from 0 to 0.7.
const TOLD: f32 = 0.25;
const TOLD_OF_THREADS: f32 = 0.5;
/// Probabilities are raised to this power before lines are weighed against each other; chosen by cross-validation by
/// site from 0.8 to 1.4, where the figures differ by 0.002.
const SHARPER: f32 = 1.2;
/// No line less likely than this is kept, whatever the page, and none more likely than the second is left out.
const LEAST: f32 = 0.05;
const ENOUGH: f32 = 0.55;
/// A text of which this share (of different letters) is there twice is there in two copies.
const TWO_COPIES: f32 = 0.6;
/// Letters of a line that are compared to find copies.
const COPY_CHARS: u32 = 8;

static SHIPPED: LazyLock<Judge> = LazyLock::new(|| {
    Judge::of_bytes(include_bytes!("../../../config/models/reader.trees"))
        .expect("the shipped trees are read by a test")
});

impl Judge {
    /// The trees that are compiled in.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Trees as [`Judge::to_bytes`] wrote them.
    ///
    /// # Errors
    /// Bytes that are cut, damaged, or followed by others.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self, BadTrees> {
        let mut at = 0;
        let told = Trees::read(bytes, &mut at)?;
        let untold = Trees::read(bytes, &mut at)?;
        if at == bytes.len() { Ok(Self { told, untold }) } else { Err(BadTrees(at)) }
    }

    /// The trees as a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.told.write(&mut out);
        self.untold.write(&mut out);
        out
    }

    /// The lines that are text, or those of the rules where the judge finds none; and how sure that is, as the F1 to
    /// be expected.
    pub(super) fn text_of(&self, seen: &Seen<'_, '_>, rule: &Body) -> (Body, f32) {
        let rows = features::rows(seen, rule);
        let lines = seen.lines;
        let told = self.told.sums(&rows.all, rows.width);
        let untold = self.untold.sums(&rows.all, rows.width);
        let share = if seen.is_thread { TOLD_OF_THREADS } else { TOLD };
        let likely: Vec<f32> = told
            .iter()
            .zip(untold)
            .map(|(told, untold)| {
                let odds = share * told + (1.0 - share) * untold;
                1.0 / (1.0 + (-odds).exp())
            })
            .collect();
        let (least, sure) = least_likely(lines, &likely);
        let mut kept: Vec<usize> = (0..likely.len())
            .filter(|&i| likely[i] >= least && lines.blocks[i].chars > 0)
            .collect();
        if seen.is_thread {
            add_short_replies(&mut kept, rule, seen);
        } else {
            phrase::trim_head(&mut kept, lines);
        }
        drop_second_copy(&mut kept, lines);
        let body = if kept.is_empty() { rule.clone() } else { Body { kept, root: rule.root } };
        (body, sure)
    }
}

/// The likelihood from which on lines are kept, where the expected F1 of the text is largest, and that F1.
fn least_likely(lines: &Lines, likely: &[f32]) -> (f32, f32) {
    let mut order: Vec<usize> = (0..likely.len()).filter(|&i| lines.blocks[i].chars > 0).collect();
    order.sort_by(|a, b| likely[*b].total_cmp(&likely[*a]).then(a.cmp(b)));
    let letters = |i: usize| lines.blocks[i].chars as f32;
    let sure = |i: usize| likely[i].powf(SHARPER) * letters(i);
    let expected: f32 = order.iter().map(|&i| sure(i)).sum();
    let (mut right, mut kept) = (0.0, 0.0);
    let mut best = (0.0, 0.5);
    for &i in &order {
        right += sure(i);
        kept += letters(i);
        let f1 = 2.0 * right / (kept + expected).max(1e-6);
        if f1 > best.0 {
            best = (f1, likely[i]);
        }
    }
    (best.1.clamp(LEAST, ENOUGH), best.0)
}

/// Short replies (顶) say too little to be judged alone: those that the rules keep stay where most of what stands in
/// boxes of the same name is text.
fn add_short_replies(kept: &mut Vec<usize>, rule: &Body, seen: &Seen<'_, '_>) {
    let lines = seen.lines;
    let boxes = features::boxes_of(seen);
    let mut letters: HashMap<u32, (u32, u32)> = HashMap::new();
    for (i, block) in lines.blocks.iter().enumerate() {
        let share = letters.entry(boxes[i]).or_default();
        share.1 += block.chars;
        share.0 += if kept.binary_search(&i).is_ok() { block.chars } else { 0 };
    }
    let is_text = |i: &usize| {
        let (text, all) = letters[&boxes[*i]];
        text * 2 >= all
    };
    kept.extend(rule.kept.iter().filter(|i| is_text(i)));
    kept.sort_unstable();
    kept.dedup();
}

/// Pages that carry their text for desktop and for phone carry it twice; the first copy stays.
fn drop_second_copy(kept: &mut Vec<usize>, lines: &Lines) {
    let mut first: HashMap<String, u32> = HashMap::new();
    let mut second: Vec<usize> = Vec::new();
    let (mut all, mut twice, mut different) = (0.0, 0.0, 0);
    for &i in kept.iter().filter(|&&i| lines.blocks[i].chars >= COPY_CHARS) {
        let letters = lines.blocks[i].chars;
        let times = first.entry(title::bare(lines.line(&lines.blocks[i]))).or_default();
        *times += 1;
        match *times {
            1 => all += letters as f32,
            2 => {
                twice += letters as f32;
                different += 1;
            }
            _ => {}
        }
        if *times > 1 {
            second.push(i);
        }
    }
    if different >= 2 && twice >= TWO_COPIES * all {
        kept.retain(|i| second.binary_search(i).is_err());
    }
}

#[cfg(test)]
mod tests {
    use super::Judge;

    #[test]
    fn the_shipped_trees_are_read() {
        let judge = Judge::of_bytes(include_bytes!("../../../config/models/reader.trees"));
        assert!(judge.is_ok_and(|j| j.told.width() > j.untold.width()));
    }

    #[test]
    fn bytes_behind_the_trees_are_refused() {
        let mut bytes = Judge::default().to_bytes();
        assert!(Judge::of_bytes(&bytes).is_ok());
        bytes.push(0);
        assert!(Judge::of_bytes(&bytes).is_err());
    }
}
