//! What lives in memory, made again from the store at start, and whenever an officer has regrouped posts.
//!
//! In: the store. Out: the story book as it was when the last transaction was written, with the stories that officers
//! took apart.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::annotate::{StoryBook, StoryConfig};
use pipelines::record::StoryId;

use crate::store::{PostRange, Result, Store, StoreError, grouping};

/// The story book of the posts that can still gain company.
///
/// # Errors
/// Those of the store.
pub fn stories(store: &dyn Store, now: DateTime<Utc>) -> Result<StoryBook> {
    let config = StoryConfig::default();
    let from = now - TimeDelta::days(config.window_days);
    let mut posts = Vec::new();
    store.each_post(&PostRange { from: Some(from), until: None }, &mut |post| {
        posts.push(post);
        true
    })?;
    Ok(StoryBook::restore(config, &posts, apart(store)?))
}

/// Pairs of stories, as they are called now, that officers took apart.
fn apart(store: &dyn Store) -> Result<Vec<(StoryId, StoryId)>> {
    let mut pairs = Vec::new();
    for act in grouping::acts(store)? {
        if act.undone || act.kind != grouping::Grouping::Split {
            continue;
        }
        let story = |id| Ok::<_, StoreError>(store.post(id)?.map(|post| post.story));
        let Some(moved) = act.posts.first() else { continue };
        if let (Some(a), Some(b)) = (story(*moved)?, story(act.other)?)
            && a != b
        {
            pairs.push((a, b));
        }
    }
    Ok(pairs)
}
