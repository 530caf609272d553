//! Bounds a page before it is handed to the HTML parser, whose cost grows with the square of the depth.
//!
//! In: decoded HTML. Out: the same, or without the tags that lie too deep and what follows too many tags. It
//! judges nothing: text is never removed.

use std::borrow::Cow;

/// Open elements beyond which further start tags are left out. Real list pages seen stay below 60.
const MAX_DEPTH: usize = 200;

/// Tags beyond which the page is cut; the largest real list page seen has 12,000.
const MAX_TAGS: usize = 200_000;

/// The page within the bounds.
pub(crate) fn bounded(html: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let (mut depth, mut tags, mut from) = (0usize, 0usize, 0usize);
    let mut at = 0;
    while let Some(open) = html[at..].find('<').map(|n| at + n) {
        let Some(end) = html[open..].find('>').map(|n| open + n + 1) else { break };
        let inside = &html[open + 1..end];
        at = end;
        let is_end = inside.starts_with('/');
        let name = inside.trim_start_matches('/');
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        tags += 1;
        if tags > MAX_TAGS {
            let mut cut = out.unwrap_or_default();
            cut.push_str(&html[from..open]);
            return Cow::Owned(cut);
        }
        if is_end {
            depth = depth.saturating_sub(1);
        } else if !has_no_end(name) && !inside.ends_with("/>") {
            depth += 1;
            if depth > MAX_DEPTH {
                let kept = out.get_or_insert_with(|| String::with_capacity(html.len() / 2));
                kept.push_str(&html[from..open]);
                from = end;
            }
        }
    }
    match out {
        Some(mut kept) => {
            kept.push_str(&html[from..]);
            Cow::Owned(kept)
        }
        None => Cow::Borrowed(html),
    }
}

/// Elements that need no end tag, so that their start does not deepen the page.
fn has_no_end(name: &str) -> bool {
    let name: String = name
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    matches!(
        name.as_str(),
        "br" | "img"
            | "hr"
            | "input"
            | "meta"
            | "link"
            | "area"
            | "base"
            | "col"
            | "embed"
            | "source"
            | "wbr"
            | "param"
            | "p"
            | "li"
            | "td"
            | "tr"
            | "th"
            | "dd"
            | "dt"
            | "option"
            | "script"
            | "style"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_pages_pass_untouched_and_deep_ones_lose_their_depth() {
        let page = "<html><body><div><p>云岭<br>矿业<li>一<li>二</div></body></html>";
        assert!(matches!(bounded(page), Cow::Borrowed(_)));
        let deep = format!("{}底{}", "<div>".repeat(5000), "</div>".repeat(5000));
        let flat = bounded(&deep);
        assert_eq!(flat.matches("<div>").count(), MAX_DEPTH);
        assert!(flat.contains('底'));
        let long = "<a>x</a>".repeat(MAX_TAGS);
        assert!(bounded(&long).len() <= long.len() / 2 + 8);
    }
}
