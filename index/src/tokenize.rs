//! The terms of a text, made on our side so that any engine would see the same ones.
//!
//! In: a field value made by [`value`]: folded text and the places where sentences and paragraphs begin.
//! Out: tokens for three views. `pairs`: each two neighbouring cells, and each run of word characters, at
//! their positions in characters of folded text; and a mark where a sentence or paragraph begins. `cells`:
//! each cell, documents only. `words`: segmented words of
//! two characters and more.
//! A query must make its terms by the same functions. Nothing here folds or interprets.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write;

use pipelines::text::{self, Cell, Cells, Segmenter, cells};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

/// Raised whenever the terms made of a text change.
pub(crate) const VERSION: u32 = 1;

/// The term that stands in `pairs` at the first cell of each sentence but the first. No cell begins with a
/// blank.
pub(crate) const SENTENCE: &str = " s";

/// The same for paragraphs.
pub(crate) const PARAGRAPH: &str = " p";

/// Parts the folded text (which has no control characters) from the marks.
const END_OF_TEXT: char = '\u{0}';

/// Longest run that is a term of `pairs` or `words` as it stands, in bytes; base64 and the like are longer.
const LONGEST_RUN: usize = 120;

/// Longest run that is a term of `cells` as it stands: the library drops terms beyond 65,530 bytes. Of a
/// longer run, only the whole is found, not a part of it by `*`.
const LONGEST_CELL: usize = 60_000;

/// Gives the tokenizers to `index`; needed after every open. Loads no dictionary.
pub(crate) fn register(index: &tantivy::Index, segmenter: &Segmenter) {
    let manager = index.tokenizers();
    manager.register("pairs", TextAnalyzer::builder(Pairs).build());
    manager.register("cells", TextAnalyzer::builder(Singles).build());
    manager.register("words", TextAnalyzer::builder(Words(segmenter.clone())).build());
}

/// The field value for an original text: its folded form and its marks.
pub(crate) fn value(original: &str) -> String {
    let folded = text::fold(original);
    let sentences = text::sentences(original);
    let paragraphs = text::paragraphs(original);
    let mut value = String::with_capacity(folded.text().len() + 64);
    value.push_str(folded.text());
    value.push(END_OF_TEXT);
    let (mut sentence, mut paragraph) = (0, 0);
    for cell in folded.cells() {
        let at = folded.original_start(cell.start);
        let (s, p) = (sentences.index_of(at), paragraphs.index_of(at));
        if s != sentence {
            // Writing to a string cannot fail.
            let _ = write!(value, "{} ", cell.position);
        }
        if p != paragraph {
            let _ = write!(value, "p{} ", cell.position);
        }
        (sentence, paragraph) = (s, p);
    }
    value
}

/// The folded text of a field value.
fn folded_part(value: &str) -> &str {
    value.split(END_OF_TEXT).next().unwrap_or(value)
}

/// The term of one cell.
pub(crate) fn cell_term<'a>(folded: &'a str, cell: &Cell) -> Cow<'a, str> {
    shortened(&folded[cell.start..cell.end], LONGEST_CELL)
}

/// The term of a run among pairs.
pub(crate) fn run_term<'a>(folded: &'a str, cell: &Cell) -> Cow<'a, str> {
    shortened(&folded[cell.start..cell.end], LONGEST_RUN)
}

/// The term of a segmented word.
pub(crate) fn word_term(word: &str) -> Cow<'_, str> {
    shortened(word, LONGEST_RUN)
}

/// Whether a word says enough to be ranked by: words of one character are a third of all and say little.
fn ranks(word: &str) -> bool {
    word.chars().nth(1).is_some()
}

/// The term of two neighbouring cells. A blank between two runs is part of it; nothing else can stand
/// between neighbours.
pub(crate) fn pair_term<'a>(folded: &'a str, left: &Cell, right: &Cell) -> Cow<'a, str> {
    if right.end - left.start <= LONGEST_RUN {
        return Cow::Borrowed(&folded[left.start..right.end]);
    }
    let (l, r) = (run_term(folded, left), run_term(folded, right));
    Cow::Owned(format!("{l}{}{r}", &folded[left.end..right.start]))
}

/// `run`, or its start and its hash if it is longer than `longest` bytes.
fn shortened(run: &str, longest: usize) -> Cow<'_, str> {
    if run.len() <= longest {
        return Cow::Borrowed(run);
    }
    let cut = (0..=LONGEST_RUN).rev().find(|i| run.is_char_boundary(*i)).unwrap_or(0);
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
        let (folded, marks) = text.split_once(END_OF_TEXT).unwrap_or((text, ""));
        PairStream {
            folded,
            cells: cells(folded),
            previous: None,
            pair_due: None,
            marks: marks.split_ascii_whitespace(),
            token: Token::default(),
        }
    }
}

struct PairStream<'a> {
    folded: &'a str,
    cells: Cells<'a>,
    previous: Option<Cell>,
    pair_due: Option<(Cell, Cell)>,
    marks: std::str::SplitAsciiWhitespace<'a>,
    token: Token,
}

impl PairStream<'_> {
    fn set(&mut self, position: usize, text: &str) -> bool {
        self.token.position = position;
        self.token.text.clear();
        self.token.text.push_str(text);
        true
    }

    fn mark(&mut self) -> bool {
        let Some(mark) = self.marks.next() else { return false };
        let (term, digits) = match mark.strip_prefix('p') {
            Some(digits) => (PARAGRAPH, digits),
            None => (SENTENCE, mark),
        };
        let position = digits.parse().expect("marks are written by `value` as numbers");
        self.set(position, term)
    }
}

impl TokenStream for PairStream<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some((left, right)) = self.pair_due.take() {
                let folded = self.folded;
                return self.set(left.position, &pair_term(folded, &left, &right));
            }
            let Some(cell) = self.cells.next() else { return self.mark() };
            self.pair_due = self.previous.replace(cell).map(|left| (left, cell));
            if cell.is_word {
                let folded = self.folded;
                return self.set(cell.position, &run_term(folded, &cell));
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

#[derive(Clone)]
struct Singles;

impl Tokenizer for Singles {
    type TokenStream<'a> = SingleStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SingleStream<'a> {
        let folded = folded_part(text);
        SingleStream { folded, cells: cells(folded), token: Token::default() }
    }
}

struct SingleStream<'a> {
    folded: &'a str,
    cells: Cells<'a>,
    token: Token,
}

impl TokenStream for SingleStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(cell) = self.cells.next() else { return false };
        self.token.position = cell.position;
        self.token.text.clear();
        self.token.text.push_str(&cell_term(self.folded, &cell));
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[derive(Clone)]
struct Words(Segmenter);

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        let folded = folded_part(text);
        let words = self.0.words(folded).into_iter().map(|w| (w.start, w.end));
        let words = words.filter(|(start, end)| ranks(&folded[*start..*end])).collect();
        WordStream { folded, words, token: Token::default() }
    }
}

struct WordStream<'a> {
    folded: &'a str,
    words: VecDeque<(usize, usize)>,
    token: Token,
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some((start, end)) = self.words.pop_front() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        self.token.text.push_str(&word_term(&self.folded[start..end]));
        true
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

    fn check(original: &str, expected: &[(&str, usize)]) {
        let found = terms(Pairs, original);
        let expected: Vec<_> = expected.iter().map(|(t, p)| ((*t).to_owned(), *p)).collect();
        assert_eq!(found, expected, "{original}");
    }

    #[test]
    fn pairs_carry_positions_in_characters() {
        check("瓦斯", &[("瓦斯", 0)]);
        check("礦 難", &[("矿难", 0)]);
        check("ＡＩ ok矿", &[("ai", 0), ("ok", 3), ("ai ok", 0), ("ok矿", 3)]);
        check("矿", &[]);
        check("好。\n坏", &[("好。", 0), ("。坏", 1), (" s", 2), (" p", 2)]);
    }

    #[test]
    fn cells_stand_alone() {
        let found: Vec<_> = terms(Singles, "矿ab。").into_iter().map(|(t, _)| t).collect();
        assert_eq!(found, ["矿", "ab", "。"]);
    }

    #[test]
    fn endless_runs_stay_apart() {
        let (a, b) = ("x".repeat(500) + "1", "x".repeat(500) + "2");
        assert_ne!(word_term(&a), word_term(&b));
        assert!(word_term(&a).len() < 200);
        assert_eq!(cell_term(&a, &cells(&a).next().unwrap()), a);
    }
}
