//! How many hits are usual: what a spike is measured against.

use chrono::{DateTime, Duration, Utc};

use crate::record::RuleHit;

/// The hits before a window.
#[derive(Clone, Copy)]
pub(super) struct Past<'l, 'a> {
    pub(super) hits: &'l [&'a RuleHit],
    pub(super) until: DateTime<Utc>,
}

/// The usual number of hits in a window: their mean over the past, as far as there is one. `None` where
/// the past is shorter than one window, since then nothing is unusual.
pub(super) fn usual(
    past: Past<'_, '_>,
    window: Duration,
    baseline: Duration,
    since: Option<DateTime<Utc>>,
) -> Option<f64> {
    let begin = (past.until - baseline).max(since.unwrap_or(past.until - baseline));
    let length = past.until - begin;
    if length < window || window <= Duration::zero() {
        return None;
    }
    let first = past.hits.partition_point(|hit| hit.at < begin);
    let hits = (past.hits.len() - first) as f64;
    Some(hits * window.num_seconds() as f64 / length.num_seconds() as f64)
}
