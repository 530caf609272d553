//! Text of an HTML fragment, as feeds and JSON answers carry it.
//!
//! In: a fragment, or plain text. Out: lines apart by `\n`, blanks collapsed, no markup. Keeps everything that is
//! shown; what is main text and what is not is no question here.

use super::blocks;
use super::entity::decode_entities;
use super::markup::parse;

/// The text of a fragment. Text without any tag keeps its own lines.
#[must_use]
pub fn html_to_text(fragment: &str) -> String {
    if !has_tag(fragment) {
        let text = decode_entities(fragment);
        if has_tag(&text) {
            // Escaped twice, as some feeds do.
            return html_to_text(&text);
        }
        return joined(text.lines());
    }
    let dom = parse(fragment);
    let lines = blocks::lines(&dom, true);
    joined(lines.blocks.iter().map(|b| lines.line(b)))
}

/// A short piece of metadata without markup and references, on one line.
pub(super) fn plain(value: &str) -> String {
    html_to_text(value).replace('\n', " ")
}

fn has_tag(text: &str) -> bool {
    let Some(last) = text.rfind('>') else { return false };
    text[..last].match_indices('<').any(|(at, _)| {
        let next = text.as_bytes().get(at + 1);
        next.is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!'))
    })
}

fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for line in lines {
        let mut collapsed = String::new();
        blocks::push_collapsed(&mut collapsed, line);
        let line = collapsed.trim();
        if !line.is_empty() {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::html_to_text;

    fn check(fragment: &str, expected: &str) {
        assert_eq!(html_to_text(fragment), expected, "{fragment}");
    }

    #[test]
    fn fragments_become_lines() {
        check(
            "<p>云岭矿业&nbsp;召开会议。</p><p>会议<b>强调</b>安全。</p>",
            "云岭矿业 召开会议。\n会议强调安全。",
        );
        check("第一行<br/>第二行<br>\n<br>第三行", "第一行\n第二行\n第三行");
        check("没有标签，1 < 2。\n第二行 &amp; 结尾", "没有标签，1 < 2。\n第二行 & 结尾");
        check("&lt;p&gt;转义两次&lt;/p&gt;", "转义两次");
        check("<script>var a='<p>'</script>正文", "正文");
        check("<ul><li>甲<li>乙</ul>", "甲\n乙");
        check("", "");
    }
}
