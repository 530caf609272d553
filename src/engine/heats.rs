//! Heat as the index keeps it: that of a post's story, as of when the post is indexed.
//!
//! In: the store and one `now`. Out: the heat of any of its posts, each story reckoned once. Following and
//! rebuilding both ask here, so that a rebuilt index is hot where the followed one was.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use pipelines::annotate::story_heat;
use pipelines::record::{AnnotatedPost, PostId, StoryId};

use crate::store::{Store, StoreError};

/// Posts of a story that its heat is summed over; beyond that it is hot anyway.
const HEAT_POSTS: usize = 50;

/// The heat of stories at one moment.
pub(super) struct Heats<'a> {
    store: &'a dyn Store,
    now: DateTime<Utc>,
    /// Of stories of several posts; one of a single post is never asked for twice.
    known: HashMap<StoryId, f32>,
}

impl<'a> Heats<'a> {
    pub(super) fn new(store: &'a dyn Store, now: DateTime<Utc>) -> Self {
        Self { store, now, known: HashMap::new() }
    }

    /// The heat of the story of `post`.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn of(&mut self, post: &AnnotatedPost) -> Result<f32, StoreError> {
        if let Some(heat) = self.known.get(&post.story) {
            return Ok(*heat);
        }
        let ids = self.store.story_posts(post.story, HEAT_POSTS)?;
        let others: Vec<PostId> = ids.iter().copied().filter(|id| *id != post.post.id).collect();
        let others = self.store.posts(&others)?;
        // Beyond the bound the post itself may not be among them.
        let itself = ids.contains(&post.post.id).then_some(&post.post);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a rough figure; f32 is what the index keeps"
        )]
        let heat = story_heat(others.iter().map(|p| &p.post).chain(itself), self.now) as f32;
        if ids.len() > 1 {
            self.known.insert(post.story, heat);
        }
        Ok(heat)
    }
}
