//! What is wrong with a query, where, and what was expected instead.
//!
//! In: the fault as the parser met it. Out: a message in the officer's language, and a picture of the
//! query with the place marked, aligned for characters of double width. Holds no copy of the query.

use std::fmt;

use unicode_width::UnicodeWidthChar;

use crate::locale::Lang;

/// A query that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Names the fault: the locale key is `query.error.<fault>`.
    pub fault: &'static str,
    /// First byte of the place in the input.
    pub start: usize,
    /// One past its last byte; equal to `start` where something is missing.
    pub end: usize,
    args: Vec<(&'static str, Arg)>,
}

/// A part of a message: text as it stands, or one to be looked up in the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arg {
    Plain(String),
    /// One in Chinese and one in English.
    Each(String, String),
    Key(&'static str),
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.message(Lang::En), self.start)
    }
}

impl QueryError {
    pub(super) fn new(fault: &'static str, start: usize, end: usize) -> Self {
        Self { fault, start, end, args: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.args.push((name, Arg::Plain(value.to_string())));
        self
    }

    /// With a text of each language.
    pub(super) fn with_each(mut self, name: &'static str, (zh, en): (String, String)) -> Self {
        self.args.push((name, Arg::Each(zh, en)));
        self
    }

    /// The same place with another fault.
    pub(super) fn renamed(mut self, fault: &'static str) -> Self {
        self.fault = fault;
        self
    }

    pub(super) fn expecting(mut self, key: &'static str) -> Self {
        self.args.push(("expected", Arg::Key(key)));
        self
    }

    /// What is wrong and what was expected, in one sentence.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        let plain: Vec<(&str, &dyn fmt::Display)> = self
            .args
            .iter()
            .filter_map(|(name, arg)| match arg {
                Arg::Plain(text) => Some((*name, text as &dyn fmt::Display)),
                Arg::Each(zh, en) => Some((*name, if lang == Lang::Zh { zh } else { en })),
                Arg::Key(_) => None,
            })
            .collect();
        let expected = self.args.iter().find_map(|(_, arg)| match arg {
            Arg::Key(key) => Some(lang.fill(&format!("query.expect.{key}"), &plain)),
            Arg::Plain(_) | Arg::Each(..) => None,
        });
        let mut args = plain.clone();
        if let Some(expected) = &expected {
            args.push(("expected", expected));
        }
        lang.fill(&format!("query.error.{}", self.fault), &args)
    }

    /// The message, the line of the query it is about, and a line that marks the place.
    #[must_use]
    pub fn render(&self, input: &str, lang: Lang) -> String {
        let place = input.get(..self.start).map_or(0, |before| before.chars().count()) + 1;
        let head =
            lang.fill("query.error_at", &[("place", &place), ("message", &self.message(lang))]);
        let (line, blanks, marks) = self.picture(input);
        format!("{head}\n  {line}\n  {}{}", " ".repeat(blanks), "^".repeat(marks))
    }

    /// The surroundings of the place, the columns before it, and the columns it takes.
    fn picture(&self, input: &str) -> (String, usize, usize) {
        const AROUND: usize = 36;
        let mut line = String::new();
        let (mut blanks, mut marks) = (0, 0);
        let chars: Vec<(usize, char)> = input.char_indices().collect();
        let first = chars.partition_point(|(at, _)| *at < self.start).saturating_sub(AROUND);
        if first > 0 {
            line.push('…');
            blanks += '…'.width().unwrap_or(1);
        }
        let last = (first + 2 * AROUND).min(chars.len());
        for (at, c) in &chars[first..last] {
            let shown = if c.width().unwrap_or(0) == 0 { ' ' } else { *c };
            line.push(shown);
            let columns = shown.width().unwrap_or(1);
            if *at < self.start {
                blanks += columns;
            } else if *at < self.end {
                marks += columns;
            }
        }
        if last < chars.len() {
            line.push('…');
        }
        (line, blanks, marks.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_wide_characters() {
        let input = "瓦斯 AND ｘ";
        let error = QueryError::new("expected_operand", 11, 14);
        let picture = error.render(input, Lang::Zh);
        assert!(picture.ends_with("\n  瓦斯 AND ｘ\n           ^^"), "{picture}");
    }

    #[test]
    fn long_queries_are_cut_around_the_place() {
        let input = "瓦".repeat(1000);
        let picture = QueryError::new("too_deep", 1500, 1503).render(&input, Lang::En);
        assert!(picture.lines().nth(1).unwrap().chars().count() < 80);
    }
}
