//! Which posts of the book share a key (a content hash, a shingle, a rare term).
//!
//! In: keys with the place and story of their post. Out: the places that share most. Of each story only
//! the two latest posts stand under a key, so that a story of a thousand copies costs no more than one of
//! two; since posts leave the book oldest first, what stands here is a function of the posts in it. A key
//! that everybody has (the category that a hotline puts in front of each letter) is not asked for; coming
//! and going under it must cost no more than under a rare one.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::Place;
use crate::record::StoryId;

/// A key that more entries share tells nothing.
const COMMON: usize = 96;

/// Key → places with their stories.
#[derive(Debug)]
pub(super) struct KeyIndex<K> {
    under: FxHashMap<K, Under>,
}

impl<K> Default for KeyIndex<K> {
    fn default() -> Self {
        Self { under: FxHashMap::default() }
    }
}

/// What stands under one key: two posts of a story at most.
#[derive(Debug)]
enum Under {
    /// At most [`COMMON`] entries: short enough to be read through.
    Few(Vec<(Place, StoryId)>),
    /// More: never read through.
    Many { of: FxHashMap<StoryId, Latest>, entries: usize },
}

/// The latest post of a story under a key, and the one before it.
#[derive(Clone, Copy, Debug)]
struct Latest {
    newest: Place,
    before: Option<Place>,
}

impl Latest {
    fn len(self) -> usize {
        1 + usize::from(self.before.is_some())
    }

    fn places(self) -> impl Iterator<Item = Place> {
        std::iter::once(self.newest).chain(self.before)
    }

    fn add(&mut self, place: Place) {
        let older = place.min(self.newest);
        self.newest = place.max(self.newest);
        self.before = Some(self.before.map_or(older, |before| before.max(older)));
    }

    /// What is left without `place`; nothing where it was the only one.
    fn without(self, place: Place) -> Option<Self> {
        let mut left = self.places().filter(|p| *p != place);
        left.next().map(|newest| Self { newest, before: left.next() })
    }
}

impl Under {
    fn add(&mut self, place: Place, story: StoryId) {
        match self {
            Self::Few(list) => {
                let of_story = || list.iter().enumerate().filter(|(_, (_, s))| *s == story);
                if of_story().count() < 2 {
                    list.push((place, story));
                } else if let Some((at, oldest)) = of_story().min_by_key(|(_, (p, _))| *p)
                    && oldest.0 < place
                {
                    list[at].0 = place;
                }
            }
            Self::Many { of, entries } => match of.entry(story) {
                Entry::Vacant(free) => {
                    free.insert(Latest { newest: place, before: None });
                    *entries += 1;
                }
                Entry::Occupied(mut taken) => {
                    let before = taken.get().len();
                    taken.get_mut().add(place);
                    *entries += taken.get().len() - before;
                }
            },
        }
        self.settle();
    }

    /// Takes out one post of `story`, or all of them.
    fn remove(&mut self, place: Option<Place>, story: StoryId) {
        match self {
            Self::Few(list) => {
                list.retain(|(p, s)| *s != story || place.is_some_and(|place| *p != place));
            }
            Self::Many { of, entries } => {
                if let Some(latest) = of.remove(&story) {
                    let left = place.and_then(|place| latest.without(place));
                    *entries -= latest.len() - left.map_or(0, Latest::len);
                    of.extend(left.map(|left| (story, left)));
                }
            }
        }
        self.settle();
    }

    /// Takes the form that fits the number of entries.
    fn settle(&mut self) {
        match self {
            Self::Few(list) if list.len() > COMMON => {
                let entries = list.len();
                let mut of = FxHashMap::<StoryId, Latest>::default();
                for (place, story) in std::mem::take(list) {
                    of.entry(story)
                        .and_modify(|latest| latest.add(place))
                        .or_insert(Latest { newest: place, before: None });
                }
                *self = Self::Many { of, entries };
            }
            Self::Many { of, entries } if *entries <= COMMON => {
                let of = std::mem::take(of).into_iter();
                let list = of.flat_map(|(story, latest)| latest.places().map(move |p| (p, story)));
                *self = Self::Few(list.collect());
            }
            _ => {}
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Few(list) if list.is_empty())
    }
}

impl<K: Copy + Eq + std::hash::Hash> KeyIndex<K> {
    pub(super) fn add(&mut self, keys: &[K], place: Place, story: StoryId) {
        for key in keys {
            self.under.entry(*key).or_insert(Under::Few(Vec::new())).add(place, story);
        }
    }

    /// Takes out a post of `story`.
    pub(super) fn remove(&mut self, keys: &[K], place: Place, story: StoryId) {
        self.take_out(keys, Some(place), story);
    }

    /// Takes out all posts of a story.
    pub(super) fn remove_story(&mut self, keys: &[K], story: StoryId) {
        self.take_out(keys, None, story);
    }

    fn take_out(&mut self, keys: &[K], place: Option<Place>, story: StoryId) {
        for key in keys {
            if let Entry::Occupied(mut under) = self.under.entry(*key) {
                under.get_mut().remove(place, story);
                if under.get().is_empty() {
                    under.remove();
                }
            }
        }
    }

    /// At most `limit` places that share the heaviest `keys`, with the weight they share, heaviest first. The rarest keys
    /// are read first, and no more than `budget` entries.
    pub(super) fn find_weighed(
        &self,
        keys: &[(K, f32)],
        budget: usize,
        limit: usize,
    ) -> Vec<(f32, Place)> {
        let mut lists = Vec::new();
        for (at, (key, _)) in keys.iter().enumerate() {
            if let Some(Under::Few(list)) = self.under.get(key) {
                lists.push((list.len(), at, list));
            }
        }
        lists.sort_unstable_by_key(|(length, at, _)| (*length, *at));
        let mut sums: FxHashMap<Place, f32> = FxHashMap::default();
        let mut left = budget;
        for (length, at, list) in lists {
            let Some(rest) = left.checked_sub(length) else { break };
            left = rest;
            for (place, _) in list {
                *sums.entry(*place).or_default() += keys[at].1;
            }
        }
        let mut found: Vec<(f32, Place)> = sums.into_iter().map(|(p, w)| (w, p)).collect();
        let heaviest = |a: &(f32, Place), b: &(f32, Place)| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1));
        if found.len() > limit {
            found.select_nth_unstable_by(limit, heaviest);
            found.truncate(limit);
        }
        found.sort_unstable_by(heaviest);
        found
    }

    /// At most `limit` places that share most of `keys`, latest first among equals.
    pub(super) fn find(&self, keys: &[K], limit: usize) -> Vec<Place> {
        let mut counts: FxHashMap<Place, u32> = FxHashMap::default();
        for under in keys.iter().filter_map(|key| self.under.get(key)) {
            if let Under::Few(list) = under {
                for (place, _) in list {
                    *counts.entry(*place).or_default() += 1;
                }
            }
        }
        let mut found: Vec<(u32, Place)> = counts.into_iter().map(|(p, n)| (n, p)).collect();
        if found.len() > limit {
            found.select_nth_unstable_by(limit, |a, b| b.cmp(a));
            found.truncate(limit);
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().map(|(_, place)| place).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::record::PostId;

    /// What is promised, written down plainly: the two latest of each story, and none above `COMMON`.
    #[derive(Default)]
    struct Plain(BTreeSet<(u32, StoryId, Place)>);

    impl Plain {
        fn add(&mut self, key: u32, place: Place, story: StoryId) {
            self.0.insert((key, story, place));
            let of_story: Vec<_> =
                self.0.iter().filter(|(k, s, _)| (*k, *s) == (key, story)).copied().collect();
            for dropped in of_story.iter().rev().skip(2) {
                self.0.remove(dropped);
            }
        }

        fn find(&self, key: u32) -> Vec<Place> {
            let mut of_key: Vec<_> =
                self.0.iter().filter(|(k, ..)| *k == key).map(|(.., p)| *p).collect();
            of_key.sort_unstable_by(|a, b| b.cmp(a));
            if of_key.len() > COMMON { Vec::new() } else { of_key }
        }
    }

    fn story(n: u64) -> StoryId {
        StoryId(PostId(n))
    }

    #[test]
    fn a_title_that_all_rows_share_is_never_read_through() {
        let mut index = KeyIndex::<u32>::default();
        for n in 0..5_000 {
            index.add(&[7], (i64::try_from(n).unwrap(), PostId(n)), story(n));
            let longest = index.under.values().filter_map(|under| match under {
                Under::Few(list) => Some(list.len()),
                Under::Many { .. } => None,
            });
            assert!(longest.max().unwrap_or(0) <= COMMON, "after {n} rows");
        }
        assert!(index.find(&[7], 10).is_empty());
        // Once most of them have left the window, the key tells something again.
        for n in 0..4_990 {
            index.remove(&[7], (i64::try_from(n).unwrap(), PostId(n)), story(n));
        }
        assert_eq!(index.find(&[7], 100).len(), 10);
    }

    proptest! {
        #[test]
        fn what_stands_under_a_key_is_what_a_plain_list_would_hold(
            steps in prop::collection::vec((0u8..8, 0u32..2, 0u64..90), 1..700)
        ) {
            let (mut index, mut plain) = (KeyIndex::<u32>::default(), Plain::default());
            for (at, (what, key, of)) in steps.into_iter().enumerate() {
                let place = (i64::try_from(at).unwrap(), PostId(at as u64));
                match what {
                    0 => {
                        index.remove_story(&[key], story(of));
                        plain.0.retain(|(k, s, _)| (*k, *s) != (key, story(of)));
                    }
                    1 => {
                        let oldest = plain.0.iter().filter(|(k, ..)| *k == key).min_by_key(|e| e.2);
                        if let Some((_, story, place)) = oldest.copied() {
                            index.remove(&[key], place, story);
                            plain.0.remove(&(key, story, place));
                        }
                    }
                    _ => {
                        index.add(&[key], place, story(of));
                        plain.add(key, place, story(of));
                    }
                }
                prop_assert_eq!(index.find(&[key], 1_000), plain.find(key));
            }
        }
    }
}
