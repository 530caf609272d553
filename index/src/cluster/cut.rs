//! Texts as the cluster is given them: cut on our side, so that it only has to split at blanks.
//!
//! In: an original text, or a folded literal. Out: tokens parted by blanks. A cell stands at twice its position in
//! characters; what fills the odd positions, and those within a run of several characters, is [`HOLE`], which the
//! cluster drops; where a blank parts two runs it is a token as well, at its own even position; where a sentence or
//! paragraph begins, the odd position before its first cell holds a mark. So
//! distances are distances in characters, a literal runs across marks, and marks are on no cell. None of these tokens
//! can be a cell: cells are word characters, or one character, and control characters are folded away.

use std::borrow::Cow;

use pipelines::text::{self, Cell, cells};

use crate::tokenize::{begun_cells, is_paired, pair_term, shortened_beyond};

/// Stands where no token is.
pub(super) const HOLE: &str = "\u{7f}";
/// Stands before the first cell of a sentence that begins no paragraph.
pub(super) const SENTENCE: &str = "||";
/// Stands before the first cell of a paragraph.
pub(super) const PARAGRAPH: &str = "|||";
/// Stands where a blank parts two runs: `5 3` is not `5-3`.
const BLANK: &str = "~~";
/// Raised whenever what is made of a text changes.
pub(super) const VERSION: u32 = 2;
/// Longest run that is a term as it stands, in bytes: the cluster takes terms of up to 32,766. Of a longer run, only
/// the whole is found, not a part of it by `*`.
const LONGEST_CELL: usize = 30_000;
/// Longest token that is not split; more than [`LONGEST_CELL`].
pub(super) const LONGEST_TOKEN: usize = 32_000;

/// The term of one cell.
pub(super) fn term<'a>(folded: &'a str, cell: &Cell) -> Cow<'a, str> {
    shortened_beyond(LONGEST_CELL, &folded[cell.start..cell.end])
}

/// Tokens in the making.
#[derive(Default)]
struct Tokens {
    text: String,
    /// The position of the next token.
    next: usize,
    /// Where the cell before ends, in bytes.
    end: usize,
}

impl Tokens {
    fn push(&mut self, token: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(token);
        self.next += 1;
    }

    /// Puts a cell of `folded` at its position; before it `mark`, where there is room for one.
    fn put(&mut self, folded: &str, cell: &Cell, mark: &str) {
        let position = 2 * cell.position;
        let blank = (self.end > 0 && cell.start > self.end).then(|| position - 2);
        while self.next < position {
            self.push(match self.next {
                next if Some(next) == blank => BLANK,
                next if next + 1 == position => mark,
                _ => HOLE,
            });
        }
        self.push(&term(folded, cell));
        self.end = cell.end;
    }
}

/// An original text.
pub(super) fn text(original: &str) -> String {
    let folded = text::fold(original);
    let mut tokens = Tokens { text: String::with_capacity(2 * original.len()), next: 0, end: 0 };
    for begun in begun_cells(original, &folded) {
        let mark = match (begun.paragraph, begun.sentence) {
            (true, _) => PARAGRAPH,
            (_, true) => SENTENCE,
            _ => HOLE,
        };
        tokens.put(folded.text(), &begun.cell, mark);
    }
    tokens.text
}

/// A folded literal.
pub(super) fn phrase(folded: &str) -> String {
    let mut tokens = Tokens::default();
    for cell in cells(folded) {
        tokens.put(folded, &cell, HOLE);
    }
    tokens.text
}

/// The pairs of folded texts, parted by blanks, in order, each as often as it stands there.
pub(super) fn pairs(folded: &str) -> impl Iterator<Item = &str> {
    let mut left: Option<Cell> = None;
    cells(folded).filter_map(move |right| {
        let left = left.replace(right)?;
        is_paired(folded, &left, &right).then(|| pair_term(folded, &left, &right))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(original: &str, expected: &str) {
        assert_eq!(text(original).replace(HOLE, "~"), expected, "{original}");
    }

    #[test]
    fn cells_stand_at_even_positions_and_marks_at_odd_ones() {
        check("我们好。的", "我 ~ 们 ~ 好 ~ 。 || 的");
        check("好\n坏", "好 ||| 坏");
        check("ＡＩ ok矿", "ai ~ ~ ~ ~~ ~ ok ~ ~ ~ 矿");
        check("a_b|c", "a ~ _ ~ b ~ | ~ c");
        check("", "");
    }

    #[test]
    fn nothing_of_ours_can_be_a_cell() {
        assert_eq!(text::fold(HOLE).text(), "");
        for mark in [SENTENCE, PARAGRAPH, BLANK] {
            assert!(cells(mark).count() > 1, "{mark}");
        }
    }

    #[test]
    fn literals_are_cut_as_texts_are() {
        for literal in ["瓦斯", "gas leak", "5号pm2.5", "好。坏"] {
            let folded = text::fold(literal);
            let cut = text(literal).replace(SENTENCE, HOLE);
            assert_eq!(phrase(folded.text()), cut, "{literal}");
        }
        assert_eq!(pairs("中国人民").collect::<Vec<_>>(), ["中国", "国人", "人民"]);
    }
}
