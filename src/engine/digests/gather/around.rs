//! What stands beside the posts about us: our own publications with who took them up, and what was told far and wide
//! without naming us.
//!
//! In: the store, an order. Out: inputs of a digest. Both are of digests of everything only; a digest of one unit, topic or
//! happening has neither.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use pipelines::query::Target;
use pipelines::record::{SourceId, StoryId};

use super::super::{Focus, Order};
use super::view;
use crate::config::Config;
use crate::report::{DigestPost, ElsewhereInput, OwnInput, PeriodKind};
use crate::store::{PostRange, Store};

/// Posts of one of our sources that are read.
const OWN_POSTS: usize = 500;
/// Posts of one happening that are read.
const STORY_POSTS: usize = 300;
/// Sources that have told what counts as told far and wide.
const LEAST_SOURCES: u32 = 2;
/// Such happenings that are looked at.
const HAPPENINGS: usize = 60;
/// Those of the trade and of the world that are handed on.
const TRADE: usize = 10;
const WORLD: usize = 8;

/// What we published in the period, each happening by our first post of it; none where no source is marked as ours.
pub(super) fn own(
    config: &Config,
    store: &dyn Store,
    order: &Order,
) -> anyhow::Result<Option<Vec<OwnInput>>> {
    let ours: HashSet<&SourceId> =
        config.sources.iter().filter(|source| source.own).map(|source| &source.id).collect();
    if ours.is_empty() || order.focus != Focus::All || order.period == PeriodKind::Flash {
        return Ok(None);
    }
    let range = PostRange { from: Some(order.from), until: Some(order.to) };
    let mut firsts: HashMap<StoryId, DigestPost> = HashMap::new();
    for source in &ours {
        for post in store.posts_of(source, &range, OWN_POSTS)? {
            let post = view(config, &post);
            let first = firsts.entry(post.story).or_insert_with(|| post.clone());
            if (post.time(), post.id) < (first.time(), first.id) {
                *first = post;
            }
        }
    }
    let mut all = Vec::new();
    for (story, post) in firsts {
        let posts = of_story(config, store, story, &range)?;
        let others = posts.into_iter().filter(|other| !ours.contains(&other.source)).collect();
        all.push(OwnInput { post, others });
    }
    all.sort_by_key(|own| (own.post.time(), own.post.id));
    Ok(Some(all))
}

/// The posts of a story within the period.
fn of_story(
    config: &Config,
    store: &dyn Store,
    story: StoryId,
    range: &PostRange,
) -> anyhow::Result<Vec<DigestPost>> {
    let mut posts = Vec::new();
    for id in store.story_posts(story, STORY_POSTS)? {
        let within = |post: &DigestPost| {
            range.from.is_none_or(|from| post.time() >= from)
                && range.until.is_none_or(|until| post.time() < until)
        };
        posts.extend(store.post(id)?.map(|post| view(config, &post)).filter(within));
    }
    Ok(posts)
}

/// What several sources told that does not name us; of our trade where the query in config meets its first post.
pub(super) fn elsewhere(
    config: &Config,
    store: &dyn Store,
    (order, now): (&Order, DateTime<Utc>),
    ours: &[DigestPost],
) -> anyhow::Result<Vec<ElsewhereInput>> {
    if order.focus != Focus::All {
        return Ok(Vec::new());
    }
    let trade = match config.paper.trade.trim() {
        "" => None,
        text => {
            let context = crate::engine::query_context(config, now);
            let query = pipelines::query::parse(text, &context);
            Some(query.context("cannot read `trade` of `[paper]`")?)
        }
    };
    let known: HashSet<StoryId> = ours.iter().map(|post| post.story).collect();
    let range = PostRange { from: Some(order.from), until: Some(order.to) };
    let (mut all, mut counts) = (Vec::new(), [0, 0]);
    for story in store.widely_told(&range, LEAST_SOURCES, HAPPENINGS)? {
        if known.contains(&story) || counts[0] >= TRADE && counts[1] >= WORLD {
            continue;
        }
        let Some(first) = store.story_posts(story, 1)?.first().copied() else { continue };
        let Some(first) = store.post(first)? else { continue };
        let is_trade = trade.as_ref().is_some_and(|query| query.accepts(&Target::new(&first)));
        let (at, most) = if is_trade { (0, TRADE) } else { (1, WORLD) };
        if counts[at] >= most {
            continue;
        }
        let posts = of_story(config, store, story, &range)?;
        if posts.is_empty() || posts.iter().any(DigestPost::is_about_us) {
            continue;
        }
        counts[at] += 1;
        all.push(ElsewhereInput { is_trade, posts });
    }
    Ok(all)
}
