//! Small numbers for stories and facet values, so that counting is adding up in an array.
//!
//! In: the segments of a searcher. Out: for each, the number of its documents' stories and of its facets'
//! values; numbers are the same in all segments of a generation. They are made when first asked for and
//! kept in memory as long as the segment is searched: four bytes a post, and some thirty a story.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::index::SegmentId;
use tantivy::{Searcher, SegmentReader};

use crate::answer::Facet;
use crate::error::IndexError;
use crate::lines::Slots;

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
    values: [Values; Facet::ALL.len()],
    segments: HashMap<SegmentId, Segment>,
}

#[derive(Clone, Default)]
struct Segment {
    stories: Option<Arc<[u32]>>,
    facets: [Option<Arc<[u32]>>; Facet::ALL.len()],
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
    /// How many stories there are at most.
    pub story_count: usize,
    /// By facet asked for.
    pub facets: Vec<FacetView>,
}

/// The values of one facet.
pub(crate) struct FacetView {
    /// The names by number.
    pub names: Arc<Vec<String>>,
    /// By segment: the number of each value of its column.
    pub segments: Vec<Arc<[u32]>>,
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
        let mut stories = Vec::new();
        if grouped {
            for reader in readers {
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
        Ok(View { stories, story_count: known.stories.len(), facets: views })
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
        let mut ids = vec![0; BATCH];
        let docs: Vec<u32> = (0..reader.max_doc()).collect();
        for docs in docs.chunks(BATCH) {
            let ids = &mut ids[..docs.len()];
            column.get_vals(docs, ids);
            for id in ids {
                let next = u32::try_from(self.stories.len()).unwrap_or(u32::MAX);
                numbers.push(*self.stories.entry(*id).or_insert(next));
            }
        }
        Ok(segment.stories.insert(numbers.into()).clone())
    }

    fn values_of(
        &mut self,
        reader: &SegmentReader,
        facet: Facet,
    ) -> Result<Arc<[u32]>, IndexError> {
        let segment = self.segments.entry(reader.segment_id()).or_default();
        let place = &mut segment.facets[facet as usize];
        if let Some(numbers) = place {
            return Ok(numbers.clone());
        }
        let mut numbers = Vec::new();
        if let Some(column) = reader.fast_fields().str(facet.field())? {
            let mut terms = column.dictionary().stream()?;
            while terms.advance() {
                let name = String::from_utf8_lossy(terms.key()).into_owned();
                numbers.push(self.values[facet as usize].number(name));
            }
        }
        Ok(place.insert(numbers.into()).clone())
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
