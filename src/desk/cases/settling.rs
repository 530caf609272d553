//! Whether it settled: the posts a case is about, so long before its answer and so long after, counted by day and
//! polarity.
//!
//! In: a case that was answered, what it is about. Out: counts; every one is the number of stored posts of the happenings
//! and posts that the case names and that this person sees. No verdict: the officer judges.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use pipelines::record::{AnnotatedPost, Polarity};
use serde::Serialize;

use crate::cases::Case;
use crate::desk::search::Day;
use crate::desk::today::Volume;
use crate::desk::{Desk, Result, Who};
use crate::store::CaseLink;

/// Posts of one happening that are counted at most.
const READ: usize = 2_000;

/// Before and after the answer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Settling {
    /// When it was answered.
    pub answered: DateTime<Utc>,
    /// Hours looked at on each side: those of the watch.
    pub hours: i64,
    /// Hours of the time after that are over.
    pub over: i64,
    /// Posts of the time before.
    pub before: Volume,
    /// Posts of the time after, so far.
    pub after: Volume,
    /// Posts by local day, from the first day to the last.
    pub days: Vec<Day>,
}

impl Desk {
    /// What became of it after the answer; none before there is one.
    pub(super) fn settling(
        &self,
        who: &Who,
        case: &Case,
        links: &[CaseLink],
    ) -> Result<Option<Settling>> {
        let Some(answered) = case.answered else { return Ok(None) };
        let policy = self.case_policy();
        let watch = policy.due(answered, policy.limits.watch) - answered;
        let now = self.now().max(answered);
        let (from, to) = (answered - watch, now.min(answered + watch));
        let zone = self.config.station.zone;
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
        let (mut before, mut after) = (Volume::default(), Volume::default());
        let mut days: BTreeMap<_, u64> =
            local(from).iter_days().take_while(|day| *day <= local(to)).map(|d| (d, 0)).collect();
        for post in self.posts_of(who, links)? {
            let at = post.post.time();
            if at < from || at > to {
                continue;
            }
            count(if at < answered { &mut before } else { &mut after }, &post);
            *days.entry(local(at)).or_default() += 1;
        }
        let days = days.into_iter().map(|(day, posts)| Day { day: day.to_string(), posts });
        Ok(Some(Settling {
            answered,
            hours: watch.num_hours(),
            over: (to - answered).num_hours(),
            before,
            after,
            days: days.collect(),
        }))
    }

    /// The posts of the happenings and posts that a case names.
    fn posts_of(&self, who: &Who, links: &[CaseLink]) -> Result<Vec<AnnotatedPost>> {
        let mut ids = BTreeSet::new();
        for link in links {
            match link {
                CaseLink::Post(id) => drop(ids.insert(*id)),
                CaseLink::Story(story) => ids.extend(self.store.story_posts(*story, READ)?),
                CaseLink::Alert(_) => {}
            }
        }
        let mut posts = Vec::new();
        for id in ids {
            posts.extend(self.store.post(id)?.filter(|post| self.sees(who, post)));
        }
        Ok(posts)
    }
}

fn count(volume: &mut Volume, post: &AnnotatedPost) {
    volume.posts += 1;
    match post.shown().0.polarity {
        Polarity::Negative => volume.negative += 1,
        Polarity::Positive => volume.positive += 1,
        Polarity::Neutral => {}
    }
}
