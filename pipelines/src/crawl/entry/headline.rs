//! The words of a link, and what of them is a headline, a date, a way through the site.
//!
//! In: an element that leads somewhere. Out: its headline: its heading where it is a whole card, its `title` where its
//! text is cut, the `alt` of its picture where it has no words. Judges no lists.

use std::sync::LazyLock;

use scraper::{ElementRef, Selector};

use crate::extract::time_words;

/// Shortest `alt` that is a headline.
const ALT_CHARS: usize = 3;

static HEADING: LazyLock<Selector> = LazyLock::new(|| {
    Selector::parse("h1, h2, h3, h4, h5, h6, [class*=title]").expect("a fixed selector is valid")
});

/// The short words that lead through a site, not to an article.
pub(super) fn is_navigation(title: &str) -> bool {
    const WORDS: [&str; 22] = [
        "首页",
        "更多",
        "详情",
        "查看",
        "登录",
        "注册",
        "返回",
        "上一页",
        "下一页",
        "尾页",
        "末页",
        "关于我们",
        "联系",
        "帮助",
        "搜索",
        "全部",
        "阅读",
        "点击",
        "下载",
        "收藏",
        "网站",
        "导航",
    ];
    WORDS.iter().any(|word| title.contains(word))
}

/// The words of a link, and whether they are those of a picture.
pub(super) struct Headline {
    pub(super) text: String,
    pub(super) is_picture: bool,
}

/// The headline of a link; that of its picture where it has no words.
pub(super) fn headline(anchor: ElementRef<'_>) -> Headline {
    let text = shown(anchor);
    if !text.is_empty() {
        return Headline { text, is_picture: false };
    }
    static PICTURE: LazyLock<Selector> =
        LazyLock::new(|| Selector::parse("img[alt]").expect("a fixed selector is valid"));
    let alt = anchor.select(&PICTURE).find_map(|img| {
        let alt = joined([img.value().attr("alt")?].into_iter());
        (alt.chars().count() >= ALT_CHARS).then_some(alt)
    });
    Headline { text: alt.unwrap_or_default(), is_picture: true }
}

/// The headline of a link: its heading where it is a whole card, else its text, or its `title` where the
/// text is cut or a picture.
pub(super) fn shown(anchor: ElementRef<'_>) -> String {
    let heading = anchor.select(&HEADING).map(own_text).find(|text| !text.is_empty());
    let text = heading.unwrap_or_else(|| match anchor.value().name() {
        "a" => own_text(anchor),
        // A whole item that is clicked: what it says without its date.
        _ => joined(anchor.text().filter(|part| !is_time(part))),
    });
    let full = anchor.value().attr("title").map(|t| joined([t].into_iter())).unwrap_or_default();
    let is_cut = text.is_empty() || text.ends_with('…') || text.ends_with("...");
    if is_cut && full.chars().count() > text.chars().count() { full } else { text }
}

/// Whether a piece of text is a time and nothing else.
fn is_time(part: &str) -> bool {
    time_words(part).is_some_and(|time| time.chars().count() == part.trim().chars().count())
}

/// The text of an element as it runs: marks within a word do not part it.
pub(super) fn own_text(element: ElementRef<'_>) -> String {
    let whole: String = element.text().collect();
    joined([whole.as_str()].into_iter())
}

/// Texts on one line, blanks as one.
pub(super) fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for word in parts.flat_map(str::split_whitespace) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Numbers of pages and the words around them.
pub(super) fn is_paging(title: &str) -> bool {
    title.chars().all(|c| c.is_ascii_digit() || c.is_ascii_punctuation())
        || matches!(title, "上一页" | "下一页" | "首页" | "尾页" | "末页" | "更多" | "更多>>")
}
