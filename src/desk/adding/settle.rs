//! What is written of a proposal, settled by what its trial kept.
//!
//! In: a proposal with its entries, and the posts that were tried. Out: the proposal as it will be written, what was
//! changed in words, and, where nothing would be kept, why. Nothing is written that would keep nothing without
//! saying so.

use pipelines::crawl::{Entries, SourceConfig, SourceKind};
use pipelines::locale::Lang;
use pipelines::record::Issue;

use crate::engine::health::kind_in_words;
use crate::engine::trial::PostSeen;

/// What the trial changed in a proposal.
#[derive(Clone, Debug)]
pub enum Proposed {
    /// The text of the feed is taken.
    FeedText,
    /// The articles lie on these hosts.
    Hosts(String),
    /// The horizon reaches back so many days.
    Horizon(u32),
}

impl Proposed {
    /// For an officer.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        match self {
            Self::FeedText => lang.text("cli.source.feed_text"),
            Self::Hosts(hosts) => lang.fill("cli.source.hosts_proposed", &[("hosts", hosts)]),
            Self::Horizon(days) => lang.fill("cli.source.horizon_proposed", &[("days", days)]),
        }
    }
}

/// Settles what is written by what the trial kept: the pages behind a feed are read only where they could be had and
/// say more than the feed.
pub(super) fn settle(
    source: &mut SourceConfig,
    entries: &Entries,
    posts: &[PostSeen],
) -> Vec<Proposed> {
    let mut said = Vec::new();
    if let SourceKind::Feed { full_page, .. } = &mut source.kind {
        let carried = |post: &&PostSeen| {
            let job = entries.jobs.iter().find(|(url, _)| *url == post.url);
            job.and_then(|(_, found)| found.text.as_ref()).map_or(0, |t| t.chars().count())
        };
        let has_texts = posts.iter().any(|post| carried(&post) > 0);
        let says_more = |post: &&PostSeen| {
            post.kept().is_some_and(|kept| {
                let own = !kept.post.issues.contains(&Issue::FeedTextOnly);
                own && kept.post.text.chars().count() > carried(post)
            })
        };
        if *full_page && has_texts && !posts.iter().any(|post| says_more(&post)) {
            *full_page = false;
            said.push(Proposed::FeedText);
        }
    }
    if !source.allow_hosts.is_empty() {
        said.push(Proposed::Hosts(source.allow_hosts.join(", ")));
    }
    if source.horizon_days > USUAL_HORIZON_DAYS {
        said.push(Proposed::Horizon(source.horizon_days));
    }
    said
}

/// The horizon of a list that is written without saying so.
const USUAL_HORIZON_DAYS: u32 = 30;

/// Where something was tried and nothing would be kept: why, mostly.
#[must_use]
pub fn none_kept(posts: &[PostSeen], lang: Lang) -> Option<String> {
    if posts.is_empty() || posts.iter().any(|post| post.kept().is_some()) {
        return None;
    }
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for lost in posts.iter().filter_map(PostSeen::lost) {
        *counts.entry(lost).or_default() += 1;
    }
    let (kind, _) = counts.into_iter().max_by_key(|(_, n)| *n)?;
    Some(kind_in_words(kind, lang))
}
