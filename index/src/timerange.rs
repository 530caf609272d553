//! The posts of a span of time, as a range of documents.
//!
//! In: bounds in microseconds since 1970. Out: a tantivy query. Segments are sorted by time, newest
//! first, so two binary searches find the range; no post outside of it is touched.

use std::sync::Arc;

use tantivy::columnar::ColumnValues;
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED};

use crate::schema::TIME;

/// Posts with `from <= time < to`, in microseconds since 1970; `None` is open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeRangeQuery {
    pub from: Option<i64>,
    pub to: Option<i64>,
}

impl Query for TimeRangeQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(TimeRangeWeight(*self)))
    }
}

struct TimeRangeWeight(TimeRangeQuery);

impl Weight for TimeRangeWeight {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let times = reader.fast_fields().column_first_or_default::<i64>(TIME)?;
        let max_doc = reader.max_doc();
        let begin = self.0.to.map_or(0, |to| first_older(&times, max_doc, to));
        let end = self.0.from.map_or(max_doc, |from| first_older(&times, max_doc, from)).max(begin);
        Ok(Box::new(Range { doc: if begin < end { begin } else { TERMINATED }, end }))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("time range", 1.0))
    }
}

/// The first document whose time is below `limit`.
fn first_older(times: &Arc<dyn ColumnValues<i64>>, max_doc: DocId, limit: i64) -> DocId {
    let (mut low, mut high) = (0, max_doc);
    while low < high {
        let middle = low + (high - low) / 2;
        if times.get_val(middle) < limit {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

struct Range {
    doc: DocId,
    end: DocId,
}

impl DocSet for Range {
    fn advance(&mut self) -> DocId {
        self.seek(self.doc.saturating_add(1))
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.doc = match self.doc.max(target) {
            doc if doc < self.end => doc,
            _ => TERMINATED,
        };
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        if self.doc == TERMINATED { 0 } else { self.end - self.doc }
    }
}

impl Scorer for Range {
    fn score(&mut self) -> Score {
        1.0
    }
}
