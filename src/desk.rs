//! The desk: what people do with a station, one function an act, whatever door they come through.
//!
//! In: who acts, and what they ask. Out: plain data (ids, texts, times; no HTML, no table layout), or an error
//! that says what it was about. An act that changes something or hands something out writes its audit line with
//! the name in it. Doors (command line, console) call these and show the answer; none reaches past the desk.

pub mod adding;
pub mod alerts;
pub mod digests;
pub mod edit;
pub mod evidence;
pub mod export;
pub mod line;
pub mod post;
pub mod rule_form;
pub mod rules;
pub mod search;
pub mod seat;
pub mod sources;
pub mod story;
pub mod today;
pub mod words;

mod index_door;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use index::Index;
use pipelines::annotate::Annotator;
use pipelines::locale::Lang;
use pipelines::query::{Context, Query, QueryError};
use pipelines::record::{PostId, SourceId};

use crate::config::Config;
use crate::engine::{Clock, DataDir, Standing, standing};
use crate::store::{Store, StoreWrite};
use index_door::IndexDoor;
use seat::Renewal;

/// Who acts, and the language they are answered in.
#[derive(Clone, Debug)]
pub struct Who {
    /// The name that stands in the audit.
    pub name: String,
    /// The language of words in answers.
    pub lang: Lang,
}

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A query that cannot be read; nothing was asked of the index.
    #[error("cannot read query `{query}`: {error}")]
    Query {
        /// As typed.
        query: String,
        /// What is wrong, and where.
        error: QueryError,
    },
    /// Something else that was typed cannot be taken.
    #[error("cannot take {what} `{value}`")]
    Value {
        /// Locale key under `desk.value` of what was expected.
        what: &'static str,
        /// As typed.
        value: String,
    },
    /// There is no such post, story, alert, rule or digest.
    #[error("there is no {what} `{id}`")]
    Unknown {
        /// Locale key under `desk.unknown` of the kind of thing.
        what: &'static str,
        /// As asked for.
        id: String,
    },
    /// The beginning of an id names more than one post.
    #[error("several posts begin with `{id}`: {ids}")]
    Several {
        /// As asked for.
        id: String,
        /// Some of them.
        ids: String,
    },
    /// A post without pages kept.
    #[error("post {id} has no evidence ({why})")]
    NoEvidence {
        /// The post.
        id: PostId,
        /// Locale key under `desk.no_evidence_why`.
        why: &'static str,
    },
    /// Store, index or files failed; never "nothing there".
    #[error("{0:#}")]
    Broken(#[from] anyhow::Error),
}

impl DeskError {
    /// What is wrong, for people; a query with its place marked.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        match self {
            Self::Query { query, error } => error.render(query, lang),
            Self::Value { what, value } => {
                let expected = lang.text(&format!("desk.value.{what}"));
                lang.fill("desk.not_taken", &[("value", value), ("expected", &expected)])
            }
            Self::Unknown { what: "post", id } => lang.fill("desk.no_post", &[("id", id)]),
            Self::Unknown { what, id } => {
                let what = lang.text(&format!("desk.unknown.{what}"));
                lang.fill("desk.no_such", &[("what", &what), ("id", id)])
            }
            Self::Several { id, ids } => lang.fill("desk.several", &[("id", id), ("ids", ids)]),
            Self::NoEvidence { id, why } => {
                let why = lang.text(&format!("desk.no_evidence_why.{why}"));
                lang.fill("desk.no_evidence", &[("id", id), ("why", &why)])
            }
            Self::Broken(cause) => format!("{cause:#}"),
        }
    }
}

impl From<crate::store::StoreError> for DeskError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<index::IndexError> for DeskError {
    fn from(error: index::IndexError) -> Self {
        Self::Broken(error.into())
    }
}

/// Shorthand of this module.
pub type Result<T, E = DeskError> = std::result::Result<T, E>;

/// A station as people work with it. Cheap to share; every act takes `&self`.
pub struct Desk {
    /// The config the station runs on.
    pub config: Arc<Config>,
    store: Arc<dyn Store>,
    dir: DataDir,
    clock: Clock,
    index: IndexDoor,
    annotator: OnceLock<Annotator>,
    renewal: Option<Renewal>,
}

impl Desk {
    /// The desk of a store and the index beside it, which is opened when first asked.
    #[must_use]
    pub fn new(config: Arc<Config>, store: Arc<dyn Store>, clock: Clock) -> Self {
        let dir = DataDir(config.station.data_dir.clone());
        let index = IndexDoor::new(dir.index(), crate::engine::segmenter(&config));
        Self { config, store, dir, clock, index, annotator: OnceLock::new(), renewal: None }
    }

    /// The desk of a station that reads its config anew when `renewal` is asked for.
    #[must_use]
    pub fn renewed_by(self, renewal: Renewal) -> Self {
        Self { renewal: Some(renewal), ..self }
    }

    /// The station's time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The name of a source as officers know it.
    #[must_use]
    pub fn source_name(&self, id: &SourceId) -> String {
        let source = self.config.sources.iter().find(|source| source.id == *id);
        source.map_or_else(|| id.0.clone(), |source| source.name.clone())
    }

    fn context(&self) -> Context {
        crate::engine::query_context(&self.config, self.now())
    }

    /// Reads a query.
    ///
    /// # Errors
    /// `Query` with the place of the fault.
    pub fn query(&self, text: &str) -> Result<Query> {
        pipelines::query::parse(text, &self.context())
            .map_err(|error| DeskError::Query { query: text.to_owned(), error })
    }

    /// The index, where it is one of this store, and how many changes of the store it does not hold yet.
    fn asked(&self) -> Result<(Arc<Index>, u64)> {
        let index = self.index.get()?;
        match standing(&*self.store, &index).map_err(anyhow::Error::from)? {
            Standing::Level => Ok((index, 0)),
            Standing::Behind(lacking) => Ok((index, lacking)),
            Standing::Apart(why) => Err(DeskError::Broken(anyhow::anyhow!(
                "{why}; `guanlan reindex` builds it from the store"
            ))),
        }
    }

    /// The annotator, loaded when the first explanation is asked for.
    fn annotator(&self) -> Result<&Annotator> {
        if let Some(annotator) = self.annotator.get() {
            return Ok(annotator);
        }
        let annotator = crate::engine::annotator(&self.config)?;
        Ok(self.annotator.get_or_init(|| annotator))
    }

    /// Does `work` and its audit line in one transaction: neither stands without the other.
    fn audited(
        &self,
        who: &Who,
        (action, object, detail): (&str, &str, &str),
        work: &mut dyn FnMut(&dyn StoreWrite) -> crate::store::Result<bool>,
    ) -> Result<bool> {
        let now = self.now();
        let detail = format!("{detail} by {}", who.name);
        let mut done = false;
        self.store.write(&mut |write| {
            done = work(write)?;
            if done {
                write.audit(now, action, object, &detail)?;
            }
            Ok(())
        })?;
        Ok(done)
    }
}
