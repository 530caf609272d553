//! What judges by a config: the segmenter, and the annotator with its models.
//!
//! In: a checked config. Out: what the stages and the index work with. Refuses subjects, topics, lexicons and models that
//! cannot be used.

use anyhow::Context as _;
use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::{Annotator, AnnotatorConfig};
use pipelines::text::{Segmenter, hex};
use sha2::{Digest as _, Sha256};

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

/// A mark of all that decides how a post is judged: processes with one mark judge alike.
pub(super) fn mark(config: &Config) -> String {
    let AnnotatorConfig { subjects, topics, lexicons, models, deep } = annotator_config(config);
    let mut digest = Sha256::new();
    digest.update(concat!(env!("CARGO_PKG_VERSION"), "\n"));
    digest.update(format!("{subjects:?}\n{topics:?}\n{lexicons:?}\n"));
    let models = models.iter().map(|(name, bytes)| (name, bytes.as_slice()));
    for (name, bytes) in models.chain(deep.iter().map(|(name, bytes)| (name, &**bytes))) {
        digest.update(format!("{name} {}\n", bytes.len()));
        digest.update(bytes);
    }
    hex(&digest.finalize())[..12].to_owned()
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
