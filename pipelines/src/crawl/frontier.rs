//! Who is asked next, and how often: decisions without state.
//!
//! In: what is due, or when a source published. Out: an order in which hosts take turns, or the time until the
//! source is asked again. Pure; the frontier itself lies in the store.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use crate::record::FetchJob;

/// Orders due jobs so that hosts take turns: the first job of each host, then the second of each…
///
/// Within a host the oldest due comes first; hosts follow in the order of their oldest job. Jobs not yet due are
/// left out. A worker pool that takes from the front is then never filled by one slow host.
#[must_use]
pub fn in_turns(jobs: Vec<FetchJob>, now: DateTime<Utc>) -> Vec<FetchJob> {
    let mut due: Vec<FetchJob> = jobs.into_iter().filter(|job| job.due <= now).collect();
    due.sort_by(|a, b| a.due.cmp(&b.due).then_with(|| a.url.cmp(&b.url)));
    let mut order = Vec::new();
    let mut queues: HashMap<String, VecDeque<FetchJob>> = HashMap::new();
    for job in due {
        let host = super::address::site_of(&job.url);
        let queue = queues.entry(host.clone()).or_default();
        if queue.is_empty() {
            order.push(host);
        }
        queue.push_back(job);
    }
    let mut turns = Vec::new();
    while !queues.is_empty() {
        order.retain(|host| match queues.get_mut(host).and_then(VecDeque::pop_front) {
            Some(job) => {
                turns.push(job);
                true
            }
            None => {
                queues.remove(host);
                false
            }
        });
    }
    turns
}

/// Bounds of an adaptive schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Never asked more often than this.
    pub shortest: TimeDelta,
    /// Never asked more rarely than this.
    pub longest: TimeDelta,
}

/// How long until a source is asked again, from the times of its latest posts.
///
/// Half the mean distance of its posts over the last week, so that on average a post waits a quarter of its
/// successor's time; a source silent for longer than its mean is asked more rarely, up to `longest`.
#[must_use]
pub fn interval(published: &[DateTime<Utc>], pace: Pace, now: DateTime<Utc>) -> TimeDelta {
    let week = now - TimeDelta::days(7);
    let mut recent: Vec<DateTime<Utc>> =
        published.iter().copied().filter(|at| *at > week && *at <= now).collect();
    recent.sort_unstable();
    let (Some(first), Some(last)) = (recent.first(), recent.last()) else { return pace.longest };
    let gaps = i32::try_from(recent.len().max(2) - 1).unwrap_or(i32::MAX);
    let mean = if recent.len() < 2 { TimeDelta::days(7) } else { (*last - *first) / gaps };
    let silence = now - *last;
    let wanted = (mean / 2).max(silence / 8);
    wanted.clamp(pace.shortest, pace.longest.max(pace.shortest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(secs: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + secs, 0).unwrap()
    }

    fn job(url: &str, due: i64) -> FetchJob {
        FetchJob::new(url, &"s".into(), at(due))
    }

    fn check(jobs: &[(&str, i64)], expected: &[&str]) {
        let jobs = jobs.iter().map(|(url, due)| job(url, *due)).collect();
        let got: Vec<String> = in_turns(jobs, at(0)).into_iter().map(|j| j.url).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn hosts_take_turns() {
        check(
            &[
                ("http://a.cn/1", -9),
                ("http://a.cn/2", -8),
                ("http://a.cn/3", -7),
                ("http://b.cn/1", -3),
                ("http://www.b.cn/2", -2),
                ("http://c.cn/later", 5),
            ],
            &[
                "http://a.cn/1",
                "http://b.cn/1",
                "http://a.cn/2",
                "http://www.b.cn/2",
                "http://a.cn/3",
            ],
        );
    }

    #[test]
    fn who_publishes_often_is_asked_often() {
        let pace = Pace { shortest: TimeDelta::minutes(5), longest: TimeDelta::hours(12) };
        let every = |minutes: i64, count: i64| -> Vec<DateTime<Utc>> {
            (0..count).map(|n| at(-60 * minutes * n)).collect()
        };
        assert_eq!(interval(&every(1, 100), pace, at(0)), TimeDelta::minutes(5));
        assert_eq!(interval(&every(60, 50), pace, at(0)), TimeDelta::minutes(30));
        assert_eq!(interval(&every(60 * 24, 5), pace, at(0)), TimeDelta::hours(12));
        assert_eq!(interval(&[], pace, at(0)), TimeDelta::hours(12));
        assert_eq!(interval(&[at(0)], pace, at(0)), TimeDelta::hours(12));
        let silent = interval(&every(10, 50), pace, at(3600 * 24));
        assert_eq!(silent, TimeDelta::hours(3), "a silent source is asked more rarely");
    }

    proptest! {
        #[test]
        fn no_job_is_lost_and_none_doubled(hosts in proptest::collection::vec((0u8..5, -50i64..0), 0..40)) {
            let jobs: Vec<FetchJob> = hosts
                .iter()
                .enumerate()
                .map(|(n, (host, due))| job(&format!("http://h{host}.cn/{n}"), *due))
                .collect();
            let mut before: Vec<String> = jobs.iter().map(|j| j.url.clone()).collect();
            let mut after: Vec<String> = in_turns(jobs, at(0)).into_iter().map(|j| j.url).collect();
            before.sort();
            after.sort();
            prop_assert_eq!(before, after);
        }
    }
}
