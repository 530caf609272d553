//! Cells: the units a literal is made of, and that the character view of the index stores.
//!
//! In: folded text. Out: its cells with positions in characters. The definition stands in the header of
//! `text`. Knows nothing of words: those are the business of the segmenter.

/// One cell of a folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// First byte in the folded text.
    pub start: usize,
    /// One past its last byte in the folded text.
    pub end: usize,
    /// Characters of folded text before it.
    pub position: usize,
    /// Whether it is a run of word characters (which a literal must meet whole).
    pub is_word: bool,
}

/// Iterates over the cells of a folded text. See [`cells`].
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    text: &'a str,
    at: usize,
    position: usize,
}

/// The cells of `folded`, which must come from [`fold`](super::fold); other text is cut by the same rule.
#[must_use]
pub fn cells(folded: &str) -> Cells<'_> {
    Cells { text: folded, at: 0, position: 0 }
}

impl Iterator for Cells<'_> {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        let mut chars = self.text[self.at..].chars();
        let first = loop {
            match chars.next()? {
                ' ' => {
                    self.at += 1;
                    self.position += 1;
                }
                c => break c,
            }
        };
        let (start, position) = (self.at, self.position);
        let is_word = is_word_char(first);
        self.at += first.len_utf8();
        self.position += 1;
        if is_word {
            for c in chars.take_while(|c| is_word_char(*c)) {
                self.at += c.len_utf8();
                self.position += 1;
            }
        }
        Some(Cell { start, end: self.at, position, is_word })
    }
}

/// Whether `c` (folded) belongs to a script that writes words apart by blanks: letters and digits of
/// latin, Greek, Cyrillic, Armenian, Hebrew, Arabic and the Indian scripts. Not CJK, kana, Hangul, Thai.
#[must_use]
#[inline]
pub fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    let code = c as u32;
    (code < 0x0E00 || matches!(code, 0x1E00..=0x1FFF | 0x2C60..=0x2C7F | 0xA640..=0xA7FF))
        && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(folded: &str, expected: &[(&str, usize)]) {
        let found: Vec<_> = cells(folded).map(|c| (&folded[c.start..c.end], c.position)).collect();
        assert_eq!(found, expected, "{folded}");
    }

    #[test]
    fn cells_of() {
        check("瓦斯ai 2号", &[("瓦", 0), ("斯", 1), ("ai", 2), ("2", 5), ("号", 6)]);
        check("pm2.5!", &[("pm2", 0), (".", 3), ("5", 4), ("!", 5)]);
        check("a_b-c", &[("a", 0), ("_", 1), ("b", 2), ("-", 3), ("c", 4)]);
        check("😀한국", &[("😀", 0), ("한", 1), ("국", 2)]);
        check("café", &[("café", 0)]);
        check("", &[]);
    }
}
