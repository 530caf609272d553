//! Counts, groups and orders the hits of a query in one pass.
//!
//! In: a compiled query and a searcher. Out: `SearchResults`. One line per story, facet counts, the
//! histogram and the page come from the same walk over the documents, so they cannot disagree. It knows
//! nothing of texts or of the query language.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use chrono::{DateTime, NaiveDate, TimeDelta};
use pipelines::record::{PostId, StoryId};
use tantivy::query::Weight;
use tantivy::{DocId, DocSet, Searcher, TERMINATED};

use crate::answer::{
    DayCount, FacetCounts, First, Hit, PageToken, SearchOptions, SearchResults, Sort,
};
use crate::columns::{Columns, order_i64};
use crate::error::IndexError;

const DAY_MICROS: i64 = 86_400_000_000;
/// Documents taken up at once.
const BATCH: usize = 256;

/// Story and post ids are parts of SHA-256 digests: they are their own hash.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

type StoryMap = HashMap<u64, Line, BuildHasherDefault<IdHasher>>;

/// A document of one segment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    segment: u32,
    doc: DocId,
}

/// What is known of a line so far.
#[derive(Clone, Copy)]
struct Line {
    posts: u32,
    key: u64,
    time: i64,
    best: Place,
    first_time: i64,
    first: Place,
}

/// Walks over all documents of `weight` that `keep` accepts.
pub(crate) struct Tally<'a> {
    options: &'a SearchOptions,
    columns: Vec<Columns>,
    posts: u64,
    stories: StoryMap,
    page: BinaryHeap<Reverse<(PageToken, Place)>>,
    facets: Vec<HashMap<String, u64>>,
    days: Days,
    complete: bool,
}

/// Accepted documents of one segment, until they are many enough to be worth a walk over each column.
#[derive(Default)]
struct Batch {
    docs: Vec<DocId>,
    scores: Vec<f32>,
    times: Option<Box<[i64; BATCH]>>,
    stories: Option<Box<[u64; BATCH]>>,
}

/// Posts per local day. Documents come in order of time, so a day is counted up before it is entered.
#[derive(Default)]
struct Days {
    counts: BTreeMap<i64, u64>,
    day_start: i64,
    in_day: u64,
}

impl Days {
    fn count(&mut self, local_micros: i64) {
        let into_day = local_micros.wrapping_sub(self.day_start);
        if self.in_day == 0 || !(0..DAY_MICROS).contains(&into_day) {
            self.flush();
            self.day_start = local_micros.div_euclid(DAY_MICROS) * DAY_MICROS;
        }
        self.in_day += 1;
    }

    fn flush(&mut self) {
        if self.in_day > 0 {
            *self.counts.entry(self.day_start.div_euclid(DAY_MICROS)).or_default() += self.in_day;
            self.in_day = 0;
        }
    }
}

/// The values of one accepted document.
struct Seen {
    place: Place,
    key: u64,
    time: i64,
}

impl<'a> Tally<'a> {
    /// Answers `weight` over `searcher` as `options` ask. `keep` is asked for each live document, with its
    /// segment's ordinal and its post id, when given.
    pub fn answer(
        options: &'a SearchOptions,
        searcher: &Searcher,
        weight: &dyn Weight,
        keep: Option<&Kept>,
    ) -> Result<SearchResults, IndexError> {
        let mut tally = Self {
            options,
            columns: Vec::new(),
            posts: 0,
            stories: StoryMap::default(),
            page: BinaryHeap::new(),
            facets: vec![HashMap::new(); options.facets.len()],
            days: Days::default(),
            complete: true,
        };
        for reader in searcher.segment_readers() {
            tally.columns.push(Columns::open(reader, options)?);
        }
        for segment in 0..searcher.segment_readers().len() {
            tally.segment(searcher, segment, weight, keep)?;
        }
        tally.results()
    }

    fn segment(
        &mut self,
        searcher: &Searcher,
        segment: usize,
        weight: &dyn Weight,
        keep: Option<&Kept>,
    ) -> Result<(), IndexError> {
        let reader = &searcher.segment_readers()[segment];
        let mut counts = self.columns[segment].empty_counts();
        let alive = reader.alive_bitset();
        let ordinal = u32::try_from(segment).unwrap_or(u32::MAX);
        let by_score = self.options.sort == Sort::Relevance;
        let mut scorer = weight.scorer(reader, 1.0)?;
        let mut batch = Batch::default();
        let mut taken = 0;
        let mut doc = scorer.doc();
        while doc != TERMINATED {
            let wanted = alive.is_none_or(|a| a.is_alive(doc))
                && keep.is_none_or(|k| k.contains(ordinal, doc));
            if wanted {
                batch.docs.push(doc);
                batch.scores.push(if by_score { scorer.score() } else { 0.0 });
                taken += 1;
                if batch.docs.len() == BATCH {
                    self.take(ordinal, &mut batch, &mut counts);
                }
                if self.full(taken) {
                    self.complete = false;
                    break;
                }
            }
            doc = scorer.advance();
        }
        self.take(ordinal, &mut batch, &mut counts);
        self.columns[segment].add_counts(&counts, &mut self.facets)?;
        Ok(())
    }

    /// Whether the rest of a segment cannot change the answer: its documents come newest first.
    fn full(&self, taken: usize) -> bool {
        let o = self.options;
        !o.totals
            && o.facets.is_empty()
            && o.histogram.is_none()
            && o.sort == Sort::Newest
            && o.after.is_none()
            && !o.group_by_story
            && taken > o.limit
    }

    /// Takes up the documents of `batch`, column by column, and empties it.
    fn take(&mut self, segment: u32, batch: &mut Batch, counts: &mut [Vec<u64>]) {
        let columns = &self.columns[segment as usize];
        let docs = &batch.docs[..];
        columns.count(docs, counts);
        let times = batch.times.get_or_insert_with(|| Box::new([0; BATCH]));
        let times = &mut times[..docs.len()];
        columns.time.get_vals(docs, times);
        self.posts += docs.len() as u64;
        if let Some(offset_secs) = self.options.histogram {
            for time in &*times {
                self.days.count(time + i64::from(offset_secs) * 1_000_000);
            }
        }
        let stories = batch.stories.get_or_insert_with(|| Box::new([0; BATCH]));
        let stories = &mut stories[..docs.len()];
        if self.options.group_by_story {
            columns.story.get_vals(docs, stories);
        }
        let key = |i: usize| match self.options.sort {
            Sort::Newest => order_i64(times[i]),
            Sort::Relevance => u64::from(batch.scores[i].max(0.0).to_bits()),
            Sort::Risk => columns.risk.get_val(docs[i]),
            Sort::Heat => tantivy::f64_to_u64(columns.heat.get_val(docs[i])),
        };
        let keys: Vec<u64> = (0..docs.len()).map(key).collect();
        for (i, doc) in docs.iter().enumerate() {
            let place = Place { segment, doc: *doc };
            let seen = Seen { place, key: keys[i], time: times[i] };
            if self.options.group_by_story {
                self.put_in_story(stories[i], &seen);
            } else {
                self.put_on_page(&seen);
            }
        }
        batch.docs.clear();
        batch.scores.clear();
    }

    fn put_in_story(&mut self, story: u64, seen: &Seen) {
        let Seen { place, key, time } = *seen;
        let fresh = Line { posts: 0, key, time, best: place, first_time: time, first: place };
        let line = self.stories.entry(story).or_insert(fresh);
        line.posts += 1;
        let id = |p: Place| self.columns[p.segment as usize].id.get_val(p.doc);
        if (key, time) > (line.key, line.time)
            || ((key, time) == (line.key, line.time) && id(place) > id(line.best))
        {
            (line.key, line.time, line.best) = (key, time, place);
        }
        if time < line.first_time || (time == line.first_time && id(place) < id(line.first)) {
            (line.first_time, line.first) = (time, place);
        }
    }

    fn put_on_page(&mut self, seen: &Seen) {
        let Seen { place, key, time } = *seen;
        let time = order_i64(time);
        let room = self.options.limit + 1;
        if self.page.len() >= room
            && self.page.peek().is_some_and(|Reverse((t, _))| (key, time) < (t.key, t.time))
        {
            return;
        }
        let post = self.columns[place.segment as usize].id.get_val(place.doc);
        let token = PageToken { key, time, post };
        if self.options.after.is_some_and(|after| token >= after) {
            return;
        }
        self.page.push(Reverse((token, place)));
        if self.page.len() > room {
            self.page.pop();
        }
    }

    fn results(mut self) -> Result<SearchResults, IndexError> {
        let mut lines = if self.options.group_by_story { self.story_lines() } else { self.lines() };
        let more = lines.len() > self.options.limit;
        lines.truncate(self.options.limit);
        let next = lines.last().filter(|_| more).map(|(token, _)| *token);
        let hits: Result<Vec<Hit>, IndexError> = lines.iter().map(|(_, l)| self.hit(l)).collect();
        Ok(SearchResults {
            posts: self.complete.then_some(self.posts),
            stories: self.options.group_by_story.then_some(self.stories.len() as u64),
            hits: hits?,
            facets: self.facet_counts(),
            histogram: self.histogram(),
            next,
        })
    }

    /// The page's lines and one more if there is one, in order.
    fn story_lines(&self) -> Vec<(PageToken, Line)> {
        let tokens = self.stories.iter().map(|(story, line)| PageToken {
            key: line.key,
            time: order_i64(line.time),
            post: *story,
        });
        let mut tokens: Vec<PageToken> =
            tokens.filter(|t| self.options.after.is_none_or(|after| *t < after)).collect();
        let room = self.options.limit + 1;
        if tokens.len() > room {
            tokens.select_nth_unstable_by_key(room - 1, |t| Reverse(*t));
            tokens.truncate(room);
        }
        tokens.sort_unstable_by_key(|t| Reverse(*t));
        tokens.into_iter().map(|t| (t, self.stories[&t.post])).collect()
    }

    fn lines(&mut self) -> Vec<(PageToken, Line)> {
        let mut found: Vec<_> = self.page.drain().map(|Reverse(entry)| entry).collect();
        found.sort_unstable_by_key(|entry| Reverse(*entry));
        let line = |(token, place): (PageToken, Place)| {
            let time = self.columns[place.segment as usize].time.get_val(place.doc);
            let key = token.key;
            (token, Line { posts: 1, key, time, best: place, first_time: time, first: place })
        };
        found.into_iter().map(line).collect()
    }

    fn hit(&self, line: &Line) -> Result<Hit, IndexError> {
        let (best, first) = (line.best, line.first);
        let columns = &self.columns[best.segment as usize];
        let first_columns = &self.columns[first.segment as usize];
        let score = match self.options.sort {
            Sort::Relevance => f32::from_bits(u32::try_from(line.key).unwrap_or(0)),
            _ => 0.0,
        };
        Ok(Hit {
            post: PostId(columns.id.get_val(best.doc)),
            story: StoryId(PostId(columns.story.get_val(best.doc))),
            time: DateTime::from_timestamp_micros(line.time).unwrap_or_default(),
            score,
            in_story: u64::from(line.posts),
            first: First {
                post: PostId(first_columns.id.get_val(first.doc)),
                source: first_columns.source_of(first.doc)?,
                time: DateTime::from_timestamp_micros(line.first_time).unwrap_or_default(),
            },
        })
    }

    fn facet_counts(&mut self) -> Vec<FacetCounts> {
        let counted = std::mem::take(&mut self.facets);
        let facets = self.options.facets.iter().zip(counted);
        facets
            .map(|(facet, counts)| {
                let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
                counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                FacetCounts { facet: *facet, counts }
            })
            .collect()
    }

    fn histogram(&mut self) -> Vec<DayCount> {
        let epoch = NaiveDate::default();
        self.days.flush();
        let days = self.days.counts.iter();
        days.filter_map(|(day, posts)| {
            let day = epoch.checked_add_signed(TimeDelta::try_days(*day)?)?;
            Some(DayCount { day, posts: *posts })
        })
        .collect()
    }
}

/// Documents that were looked into and found to match.
#[derive(Default)]
pub(crate) struct Kept(std::collections::HashSet<(u32, DocId)>);

impl Kept {
    /// Accepts a document.
    pub fn insert(&mut self, segment: u32, doc: DocId) {
        self.0.insert((segment, doc));
    }

    fn contains(&self, segment: u32, doc: DocId) -> bool {
        self.0.contains(&(segment, doc))
    }
}
