//! The next page of an article that is cut into several.
//!
//! In: the source of a page. Out: the link to its next page as written, or `None`. Follows nothing itself, and
//! refuses links to the next article (下一篇).

use super::dom::AttrName;
use super::markup::parse;
use super::tag::Tag;

/// The `href` of the next page, unresolved.
#[must_use]
pub fn next_page(html: &str) -> Option<String> {
    let dom = parse(html);
    let href = |id| {
        dom.attr_text(id, AttrName::Href).map(|h| h.trim().to_owned()).filter(|h| {
            !h.is_empty()
                && !h.starts_with('#')
                && !h.to_ascii_lowercase().starts_with("javascript")
        })
    };
    let stated = dom
        .all(Tag::Link)
        .find(|&id| dom.attr(id, AttrName::Rel).is_some_and(|r| r.eq_ignore_ascii_case("next")))
        .and_then(href);
    let shown = || {
        dom.all(Tag::A).find_map(|id| {
            let text: String = dom.line(id, 60).chars().filter(|c| c.is_alphanumeric()).collect();
            matches!(
                text.as_str(),
                "下一页"
                    | "下页"
                    | "后一页"
                    | "下一頁"
                    | "阅读下一页"
                    | "Next"
                    | "next"
                    | "nextpage"
            )
            .then(|| href(id))?
        })
    };
    shown().or(stated)
}

#[cfg(test)]
mod tests {
    use super::next_page;

    #[test]
    fn the_next_page_is_found_and_the_next_article_is_not() {
        let check = |html: &str, expected: Option<&str>| {
            assert_eq!(next_page(html).as_deref(), expected, "{html}")
        };
        check("<p>文</p><a href='content_1_2.htm'>[下一页]</a>", Some("content_1_2.htm"));
        check("<a href=c_2.htm>2</a><a href=c_2.htm>下一页&gt;&gt;</a>", Some("c_2.htm"));
        check("<a href='/a/2'>下一篇：云岭矿业</a>", None);
        check("<a href='javascript:;'>下一页</a>", None);
        check("<link rel=next href='/p2'>", Some("/p2"));
        check("", None);
    }
}
