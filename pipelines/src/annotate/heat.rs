//! Heat: how much attention a post or story has now. **This file is the formula.**
//!
//! In: posts and `now`. Out: a number of at least 0. One post counts
//! `reach × (1 + ln(1 + interactions)) × ½^(age ÷ 24 h)` where reach is 1 for small, 2 for ordinary and 4 for
//! national sources, and interactions are likes + 2 comments + 3 shares + views ÷ 100, where the page shows
//! them. A story's heat is the sum over its posts: a single post on an ordinary site begins at 2 and halves
//! every day. It knows nothing of polarity.

use chrono::{DateTime, Utc};

use crate::record::{Counts, Post, Trust};

/// Hours after which half of the heat is gone.
pub const HALF_LIFE_HOURS: f64 = 24.0;

/// The heat of one post at `now`. A post from the future counts as new.
#[must_use]
pub fn post_heat(post: &Post, now: DateTime<Utc>) -> f64 {
    let age_hours = (now - post.time()).num_seconds().max(0) as f64 / 3600.0;
    let reach = match post.trust {
        Trust::Low => 1.0,
        Trust::Normal => 2.0,
        Trust::High => 4.0,
    };
    reach * (1.0 + interactions(post.counts).ln_1p()) * 0.5f64.powf(age_hours / HALF_LIFE_HOURS)
}

/// The heat of a story at `now`.
pub fn story_heat<'a>(posts: impl IntoIterator<Item = &'a Post>, now: DateTime<Utc>) -> f64 {
    posts.into_iter().map(|post| post_heat(post, now)).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counters stay far below 2^52")]
fn interactions(counts: Counts) -> f64 {
    let of = |count: Option<u64>| count.unwrap_or(0) as f64;
    of(counts.likes)
        + 2.0 * of(counts.comments)
        + 3.0 * of(counts.shares)
        + of(counts.views) / 100.0
}
