//! What tells the items of a feed apart: their page, and where several share one, fragment, guid or text.
//!
//! In: a feed. Out: per item its page and the address it is named by, which differ where the page is shared. A fragment alone says
//! nothing (`#top`, `#reply3`): it counts where the feed has several items of one page, or where all link to the
//! feed's own home page. An item without link is named by its guid, one without guid by its text.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use url::Url;

use super::feed::{Feed, FeedItem};
use crate::crawl::address;
use crate::text::hex;

/// Longest guid that stands in an address as it is, in bytes.
const MAX_GUID: usize = 120;

/// The place of one item.
pub(super) struct Place {
    /// The page it links to; none without a link.
    pub(super) page: Option<String>,
    /// What it is named by: the page, or the page with a name behind `#` where the page is not its own. None for an
    /// item that has nothing to be named by.
    pub(super) address: Option<String>,
}

/// The places of the items of `feed`, served at `base`.
pub(super) fn places(feed: &Feed, base: &Url) -> Vec<Place> {
    let link = |item: &FeedItem| address::canonical_link(base, item.link.as_deref()?).ok();
    let pages: Vec<Option<String>> = feed.items.iter().map(link).collect();
    let mut groups: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, page) in pages.iter().enumerate() {
        groups.entry(page.as_deref().unwrap_or_default()).or_default().push(at);
    }
    let home = feed.link.as_deref().and_then(|home| address::canonical_link(base, home).ok());
    let own = address::canonical_link(base, base.as_str()).ok();
    let is_home = |page: &str| Some(page) == home.as_deref() || Some(page) == own.as_deref();
    // Once a page: a feed may link to one ten thousand times.
    let apart: HashMap<&str, Option<By>> = groups
        .iter()
        .map(|(page, fellows)| {
            let apart = tells_apart(fellows.iter().map(|&n| &feed.items[n]), is_home(page));
            (*page, apart.filter(|_| fellows.len() > 1 || is_home(page)))
        })
        .collect();
    (0..feed.items.len())
        .map(|at| {
            let item = &feed.items[at];
            let Some(page) = &pages[at] else {
                let nameless = home.as_ref().or(own.as_ref());
                let address = nameless.and_then(|page| named(page, &name_of(item)?));
                return Place { page: None, address };
            };
            let name = apart[page.as_str()].and_then(|by| by.of(item));
            let address = name.and_then(|name| named(page, &name));
            Place { page: Some(page.clone()), address: address.or_else(|| Some(page.clone())) }
        })
        .collect()
}

/// By what the items of one page are told apart.
#[derive(Clone, Copy)]
enum By {
    Fragment,
    Guid,
    Text,
}

impl By {
    fn of(self, item: &FeedItem) -> Option<String> {
        match self {
            Self::Fragment => fragment(item),
            Self::Guid => item.id.clone().filter(|id| Some(id) != item.link.as_ref()),
            Self::Text if item.id.is_none() => name_of(item),
            Self::Text => None,
        }
    }
}

/// Fragments where each says something else, else guids, else (`by_text`) the texts of items without guid; none where
/// the items are one and the same.
fn tells_apart<'a>(items: impl Iterator<Item = &'a FeedItem>, by_text: bool) -> Option<By> {
    let items: Vec<&FeedItem> = items.collect();
    // A new headline over the same text is the same article, whatever its guid.
    let says = |item: &&'a FeedItem| {
        let text = (item.content.as_ref(), item.summary.as_ref());
        if text == (None, None) { (item.title.as_ref(), None) } else { text }
    };
    let texts: HashSet<_> = items.iter().map(says).collect();
    let differ = |by: By| {
        let names: HashSet<_> = items.iter().map(|item| by.of(item)).collect();
        names.len() >= texts.len() && !names.contains(&None)
    };
    if items.len() > 1 && texts.len() == 1 {
        return None;
    }
    let ways = [By::Fragment, By::Guid, By::Text].into_iter().take(if by_text { 3 } else { 2 });
    ways.into_iter().find(|by| differ(*by))
}

fn fragment(item: &FeedItem) -> Option<String> {
    let (_, fragment) = item.link.as_deref()?.split_once('#')?;
    (!fragment.is_empty()).then(|| fragment.to_owned())
}

/// What an item without a link is called: its guid, else a digest of what it says.
fn name_of(item: &FeedItem) -> Option<String> {
    if let Some(id) = item.id.as_ref().filter(|id| !id.trim().is_empty()) {
        return Some(id.clone());
    }
    let says = [&item.title, &item.content, &item.summary];
    let said = says.into_iter().flatten().fold(String::new(), |all, part| all + part + "\0");
    (item.content.is_some() || item.summary.is_some()).then(|| digest(&said))
}

fn digest(text: &str) -> String {
    hex(&Sha256::digest(text)[..8])
}

/// The page with a name behind `#`: it opens the page, and is another address.
fn named(page: &str, name: &str) -> Option<String> {
    let mut url = Url::parse(page).ok()?;
    let long = name.len() > MAX_GUID;
    url.set_fragment(Some(&if long { digest(name) } else { name.trim().to_owned() }));
    Some(url.into())
}
