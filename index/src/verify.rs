//! Posts that the index alone cannot decide on, decided by the in-memory matcher.
//!
//! In: a query, ids of posts with the heat they were indexed with, and where posts are. Out: those that match. It
//! decides for every engine, so that search and rules agree on every post.

use std::collections::HashSet;

use pipelines::query::{Query, Target};
use pipelines::record::PostId;
use pipelines::text::Segmenter;

use crate::error::IndexError;
use crate::index::PostSource;
use crate::schema::IndexedPost;

/// Posts fetched at once to be looked into.
pub(crate) const VERIFY_BATCH: usize = 256;

/// The ids of `asked` whose posts match; posts that the source no longer knows do not.
///
/// # Errors
/// Those of the source.
pub(crate) fn accepted(
    query: &Query,
    asked: &[(u64, f64)],
    posts: &dyn PostSource,
    segmenter: &Segmenter,
) -> Result<HashSet<u64>, IndexError> {
    let wanted: Vec<PostId> = asked.iter().map(|(id, _)| PostId(*id)).collect();
    let mut accepted = HashSet::new();
    for mut post in posts.posts(&wanted).map_err(IndexError::Posts)? {
        let id = post.post.post.id.0;
        let Some((_, heat)) = asked.iter().find(|(i, _)| *i == id) else { continue };
        // Heat is what it was when the post was indexed; no source knows that.
        post.heat = *heat as f32;
        if accepts(query, &post, segmenter) {
            accepted.insert(id);
        }
    }
    Ok(accepted)
}

/// What the in-memory matcher says of a post.
fn accepts(query: &Query, indexed: &IndexedPost, segmenter: &Segmenter) -> bool {
    let mut target = Target::new(&indexed.post).segmented_by(segmenter);
    target.facts.heat = Some(f64::from(indexed.heat));
    target.facts.cases = indexed.case.as_deref().into_iter().collect();
    query.accepts(&target)
}
