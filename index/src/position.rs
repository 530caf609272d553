//! How far an index has followed, and whose history.
//!
//! In: what the store says of its last change. Out: a value that each commit carries. It knows nothing of
//! what a store is: whoever follows decides whether the position is one of the history at hand.

use serde::{Deserialize, Serialize};

/// The last change of a store that a commit holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The store's identity; empty for an index that has followed none.
    pub store: String,
    /// The number of the change; 0 before the first.
    pub cursor: u64,
    /// The mark of the change: two histories of one store differ in it.
    pub mark: i64,
}

impl From<u64> for Position {
    /// A position of a store that has no identity.
    fn from(cursor: u64) -> Self {
        Self { cursor, ..Self::default() }
    }
}
