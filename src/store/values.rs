//! How times and whole values stand in columns.
//!
//! In: instants, values that serialise. Out: milliseconds and JSON, and back. What cannot be read back is told as such.

use chrono::{DateTime, Utc};

use super::{Result, StoreError};

/// Milliseconds since the epoch, as stored.
pub(super) fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// The instant behind stored milliseconds.
pub(super) fn instant(millis: i64) -> DateTime<Utc> {
    chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// A value as stored JSON.
pub(super) fn to_json<T: serde::Serialize>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|e| StoreError::Corrupt { what: what.to_owned(), cause: e.to_string() })
}

/// A value from stored JSON.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|e| StoreError::Corrupt { what: what.to_owned(), cause: e.to_string() })
}
