//! The index as the desk reads it: opened when first asked, and brought up to date before each question.
//!
//! In: where it lies. Out: an index that has taken up every commit so far. Refuses nothing by itself: a missing
//! or broken index is an error with its way out, and the next question tries again.

use std::sync::{Arc, Mutex, PoisonError};

use index::{Index, IndexError, Place};
use pipelines::text::Segmenter;

pub(super) struct IndexDoor {
    place: Place,
    words: Segmenter,
    open: Mutex<Option<Arc<Index>>>,
}

impl IndexDoor {
    pub(super) fn new(place: Place, words: Segmenter) -> Self {
        Self { place, words, open: Mutex::new(None) }
    }

    /// # Errors
    /// Those of the index. What failed to refresh is opened anew once.
    pub(super) fn get(&self) -> Result<Arc<Index>, IndexError> {
        // A panic while opening leaves what was open before, which is sound.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = open.as_ref()
            && index.refresh().is_ok()
        {
            return Ok(index.clone());
        }
        *open = None;
        let index = Arc::new(Index::open_read_only(&self.place, &self.words)?);
        *open = Some(index.clone());
        Ok(index)
    }
}
