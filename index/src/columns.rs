//! The columns that an answer is made from.
//!
//! In: a segment. Out: values by document, and counts by value. Only the columns that the options ask for
//! are opened.

use std::sync::Arc;

use tantivy::columnar::{Cardinality, ColumnValues, StrColumn};
use tantivy::{DocId, Searcher, SegmentReader};

use crate::answer::{Facet, SearchOptions};
use crate::error::IndexError;

/// A document of a searcher: those before it in its segment and in all segments before that one.
pub(crate) type Place = u32;

/// Columns of one segment.
pub(crate) struct Columns {
    pub id: Arc<dyn ColumnValues<u64>>,
    pub time: Arc<dyn ColumnValues<i64>>,
    pub story: Arc<dyn ColumnValues<u64>>,
    pub risk: Arc<dyn ColumnValues<u64>>,
    pub heat: Arc<dyn ColumnValues<f64>>,
    source: Option<StrColumn>,
    facets: Vec<FacetColumn>,
}

/// A facet's column: one value per post where every post has one (faster), or any number.
enum FacetColumn {
    One(Arc<dyn ColumnValues<u64>>),
    Many(StrColumn),
    /// No post of the segment has a value.
    None,
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
            Self::Polarity => "polarity",
        }
    }
}

/// An image of `value` that keeps its order.
pub(crate) fn order_i64(value: i64) -> u64 {
    tantivy::i64_to_u64(value)
}

/// The columns of all segments.
pub(crate) struct AllColumns {
    pub segments: Vec<Columns>,
    /// The place of the first document of each segment.
    pub starts: Vec<Place>,
}

impl AllColumns {
    /// The columns of `searcher` that `options` need.
    pub fn open(searcher: &Searcher, options: &SearchOptions) -> Result<Self, IndexError> {
        let (mut segments, mut starts, mut start) = (Vec::new(), Vec::new(), 0);
        for reader in searcher.segment_readers() {
            segments.push(Columns::open(reader, options)?);
            starts.push(start);
            start += reader.max_doc();
        }
        Ok(Self { segments, starts })
    }

    /// The segment and document of a place.
    pub fn at(&self, place: Place) -> (&Columns, DocId) {
        let segment = self.starts.partition_point(|start| *start <= place).saturating_sub(1);
        (&self.segments[segment], place - self.starts[segment])
    }

    /// The time of a post in microseconds since 1970.
    pub fn time(&self, place: Place) -> i64 {
        let (columns, doc) = self.at(place);
        columns.time.get_val(doc)
    }

    /// The id of a post.
    pub fn id(&self, place: Place) -> u64 {
        let (columns, doc) = self.at(place);
        columns.id.get_val(doc)
    }
}

impl Columns {
    fn open(reader: &SegmentReader, options: &SearchOptions) -> Result<Self, IndexError> {
        let fast = reader.fast_fields();
        let facets: Result<Vec<FacetColumn>, IndexError> =
            options.facets.iter().map(|f| FacetColumn::open(reader, *f)).collect();
        Ok(Self {
            id: fast.column_first_or_default("id")?,
            time: fast.column_first_or_default("time")?,
            story: fast.column_first_or_default("story")?,
            risk: fast.column_first_or_default("risk")?,
            heat: fast.column_first_or_default("heat")?,
            source: fast.str("source")?,
            facets: facets?,
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

    /// Counts the values of `docs`, by facet and by number of the value in this segment.
    pub fn count(&self, docs: &[DocId], counts: &mut [Vec<u32>], room: &mut Room) {
        for (facet, counts) in self.facets.iter().zip(counts) {
            match facet {
                FacetColumn::One(ords) => {
                    room.values.resize(docs.len(), 0);
                    ords.get_vals(docs, &mut room.values);
                }
                FacetColumn::Many(column) => {
                    room.docs.clear();
                    room.rows.clear();
                    column.ords().row_ids_for_docs(docs, &mut room.docs, &mut room.rows);
                    room.values.resize(room.rows.len(), 0);
                    column.ords().values.get_vals(&room.rows, &mut room.values);
                }
                FacetColumn::None => room.values.clear(),
            }
            for ord in &room.values {
                if let Some(count) = counts.get_mut(*ord as usize) {
                    *count += 1;
                }
            }
        }
    }
}

/// Room to read columns into, used again and again.
#[derive(Default)]
pub(crate) struct Room {
    values: Vec<u64>,
    docs: Vec<DocId>,
    rows: Vec<u32>,
}

impl FacetColumn {
    fn open(reader: &SegmentReader, facet: Facet) -> Result<Self, IndexError> {
        let Some(column) = reader.fast_fields().str(facet.field())? else { return Ok(Self::None) };
        if column.ords().get_cardinality() == Cardinality::Full {
            return Ok(Self::One(column.ords().clone().first_or_default_col(0)));
        }
        Ok(Self::Many(column))
    }
}
