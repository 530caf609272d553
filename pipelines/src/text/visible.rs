//! What of a text may be shown: signs that steer a terminal or turn the order of what is read are none of it.
//!
//! In: any text from outside. Out: the same without control characters (but line breaks and tabs), without signs
//! that set the direction of writing, and without code points that are no characters. Everything that can be seen,
//! and what joins what can be seen (emoji, scripts), stays.

use std::borrow::Cow;

/// `text` without what steers: escape sequences lose their first sign, so that the rest is only letters.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_steering(c) || is_break(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_break(c) {
            if c != '\r' || chars.peek() != Some(&'\n') {
                out.push('\n');
            }
        } else if !is_steering(c) {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// [`visible`] on one line: breaks and tabs are blanks.
#[must_use]
pub fn visible_line(text: &str) -> Cow<'_, str> {
    match visible(text) {
        shown if shown.contains(['\n', '\t']) => Cow::Owned(shown.replace(['\n', '\t'], " ")),
        shown => shown,
    }
}

/// Line breaks other than `\n`.
fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether `c` steers instead of being seen: controls, direction marks and embeddings, tags, annotations, byte order
/// marks, and what Unicode says is never a character.
#[must_use]
pub fn is_steering(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => {
            true
        }
        '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control() || c as u32 & 0xfffe == 0xfffe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(visible(text), expected, "{text:?}");
    }

    #[test]
    fn what_steers_goes_and_what_is_seen_stays() {
        check("云岭\u{1b}]0;pwned\u{7}矿业", "云岭]0;pwned矿业");
        check("\u{1b}[2J\u{9b}31m红", "[2J31m红");
        check("付款\u{202e}元001\u{202c}", "付款元001");
        check("\u{2066}a\u{2069}\u{200f}\u{61c}\u{feff}b", "ab");
        check("一\r\n二\r三\u{2028}四\t五", "一\n二\n三\n四\t五");
        check(
            "👨\u{200d}👩\u{200d}👧 👍🏽 a\u{301}\u{200b}b",
            "👨\u{200d}👩\u{200d}👧 👍🏽 a\u{301}\u{200b}b",
        );
        check("\u{0}\u{8}\u{7f}\u{ffff}\u{fdd0}x", "x");
        assert_eq!(visible_line("一\r\n二\t三"), "一 二 三");
    }
}
