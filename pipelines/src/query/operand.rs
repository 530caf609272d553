//! What stands between the operators: words, phrases, groups, fields, names, expressions, counts, lists.
//!
//! In: the parser at the first character of an operand. Out: one [`Part`]. Each form knows what it refuses:
//! a bare word that looks like a sign of another search language is an error with a hint, never a literal
//! that quietly finds nothing.

use super::ast::{Alias, Literal, Node, Pattern, Regexp, Scope, TextTest, WordsTest};
use super::error::QueryError;
use super::field::{FieldName, field_name, field_test, known_names, nearest_name};
use super::parse::{MAX_PARTS, Parser, Part};
use super::scan::{Typed, closing_quotes, ends_operand, is_blank};
use crate::text::fold;

/// Longest literal, in characters.
const MAX_LITERAL_CHARS: usize = 500;

/// Words that carry no content of their own; `words:(…)` does not insist on them.
const FUNCTION_WORDS: [&str; 22] = [
    "的", "了", "和", "与", "在", "是", "及", "或", "也", "就", "都", "而", "着", "被", "把", "对",
    "等", "吗", "呢", "吧", "the", "of",
];

type Read<T> = Result<T, QueryError>;

impl Parser<'_> {
    /// An operand with its count, and the check that something may follow it.
    pub(super) fn operand(&mut self) -> Read<Part> {
        let mut part = self.bare_operand()?;
        self.parts += 1;
        if self.parts > MAX_PARTS {
            let fault = self.scan.fault("too_many", part.from, part.to);
            return Err(fault.with("max", MAX_PARTS));
        }
        if self.scan.peek() == Some('{') {
            part = self.count(part)?;
        }
        match self.scan.peek() {
            Some(c) if !ends_operand(c) || c == '{' => self.keyword_touching().map(|()| part),
            _ => Ok(part),
        }
    }

    /// What touches a bracket or quote must be a keyword: `(a)AND b`, `“a”NOT(b)`. A bare word would have
    /// swallowed it.
    fn keyword_touching(&self) -> Read<()> {
        let run = self.scan.bare_run();
        if run == "NOT" || self.keyword()?.is_some() {
            return Ok(());
        }
        self.refuse_keywords(&run, self.scan.pos)?;
        Err(self.fault_here("glued"))
    }

    fn bare_operand(&mut self) -> Read<Part> {
        self.scan.skip_blanks();
        let from = self.scan.pos;
        let Some(sign) = self.scan.peek() else { return Err(self.fault_here("expected_operand")) };
        let node = match sign {
            '(' => self.group()?,
            ')' if self.depth == 0 => return Err(self.fault_here("unexpected_close")),
            ')' | '|' | '+' => return Err(self.fault_here("expected_operand")),
            ',' | '、' => return Err(self.fault_here("comma").with("sign", sign)),
            '/' => self.regex()?,
            '@' => self.alias()?,
            '」' | '』' => return Err(self.fault_here("unopened_quote").with("sign", sign)),
            _ => self.word_like()?,
        };
        Ok(Part { node, from, to: self.scan.pos })
    }

    fn group(&mut self) -> Read<Node> {
        let open = self.scan.pos;
        self.deeper(open)?;
        self.scan.pos += 1;
        self.scan.skip_blanks();
        if self.scan.peek() == Some(')') {
            return Err(self.scan.fault("empty_group", open, self.scan.pos + 1));
        }
        let inner = self.any()?;
        match self.scan.peek() {
            Some(')') => self.scan.pos += 1,
            Some(sign @ (',' | '、')) => return Err(self.fault_here("comma").with("sign", sign)),
            _ => return Err(self.scan.fault("unclosed_group", open, open + 1)),
        }
        self.depth -= 1;
        Ok(inner.node)
    }

    fn regex(&mut self) -> Read<Node> {
        let from = self.scan.pos;
        let source = self.scan.regex()?;
        let fault = |name| self.scan.fault(name, from, self.scan.pos);
        if self.as_word {
            return Err(fault("word_operand"));
        }
        let regexp =
            Regexp::new(&source).map_err(|(name, reason)| fault(name).with("reason", reason))?;
        Ok(self.text(Pattern::Regex(Box::new(regexp))))
    }

    fn alias(&mut self) -> Read<Node> {
        let from = self.scan.pos;
        self.scan.pos += 1;
        let name = match self.scan.peek() {
            Some(c) if closing_quotes(c).is_some() => self.scan.phrase()?.text,
            Some(c) if !ends_operand(c) && c != '(' => {
                let typed = self.scan.word()?;
                if typed.open_start || typed.open_end {
                    return Err(self.scan.fault("wildcard_alias", from, self.scan.pos));
                }
                typed.text
            }
            _ => String::new(),
        };
        let fault = |name| self.scan.fault(name, from, self.scan.pos);
        if self.as_word {
            return Err(fault("word_operand"));
        }
        let Some(subject) = self.context.subject_at(&name) else {
            return Err(fault("alias_unknown")
                .with("known", self.context.known("subject", &name))
                .with("name", name));
        };
        let alias = Alias::of(self.context, subject).ok_or_else(|| fault("nothing_left"))?;
        Ok(self.text(Pattern::Alias(Box::new(alias))))
    }

    /// A word or phrase, a field, or `N OF (…)`.
    fn word_like(&mut self) -> Read<Node> {
        let from = self.scan.pos;
        let run = self.scan.bare_run();
        let after = self.scan.peek_at(run.chars().count());
        if after == Some(':') && !run.is_empty() {
            return self.field(&run);
        }
        self.refuse_keywords(&run, from)?;
        if !run.is_empty() && run.chars().all(|c| c.is_ascii_digit()) && self.of_follows(run.len())
        {
            return self.at_least();
        }
        let typed = self.typed_literal()?;
        let literal = self.literal(&typed, from)?;
        Ok(self.text(if self.as_word { Pattern::Word(literal) } else { Pattern::Literal(literal) }))
    }

    /// Bare words that are signs out of place, or nearly signs.
    fn refuse_keywords(&self, run: &str, from: usize) -> Read<()> {
        let fault =
            |name| self.scan.fault(name, from, from + run.chars().count()).with("word", run);
        let upper = run.to_uppercase();
        let name = upper.split('/').next().unwrap_or_default();
        match name {
            "AND" | "OR" | "NEAR" | "ONEAR" | "SAMES" | "SAMEP" | "同句" | "同段"
                if run.starts_with(name) && (name.len() == run.len() || name.ends_with("NEAR")) =>
            {
                Err(fault("lacks_left"))
            }
            "OF" if run == "OF" => Err(fault("of_number")),
            "AND" | "OR" | "NOT" if name.len() == run.len() => {
                Err(fault("lower_keyword").with("sign", name))
            }
            "或" | "或者" => Err(fault("said_keyword").with("sign", "|")),
            "且" | "并且" | "以及" => Err(fault("said_keyword").with("sign", "AND")),
            "非" | "不含" | "不包含" | "不包括" => {
                Err(fault("said_keyword").with("sign", "NOT"))
            }
            "NEAR" | "ONEAR" if run.contains('/') => {
                Err(fault("lower_keyword").with("sign", upper.as_str()))
            }
            _ if run.contains("同句") || run.contains("同段") || upper.contains("NEAR/") => {
                Err(fault("keyword_inside"))
            }
            _ => Ok(()),
        }
    }

    /// A bare word or a quoted phrase with its `*`.
    fn typed_literal(&mut self) -> Read<Typed> {
        let from = self.scan.pos;
        let quote_at = usize::from(self.scan.peek() == Some('*'));
        let is_quoted = self.scan.peek_at(quote_at).is_some_and(|c| closing_quotes(c).is_some());
        if !is_quoted {
            let typed = self.scan.word()?;
            let ends_in_sign = typed.text.ends_with(['-', '－']) && !typed.has_escape;
            return match ends_in_sign {
                true => Err(self.scan.fault("minus_apart", self.scan.pos - 1, self.scan.pos)),
                false => Ok(typed),
            };
        }
        self.scan.pos += quote_at;
        let mut typed = self.scan.phrase()?;
        typed.open_start = quote_at == 1;
        typed.open_end = self.scan.eat('*');
        match typed.text.is_empty() {
            true => Err(self.scan.fault("empty_phrase", from, self.scan.pos)),
            false => Ok(typed),
        }
    }

    fn literal(&self, typed: &Typed, from: usize) -> Read<Literal> {
        let fault = |name| self.scan.fault(name, from, self.scan.pos);
        let literal = Literal::new(&typed.text).ok_or_else(|| fault("nothing_left"))?;
        let has_content = literal.text.chars().any(|c| c.is_alphanumeric() || c as u32 > 0xFFFF);
        if !has_content && !typed.is_quoted && !typed.has_escape {
            return Err(fault("punctuation_only"));
        }
        if literal.text.chars().count() > MAX_LITERAL_CHARS {
            return Err(fault("literal_long").with("max", MAX_LITERAL_CHARS));
        }
        Ok(literal.opened(typed.open_start, typed.open_end))
    }

    pub(super) fn text(&self, pattern: Pattern) -> Node {
        Node::Text(TextTest { scope: self.scope, pattern, min: 1, max: None })
    }

    fn of_follows(&self, digits: usize) -> bool {
        let mut ahead = self.scan.clone();
        ahead.pos += digits;
        ahead.skip_blanks() && ahead.bare_run() == "OF"
    }

    /// `2 OF (a, b, c)`
    fn at_least(&mut self) -> Read<Node> {
        let from = self.scan.pos;
        let count = self.scan.number();
        self.scan.skip_blanks();
        self.scan.pos += 2;
        self.scan.skip_blanks();
        let open = self.scan.pos;
        if !self.scan.eat('(') {
            return Err(self.fault_here("of_open"));
        }
        self.deeper(open)?;
        let mut of = Vec::new();
        loop {
            self.scan.skip_blanks();
            if matches!(self.scan.peek(), Some(')' | ',' | '、')) {
                return Err(self.fault_here("of_empty"));
            }
            of.push(self.any()?.node);
            match self.scan.peek() {
                Some(',' | '、') => self.scan.pos += 1,
                Some(')') => break,
                _ => return Err(self.scan.fault("unclosed_group", open, open + 1)),
            }
        }
        self.scan.pos += 1;
        self.depth -= 1;
        match count.map(|count| count as usize) {
            Some(count) if count >= 1 && count <= of.len() => Ok(Node::AtLeast { count, of }),
            _ => Err(self.scan.fault("of_count", from, open).with("max", of.len())),
        }
    }

    /// `a{3,}`, `a{3,5}`
    fn count(&mut self, part: Part) -> Read<Part> {
        let open = self.scan.pos;
        self.scan.pos += 1;
        let min = self.scan.number();
        let has_comma = self.scan.eat(',');
        let max_at = self.scan.pos;
        let max = self.scan.number();
        let has_max = self.scan.pos > max_at;
        let is_closed = self.scan.eat('}');
        let fault = |name| self.scan.fault(name, open, self.scan.pos.max(open + 1));
        let (Some(min), true, true, true) = (min, has_comma, is_closed, max.is_some() == has_max)
        else {
            return Err(fault("count_form"));
        };
        if min == 0 || max.is_some_and(|max| max < min) {
            return Err(fault("count_range"));
        }
        let (from, to) = (part.from, self.scan.pos);
        let place = self.place_of(part, None);
        let (scope, pattern) = place.map_err(|error| error.renamed("count_operand"))?;
        Ok(Part { node: Node::Text(TextTest { scope, pattern, min, max }), from, to })
    }

    /// `name:…`; the scanner stands on the name.
    fn field(&mut self, name: &str) -> Read<Node> {
        let from = self.scan.pos;
        self.scan.pos += name.chars().count() + 1;
        let fault = |fault| self.scan.fault(fault, from, self.scan.pos).with("name", name);
        let Some(field) = field_name(name) else {
            return Err(match nearest_name(name) {
                Some(near) => fault("field_near").with("near", near),
                None => fault("field_unknown").with_each("known", known_names()),
            });
        };
        let is_text = matches!(
            field,
            FieldName::Title | FieldName::Body | FieldName::Word | FieldName::Words
        );
        if self.as_word {
            return Err(fault("word_operand"));
        }
        if !is_text && self.scope != Scope::Both {
            return Err(fault("field_in_scope"));
        }
        if self.scan.peek().is_none_or(|c| is_blank(c) || matches!(c, ')' | '|' | '+' | ',' | '、'))
        {
            return Err(fault("empty_value"));
        }
        match field {
            FieldName::Title => self.scoped(Scope::Title, from),
            FieldName::Body => self.scoped(Scope::Body, from),
            FieldName::Word => {
                self.as_word = true;
                let node = self.bare_operand().map(|part| part.node);
                self.as_word = false;
                node
            }
            FieldName::Words => self.words(from),
            _ => self.values(field, name),
        }
    }

    fn scoped(&mut self, scope: Scope, from: usize) -> Read<Node> {
        if self.scope != Scope::Both {
            return Err(self.scan.fault("scope_in_scope", from, self.scan.pos));
        }
        self.deeper(from)?;
        self.scope = scope;
        let node = self.bare_operand().map(|part| part.node);
        self.scope = Scope::Both;
        self.depth -= 1;
        node
    }

    /// `words:(…)`, `words:…`
    fn words(&mut self, from: usize) -> Read<Node> {
        let text = match self.scan.eat('(') {
            true => self.scan.until_close()?,
            false => self.typed_literal()?.text,
        };
        let folded = fold(&text);
        let cut = self.context.segmenter.words(folded.text());
        let mut words: Vec<Literal> = Vec::new();
        for word in &cut {
            let word = &folded.text()[word.start..word.end];
            let is_function_word = cut.len() > 1 && FUNCTION_WORDS.contains(&word);
            if let Some(literal) = Literal::new(word)
                && !is_function_word
                && !words.contains(&literal)
            {
                words.push(literal);
            }
        }
        match words.is_empty() {
            true => Err(self.scan.fault("nothing_left", from, self.scan.pos)),
            false => Ok(Node::Words(WordsTest { scope: self.scope, words })),
        }
    }

    /// `source:a`, `source:(a|b)`
    fn values(&mut self, field: FieldName, name: &str) -> Read<Node> {
        let open = self.scan.pos;
        if !self.scan.eat('(') {
            return self.value(field, name);
        }
        let mut tests = Vec::new();
        loop {
            self.scan.skip_blanks();
            tests.push(self.value(field, name)?);
            self.parts += 1;
            self.scan.skip_blanks();
            match self.scan.peek() {
                Some('|') => self.scan.pos += 1,
                Some(')') => break,
                Some(_) if self.scan.bare_run() == "OR" => self.scan.pos += 2,
                Some(_) => return Err(self.fault_here("values_joint")),
                None => return Err(self.scan.fault("unclosed_group", open, open + 1)),
            }
        }
        self.scan.pos += 1;
        Ok(if tests.len() == 1 { tests.remove(0) } else { Node::Any(tests) })
    }

    fn value(&mut self, field: FieldName, name: &str) -> Read<Node> {
        let from = self.scan.pos;
        let value = self.scan.value()?;
        let fault = |fault| self.scan.fault(fault, from, self.scan.pos).with("name", name);
        if value.is_empty() {
            return Err(fault("empty_value"));
        }
        field_test(field, &value, self.context).map(Node::Field).map_err(|expected| {
            fault("bad_value")
                .with("value", &value)
                .with("known", self.context.known(expected, &value))
                .expecting(expected)
        })
    }
}
