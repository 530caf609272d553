//! What stands near what, in one sentence, or so many times: patterns that need positions.
//!
//! In: a pattern of the query all of whose leaves have positions in the index. Out: a tantivy query with
//! exactly the posts in which the in-memory matcher finds it. Candidates come from the terms; only of
//! those are positions read. Patterns with other leaves (regular expressions, word boundaries, open ends)
//! are not taken: they are verified on the text.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, Term};

use pipelines::query::{Literal, Pattern, Unit};

use crate::compile::has_open_run;
use crate::phrase::{Phrase, PhraseCursor};
use crate::tokenize::{PARAGRAPH, SENTENCE};

/// A pattern over one `cells` field.
#[derive(Clone, Debug)]
pub(crate) enum Places {
    Literal(Phrase),
    Either(Vec<Places>),
    Near { left: Box<Places>, right: Box<Places>, distance: u32, ordered: bool },
    Same { left: Box<Places>, right: Box<Places>, unit: Unit },
}

impl Places {
    /// The recipe for `pattern` in `field`, unless a leaf of it has no positions there.
    pub fn new(field: Field, pattern: &Pattern) -> Option<Self> {
        let literal = |l: &Literal| {
            if has_open_run(l) { None } else { Phrase::new(field, &l.text).map(Self::Literal) }
        };
        let literals = |all: &[Literal]| all.iter().map(literal).collect::<Option<Vec<_>>>();
        Some(match pattern {
            Pattern::Literal(l) => literal(l)?,
            Pattern::Word(_) | Pattern::Regex(_) => return None,
            // Every place of a name: which of them count is asked only where there is a doubt.
            Pattern::Alias(alias) => Self::Either(literals(&alias.names)?),
            Pattern::Either(all) => {
                Self::Either(all.iter().map(|p| Self::new(field, p)).collect::<Option<_>>()?)
            }
            Pattern::Near { left, right, distance, ordered } => Self::Near {
                left: Box::new(Self::new(field, left)?),
                right: Box::new(Self::new(field, right)?),
                distance: *distance,
                ordered: *ordered,
            },
            Pattern::Same { left, right, unit } => Self::Same {
                left: Box::new(Self::new(field, left)?),
                right: Box::new(Self::new(field, right)?),
                unit: *unit,
            },
        })
    }

    fn cursor(&self, reader: &SegmentReader) -> tantivy::Result<Cursor> {
        let one = |p: &Self| p.cursor(reader).map(Box::new);
        let all = |ps: &[Self]| ps.iter().map(|p| p.cursor(reader)).collect::<Result<_, _>>();
        Ok(match self {
            Self::Literal(phrase) => {
                Cursor::Literal { at: phrase.cursor(reader)?.map(Box::new), len: phrase.len }
            }
            Self::Either(places) => Cursor::Either(all(places)?),
            Self::Near { left, right, distance, ordered } => Cursor::Near {
                left: one(left)?,
                right: one(right)?,
                distance: *distance,
                ordered: *ordered,
            },
            Self::Same { left, right, unit } => {
                Cursor::Same { left: one(left)?, right: one(right)?, unit: *unit }
            }
        })
    }
}

/// A range of characters of folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    start: u32,
    end: u32,
}

impl Place {
    /// Whether `self` ends before `other` starts, with at most `distance` characters between.
    fn precedes(self, other: Self, distance: u32) -> bool {
        self.end <= other.start && other.start - self.end <= distance
    }
}

/// A recipe over one segment.
enum Cursor {
    Literal { at: Option<Box<PhraseCursor>>, len: u32 },
    Either(Vec<Cursor>),
    Near { left: Box<Cursor>, right: Box<Cursor>, distance: u32, ordered: bool },
    Same { left: Box<Cursor>, right: Box<Cursor>, unit: Unit },
}

impl Cursor {
    /// The places in `doc`. Documents must be asked for in ascending order.
    fn places(&mut self, doc: DocId, marks: &mut Marks) -> Vec<Place> {
        match self {
            Self::Literal { at, len } => {
                let place = |start: &u32| Place { start: *start, end: start + *len };
                at.iter_mut().flat_map(|cursor| cursor.places(doc)).map(place).collect()
            }
            Self::Either(all) => every(all, doc, marks),
            Self::Near { left, right, distance, ordered } => {
                let mut found = right.places(doc, marks);
                if found.is_empty() {
                    return found;
                }
                let others = left.places(doc, marks);
                found.retain(|r| {
                    others.iter().any(|l| {
                        l.precedes(*r, *distance) || (!*ordered && r.precedes(*l, *distance))
                    })
                });
                found
            }
            Self::Same { left, right, unit } => {
                let mut found = right.places(doc, marks);
                if found.is_empty() {
                    return found;
                }
                let others = left.places(doc, marks);
                let units: Vec<usize> =
                    others.iter().map(|l| marks.unit(*unit, doc, l.start)).collect();
                found.retain(|r| units.contains(&marks.unit(*unit, doc, r.start)));
                found
            }
        }
    }
}

fn every(cursors: &mut [Cursor], doc: DocId, marks: &mut Marks) -> Vec<Place> {
    cursors.iter_mut().flat_map(|c| c.places(doc, marks)).collect()
}

/// How often something occurs at `places`, overlaps not counted: from the left, the longer first.
fn count(mut places: Vec<Place>) -> u32 {
    places.sort_unstable_by_key(|p| (p.start, std::cmp::Reverse(p.end)));
    let (mut count, mut free_from) = (0, 0);
    for place in places {
        if place.start >= free_from {
            count += 1;
            free_from = place.end;
        }
    }
    count
}

/// Where sentences and paragraphs begin in the current document of one field.
struct Marks {
    sentence: Mark,
    paragraph: Mark,
}

struct Mark {
    postings: Option<SegmentPostings>,
    /// The document whose positions are in `begins`.
    doc: DocId,
    begins: Vec<u32>,
}

impl Mark {
    fn open(reader: &SegmentReader, field: Field, term: &str) -> tantivy::Result<Self> {
        let term = Term::from_field_text(field, term);
        let postings = reader
            .inverted_index(field)?
            .read_postings(&term, IndexRecordOption::WithFreqsAndPositions)?;
        Ok(Self { postings, doc: TERMINATED, begins: Vec::new() })
    }

    fn unit(&mut self, doc: DocId, at: u32) -> usize {
        if self.doc != doc {
            self.doc = doc;
            self.begins.clear();
            if let Some(postings) = &mut self.postings
                && postings.doc() <= doc
                && postings.seek(doc) == doc
            {
                postings.positions(&mut self.begins);
            }
        }
        self.begins.partition_point(|begin| *begin <= at)
    }
}

impl Marks {
    fn open(reader: &SegmentReader, field: Field) -> tantivy::Result<Self> {
        Ok(Self {
            sentence: Mark::open(reader, field, SENTENCE)?,
            paragraph: Mark::open(reader, field, PARAGRAPH)?,
        })
    }

    fn unit(&mut self, unit: Unit, doc: DocId, at: u32) -> usize {
        match unit {
            Unit::Sentence => self.sentence.unit(doc, at),
            Unit::Paragraph => self.paragraph.unit(doc, at),
        }
    }
}

/// Posts among `candidates` in which the recipes together have from `min` to `max` places.
#[derive(Debug)]
pub(crate) struct PlacesQuery {
    pub candidates: Box<dyn Query>,
    pub texts: Vec<(Field, Places)>,
    pub min: u32,
    pub max: Option<u32>,
}

impl Clone for PlacesQuery {
    fn clone(&self) -> Self {
        Self {
            candidates: self.candidates.box_clone(),
            texts: self.texts.clone(),
            min: self.min,
            max: self.max,
        }
    }
}

impl Query for PlacesQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let candidates = self.candidates.weight(scoring)?;
        Ok(Box::new(PlacesWeight { candidates, query: self.clone() }))
    }
}

struct PlacesWeight {
    candidates: Box<dyn Weight>,
    query: PlacesQuery,
}

impl Weight for PlacesWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut texts = Vec::with_capacity(self.query.texts.len());
        for (field, places) in &self.query.texts {
            texts.push((places.cursor(reader)?, Marks::open(reader, *field)?));
        }
        let mut scorer = PlacesScorer {
            candidates: self.candidates.scorer(reader, boost)?,
            texts,
            min: self.query.min,
            max: self.query.max,
        };
        scorer.settle();
        Ok(Box::new(scorer))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("places", 1.0))
    }
}

struct PlacesScorer {
    candidates: Box<dyn Scorer>,
    texts: Vec<(Cursor, Marks)>,
    min: u32,
    max: Option<u32>,
}

impl PlacesScorer {
    fn settle(&mut self) -> DocId {
        loop {
            let doc = self.candidates.doc();
            if doc == TERMINATED || self.accepts(doc) {
                return doc;
            }
            self.candidates.advance();
        }
    }

    fn accepts(&mut self, doc: DocId) -> bool {
        let mut found = 0;
        for (cursor, marks) in &mut self.texts {
            found += count(cursor.places(doc, marks));
            if self.max.is_none() && found >= self.min {
                return true;
            }
        }
        found >= self.min && self.max.is_none_or(|max| found <= max)
    }
}

impl DocSet for PlacesScorer {
    fn advance(&mut self) -> DocId {
        self.candidates.advance();
        self.settle()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.candidates.doc() >= target {
            return self.candidates.doc();
        }
        self.candidates.seek(target);
        self.settle()
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        match self.candidates.seek_danger(target) {
            SeekDangerResult::Found if !self.accepts(target) => {
                SeekDangerResult::SeekLowerBound(target + 1)
            }
            other => other,
        }
    }

    fn doc(&self) -> DocId {
        self.candidates.doc()
    }

    fn size_hint(&self) -> u32 {
        self.candidates.size_hint() / 2
    }

    fn cost(&self) -> u64 {
        self.candidates.cost().saturating_mul(10)
    }
}

impl Scorer for PlacesScorer {
    fn score(&mut self) -> Score {
        1.0
    }
}
