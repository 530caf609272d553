//! The characters of a query, read one after another with their signs half width.
//!
//! In: what was typed. Out: characters with byte offsets, and the small readings the parser is made of:
//! blanks, bare runs, quoted text, raw values. Knows the signs, not the grammar.

use super::error::QueryError;

/// One character of the query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ch {
    /// Its first byte.
    pub at: usize,
    /// As typed.
    pub raw: char,
    /// Half width, where it has such a form.
    pub sign: char,
}

/// A place in the query, in characters.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    chars: Vec<Ch>,
    len: usize,
    pub pos: usize,
}

/// A bare word or quoted phrase as typed: escapes resolved, `*` at the ends taken off.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub text: String,
    pub open_start: bool,
    pub open_end: bool,
    pub is_quoted: bool,
    pub has_escape: bool,
}

/// Signs that end a bare word.
const ENDS: &str = "()|+,、\"“”「」『』";
/// Signs that mean nothing in a bare word; each is refused with a hint.
const REFUSED: &str = ":^~[]}<>=;?&";

impl Scanner {
    pub(super) fn new(input: &str) -> Self {
        let chars =
            input.char_indices().map(|(at, raw)| Ch { at, raw, sign: half_width(raw) }).collect();
        Self { chars, len: input.len(), pos: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.pos).map(|c| c.sign)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.pos + ahead).map(|c| c.sign)
    }

    /// The byte offset of the character number `pos`.
    pub(super) fn byte(&self, pos: usize) -> usize {
        self.chars.get(pos).map_or(self.len, |c| c.at)
    }

    /// The character number `pos` as typed.
    pub(super) fn raw(&self, pos: usize) -> Option<char> {
        self.chars.get(pos).map(|c| c.raw)
    }

    pub(super) fn skip_blanks(&mut self) -> bool {
        let from = self.pos;
        while self.peek().is_some_and(is_blank) {
            self.pos += 1;
        }
        self.pos > from
    }

    pub(super) fn eat(&mut self, sign: char) -> bool {
        let eats = self.peek() == Some(sign);
        self.pos += usize::from(eats);
        eats
    }

    /// A fault at the characters `from..to`.
    pub(super) fn fault(&self, fault: &'static str, from: usize, to: usize) -> QueryError {
        QueryError::new(fault, self.byte(from), self.byte(to))
    }

    /// The half-width run from here that a bare word would take, without moving.
    pub(super) fn bare_run(&self) -> String {
        let mut run = String::new();
        let mut pos = self.pos;
        while let Some(c) = self.chars.get(pos) {
            if c.sign == '\\' {
                run.push_str("\u{0}\u{0}");
                pos += 1;
            } else if ends_word(c.sign) || c.sign == '{' || REFUSED.contains(c.sign) {
                break;
            } else {
                run.push(c.sign);
            }
            pos += 1;
        }
        run
    }

    /// Reads a bare word with its `*`.
    pub(super) fn word(&mut self) -> Result<Typed, QueryError> {
        let start = self.pos;
        let mut typed = Typed { open_start: self.eat('*'), ..Typed::default() };
        while let Some(c) = self.chars.get(self.pos).copied() {
            if c.sign == '\\' {
                typed.text.push(self.escaped()?);
                typed.has_escape = true;
                continue;
            }
            if ends_word(c.sign) || c.sign == '{' {
                break;
            }
            if REFUSED.contains(c.sign) {
                return Err(self.refused(c));
            }
            if c.sign == '*' {
                if self.peek_at(1).is_some_and(|next| !ends_operand(next)) {
                    return Err(self.fault("wildcard_inside", self.pos, self.pos + 1));
                }
                typed.open_end = true;
                self.pos += 1;
                break;
            }
            typed.text.push(c.raw);
            self.pos += 1;
        }
        if typed.text.is_empty() {
            let is_star = self.pos > start;
            let fault = if is_star { "wildcard_alone" } else { "sign" };
            let sign = self.raw(start).unwrap_or(' ');
            return Err(self.fault(fault, start, self.pos.max(start + 1)).with("sign", sign));
        }
        Ok(typed)
    }

    fn refused(&self, c: Ch) -> QueryError {
        let fault = match c.sign {
            '?' => "wildcard_question",
            ':' => "colon",
            '&' => "ampersand",
            _ => "sign",
        };
        self.fault(fault, self.pos, self.pos + 1).with("sign", c.raw)
    }

    fn escaped(&mut self) -> Result<char, QueryError> {
        match self.chars.get(self.pos + 1) {
            Some(c) => {
                self.pos += 2;
                Ok(c.raw)
            }
            None => Err(self.fault("dangling_escape", self.pos, self.pos + 1)),
        }
    }

    /// Reads a quoted phrase; the scanner stands on the opening quote.
    pub(super) fn phrase(&mut self) -> Result<Typed, QueryError> {
        let open = self.pos;
        let closing = self.peek().and_then(closing_quotes).unwrap_or("\"");
        self.pos += 1;
        let mut typed = Typed { is_quoted: true, ..Typed::default() };
        loop {
            let Some(c) = self.chars.get(self.pos).copied() else {
                return Err(self.fault("unclosed_quote", open, open + 1));
            };
            if c.sign == '\\' {
                typed.text.push(self.escaped()?);
                continue;
            }
            self.pos += 1;
            if closing.contains(c.sign) {
                return Ok(typed);
            }
            typed.text.push(c.raw);
        }
    }

    /// Reads a regular expression; the scanner stands on the first slash. `\/` is a slash.
    pub(super) fn regex(&mut self) -> Result<String, QueryError> {
        let open = self.pos;
        self.pos += 1;
        let mut source = String::new();
        loop {
            let Some(c) = self.chars.get(self.pos).copied() else {
                return Err(self.fault("unclosed_regex", open, open + 1));
            };
            self.pos += 1;
            match c.raw {
                '/' => return Ok(source),
                '\\' => match self.chars.get(self.pos) {
                    Some(next) if next.raw == '/' => {
                        source.push('/');
                        self.pos += 1;
                    }
                    Some(next) => {
                        source.extend(['\\', next.raw]);
                        self.pos += 1;
                    }
                    None => return Err(self.fault("unclosed_regex", open, open + 1)),
                },
                raw => source.push(raw),
            }
        }
    }

    /// Reads the raw value of a field: up to a blank, `)`, `|`, `+`, or a comma.
    pub(super) fn value(&mut self) -> Result<String, QueryError> {
        if self.peek().is_some_and(|c| closing_quotes(c).is_some()) {
            return self.phrase().map(|typed| typed.text);
        }
        let mut value = String::new();
        while let Some(c) = self.chars.get(self.pos).copied() {
            if is_blank(c.sign) || "(){|+,、\"“”「」『』".contains(c.sign) {
                break;
            }
            if c.sign == '\\' {
                value.push(self.escaped()?);
                continue;
            }
            value.push(c.sign);
            self.pos += 1;
        }
        Ok(value)
    }

    /// Reads everything up to the closing parenthesis; the scanner stands after the opening one.
    pub(super) fn until_close(&mut self) -> Result<String, QueryError> {
        let open = self.pos.saturating_sub(1);
        let mut text = String::new();
        while let Some(c) = self.chars.get(self.pos).copied() {
            match c.sign {
                ')' => {
                    self.pos += 1;
                    return Ok(text);
                }
                '\\' => text.push(self.escaped()?),
                _ => {
                    text.push(c.raw);
                    self.pos += 1;
                }
            }
        }
        Err(self.fault("unclosed_group", open, open + 1))
    }

    /// Digits from here as a number; `None` if there are none or too many to count by.
    pub(super) fn number(&mut self) -> Option<u32> {
        let from = self.pos;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.pos += 1;
        }
        let digits: String = self.chars[from..self.pos].iter().map(|c| c.sign).collect();
        digits.parse().ok()
    }
}

/// Whether `c` may stand directly after an operand.
pub(super) fn ends_operand(c: char) -> bool {
    is_blank(c) || matches!(c, ')' | '|' | '+' | ',' | '、' | '{')
}

pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}')
}

/// The quotes that close a phrase opened by `open`; input methods mix up “ and ”, so either closes.
pub(super) fn closing_quotes(open: char) -> Option<&'static str> {
    match open {
        '"' | '“' | '”' => Some("\"“”"),
        '「' => Some("」"),
        '『' => Some("』"),
        _ => None,
    }
}

fn ends_word(sign: char) -> bool {
    is_blank(sign) || ENDS.contains(sign)
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xff01 + 0x21).unwrap_or(c),
        '﹣' | '−' => '-',
        '∶' | '︰' => ':',
        '≥' => '≥',
        other => other,
    }
}
