//! Pages: strips one below the other, in pages of the height of the text.
//!
//! In: items, each of strips that are not broken. Out: pages, and where anchors and headings came to stand. A heading stays
//! with what follows, the head of a table is repeated where it goes on.

use std::collections::BTreeMap;

use super::super::sheet::{Ink, MARGINS, PAPER};
use super::lines::Sign;

/// The height of the text, in points.
pub(super) const HEIGHT: f32 = (PAPER.1 - MARGINS[0] - MARGINS[2]) as f32 / 20.0;

/// What stands in a strip; lengths in points from its left and top.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    /// Characters on a foot line.
    Signs(f32, Vec<(f32, Sign)>),
    /// A rectangle: left, top, width, height.
    Fill([f32; 4], Ink),
}

/// What is not broken by the end of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Strip {
    pub height: f32,
    pub marks: Vec<Mark>,
}

/// A paragraph, a table or a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Item {
    pub before: f32,
    pub after: f32,
    /// Whether it stays with what follows.
    pub keeps: bool,
    /// Whether it begins a page.
    pub turns: bool,
    pub anchor: Option<String>,
    /// What the outline calls it.
    pub title: Option<String>,
    /// What is repeated where it goes on.
    pub head: Option<Strip>,
    pub strips: Vec<Strip>,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Pages<'a> {
    /// Strips with their tops.
    pub pages: Vec<Vec<(f32, &'a Strip)>>,
    /// Page from 0 and top, by anchor.
    pub anchors: BTreeMap<&'a str, (usize, f32)>,
    /// Titles of the outline with page and top, in order.
    pub titles: Vec<(&'a str, usize, f32)>,
}

fn tall(item: &Item) -> f32 {
    item.head.iter().chain(&item.strips).map(|strip| strip.height).sum()
}

/// The room that the first item needs to begin on a page, with what it stays with.
fn need(items: &[Item]) -> f32 {
    let Some((item, rest)) = items.split_first() else { return 0.0 };
    let first = item.head.iter().chain(item.strips.first()).map(|strip| strip.height).sum::<f32>();
    match (item.keeps, rest.first()) {
        (true, Some(next)) if !next.turns => tall(item) + item.after + next.before + need(rest),
        _ => first,
    }
}

pub(super) fn pages(items: &[Item]) -> Pages<'_> {
    let mut out = Pages { pages: vec![Vec::new()], ..Pages::default() };
    let mut y = 0.0;
    for (i, item) in items.iter().enumerate() {
        let is_begun = |out: &Pages<'_>| out.pages.last().is_some_and(|page| !page.is_empty());
        let needed = item.before + need(&items[i..]);
        // What no page holds is not helped by a new one.
        let turns = item.turns || (y + needed > HEIGHT + 0.01 && needed <= HEIGHT);
        if turns && is_begun(&out) {
            out.pages.push(Vec::new());
            y = 0.0;
        }
        if is_begun(&out) {
            y += item.before;
        }
        let mut is_first = true;
        for strip in &item.strips {
            let head = item.head.as_ref().map_or(0.0, |head| head.height);
            if y + strip.height > HEIGHT + 0.01 && is_begun(&out) {
                out.pages.push(Vec::new());
                y = 0.0;
            }
            let page = out.pages.len() - 1;
            if is_first {
                if let Some(anchor) = &item.anchor {
                    out.anchors.entry(anchor).or_insert((page, y));
                }
                if let Some(title) = &item.title {
                    out.titles.push((title, page, y));
                }
            }
            if let Some(top) = item.head.as_ref().filter(|_| is_first || y == 0.0) {
                out.pages[page].push((y, top));
                y += head;
            }
            out.pages[page].push((y, strip));
            y += strip.height;
            is_first = false;
        }
        y += item.after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(height: f32, strips: usize) -> Item {
        let strip = Strip { height, marks: Vec::new() };
        Item { strips: vec![strip; strips], ..Item::default() }
    }

    fn counts(items: &[Item]) -> Vec<usize> {
        pages(items).pages.iter().map(Vec::len).collect()
    }

    #[test]
    fn a_page_holds_22_lines_and_a_heading_stays_with_its_text() {
        assert_eq!(counts(&[item(28.95, 45)]), [22, 22, 1]);
        let heading = Item { keeps: true, title: Some("一、".into()), ..item(28.95, 1) };
        let items = [item(28.95, 21), heading, item(28.95, 2)];
        assert_eq!(counts(&items), [21, 3]);
        assert_eq!(pages(&items).titles, [("一、", 1, 0.0)]);
    }

    #[test]
    fn the_head_of_a_table_is_repeated_and_an_annex_turns_the_page() {
        let table = Item { head: Some(item(10.0, 1).strips.remove(0)), ..item(100.0, 8) };
        // Six rows of 100 and a head on the first page, two and a head on the second.
        assert_eq!(counts(&[table]), [7, 3]);
        let annex = Item { turns: true, ..item(20.0, 1) };
        assert_eq!(counts(&[item(20.0, 1), annex]), [1, 1]);
    }
}
