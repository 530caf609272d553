//! The frame that holds the text of a page which shows none itself.
//!
//! In: the source of a page. Out: the address of its frame as written, or `None` where the page has a text of its own,
//! no frame, or several of which none is named as a text. Follows nothing itself.

use super::blocks;
use super::body;
use super::dom::{AttrName, Dom, NodeId};
use super::hint::{Hint, of_name};
use super::markup::parse;
use super::tag::Tag;

/// Letters of prose with which a page has a text of its own.
const OWN_TEXT: u32 = 60;

/// The `src` of the frame, unresolved.
#[must_use]
pub fn frame(html: &str) -> Option<String> {
    if !["<iframe", "<IFRAME", "<frame", "<FRAME", "<Iframe"].iter().any(|tag| html.contains(tag)) {
        return None;
    }
    let dom = parse(html);
    let lines = blocks::lines(&dom, false);
    let body = body::find(&dom, &lines);
    let prose: u32 = body.map_or(0, |body| {
        let kept = body.kept.iter().map(|&i| &lines.blocks[i]);
        kept.filter(|b| b.punct > 0 && b.chars >= 10).map(|b| b.chars).sum()
    });
    if prose >= OWN_TEXT {
        return None;
    }
    let frames: Vec<(NodeId, String)> = (1..dom.nodes.len() as NodeId)
        .filter(|&id| dom.tag(id) == Tag::Iframe || is_frame(&dom, id))
        .filter_map(|id| Some((id, source(&dom, id)?)))
        .collect();
    let named = frames.iter().find(|(id, _)| is_named_text(&dom, *id));
    let only = frames.first().filter(|_| frames.len() == 1);
    named.or(only).map(|(_, src)| src.clone())
}

/// `<frame>` is an element without content, told from the others of its kind by its address.
fn is_frame(dom: &Dom<'_>, id: NodeId) -> bool {
    dom.tag(id) == Tag::Input && dom.attr(id, AttrName::Src).is_some()
}

fn source(dom: &Dom<'_>, id: NodeId) -> Option<String> {
    let src = dom.attr_text(id, AttrName::Src)?.trim().to_owned();
    let lower = src.to_ascii_lowercase();
    let leads_on =
        !src.is_empty() && !lower.starts_with("javascript") && !lower.starts_with("about");
    leads_on.then_some(src)
}

fn is_named_text(dom: &Dom<'_>, id: NodeId) -> bool {
    let said = |name: AttrName| {
        dom.attr(id, name).is_some_and(|value| {
            of_name(value).has(Hint::BODY) || value.to_ascii_lowercase().contains("main")
        })
    };
    said(AttrName::Id) || said(AttrName::Name) || said(AttrName::Class)
}

#[cfg(test)]
mod tests {
    use super::frame;

    #[test]
    fn a_page_without_text_has_it_in_its_frame() {
        let check = |html: &str, expected: Option<&str>| {
            assert_eq!(frame(html).as_deref(), expected, "{html}");
        };
        check("<h1>检修</h1><iframe src='text.html'></iframe>", Some("text.html"));
        check(
            "<iframe src=/ad></iframe><iframe id=mainContent src='a?b=1&amp;c=2'></iframe>",
            Some("a?b=1&c=2"),
        );
        check("<iframe src=/ad></iframe><iframe src=/b></iframe>", None);
        check("<frameset><frame src=top.htm><frame name=main src=m.htm></frameset>", Some("m.htm"));
        check("<iframe src='javascript:;'></iframe>", None);
        let prose = "<p>检修人员凌晨四点到岗，对主通风机的电机和叶片逐一检查，共更换轴承六套，设备恢复运行，职工的正常收入没有受到影响，各队提前调整了班次。</p>";
        check(&format!("{prose}<iframe src=/video></iframe>"), None);
    }
}
