//! Where a literal stands in one text of a post, by the places of its cells.
//!
//! In: a literal, and documents in ascending order. Out: the positions at which it begins. It reads
//! positions only of documents that hold all cells, the rarest first, and stops where they cannot meet.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, SegmentReader, TERMINATED, Term};

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

    /// A cursor over one segment; `None` when a term is missing there.
    pub fn cursor(&self, reader: &SegmentReader) -> tantivy::Result<Option<PhraseCursor>> {
        let mut lists = Vec::with_capacity(self.parts.len());
        for (term, offset) in &self.parts {
            let inverted = reader.inverted_index(term.field())?;
            let option = IndexRecordOption::WithFreqsAndPositions;
            let Some(postings) = inverted.read_postings(term, option)? else { return Ok(None) };
            lists.push(List { postings, offset: *offset });
        }
        lists.sort_by_key(|l| l.postings.size_hint());
        let (places, other) = (Vec::new(), Vec::new());
        Ok(Some(PhraseCursor { lists, doc: TERMINATED, places, other }))
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
        let at = self.postings.doc();
        at == doc || (at < doc && self.postings.seek(doc) == doc)
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
