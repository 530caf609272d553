//! Our own voice: what we published, who took it up, how fast and how far, with which tone, and what nobody took.
//!
//! In: the posts of our own sources in the period, each with the posts of others in its happening. Out: counts and lines,
//! what went furthest first. A post of another source in the happening of ours, not before it, has taken it up; whether it
//! is a copy of ours is told apart. Nothing is said of who ought to have.

use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use pipelines::annotate::is_near_copy;
use pipelines::record::Channel;
use serde::Serialize;

use super::digest::{Figure, Quote, Shares};
use super::input::{DigestPost, PeriodKind};
use super::ledger::Ledger;

/// One of our own posts with the posts of others in its happening.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnInput {
    /// Ours: the first of its happening.
    pub post: DigestPost,
    /// Those of others, in any order; also those before it, which are left out here.
    pub others: Vec<DigestPost>,
}

/// What became of one of our posts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnLine {
    /// Its title.
    pub title: Quote,
    /// When we published it.
    pub at: DateTime<Utc>,
    /// The posts of others that took it up, by what they say of us.
    pub taken: Shares,
    /// Different sources among them.
    pub outlets: u64,
    /// Copies and near copies of ours among them.
    pub copies: Figure,
    /// Posts by channel, most first.
    pub channels: Vec<(Channel, Figure)>,
    /// The first that took it: its title.
    pub first: Option<Quote>,
    /// Minutes until then.
    pub first_minutes: Option<i64>,
    /// Minutes until the last one.
    pub last_minutes: Option<i64>,
}

/// What we published and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OwnVoice {
    /// Our posts, each happening once.
    pub published: Figure,
    /// Those that others took up.
    pub taken: Figure,
    /// The posts of others that took them up.
    pub by_others: Shares,
    /// Different sources among those.
    pub outlets: u64,
    /// What was taken up, the furthest first.
    pub lines: Vec<OwnLine>,
    /// What nobody took, newest first.
    pub untaken: Vec<Quote>,
    /// Those of both lists that had no room.
    pub left_out: Figure,
}

/// Lines of what was taken, and titles of what was not.
fn room(period: PeriodKind) -> (usize, usize) {
    match period {
        PeriodKind::Day | PeriodKind::Flash => (2, 2),
        PeriodKind::Week => (6, 6),
        PeriodKind::Month | PeriodKind::Special => (20, 20),
    }
}

/// Our own voice; none where no source is marked as ours.
pub(super) fn voice(ledger: &mut Ledger) -> Option<OwnVoice> {
    let own = ledger.input.own.as_ref()?;
    let mut all: Vec<(&DigestPost, Vec<&DigestPost>)> = own
        .iter()
        .map(|own| {
            let mut later: Vec<&DigestPost> =
                own.others.iter().filter(|other| other.time() >= own.post.time()).collect();
            later.sort_by_key(|post| (post.time(), post.id));
            (&own.post, later)
        })
        .collect();
    let outlets = |others: &[&DigestPost]| {
        others.iter().map(|post| &post.source).collect::<HashSet<_>>().len()
    };
    all.sort_by_key(|(post, others)| {
        (Reverse((outlets(others), others.len())), Reverse(post.time()), post.id)
    });
    let split = all.partition_point(|(_, others)| !others.is_empty());
    let (taken, untaken) = all.split_at(split);
    let (most, most_untaken) = room(ledger.input.period);
    let lines = taken.iter().take(most).map(|(post, others)| line(ledger, post, others));
    let lines = lines.collect();
    let untaken_lines = untaken.iter().take(most_untaken);
    let untaken_lines = untaken_lines.map(|(post, _)| ledger.quote(&post.title, post)).collect();
    let rest = taken.iter().skip(most).chain(untaken.iter().skip(most_untaken));
    let left_out: Vec<&DigestPost> = rest.map(|(post, _)| *post).collect();
    let others: Vec<&DigestPost> = taken.iter().flat_map(|(_, others)| others.clone()).collect();
    Some(OwnVoice {
        published: ledger.figure(&["digest.set.own"], all.iter().map(|(post, _)| *post)),
        taken: ledger.figure(&["digest.set.own_taken"], taken.iter().map(|(post, _)| *post)),
        by_others: ledger.shares("digest.set.own_others", &others, DigestPost::polarity),
        outlets: outlets(&others) as u64,
        lines,
        untaken: untaken_lines,
        left_out: ledger.figure(&["digest.set.own_left"], left_out.into_iter()),
    })
}

fn line(ledger: &mut Ledger, post: &DigestPost, others: &[&DigestPost]) -> OwnLine {
    let title = ledger.quote(&post.title, post);
    let is_copy = |other: &&&DigestPost| {
        other.content_hash == post.content_hash
            || is_near_copy(&other.said.fingerprint, &post.said.fingerprint)
    };
    let copies: Vec<&DigestPost> = others.iter().filter(is_copy).copied().collect();
    let mut channels: Vec<(Channel, Figure)> = Vec::new();
    for channel in Channel::ALL {
        let of = others.iter().copied().filter(|other| other.channel == channel);
        let label = format!("record.channel.{}", channel.as_str());
        let figure = ledger.figure(&[&post.title, &label], of);
        if figure.value != Some(0) {
            channels.push((channel, figure));
        }
    }
    channels.sort_by_key(|(_, figure)| Reverse(figure.value));
    let after = |other: &&DigestPost| (other.time() - post.time()).num_minutes();
    // Of one whose hour is not known nothing is said to the minute.
    let timed = |other: &&&DigestPost| other.has_time && post.has_time;
    OwnLine {
        at: post.time(),
        taken: ledger.shares(&post.title, others, DigestPost::polarity),
        outlets: others.iter().map(|other| &other.source).collect::<HashSet<_>>().len() as u64,
        copies: ledger.figure(&[&post.title, "digest.set.copies"], copies.into_iter()),
        channels,
        first: others.first().map(|first| ledger.quote(&first.title, first)),
        first_minutes: others.iter().find(timed).map(after),
        last_minutes: others.iter().rev().find(timed).map(after),
        title,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use pipelines::record::PostId;

    use super::super::{Digest, DigestInput, sample};
    use super::*;

    fn input() -> DigestInput {
        let mut input = sample::input();
        let ours = input.posts[0].clone();
        let other = |n: u64, source: &str, minutes: i64| {
            let mut post = ours.clone();
            post.id = PostId(n);
            post.source = source.into();
            post.published_at = ours.published_at.map(|at| at + Duration::minutes(minutes));
            post.content_hash = n;
            post
        };
        let mut copy = other(1, "a", 30);
        copy.content_hash = ours.content_hash;
        let mut alone = other(9, "own", 0);
        alone.title = "没有人转的消息".into();
        input.own = Some(vec![
            OwnInput {
                others: vec![other(2, "b", 90), copy, other(3, "a", 40), other(4, "c", -60)],
                post: ours.clone(),
            },
            OwnInput { post: alone, others: Vec::new() },
        ]);
        input
    }

    #[test]
    fn who_took_ours_how_fast_and_how_far() {
        let voice = Digest::build(&input()).voice.unwrap();
        let value = |figure: Figure| figure.value.unwrap();
        assert_eq!((value(voice.published), value(voice.taken)), (2, 1));
        assert_eq!(value(voice.by_others.posts), 3, "who spoke before us has not taken it from us");
        let line = &voice.lines[0];
        assert_eq!((line.outlets, value(line.copies)), (2, 1));
        assert_eq!((line.first_minutes, line.last_minutes), (Some(30), Some(90)));
        assert_eq!(voice.untaken[0].text, "没有人转的消息");
    }

    #[test]
    fn without_a_source_of_ours_nothing_is_said_of_our_voice() {
        assert_eq!(Digest::build(&sample::input()).voice, None);
    }
}
