//! A source tried without storing anything: its entries asked, some posts read, each with what would become of it.
//!
//! In: a source of config. Out: what was seen, step by step. It goes through the same fetcher, robots and stages as a run.

use chrono::{DateTime, Utc};
use pipelines::crawl::SourceConfig;

use super::opening::store_if_any;
use crate::config::Config;
use crate::engine::trial::Trial;

pub use crate::engine::health::trouble_in_words;
pub use crate::engine::trial::{EntrySeen, PostSeen, RobotsSaid, Trouble};

/// Tries `source` and at most so many `posts` of it.
///
/// # Errors
/// A part of ours that cannot be used; what the source does wrong is in the answer.
pub fn tried(
    config: &Config,
    source: &SourceConfig,
    posts: usize,
    now: DateTime<Utc>,
) -> anyhow::Result<(Vec<EntrySeen>, Vec<PostSeen>)> {
    let store = store_if_any(config)?;
    let trial = Trial::new(config, store.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let entries = trial.entries(source, now).await;
        let read = entries.iter().filter_map(|e| e.read.as_ref().ok()).collect::<Vec<_>>();
        let posts = trial.posts(source, &read, posts, now).await?;
        Ok((entries, posts))
    })
}
