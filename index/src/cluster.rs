//! The index in an OpenSearch cluster: the same posts, the same questions, the same answers.
//!
//! In: where the cluster is, queries, changes. Out: what [`SearchIndex`] promises: exact sets, exact counts. The cluster
//! is asked for single-token terms and phrases cut on our side, never for a query of its own language. A part of it
//! that does not answer is an error in words, never fewer hits. It is asked only when the index is, so that one that is
//! away now may be back by then.

mod answer;
mod client;
mod cut;
mod dialect;
mod document;
mod fault;
mod health;
mod lines;
mod near;
mod place;
mod rebuild;
mod schema;
mod writer;

use std::sync::{Arc, PoisonError, RwLock};

use pipelines::query::Query;
use pipelines::text::Segmenter;
use serde_json::json;

use crate::answer::{SearchOptions, SearchResults};
use crate::compile::Compiler;
use crate::error::IndexError;
use crate::index::{PostSource, SearchIndex};
use crate::position::Position;
use crate::words::words_test;
use answer::Asking;
use client::Client;
use dialect::{ClusterDialect, Effort};
pub use fault::ClusterFault;
pub use health::{Health, Light};
pub use place::{ClusterPlace, Login};
pub(crate) use writer::ClusterWriter;

/// The id of the document that says how far an index has followed. It has no field that is searched.
const POSITION: &str = "position";

/// An opened index of a cluster.
pub(crate) struct ClusterIndex {
    place: ClusterPlace,
    client: Arc<Client>,
    segmenter: Segmenter,
    /// The index that stands behind the name, where it was asked for.
    current: RwLock<Option<Arc<str>>>,
}

impl ClusterIndex {
    /// Makes ready to ask; asks nothing yet.
    pub fn open(place: &ClusterPlace, segmenter: &Segmenter) -> Result<Self, IndexError> {
        let client = Arc::new(Client::new(place)?);
        let (place, segmenter) = (place.clone(), segmenter.clone());
        Ok(Self { place, client, segmenter, current: RwLock::new(None) })
    }

    pub fn open_or_create(place: &ClusterPlace, segmenter: &Segmenter) -> Result<Self, IndexError> {
        let index = Self::open(place, segmenter)?;
        match index.refresh() {
            Err(IndexError::Missing { .. }) => Self::create(place, segmenter),
            done => done.map(|()| index),
        }
    }

    /// Puts an empty index behind the name.
    pub fn create(place: &ClusterPlace, segmenter: &Segmenter) -> Result<Self, IndexError> {
        let index = Self::open(place, segmenter)?;
        rebuild::put_empty(&index.client, place)?;
        index.refresh()?;
        Ok(index)
    }

    pub fn writer(&self) -> Result<ClusterWriter, IndexError> {
        let current = self.find()?;
        Ok(ClusterWriter::new(self.client.clone(), self.place.name.clone(), &current))
    }

    /// Looks which index stands behind the name, and that it is one this program can read.
    pub fn refresh(&self) -> Result<(), IndexError> {
        self.find().map(drop)
    }

    fn find(&self) -> Result<Arc<str>, IndexError> {
        let found = self.client.current(&self.place.name)?;
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| Some(&**known) == found.as_deref()) {
            return Ok(known);
        }
        let missing = || IndexError::Missing { dir: self.place.shown().into() };
        let found = found.ok_or_else(missing)?;
        self.client.expect_usable()?;
        schema::expect_ours(&self.client, &found)?;
        let found: Arc<str> = found.into();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }

    fn current(&self) -> Result<Arc<str>, IndexError> {
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        known.map_or_else(|| self.find(), Ok)
    }

    /// Does `work` on the current index; once more where that was replaced meanwhile.
    fn on_current<T>(&self, work: impl Fn(&str) -> Result<T, IndexError>) -> Result<T, IndexError> {
        let current = self.current()?;
        match work(&current) {
            Err(IndexError::Cluster(ClusterFault::NoIndex { .. })) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = None;
                work(&self.find()?)
            }
            done => done,
        }
    }

    /// Posts in the index.
    pub fn posts(&self) -> Result<u64, IndexError> {
        self.on_current(|index| Asking::of(&self.client, index, json!({"match_all": {}})).count())
    }
}

impl SearchIndex for ClusterIndex {
    fn search(
        &self,
        query: &Query,
        options: &SearchOptions,
        posts: Option<&dyn PostSource>,
    ) -> Result<SearchResults, IndexError> {
        self.on_current(|index| {
            answer::answer(&self.client, index, &self.segmenter, (query, options, posts))
        })
    }

    fn words_available(&self, text: &str) -> Result<u64, IndexError> {
        let Some(test) = words_test(text, &self.segmenter) else { return Ok(0) };
        let compiled = Compiler { dialect: ClusterDialect(Effort::Plain) }.node(&test).query;
        self.on_current(|index| Asking::of(&self.client, index, compiled.clone()).count())
    }

    fn position(&self) -> Result<Position, IndexError> {
        self.on_current(|index| Ok(writer::position(&self.client, index)?))
    }
}
