//! The lines of an answer while they are being counted: stories, or posts of a page.
//!
//! In: hits with their sort keys. Out: the lines of the page in order. Stories stand in an array by their
//! number, so that a hit is one addition; posts stand in a heap no larger than the page.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::answer::{PageToken, SearchOptions, Sort};
use crate::columns::{AllColumns, Place};
use crate::order::order_i64;

/// A line of the answer: a story, or a post.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Line {
    /// Posts in it; 0 for none yet.
    pub posts: u32,
    /// The post that stands for it.
    pub best: Place,
    /// The earliest post.
    pub first: Place,
    /// What it is sorted by before time; keeps order.
    pub key: u32,
}

impl Line {
    /// Counts a post where lines stand for their newest; the id decides ties.
    pub fn put_newest(&mut self, all: &AllColumns, place: Place) {
        let order = |place| (all.time(place), all.id(place));
        if self.posts == 0 || order(place) > order(self.best) {
            self.best = place;
        }
        if self.posts == 0 || order(place) < order(self.first) {
            self.first = place;
        }
        self.posts += 1;
    }
}

/// Lines by the number of their story.
#[derive(Default)]
pub(crate) struct Slots {
    lines: Vec<Line>,
    /// The stories that have a post.
    used: Vec<u32>,
}

/// A hit.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub place: Place,
    pub key: u32,
    pub time: i64,
}

impl Slots {
    /// Room for at least `stories`.
    pub fn grow(&mut self, stories: usize) {
        if self.lines.len() < stories {
            self.lines.resize(stories, Line::default());
        }
    }

    /// Empties all lines.
    pub fn clear(&mut self) {
        for story in self.used.drain(..) {
            self.lines[story as usize] = Line::default();
        }
    }

    /// How many stories have a post.
    pub fn len(&self) -> usize {
        self.used.len()
    }

    /// Counts a hit.
    #[inline]
    pub fn put(&mut self, all: &AllColumns, story: u32, seen: Seen) {
        let Seen { place, key, time } = seen;
        let line = &mut self.lines[story as usize];
        if line.posts == 0 {
            *line = Line { posts: 1, best: place, first: place, key };
            self.used.push(story);
            return;
        }
        line.posts += 1;
        if (key, time) >= (line.key, all.time(line.best)) && goes_before(all, seen, line) {
            (line.key, line.best) = (key, place);
        }
        let first_time = all.time(line.first);
        if time < first_time || (time == first_time && all.id(place) < all.id(line.first)) {
            line.first = place;
        }
    }

    /// Takes up what was counted apart.
    pub fn merge(&mut self, all: &AllColumns, other: &Self) {
        for story in &other.used {
            let theirs = other.lines[*story as usize];
            let best = Seen { place: theirs.best, key: theirs.key, time: all.time(theirs.best) };
            self.put(all, *story, best);
            if theirs.posts > 1 {
                // A key of 0 stands behind or beside every other: this moves `first` alone.
                let first = Seen { place: theirs.first, key: 0, time: all.time(theirs.first) };
                self.put(all, *story, first);
                self.lines[*story as usize].posts += theirs.posts - 2;
            }
        }
    }

    /// The page's lines and one more if there is one, in order.
    pub fn page(&self, all: &AllColumns, options: &SearchOptions) -> Vec<(PageToken, Line)> {
        let mut page = Page::new(options);
        for story in &self.used {
            let line = self.lines[*story as usize];
            let seen = Seen { place: line.best, key: line.key, time: all.time(line.best) };
            page.put(seen, line, |place| {
                let (columns, doc) = all.at(place);
                columns.story.get_val(doc)
            });
        }
        page.lines()
    }
}

/// Whether a hit that is not behind the line's best by key and time goes before it; the id decides ties.
fn goes_before(all: &AllColumns, seen: Seen, line: &Line) -> bool {
    (seen.key, seen.time) > (line.key, all.time(line.best))
        || all.id(seen.place) > all.id(line.best)
}

/// The best lines so far, one more than the page has.
pub(crate) struct Page<'a> {
    options: &'a SearchOptions,
    found: BinaryHeap<Reverse<(PageToken, Entry)>>,
}

struct Entry(Line);

impl PartialEq for Entry {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// Tokens are never equal: they decide alone.
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl<'a> Page<'a> {
    /// An empty page.
    pub fn new(options: &'a SearchOptions) -> Self {
        Self { options, found: BinaryHeap::new() }
    }

    /// Puts a line on the page if it belongs there; `id` is asked for only then.
    pub fn put(&mut self, seen: Seen, line: Line, id: impl FnOnce(Place) -> u64) {
        let time = order_i64(seen.time);
        let key = match self.options.sort {
            Sort::Newest => time,
            _ => u64::from(seen.key),
        };
        let room = self.options.limit + 1;
        let is_full = self.found.len() >= room;
        if is_full && self.found.peek().is_some_and(|Reverse((t, _))| (key, time) < (t.key, t.time))
        {
            return;
        }
        let token = PageToken { key, time, post: id(seen.place) };
        if self.options.after.is_some_and(|after| token >= after) {
            return;
        }
        self.found.push(Reverse((token, Entry(line))));
        if is_full {
            self.found.pop();
        }
    }

    /// Takes up what was found apart.
    pub fn merge(&mut self, other: Self) {
        let room = self.options.limit + 1;
        for entry in other.found {
            self.found.push(entry);
            if self.found.len() > room {
                self.found.pop();
            }
        }
    }

    /// The lines in order.
    pub fn lines(self) -> Vec<(PageToken, Line)> {
        let mut lines: Vec<_> = self.found.into_iter().map(|Reverse((t, e))| (t, e.0)).collect();
        lines.sort_unstable_by_key(|(token, _)| Reverse(*token));
        lines
    }
}
