//! One story as a line in a list: who was first, who speaks for it, where and when it was told.
//!
//! In: the posts of one story, and `now`. Out: a [`StorySummary`] of ids and counts, no copies of text. The
//! order of the posts does not matter.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::super::heat::story_heat;
use crate::record::{AnnotatedPost, Channel, PostId, SourceId, StoryId, Trust};

/// A story in ids and counts.
#[derive(Clone, Debug, PartialEq)]
pub struct StorySummary {
    /// Its name.
    pub story: StoryId,
    /// How many posts.
    pub posts: usize,
    /// The earliest post.
    pub first: PostId,
    /// The source of the earliest post.
    pub first_source: SourceId,
    /// The post that speaks for it: of the sources with the highest trust the earliest, with a text of at
    /// least half the length of the longest there.
    pub representative: PostId,
    /// Posts per channel, most first.
    pub channels: Vec<(Channel, usize)>,
    /// Posts per hour, hours without any left out, in order.
    pub curve: Vec<(DateTime<Utc>, usize)>,
    /// The highest risk of its posts.
    pub risk: u8,
    /// By the formula of heat, at `now`.
    pub heat: f64,
}

/// Sums up the posts of one story; `None` for no posts.
#[must_use]
pub fn summarize(posts: &[&AnnotatedPost], now: DateTime<Utc>) -> Option<StorySummary> {
    let key = |p: &AnnotatedPost| (p.post.time(), p.post.id);
    let first = posts.iter().min_by_key(|p| key(p))?;
    let trust = posts.iter().map(|p| rank(p.post.trust)).max()?;
    let trusted: Vec<_> = posts.iter().filter(|p| rank(p.post.trust) == trust).collect();
    let longest = trusted.iter().map(|p| p.post.text.len()).max()?;
    let whole = trusted.into_iter().filter(|p| p.post.text.len() * 2 >= longest);
    let representative = whole.min_by_key(|p| key(p))?;
    let mut channels: BTreeMap<&str, (Channel, usize)> = BTreeMap::new();
    let mut curve: BTreeMap<DateTime<Utc>, usize> = BTreeMap::new();
    for post in posts {
        let channel = post.post.channel;
        channels.entry(channel.as_str()).or_insert((channel, 0)).1 += 1;
        let time = post.post.time();
        let hour = time.duration_trunc(TimeDelta::hours(1)).unwrap_or(time);
        *curve.entry(hour).or_default() += 1;
    }
    let mut channels: Vec<(Channel, usize)> = channels.into_values().collect();
    channels.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Some(StorySummary {
        story: first.story,
        posts: posts.len(),
        first: first.post.id,
        first_source: first.post.source.clone(),
        representative: representative.post.id,
        channels,
        curve: curve.into_iter().collect(),
        risk: posts.iter().map(|p| p.risk.score).max()?,
        heat: story_heat(posts.iter().map(|p| &p.post), now),
    })
}

fn rank(trust: Trust) -> u8 {
    match trust {
        Trust::Low => 0,
        Trust::Normal => 1,
        Trust::High => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{annotated, start};
    use super::*;

    #[test]
    fn a_story_is_summed_up_whatever_the_order() {
        let mut posts = [
            annotated("board", "有人被困？", "听说井下出事了", 0),
            annotated(
                "paper",
                "透水事故通报",
                "市应急管理局通报南关镇煤矿透水事故，救援正在进行。",
                2,
            ),
            annotated(
                "copy",
                "透水事故通报",
                "市应急管理局通报南关镇煤矿透水事故，救援正在进行。",
                3,
            ),
        ];
        (posts[0].post.channel, posts[0].post.trust) = (Channel::Forum, Trust::Low);
        posts[1].post.trust = Trust::High;
        posts[2].risk.score = 70;
        let now = start() + TimeDelta::hours(4);
        let summary = summarize(&posts.iter().collect::<Vec<_>>(), now).unwrap();
        assert_eq!(summary.first, posts[0].post.id);
        assert_eq!(summary.representative, posts[1].post.id);
        assert_eq!(summary.channels, [(Channel::News, 2), (Channel::Forum, 1)]);
        assert_eq!(summary.curve.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1, 1, 1]);
        assert_eq!((summary.posts, summary.risk), (3, 70));
        let turned = summarize(&posts.iter().rev().collect::<Vec<_>>(), now).unwrap();
        assert!((turned.heat - summary.heat).abs() < 1e-9);
        assert_eq!(StorySummary { heat: summary.heat, ..turned }, summary);
        assert_eq!(summarize(&[], now), None);
    }

    #[test]
    fn heat_halves_every_day_and_grows_with_reach_and_interactions() {
        let post = annotated("a", "", "", 0).post;
        let heat = |hours: i64| story_heat([&post], start() + TimeDelta::hours(hours));
        assert!((heat(0) - 2.0).abs() < 1e-9);
        assert!((heat(24) - 1.0).abs() < 1e-9);
        let mut liked = post.clone();
        liked.counts.likes = Some(100);
        assert!(story_heat([&liked], start()) > 2.0 * heat(0));
    }
}
