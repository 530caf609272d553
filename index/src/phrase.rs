//! Where a literal stands in one text of a post, by the places of its cells.
//!
//! In: a literal, and documents in ascending order. Out: the positions at which it begins. It reads
//! positions only of documents that hold all cells, the rarest first, and stops where they cannot meet.

use std::sync::Arc;

use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, InvertedIndexReader, SegmentReader, TERMINATED, Term};

use pipelines::text::cells;

use crate::tokenize::{BLANK, cell_term};

/// A literal as terms of one `cells` field.
#[derive(Clone, Debug)]
pub(crate) struct Phrase {
    /// Terms with the distance of their first character from the literal's first.
    parts: Vec<(Term, u32)>,
    /// Length in characters of folded text.
    pub len: u32,
}

impl Phrase {
    /// The phrase for `folded` in `field`; `None` when it has no cell.
    pub fn new(field: Field, folded: &str) -> Option<Self> {
        let (mut parts, mut start, mut end, mut len) = (Vec::new(), None, 0, 0);
        let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        for cell in cells(folded) {
            let first = *start.get_or_insert(cell.position);
            if cell.start > end && !parts.is_empty() {
                let blank = Term::from_field_text(field, BLANK);
                parts.push((blank, short(cell.position - 1 - first)));
            }
            let term = Term::from_field_text(field, &cell_term(folded, &cell));
            parts.push((term, short(cell.position - first)));
            end = cell.end;
            len = short(cell.position - first + folded[cell.start..cell.end].chars().count());
        }
        (!parts.is_empty()).then_some(Self { parts, len })
    }

    /// The term of each cell and blank.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.parts.iter().map(|(term, _)| term)
    }

    /// Its terms as one segment has them; `None` when one is missing there.
    pub fn find(&self, reader: &SegmentReader) -> tantivy::Result<Option<Found>> {
        let Some((first, _)) = self.parts.first() else { return Ok(None) };
        let inverted = reader.inverted_index(first.field())?;
        let mut terms = Vec::with_capacity(self.parts.len());
        for (term, offset) in &self.parts {
            let Some(info) = inverted.get_term_info(term)? else { return Ok(None) };
            terms.push((info, *offset));
        }
        terms.sort_by_key(|(info, _)| info.doc_freq);
        Ok(Some(Found { inverted, terms }))
    }

    /// A cursor over one segment; `None` when a term is missing there.
    pub fn cursor(&self, reader: &SegmentReader) -> tantivy::Result<Option<PhraseCursor>> {
        self.find(reader)?.map(|found| found.cursor()).transpose()
    }
}

/// The terms of a phrase in one segment, rarest first; their lists are not read yet.
pub(crate) struct Found {
    inverted: Arc<InvertedIndexReader>,
    terms: Vec<(TermInfo, u32)>,
}

impl Found {
    /// Documents of its rarest term.
    pub fn rarest(&self) -> u32 {
        self.terms.first().map_or(0, |(info, _)| info.doc_freq)
    }

    /// The documents of each term.
    pub fn lists(&self) -> tantivy::Result<Vec<SegmentPostings>> {
        let open = |(info, _): &(TermInfo, u32)| self.open(info, IndexRecordOption::Basic);
        self.terms.iter().map(open).collect()
    }

    /// A cursor over the documents of the segment.
    pub fn cursor(&self) -> tantivy::Result<PhraseCursor> {
        let mut lists = Vec::with_capacity(self.terms.len());
        for (info, offset) in &self.terms {
            let postings = self.open(info, IndexRecordOption::WithFreqsAndPositions)?;
            lists.push(List { postings, offset: *offset });
        }
        let (places, other) = (Vec::new(), Vec::new());
        Ok(PhraseCursor { lists, doc: TERMINATED, places, other })
    }

    fn open(&self, info: &TermInfo, option: IndexRecordOption) -> tantivy::Result<SegmentPostings> {
        Ok(self.inverted.read_postings_from_terminfo(info, option)?)
    }
}

struct List {
    postings: SegmentPostings,
    offset: u32,
}

/// A cursor over one text of the documents of a segment.
pub(crate) struct PhraseCursor {
    /// Rarest first.
    lists: Vec<List>,
    /// The document whose places are known.
    doc: DocId,
    places: Vec<u32>,
    other: Vec<u32>,
}

impl PhraseCursor {
    /// The positions at which the literal begins in `doc`, ascending. Documents must be asked for in
    /// ascending order; the same may be asked for again.
    pub fn places(&mut self, doc: DocId) -> &[u32] {
        if self.doc != doc {
            self.doc = doc;
            self.places.clear();
            if self.lists.iter_mut().all(|list| list.holds(doc)) {
                self.meet();
            }
        }
        &self.places
    }

    /// `target` where it holds all cells, wherever they stand in it; else the next document of the first
    /// cell that it lacks.
    pub fn held(&mut self, target: DocId) -> DocId {
        for list in &mut self.lists {
            let doc = list.sought(target);
            if doc != target {
                return doc;
            }
        }
        target
    }

    /// The first document behind `doc` of the rarest cell.
    pub fn behind(&mut self, doc: DocId) -> DocId {
        self.lists[0].sought(doc.saturating_add(1).min(TERMINATED))
    }

    /// Documents of the rarest cell.
    pub fn size_hint(&self) -> u32 {
        self.lists[0].postings.size_hint()
    }

    fn meet(&mut self) {
        for (nth, list) in self.lists.iter_mut().enumerate() {
            if nth == 0 {
                list.postings.positions(&mut self.places);
                let offset = list.offset;
                self.places.retain_mut(|place| match place.checked_sub(offset) {
                    Some(start) => {
                        *place = start;
                        true
                    }
                    None => false,
                });
            } else {
                list.postings.positions(&mut self.other);
                keep_common(&mut self.places, &self.other, list.offset);
            }
            if self.places.is_empty() {
                return;
            }
        }
    }
}

impl List {
    fn holds(&mut self, doc: DocId) -> bool {
        self.sought(doc) == doc
    }

    /// The first document from `target` on.
    fn sought(&mut self, target: DocId) -> DocId {
        match self.postings.doc() {
            doc if doc < target => self.postings.seek(target),
            doc => doc,
        }
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
