//! Finds a literal in the texts of posts.
//!
//! In: a literal and the texts to look in. Out: a tantivy query whose documents are exactly the posts that
//! hold it. One cell is a list of its own, and so is a pair where it may stand in title
//! or body. Whatever is longer is narrowed down by the lists of its pairs, in title and body together, or by
//! those of its cells too, in one text at a time, whichever has the shortest list; the places of its cells
//! are read only of posts that hold all of them.

use std::sync::Arc;

use tantivy::postings::SegmentPostings;
use tantivy::query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Score, SeekDangerResult, SegmentReader, TERMINATED, Term};

use pipelines::text::{Cell, cells};

use crate::either::EitherScorer;
use crate::phrase::{Found, Phrase, PhraseCursor};
use crate::schema::Fields;
use crate::tokenize::{is_paired, pair_term};

/// A literal in any of several texts of a post.
#[derive(Clone, Debug)]
pub(crate) struct LiteralQuery(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// Each pair of neighbouring cells, once.
    pairs: Vec<Term>,
    /// The literal in each of the texts.
    phrases: Vec<Phrase>,
    /// Whether places must be looked at.
    by_places: bool,
    /// Whether the pairs say all there is to say of the cells' neighbourhood: two cells, one pair.
    is_all_pairs: bool,
}

impl Parts {
    fn in_one_text(&self) -> bool {
        self.phrases.len() == 1
    }
}

impl LiteralQuery {
    /// The query for `folded` in `texts` (of title and body); `None` when it has no cell.
    pub fn new(fields: &Fields, texts: &[Field], folded: &str) -> Option<Self> {
        let phrases: Vec<Phrase> =
            texts.iter().map(|text| Phrase::new(*text, folded)).collect::<Option<_>>()?;
        let pairs = pairs(fields.pairs, folded);
        let cells = cells(folded).count();
        // A list of one pair tells of title and body together.
        let is_all_pairs = cells == 2 && pairs.len() == 1;
        let by_places = !(cells == 1 || (is_all_pairs && texts.len() == 2));
        Some(Self(Arc::new(Parts { pairs, phrases, by_places, is_all_pairs })))
    }

    /// A query for posts that may hold the literal, somewhere: no places are read.
    pub fn loosely(fields: &Fields, texts: &[Field], folded: &str) -> Option<Self> {
        let Self(parts) = Self::new(fields, texts, folded)?;
        let parts = Arc::into_inner(parts)?;
        Some(Self(Arc::new(Parts { by_places: false, ..parts })))
    }
}

/// The terms of the pairs of `folded` that are indexed, each once.
pub(crate) fn pairs(field: Field, folded: &str) -> Vec<Term> {
    let all: Vec<Cell> = cells(folded).collect();
    let mut terms: Vec<Term> = all
        .windows(2)
        .filter(|w| is_paired(folded, &w[0], &w[1]))
        .map(|w| Term::from_field_text(field, pair_term(folded, &w[0], &w[1])))
        .collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

impl Query for LiteralQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(LiteralWeight(self.clone())))
    }
}

struct LiteralWeight(LiteralQuery);

impl Weight for LiteralWeight {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let parts = &self.0.0;
        if parts.phrases.iter().all(|phrase| phrase.terms().count() == 1) {
            return one_cell(parts, reader);
        }
        let Some(mut lists) = open(parts.pairs.iter(), reader)? else {
            return Ok(Box::new(EmptyScorer));
        };
        if !parts.by_places && !parts.in_one_text() && lists.len() == 1 && parts.is_all_pairs {
            return Ok(Box::new(ConstScorer::new(lists.remove(0), 1.0)));
        }
        let mut texts = Vec::with_capacity(2);
        for phrase in &parts.phrases {
            texts.extend(phrase.find(reader)?);
        }
        if texts.is_empty() {
            return Ok(Box::new(EmptyScorer));
        }
        let rarest_pair = lists.iter().map(DocSet::size_hint).min();
        let rarest_cells: u32 = texts.iter().map(Found::rarest).sum();
        if !parts.in_one_text() && rarest_pair.is_some_and(|pair| pair <= rarest_cells) {
            let look = match parts.by_places {
                true => Look::Either(texts.iter().map(Found::cursor).collect::<Result<_, _>>()?),
                false => Look::Nowhere,
            };
            return Ok(Box::new(LiteralScorer::new(lists, look)));
        }
        let mut scorers = Vec::with_capacity(2);
        for text in texts {
            let mut lists = open(parts.pairs.iter(), reader)?.unwrap_or_default();
            let look = match parts.by_places {
                true => Look::In(Box::new(text.cursor()?)),
                false => {
                    lists.extend(text.lists()?);
                    Look::Nowhere
                }
            };
            scorers.push(LiteralScorer::new(lists, look));
        }
        Ok(match scorers.len() {
            1 => Box::new(scorers.remove(0)),
            _ => Box::new(EitherScorer::new(scorers)),
        })
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("literal", 1.0))
    }
}

fn one_cell(parts: &Parts, reader: &SegmentReader) -> tantivy::Result<Box<dyn Scorer>> {
    let mut lists = Vec::with_capacity(2);
    for phrase in &parts.phrases {
        lists.extend(open(phrase.terms(), reader)?.into_iter().flatten());
    }
    Ok(match lists.len() {
        0 => Box::new(EmptyScorer),
        1 => Box::new(ConstScorer::new(lists.remove(0), 1.0)),
        _ => Box::new(EitherScorer::new(lists)),
    })
}

/// The documents of each term; `None` where one is missing.
fn open<'a>(
    terms: impl Iterator<Item = &'a Term>,
    reader: &SegmentReader,
) -> tantivy::Result<Option<Vec<SegmentPostings>>> {
    let mut lists = Vec::new();
    for term in terms {
        let inverted = reader.inverted_index(term.field())?;
        let Some(postings) = inverted.read_postings(term, IndexRecordOption::Basic)? else {
            return Ok(None);
        };
        lists.push(postings);
    }
    Ok(Some(lists))
}

/// Where a literal is looked for in documents that all lists hold.
enum Look {
    /// The lists decide.
    Nowhere,
    /// In any of these texts.
    Either(Vec<PhraseCursor>),
    /// In this text, of which a document must hold all cells besides.
    In(Box<PhraseCursor>),
}

/// A cursor over the documents of one segment that hold a literal of several cells.
struct LiteralScorer {
    /// All of them must hold a document; rarest first. Empty only where one text is looked into.
    lists: Vec<SegmentPostings>,
    look: Look,
    doc: DocId,
}

impl LiteralScorer {
    fn new(mut lists: Vec<SegmentPostings>, look: Look) -> Self {
        lists.sort_by_key(DocSet::size_hint);
        let mut scorer = Self { lists, look, doc: 0 };
        scorer.settle(0);
        scorer
    }

    /// Goes on from `target` to the first document that holds the literal.
    fn settle(&mut self, mut target: DocId) -> DocId {
        loop {
            self.doc = self.align(target);
            if self.doc == TERMINATED || self.accepts(self.doc) {
                return self.doc;
            }
            target = self.behind(self.doc);
        }
    }

    /// A document behind `doc`, and before or at the next one that may hold the literal.
    fn behind(&mut self, doc: DocId) -> DocId {
        match (self.lists.first_mut(), &mut self.look) {
            (Some(list), _) => sought(list, doc.saturating_add(1).min(TERMINATED)),
            (None, Look::In(text)) => text.behind(doc),
            (None, _) => TERMINATED,
        }
    }

    /// The first document from `target` on that all lists hold.
    fn align(&mut self, mut target: DocId) -> DocId {
        while target != TERMINATED {
            match self.held(target) {
                doc if doc == target => return target,
                doc => target = doc,
            }
        }
        TERMINATED
    }

    /// `target` where all lists hold it, else the next document of the first list that does not.
    fn held(&mut self, target: DocId) -> DocId {
        for list in &mut self.lists {
            let doc = sought(list, target);
            if doc != target {
                return doc;
            }
        }
        match &mut self.look {
            Look::In(text) => text.held(target),
            _ => target,
        }
    }

    fn accepts(&mut self, doc: DocId) -> bool {
        match &mut self.look {
            Look::Nowhere => true,
            Look::Either(texts) => texts.iter_mut().any(|text| !text.places(doc).is_empty()),
            Look::In(text) => !text.places(doc).is_empty(),
        }
    }

    /// Documents of its rarest list.
    fn rarest(&self) -> u32 {
        let text = match &self.look {
            Look::In(text) => Some(text.size_hint()),
            _ => None,
        };
        self.lists.first().map(DocSet::size_hint).into_iter().chain(text).min().unwrap_or(0)
    }
}

/// The first document of `list` from `target` on.
fn sought(list: &mut SegmentPostings, target: DocId) -> DocId {
    match list.doc() {
        doc if doc < target => list.seek(target),
        doc => doc,
    }
}

impl DocSet for LiteralScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED {
            return TERMINATED;
        }
        let next = self.behind(self.doc);
        self.settle(next)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        self.settle(target.min(TERMINATED))
    }

    fn seek_danger(&mut self, target: DocId) -> SeekDangerResult {
        if target >= TERMINATED {
            self.doc = TERMINATED;
            return SeekDangerResult::SeekLowerBound(TERMINATED);
        }
        let doc = self.held(target);
        if doc != target {
            return SeekDangerResult::SeekLowerBound(doc);
        }
        if self.accepts(target) {
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
        let rarest = self.rarest();
        if self.lists.len() > 1 { rarest / 2 } else { rarest }
    }

    fn cost(&self) -> u64 {
        let lists = self.lists.len() as u64 + 1;
        u64::from(self.rarest()) * lists * if matches!(self.look, Look::Nowhere) { 1 } else { 5 }
    }
}

impl Scorer for LiteralScorer {
    fn score(&mut self) -> Score {
        1.0
    }
}
