//! Finds the article links of a list page without being told where they are.
//!
//! In: a parsed page and its address. Out: the links that look like one list of articles, in page order,
//! with the title shown and the date beside them. Links are grouped by their place in the page (tags and
//! classes above them); a group is a list of articles when its texts are as long as headlines and its
//! addresses are shaped like those of articles. Navigation, tags, authors and paging are left out.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ego_tree::NodeId;
use regex::Regex;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use crate::crawl::address;

/// More links than this are not looked at.
const MAX_LINKS: usize = 10_000;

/// How many levels above a link name its place.
const PLACE_LEVELS: usize = 6;

/// Shortest headline, in characters; navigation is shorter.
const HEADLINE_CHARS: usize = 8;

/// An element with more text than this, in bytes, is no item of a list.
const MAX_ITEM_BYTES: usize = 4000;

/// Fewest links that make a list.
const FEWEST: usize = 3;

/// A group this close to the best one is part of the list too (blocks of a front page).
const CLOSE_TO_BEST: f64 = 0.6;

/// A link of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListLink {
    /// Canonical address.
    pub url: String,
    /// The headline shown.
    pub title: String,
    /// The time beside it, as written.
    pub date: Option<String>,
    /// The number of replies beside it.
    pub replies: Option<u64>,
    /// Characters of the item around it, itself included.
    pub item_chars: usize,
}

/// Element → the articles linked under it.
type Owners = HashMap<NodeId, HashSet<String>>;

struct Candidate {
    link: ListLink,
    place: String,
    is_article_shaped: bool,
}

static ANCHORS: LazyLock<Selector> =
    LazyLock::new(|| Selector::parse("a[href]").expect("a fixed selector is valid"));

static HEADING: LazyLock<Selector> = LazyLock::new(|| {
    Selector::parse("h1, h2, h3, h4, h5, h6, [class*=title]").expect("a fixed selector is valid")
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) (?:20|19)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?(?:\s*T?\s*\d{1,2}:\d{2}(?::\d{2})?)?
        | \b\d{1,2}\s*[-/月]\s*\d{1,2}\s*日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?
        | \d+\s*(?:秒|分钟|小时|天)前 | 刚刚 | (?:今天|昨天|前天)\s*(?:\d{1,2}:\d{2})?
        | \b\d{1,2}:\d{2}(?::\d{2})?\b",
    )
    .expect("a fixed pattern is valid")
});

/// The links of the page that form its list of articles; empty when there is none.
#[must_use]
pub fn find_article_links(html: &Html, base: &Url) -> Vec<ListLink> {
    let candidates = candidates(html, base);
    let mut groups: HashMap<&str, Vec<&Candidate>> = HashMap::new();
    for candidate in &candidates {
        groups.entry(&candidate.place).or_default().push(candidate);
    }
    let scored: HashMap<&str, f64> =
        groups.iter().map(|(place, group)| (*place, quality(group))).collect();
    let weight = |place: &str| {
        let count = groups.get(place).map_or(0, |g| g.len());
        let count = f64::from(u32::try_from(count.min(200)).unwrap_or(200));
        scored.get(place).copied().unwrap_or(0.0) * count.sqrt()
    };
    let best = scored.keys().copied().max_by(|a, b| weight(a).total_cmp(&weight(b)).then(b.cmp(a)));
    let Some(best) = best.filter(|place| weight(place) > 0.0) else { return Vec::new() };
    let floor = scored.get(best).copied().unwrap_or(0.0) * CLOSE_TO_BEST;
    let mut seen = HashSet::new();
    candidates
        .iter()
        .filter(|c| {
            let quality = scored.get(c.place.as_str()).copied().unwrap_or(0.0);
            let is_headline = c.link.title.chars().count() >= HEADLINE_CHARS;
            let is_in_list = c.place == best && (is_headline || c.is_article_shaped);
            is_in_list || quality >= floor && quality > 0.0 && c.is_article_shaped
        })
        .filter(|c| seen.insert(&c.link.url))
        .map(|c| c.link.clone())
        .collect()
}

/// The share of a page's visible text that stands in the items of its list of articles.
///
/// On an article with lists beside it the text stands outside of them; on a list it stands within, however
/// long the excerpts are.
#[must_use]
pub fn share_in_list(html: &Html, links: &[ListLink]) -> f64 {
    let is_shown =
        |name: &str| !matches!(name, "script" | "style" | "noscript" | "template" | "head");
    let whole: usize = html
        .tree
        .nodes()
        .filter_map(|node| Some((node, node.value().as_text()?)))
        .filter(|(node, _)| {
            let mut above = node.ancestors().filter_map(ElementRef::wrap);
            above.all(|element| is_shown(element.value().name()))
        })
        .map(|(_, text)| text.chars().filter(|c| !c.is_whitespace()).count())
        .sum();
    let inside: usize = links.iter().map(|link| link.item_chars).sum();
    inside as f64 / whole.max(1) as f64
}

/// How much a group looks like headlines: 0 (not at all) to 2 (with dates beside them).
fn quality(group: &[&Candidate]) -> f64 {
    let addresses: HashSet<&str> = group.iter().map(|c| c.link.url.as_str()).collect();
    if addresses.len() < FEWEST {
        return 0.0;
    }
    let mut lengths: Vec<usize> = group.iter().map(|c| c.link.title.chars().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    if median < HEADLINE_CHARS {
        return 0.0;
    }
    let share = |is: &dyn Fn(&&&Candidate) -> bool| {
        let count = group.iter().filter(|c| is(c)).count();
        count as f64 / group.len() as f64
    };
    let shaped = share(&|c| c.is_article_shaped);
    let dated = share(&|c| c.link.date.is_some());
    let headline = if median >= 12 { 1.0 } else { 0.6 };
    headline * (0.1 + 0.9 * shaped) * (1.0 + dated)
}

fn candidates(html: &Html, base: &Url) -> Vec<Candidate> {
    let own = address::canonical_link(base, "").unwrap_or_default();
    let mut owners = Owners::new();
    let anchors: Vec<(ElementRef<'_>, String, String)> = html
        .select(&ANCHORS)
        .take(MAX_LINKS)
        .filter_map(|a| {
            let url = address::canonical_link(base, a.value().attr("href")?).ok()?;
            (url != own).then(|| (a, url, shown(a)))
        })
        .collect();
    // Under which elements does more than one article lie? The item of a link is the largest that is its own.
    for (anchor, url, title) in &anchors {
        if title.chars().count() < HEADLINE_CHARS {
            continue;
        }
        for above in anchor.ancestors().take(PLACE_LEVELS) {
            owners.entry(above.id()).or_default().insert(url.clone());
        }
    }
    anchors
        .into_iter()
        .filter(|(_, _, title)| !title.is_empty() && !is_paging(title))
        .map(|(anchor, url, title)| {
            let date = date_beside(anchor, &owners);
            let replies = replies_beside(anchor, &owners);
            let is_article_shaped = is_article_shaped(&url);
            let item_chars = own_text(item_of(anchor, &owners)).chars().count();
            let link = ListLink { url, title, date, replies, item_chars };
            Candidate { place: place(anchor), link, is_article_shaped }
        })
        .collect()
}

/// The headline of a link: its heading where it is a whole card, else its text, or its `title` where the
/// text is cut or a picture.
pub(super) fn shown(anchor: ElementRef<'_>) -> String {
    let heading = anchor.select(&HEADING).map(own_text).find(|text| !text.is_empty());
    let text = heading.unwrap_or_else(|| own_text(anchor));
    let full = anchor.value().attr("title").map(|t| joined([t].into_iter())).unwrap_or_default();
    let is_cut = text.is_empty() || text.ends_with('…') || text.ends_with("...");
    if is_cut && full.chars().count() > text.chars().count() { full } else { text }
}

/// The text of an element as it runs: marks within a word do not part it.
fn own_text(element: ElementRef<'_>) -> String {
    let whole: String = element.text().collect();
    joined([whole.as_str()].into_iter())
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for word in parts.flat_map(str::split_whitespace) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Tags and first classes from the link upwards.
fn place(anchor: ElementRef<'_>) -> String {
    let mut place = String::from("a");
    for above in anchor.ancestors().filter_map(ElementRef::wrap).take(PLACE_LEVELS) {
        let element = above.value();
        place.push('<');
        place.push_str(element.name());
        if let Some(class) =
            element.classes().next().filter(|c| !c.ends_with(|l: char| l.is_ascii_digit()))
        {
            place.push('.');
            place.push_str(class);
        }
    }
    place
}

/// A time in the largest element around the link that holds no other article.
fn date_beside(anchor: ElementRef<'_>, owners: &Owners) -> Option<String> {
    let item = item_of(anchor, owners);
    let whole = short_text(item)?;
    let inside = joined(anchor.text());
    let beside = whole.replacen(&inside, " ", 1);
    // A card is one link around headline, summary and time.
    let card = inside.replacen(&shown(anchor), " ", 1);
    let found = DATE.find(&beside).or_else(|| DATE.find(&card))?;
    Some(found.as_str().trim().to_owned())
}

/// The largest element around a link that holds no other article.
fn item_of<'a>(anchor: ElementRef<'a>, owners: &Owners) -> ElementRef<'a> {
    let mut item = anchor;
    for above in anchor.ancestors().take(PLACE_LEVELS) {
        if owners.get(&above.id()).is_some_and(|urls| urls.len() > 1) {
            break;
        }
        item = ElementRef::wrap(above).unwrap_or(item);
    }
    item
}

/// The time an element shows.
pub(super) fn date_in(element: ElementRef<'_>) -> Option<String> {
    DATE.find(&short_text(element)?).map(|found| found.as_str().trim().to_owned())
}

fn short_text(element: ElementRef<'_>) -> Option<String> {
    let length = element.text().map(str::len).sum::<usize>();
    (length <= MAX_ITEM_BYTES).then(|| joined(element.text()))
}

/// The number of replies a board shows beside a thread: `回复 12`, `12 回复`, a second link to the thread that is
/// but a number (Discuz and its kin), or a number in a cell named after replies.
pub(super) fn replies_beside(anchor: ElementRef<'_>, owners: &Owners) -> Option<u64> {
    static REPLIES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:回复|回帖|评论|跟帖)[:：数 ]*(\d+)|(\d+)\s*(?:条?回复|回帖|评论|跟帖)")
            .expect("a fixed pattern is valid")
    });
    static CELLS: LazyLock<Selector> = LazyLock::new(|| {
        Selector::parse("[class*=repl], [class*=answer], [class*=comment]")
            .expect("a fixed selector is valid")
    });
    static ANCHORS: LazyLock<Selector> =
        LazyLock::new(|| Selector::parse("a[href]").expect("a fixed selector is valid"));
    let item = item_of(anchor, owners);
    let text = short_text(item)?;
    if let Some(found) = REPLIES.captures(&text) {
        return found.get(1).or_else(|| found.get(2))?.as_str().parse().ok();
    }
    let number = |element: ElementRef<'_>| {
        let text: String = element.text().collect();
        text.trim().parse::<u64>().ok()
    };
    let href = anchor.value().attr("href");
    let again = |other: &ElementRef<'_>| *other != anchor && other.value().attr("href") == href;
    let linked = item.select(&ANCHORS).filter(again).find_map(number);
    linked.or_else(|| item.select(&CELLS).find_map(number))
}

fn is_paging(title: &str) -> bool {
    title.chars().all(|c| c.is_ascii_digit() || c.is_ascii_punctuation())
        || matches!(title, "上一页" | "下一页" | "首页" | "尾页" | "末页" | "更多" | "更多>>")
}

/// Whether an address looks like an article's: a date, a long number, an id, a slug.
#[must_use]
pub(crate) fn is_article_shaped(url: &str) -> bool {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x) /(?:19|20)\d{2}[-/_]?(?:0?[1-9]|1[0-2])(?:[-/_]|\d) | \d{5,} | [/=_-]\d{3,}(?:[._/?&-]|$)
            | /[0-9A-Z]{12,}(?:\.|$) | [?&](?:id|tid|aid|nid|mid|newsid|articleid|contentid|docid|infoid)=\w+
            | /(?:p|t|a|q|s|detail|article|news|post|thread|topic|question)/[\w-]*\d[\w-]*(?:[/.?]|$)
            | [a-z0-9]+(?:-[a-z0-9]+){3,}",
        )
        .expect("a fixed pattern is valid")
    });
    let Some(path) = url.splitn(4, '/').nth(3).filter(|p| !p.is_empty()) else { return false };
    SHAPE.is_match(&format!("/{path}"))
}
