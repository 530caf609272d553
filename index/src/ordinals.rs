//! Stories and facet values as small numbers, and times, in memory: counting is adding up in arrays.
//!
//! In: the segments of a searcher. Out: for each document of each, the numbers of its story and of its
//! facets' values, and its time; numbers are the same in all segments of a generation. They are read from
//! the columns when first asked for and kept as long as the segment is searched: about 45 bytes a post with
//! all facets, and some thirty a story.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::columnar::{Cardinality, StrColumn};
use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher, SegmentReader};

use crate::answer::Facet;
use crate::error::IndexError;
use crate::lines::Slots;
use crate::schema::TIME;

/// Documents whose columns are read at once.
const BATCH: usize = 1024;
/// Arrays of story lines that are kept for the next query: two threads of two queries.
const MOST_SPARE: usize = 4;

/// Story ids are parts of SHA-256 digests: they are their own hash.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

/// The numbers of one generation.
#[derive(Default)]
pub(crate) struct Ordinals {
    known: Mutex<Known>,
    spare: Mutex<Vec<Slots>>,
}

#[derive(Default)]
struct Known {
    stories: HashMap<u64, u32, BuildHasherDefault<IdHasher>>,
    values: [Values; Facet::COUNT],
    segments: HashMap<SegmentId, Segment>,
}

#[derive(Clone, Default)]
struct Segment {
    stories: Option<Arc<[u32]>>,
    times: Option<Arc<[i64]>>,
    facets: [Option<Arc<FacetNumbers>>; Facet::COUNT],
}

/// The values of one facet in one segment.
pub(crate) struct FacetNumbers {
    /// Where the values of each document end; empty where each has exactly one.
    ends: Vec<u32>,
    values: Vec<u32>,
}

/// The values of a facet by number.
#[derive(Default)]
struct Values {
    numbers: HashMap<String, u32>,
    names: Arc<Vec<String>>,
}

/// The numbers that one query needs.
pub(crate) struct View {
    /// By segment and document; empty when not asked for.
    pub stories: Vec<Arc<[u32]>>,
    /// By segment and document, in microseconds since 1970.
    pub times: Vec<Arc<[i64]>>,
    /// How many stories there are at most.
    pub story_count: usize,
    /// By facet asked for.
    pub facets: Vec<FacetView>,
}

/// The values of one facet.
pub(crate) struct FacetView {
    /// The names by number.
    pub names: Arc<Vec<String>>,
    /// By segment.
    pub segments: Vec<Arc<FacetNumbers>>,
}

impl Ordinals {
    /// The numbers for `searcher`: of stories if `grouped`, and of `facets`.
    pub fn view(
        &self,
        searcher: &Searcher,
        grouped: bool,
        facets: &[Facet],
    ) -> Result<View, IndexError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let readers = searcher.segment_readers();
        known.segments.retain(|id, _| readers.iter().any(|r| r.segment_id() == *id));
        let (mut stories, mut times) = (Vec::new(), Vec::new());
        for reader in readers {
            times.push(known.times_of(reader)?);
            if grouped {
                stories.push(known.stories_of(reader)?);
            }
        }
        let mut views = Vec::with_capacity(facets.len());
        for facet in facets {
            let mut segments = Vec::with_capacity(readers.len());
            for reader in readers {
                segments.push(known.values_of(reader, *facet)?);
            }
            let names = known.values[*facet as usize].names.clone();
            views.push(FacetView { names, segments });
        }
        Ok(View { stories, times, story_count: known.stories.len(), facets: views })
    }

    /// An array of empty lines for `stories`.
    pub fn slots(&self, stories: usize) -> Slots {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slots = spare.pop().unwrap_or_default();
        slots.grow(stories);
        slots
    }

    /// Takes an array back for the next query.
    pub fn give_back(&self, mut slots: Slots) {
        slots.clear();
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST_SPARE {
            spare.push(slots);
        }
    }
}

impl Known {
    fn stories_of(&mut self, reader: &SegmentReader) -> Result<Arc<[u32]>, IndexError> {
        let segment = self.segments.entry(reader.segment_id()).or_default();
        if let Some(numbers) = &segment.stories {
            return Ok(numbers.clone());
        }
        let column = reader.fast_fields().column_first_or_default::<u64>("story")?;
        let mut numbers = Vec::with_capacity(reader.max_doc() as usize);
        let (mut docs, mut ids) = (Vec::with_capacity(BATCH), vec![0; BATCH]);
        for from in (0..reader.max_doc()).step_by(BATCH) {
            docs.clear();
            docs.extend((from..reader.max_doc()).take(BATCH));
            let ids = &mut ids[..docs.len()];
            column.get_vals(&docs, ids);
            for id in ids {
                let next = u32::try_from(self.stories.len()).unwrap_or(u32::MAX);
                numbers.push(*self.stories.entry(*id).or_insert(next));
            }
        }
        Ok(segment.stories.insert(numbers.into()).clone())
    }

    fn times_of(&mut self, reader: &SegmentReader) -> Result<Arc<[i64]>, IndexError> {
        let segment = self.segments.entry(reader.segment_id()).or_default();
        if let Some(times) = &segment.times {
            return Ok(times.clone());
        }
        let column = reader.fast_fields().column_first_or_default::<i64>(TIME)?;
        let times = (0..reader.max_doc()).map(|doc| column.get_val(doc)).collect();
        Ok(segment.times.insert(times).clone())
    }

    fn values_of(
        &mut self,
        reader: &SegmentReader,
        facet: Facet,
    ) -> Result<Arc<FacetNumbers>, IndexError> {
        let segment = self.segments.entry(reader.segment_id()).or_default();
        let place = &mut segment.facets[facet as usize];
        if let Some(numbers) = place {
            return Ok(numbers.clone());
        }
        let mut numbers = FacetNumbers { ends: vec![0; reader.max_doc() as usize], values: vec![] };
        if let Some(column) = reader.fast_fields().str(facet.field())? {
            let mut by_ord = Vec::new();
            let mut terms = column.dictionary().stream()?;
            while terms.advance() {
                let name = String::from_utf8_lossy(terms.key()).into_owned();
                by_ord.push(self.values[facet as usize].number(name));
            }
            numbers = FacetNumbers::read(&column, &by_ord, reader.max_doc());
        }
        Ok(place.insert(Arc::new(numbers)).clone())
    }
}

impl FacetNumbers {
    fn read(column: &StrColumn, by_ord: &[u32], max_doc: DocId) -> Self {
        let is_single = column.ords().get_cardinality() == Cardinality::Full;
        let (mut ends, mut values) = (Vec::new(), Vec::with_capacity(max_doc as usize));
        for doc in 0..max_doc {
            values.extend(column.term_ords(doc).filter_map(|ord| by_ord.get(ord as usize)));
            if !is_single {
                ends.push(u32::try_from(values.len()).unwrap_or(u32::MAX));
            }
        }
        values.shrink_to_fit();
        Self { ends, values }
    }

    /// Counts the values of `docs`, by number.
    pub fn count(&self, docs: &[DocId], counts: &mut [u32]) {
        if self.ends.is_empty() {
            for doc in docs {
                counts[self.values[*doc as usize] as usize] += 1;
            }
            return;
        }
        for doc in docs {
            let from = doc.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
            for value in &self.values[from as usize..self.ends[*doc as usize] as usize] {
                counts[*value as usize] += 1;
            }
        }
    }
}

impl Values {
    fn number(&mut self, name: String) -> u32 {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        Arc::make_mut(&mut self.names).push(name.clone());
        self.numbers.insert(name, number);
        number
    }
}
