//! The columns that lines are made from.
//!
//! In: the segments of a searcher. Out: values by document. What every hit is counted by lies in memory
//! (`ordinals.rs`); these are read for the few documents that are shown or decide a tie.

use std::sync::Arc;

use tantivy::columnar::{ColumnValues, StrColumn};
use tantivy::{DocId, Searcher, SegmentReader};

use crate::answer::Facet;
use crate::error::IndexError;

/// A document of a searcher: those before it in its segment and in all segments before that one.
pub(crate) type Place = u32;

/// Columns of one segment.
pub(crate) struct Columns {
    pub id: Arc<dyn ColumnValues<u64>>,
    pub story: Arc<dyn ColumnValues<u64>>,
    pub risk: Arc<dyn ColumnValues<u64>>,
    pub heat: Arc<dyn ColumnValues<f64>>,
    source: Option<StrColumn>,
}

impl Facet {
    /// The name of its field.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Channel => "channel",
            Self::Site => "site",
            Self::Topic => "topic",
            Self::Subject => "subject",
            Self::Keyword => "keyword",
            Self::Polarity => "polarity",
            Self::Kind => "kind",
            Self::Urgency => "urgency",
            Self::Unsure => "unsure",
        }
    }
}

/// The columns of all segments.
pub(crate) struct AllColumns {
    pub segments: Vec<Columns>,
    /// By segment and document, in microseconds since 1970.
    pub times: Vec<Arc<[i64]>>,
    /// The place of the first document of each segment.
    pub starts: Vec<Place>,
}

impl AllColumns {
    /// The columns of `searcher`, and the times of its documents.
    pub fn open(searcher: &Searcher, times: Vec<Arc<[i64]>>) -> Result<Self, IndexError> {
        let (mut segments, mut starts, mut start) = (Vec::new(), Vec::new(), 0);
        for reader in searcher.segment_readers() {
            segments.push(Columns::open(reader)?);
            starts.push(start);
            start += reader.max_doc();
        }
        Ok(Self { segments, times, starts })
    }

    /// The segment and document of a place.
    pub fn at(&self, place: Place) -> (&Columns, DocId) {
        let segment = self.segment(place);
        (&self.segments[segment], place - self.starts[segment])
    }

    fn segment(&self, place: Place) -> usize {
        self.starts.partition_point(|start| *start <= place).saturating_sub(1)
    }

    /// The time of a post in microseconds since 1970.
    #[inline]
    pub fn time(&self, place: Place) -> i64 {
        let segment = self.segment(place);
        self.times[segment][(place - self.starts[segment]) as usize]
    }

    /// The id of a post.
    pub fn id(&self, place: Place) -> u64 {
        let (columns, doc) = self.at(place);
        columns.id.get_val(doc)
    }
}

impl Columns {
    fn open(reader: &SegmentReader) -> Result<Self, IndexError> {
        let fast = reader.fast_fields();
        Ok(Self {
            id: fast.column_first_or_default("id")?,
            story: fast.column_first_or_default("story")?,
            risk: fast.column_first_or_default("risk")?,
            heat: fast.column_first_or_default("heat")?,
            source: fast.str("source")?,
        })
    }

    /// The source of a document.
    pub fn source_of(&self, doc: DocId) -> Result<String, IndexError> {
        let mut out = String::new();
        if let Some(source) = &self.source
            && let Some(ord) = source.ords().first(doc)
        {
            source.ord_to_str(ord, &mut out)?;
        }
        Ok(out)
    }
}
