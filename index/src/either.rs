//! A literal in the title or the body: the union of two cursors, cheaper than a general one.
//!
//! In: the texts to look in. Out: a tantivy query. It knows nothing of how a literal is found in one text.

use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED};

use crate::literal::{LiteralQuery, LiteralScorer};
use crate::schema::TextFields;

/// A literal in any of several texts of a post (title, body).
#[derive(Clone, Debug)]
pub(crate) struct EitherText(Vec<LiteralQuery>);

impl EitherText {
    /// The query for `folded` in `texts`; `None` as for [`LiteralQuery::new`].
    pub fn new(texts: &[TextFields], folded: &str) -> Option<Self> {
        texts.iter().map(|t| LiteralQuery::new(t.pairs, folded)).collect::<Option<_>>().map(Self)
    }
}

impl Query for EitherText {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(EitherWeight(self.clone())))
    }
}

struct EitherWeight(EitherText);

impl Weight for EitherWeight {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut scorers = Vec::with_capacity(2);
        for query in &self.0.0 {
            scorers.extend(query.cursor(reader, false)?);
        }
        Ok(match scorers.len() {
            0 => Box::new(EmptyScorer),
            1 => Box::new(scorers.remove(0)),
            _ => Box::new(EitherScorer::new(scorers)),
        })
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("literal in either text", 1.0))
    }
}

/// The union of a few cursors; with two, far cheaper than a general one.
struct EitherScorer {
    scorers: Vec<LiteralScorer>,
    doc: DocId,
}

impl EitherScorer {
    fn new(scorers: Vec<LiteralScorer>) -> Self {
        let mut either = Self { scorers, doc: TERMINATED };
        either.first();
        either
    }

    fn first(&mut self) -> DocId {
        self.doc = self.scorers.iter().map(DocSet::doc).min().unwrap_or(TERMINATED);
        self.doc
    }
}

impl DocSet for EitherScorer {
    fn advance(&mut self) -> DocId {
        let doc = self.doc;
        for scorer in self.scorers.iter_mut().filter(|s| s.doc() == doc) {
            scorer.advance();
        }
        self.first()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        for scorer in &mut self.scorers {
            scorer.seek(target);
        }
        self.first()
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        let mut bound = TERMINATED;
        let mut found = false;
        for scorer in &mut self.scorers {
            match scorer.seek_danger(target) {
                SeekDangerResult::Found => found = true,
                SeekDangerResult::SeekLowerBound(doc) => bound = bound.min(doc),
            }
        }
        if !found {
            return SeekDangerResult::SeekLowerBound(bound);
        }
        // A cursor that missed is left in no valid state: bring it to its next document.
        for scorer in self.scorers.iter_mut().filter(|s| s.doc() != target) {
            scorer.recover(target);
        }
        self.doc = target;
        SeekDangerResult::Found
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.scorers.iter().map(DocSet::size_hint).fold(0, u32::saturating_add)
    }

    fn cost(&self) -> u64 {
        self.scorers.iter().map(DocSet::cost).sum()
    }
}

impl Scorer for EitherScorer {
    fn score(&mut self) -> Score {
        1.0
    }
}
