//! How near a newcomer is to posts of the book by what they are about.
//!
//! In: a newcomer with a meaning, and the book. Out: the nearest posts of the last days, whatever words they use, and
//! [`COSINES`] figures of the newcomer and a story, all of them [`UNKNOWN`] where the meaning of either is not known. At most
//! [`LATEST`] posts are looked at, however large the book is. Decides nothing.

use std::collections::BTreeSet;

use super::member::Member;
use super::{Place, StoryBook};
use crate::record::PostId;

/// Figures of a newcomer and a story.
pub(super) const COSINES: usize = 8;
/// What stands for a cosine that nobody knows.
pub(super) const UNKNOWN: f32 = -1.0;
/// Latest posts that are looked at.
const LATEST: usize = 20_000;
/// Nearest posts that are kept.
const KEPT: usize = 64;
/// Nearest posts whose stories may be joined whatever words they share.
const NEAREST: usize = 12;
/// Latest posts of a story that are compared.
const OF_STORY: usize = 30;

/// The nearest posts, nearest first, with their cosines.
pub(super) struct Near(Vec<(f32, Place)>);

impl Near {
    /// Those whose stories may be joined.
    pub(super) fn nearest(&self) -> impl Iterator<Item = Place> {
        self.0.iter().take(NEAREST).map(|(_, place)| *place)
    }

    /// How many are nearer than this.
    fn nearer_than(&self, cosine: f32) -> usize {
        self.0.partition_point(|(known, _)| *known > cosine)
    }
}

impl StoryBook {
    /// The posts of the last days that are nearest to `member`.
    pub(super) fn near_by_meaning(&self, member: &Member) -> Near {
        let Some(meaning) = &member.meaning else { return Near(Vec::new()) };
        let reach = self.config.happening_hours * 3600;
        let from = (member.place.0.saturating_sub(reach), PostId(0));
        let to = (member.place.0.saturating_add(reach), PostId(u64::MAX));
        let latest = self.posts.range(from..=to).rev().take(LATEST);
        let mut all: Vec<(f32, Place)> = latest
            .filter_map(|(place, other)| Some((meaning.cosine(other.meaning.as_ref()?)?, *place)))
            .collect();
        let nearest = |a: &(f32, Place), b: &(f32, Place)| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1));
        if all.len() > KEPT {
            all.select_nth_unstable_by(KEPT, nearest);
            all.truncate(KEPT);
        }
        all.sort_unstable_by(nearest);
        Near(all)
    }

    /// Cosines of a newcomer and a story of which `found` were compared by their words.
    pub(super) fn cosines(
        &self,
        member: &Member,
        found: &[Place],
        posts: &BTreeSet<Place>,
        near: &Near,
    ) -> [f32; COSINES] {
        let to =
            |place: &Place| member.meaning.as_ref()?.cosine(self.posts[place].meaning.as_ref()?);
        let first = posts.first();
        let unknown = first.filter(|first| !found.contains(first));
        let compared = Summed::of(found.iter().chain(unknown).filter_map(to));
        let whole = Summed::of(posts.iter().rev().take(OF_STORY).filter_map(to));
        let best = near.0.first().map_or(UNKNOWN, |(cosine, _)| *cosine);
        let is_known = whole.greatest > UNKNOWN;
        [
            found.first().and_then(to).unwrap_or(UNKNOWN),
            compared.greatest,
            compared.mean,
            first.and_then(to).unwrap_or(UNKNOWN),
            whole.greatest,
            whole.mean,
            if is_known { near.nearer_than(whole.greatest) as f32 } else { UNKNOWN },
            if is_known { best - whole.greatest } else { UNKNOWN },
        ]
    }
}

/// Cosines summed up; unknown where there are none.
struct Summed {
    greatest: f32,
    mean: f32,
}

impl Summed {
    fn of(cosines: impl Iterator<Item = f32>) -> Self {
        let (mut greatest, mut sum, mut count) = (UNKNOWN, 0.0, 0.0);
        for cosine in cosines {
            greatest = cosine.max(greatest);
            sum += cosine;
            count += 1.0;
        }
        Self { greatest, mean: if count > 0.0 { sum / count } else { UNKNOWN } }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::annotated;
    use super::super::StoryConfig;
    use super::*;
    use crate::record::{AnnotatedPost, Meaning};

    fn post(slug: &str, hours: i64, meaning: Option<Meaning>) -> AnnotatedPost {
        AnnotatedPost { meaning, ..annotated(slug, slug, slug, hours) }
    }

    fn towards(degrees: f32) -> Option<Meaning> {
        Meaning::of([1, 2], &[degrees.to_radians().cos(), degrees.to_radians().sin()])
    }

    fn member(post: &AnnotatedPost) -> Member {
        Member::read(post, &super::super::JUDGE).0
    }

    #[test]
    fn the_nearest_are_found_whatever_words_they_use() {
        let mut book = StoryBook::new(StoryConfig::default());
        let posts = [
            post("far", 0, towards(90.0)),
            post("near", 1, towards(20.0)),
            post("nearest", 2, towards(10.0)),
            post("mute", 3, None),
            post("stranger", 4, Meaning::of([3, 4], &[1.0, 0.0])),
        ];
        book.assign(&posts);
        let near = book.near_by_meaning(&member(&post("new", 5, towards(0.0))));
        let found: Vec<_> = near.nearest().map(|place| place.1).collect();
        assert_eq!(found, [2, 1, 0].map(|at: usize| posts[at].post.id));
        assert_eq!(near.nearer_than(0.95), 1);
        assert_eq!(book.near_by_meaning(&member(&post("new", 5, None))).nearest().count(), 0);
        // Six days on, nothing is near any more.
        let later = member(&post("new", 24 * 6 + 3, towards(0.0)));
        assert_eq!(book.near_by_meaning(&later).nearest().count(), 0);
    }

    #[test]
    fn what_nobody_knows_is_no_cosine() {
        let mut book = StoryBook::new(StoryConfig::default());
        let (told, mute) = (post("told", 0, towards(60.0)), post("mute", 1, None));
        book.assign(&[told.clone(), mute.clone()]);
        let places = [&told, &mute].map(Member::place_of);
        let of = |new: &AnnotatedPost, place: Place| {
            let new = member(new);
            let near = book.near_by_meaning(&new);
            book.cosines(&new, &[place], &BTreeSet::from([place]), &near)
        };
        assert_eq!(of(&post("new", 2, None), places[0]), [UNKNOWN; COSINES]);
        assert_eq!(of(&post("new", 2, towards(0.0)), places[1]), [UNKNOWN; COSINES]);
        let known = of(&post("new", 2, towards(0.0)), places[0]);
        assert!(known[..COSINES - 2].iter().all(|cosine| (cosine - 0.5).abs() < 0.01), "{known:?}");
        assert_eq!(known[COSINES - 2..], [0.0, 0.0]);
    }
}
