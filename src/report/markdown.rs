//! Escaping for Markdown: any text as one line that renders as itself.
//!
//! In: untrusted text. Out: text in which no sign starts emphasis, a link, a table cell, a heading, a list or
//! HTML. Knows nothing of the document around it.

/// `text` so that a Markdown reader shows exactly its characters, on one line.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (i, c) in text.chars().enumerate() {
        match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' | '#' => {
                out.push('\\');
                out.push(c);
            }
            // Signs that start a block only at the beginning of a line.
            '-' | '+' | '=' if i == 0 => {
                out.push('\\');
                out.push(c);
            }
            // `1.` starts a list, bare addresses start a link.
            '.' | ')' if i > 0 && text.chars().take(i).all(|d| d.is_ascii_digit()) => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// An address as a link target, or nothing where it is not plain HTTP.
#[must_use]
pub(crate) fn link_target(url: &str) -> Option<String> {
    let parsed = url::Url::parse(url).ok()?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return None;
    }
    let mut out = String::with_capacity(url.len());
    for c in parsed.as_str().chars() {
        match c {
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '|' => out.push_str("%7C"),
            '"' => out.push_str("%22"),
            '\'' => out.push_str("%27"),
            '`' => out.push_str("%60"),
            '[' if !parsed.as_str().starts_with("http://[") => out.push_str("%5B"),
            '\\' => out.push_str("%5C"),
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_lose_their_meaning() {
        for (text, expected) in [
            ("青岚沟煤矿*通报*", "青岚沟煤矿\\*通报\\*"),
            ("a|b\nc", "a\\|b c"),
            ("[点我](javascript:alert(1))", "\\[点我\\](javascript:alert(1))"),
            ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
            ("# 标题", "\\# 标题"),
            ("- 项", "\\- 项"),
            ("12. 项", "12\\. 项"),
            ("约12.5万", "约12.5万"),
            ("![x](y)", "\\!\\[x\\](y)"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn only_plain_addresses_become_links() {
        assert_eq!(link_target("javascript:alert(1)"), None);
        assert_eq!(link_target("import:petitions/17"), None);
        assert_eq!(
            link_target("http://demo.invalid/a(1)?q=<x>|y").as_deref(),
            Some("http://demo.invalid/a%281%29?q=%3Cx%3E%7Cy")
        );
    }
}
