//! Literals, names and regular expressions: from text as typed to folded patterns, within bounds.
//!
//! In: unescaped text. Out: a [`Literal`] of at least one cell, the [`Alias`] of a subject, or a [`Regexp`]
//! that compiled within its size limits and cannot match nothing. Refuses expressions that are too long, too big or match the empty
//! text.

use regex::RegexBuilder;

use super::ast::{Alias, Literal, Regexp};
use super::context::Context;
use crate::text::{cells, fold};

/// Longest regular expression, in characters.
pub(super) const MAX_REGEX_CHARS: usize = 300;
/// Bytes a compiled expression may take; `.{1000}` over Unicode is beyond it.
const MAX_REGEX_BYTES: usize = 1 << 20;

impl Literal {
    /// The literal for `text` as typed, or `None` if nothing of it is left when folded. Both ends closed.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let folded = fold(text);
        cells(folded.text()).next()?;
        Some(Self { text: folded.text().to_owned(), open_start: false, open_end: false })
    }

    /// The same with both ends open or closed.
    #[must_use]
    pub fn opened(mut self, start: bool, end: bool) -> Self {
        (self.open_start, self.open_end) = (start, end);
        self
    }
}

impl Alias {
    /// The names of the subject at `index` and of its units; `None` if none of them has a cell.
    pub(super) fn of(context: &Context, index: usize) -> Option<Self> {
        let naming = context.naming();
        let members = naming.members(index).to_vec();
        let (mut names, mut exclude): (Vec<Literal>, Vec<Literal>) = (Vec::new(), Vec::new());
        let add = |all: &mut Vec<Literal>, text: &str| {
            if let Some(literal) = Literal::new(text).filter(|literal| !all.contains(literal)) {
                all.push(literal);
            }
        };
        for subject in members.iter().map(|member| &context.subjects[*member]) {
            subject.names().for_each(|name| add(&mut names, name));
            subject.exclude.iter().for_each(|word| add(&mut exclude, word));
        }
        let doubts = naming.doubts(&members);
        let subject = context.subjects[index].id.clone();
        (!names.is_empty()).then_some(Self { subject, names, exclude, doubts, members, naming })
    }
}

/// Why an expression was refused: a fault name and its reason.
pub(super) type RegexFault = (&'static str, String);

impl Regexp {
    /// Compiles `source` for folded text: case does not matter, traditional characters count as
    /// simplified ones, full-width as half-width ones.
    pub(super) fn new(source: &str) -> Result<Self, RegexFault> {
        if source.chars().count() > MAX_REGEX_CHARS {
            return Err(("regex_long", MAX_REGEX_CHARS.to_string()));
        }
        let pattern = fold_pattern(source);
        let regex = RegexBuilder::new(&pattern)
            .case_insensitive(true)
            .size_limit(MAX_REGEX_BYTES)
            .dfa_size_limit(MAX_REGEX_BYTES)
            .nest_limit(50)
            .build()
            .map_err(|error| ("regex_invalid", last_line(&error)))?;
        if regex.is_match("") {
            return Err(("regex_empty", String::new()));
        }
        Ok(Self { source: source.to_owned(), regex, required: required_literals(&pattern) })
    }
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// Folds the plain characters of a pattern; ends of ranges (`一-龥`) stay as they are, since folding one
/// would move the range.
fn fold_pattern(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    for (i, c) in chars.iter().enumerate() {
        let in_range = i.checked_sub(1).is_some_and(|before| chars[before] == '-')
            || chars.get(i + 1) == Some(&'-');
        if c.is_ascii() || in_range {
            out.push(*c);
            continue;
        }
        let folded = fold(c.encode_utf8(&mut [0; 4])).text().to_owned();
        // A sign that folds to one of the signs of expressions (（ to `(`) means itself.
        out.push_str(&if folded.is_ascii() { regex::escape(&folded) } else { folded });
    }
    out
}

/// A run of plain characters that stands in every match: the longest at the top level of an expression
/// without top-level alternatives, if it has two characters or more. Errs on the side of finding none.
fn required_literals(pattern: &str) -> Vec<String> {
    if pattern.contains('|') || pattern.contains("(?") || pattern.contains('\\') {
        return Vec::new();
    }
    let mut runs: Vec<String> = vec![String::new()];
    let mut depth = 0usize;
    for c in pattern.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '?' | '*' | '{' if depth == 0 => {
                // What it repeats may be absent: take it off.
                if let Some(run) = runs.last_mut() {
                    run.pop();
                }
            }
            _ if depth == 0 && c.is_alphanumeric() && !c.is_ascii() => {
                if let Some(run) = runs.last_mut() {
                    run.push(c);
                }
                continue;
            }
            _ => {}
        }
        runs.push(String::new());
    }
    let longest = runs.into_iter().max_by_key(|run| run.chars().count()).unwrap_or_default();
    if longest.chars().count() >= 2 { vec![longest] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_folded() {
        let literal = Literal::new("瓦 斯　ＡＩ").unwrap();
        assert_eq!(literal.text, "瓦斯ai");
        assert_eq!(Literal::new("\u{200b} "), None);
    }

    fn check(source: &str, text: &str, expected: Option<&str>, required: &[&str]) {
        let regexp = Regexp::new(source).unwrap();
        let folded = fold(text);
        let found = regexp.regex.find(folded.text()).map(|m| m.as_str());
        assert_eq!(found, expected, "{source} in {text}");
        assert_eq!(regexp.required, required, "{source}");
        if found.is_some() {
            assert!(regexp.required.iter().all(|r| folded.text().contains(r)), "{source}");
        }
    }

    #[test]
    fn expressions_run_over_folded_text() {
        check("死亡[0-9]+人", "造成死亡３人", Some("死亡3人"), &["死亡"]);
        check("礦[井難]", "矿难", Some("矿难"), &[]);
        check("[一-龥]{2}事故", "瓦斯事故", Some("瓦斯事故"), &["事故"]);
        check("甲乙丙?丁戊", "甲乙丁戊", Some("甲乙丁戊"), &["丁戊"]);
        check("甲乙丙{2}", "甲乙丙丙", Some("甲乙丙丙"), &["甲乙"]);
        check("（\\d）", "（３）", Some("(3)"), &[]);
        check("瓦斯|透水", "透水", Some("透水"), &[]);
        check("COVID", "covid", Some("covid"), &[]);
        check("(甲乙)?丙丁戊", "丙丁戊", Some("丙丁戊"), &["丙丁戊"]);
    }

    #[test]
    fn boundless_expressions_are_refused() {
        for (source, fault) in [
            ("a*", "regex_empty"),
            ("(", "regex_invalid"),
            ("(.{500}){500}", "regex_invalid"),
            (&"长".repeat(400), "regex_long"),
        ] {
            assert_eq!(Regexp::new(source).unwrap_err().0, fault, "{source}");
        }
    }
}
