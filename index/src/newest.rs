//! The first page of stories, newest first, without a line for each story that is hit.
//!
//! In: hits, segment by segment, newest first. Out: the lines of the page in order, and how many stories there
//! are. A hit costs two bits: its own and its story's. A line for each story would cost a place in memory
//! that is far from the last one; only the few stories of the page get one, from the index of their posts.

use std::cmp::Reverse;

use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Searcher, TERMINATED, Term};

use crate::answer::PageToken;
use crate::columns::AllColumns;
use crate::error::IndexError;
use crate::lines::Line;
use crate::order::order_i64;

/// Stories on a page up to which this is worth it: each newcomer is looked for among them.
pub(crate) const LONGEST_PAGE: usize = 100;

/// A set of small numbers.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn with(numbers: usize) -> Self {
        Self(vec![0; numbers.div_ceil(64)])
    }

    #[inline]
    fn insert(&mut self, number: u32) {
        self.0[number as usize >> 6] |= 1 << (number & 63);
    }

    fn contains(&self, number: u32) -> bool {
        self.0[number as usize >> 6] >> (number & 63) & 1 == 1
    }

    fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            *ours |= theirs;
        }
    }
}

/// What was hit so far.
pub(crate) struct Newest {
    /// Stories on the page, and one more.
    room: usize,
    stories: Bits,
    /// By segment.
    hits: Vec<Bits>,
    /// The newest stories of each segment by the places they take on the page.
    fronts: Vec<Vec<(PageToken, u32)>>,
    /// Segments of which no newer story can come.
    full: Vec<bool>,
}

impl Newest {
    /// For a page of `limit` of `stories` stories, in segments of so many documents.
    pub fn new(limit: usize, stories: usize, docs: impl Iterator<Item = DocId>) -> Self {
        let hits: Vec<Bits> = docs.map(|docs| Bits::with(docs as usize)).collect();
        Self {
            room: limit + 1,
            stories: Bits::with(stories),
            fronts: vec![Vec::new(); hits.len()],
            full: vec![false; hits.len()],
            hits,
        }
    }

    /// Takes up hits of a segment, after all newer ones of it; `stories` are by document.
    pub fn take(&mut self, all: &AllColumns, segment: usize, docs: &[DocId], stories: &[u32]) {
        let hits = &mut self.hits[segment];
        for doc in docs {
            hits.insert(*doc);
            self.stories.insert(stories[*doc as usize]);
        }
        let (columns, times) = (&all.segments[segment], &all.times[segment]);
        for doc in docs {
            if self.full[segment] {
                break;
            }
            let (time, story) = (order_i64(times[*doc as usize]), stories[*doc as usize]);
            let front = &mut self.fronts[segment];
            let last = front.last().filter(|_| front.len() == self.room).map(|(token, _)| *token);
            if last.is_some_and(|last| time < last.time) {
                self.full[segment] = true;
                break;
            }
            if front.iter().any(|(_, known)| *known == story) {
                continue;
            }
            let token = PageToken { key: time, time, post: columns.story.get_val(*doc) };
            if last.is_none_or(|last| token > last) {
                let at = front.partition_point(|(before, _)| *before > token);
                front.insert(at, (token, story));
                front.truncate(self.room);
            }
        }
    }

    /// Takes up what was found apart.
    pub fn merge(&mut self, other: &Self) {
        self.stories.merge(&other.stories);
        for (ours, theirs) in self.hits.iter_mut().zip(&other.hits) {
            ours.merge(theirs);
        }
        for (ours, theirs) in self.fronts.iter_mut().zip(&other.fronts) {
            ours.extend(theirs);
        }
    }

    /// How many stories were hit.
    pub fn count(&self) -> u64 {
        self.stories.len()
    }

    /// The page's lines and one more if there is one, in order.
    pub fn page(
        &self,
        searcher: &Searcher,
        by_story: Field,
        all: &AllColumns,
    ) -> Result<Vec<(PageToken, Line)>, IndexError> {
        let mut front: Vec<_> = self.fronts.iter().flatten().copied().collect();
        front.sort_unstable_by_key(|(token, _)| Reverse(*token));
        let mut page: Vec<(PageToken, Line)> = Vec::with_capacity(self.room);
        for (token, _) in front {
            if page.len() == self.room {
                break;
            }
            // The newest post of a story comes first; in other segments it may stand again.
            if page.iter().all(|(known, _)| known.post != token.post) {
                page.push((token, self.line(searcher, by_story, all, token.post)?));
            }
        }
        Ok(page)
    }

    /// The line of one story, from all its posts that were hit.
    fn line(
        &self,
        searcher: &Searcher,
        by_story: Field,
        all: &AllColumns,
        story: u64,
    ) -> Result<Line, IndexError> {
        let term = Term::from_field_u64(by_story, story);
        let mut line = Line::default();
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let posts = reader.inverted_index(by_story)?;
            let Some(mut posts) = posts.read_postings(&term, IndexRecordOption::Basic)? else {
                continue;
            };
            while posts.doc() != TERMINATED {
                if self.hits[segment].contains(posts.doc()) {
                    line.put_newest(all, all.starts[segment] + posts.doc());
                }
                posts.advance();
            }
        }
        Ok(line)
    }
}
