//! Finds the article links of a list page without being told where they are.
//!
//! In: a parsed page and its address. Out: the links that look like one list of articles, in page order,
//! with the title shown and the date beside them. Links are grouped by their place in the page (tags and
//! classes above them); a group is a list of articles when its texts are as long as headlines, or dated, and its
//! addresses are shaped like those of articles. Navigation, tags, authors and paging are left out. A link is what
//! leads somewhere: an anchor, or an element that goes there when it is clicked (`target`).

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ego_tree::NodeId;
use regex::Regex;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::headline::{Headline, headline, is_navigation, is_paging, joined, own_text, shown};
use super::shape::is_article_shaped;
use super::target::{self, target};
use crate::crawl::address;
use crate::extract::time_words;

/// More links than this are not looked at.
const MAX_LINKS: usize = 10_000;

/// How many levels above a link name its place.
const PLACE_LEVELS: usize = 6;

/// Shortest headline, in characters; navigation is shorter.
const HEADLINE_CHARS: usize = 8;

/// Shortest headline of a list whose items are dated (停水通知).
const SHORT_HEADLINE_CHARS: usize = 3;

/// Share of dated items from which short headlines make a list.
const MOSTLY_DATED: f64 = 0.6;

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
    /// No longer headline stands in the same item.
    leads_its_item: bool,
}

impl Candidate {
    fn chars(&self) -> usize {
        self.link.title.chars().count()
    }

    /// A headline by its length, or a short one that has an item of its own.
    fn is_headline(&self) -> bool {
        let is_short = (SHORT_HEADLINE_CHARS..HEADLINE_CHARS).contains(&self.chars());
        self.chars() >= HEADLINE_CHARS || is_short && self.leads_its_item && !self.is_navigation()
    }

    fn is_navigation(&self) -> bool {
        self.link.date.is_none() && is_navigation(&self.link.title)
    }
}

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
    let Some(best) = best.filter(|place| weight(place) > 0.0) else { return few(&candidates) };
    let floor = scored.get(best).copied().unwrap_or(0.0) * CLOSE_TO_BEST;
    let is_wanted = |c: &&Candidate| {
        let quality = scored.get(c.place.as_str()).copied().unwrap_or(0.0);
        let is_in_list = c.place == best && (c.is_headline() || c.is_article_shaped);
        is_in_list || quality >= floor && quality > 0.0 && c.is_article_shaped
    };
    once_each(candidates.iter().filter(is_wanted).collect())
}

/// A list of one or two: dated headlines, each in an item of its own.
fn few(candidates: &[Candidate]) -> Vec<ListLink> {
    let is_item =
        |c: &&Candidate| c.chars() >= HEADLINE_CHARS && c.link.date.is_some() && c.leads_its_item;
    let found: Vec<&Candidate> = candidates.iter().filter(is_item).collect();
    let is_one_list = found.windows(2).all(|pair| pair[0].place == pair[1].place);
    if found.len() < FEWEST && is_one_list { once_each(found) } else { Vec::new() }
}

/// Each address once.
fn once_each(wanted: Vec<&Candidate>) -> Vec<ListLink> {
    let mut seen = HashSet::new();
    let first = wanted.into_iter().filter(|c| seen.insert(&c.link.url));
    first.map(|c| c.link.clone()).collect()
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
    let share = |is: &dyn Fn(&&&Candidate) -> bool| {
        let count = group.iter().filter(|c| is(c)).count();
        count as f64 / group.len() as f64
    };
    let shaped = share(&|c| c.is_article_shaped);
    let dated = share(&|c| c.link.date.is_some());
    let is_short = median < HEADLINE_CHARS;
    if is_short && (dated < MOSTLY_DATED || share(&|c| c.is_headline()) < MOSTLY_DATED) {
        return 0.0;
    }
    let headline = match median {
        12.. => 1.0,
        HEADLINE_CHARS.. => 0.6,
        _ => 0.4,
    };
    headline * (0.1 + 0.9 * shaped) * (1.0 + dated)
}

fn candidates(html: &Html, base: &Url) -> Vec<Candidate> {
    let own = address::canonical_link(base, "").unwrap_or_default();
    let mut owners = Owners::new();
    let mut anchors: Vec<(ElementRef<'_>, String, Headline)> = html
        .select(&target::LEADING)
        .filter_map(|a| {
            let url = address::canonical_link(base, &target(a)?).ok()?;
            (url != own).then(|| (a, url, headline(a)))
        })
        .take(MAX_LINKS)
        .collect();
    // An address goes by its words where it has some, by its picture where it has none.
    let worded: HashSet<String> = anchors
        .iter()
        .filter(|(_, _, title)| !title.is_picture && !title.text.is_empty())
        .map(|(_, url, _)| url.clone())
        .collect();
    anchors.retain(|(_, url, title)| !title.is_picture || !worded.contains(url));
    // Under which elements does more than one article lie? The item of a link is the largest that is its own.
    let rows = rows(&anchors);
    for (anchor, url, title) in &anchors {
        let alone = row(*anchor).is_some_and(|row| rows.get(&row) == Some(&1));
        let least = if alone { SHORT_HEADLINE_CHARS } else { HEADLINE_CHARS };
        if title.text.chars().count() < least {
            continue;
        }
        for above in anchor.ancestors().take(PLACE_LEVELS) {
            owners.entry(above.id()).or_default().insert(url.clone());
        }
    }
    let mut items: HashMap<NodeId, Item> = HashMap::new();
    anchors
        .into_iter()
        .filter(|(_, _, title)| !title.text.is_empty() && !is_paging(&title.text))
        .map(|(anchor, url, title)| {
            let item = item_of(anchor, &owners);
            // Many links may share one item; it is looked at once.
            let item = items.entry(item.id()).or_insert_with(|| Item::of(item));
            let date = item.date_beside(anchor);
            let replies = item.replies_beside(anchor);
            let is_article_shaped = is_article_shaped(&url);
            let leads_its_item = item.longest <= title.text.chars().count();
            let link = ListLink { url, title: title.text, date, replies, item_chars: item.chars };
            Candidate { place: place(anchor), link, is_article_shaped, leads_its_item }
        })
        .collect()
}

/// The row of a list or table around a link, if any.
fn row(anchor: ElementRef<'_>) -> Option<NodeId> {
    let is_row = |e: &ElementRef<'_>| matches!(e.value().name(), "li" | "tr" | "dd" | "dt");
    let around = anchor.ancestors().take(PLACE_LEVELS).filter_map(ElementRef::wrap);
    std::iter::once(anchor).chain(around).find(is_row).map(|e| e.id())
}

/// Row → the links in it.
fn rows(anchors: &[(ElementRef<'_>, String, Headline)]) -> HashMap<NodeId, usize> {
    let mut rows: HashMap<NodeId, HashSet<&str>> = HashMap::new();
    for (anchor, url, _) in anchors {
        if let Some(row) = row(*anchor) {
            rows.entry(row).or_default().insert(url);
        }
    }
    rows.into_iter().map(|(row, urls)| (row, urls.len())).collect()
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
    time_words(&short_text(element)?)
}

fn short_text(element: ElementRef<'_>) -> Option<String> {
    let length = element.text().map(str::len).sum::<usize>();
    (length <= MAX_ITEM_BYTES).then(|| joined(element.text()))
}

/// The largest element around a link that holds no other article: what is read of it, once for all its links.
struct Item {
    /// Characters of its text.
    chars: usize,
    /// Characters of the longest words linked in it: a column's name before the headline does not lead.
    longest: usize,
    /// Its text, where it is short enough for an item of a list.
    text: Option<String>,
    /// The number of replies that its text names.
    said: Option<u64>,
    /// Links in it that are but a number, with their addresses.
    numbers: Vec<(NodeId, String, u64)>,
    /// A number in a cell named after replies.
    cell: Option<u64>,
}

impl Item {
    fn of(item: ElementRef<'_>) -> Self {
        static REPLIES: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?:回复|回帖|评论|跟帖)[:：数 ]*(\d+)|(\d+)\s*(?:条?回复|回帖|评论|跟帖)")
                .expect("a fixed pattern is valid")
        });
        static CELLS: LazyLock<Selector> = LazyLock::new(|| {
            Selector::parse("[class*=repl], [class*=answer], [class*=comment]")
                .expect("a fixed selector is valid")
        });
        let number = |element: ElementRef<'_>| {
            let text: String = element.text().collect();
            text.trim().parse::<u64>().ok()
        };
        let text = short_text(item);
        let captured = text.as_deref().and_then(|text| REPLIES.captures(text));
        let numbered = |link: ElementRef<'_>| {
            let href = link.value().attr("href")?.to_owned();
            Some((link.id(), href, number(link)?))
        };
        let links = || item.select(&target::LEADING);
        Self {
            chars: own_text(item).chars().count(),
            longest: links().map(|link| own_text(link).chars().count()).max().unwrap_or(0),
            said: captured.and_then(|c| c.get(1).or_else(|| c.get(2))?.as_str().parse().ok()),
            numbers: links().filter_map(numbered).collect(),
            cell: item.select(&CELLS).find_map(number),
            text,
        }
    }

    /// A time in it, beside the link or on it.
    fn date_beside(&self, anchor: ElementRef<'_>) -> Option<String> {
        let whole = self.text.as_deref()?;
        let inside = joined(anchor.text());
        let beside = whole.replacen(&inside, " ", 1);
        // A card is one link around headline, summary and time.
        let card = inside.replacen(&shown(anchor), " ", 1);
        time_words(&beside).or_else(|| time_words(&card))
    }

    /// The number of replies a board shows beside a thread: `回复 12`, `12 回复`, a second link to the thread that is
    /// but a number (Discuz and its kin), or a number in a cell named after replies.
    fn replies_beside(&self, anchor: ElementRef<'_>) -> Option<u64> {
        self.text.as_ref()?;
        let href = anchor.value().attr("href");
        let again =
            |(id, to, _): &&(NodeId, String, u64)| *id != anchor.id() && Some(to.as_str()) == href;
        let linked = || self.numbers.iter().find(again).map(|(.., number)| *number);
        self.said.or_else(linked).or(self.cell)
    }
}
