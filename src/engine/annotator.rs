//! What judges by a config: the segmenter, and the annotator with its models.
//!
//! In: a checked config. Out: what the stages and the index work with. Refuses subjects, topics, lexicons and models that
//! cannot be used.

use anyhow::Context as _;
use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::{Annotator, AnnotatorConfig};
use pipelines::text::Segmenter;

use super::deep;
use crate::config::Config;

/// The words of the config that the segmenter must not cut: every name of every subject.
#[must_use]
pub fn segmenter(config: &Config) -> Segmenter {
    let names =
        config.subjects.iter().flat_map(|s| s.names().map(str::to_owned).collect::<Vec<_>>());
    Segmenter::new(names)
}

/// The annotator of the config.
///
/// # Errors
/// Whatever of subjects, topics, lexicons or models cannot be used.
pub fn annotator(config: &Config) -> anyhow::Result<Annotator> {
    Annotator::load(annotator_config(config)).context("cannot load the annotator")
}

/// What the annotator of the config is made of.
#[must_use]
pub fn annotator_config(config: &Config) -> AnnotatorConfig {
    AnnotatorConfig {
        subjects: config.subjects.clone(),
        topics: config.topics.clone(),
        lexicons: config.lexicons.iter().map(|(n, t)| (n.clone(), t.to_string())).collect(),
        models: config
            .models
            .iter()
            .filter(|(_, bytes)| !DeepReader::is_one(bytes))
            .map(|(n, b)| (n.clone(), b.to_vec()))
            .collect(),
        deep: deep::model(config),
    }
}
