//! The desk: what people do with a station, one function an act, whatever door they come through.
//!
//! In: who acts, and what they ask. Out: plain data (ids, texts, times; no HTML, no table layout), or an error
//! that says what it was about. An act that changes something or hands something out writes its audit line with
//! the name in it. Doors (command line, console) call these and show the answer; none reaches past the desk.

pub mod adding;
pub mod alerts;
pub mod answers;
pub mod audit;
pub mod cases;
pub mod choices;
pub mod corrections;
pub mod deliveries;
pub mod digests;
pub mod duty;
pub mod edit;
pub mod evidence;
pub mod export;
pub mod grouping;
pub mod layers;
pub mod line;
pub mod login;
pub mod nothing;
pub mod opening;
pub mod people;
pub mod plain_form;
pub mod policy;
pub mod post;
pub mod public;
pub mod rights;
pub mod rows;
pub mod rule_form;
pub mod rules;
pub mod running;
pub mod saved;
pub mod search;
pub mod seat;
pub mod secrets;
pub mod sources;
pub mod station;
pub mod story;
pub mod testing;
pub mod today;
pub mod trouble;
pub mod trying;
pub mod versions;
pub mod words;
pub mod workers;
pub mod works;

mod index_door;
mod units;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use index::{Index, IndexError, RebuildLock};
use pipelines::annotate::Annotator;
use pipelines::locale::Lang;
use pipelines::query::{Context, Query, QueryError};
use pipelines::record::{PostId, SourceId};

pub use rights::{Act, Role, Scope, Who};

use crate::config::Config;
use crate::engine::layers::Layering;
use crate::engine::{Apart, Clock, DataDir, Standing, standing, taken};
use crate::evidence::Vault;
use crate::store::{Store, StoreWrite};
use index_door::IndexDoor;
use seat::Renewal;

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
    /// This person may not, through this door.
    #[error("{} may not {} ({} scope)", role.as_str(), act.as_str(), scope.as_str())]
    Forbidden {
        /// What was asked for.
        act: Act,
        /// What they are.
        role: Role,
        /// How much of it the door was given.
        scope: Scope,
    },
    /// It is made of the posts of all units, and this person is bound to some.
    #[error("bound to some units")]
    Bounded,
    /// The units this person is bound to stand in config no longer.
    #[error("bound to no unit that there is")]
    NoUnits,
    /// Not let in; whether name, password or account was wrong is not said.
    #[error("not let in")]
    NotLetIn,
    /// Too many failures: no try is looked at before.
    #[error("too many failed logins; none is looked at before {until}")]
    Wait {
        /// When.
        until: DateTime<Utc>,
        /// Minutes until then, by the clock that said so.
        minutes: i64,
    },
    /// Somebody has this name.
    #[error("`{name}` is taken")]
    Taken {
        /// The name.
        name: String,
    },
    /// A password that cannot be taken.
    #[error("this password cannot be taken ({why})")]
    Password {
        /// Locale key under `desk.password` of the reason.
        why: &'static str,
    },
    /// No administrator would be left who may come in.
    #[error("no administrator would be left")]
    LastAdministrator,
    /// A step of a case that was not taken.
    #[error("{0}")]
    Case(Box<cases::fault::CaseFault>),
    /// Something was not done to an answer on record.
    #[error("{0}")]
    Answer(Box<crate::answers::Refusal>),
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
            Self::Forbidden { act, role, scope } => forbidden(*act, *role, *scope, lang),
            Self::Bounded => lang.text("desk.bounded"),
            Self::NoUnits => lang.text("desk.no_units"),
            Self::NotLetIn => lang.text("desk.not_let_in"),
            Self::Wait { minutes, .. } => lang.fill("desk.wait", &[("minutes", minutes)]),
            Self::Taken { name } => lang.fill("desk.taken", &[("name", name)]),
            Self::Password { why } => {
                let least = secrets::LEAST;
                lang.fill(&format!("desk.password.{why}"), &[("n", &least)])
            }
            Self::Case(fault) => fault.in_words(lang),
            Self::Answer(refusal) => refusal.in_words(lang),
            Self::LastAdministrator => lang.text("desk.last_administrator"),
            Self::Broken(cause) => trouble::in_words(cause, lang),
        }
    }
}

/// What was not allowed, and who may.
fn forbidden(act: Act, role: Role, scope: Scope, lang: Lang) -> String {
    let role_name = |role: &Role| lang.text(&format!("desk.role.{}", role.as_str()));
    let may = act.roles().iter().map(role_name).collect::<Vec<_>>();
    let may = may.join(&lang.text("desk.list_comma"));
    let act_name = lang.text(&format!("desk.act.{}", act.as_str()));
    // The person may and the door may not.
    if act.roles().contains(&role) && scope == Scope::Read {
        return lang.fill("desk.forbidden_scope", &[("act", &act_name)]);
    }
    lang.fill("desk.forbidden", &[("act", &act_name), ("role", &role_name(&role)), ("may", &may)])
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
    layering: Layering,
    vault: OnceLock<Arc<dyn Vault>>,
    wordings: answers::near::Wordings,
    renewal: Option<Renewal>,
}

impl Desk {
    /// The desk of a store and the index beside it, which is opened when first asked.
    #[must_use]
    pub fn new(config: Arc<Config>, store: Arc<dyn Store>, clock: Clock) -> Self {
        let dir = DataDir(config.station.data_dir.clone());
        let index =
            IndexDoor::new(crate::engine::index_place(&config), crate::engine::segmenter(&config));
        let (annotator, vault) = (OnceLock::new(), OnceLock::new());
        let wordings = answers::near::Wordings::default();
        let layering = Layering::of(&config);
        Self {
            config,
            store,
            dir,
            clock,
            index,
            annotator,
            layering,
            vault,
            wordings,
            renewal: None,
        }
    }

    /// The desk of a station that reads its config anew when `renewal` is asked for.
    #[must_use]
    pub fn renewed_by(self, renewal: Renewal) -> Self {
        Self { renewal: Some(renewal), ..self }
    }

    /// The file of the key that opens the console on this machine.
    #[must_use]
    pub fn console_key(&self) -> std::path::PathBuf {
        self.dir.console_key()
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

    fn context(&self) -> Result<Context> {
        let stored_sources = Some(self.store.source_ids()?);
        Ok(Context { stored_sources, ..crate::engine::query_context(&self.config, self.now()) })
    }

    /// Reads a query.
    ///
    /// # Errors
    /// `Query` with the place of the fault.
    pub fn query(&self, text: &str) -> Result<Query> {
        pipelines::query::parse(text, &self.context()?)
            .map_err(|error| DeskError::Query { query: text.to_owned(), error })
    }

    /// Reads the query of a rule, as the rule is asked.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub(crate) fn rule_query(&self, text: &str) -> Result<Query> {
        pipelines::query::parse_rule(text, &self.context()?)
            .map_err(|error| DeskError::Query { query: text.to_owned(), error })
    }

    /// The index, where it is one of this store, and how many changes of the store it does not hold yet.
    fn asked(&self) -> Result<(Arc<Index>, u64)> {
        let index = self.index.get()?;
        match standing(&*self.store, &index).map_err(anyhow::Error::from)? {
            Standing::Level => Ok((index, 0)),
            Standing::Behind(lacking) => Ok((index, lacking)),
            Standing::Apart(why) => {
                let place = crate::engine::index_place(&self.config);
                if why == Apart::OtherStore && place.is_shared() {
                    return Err(taken(&place).into());
                }
                let held = RebuildLock::take(place);
                let is_mended = matches!(held, Err(IndexError::Rebuilding { .. }));
                Err(anyhow::Error::from(trouble::NotOurs { why, is_mended }).into())
            }
        }
    }

    /// Where evidence lies.
    fn vault(&self) -> Result<&dyn Vault> {
        if let Some(vault) = self.vault.get() {
            return Ok(&**vault);
        }
        let vault = crate::engine::vault(&self.config).map_err(anyhow::Error::from)?;
        Ok(&**self.vault.get_or_init(|| vault))
    }

    /// The annotator as the station judges now, loaded when the first explanation is asked for.
    fn annotator(&self) -> Result<&Annotator> {
        let annotator = match self.annotator.get() {
            Some(annotator) => annotator,
            None => {
                let annotator = crate::engine::annotator(&self.config)?;
                self.annotator.get_or_init(|| annotator)
            }
        };
        self.layering.wear(&*self.store, annotator)?;
        Ok(annotator)
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
                write.audit_by(now, &who.name, action, object, &detail)?;
            }
            Ok(())
        })?;
        Ok(done)
    }
}
