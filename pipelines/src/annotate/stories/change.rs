//! What putting posts into stories answers: levels, changes to be logged, and the outcome of a batch.
//!
//! In: nothing. Out: plain data. Every merge and split is named here, so that none passes unseen.

use crate::record::{PostId, StoryId};

/// How two posts belong together; the nearer the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// They tell of the same happening.
    SameHappening,
    /// One is the other, lightly edited or cut.
    NearCopy,
    /// The same text.
    ExactCopy,
}

impl Level {
    /// The name used in logs and locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameHappening => "same_happening",
            Self::NearCopy => "near_copy",
            Self::ExactCopy => "exact_copy",
        }
    }
}

/// A change to stories that already have posts. To be stored and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoryChange {
    /// All posts of `from` now belong to `into`.
    Merged {
        /// The younger story, which is no more.
        from: StoryId,
        /// The older one.
        into: StoryId,
        /// The post that belongs to both.
        because: PostId,
        /// How it belongs to them.
        level: Level,
    },
    /// An officer took these posts out of `from`; they now belong to `into`.
    Split {
        /// The story they were in.
        from: StoryId,
        /// Their own story, named by the earliest of them.
        into: StoryId,
        /// The posts, in order of time.
        posts: Vec<PostId>,
    },
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// The story of each post of the batch, in the order of the batch.
    pub stories: Vec<(PostId, StoryId)>,
    /// Merges of stories, in the order in which they happened.
    pub changes: Vec<StoryChange>,
}
