//! Runs of word characters of which only a part is asked for: `ai*`, `*ai`, `*ai*`.
//!
//! In: the part and which of its ends is open. Out: a tantivy query over a `cells` field. It walks the
//! dictionary of the segment, from the part on where the run must begin with it, and over all runs where
//! not; each match adds its documents to one bit set.

use tantivy::query::{
    BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Score, SegmentReader, TERMINATED};

use pipelines::text::is_word_char;

/// Documents with a run that holds `part` where the open ends allow.
#[derive(Clone, Debug)]
pub(crate) struct RunsQuery {
    pub field: Field,
    pub part: String,
    pub open_start: bool,
    pub open_end: bool,
}

impl RunsQuery {
    fn fits(&self, run: &str) -> bool {
        run.chars().next().is_some_and(is_word_char)
            && match (self.open_start, self.open_end) {
                (true, true) => run.contains(&self.part),
                (true, false) => run.ends_with(&self.part),
                (false, true) => run.starts_with(&self.part),
                (false, false) => run == self.part,
            }
    }
}

impl Query for RunsQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(RunsWeight(self.clone())))
    }
}

struct RunsWeight(RunsQuery);

impl Weight for RunsWeight {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let inverted = reader.inverted_index(self.0.field)?;
        let mut range = inverted.terms().range();
        if !self.0.open_start {
            range = range.ge(self.0.part.as_bytes());
        }
        let mut stream = range.into_stream()?;
        let mut docs = BitSet::with_max_value(reader.max_doc());
        while stream.advance() {
            let Ok(run) = std::str::from_utf8(stream.key()) else { continue };
            if !self.0.open_start && !run.starts_with(&self.0.part) {
                break;
            }
            if !self.0.fits(run) {
                continue;
            }
            let info = stream.value();
            let mut postings =
                inverted.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
            while postings.doc() != TERMINATED {
                docs.insert(postings.doc());
                postings.advance();
            }
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(docs), 1.0)))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("runs", 1.0))
    }
}
