//! One cell or literal in the title or the body: the union of two lists, cheaper than a general one.
//!
//! In: lists of documents. Out: a scorer over those that are in any. It knows nothing of what they list.

use tantivy::query::Scorer;
use tantivy::{DocId, DocSet, Score, TERMINATED};

/// The union of a few lists.
pub(crate) struct EitherScorer<L> {
    lists: Vec<L>,
    doc: DocId,
}

impl<L: DocSet> EitherScorer<L> {
    /// The union of `lists`.
    pub fn new(lists: Vec<L>) -> Self {
        let mut either = Self { lists, doc: TERMINATED };
        either.first();
        either
    }

    fn first(&mut self) -> DocId {
        self.doc = self.lists.iter().map(DocSet::doc).min().unwrap_or(TERMINATED);
        self.doc
    }
}

impl<L: DocSet> DocSet for EitherScorer<L> {
    fn advance(&mut self) -> DocId {
        let doc = self.doc;
        if doc == TERMINATED {
            return TERMINATED;
        }
        for list in self.lists.iter_mut().filter(|list| list.doc() == doc) {
            list.advance();
        }
        self.first()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        for list in self.lists.iter_mut().filter(|list| list.doc() < target) {
            list.seek(target);
        }
        self.first()
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.lists.iter().map(DocSet::size_hint).fold(0, u32::saturating_add)
    }
}

impl<L: DocSet + 'static> Scorer for EitherScorer<L> {
    fn score(&mut self) -> Score {
        1.0
    }
}
