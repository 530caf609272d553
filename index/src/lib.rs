//! The search index: every literal found, newest first, one line per story.
//!
//! In: annotated posts (`Change`) and queries of the one language. Out: `SearchResults`: ids, counts and
//! places, never texts. It is a projection of the store: it can be thrown away and built again, and each
//! commit carries the store's cursor. It knows `pipelines::{record, text, query}` and nothing else of the
//! station.

mod answer;
mod cluster;
mod columns;
mod compile;
mod days;
mod either;
mod error;
mod examine;
mod folder;
mod folder_writer;
mod generation;
mod guard;
pub mod highlight;
mod index;
mod lines;
mod literal;
mod lock;
mod newest;
mod order;
mod ordinals;
mod paired;
mod phrase;
mod place;
mod places;
mod position;
mod rank;
mod reading;
mod runs;
mod schema;
mod tally;
mod tantivy_dialect;
mod timerange;
mod tokenize;
mod verify;
mod words;
mod writing;

pub use answer::{
    DayCount, Facet, FacetCounts, First, Hit, PageToken, SearchOptions, SearchResults, Sort,
};
pub use cluster::{ClusterFault, ClusterPlace, Health, Light, Login};
pub use error::IndexError;
pub use examine::{Examined, examine};
pub use index::{Index, PostSource, SearchIndex};
pub use lock::RebuildLock;
pub use place::Place;
pub use position::Position;
pub use schema::{Change, IndexedPost};
pub use writing::{Writer, WriterOptions};
