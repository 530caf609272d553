//! Which stories a newcomer may belong to, and the figures by which the judge decides.
//!
//! In: a newcomer and the book. Out: a [`Candidate`] for each story that shares its rarest words: figures of the nearest of
//! its posts, the best of those of several, and of the story as a whole. At most [`PLACES`] posts are
//! compared, however large the book is. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::super::fingerprint::{is_near_copy, resemblance};
use super::super::happening::{COMMON_FIGURES, Order, PAIR_FIGURES, Weighed, pair};
use super::super::headline::{same_happening, same_happening_threshold};
use super::member::Member;
use super::nearness::{COSINES, Near, UNKNOWN};
use super::{CANDIDATES, CLAIM_HOURS, Level, Link, Place, StoryBook};
use crate::record::StoryId;

/// Posts that are compared.
const PLACES: usize = 24;
/// Posts of one story that are compared.
const OF_STORY: usize = 3;
/// Entries of the index that are read for one newcomer.
const BUDGET: usize = 900;
/// Stories that are judged.
const STORIES: usize = 12;
/// Further stories, found by what they are about.
const BY_MEANING: usize = 6;
/// Posts of a story from whose words its core is made: the first and the latest.
const CORE: usize = 6;
/// Figures beside those of a pair.
const BESIDE: usize = 5;
/// Where among them the score of the headlines stands.
const HEADLINES: usize = 4;
/// Headlines further apart than this many hours may be of another happening of its kind.
const HEADLINE_HOURS: f32 = 72.0;
/// Share of the judge's bound that is enough where no cosine is known.
const BY_WORDS_ALONE: f32 = 0.8;
/// The same where the headlines say the same.
const SAYS_THE_SAME: f32 = 0.5;
/// The same where both tell of one trouble of one subject: three tenths of the odds are enough beside that (`config/models/README.md`).
const ONE_TROUBLE: f32 = 0.3;
/// A trouble that more posts of the window tell of may be several.
const TROUBLE_POSTS: u32 = 20;
/// Figures of a story.
const OF_WHOLE: usize = 11;

/// Figures of a newcomer and a story.
pub(super) const FIGURES: usize = BEFORE_COSINES + COSINES;
/// Those of words.
const BEFORE_COSINES: usize = PAIR_FIGURES + BESIDE + COMMON_FIGURES + OF_WHOLE;

/// A story that shares rare words with a newcomer.
pub(super) struct Candidate {
    pub(super) story: StoryId,
    pub(super) figures: [f32; FIGURES],
    /// Whether both tell of the same trouble of one of our subjects, and few others do.
    is_one_trouble: bool,
}

impl Candidate {
    /// What share of the judge's bound it needs: headlines that say the same need less beside them, and where nobody knows how near
    /// it is, words say it at lower odds (on the folds they do best from 0.4 on, with cosines from 0.5).
    pub(super) fn needs(&self) -> f32 {
        let is_known = self.figures[BEFORE_COSINES..].iter().any(|cosine| *cosine > UNKNOWN);
        let whole = if is_known { 1.0 } else { BY_WORDS_ALONE };
        let whole = if self.says_the_same() { whole.min(SAYS_THE_SAME) } else { whole };
        if self.is_one_trouble { whole.min(ONE_TROUBLE) } else { whole }
    }

    /// Whether the headlines alone, by their own judge, tell of the same happening.
    fn says_the_same(&self) -> bool {
        self.figures[PAIR_FIGURES + HEADLINES] >= same_happening_threshold()
            && self.figures[PAIR_FIGURES] <= HEADLINE_HOURS
    }
}

/// What of a story was found, in the order of finding.
struct Found {
    story: StoryId,
    /// Shared weight of the best.
    weight: f32,
    places: Vec<Place>,
}

impl StoryBook {
    /// The stories `member` belongs to, best first.
    pub(super) fn links(&self, member: &Member, order: &Order) -> Vec<Link> {
        let mut best: BTreeMap<StoryId, (Level, f32)> = BTreeMap::new();
        let mut note = |story: StoryId, level: Level, score: f32| {
            let entry = best.entry(story).or_insert((level, score));
            if (level, score) > *entry {
                *entry = (level, score);
            }
        };
        for place in self.contents.find(member.content_keys(), CANDIDATES) {
            note(self.posts[&place].story, Level::ExactCopy, 1.0);
        }
        for place in self.shingles.find(member.shingle_keys(), CANDIDATES) {
            let other = &self.posts[&place];
            if is_near_copy(&member.fingerprint, &other.fingerprint)
                && member.is_true_copy(other)
                && !member.telling.is_other_matter(&other.telling)
            {
                note(other.story, Level::NearCopy, 1.0);
            }
        }
        for place in self.claims.find(member.claim_keys(), CANDIDATES) {
            let other = &self.posts[&place];
            if (member.place.0 - place.0).abs() <= CLAIM_HOURS * 3600 {
                note(other.story, Level::SameHappening, 1.0);
            }
        }
        let judge = self.judge();
        for candidate in self.candidates(member, order) {
            let score = judge.likely(&candidate.figures);
            let bound = judge.join * candidate.needs();
            if score >= bound {
                note(candidate.story, Level::SameHappening, score);
            }
        }
        let mut links: Vec<Link> =
            best.into_iter().map(|(story, (level, score))| Link { story, level, score }).collect();
        // The sort is stable: ties fall to the smaller id.
        links.sort_by(|a, b| b.level.cmp(&a.level).then(b.score.total_cmp(&a.score)));
        links
    }

    /// The stories `member` may belong to by what it tells.
    pub(super) fn candidates(&self, member: &Member, order: &Order) -> Vec<Candidate> {
        if member.term_keys().is_empty() {
            return Vec::new();
        }
        let weights = self.judge().weighed(&self.rarity);
        let telling = &member.telling;
        let words = telling.words.iter().chain(&telling.numbers);
        let keys: Vec<(u32, f32)> = words.map(|word| (*word, weights.of(*word))).collect();
        let places = self.terms.find_weighed(&keys, BUDGET, PLACES);
        let best = places.first().map_or(1.0, |(weight, _)| weight.max(1.0));
        let mut found = Vec::new();
        self.by_story(member, places, STORIES, &mut found);
        let near = self.near_by_meaning(member);
        let alike = near.nearest().map(|place| (0.0, place)).collect();
        self.by_story(member, alike, STORIES + BY_MEANING, &mut found);
        found
            .iter()
            .enumerate()
            .map(|(rank, found)| {
                let figures = self.figures(member, order, found, (rank, best), (&weights, &near));
                let is_one_trouble = self.is_one_trouble(member, &found.places);
                Candidate { story: found.story, figures, is_one_trouble }
            })
            .collect()
    }

    /// Whether one of these posts tells of the same trouble of one of our subjects as `member`, and few others of the window do: what
    /// half the station's posts are about says nothing.
    fn is_one_trouble(&self, member: &Member, places: &[Place]) -> bool {
        let is_rare =
            |key: &&u64| self.troubles.get(*key).is_none_or(|posts| *posts <= TROUBLE_POSTS);
        let rare: Vec<&u64> = member.troubles().iter().filter(is_rare).collect();
        let shares =
            |place: &Place| rare.iter().any(|key| self.posts[place].troubles().contains(key));
        !rare.is_empty() && places.iter().any(shares)
    }

    /// Adds the stories of these places to `found`, until it holds `most`.
    fn by_story(
        &self,
        member: &Member,
        places: Vec<(f32, Place)>,
        most: usize,
        found: &mut Vec<Found>,
    ) {
        for (weight, place) in places {
            let other = &self.posts[&place];
            if (member.place.0 - place.0).abs() > self.config.happening_hours * 3600
                || member.telling.is_other_matter(&other.telling)
            {
                continue;
            }
            let is_full = found.len() >= most;
            match found.iter_mut().find(|f| f.story == other.story) {
                Some(known) if known.places.contains(&place) => {}
                Some(known) if known.places.len() < OF_STORY => known.places.push(place),
                Some(_) => {}
                None if is_full => {}
                None => found.push(Found { story: other.story, weight, places: vec![place] }),
            }
        }
    }

    fn figures(
        &self,
        member: &Member,
        order: &Order,
        found: &Found,
        (rank, best): (usize, f32),
        (weights, near): (&Weighed<'_>, &Near),
    ) -> [f32; FIGURES] {
        let posts = &self.stories[&found.story];
        let nearest = &self.posts[&found.places[0]];
        let mut out = [0.0; FIGURES];
        let of_pair = pair(&member.telling, order, &nearest.telling, weights);
        out[..PAIR_FIGURES].copy_from_slice(&of_pair);
        let beside = &mut out[PAIR_FIGURES..PAIR_FIGURES + BESIDE];
        beside.copy_from_slice(&beside_of(member, nearest));
        let mut most: [f32; COMMON_FIGURES] = std::array::from_fn(|i| of_pair[i]);
        let mut to_first = of_pair;
        let first = posts.first().copied().unwrap_or(found.places[0]);
        let others = found.places[1..].iter().copied();
        let is_known = found.places.contains(&first);
        for place in others.chain((!is_known).then_some(first)) {
            let figures = pair(&member.telling, order, &self.posts[&place].telling, weights);
            for (most, figure) in most.iter_mut().zip(figures) {
                *most = most.max(figure);
            }
            if place == first {
                to_first = figures;
            }
        }
        out[PAIR_FIGURES + BESIDE..PAIR_FIGURES + BESIDE + COMMON_FIGURES].copy_from_slice(&most);
        let hours = |place: Option<&Place>| {
            place.map_or(0.0, |place| (member.place.0 - place.0).abs() as f32 / 3600.0)
        };
        let whole = &mut out[PAIR_FIGURES + BESIDE + COMMON_FIGURES..BEFORE_COSINES];
        whole.copy_from_slice(&[
            (posts.len() as f32).ln(),
            found.places.len() as f32,
            rank as f32,
            found.weight,
            found.weight / best,
            to_first[2],
            to_first[7],
            to_first[13],
            self.core_covered(member, posts, weights),
            hours(posts.first()),
            hours(posts.last()),
        ]);
        out[BEFORE_COSINES..].copy_from_slice(&self.cosines(member, &found.places, posts, near));
        out
    }

    /// Share of the weight of the story's core (words that half of its posts say) that the newcomer says too; 0 for a
    /// single post.
    fn core_covered(&self, member: &Member, posts: &BTreeSet<Place>, weights: &Weighed<'_>) -> f32 {
        if posts.len() < 2 {
            return 0.0;
        }
        let latest = posts.iter().rev().take(CORE - 2);
        let mut chosen: Vec<&Place> = posts.iter().take(2).chain(latest).collect();
        chosen.sort_unstable();
        chosen.dedup();
        let told = chosen.iter().flat_map(|place| self.posts[*place].telling.words.iter().copied());
        let mut words: Vec<u32> = told.collect();
        words.sort_unstable();
        let (mut all, mut shared) = (0.0f32, 0.0f32);
        for same in words.chunk_by(|a, b| a == b).filter(|same| same.len() * 2 >= chosen.len()) {
            let weight = weights.of(same[0]);
            all += weight;
            if member.telling.words.binary_search(&same[0]).is_ok() {
                shared += weight;
            }
        }
        shared / all.max(1.0)
    }
}

/// Figures of a pair beside what they tell: time, site, body, headline.
fn beside_of(member: &Member, other: &Member) -> [f32; BESIDE] {
    let body = resemblance(&member.fingerprint, &other.fingerprint);
    [
        (member.place.0 - other.place.0).abs() as f32 / 3600.0,
        f32::from(member.site == other.site),
        body.common,
        body.within,
        // What stands on all pages of a site is nobody's words.
        if member.words_are_its_own(other) {
            same_happening(&member.profile, &other.profile)
        } else {
            0.0
        },
    ]
}
