//! The layers that officers' corrections lay over the shipped models, one a source: which there are, and one switched off
//! or learned again.
//!
//! In: a source. Out: its layer. A correction learns the layer of its source by itself; what is switched off stays off,
//! and the corrections stay, until somebody says that it is to be learned again. Both words are audited.

use chrono::{DateTime, Utc};
use pipelines::record::SourceId;
use serde::Serialize;

use super::{Act, Desk, DeskError, Result, Who};
use crate::engine::layers::{self, KeptLayer};

/// The layer of a source as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LayerLine {
    /// The source.
    pub source: String,
    /// As officers know it.
    pub name: String,
    /// `on`; `off` where an officer switched it off; `few` where the corrections are too few; `stale` where it was learned
    /// beside other models, until the station starts again.
    #[schema(value_type = String)]
    pub state: &'static str,
    /// Corrections of polarity it was learned from.
    pub polarities: usize,
    /// Corrections of kind it was learned from.
    pub kinds: usize,
    /// When it was learned or switched off.
    pub at: DateTime<Utc>,
}

impl Desk {
    /// The layers of all sources.
    ///
    /// # Errors
    /// A broken store.
    pub fn layers(&self, who: &Who) -> Result<Vec<LayerLine>> {
        self.check(who, Act::SeeSources)?;
        let kept = layers::kept(&*self.store)?.into_iter();
        Ok(kept.map(|(source, kept)| self.layer_line(&source, &kept)).collect())
    }

    /// Switches the layer of a source off: its posts are judged as the models alone judge them.
    ///
    /// # Errors
    /// `Unknown` where the source has none; a broken store.
    pub fn forget_layer(&self, who: &Who, source: &str) -> Result<LayerLine> {
        self.check(who, Act::Correct)?;
        let id = SourceId::from(source);
        let unknown = || DeskError::Unknown { what: "layer", id: source.to_owned() };
        let kept = layers::of(&*self.store, &id)?.ok_or_else(unknown)?;
        let kept = KeptLayer { off: true, at: self.now(), ..kept };
        self.keep_layer(who, &id, "off", &kept)
    }

    /// Learns the layer of a source from its corrections, switched off or not.
    ///
    /// # Errors
    /// `Unknown` where nothing of that source was corrected; a broken store.
    pub fn learn_layer(&self, who: &Who, source: &str) -> Result<LayerLine> {
        self.check(who, Act::Correct)?;
        let id = SourceId::from(source);
        if self.store.corrections_on(&id, 1)?.is_empty() {
            return Err(DeskError::Unknown { what: "layer", id: source.to_owned() });
        }
        let learned = self.layering.learned(&*self.store, self.annotator()?, &id, self.now())?;
        self.keep_layer(who, &id, "learned", &learned)
    }

    /// After a correction on a source: its layer as it is to be now. One that is off stays off.
    pub(super) fn learn_from(&self, source: &SourceId) -> Result<()> {
        let before = layers::of(&*self.store, source)?;
        if before.as_ref().is_some_and(|kept| kept.off) {
            return Ok(());
        }
        let learned = self.layering.learned(&*self.store, self.annotator()?, source, self.now())?;
        if before.is_some() || learned.layer.is_some() {
            self.store.write(&mut |write| layers::keep(write, source, &learned))?;
        }
        Ok(())
    }

    fn keep_layer(
        &self,
        who: &Who,
        source: &SourceId,
        done: &str,
        kept: &KeptLayer,
    ) -> Result<LayerLine> {
        self.audited(who, ("layer", source.as_str(), done), &mut |write| {
            layers::keep(write, source, kept)?;
            Ok(true)
        })?;
        Ok(self.layer_line(source, kept))
    }

    fn layer_line(&self, source: &SourceId, kept: &KeptLayer) -> LayerLine {
        let state = match kept {
            KeptLayer { off: true, .. } => "off",
            KeptLayer { layer: None, .. } => "few",
            kept if self.layering.is_in_force(kept) => "on",
            _ => "stale",
        };
        let layer = kept.layer.unwrap_or_default();
        LayerLine {
            source: source.0.clone(),
            name: self.source_name(source),
            state,
            polarities: layer.polarities,
            kinds: layer.kinds,
            at: kept.at,
        }
    }
}
