//! The title of a page, without the site's tail.
//!
//! In: the `<title>`, meta tags, JSON-LD, headings and the place of the main text. Out: the title, or `None`. A
//! heading that the `<title>` repeats is the title as shown; otherwise the most specific part of the `<title>`.

use super::blocks::Lines;
use super::body::Body;
use super::clip::front;
use super::dom::{AttrName, Dom, NodeId};
use super::meta::Meta;
use super::tag::Tag;

/// Longest title believed, in characters; headlines of official notices reach 90.
const MAX_CHARS: usize = 140;
/// Bytes of a `<title>` looked at.
const MAX_BYTES: usize = 2000;

/// Finds the title.
pub(super) fn find(dom: &Dom<'_>, lines: &Lines, body: &Body, meta: &Meta<'_>) -> Option<String> {
    let declared = declared_title(dom);
    let stated = meta
        .first(&[
            "og:title",
            "articletitle",
            "twitter:title",
            "title",
            "citation_title",
            "dc.title",
        ])
        .map(|(_, v)| super::plain(front(v, MAX_BYTES)))
        .or_else(|| meta.in_json_ld("headline").filter(|t| t.len() <= MAX_BYTES))
        .map(|t| one_line(&t))
        .filter(|t| !t.is_empty());
    let heading = headings(dom, lines, body, declared.as_deref(), stated.as_deref());
    let base = match (declared, stated) {
        (Some(d), Some(s)) if bare(&d).starts_with(&bare(&s)) => Some(s),
        (Some(d), Some(s)) if bare(&s).contains(&bare(&d)) && bare(&d).chars().count() >= 6 => {
            Some(d)
        }
        (_, Some(s)) => Some(s),
        (d, None) => d,
    };
    let from_base = base.as_deref().map(without_tail);
    heading
        .map(|h| without_weak_tail(&h))
        .or(from_base)
        .map(|t| one_line(&t))
        .filter(|t| !bare(t).is_empty() && t.chars().count() <= MAX_CHARS)
}

fn declared_title(dom: &Dom<'_>) -> Option<String> {
    dom.all(Tag::Title).find_map(|id| {
        let raw = dom.children(id).next().map(|t| dom.raw_text(t))?;
        let text = super::plain(front(raw, MAX_BYTES));
        let text = one_line(&text);
        (!text.is_empty()).then_some(text)
    })
}

/// The heading that is the title: one that `<title>` or a meta tag begins with or contains.
fn headings(
    dom: &Dom<'_>,
    lines: &Lines,
    body: &Body,
    declared: Option<&str>,
    stated: Option<&str>,
) -> Option<String> {
    let known: Vec<String> = [stated, declared].into_iter().flatten().map(bare).collect();
    let parts: Vec<String> =
        [stated, declared].into_iter().flatten().map(|title| bare(first_part(title))).collect();
    let body_start = body.kept.first().map_or(u32::MAX, |&i| lines.blocks[i].node);
    let mut best: Option<((bool, usize), String)> = None;
    let mut lone_h1: Option<String> = None;
    let mut h1_count = 0;
    for id in 1..dom.nodes.len() as NodeId {
        let rank = match dom.tag(id) {
            Tag::Heading(n) => n,
            tag if tag != Tag::Text && is_title_named(dom, id) => 4,
            _ => continue,
        };
        let text = dom.line(id, 400);
        let own = bare(&text);
        let chars = own.chars().count();
        // A short headline (位运算) is one only where the title says it whole, before its first border.
        let is_whole = || parts.contains(&own);
        let is_short = chars < 4 && !(chars >= 2 && rank <= 2 && is_whole());
        if is_short || chars > MAX_CHARS {
            continue;
        }
        if rank == 1 && id < body_start {
            h1_count += 1;
            lone_h1 = Some(text.clone());
        }
        // What the title begins with is the article; what it only holds may be the site.
        let begins = known.iter().any(|k| k.starts_with(&own)) && !is_site_named(dom, id);
        let matches = begins || (chars >= 8 && known.iter().any(|k| k.contains(&own)));
        let worth = (begins, chars);
        if matches && best.as_ref().is_none_or(|(most, _)| worth > *most) {
            best = Some((worth, text));
        }
    }
    if let Some(((_, chars), text)) = best {
        // A heading that is only the first word of a long title (a column's name) is not it.
        let longest = known.iter().map(|k| k.chars().count()).min().unwrap_or(0);
        let is_whole = parts.contains(&bare(&text));
        if chars >= 8 || chars * 3 >= longest || is_whole {
            return Some(text);
        }
    }
    (h1_count == 1 && known.is_empty()).then_some(lone_h1).flatten()
}

/// What stands before the first strong border of a title, unless that is the site.
fn first_part(title: &str) -> &str {
    let end = STRONG.iter().filter_map(|mark| title.find(mark)).min().unwrap_or(title.len());
    if is_site_like(&title[..end]) { "" } else { &title[..end] }
}

/// Whether the names of an element say that it is the site's.
fn is_site_named(dom: &Dom<'_>, id: NodeId) -> bool {
    let says = |attr: AttrName| {
        dom.attr(id, attr).is_some_and(|value| {
            let value = value.to_ascii_lowercase();
            ["site", "logo", "brand"].iter().any(|word| value.contains(word))
        })
    };
    says(AttrName::Class) || says(AttrName::Id)
}

fn is_title_named(dom: &Dom<'_>, id: NodeId) -> bool {
    let named = |attr: AttrName| {
        dom.attr(id, attr).is_some_and(|v| {
            v.len() < 60 && v.as_bytes().windows(5).any(|w| w.eq_ignore_ascii_case(b"title"))
        })
    };
    named(AttrName::Class) || named(AttrName::Id)
}

const STRONG: [&str; 9] = ["__", "_", " | ", "｜", "|", "--", " - ", " – ", " — "];
const WEAK: [&str; 4] = ["-", "—", "–", "·"];

/// Cuts the site's name and the column from the end (or front) of a title.
pub(super) fn without_tail(title: &str) -> String {
    for mark in STRONG {
        if let Some(kept) = main_part(title, mark, false) {
            return without_weak_tail(&kept);
        }
    }
    without_weak_tail(title)
}

/// `标题-搜狐财经`: a short last part after a plain dash is a site only if it reads like one.
fn without_weak_tail(title: &str) -> String {
    for mark in WEAK {
        if let Some(kept) = main_part(title, mark, true) {
            return kept;
        }
    }
    if let Some((rest, tail)) = title.rsplit_once(' ')
        && is_site_like(tail)
        && bare(rest).chars().count() >= 8
    {
        return rest.trim().to_owned();
    }
    title.trim().to_owned()
}

fn main_part(title: &str, mark: &str, only_sites: bool) -> Option<String> {
    let parts: Vec<&str> = title.split(mark).map(str::trim).filter(|p| !p.is_empty()).collect();
    if parts.len() < 2 {
        return None;
    }
    if only_sites {
        let mut end = parts.len();
        while end > 1 && is_site_like(parts[end - 1]) {
            end -= 1;
        }
        return (end < parts.len()).then(|| parts[..end].join(mark));
    }
    let len = |p: &&&str| bare(p).chars().count();
    let first = parts.first()?;
    if len(&first) >= 2 && !is_site_like(first) {
        return Some((*first).to_owned());
    }
    parts
        .iter()
        .filter(|p| !is_site_like(p))
        .max_by_key(len)
        .or(Some(first))
        .map(|p| (*p).to_owned())
}

/// Whether a part of a title is the name of a site, channel or column.
fn is_site_like(part: &str) -> bool {
    const ENDS: [&str; 34] = [
        "网",
        "网站",
        "报",
        "在线",
        "频道",
        "论坛",
        "社区",
        "博客",
        "新闻",
        "日报",
        "晚报",
        "传媒",
        "门户",
        "首页",
        "中心",
        "百科",
        "知道",
        "贴吧",
        "财经",
        "体育",
        "娱乐",
        "科技",
        "健康",
        "房产",
        "汽车",
        "客户端",
        "平台",
        "集团",
        "政府",
        "com",
        "cn",
        "net",
        "杂志",
        "电视台",
    ];
    let part = part.trim();
    part.chars().count() <= 14 && ENDS.iter().any(|e| part.to_ascii_lowercase().ends_with(e))
}

fn one_line(text: &str) -> String {
    let mut out = String::new();
    super::blocks::push_collapsed(&mut out, text);
    out.trim().to_owned()
}

/// Letters and digits only, lower case.
pub(super) fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::without_tail;

    fn check(title: &str, expected: &str) {
        assert_eq!(without_tail(title), expected, "{title}");
    }

    #[test]
    fn a_short_headline_comes_before_the_name_of_the_site() {
        let check = |html: &str, expected: &str| {
            let dom = super::super::markup::parse(html);
            let lines = super::super::blocks::lines(&dom, false);
            let body = super::super::body::find(&dom, &lines).unwrap_or_default();
            let meta = super::super::meta::Meta::of(&dom);
            assert_eq!(
                super::find(&dom, &lines, &body, &meta).as_deref(),
                Some(expected),
                "{html}"
            );
        };
        let head = |title: &str, headings: &str| {
            format!("<title>{title}</title>{headings}<p>正文从这里开始，说的是别的。</p>")
        };
        check(
            &head(
                "井巷 | Huge Hill的博客手记",
                "<div class=title>Huge Hill的博客手记</div><h1>井巷</h1>",
            ),
            "井巷",
        );
    }

    #[test]
    fn the_site_is_cut_and_the_headline_kept() {
        check("云岭矿业南坡煤矿复产_新闻中心_云岭网", "云岭矿业南坡煤矿复产");
        check("云岭矿业南坡煤矿复产 - 要闻 - 云岭日报网", "云岭矿业南坡煤矿复产");
        check("云岭矿业南坡煤矿复产--大岭网", "云岭矿业南坡煤矿复产");
        check("云岭矿业南坡煤矿复产-搜报财经", "云岭矿业南坡煤矿复产");
        check("云岭矿业南坡煤矿复产 云岭日报网", "云岭矿业南坡煤矿复产");
        check("云岭网 | 云岭矿业南坡煤矿今日复产", "云岭矿业南坡煤矿今日复产");
        check("安全-效益双提升，南坡煤矿这样干", "安全-效益双提升，南坡煤矿这样干");
        check("南坡煤矿今日复产", "南坡煤矿今日复产");
    }
}
