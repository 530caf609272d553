//! The layers over the shipped models, one a source, kept with the station.
//!
//! In: officers' corrections in the store, and an annotator. Out: named states `layer:SOURCE`, each learned of the latest
//! corrections on that source beside the models of the time, and the annotator that wears them. A layer is switched off by a
//! word of an officer and learned again by another; beside other models than it was learned with it has no say, and the
//! station learns it anew when it starts. The corrections themselves stay whatever becomes of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Utc};
use pipelines::annotate::Annotator;
use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::layer::{LEAST, Lesson, SourceLayer};
use pipelines::record::{PostId, Said, SourceId};
use pipelines::text::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::config::{Config, Depth};
use crate::store::{Result, Store, StoreWrite};

/// Before the name of a source.
const STATE: &str = "layer:";
/// Corrections a layer is learned of, the latest ones: each costs a reading of its post.
const LESSONS: usize = 100;

/// A layer as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptLayer {
    /// An officer switched it off.
    pub off: bool,
    /// Of the models beside which it was learned.
    pub models: String,
    /// When it was learned, or switched off.
    pub at: DateTime<Utc>,
    /// What was learned; nothing where there are too few corrections.
    pub layer: Option<SourceLayer>,
}

/// What keeps the layers of a store and an annotator of one config together.
pub struct Layering {
    models: Vec<(String, Cow<'static, [u8]>)>,
    mark: OnceLock<String>,
    /// The states as they were last read.
    worn: Mutex<Vec<(String, String)>>,
}

impl Layering {
    /// For the models of `config`.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let is_heard = |(_, bytes): &&(String, Cow<'static, [u8]>)| {
            config.judge.depth == Depth::Deep || !DeepReader::is_one(bytes)
        };
        let models = config.models.iter().filter(is_heard).cloned().collect();
        Self { models, mark: OnceLock::new(), worn: Mutex::default() }
    }

    /// A mark of the models that a layer lies over.
    fn mark(&self) -> &str {
        self.mark.get_or_init(|| {
            let mut digest = Sha256::new();
            for (name, bytes) in &self.models {
                digest.update(format!("{name} {}\n", bytes.len()));
                digest.update(bytes);
            }
            hex(&digest.finalize())[..12].to_owned()
        })
    }

    /// Lets `annotator` wear what the store has now.
    ///
    /// # Errors
    /// Those of the store.
    pub fn wear(&self, store: &dyn Store, annotator: &Annotator) -> Result<()> {
        let states = store.states(STATE)?;
        let mut worn = self.worn.lock().unwrap_or_else(PoisonError::into_inner);
        if *worn == states {
            return Ok(());
        }
        let in_force = read(&states).into_iter().filter_map(|(source, kept)| {
            let is_ours = !kept.off && kept.models == self.mark();
            Some((source, kept.layer.filter(|_| is_ours)?))
        });
        annotator.wear(in_force.collect::<HashMap<_, _>>());
        *worn = states;
        Ok(())
    }

    /// What the corrections on `source` teach now.
    ///
    /// # Errors
    /// Those of the store.
    pub fn learned(
        &self,
        store: &dyn Store,
        annotator: &Annotator,
        source: &SourceId,
        now: DateTime<Utc>,
    ) -> Result<KeptLayer> {
        let mut said: BTreeMap<PostId, (Option<_>, Option<_>)> = BTreeMap::new();
        for correction in store.corrections_on(source, LESSONS)? {
            match correction.said {
                Said::Polarity(polarity) => {
                    said.entry(correction.post).or_default().0 = Some(polarity);
                }
                Said::Kind(kind) => said.entry(correction.post).or_default().1 = Some(kind),
                Said::Urgency(_) | Said::Topics(_) | Said::Subjects { .. } => {}
            }
        }
        let mut lessons = Vec::new();
        // With fewer nothing is learned whatever they say, and no post need be read.
        if said.len() >= LEAST {
            let posts: Vec<PostId> = said.keys().copied().collect();
            for post in store.posts(&posts)? {
                let (polarity, kind) = said[&post.post.id];
                let heads = annotator.bare_heads(&post.post);
                lessons.extend(heads.map(|heads| Lesson { heads, polarity, kind }));
            }
        }
        let layer = SourceLayer::learned(&lessons);
        Ok(KeptLayer { off: false, models: self.mark().to_owned(), at: now, layer })
    }

    /// Learns anew what was learned beside other models.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn renew(
        &self,
        store: &dyn Store,
        annotator: &Annotator,
        now: DateTime<Utc>,
    ) -> Result<()> {
        for (source, kept) in kept(store)? {
            if !kept.off && kept.models != self.mark() {
                let layer = self.learned(store, annotator, &source, now)?;
                tracing::info!(%source, "the layer of corrections is learned anew beside other models");
                store.write(&mut |write| keep(write, &source, &layer))?;
            }
        }
        Ok(())
    }

    /// Whether `kept` has a say in judging beside the models of today.
    #[must_use]
    pub fn is_in_force(&self, kept: &KeptLayer) -> bool {
        !kept.off && kept.layer.is_some() && kept.models == self.mark()
    }
}

/// All layers of the store, those that are switched off with them.
///
/// # Errors
/// Those of the store.
pub fn kept(store: &dyn Store) -> Result<Vec<(SourceId, KeptLayer)>> {
    Ok(read(&store.states(STATE)?))
}

/// The layer of one source.
///
/// # Errors
/// Those of the store.
pub fn of(store: &dyn Store, source: &SourceId) -> Result<Option<KeptLayer>> {
    let state = store.state(&format!("{STATE}{source}"))?;
    Ok(state.and_then(|json| serde_json::from_str(&json).ok()))
}

/// Keeps the layer of a source.
///
/// # Errors
/// Those of the store.
pub fn keep(write: &dyn StoreWrite, source: &SourceId, kept: &KeptLayer) -> Result<()> {
    write.put_state(&format!("{STATE}{source}"), &serde_json::to_string(kept).unwrap_or_default())
}

/// What cannot be read is as if it had not been learned.
fn read(states: &[(String, String)]) -> Vec<(SourceId, KeptLayer)> {
    let one = |(name, json): &(String, String)| {
        Some((name.strip_prefix(STATE)?.into(), serde_json::from_str(json).ok()?))
    };
    states.iter().filter_map(one).collect()
}
