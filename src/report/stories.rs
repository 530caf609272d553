//! The stories of a period: the largest, those that speak well of us, those with grievances.
//!
//! In: the posts about us. Out: one line a story. A story is ranked by its posts, then its highest risk, then
//! its newest post; what belongs together was decided when the posts were annotated.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use pipelines::record::{Channel, Polarity, PostKind, StoryId, TopicId};

use super::build::{Ledger, counts};
use super::digest::{Curve, StoryLine};
use super::input::DigestPost;

/// Stories in the main list.
const LARGEST: usize = 8;
/// Stories in each of the two shorter lists.
const SHORT: usize = 6;
/// Posts named as worth opening.
const REPRESENTATIVES: usize = 3;

/// The lists of stories.
pub(super) struct Told {
    /// How many different ones.
    pub(super) count: u64,
    /// The largest.
    pub(super) largest: Vec<StoryLine>,
    /// Those that speak well of us.
    pub(super) praise: Vec<StoryLine>,
    /// Those with grievances.
    pub(super) grievances: Vec<StoryLine>,
}

/// The stories of the posts about us.
pub(super) fn told(ledger: &mut Ledger, curve: &Curve) -> Told {
    let mut by_story: BTreeMap<StoryId, Vec<&DigestPost>> = BTreeMap::new();
    // Newest first in `ours`; a story is told from its beginning.
    for post in ledger.ours.clone().into_iter().rev() {
        by_story.entry(post.story).or_default().push(post);
    }
    let mut ranked: Vec<Vec<&DigestPost>> = by_story.into_values().collect();
    ranked.sort_by_key(|posts| {
        Reverse((posts.len(), highest_risk(posts), posts.last().map(|p| p.time())))
    });
    let grievance_topics = &ledger.input.grievance_topics;
    let is_grievance = |posts: &[&DigestPost]| {
        posts.iter().any(|p| {
            // By what it asks for; a topic of theirs counts where it speaks ill of us.
            p.kind == Some(PostKind::Grievance)
                || p.polarity() == Polarity::Negative
                    && p.kind != Some(PostKind::Accident)
                    && p.topics.iter().any(|t| grievance_topics.iter().any(|g| is_under(t, g)))
        })
    };
    let is_praise = |posts: &[&DigestPost]| {
        let says = |wanted| posts.iter().filter(|p| p.polarity() == wanted).count();
        says(Polarity::Positive) > says(Polarity::Negative)
    };
    let grievances: Vec<&Vec<&DigestPost>> =
        ranked.iter().filter(|posts| is_grievance(posts)).take(SHORT).collect();
    let praise: Vec<&Vec<&DigestPost>> =
        ranked.iter().filter(|posts| is_praise(posts)).take(SHORT).collect();
    let mut lines = |chosen: Vec<&Vec<&DigestPost>>| -> Vec<StoryLine> {
        chosen.into_iter().filter_map(|posts| story_line(ledger, curve, posts)).collect()
    };
    let largest = lines(ranked.iter().take(LARGEST).collect());
    let (praise, grievances) = (lines(praise), lines(grievances));
    Told { count: ranked.len() as u64, largest, praise, grievances }
}

fn highest_risk(posts: &[&DigestPost]) -> u8 {
    posts.iter().map(|p| p.risk).max().unwrap_or(0)
}

fn is_under(topic: &TopicId, group: &TopicId) -> bool {
    topic
        .as_str()
        .strip_prefix(group.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `posts` in order of time; none for an empty story.
fn story_line(ledger: &mut Ledger, curve: &Curve, posts: &[&DigestPost]) -> Option<StoryLine> {
    let first = *posts.first()?;
    let shares = ledger.shares(&first.title, posts, DigestPost::polarity);
    let mut channels: Vec<(Channel, u64)> = Channel::ALL
        .into_iter()
        .map(|c| (c, posts.iter().filter(|p| p.channel == c).count() as u64))
        .filter(|(_, count)| *count > 0)
        .collect();
    channels.sort_by_key(|(_, count)| Reverse(*count));
    let subjects = ledger
        .input
        .subjects
        .iter()
        .filter(|(id, _)| posts.iter().any(|p| p.subjects.iter().any(|(s, _)| s == id)))
        .map(|(_, name)| name.clone())
        .collect();
    Some(StoryLine {
        id: first.story,
        title: first.title.clone(),
        snippet: first.snippet.clone(),
        first: ledger.number(first.id),
        first_source: first.source_name.clone(),
        first_at: first.time(),
        is_older: posts.iter().all(|p| p.id != first.story.0),
        shares,
        channels,
        subjects,
        risk: highest_risk(posts),
        curve: counts(curve, posts.iter().copied()),
        representatives: representatives(ledger, posts),
    })
}

/// The first post, then the riskiest and the newest of other sources.
fn representatives(ledger: &Ledger, posts: &[&DigestPost]) -> Vec<usize> {
    let riskiest = posts.iter().max_by_key(|p| p.risk);
    let mut chosen: Vec<&DigestPost> = Vec::new();
    for post in posts.first().into_iter().chain(riskiest).chain(posts.last()).chain(posts) {
        if chosen.len() == REPRESENTATIVES {
            break;
        }
        if chosen.iter().all(|other| other.source != post.source) {
            chosen.push(post);
        }
    }
    chosen.into_iter().filter_map(|p| ledger.number(p.id)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Digest, sample};
    use super::*;

    #[test]
    fn a_topic_counts_with_everything_under_it() {
        for (topic, group, expected) in [
            ("labour/pay", "labour", true),
            ("labour", "labour", true),
            ("labourers", "labour", false),
            ("safety", "labour", false),
        ] {
            assert_eq!(is_under(&topic.into(), &group.into()), expected, "{topic} {group}");
        }
    }

    #[test]
    fn the_repost_chain_leads_with_its_first_source() {
        let digest = Digest::build(&sample::input());
        let story = &digest.stories[0];
        assert!(story.shares.posts.value.unwrap() >= 6);
        assert_eq!(story.first_source, "岱宁日报");
        assert_eq!(story.curve.iter().sum::<u64>(), story.shares.posts.value.unwrap());
        assert_eq!(story.representatives[0], story.first.unwrap());
        let by_channel: u64 = story.channels.iter().map(|(_, n)| n).sum();
        assert_eq!(Some(by_channel), story.shares.posts.value);
    }

    #[test]
    fn praise_and_grievances_are_told_apart() {
        let digest = Digest::build(&sample::input());
        assert!(!digest.praise.is_empty() && !digest.grievances.is_empty());
        assert!(digest.praise.iter().all(|s| s.leaning() == Polarity::Positive));
        assert!(digest.grievances.iter().all(|s| s.leaning() == Polarity::Negative));
    }
}
