//! A place in a text, moved by what is read there.
//!
//! In: a text as `normal` leaves it. Out: small readings (a number of so many digits, a word of a list, a sign),
//! each of which moves the place or leaves it. Knows no times.

use super::numeral;

/// A place in a text.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str, at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn at(self) -> usize {
        self.at
    }

    pub(super) fn rest(self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn peek(self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The sign before the place.
    pub(super) fn before(self) -> Option<char> {
        self.text[..self.at].chars().next_back()
    }

    /// Whether nothing stands before `start` and behind this place.
    pub(super) fn is_whole_to_here(self, start: Cursor<'_>) -> bool {
        start.at == 0 && self.at == self.text.len()
    }

    /// The place so many bytes on, at the border of a character that was read.
    pub(super) fn moved(mut self, bytes: usize) -> Self {
        self.at += bytes;
        self
    }

    /// Passes over blanks.
    pub(super) fn blanks(&mut self) -> &mut Self {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
        self
    }

    /// The place behind the blanks.
    pub(super) fn past_blanks(mut self) -> Self {
        self.blanks();
        self
    }

    /// Reads one of `signs`.
    pub(super) fn any(&mut self, signs: &[char]) -> Option<char> {
        let sign = self.peek().filter(|c| signs.contains(c))?;
        self.at += sign.len_utf8();
        Some(sign)
    }

    /// Reads the first of `words` that stands here, whatever its case in ASCII. One of ASCII letters ends with
    /// them. Where one word begins with another, the longer is to be listed first.
    pub(super) fn word<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<T> {
        let rest = self.rest();
        let is_letter = |c: char| c.is_ascii_alphabetic();
        let (word, value) = words.iter().find(|(word, _)| {
            let here = rest.get(..word.len()).is_some_and(|w| w.eq_ignore_ascii_case(word));
            let goes_on = rest.get(word.len()..).is_some_and(|r| r.starts_with(is_letter));
            here && !(goes_on && word.ends_with(is_letter))
        })?;
        self.at += word.len();
        Some(*value)
    }

    /// Reads one of `words` that mean the same.
    pub(super) fn one_of(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.word(&[(*word, ())]).is_some())
    }

    /// Whether one of `words` stands here.
    pub(super) fn stands(mut self, words: &[&str]) -> bool {
        self.one_of(words)
    }

    /// How many ASCII digits stand here.
    pub(super) fn run(self) -> usize {
        self.rest().bytes().take_while(u8::is_ascii_digit).count()
    }

    /// Reads `count` ASCII digits, whatever follows.
    pub(super) fn fixed(&mut self, count: usize) -> Option<u32> {
        if self.run() < count {
            return None;
        }
        let number = self.rest()[..count].parse().ok()?;
        self.at += count;
        Some(number)
    }

    /// Reads a whole run of `least` to `most` ASCII digits.
    pub(super) fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let run = self.run();
        if (least..=most).contains(&run) { self.fixed(run) } else { None }
    }

    /// Reads a number below 100 in at most two ASCII digits or in Chinese numerals.
    pub(super) fn number(&mut self) -> Option<u32> {
        self.digits(1, 2).or_else(|| {
            let (number, bytes) = numeral::number(self.rest())?;
            self.at += bytes;
            (number < 100).then_some(number)
        })
    }

    /// Reads a year of four digits, ASCII or Chinese.
    pub(super) fn year(&mut self) -> Option<i32> {
        if let Some(year) = self.digits(4, 4) {
            return i32::try_from(year).ok();
        }
        let (year, bytes) = numeral::year(self.rest())?;
        self.at += bytes;
        Some(year)
    }
}
