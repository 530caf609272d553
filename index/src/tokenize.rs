//! The terms of a text, made on our side so that any engine would see the same ones.
//!
//! In: a field value made by [`value`]: folded text and the places where sentences and paragraphs begin.
//! Out: tokens for two views. `cells`: each cell at its position in characters of folded text, each blank
//! between two runs, and a mark where a sentence or paragraph begins. `pairs`: each two neighbouring
//! characters that are a term of their own (`paired.rs`), without positions.
//! A query must make its terms by the same functions. Nothing here folds or interprets.

use std::borrow::Cow;
use std::fmt::Write;

use pipelines::text::{self, Cell, Cells, cells};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

use crate::paired::is_pair;

/// Raised whenever the terms made of a text change.
pub(crate) const VERSION: u32 = 4;

/// The term of a blank between two runs. No cell begins with a blank.
pub(crate) const BLANK: &str = " ";

/// The term that stands in `cells` at the first cell of each sentence but the first.
pub(crate) const SENTENCE: &str = " s";

/// The same for paragraphs.
pub(crate) const PARAGRAPH: &str = " p";

/// Parts the folded text (which has no control characters) from the marks.
const END_OF_TEXT: char = '\u{0}';

/// What is left of the start of a run that is too long for a term, in bytes.
const KEPT_START: usize = 120;

/// Longest run that is a term of `cells` as it stands: the library drops terms beyond 65,530 bytes. Of a
/// longer run, only the whole is found, not a part of it by `*`.
const LONGEST_CELL: usize = 60_000;

/// Gives the tokenizers to `index`; needed after every open.
pub(crate) fn register(index: &tantivy::Index) {
    let manager = index.tokenizers();
    manager.register("pairs", TextAnalyzer::builder(Pairs).build());
    manager.register("cells", TextAnalyzer::builder(Singles).build());
}

/// The field value for an original text: its folded form and its marks.
pub(crate) fn value(original: &str) -> String {
    let folded = text::fold(original);
    let mut value = String::with_capacity(folded.text().len() + 64);
    value.push_str(folded.text());
    value.push(END_OF_TEXT);
    for begun in begun_cells(original, &folded) {
        if begun.sentence {
            // Writing to a string cannot fail.
            let _ = write!(value, "{} ", begun.cell.position);
        }
        if begun.paragraph {
            let _ = write!(value, "p{} ", begun.cell.position);
        }
    }
    value
}

/// A cell, and whether a sentence or paragraph other than the first begins with it.
pub(crate) struct BegunCell {
    pub cell: Cell,
    pub sentence: bool,
    pub paragraph: bool,
}

/// The cells of `original`, which is `folded`, and what begins with each.
pub(crate) fn begun_cells<'f>(
    original: &str,
    folded: &'f text::Folded,
) -> impl Iterator<Item = BegunCell> + use<'f> {
    let (sentences, paragraphs) = (text::sentences(original), text::paragraphs(original));
    let (mut sentence, mut paragraph) = (0, 0);
    folded.cells().map(move |cell| {
        let at = folded.original_start(cell.start);
        let (s, p) = (sentences.index_of(at), paragraphs.index_of(at));
        let begun = BegunCell { cell, sentence: s != sentence, paragraph: p != paragraph };
        (sentence, paragraph) = (s, p);
        begun
    })
}

/// The folded text of a field value.
fn folded_part(value: &str) -> &str {
    value.split(END_OF_TEXT).next().unwrap_or(value)
}

/// The term of one cell.
pub(crate) fn cell_term<'a>(folded: &'a str, cell: &Cell) -> Cow<'a, str> {
    shortened(&folded[cell.start..cell.end])
}

/// Whether two neighbouring cells are a term of their own: both single characters, and a pair.
pub(crate) fn is_paired(folded: &str, left: &Cell, right: &Cell) -> bool {
    if left.is_word || right.is_word {
        return false;
    }
    let first = |cell: &Cell| folded[cell.start..].chars().next();
    first(left).zip(first(right)).is_some_and(|(a, b)| is_pair(a, b))
}

/// The term of two neighbouring cells that are a pair. Nothing stands between them: blanks are kept
/// between runs only.
pub(crate) fn pair_term<'a>(folded: &'a str, left: &Cell, right: &Cell) -> &'a str {
    &folded[left.start..right.end]
}

/// `run`, or its start and its hash if it is longer than a term may be.
fn shortened(run: &str) -> Cow<'_, str> {
    shortened_beyond(LONGEST_CELL, run)
}

/// `run`, or its start and its hash if it is longer than `longest` bytes.
pub(crate) fn shortened_beyond(longest: usize, run: &str) -> Cow<'_, str> {
    if run.len() <= longest {
        return Cow::Borrowed(run);
    }
    let cut = (0..=KEPT_START).rev().find(|i| run.is_char_boundary(*i)).unwrap_or(0);
    // FNV-1a: two runs of the same text with equal start and equal hash do not occur.
    let hash = run
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    Cow::Owned(format!("{}\u{1}{hash:016x}", &run[..cut]))
}

#[derive(Clone)]
struct Pairs;

impl Tokenizer for Pairs {
    type TokenStream<'a> = PairStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> PairStream<'a> {
        let folded = folded_part(text);
        let mut cells = cells(folded);
        let left = cells.next();
        PairStream { folded, left, cells, token: Token::default() }
    }
}

struct PairStream<'a> {
    folded: &'a str,
    left: Option<Cell>,
    cells: Cells<'a>,
    token: Token,
}

impl TokenStream for PairStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            let Some(right) = self.cells.next() else { return false };
            let left = self.left.replace(right);
            if let Some(left) = left.filter(|left| is_paired(self.folded, left, &right)) {
                let pair = pair_term(self.folded, &left, &right);
                return set(&mut self.token, left.position, pair);
            }
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

fn set(token: &mut Token, position: usize, text: &str) -> bool {
    token.position = position;
    token.text.clear();
    token.text.push_str(text);
    true
}

#[derive(Clone)]
struct Singles;

impl Tokenizer for Singles {
    type TokenStream<'a> = SingleStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SingleStream<'a> {
        let (folded, marks) = text.split_once(END_OF_TEXT).unwrap_or((text, ""));
        SingleStream {
            folded,
            cells: cells(folded),
            end: 0,
            due: None,
            marks: marks.split_ascii_whitespace(),
            token: Token::default(),
        }
    }
}

struct SingleStream<'a> {
    folded: &'a str,
    cells: Cells<'a>,
    /// Where the cell before ends, in bytes.
    end: usize,
    /// The cell behind a blank.
    due: Option<Cell>,
    marks: std::str::SplitAsciiWhitespace<'a>,
    token: Token,
}

impl SingleStream<'_> {
    fn mark(&mut self) -> bool {
        let Some(mark) = self.marks.next() else { return false };
        let (term, digits) = match mark.strip_prefix('p') {
            Some(digits) => (PARAGRAPH, digits),
            None => (SENTENCE, mark),
        };
        let position = digits.parse().expect("marks are written by `value` as numbers");
        set(&mut self.token, position, term)
    }
}

impl TokenStream for SingleStream<'_> {
    fn advance(&mut self) -> bool {
        let cell = match self.due.take() {
            Some(cell) => cell,
            None => {
                let Some(cell) = self.cells.next() else { return self.mark() };
                if cell.start > self.end {
                    self.due = Some(cell);
                    self.end = cell.end;
                    return set(&mut self.token, cell.position - 1, BLANK);
                }
                cell
            }
        };
        self.end = cell.end;
        set(&mut self.token, cell.position, &cell_term(self.folded, &cell))
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(tokenizer: impl Tokenizer, original: &str) -> Vec<(String, usize)> {
        let value = value(original);
        let mut analyzer = TextAnalyzer::builder(tokenizer).build();
        let mut stream = analyzer.token_stream(&value);
        let mut out = Vec::new();
        while let Some(token) = stream.next() {
            out.push((token.text.clone(), token.position));
        }
        out
    }

    fn check(tokenizer: impl Tokenizer, original: &str, expected: &[(&str, usize)]) {
        let found = terms(tokenizer, original);
        let expected: Vec<_> = expected.iter().map(|(t, p)| ((*t).to_owned(), *p)).collect();
        assert_eq!(found, expected, "{original}");
    }

    #[test]
    fn pairs_are_two_characters_side_by_side() {
        check(Pairs, "中国", &[("中国", 0)]);
        check(Pairs, "中國人民", &[("中国", 0), ("国人", 1), ("人民", 2)]);
        check(Pairs, "中瓦国", &[]);
        check(Pairs, "在5号，中。国", &[]);
        check(Pairs, "ＡＩ ok中", &[]);
        check(Pairs, "", &[]);
    }

    #[test]
    fn cells_carry_positions_in_characters() {
        check(Singles, "矿ab。", &[("矿", 0), ("ab", 1), ("。", 3)]);
        check(Singles, "ＡＩ ok矿", &[("ai", 0), (" ", 2), ("ok", 3), ("矿", 5)]);
        let marked = [("好", 0), ("。", 1), ("坏", 2), (" s", 2), (" p", 2)];
        check(Singles, "好。\n坏", &marked);
        check(Singles, "", &[]);
    }

    #[test]
    fn endless_runs_stay_apart() {
        let run = "x".repeat(500);
        assert_eq!(cell_term(&run, &cells(&run).next().unwrap()), run);
        let (a, b) = ("x".repeat(70_000) + "1", "x".repeat(70_000) + "2");
        assert_ne!(shortened(&a), shortened(&b));
        assert!(shortened(&a).len() < 200);
    }
}
