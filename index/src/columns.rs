//! The columns of one segment that an answer is made from.
//!
//! In: a segment. Out: values by document, and counts by value. Only the columns that the options ask for
//! are opened.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::{ColumnValues, StrColumn};
use tantivy::{DocId, SegmentReader};

use crate::answer::{Facet, SearchOptions};
use crate::error::IndexError;

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
    One(StrColumn, Arc<dyn ColumnValues<u64>>),
    Many(StrColumn),
    /// No post of the segment has a value.
    None,
}

impl Facet {
    fn field(self) -> &'static str {
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

impl Columns {
    /// The columns of `reader` that `options` need.
    pub fn open(reader: &SegmentReader, options: &SearchOptions) -> Result<Self, IndexError> {
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

    /// A zero for each value of each facet.
    pub fn empty_counts(&self) -> Vec<Vec<u64>> {
        let terms = |facet: &FacetColumn| match facet {
            FacetColumn::One(column, _) | FacetColumn::Many(column) => {
                column.dictionary().num_terms()
            }
            FacetColumn::None => 0,
        };
        self.facets.iter().map(|f| vec![0; terms(f)]).collect()
    }

    /// Counts documents.
    pub fn count(&self, docs: &[DocId], counts: &mut [Vec<u64>]) {
        let mut values = vec![0; docs.len()];
        let (mut of_docs, mut rows) = (Vec::new(), Vec::new());
        for (facet, counts) in self.facets.iter().zip(counts) {
            match facet {
                FacetColumn::One(_, ords) => {
                    ords.get_vals(docs, &mut values);
                    values.iter().for_each(|ord| bump(counts, *ord));
                }
                FacetColumn::Many(column) => {
                    of_docs.clear();
                    rows.clear();
                    column.ords().row_ids_for_docs(docs, &mut of_docs, &mut rows);
                    let mut ords = vec![0; rows.len()];
                    column.ords().values.get_vals(&rows, &mut ords);
                    ords.iter().for_each(|ord| bump(counts, *ord));
                }
                FacetColumn::None => {}
            }
        }
    }

    /// Adds a segment's counts, by value, to the whole.
    pub fn add_counts(
        &self,
        counts: &[Vec<u64>],
        whole: &mut [HashMap<String, u64>],
    ) -> Result<(), IndexError> {
        for ((facet, counts), whole) in self.facets.iter().zip(counts).zip(whole) {
            let (FacetColumn::One(column, _) | FacetColumn::Many(column)) = facet else { continue };
            for (ord, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let mut value = String::new();
                column.ord_to_str(ord as u64, &mut value)?;
                *whole.entry(value).or_default() += count;
            }
        }
        Ok(())
    }
}

#[inline]
fn bump(counts: &mut [u64], ord: u64) {
    if let Some(count) = counts.get_mut(ord as usize) {
        *count += 1;
    }
}

impl FacetColumn {
    fn open(reader: &SegmentReader, facet: Facet) -> Result<Self, IndexError> {
        let Some(column) = reader.fast_fields().str(facet.field())? else { return Ok(Self::None) };
        if column.ords().get_cardinality() == tantivy::columnar::Cardinality::Full {
            let ords = column.ords().clone().first_or_default_col(0);
            return Ok(Self::One(column, ords));
        }
        Ok(Self::Many(column))
    }
}
