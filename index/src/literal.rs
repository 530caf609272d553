//! Finds a literal in one text field of the index by the places of its pairs.
//!
//! In: the terms of a literal with their distances in characters. Out: a tantivy query whose documents are
//! exactly those that hold the literal, and, for each, the positions at which it begins. It reads
//! positions only of documents that hold all pairs, and none where one pair is the whole literal.

use std::sync::Arc;

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, Term};

use pipelines::query::Literal;
use pipelines::text::{Cell, cells};

use crate::tokenize::{pair_term, run_term};

/// A literal of at least two cells, or of one run, as terms of a `pairs` field.
#[derive(Clone, Debug)]
pub(crate) struct LiteralQuery {
    /// Terms with the distance of their first character from the literal's first.
    parts: Arc<Vec<Part>>,
    /// Length in characters of folded text.
    pub len: u32,
}

#[derive(Clone, Debug)]
struct Part {
    term: Term,
    offset: u32,
    /// Whether its positions must be looked at: the parts so marked meet every cell, and every blank.
    decides: bool,
}

impl LiteralQuery {
    /// The query for `folded` in `field`; `None` when it is a single cell that is not a run (ask the
    /// `cells` field then) or no cell at all.
    pub fn new(field: Field, folded: &str) -> Option<Self> {
        let all: Vec<Cell> = cells(folded).collect();
        let last = all.last()?;
        let start = all[0].position;
        let offset = |cell: &Cell| u32::try_from(cell.position - start).unwrap_or(u32::MAX);
        let last_chars = folded[last.start..last.end].chars().count();
        let len = offset(last) + u32::try_from(last_chars).unwrap_or(u32::MAX);
        let part = |text: &str, cell: &Cell, decides: bool| Part {
            term: Term::from_field_text(field, text),
            offset: offset(cell),
            decides,
        };
        let parts = match all.as_slice() {
            [one] if one.is_word => vec![part(&run_term(folded, one), one, true)],
            [_] => return None,
            _ => {
                let decisive = decisive(&all);
                let pairs = all.windows(2).zip(decisive);
                pairs.map(|(w, d)| part(&pair_term(folded, &w[0], &w[1]), &w[0], d)).collect()
            }
        };
        Some(Self { parts: Arc::new(parts), len })
    }

    /// A cursor over one segment; `None` when a term is missing there.
    pub fn cursor(
        &self,
        reader: &SegmentReader,
        with_positions: bool,
    ) -> tantivy::Result<Option<LiteralScorer>> {
        let positions_needed = with_positions || self.parts.len() > 1;
        let mut lists = Vec::with_capacity(self.parts.len());
        for part in self.parts.iter() {
            let option = if positions_needed && part.decides {
                IndexRecordOption::WithFreqsAndPositions
            } else {
                IndexRecordOption::Basic
            };
            let inverted = reader.inverted_index(part.term.field())?;
            let Some(postings) = inverted.read_postings(&part.term, option)? else {
                return Ok(None);
            };
            lists.push(List { postings, offset: part.offset, decides: part.decides });
        }
        lists.sort_by_key(|l| l.postings.size_hint());
        let mut scorer = LiteralScorer {
            lists,
            check_places: self.parts.len() > 1,
            doc: 0,
            places: Vec::new(),
            other: Vec::new(),
        };
        let first = scorer.lists[0].postings.doc();
        scorer.settle(first);
        Ok(Some(scorer))
    }
}

/// Whether an end of `literal` is open and lies in a run, so that the run need not be whole.
pub(crate) fn has_open_run(literal: &Literal) -> bool {
    let is_run = |cell: Option<Cell>| cell.is_some_and(|c| c.is_word);
    (literal.open_start && is_run(cells(&literal.text).next()))
        || (literal.open_end && is_run(cells(&literal.text).last()))
}

/// Which of the neighbouring pairs must be checked by position so that every cell lies in one of them.
/// A pair of two runs always must: the blank between them is seen by nothing else.
fn decisive(cells: &[Cell]) -> Vec<bool> {
    let pairs = cells.len() - 1;
    let mut chosen: Vec<bool> =
        (0..pairs).map(|i| cells[i].is_word && cells[i + 1].is_word).collect();
    for cell in 0..cells.len() {
        let covered = (cell > 0 && chosen[cell - 1]) || (cell < pairs && chosen[cell]);
        if !covered {
            chosen[cell.min(pairs - 1)] = true;
        }
    }
    chosen
}

impl Query for LiteralQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(LiteralWeight(self.clone())))
    }
}

struct LiteralWeight(LiteralQuery);

impl Weight for LiteralWeight {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.0.cursor(reader, false)? {
            Some(scorer) => Box::new(scorer),
            None => Box::new(EmptyScorer),
        })
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("literal", 1.0))
    }
}

struct List {
    postings: SegmentPostings,
    offset: u32,
    decides: bool,
}

/// A cursor over the documents of one segment that hold a literal.
pub(crate) struct LiteralScorer {
    /// Rarest first.
    lists: Vec<List>,
    check_places: bool,
    doc: DocId,
    places: Vec<u32>,
    other: Vec<u32>,
}

impl LiteralScorer {
    /// Goes on from `target`, a document of the rarest list, to the first one that holds the literal.
    fn settle(&mut self, mut target: DocId) -> DocId {
        loop {
            match self.align(target) {
                TERMINATED => {
                    self.doc = TERMINATED;
                    return TERMINATED;
                }
                doc => {
                    if !self.check_places || self.places_meet() {
                        self.doc = doc;
                        return doc;
                    }
                }
            }
            target = self.lists[0].postings.advance();
        }
    }

    /// The first document from `target` on that all lists hold.
    fn align(&mut self, mut target: DocId) -> DocId {
        'again: loop {
            if target == TERMINATED {
                return TERMINATED;
            }
            for list in &mut self.lists {
                if list.postings.doc() < target {
                    list.postings.seek(target);
                }
                let doc = list.postings.doc();
                if doc > target {
                    target = doc;
                    continue 'again;
                }
            }
            return target;
        }
    }

    /// Whether the literal begins anywhere in the document that all lists stand on.
    fn places_meet(&mut self) -> bool {
        let mut first = true;
        for list in self.lists.iter_mut().filter(|l| l.decides) {
            let into = if first { &mut self.places } else { &mut self.other };
            list.postings.positions(into);
            if first {
                let offset = list.offset;
                self.places.retain_mut(|p| match p.checked_sub(offset) {
                    Some(start) => {
                        *p = start;
                        true
                    }
                    None => false,
                });
                first = false;
            } else {
                keep_common(&mut self.places, &self.other, list.offset);
            }
            if self.places.is_empty() {
                return false;
            }
        }
        true
    }

    /// Goes to the first match after `missed`, which `seek_danger` has found not to be one.
    pub fn recover(&mut self, missed: DocId) {
        if self.doc == TERMINATED || self.doc > missed {
            return;
        }
        let rarest = &mut self.lists[0].postings;
        let next = if rarest.doc() <= missed { rarest.seek(missed + 1) } else { rarest.doc() };
        self.settle(next);
    }

    /// The positions at which the literal begins in the current document, ascending. The cursor must have
    /// been made with positions.
    pub fn places(&mut self) -> &[u32] {
        if !self.check_places {
            self.lists[0].postings.positions(&mut self.places);
        }
        &self.places
    }
}

/// Keeps those of `starts` for which `start + offset` is in `places`; both ascending.
fn keep_common(starts: &mut Vec<u32>, places: &[u32], offset: u32) {
    let mut at = 0;
    starts.retain(|start| {
        let wanted = start + offset;
        while at < places.len() && places[at] < wanted {
            at += 1;
        }
        at < places.len() && places[at] == wanted
    });
}

impl DocSet for LiteralScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED {
            return TERMINATED;
        }
        let next = self.lists[0].postings.advance();
        self.settle(next)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        if target >= TERMINATED {
            self.doc = TERMINATED;
            return TERMINATED;
        }
        let next = self.lists[0].postings.seek(target);
        self.settle(next)
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= TERMINATED {
            self.doc = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        if self.doc == target {
            return SeekDangerResult::Found;
        }
        for list in &mut self.lists {
            if list.postings.doc() < target {
                list.postings.seek(target);
            }
            let doc = list.postings.doc();
            if doc != target {
                return SeekDangerResult::SeekLowerBound(doc);
            }
        }
        if !self.check_places || self.places_meet() {
            self.doc = target;
            SeekDangerResult::Found
        } else {
            SeekDangerResult::SeekLowerBound(target + 1)
        }
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        let rarest = self.lists[0].postings.size_hint();
        if self.check_places { rarest / 2 } else { rarest }
    }

    fn cost(&self) -> u64 {
        let rarest = u64::from(self.lists[0].postings.size_hint());
        rarest * self.lists.len() as u64 * if self.check_places { 5 } else { 1 }
    }
}

impl Scorer for LiteralScorer {
    fn score(&mut self) -> Score {
        1.0
    }
}
