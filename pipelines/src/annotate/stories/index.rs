//! Which posts of the book share a key (a content hash, a shingle, a rare term).
//!
//! In: keys with the place and story of their post. Out: the places that share most. Of each story only
//! the two latest posts stand under a key, so that a story of a thousand copies costs no more than one of
//! two; since posts leave the book oldest first, what stands here is a function of the posts in it.

use std::collections::HashMap;
use std::hash::Hash;

use super::Place;
use crate::record::StoryId;

/// Posts of one story under one key.
const PER_STORY: usize = 2;
/// A key that more entries share tells nothing.
const COMMON: usize = 96;

/// Key → places with their stories.
#[derive(Debug)]
pub(super) struct KeyIndex<K> {
    lists: HashMap<K, Vec<(Place, StoryId)>>,
}

impl<K> Default for KeyIndex<K> {
    fn default() -> Self {
        Self { lists: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash> KeyIndex<K> {
    pub(super) fn add(&mut self, keys: &[K], place: Place, story: StoryId) {
        for key in keys {
            let list = self.lists.entry(*key).or_default();
            list.push((place, story));
            if list.iter().filter(|(_, s)| *s == story).count() > PER_STORY {
                let of_story = list.iter().enumerate().filter(|(_, (_, s))| *s == story);
                let oldest = of_story.min_by_key(|(_, (place, _))| *place).map(|(at, _)| at);
                if let Some(at) = oldest {
                    list.swap_remove(at);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, keys: &[K], place: Place) {
        self.retain(keys, |(p, _)| *p != place);
    }

    pub(super) fn remove_story(&mut self, keys: &[K], story: StoryId) {
        self.retain(keys, |(_, s)| *s != story);
    }

    fn retain(&mut self, keys: &[K], keep: impl Fn(&(Place, StoryId)) -> bool) {
        for key in keys {
            if let Some(list) = self.lists.get_mut(key) {
                list.retain(&keep);
                if list.is_empty() {
                    self.lists.remove(key);
                }
            }
        }
    }

    /// At most `limit` places that share most of `keys`, latest first among equals.
    pub(super) fn find(&self, keys: &[K], limit: usize) -> Vec<Place> {
        let mut counts: HashMap<Place, u32> = HashMap::new();
        let lists = keys.iter().filter_map(|key| self.lists.get(key));
        for (place, _) in lists.filter(|list| list.len() <= COMMON).flatten() {
            *counts.entry(*place).or_default() += 1;
        }
        let mut found: Vec<(u32, Place)> = counts.into_iter().map(|(p, n)| (n, p)).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().take(limit).map(|(_, place)| place).collect()
    }
}
