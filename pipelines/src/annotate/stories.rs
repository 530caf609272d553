//! Puts posts that tell of one happening into one story, as they arrive.
//!
//! In: annotated posts, in batches. Out: the story of each, and every merge as an explicit change for the
//! log. Three nested levels: exact copy (same content hash), near copy (sketch of the body), same happening
//! (what headline and lead tell, within six days: a learned judge, which needs less where both tell of the same trouble of one of our
//! subjects; or the same rumoured toll at the same subject, spread or refuted). It keeps no texts, and no post older than its window;
//! what it promises about order, replay and restarts stands at [`StoryBook`].

mod change;
mod index;
mod lesson;
mod linking;
mod member;
mod nearness;
mod summary;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use self::change::{Assigned, Level, StoryChange};
use self::index::KeyIndex;
pub use self::lesson::Lesson;
use self::member::{Member, has_own_words};
pub use self::summary::{StorySummary, summarize};
use super::happening::{JUDGE, Judge, Rarity};
use crate::record::{AnnotatedPost, PostId, StoryId};

/// How a [`StoryBook`] links.
#[derive(Clone, Debug, PartialEq)]
pub struct StoryConfig {
    /// Posts older than this many days before the newest one are forgotten.
    pub window_days: i64,
    /// Posts further apart than this many hours do not tell of the same happening by words alone.
    pub happening_hours: i64,
}

impl Default for StoryConfig {
    fn default() -> Self {
        Self { window_days: 7, happening_hours: 144 }
    }
}

/// The same rumoured number of people at the same subject is one rumour for this many hours.
const CLAIM_HOURS: i64 = 72;
/// Candidates compared for copies.
const CANDIDATES: usize = 12;
/// Time in seconds, then id: the order in which posts are taken and told apart.
type Place = (i64, PostId);

/// The stories of the last days.
///
/// A story is named by the post that founded it; that name stays when an earlier post arrives late, and a
/// merge keeps the name of the story whose earliest post in the window is older.
///
/// The state is a function of the set of posts in the window and their stories, never of the order of
/// arrival: [`StoryBook::restore`] from stored posts gives the state that was lost. A batch is taken in order
/// of (time, id), so its own order does not matter either; a post that is known changes nothing.
#[derive(Debug, Default)]
pub struct StoryBook {
    config: StoryConfig,
    posts: BTreeMap<Place, Member>,
    times: HashMap<PostId, i64>,
    stories: HashMap<StoryId, BTreeSet<Place>>,
    contents: KeyIndex<u64>,
    shingles: KeyIndex<u32>,
    terms: KeyIndex<u32>,
    claims: KeyIndex<u64>,
    rarity: Rarity,
    /// Posts of the window by which subject has which trouble.
    troubles: HashMap<u64, u32>,
    judge: Option<Arc<Judge>>,
    apart: BTreeSet<(StoryId, StoryId)>,
}

/// A story a newcomer belongs to.
struct Link {
    story: StoryId,
    level: Level,
    score: f32,
}

impl StoryBook {
    /// An empty book.
    #[must_use]
    pub fn new(config: StoryConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// An empty book whose happenings are told apart by another judge than the shipped one.
    #[must_use]
    pub fn judged_by(config: StoryConfig, judge: Arc<Judge>) -> Self {
        Self { judge: Some(judge), ..Self::new(config) }
    }

    fn judge(&self) -> &Judge {
        self.judge.as_deref().unwrap_or(&JUDGE)
    }

    /// The book as it was: from all stored posts of the window with the stories they have, and the pairs of
    /// stories that officers took apart.
    #[must_use]
    pub fn restore<'a>(
        config: StoryConfig,
        posts: impl IntoIterator<Item = &'a AnnotatedPost>,
        apart: impl IntoIterator<Item = (StoryId, StoryId)>,
    ) -> Self {
        let mut book = Self::new(config);
        for (a, b) in apart {
            book.apart.insert((a.min(b), a.max(b)));
        }
        for post in posts {
            if !book.times.contains_key(&post.post.id) {
                let (member, _) = Member::read(post, book.judge());
                book.insert(member, post.story);
            }
        }
        book.forget_old();
        book
    }

    /// Whether a post is long enough for another of the same words to be its copy: a few words are written by many.
    #[must_use]
    pub fn has_own_words(post: &AnnotatedPost) -> bool {
        has_own_words(&post.fingerprint)
    }

    /// Finds the story of each post of `batch` and merges stories that turn out to be one. A post older
    /// than the window keeps the story it comes with.
    pub fn assign(&mut self, batch: &[AnnotatedPost]) -> Assigned {
        self.assign_beside(batch, &HashMap::new())
    }

    /// The same; `copied` are the stories of older posts, also beyond the window, whose texts are those of posts of `batch`:
    /// identical texts are one story whatever their age.
    pub fn assign_beside(
        &mut self,
        batch: &[AnnotatedPost],
        copied: &HashMap<PostId, StoryId>,
    ) -> Assigned {
        let mut changes = Vec::new();
        let mut in_order: Vec<&AnnotatedPost> = batch.iter().collect();
        in_order.sort_by_key(|post| Member::place_of(post));
        for post in in_order {
            self.take(post, copied.get(&post.post.id).copied(), &mut changes);
        }
        let story = |post: &AnnotatedPost| {
            let id = post.post.id;
            let beyond = || copied.get(&id).copied();
            (id, self.story_of(id).or_else(beyond).unwrap_or(post.story))
        };
        let stories = batch.iter().map(story).collect();
        self.forget_old();
        Assigned { stories, changes }
    }

    /// The stories a post tells of the happening of, best first, with how likely it does (1: a copy). Nothing is taken in.
    #[must_use]
    pub fn near(&self, post: &AnnotatedPost) -> Vec<(StoryId, f32)> {
        let (member, order) = Member::read(post, self.judge());
        self.links(&member, &order).into_iter().map(|link| (link.story, link.score)).collect()
    }

    /// Takes posts out of the story they are in, into one of their own; the two are never merged again.
    /// Posts that are unknown or in other stories than the first of them stay where they are.
    pub fn split(&mut self, posts: &[PostId]) -> Option<StoryChange> {
        let mut places: Vec<Place> =
            posts.iter().filter_map(|id| Some((*self.times.get(id)?, *id))).collect();
        places.sort_unstable();
        let from = self.posts.get(places.first()?)?.story;
        places.retain(|place| self.posts[place].story == from);
        // The founder names the story; if it leaves, the others would leave instead.
        let names_itself = |place: &Place| StoryId(place.1) == from;
        let into = StoryId(places.iter().find(|p| !names_itself(p))?.1);
        places.retain(|place| !names_itself(place));
        for place in &places {
            self.move_post(*place, into);
        }
        self.reindex(from);
        self.reindex(into);
        self.apart.insert((from.min(into), from.max(into)));
        Some(StoryChange::Split { from, into, posts: places.into_iter().map(|p| p.1).collect() })
    }

    /// The story of a post in the window.
    #[must_use]
    pub fn story_of(&self, post: PostId) -> Option<StoryId> {
        let time = *self.times.get(&post)?;
        self.posts.get(&(time, post)).map(|member| member.story)
    }

    /// Posts of a story since `since`.
    #[must_use]
    pub fn posts_since(&self, story: StoryId, since: DateTime<Utc>) -> u32 {
        let from = (since.timestamp(), PostId(0));
        let count = self.stories.get(&story).map_or(0, |posts| posts.range(from..).count());
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Every post of the window with its story, in order of time.
    pub fn posts(&self) -> impl Iterator<Item = (PostId, StoryId)> + '_ {
        self.posts.iter().map(|(place, member)| (place.1, member.story))
    }

    fn take(
        &mut self,
        post: &AnnotatedPost,
        copied: Option<StoryId>,
        changes: &mut Vec<StoryChange>,
    ) {
        let place = Member::place_of(post);
        if let Some(&time) = self.times.get(&place.1) {
            self.renew((time, place.1), post);
            return;
        }
        if place.0 < self.cutoff() {
            return;
        }
        let (member, order) = Member::read(post, self.judge());
        let mut links = self.links(&member, &order);
        let has_copy = links.first().is_some_and(|link| link.level == Level::ExactCopy);
        let story = match copied.filter(|_| !has_copy) {
            // Nothing of it is in the window: it goes on where it was, and what is like the newcomer follows later.
            Some(story) if !self.stories.contains_key(&story) => story,
            Some(story) => {
                links.retain(|link| link.story != story);
                links.insert(0, Link { story, level: Level::ExactCopy, score: 1.0 });
                self.settle(&member, &links, changes)
            }
            None => self.settle(&member, &links, changes),
        };
        self.insert(member, story);
    }

    /// A known post: nothing to do, unless it was edited; then it stays in its story with its new words.
    fn renew(&mut self, place: Place, post: &AnnotatedPost) {
        let Some(old) = self.posts.get(&place) else { return };
        let new_place = Member::place_of(post);
        if old.content == post.post.content_hash
            && new_place == place
            && old.meaning == post.meaning
        {
            return;
        }
        let story = old.story;
        self.unindex(story);
        if let Some(old) = self.posts.remove(&place) {
            self.discount(&old);
        }
        self.leave(story, place);
        let (member, _) = Member::read(post, self.judge());
        self.insert(member, story);
        self.reindex(story);
    }

    /// The story of a newcomer with these links, after merging the ones it proves to be one.
    fn settle(
        &mut self,
        member: &Member,
        links: &[Link],
        changes: &mut Vec<StoryChange>,
    ) -> StoryId {
        let Some(best) = links.first() else { return StoryId(member.place.1) };
        let bound = self.judge().merge;
        let mut story = best.story;
        for link in &links[1..] {
            let is_proof =
                link.level >= Level::NearCopy || (link.score >= bound && best.score >= bound);
            let pair = (story.min(link.story), story.max(link.story));
            if !is_proof || self.apart.contains(&pair) {
                continue;
            }
            let (into, from) = self.older_first(story, link.story);
            self.merge(from, into);
            let because = member.place.1;
            changes.push(StoryChange::Merged { from, into, because, level: link.level });
            story = into;
        }
        story
    }

    fn older_first(&self, a: StoryId, b: StoryId) -> (StoryId, StoryId) {
        if self.stories[&a].first() <= self.stories[&b].first() { (a, b) } else { (b, a) }
    }

    fn merge(&mut self, from: StoryId, into: StoryId) {
        self.unindex(from);
        self.unindex(into);
        for place in self.stories.get(&from).cloned().unwrap_or_default() {
            self.move_post(place, into);
        }
        self.reindex(into);
        let renamed = |id: StoryId| if id == from { into } else { id };
        let pairs = std::mem::take(&mut self.apart).into_iter();
        let pairs = pairs.map(|(a, b)| (renamed(a), renamed(b))).filter(|(a, b)| a != b);
        self.apart = pairs.map(|(a, b)| (a.min(b), a.max(b))).collect();
    }

    /// Moves a post without touching the indexes.
    fn move_post(&mut self, place: Place, into: StoryId) {
        let Some(member) = self.posts.get_mut(&place) else { return };
        let from = std::mem::replace(&mut member.story, into);
        self.leave(from, place);
        self.stories.entry(into).or_default().insert(place);
    }

    fn leave(&mut self, story: StoryId, place: Place) {
        if let Some(posts) = self.stories.get_mut(&story) {
            posts.remove(&place);
            if posts.is_empty() {
                self.stories.remove(&story);
            }
        }
    }

    fn insert(&mut self, mut member: Member, story: StoryId) {
        member.story = story;
        let place = member.place;
        self.rarity.add(&member.telling);
        for key in member.troubles() {
            *self.troubles.entry(*key).or_default() += 1;
        }
        self.index_member(&member);
        self.times.insert(place.1, place.0);
        self.stories.entry(story).or_default().insert(place);
        self.posts.insert(place, member);
    }

    fn index_member(&mut self, member: &Member) {
        let (place, story) = (member.place, member.story);
        self.contents.add(member.content_keys(), place, story);
        self.shingles.add(member.shingle_keys(), place, story);
        self.terms.add(member.term_keys(), place, story);
        self.claims.add(member.claim_keys(), place, story);
    }

    fn unindex(&mut self, story: StoryId) {
        for place in self.stories.get(&story).into_iter().flatten() {
            let member = &self.posts[place];
            self.contents.remove_story(member.content_keys(), story);
            self.shingles.remove_story(member.shingle_keys(), story);
            self.terms.remove_story(member.term_keys(), story);
            self.claims.remove_story(member.claim_keys(), story);
        }
    }

    fn reindex(&mut self, story: StoryId) {
        self.unindex(story);
        for place in self.stories.get(&story).cloned().unwrap_or_default() {
            let member = self.posts[&place].clone();
            self.index_member(&member);
        }
    }

    /// The time before which nothing is kept, reckoned from the newest post in the book.
    fn cutoff(&self) -> i64 {
        let newest = self.posts.last_key_value().map_or(i64::MIN, |(place, _)| place.0);
        newest.saturating_sub(self.config.window_days * 86_400)
    }

    /// What a post that leaves said counts no more.
    fn discount(&mut self, member: &Member) {
        self.rarity.remove(&member.telling);
        for key in member.troubles() {
            if let Some(posts) = self.troubles.get_mut(key) {
                *posts -= 1;
                if *posts == 0 {
                    self.troubles.remove(key);
                }
            }
        }
    }

    fn forget_old(&mut self) {
        let cutoff = self.cutoff();
        while let Some(entry) = self.posts.first_entry() {
            if entry.key().0 >= cutoff {
                break;
            }
            let (place, member) = entry.remove_entry();
            self.discount(&member);
            self.contents.remove(member.content_keys(), place, member.story);
            self.shingles.remove(member.shingle_keys(), place, member.story);
            self.terms.remove(member.term_keys(), place, member.story);
            self.claims.remove(member.claim_keys(), place, member.story);
            self.times.remove(&place.1);
            self.leave(member.story, place);
        }
    }
}

#[cfg(test)]
mod tests;
