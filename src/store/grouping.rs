//! What officers said belongs together or does not: acts, as they stand among the states.
//!
//! In: the states. Out: the acts, oldest first. Who acts, and what follows, is the desk's business; the engine reads
//! them when it makes its story book.

use chrono::{DateTime, Utc};
use pipelines::record::{PostId, StoryId};
use serde::{Deserialize, Serialize};

use super::{Result, Store, StoreError};

/// Where acts stand among the states, by number.
pub const ACT: &str = "story-act:";

/// The state that changes with each act: who keeps stories in memory reads them anew.
pub const GROUPED: &str = "stories-grouped";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Posts were taken out of a story.
    Split,
    /// A story went into another.
    Merge,
}

/// One act, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StoryAct {
    /// Its number.
    pub number: u64,
    /// What was done.
    #[schema(value_type = String)]
    pub kind: Grouping,
    /// The story the posts were in.
    #[schema(value_type = String)]
    pub from: StoryId,
    /// The story they went to.
    #[schema(value_type = String)]
    pub into: StoryId,
    /// The posts that went.
    #[schema(value_type = Vec<String>)]
    pub posts: Vec<PostId>,
    /// A post that stayed in `from`, or was in `into`: tells which story is meant, whatever it is called later.
    #[schema(value_type = String)]
    pub other: PostId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// Whether it was taken back.
    #[serde(default)]
    pub undone: bool,
}

/// All acts, oldest first.
///
/// # Errors
/// A broken store, or an act that cannot be read.
pub fn acts(store: &dyn Store) -> Result<Vec<StoryAct>> {
    let mut acts = Vec::new();
    for (name, json) in store.states(ACT)? {
        let act = serde_json::from_str::<StoryAct>(&json);
        acts.push(act.map_err(|e| StoreError::Corrupt { what: name, cause: e.to_string() })?);
    }
    acts.sort_by_key(|act| act.number);
    Ok(acts)
}
