//! The layers that officers' corrections lay over the shipped models, one a source: which there are, and one switched off
//! or learned again.
//!
//! In: a source. Out: its layer. A correction learns the layer of its source by itself; what is switched off stays off,
//! and the corrections stay, until somebody says that it is to be learned again. Both words are audited.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;
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
    /// The command that takes it back, or learns it again where it is off.
    pub command: String,
}

impl LayerLine {
    /// Corrections it rests on.
    #[must_use]
    pub fn corrections(&self) -> usize {
        self.polarities + self.kinds
    }

    /// In one line: how it stands, what it rests on, and what takes it back.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        let state = lang.text(&format!("cli.label.state.{}", self.state));
        let way = if self.state == "off" { "learn" } else { "forget" };
        let way = lang.fill(&format!("desk.layer.{way}"), &[("command", &self.command)]);
        let args: [(&str, &dyn Display); 7] = [
            ("source", &self.source),
            ("name", &self.name),
            ("state", &state),
            ("n", &self.corrections()),
            ("polarities", &self.polarities),
            ("kinds", &self.kinds),
            ("way", &way),
        ];
        lang.fill("desk.layer.line", &args)
    }
}

impl Desk {
    /// The layers of all sources.
    ///
    /// # Errors
    /// A broken store.
    pub fn layers(&self, who: &Who) -> Result<Vec<LayerLine>> {
        self.check(who, Act::SeeSources)?;
        self.layer_lines()
    }

    /// The same, for who was asked already.
    pub(super) fn layer_lines(&self) -> Result<Vec<LayerLine>> {
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
        let way = if kept.off { "learn" } else { "forget" };
        LayerLine {
            source: source.0.clone(),
            name: self.source_name(source),
            state,
            polarities: layer.polarities,
            kinds: layer.kinds,
            at: kept.at,
            command: format!("guanlan label --{way} {source}"),
        }
    }
}
