//! What training and measuring need of a station: the judges as config has them, and the officers' corrections.
//!
//! In: a config. Out: plain values. Nothing is trained or measured here.

use pipelines::annotate::AnnotatorConfig;
use pipelines::annotate::officer::Labels;
use pipelines::record::{AnnotatedPost, Filing, Polarity, PostId, PostKind, Said};

use crate::config::Config;
use crate::desk::opening::store_if_any;
use crate::train::{Correction, Filed};

/// What one correction counts against a row of a set: an officer looked at it, and it is of this house.
const CORRECTION_WEIGHT: f32 = 3.0;

/// The judges, as the station would load them.
#[must_use]
pub fn judges(config: &Config) -> AnnotatorConfig {
    crate::engine::annotator_config(config)
}

/// What of word lists and models cannot be used.
///
/// # Errors
/// That.
pub fn try_judges(config: &Config) -> anyhow::Result<()> {
    crate::engine::annotator(config).map(drop)
}

/// Posts that officers corrected, as they stand; nothing where nothing was collected yet, and none that no model of kind
/// and urgency has judged.
///
/// # Errors
/// A store that cannot be read.
pub fn filed(config: &Config) -> anyhow::Result<Vec<Filed>> {
    let mut filed = Vec::new();
    let Some(store) = store_if_any(config)? else { return Ok(filed) };
    let mut corrected: Vec<PostId> = Vec::new();
    for said in store.corrections()? {
        let teaches = matches!(said.said, Said::Polarity(_) | Said::Kind(_) | Said::Urgency(_));
        if teaches && !corrected.contains(&said.post) {
            corrected.push(said.post);
        }
    }
    for post in store.posts(&corrected)? {
        let Some(labels) = labels_of(&post) else { continue };
        let (title, text) = (post.post.title, post.post.text);
        filed.push(Filed { title, text, labels, weight: CORRECTION_WEIGHT });
    }
    Ok(filed)
}

/// How a post is filed, in places of the model's heads.
fn labels_of(post: &AnnotatedPost) -> Option<Labels> {
    let Filing { kind, urgency, .. } = post.filing?;
    Some(Labels {
        polarity: Polarity::ALL.iter().position(|p| *p == post.polarity.polarity)?,
        kind: PostKind::ALL.iter().position(|k| *k == kind)?,
        urgency,
    })
}

/// What officers said of stored posts; nothing where nothing was collected yet.
///
/// # Errors
/// A store that cannot be read.
pub fn corrections(config: &Config) -> anyhow::Result<Vec<Correction>> {
    let mut corrections = Vec::new();
    let Some(store) = store_if_any(config)? else { return Ok(corrections) };
    for said in store.corrections()? {
        let Said::Polarity(polarity) = said.said else { continue };
        let Some(post) = store.post(said.post)? else { continue };
        // As in judging: a title with a text is news, anything else a short post.
        let model = if post.post.title.is_empty() { "weibo" } else { "news" };
        corrections.push(Correction {
            title: post.post.title,
            text: post.post.text,
            model: model.to_owned(),
            label: polarity.as_str().to_owned(),
            weight: CORRECTION_WEIGHT,
        });
    }
    Ok(corrections)
}
