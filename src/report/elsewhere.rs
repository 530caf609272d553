//! What was told far and wide and does not name us: of the trade, and of the world.
//!
//! In: such happenings, with their posts of the period. Out: lines, the furthest spread first. They stand apart from what
//! is about us and enter none of its figures; the appendix lists the one post each is named by.

use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::digest::{Figure, Quote};
use super::input::{DigestPost, PeriodKind};
use super::ledger::Ledger;

/// A happening that does not name us.
#[derive(Clone, Debug, PartialEq)]
pub struct ElsewhereInput {
    /// Whether it is of our trade, by the query in config.
    pub is_trade: bool,
    /// Its posts of the period, in any order; at least one.
    pub posts: Vec<DigestPost>,
}

/// A happening that does not name us, in a digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ElsewhereLine {
    /// The title of its first post.
    pub title: Quote,
    /// When that was published.
    pub at: DateTime<Utc>,
    /// Its posts of the period.
    pub posts: Figure,
    /// Different sources among them.
    pub outlets: u64,
}

/// What does not name us.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Elsewhere {
    /// Of our trade.
    pub trade: Vec<ElsewhereLine>,
    /// All else.
    pub world: Vec<ElsewhereLine>,
}

/// Lines of the trade and of the world.
fn room(period: PeriodKind) -> (usize, usize) {
    match period {
        PeriodKind::Day => (3, 2),
        PeriodKind::Flash => (0, 0),
        PeriodKind::Week => (6, 5),
        PeriodKind::Month | PeriodKind::Special => (10, 8),
    }
}

/// The happenings that do not name us.
pub(super) fn elsewhere(ledger: &mut Ledger) -> Elsewhere {
    let (trade, world) = room(ledger.input.period);
    let outlets =
        |posts: &[DigestPost]| posts.iter().map(|post| &post.source).collect::<HashSet<_>>().len();
    let mut all: Vec<&ElsewhereInput> = ledger.input.elsewhere.iter().collect();
    let first = |input: &&ElsewhereInput| input.posts.iter().map(|post| post.id).min();
    all.sort_by_key(|input| (Reverse((outlets(&input.posts), input.posts.len())), first(input)));
    let mut line = |input: &&ElsewhereInput| {
        let first = input.posts.iter().min_by_key(|post| (post.time(), post.id))?;
        Some(ElsewhereLine {
            title: ledger.quote(&first.title, first),
            at: first.time(),
            posts: ledger.figure(&[&first.title], input.posts.iter()),
            outlets: outlets(&input.posts) as u64,
        })
    };
    let of = |is_trade: bool| {
        let all: Vec<_> = all.iter().copied().filter(|i| i.is_trade == is_trade).collect();
        all
    };
    Elsewhere {
        trade: of(true).iter().take(trade).filter_map(&mut line).collect(),
        world: of(false).iter().take(world).filter_map(&mut line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use pipelines::record::PostId;

    use super::super::{Digest, sample};
    use super::*;

    #[test]
    fn what_does_not_name_us_enters_no_figure_about_us() {
        let mut input = sample::input();
        let before = Digest::build(&input);
        let post = |n: u64| {
            let mut post = input.posts[0].clone();
            (post.id, post.subjects) = (PostId(n), Vec::new());
            post.source = format!("s{n}").as_str().into();
            post.title = "某地煤矿事故".into();
            post
        };
        input.elsewhere = vec![
            ElsewhereInput { is_trade: true, posts: vec![post(1), post(2), post(3)] },
            ElsewhereInput { is_trade: false, posts: vec![post(4), post(5)] },
        ];
        let digest = Digest::build(&input);
        assert_eq!(digest.shares.posts.value, before.shares.posts.value);
        assert_eq!(digest.curve, before.curve);
        let trade = &digest.elsewhere.trade[0];
        assert_eq!((trade.posts.value, trade.outlets), (Some(3), 3));
        assert_eq!(digest.elsewhere.world.len(), 1);
        assert_eq!(digest.posts.len(), before.posts.len() + 2, "one post each in the appendix");
        let named = &digest.posts[trade.title.post - 1];
        assert!(!named.outside && named.polarity.is_none());
    }
}
