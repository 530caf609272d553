//! What lives in memory, made again from the store at start.
//!
//! In: the store. Out: the story book as it was when the last transaction was written.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::annotate::{StoryBook, StoryConfig};

use crate::store::{PostRange, Result, Store};

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
    Ok(StoryBook::restore(config, &posts, []))
}
