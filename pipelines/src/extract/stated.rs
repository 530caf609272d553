//! The text of a page that shows none: what its data says.
//!
//! In: JSON-LD and scripts of a page (`__INITIAL_STATE__`, `__NEXT_DATA__`, `application/json`), and the text that is
//! shown. Out: the text under a key that names one, where it is much longer than what is shown. Runs no script; a
//! string that is no prose (code, addresses, base64) is none.

use super::fragment;
use super::meta::{Meta, json_strings};

/// Shown texts of so many characters stand, whatever the page states of its own article.
const ENOUGH_SHOWN: usize = 200;
/// The same for scripts, whose strings may be of other articles.
const ENOUGH_BESIDE_SCRIPTS: usize = 60;
/// The least characters of a text in data.
const LEAST: usize = 40;
/// Keys that name a text; of several texts the longest counts.
const KEYS: [&str; 12] = [
    "articleBody",
    "content",
    "articleContent",
    "contentHtml",
    "content_html",
    "body",
    "bodyHtml",
    "text",
    "html",
    "detail",
    "richText",
    "contents",
];
/// Strings looked at on a page.
const MOST_STRINGS: usize = 200;

/// The text of the page's data, where the page shows next to none.
pub(super) fn text(meta: &Meta<'_>, shown: &str) -> Option<String> {
    let shown = shown.chars().count();
    if shown >= ENOUGH_SHOWN {
        return None;
    }
    let in_ld = meta.in_json_ld("articleBody").map(|html| fragment::html_to_text(&html));
    let stated = in_ld
        .or_else(|| (shown < ENOUGH_BESIDE_SCRIPTS).then(|| in_scripts(meta))?)
        .filter(|text| is_prose(text))?;
    (stated.chars().count() > shown.max(LEAST / 2) * 2).then_some(stated)
}

fn in_scripts(meta: &Meta<'_>) -> Option<String> {
    let strings = |script: &&str| -> Vec<String> {
        KEYS.iter().flat_map(|key| json_strings(script, key)).take(MOST_STRINGS).collect()
    };
    let longest = meta.scripts.iter().flat_map(strings).max_by_key(String::len)?;
    Some(fragment::html_to_text(&longest)).filter(|text| text.chars().count() >= LEAST)
}

/// Chinese sentences, not code: most signs are letters, and there is a mark that only prose has.
fn is_prose(text: &str) -> bool {
    let all = text.chars().filter(|c| !c.is_whitespace()).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let han = text.chars().filter(|c| super::blocks::is_ideograph(*c)).count();
    text.contains(['。', '，', '！', '？']) && letters * 10 >= all * 7 && han * 2 >= all
}

#[cfg(test)]
mod tests {
    use super::super::markup::parse;
    use super::{Meta, text};

    const PROSE: &str =
        "检修人员凌晨四点到岗，对主通风机的电机和叶片逐一检查，共更换轴承六套，设备恢复运行。";

    fn check(script: &str, shown: &str, expected: Option<&str>) {
        let page = format!("<body><div id=app></div>{script}</body>");
        let dom = parse(&page);
        assert_eq!(text(&Meta::of(&dom), shown).as_deref(), expected, "{script}");
    }

    #[test]
    fn the_data_of_a_page_without_text_is_read() {
        let state = |value: &str| {
            format!(
                "<script>window.__INITIAL_STATE__={{\"a\":{{\"title\":\"检修\",\"content\":\"{value}\"}}}}</script>"
            )
        };
        check(&state(&format!("<p>{PROSE}<\\/p>")), "", Some(PROSE));
        let next = format!(
            "<script id=__NEXT_DATA__ type='application/json'>{{\"props\":{{\"body\":\"{PROSE}\"}}}}</script>"
        );
        check(&next, "请稍候", Some(PROSE));
        check(&state(&PROSE.repeat(9)), &PROSE.repeat(2), None);
        check(&state("function(){var a=1;return a}; function(){var b=2;return b};，。"), "", None);
        check("<script>var content = 5;</script>", "", None);
    }
}
