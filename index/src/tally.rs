//! Counts, groups and orders the hits of a query in one pass.
//!
//! In: a compiled query and a searcher. Out: `SearchResults`. One line per story, facet counts, the
//! histogram and the page come from the same walk over the documents, so they cannot disagree. Where there
//! are many hits, two threads walk half of the documents each. It knows nothing of texts or of the query
//! language.

use chrono::DateTime;
use pipelines::record::{PostId, StoryId};
use tantivy::query::{EmptyScorer, Scorer, Weight};
use tantivy::schema::Field;
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, DocSet, Searcher};

use crate::answer::{FacetCounts, First, Hit, PageToken, SearchOptions, SearchResults, Sort};
use crate::columns::AllColumns;
use crate::days::Days;
use crate::error::IndexError;
use crate::lines::{Line, Page, Seen, Slots};
use crate::newest::{LONGEST_PAGE, Newest};
use crate::order::heat_key;
use crate::ordinals::{Ordinals, View};
use crate::rank::{Rank, SegmentRank};

/// Documents taken up at once.
const BATCH: usize = 8 * COLLECT_BLOCK_BUFFER_LEN;
/// Expected hits from which a second thread is worth its start (some 50 µs, as much as 2,000 hits) and
/// the adding up of what both found.
const TWO_THREADS_FROM: u64 = 10_000;

/// What is asked, of what.
pub(crate) struct Tally<'a> {
    pub options: &'a SearchOptions,
    pub searcher: &'a Searcher,
    pub weight: &'a dyn Weight,
    /// What hits are ranked by, when sorted by relevance.
    pub rank: Option<&'a Rank>,
    /// Only these count, when given.
    pub keep: Option<&'a Kept>,
    pub ordinals: &'a Ordinals,
    /// The field that lists the posts of a story.
    pub by_story: Field,
}

/// What one thread has counted.
struct Part<'a> {
    options: &'a SearchOptions,
    all: &'a AllColumns,
    view: &'a View,
    posts: u64,
    /// By facet and number of the value.
    facets: Vec<Vec<u32>>,
    days: Days,
    grouped: Grouped,
    page: Page<'a>,
    complete: bool,
    /// Accepted documents of one segment that are not yet counted.
    batch: Vec<DocId>,
}

/// Hits by story, where lines are stories.
enum Grouped {
    /// They are posts.
    No,
    /// A line for each story: where they are sorted by anything but time, and on later pages.
    Lines(Slots),
    /// Lines for the first page alone.
    Newest(Newest),
}

/// Documents of one segment.
#[derive(Clone, Copy)]
struct Span {
    segment: usize,
    from: DocId,
    to: DocId,
}

impl Tally<'_> {
    /// Walks over all live documents that match.
    pub fn answer(&self) -> Result<SearchResults, IndexError> {
        let grouped = self.options.group_by_story;
        let view = self.ordinals.view(self.searcher, grouped, &self.options.facets)?;
        let all = AllColumns::open(self.searcher, view.times.clone())?;
        let readers = self.searcher.segment_readers();
        let mut scorers: Vec<Box<dyn Scorer>> = Vec::with_capacity(readers.len());
        let (mut spans, mut expected) = (Vec::with_capacity(readers.len()), 0);
        for (segment, reader) in readers.iter().enumerate() {
            let scorer = self.weight.scorer(reader, 1.0)?;
            expected += u64::from(scorer.size_hint());
            scorers.push(scorer);
            spans.push(Span { segment, from: 0, to: reader.max_doc() });
        }
        let mut part = self.part(&all, &view);
        if expected < TWO_THREADS_FROM || self.keep.is_some() || !self.counts_all() {
            for (span, scorer) in spans.into_iter().zip(scorers) {
                self.walk(&mut part, span, scorer)?;
            }
        } else {
            let (here, there) = halves(&spans);
            let mut other = self.part(&all, &view);
            std::thread::scope(|scope| {
                let helper = scope.spawn(|| self.walk_all(&mut other, &there));
                // Scorers at the beginning of their segments are at hand.
                for span in here {
                    let scorer =
                        std::mem::replace(&mut scorers[span.segment], Box::new(EmptyScorer));
                    self.walk(&mut part, span, scorer)?;
                }
                helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })?;
            part.merge(&mut other);
            if let Grouped::Lines(slots) = other.grouped {
                self.ordinals.give_back(slots);
            }
        }
        part.results(self)
    }

    fn grouped(&self, view: &View) -> Grouped {
        let o = self.options;
        if !o.group_by_story {
            return Grouped::No;
        }
        if o.sort == Sort::Newest && o.after.is_none() && o.limit <= LONGEST_PAGE {
            let docs = self.searcher.segment_readers().iter().map(|reader| reader.max_doc());
            return Grouped::Newest(Newest::new(o.limit, view.story_count, docs));
        }
        Grouped::Lines(self.ordinals.slots(view.story_count))
    }

    fn part<'p>(&'p self, all: &'p AllColumns, view: &'p View) -> Part<'p> {
        Part {
            options: self.options,
            all,
            view,
            posts: 0,
            facets: view.facets.iter().map(|f| vec![0; f.names.len()]).collect(),
            days: Days::default(),
            grouped: self.grouped(view),
            page: Page::new(self.options),
            complete: true,
            batch: Vec::with_capacity(BATCH),
        }
    }

    /// Whether the walk must see every document: not so where the newest are enough.
    fn counts_all(&self) -> bool {
        let o = self.options;
        o.totals
            || !o.facets.is_empty()
            || o.histogram.is_some()
            || o.sort != Sort::Newest
            || o.after.is_some()
            || o.group_by_story
    }

    fn walk_all(&self, part: &mut Part<'_>, spans: &[Span]) -> Result<(), IndexError> {
        for span in spans {
            let reader = &self.searcher.segment_readers()[span.segment];
            let mut scorer = self.weight.scorer(reader, 1.0)?;
            if scorer.doc() < span.from {
                scorer.seek(span.from);
            }
            self.walk(part, *span, scorer)?;
        }
        Ok(())
    }

    fn walk(
        &self,
        part: &mut Part<'_>,
        span: Span,
        mut scorer: Box<dyn Scorer>,
    ) -> Result<(), IndexError> {
        let reader = &self.searcher.segment_readers()[span.segment];
        let alive = reader.alive_bitset();
        let mut rank = self.rank.map(|rank| rank.segment(reader)).transpose()?;
        let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
        let mut taken = 0;
        loop {
            let filled = scorer.fill_buffer(&mut buffer);
            let within = buffer[..filled].partition_point(|doc| *doc < span.to);
            let wanted = buffer[..within].iter().copied().filter(|doc| {
                alive.is_none_or(|a| a.is_alive(*doc))
                    && self.keep.is_none_or(|k| k.contains(span.segment, *doc))
            });
            part.batch.extend(wanted);
            let is_end = filled < buffer.len() || within < filled;
            // The documents of a segment come newest first.
            let is_enough = !self.counts_all() && taken + part.batch.len() > self.options.limit;
            if is_end || is_enough || part.batch.len() + buffer.len() > BATCH {
                taken += part.batch.len();
                part.take(span.segment, rank.as_mut());
            }
            part.complete &= !is_enough;
            if is_end || is_enough {
                break;
            }
        }
        Ok(())
    }
}

/// All documents in two halves, in order.
fn halves(spans: &[Span]) -> (Vec<Span>, Vec<Span>) {
    let mut left = spans.iter().map(|s| s.to).sum::<DocId>() / 2;
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for span in spans {
        let cut = left.min(span.to);
        left -= cut;
        if cut > 0 {
            here.push(Span { to: cut, ..*span });
        }
        if cut < span.to {
            there.push(Span { from: cut, ..*span });
        }
    }
    (here, there)
}

impl Part<'_> {
    /// Counts the documents of the batch and empties it.
    fn take(&mut self, segment: usize, mut rank: Option<&mut SegmentRank>) {
        let columns = &self.all.segments[segment];
        let (start, times) = (self.all.starts[segment], &self.all.times[segment]);
        let docs = std::mem::take(&mut self.batch);
        self.posts += docs.len() as u64;
        for (facet, counts) in self.view.facets.iter().zip(&mut self.facets) {
            facet.segments[segment].count(&docs, counts);
        }
        if let Some(offset_secs) = self.options.histogram {
            for doc in &docs {
                self.days.count(times[*doc as usize] + i64::from(offset_secs) * 1_000_000);
            }
        }
        if let Grouped::Newest(newest) = &mut self.grouped {
            newest.take(self.all, segment, &docs, &self.view.stories[segment]);
        } else {
            for doc in &docs {
                let key = match self.options.sort {
                    Sort::Newest => 0,
                    Sort::Relevance => {
                        rank.as_mut().map_or(0.0, |rank| rank.score(*doc)).max(0.0).to_bits()
                    }
                    Sort::Risk => columns.risk.get_val(*doc) as u32,
                    Sort::Heat => heat_key(columns.heat.get_val(*doc)),
                };
                let seen = Seen { place: start + doc, key, time: times[*doc as usize] };
                if let Grouped::Lines(slots) = &mut self.grouped {
                    slots.put(self.all, self.view.stories[segment][*doc as usize], seen);
                } else {
                    let place = seen.place;
                    let line = Line { posts: 1, best: place, first: place, key };
                    self.page.put(seen, line, |_| columns.id.get_val(*doc));
                }
            }
        }
        self.batch = docs;
        self.batch.clear();
    }

    /// Takes up what another thread has counted.
    fn merge(&mut self, other: &mut Self) {
        self.posts += other.posts;
        for (ours, theirs) in self.facets.iter_mut().zip(&other.facets) {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        }
        self.days.merge(std::mem::take(&mut other.days));
        match (&mut self.grouped, &other.grouped) {
            (Grouped::Lines(ours), Grouped::Lines(theirs)) => ours.merge(self.all, theirs),
            (Grouped::Newest(ours), Grouped::Newest(theirs)) => ours.merge(theirs),
            _ => {}
        }
        self.page.merge(std::mem::replace(&mut other.page, Page::new(self.options)));
    }

    fn results(mut self, of: &Tally<'_>) -> Result<SearchResults, IndexError> {
        let page = std::mem::replace(&mut self.page, Page::new(self.options));
        let (mut lines, stories) = match &self.grouped {
            Grouped::No => (page.lines(), None),
            Grouped::Lines(slots) => (slots.page(self.all, self.options), Some(slots.len() as u64)),
            Grouped::Newest(newest) => {
                (newest.page(of.searcher, of.by_story, self.all)?, Some(newest.count()))
            }
        };
        let more = lines.len() > self.options.limit;
        lines.truncate(self.options.limit);
        let next = lines.last().filter(|_| more).map(|(token, _)| *token);
        let hits: Result<Vec<Hit>, IndexError> = lines.iter().map(|l| self.hit(l)).collect();
        let results = SearchResults {
            posts: self.complete.then_some(self.posts),
            stories,
            hits: hits?,
            facets: self.facet_counts(),
            histogram: std::mem::take(&mut self.days).counts(),
            next,
        };
        if let Grouped::Lines(slots) = self.grouped {
            of.ordinals.give_back(slots);
        }
        Ok(results)
    }

    fn hit(&self, (token, line): &(PageToken, Line)) -> Result<Hit, IndexError> {
        let (columns, best) = self.all.at(line.best);
        let (first_columns, first) = self.all.at(line.first);
        let moment = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        let score = match self.options.sort {
            Sort::Relevance => f32::from_bits(u32::try_from(token.key).unwrap_or(0)),
            _ => 0.0,
        };
        Ok(Hit {
            post: PostId(columns.id.get_val(best)),
            story: StoryId(PostId(columns.story.get_val(best))),
            time: moment(self.all.time(line.best)),
            score,
            in_story: u64::from(line.posts),
            first: First {
                post: PostId(first_columns.id.get_val(first)),
                source: first_columns.source_of(first)?,
                time: moment(self.all.time(line.first)),
            },
        })
    }

    fn facet_counts(&self) -> Vec<FacetCounts> {
        let facets = self.options.facets.iter().zip(&self.facets).zip(&self.view.facets);
        facets
            .map(|((facet, counts), values)| {
                let named = values.names.iter().zip(counts).filter(|(_, count)| **count > 0);
                let mut counts: Vec<(String, u64)> =
                    named.map(|(name, count)| (name.clone(), u64::from(*count))).collect();
                counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                FacetCounts { facet: *facet, counts }
            })
            .collect()
    }
}

/// Documents that were looked into and found to match.
#[derive(Default)]
pub(crate) struct Kept(std::collections::HashSet<(usize, DocId)>);

impl Kept {
    /// Accepts a document.
    pub fn insert(&mut self, segment: usize, doc: DocId) {
        self.0.insert((segment, doc));
    }

    fn contains(&self, segment: usize, doc: DocId) -> bool {
        self.0.contains(&(segment, doc))
    }
}
