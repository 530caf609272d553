//! Character references in HTML text and attributes.
//!
//! In: raw source. Out: the text with the references that Chinese pages use replaced; borrowed when there
//! is none. What is not a known reference stays as it stands; nothing here can fail.

use std::borrow::Cow;

/// Replaces character references. `&nbsp;` becomes a blank.
pub(super) fn decode_entities(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((c, used)) = reference(rest) {
            out.push(c);
            rest = &rest[used..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that a reference at the start of `s` stands for, and its length in bytes.
fn reference(s: &str) -> Option<(char, usize)> {
    let bytes = s.as_bytes();
    if bytes.get(1) == Some(&b'#') {
        return numeric(s);
    }
    let len = bytes[1..].iter().take(10).take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = &s[1..=len];
    let c = named(name)?;
    let closed = bytes.get(len + 1) == Some(&b';');
    Some((c, len + 1 + usize::from(closed)))
}

fn numeric(s: &str) -> Option<(char, usize)> {
    let bytes = s.as_bytes();
    let hex = matches!(bytes.get(2), Some(b'x' | b'X'));
    let start = if hex { 3 } else { 2 };
    let radix = if hex { 16 } else { 10 };
    let len = bytes[start.min(bytes.len())..]
        .iter()
        .take(8)
        .take_while(|b| (**b as char).is_digit(radix))
        .count();
    if len == 0 {
        return None;
    }
    let code = u32::from_str_radix(&s[start..start + len], radix).ok()?;
    let end = start + len + usize::from(bytes.get(start + len) == Some(&b';'));
    Some((windows_1252(code), end))
}

/// References 128–159 mean Windows-1252, as every browser reads them.
fn windows_1252(code: u32) -> char {
    match code {
        0 => ' ',
        0x80 => '€',
        0x85 => '…',
        0x91 => '‘',
        0x92 => '’',
        0x93 => '“',
        0x94 => '”',
        0x95 => '•',
        0x96 => '–',
        0x97 => '—',
        0x99 => '™',
        160 => ' ',
        _ => char::from_u32(code).unwrap_or('\u{fffd}'),
    }
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "nbsp" | "NBSP" | "ensp" | "emsp" | "thinsp" => ' ',
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        "ldquo" => '“',
        "rdquo" => '”',
        "lsquo" => '‘',
        "rsquo" => '’',
        "hellip" => '…',
        "mdash" => '—',
        "ndash" => '–',
        "middot" => '·',
        "bull" => '•',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "times" => '×',
        "divide" => '÷',
        "deg" => '°',
        "plusmn" => '±',
        "yen" => '¥',
        "laquo" => '«',
        "raquo" => '»',
        "lang" => '〈',
        "rang" => '〉',
        "permil" => '‰',
        "rarr" => '→',
        "larr" => '←',
        "darr" => '↓',
        "uarr" => '↑',
        "le" => '≤',
        "ge" => '≥',
        "euro" => '€',
        "pound" => '£',
        "cent" => '¢',
        "sect" => '§',
        "para" => '¶',
        "alpha" => 'α',
        "beta" => 'β',
        "mu" | "micro" => 'μ',
        "omega" => 'ω',
        "Omega" => 'Ω',
        "pi" => 'π',
        "sup2" => '²',
        "sup3" => '³',
        "frac12" => '½',
        "frac14" => '¼',
        "shy" | "zwnj" | "zwj" | "lrm" | "rlm" => '\u{200b}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::decode_entities;

    fn check(raw: &str, expected: &str) {
        assert_eq!(decode_entities(raw), expected, "{raw}");
    }

    #[test]
    fn references_become_characters() {
        check("云岭矿业", "云岭矿业");
        check("安全&nbsp;生产&amp;环保", "安全 生产&环保");
        check("&#20113;&#x5CAD;矿业&#160;", "云岭矿业 ");
        check("&ldquo;双控&rdquo;&hellip;&#151;", "“双控”…—");
        check("a&b &unknown; &# &#x; &", "a&b &unknown; &# &#x; &");
        check("&amp;lt;", "&lt;");
        check("&#99999999;", "\u{fffd}");
        check("&nbsp没有分号", " 没有分号");
    }
}
