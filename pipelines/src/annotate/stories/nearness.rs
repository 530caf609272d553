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
