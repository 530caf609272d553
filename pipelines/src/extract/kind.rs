//! List or article: what kind of page it is.
//!
//! In: the source of a page. Out: one of three kinds. Compares how much of the page is prose with how many
//! headline-like links there are. Refuses to guess for pages that have neither.

use super::blocks::{self, Lines};
use super::body;
use super::dom::Dom;
use super::markup::parse;

/// What a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// Links to articles: home page, column, board, search result.
    List,
    /// One article, notice or thread.
    Article,
    /// Neither can be told.
    Other,
}

/// Judges a page.
#[must_use]
pub fn page_kind(html: &str) -> PageKind {
    let dom = parse(html);
    let lines = blocks::lines(&dom, false);
    kind_of(&dom, &lines)
}

/// Letters of prose that make an article whatever links surround it. Of 13 real lists the largest has 93; of 102 real
/// articles four have less.
const PROSE: u32 = 120;

/// A block that may be a headline in a list: mostly link, as long as a headline.
fn is_headline(block: &blocks::Block) -> bool {
    (8..=60).contains(&block.chars) && block.link_chars * 10 >= block.chars * 6
}

pub(super) fn kind_of(dom: &Dom<'_>, lines: &Lines) -> PageKind {
    let headlines = lines.blocks.iter().filter(|b| is_headline(b)).count();
    let prose: u32 = body::find(dom, lines).map_or(0, |body| {
        body.kept
            .iter()
            .map(|&i| &lines.blocks[i])
            .filter(|b| b.punct > 0 && b.link_chars * 4 < b.chars)
            .map(|b| b.chars)
            .sum()
    });
    let headlines = u32::try_from(headlines).unwrap_or(u32::MAX);
    match (prose, headlines) {
        (PROSE.., _) => PageKind::Article,
        (_, 8..) => PageKind::List,
        (40.., _) => PageKind::Article,
        _ => PageKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::{PageKind, page_kind};

    #[test]
    fn lists_and_articles_are_told_apart() {
        let item = "<li><a href=/a>云岭矿业集团召开安全生产会议</a></li>";
        let prose = "<p>南坡煤矿本月完成产量三十万吨，安全生产无事故，职工收入稳步增长。</p>";
        let check = |html: String, expected: PageKind| assert_eq!(page_kind(&html), expected);
        check(format!("<ul>{}</ul>", item.repeat(20)), PageKind::List);
        check(
            format!("<div>{}</div><ul>{}</ul>", prose.repeat(12), item.repeat(20)),
            PageKind::Article,
        );
        check(format!("<div>{prose}{prose}</div>"), PageKind::Article);
        check("<div>登录</div>".to_owned(), PageKind::Other);
    }
}
