//! When a page that was kept is looked at again: for edits, for its end, for new replies.
//!
//! In: the source, the job, what came of it, the time. Out: when to look again, or never. A page is looked at
//! after half its age again, so that a page a week old has cost about ten requests; beside the threads of a
//! board only pages that name a subject are worth that to their site.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::{SourceConfig, SourceKind};
use pipelines::record::{AnnotatedPost, FetchJob, Verdict};

/// The first look again, and the least time between two.
const SOONEST: TimeDelta = TimeDelta::hours(6);

/// After a page was read: the next look at it.
#[must_use]
pub fn next_look(
    source: &SourceConfig,
    job: &FetchJob,
    verdict: &Verdict<AnnotatedPost>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let Verdict::Keep(post) = verdict else { return look_after(source, job, now) };
    let is_thread = matches!(source.kind, SourceKind::Board { .. });
    if !is_thread && post.mentions.is_empty() {
        return None;
    }
    due(job.known_since.unwrap_or(now), source.revisit_days(), now)
}

/// After a look that brought nothing: the next one. None for a page that was never kept.
#[must_use]
pub fn look_after(
    source: &SourceConfig,
    job: &FetchJob,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    due(job.known_since?, source.revisit_days(), now)
}

fn due(since: DateTime<Utc>, days: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let next = now + ((now - since) / 2).max(SOONEST);
    (next - since <= TimeDelta::days(days.into())).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(days: u32, expected: &[i64]) {
        let since = DateTime::UNIX_EPOCH;
        let mut looks = Vec::new();
        let mut at = since;
        while let Some(next) = due(since, days, at) {
            looks.push((next - since).num_hours());
            at = next;
        }
        assert_eq!(looks, expected, "{days} days");
    }

    #[test]
    fn looks_grow_rarer_and_end() {
        check(0, &[]);
        check(1, &[6, 12, 18]);
        check(3, &[6, 12, 18, 27, 40, 60]);
        check(7, &[6, 12, 18, 27, 40, 60, 91, 136]);
    }
}
