//! The state machine of a rule: one hit after another, alerts that fire and grow.
//!
//! In: hits and, for silence, the present. Out: [`Firing`]s. Hits are kept in lanes: one for each story
//! where the rule fires per story, else one for all. What it does for each kind stands in the header of
//! `watch`.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};

use self::usual::{Past, usual};
use super::{RuleConfig, RuleKind};
use crate::record::{Alert, AlertState, Evidence, PostId, RuleHit, StoryId};

/// Posts an alert carries as evidence, newest first.
const MAX_EVIDENCE: usize = 50;

/// What is known of a rule's past when new hits come.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Its hits already evaluated, from [`lookback`] before the oldest new one on, in any order.
    pub hits: Vec<RuleHit>,
    /// Its alerts of the same period, and its latest one whenever that was, in any order.
    pub alerts: Vec<Alert>,
    /// Time of its newest hit before that period, if there is one; `first_mention` and `flatline` ask.
    pub last_before: Option<DateTime<Utc>>,
    /// Since when posts are collected that the rule could have hit. A spike is measured against no more
    /// past than there is; a rule that never had a hit is silent since then.
    pub since: Option<DateTime<Utc>>,
}

/// What came of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum Firing {
    /// A new alert.
    New(Alert),
    /// An alert that was there, with more to it: same key, state and time of firing.
    Grown(Alert),
    /// An alert that was there and tells, as late posts show, of what an older one tells of. That one has grown by it.
    Joined(Alert),
}

/// How far back from the oldest new hit [`evaluate`] must see hits and alerts.
#[must_use]
pub fn lookback(rule: &RuleConfig) -> Duration {
    let merge = merge(rule);
    match &rule.kind {
        RuleKind::Any => reach::longest(merge),
        RuleKind::Frequency { window_minutes, .. } | RuleKind::Flatline { window_minutes } => {
            minutes(*window_minutes) + merge
        }
        RuleKind::Spike { window_minutes, baseline_days, .. } => {
            days(*baseline_days) + minutes(*window_minutes) + merge
        }
        RuleKind::FirstMention { quiet_days } => days(*quiet_days).max(merge),
        RuleKind::NewTerm { window_minutes, .. } => minutes(*window_minutes) + merge,
    }
}

/// The alerts that fire or grow when `new` hits come (in any order) after what `window` knows, at `now`.
/// Hits of posts that `window` already knows are left out, so evaluating twice adds nothing. To notice
/// silence, call it now and then without new hits.
#[must_use]
pub fn evaluate(
    rule: &RuleConfig,
    window: &Window,
    new: &[RuleHit],
    now: DateTime<Utc>,
) -> Vec<Firing> {
    let mut watch = Watch::new(rule, window);
    let mut ordered: Vec<&RuleHit> = new.iter().collect();
    ordered.sort_by_key(|hit| (hit.at, hit.post));
    for hit in ordered {
        watch.take(hit);
    }
    if !watch.is_told(now) {
        watch.notice_silence(now);
    }
    watch.gather_evidence();
    let joined = watch.joined();
    let Watch { alerts, changed, known, .. } = watch;
    let own = changed.into_keys().filter(|i| !joined.contains(i));
    let mut firings: Vec<Firing> = own
        .map(|i| match i < known {
            true => Firing::Grown(alerts[i].clone()),
            false => Firing::New(alerts[i].clone()),
        })
        .collect();
    let told = joined.iter().filter(|i| **i < known);
    firings.extend(told.map(|i| Firing::Joined(alerts[*i].clone())));
    firings
}

/// The alerts that `hits` (in any order) would have made had the rule been watching them until `now`, after
/// what is known of the time `before`, in order of firing. For the alerts to be those of the live path from
/// some time on, the hits must begin [`lookback`] before it.
#[must_use]
pub fn rehearse(
    rule: &RuleConfig,
    before: &Window,
    hits: &[RuleHit],
    now: DateTime<Utc>,
) -> Vec<Alert> {
    fired(evaluate(rule, before, hits, now))
}

/// The alerts of `firings`, in order of firing.
#[must_use]
pub fn fired(firings: Vec<Firing>) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = firings
        .into_iter()
        .filter_map(|firing| match firing {
            Firing::New(alert) | Firing::Grown(alert) => Some(alert),
            Firing::Joined(_) => None,
        })
        .collect();
    alerts.sort_by(|a, b| (a.fired_at, &a.key).cmp(&(b.fired_at, &b.key)));
    alerts
}

fn minutes(count: u32) -> Duration {
    Duration::minutes(i64::from(count))
}

pub(super) fn days(count: u32) -> Duration {
    Duration::days(i64::from(count))
}

fn merge(rule: &RuleConfig) -> Duration {
    Duration::hours(i64::from(rule.merge_hours))
}

/// The hits among which a rule counts, in order of time, and the alerts they made.
#[derive(Default)]
struct Lane<'a> {
    hits: Vec<&'a RuleHit>,
    /// In order of firing.
    alerts: Vec<usize>,
}

struct Watch<'a> {
    rule: &'a RuleConfig,
    merge: Duration,
    lanes: HashMap<Option<StoryId>, Lane<'a>>,
    alerts: Vec<Alert>,
    /// Until when a hit is one of each alert's; see `reach`.
    until: Vec<DateTime<Utc>>,
    /// How many of `alerts` were there before.
    known: usize,
    /// Alerts that fired or grew, with the time of the newest hit known when they last did.
    changed: BTreeMap<usize, DateTime<Utc>>,
    seen: HashSet<PostId>,
    /// The newest hit so far, or since when silence is reckoned.
    last: Option<DateTime<Utc>>,
    has_hits: bool,
    since: Option<DateTime<Utc>>,
}

impl<'a> Watch<'a> {
    fn new(rule: &'a RuleConfig, window: &'a Window) -> Self {
        let mut alerts = window.alerts.clone();
        alerts.sort_by(|a, b| (a.fired_at, &a.key).cmp(&(b.fired_at, &b.key)));
        let mut watch = Self {
            rule,
            merge: merge(rule),
            lanes: HashMap::new(),
            known: alerts.len(),
            changed: BTreeMap::new(),
            seen: window.hits.iter().map(|hit| hit.post).collect(),
            last: window.hits.iter().map(|hit| hit.at).max().max(window.last_before),
            has_hits: !window.hits.is_empty() || window.last_before.is_some(),
            since: window.since,
            until: alerts.iter().map(|alert| alert.fired_at + merge(rule)).collect(),
            alerts: Vec::new(),
        };
        for hit in &window.hits {
            watch.lane_of(hit).hits.push(hit);
        }
        for lane in watch.lanes.values_mut() {
            lane.hits.sort_by_key(|hit| (hit.at, hit.post));
            lane.hits.dedup_by_key(|hit| hit.post);
        }
        for (i, alert) in alerts.iter().enumerate() {
            watch.lanes.entry(alert.story).or_default().alerts.push(i);
        }
        watch.alerts = alerts;
        for i in 0..watch.known {
            watch.reach_on(i, watch.alerts[i].fired_at);
        }
        watch
    }

    fn lane_key(&self, hit: &RuleHit) -> Option<StoryId> {
        matches!(self.rule.kind, RuleKind::Any).then_some(hit.story)
    }

    fn lane_of(&mut self, hit: &RuleHit) -> &mut Lane<'a> {
        let key = self.lane_key(hit);
        self.lanes.entry(key).or_default()
    }

    fn take(&mut self, hit: &'a RuleHit) {
        if !self.seen.insert(hit.post) {
            return;
        }
        self.notice_silence(hit.at);
        let before = self.last.filter(|_| self.has_hits);
        let lane = self.lane_of(hit);
        let place = lane.hits.partition_point(|other| (other.at, other.post) < (hit.at, hit.post));
        lane.hits.insert(place, hit);
        match &self.rule.kind {
            RuleKind::Any => self.raise(hit, hit.at, 1.0, 1.0),
            RuleKind::Frequency { count, window_minutes } => {
                self.count(hit, place, minutes(*window_minutes), |_| Some(f64::from(*count)));
            }
            RuleKind::Spike { count, window_minutes, factor, baseline_days } => {
                let (window, baseline) = (minutes(*window_minutes), days(*baseline_days));
                let since = self.since;
                self.count(hit, place, window, |past| {
                    usual(past, window, baseline, since)
                        .map(|usual| (usual * factor).max(f64::from(*count)))
                });
            }
            // Words are counted by `new_term`.
            RuleKind::Flatline { .. } | RuleKind::NewTerm { .. } => {}
            RuleKind::FirstMention { quiet_days } => self.first_mention(hit, before, *quiet_days),
        }
        self.last = self.last.max(Some(hit.at));
        self.has_hits = true;
    }

    fn first_mention(&mut self, hit: &RuleHit, before: Option<DateTime<Utc>>, quiet_days: u32) {
        let is_first = match before {
            None => true,
            Some(before) => quiet_days > 0 && hit.at - before >= days(quiet_days),
        };
        if is_first || self.near_alert(None, hit.at).is_some() {
            self.raise(hit, hit.at, 1.0, 1.0);
        }
    }

    /// Looks at each window that `hit`, now at `place`, could have completed: the one ending with it and,
    /// if it came late, those ending with later hits. `threshold` is told the hits before the window.
    fn count(
        &mut self,
        hit: &'a RuleHit,
        place: usize,
        window: Duration,
        threshold: impl Fn(Past<'_, 'a>) -> Option<f64>,
    ) {
        let lane = &self.lanes[&None];
        let mut complete = None;
        for (i, end) in lane.hits.iter().enumerate().skip(place) {
            let from = end.at - window;
            if hit.at <= from {
                break;
            }
            let first = lane.hits.partition_point(|other| other.at <= from);
            let measured = (i + 1 - first) as f64;
            if let Some(wanted) = threshold(Past { hits: &lane.hits[..first], until: from })
                && measured >= wanted
            {
                complete = Some((*end, from, measured, wanted));
                break;
            }
        }
        if let Some((end, from, measured, wanted)) = complete {
            self.raise(end, from, measured, wanted);
        }
    }

    /// Fires at `hit`, or lets the alert near it grow.
    fn raise(&mut self, hit: &RuleHit, window_start: DateTime<Utc>, measured: f64, threshold: f64) {
        let key = self.lane_key(hit);
        let i = match self.near_alert(key, hit.at) {
            Some(i) => i,
            None => {
                let story = key.map_or(String::new(), |story| format!("/{story}"));
                let name = format!("{}{story}@{}", self.rule.id, hit.at.timestamp());
                self.add(name, key, window_start, hit.at, threshold)
            }
        };
        let alert = &mut self.alerts[i];
        alert.window_start = alert.window_start.min(window_start);
        alert.measured = alert.measured.max(measured);
        self.changed.insert(i, hit.at.max(self.last.unwrap_or(hit.at)));
        self.reach_on(i, hit.at);
    }

    /// A new alert, without evidence yet.
    fn add(
        &mut self,
        name: String,
        lane: Option<StoryId>,
        window_start: DateTime<Utc>,
        fired_at: DateTime<Utc>,
        threshold: f64,
    ) -> usize {
        let i = self.alerts.len();
        self.alerts.push(Alert {
            key: name,
            rule: self.rule.id.clone(),
            story: lane,
            window_start,
            fired_at,
            measured: 0.0,
            threshold,
            evidence: Vec::new(),
            because: None,
            told: Default::default(),
            severity: self.rule.severity,
            state: AlertState::Open,
        });
        self.until.push(fired_at + self.merge);
        let alerts = &self.alerts;
        let ordered = &mut self.lanes.entry(lane).or_default().alerts;
        let place = ordered.partition_point(|other| alerts[*other].fired_at <= fired_at);
        ordered.insert(place, i);
        i
    }

    /// For each alert that fired or grew: the hits since its window began, and for kinds that count all of
    /// them their number.
    fn gather_evidence(&mut self) {
        if matches!(self.rule.kind, RuleKind::Flatline { .. }) {
            return; // silence rests on no post
        }
        let counts_all = matches!(self.rule.kind, RuleKind::Any | RuleKind::FirstMention { .. });
        for (i, newest_known) in &self.changed {
            let alert = &mut self.alerts[*i];
            let last = self.until[*i].min(*newest_known);
            let hits = &self.lanes[&alert.story].hits;
            let begin = hits.partition_point(|hit| hit.at < alert.window_start);
            let end = hits.partition_point(|hit| hit.at <= last);
            let within = &hits[begin.min(end)..end];
            if counts_all {
                alert.measured = alert.measured.max(within.len() as f64);
            }
            let newest = within.iter().rev().take(MAX_EVIDENCE);
            // Known hits come without their words; those that the alert had shown keep them.
            let mut had: HashMap<_, _> =
                alert.evidence.drain(..).map(|shown| (shown.post, shown.spans)).collect();
            let mut spans = |hit: &RuleHit| match hit.spans.is_empty() {
                true => had.remove(&hit.post).unwrap_or_default(),
                false => hit.spans.clone(),
            };
            alert.evidence =
                newest.map(|hit| Evidence { post: hit.post, spans: spans(hit) }).collect();
        }
    }

    /// Whether the silence that has lasted its window by `now` is the one that the latest alert told of: what came since
    /// was so old that the silence had not ended when it was told. A source's posts may be stored one by one.
    fn is_told(&self, now: DateTime<Utc>) -> bool {
        let RuleKind::Flatline { window_minutes } = self.rule.kind else { return false };
        let fires_at = self.last.or(self.since).map(|last| last + minutes(window_minutes));
        let told = self.alerts[..self.known].iter().filter_map(|alert| alert.told.since);
        // A time after now is that of a clock that was ahead.
        let told = told.filter(|told| *told <= now).max();
        fires_at.zip(told).is_some_and(|(fires_at, told)| fires_at <= told)
    }

    /// Fires for silence that has lasted its window by `now`.
    fn notice_silence(&mut self, now: DateTime<Utc>) {
        let RuleKind::Flatline { window_minutes } = self.rule.kind else { return };
        let Some(last) = self.last.or(self.since) else { return };
        let fires_at = last + minutes(window_minutes);
        if now < fires_at || self.near_alert(None, fires_at).is_some() {
            return;
        }
        let name = format!("{}@{}", self.rule.id, fires_at.timestamp());
        let i = self.add(name, None, last, fires_at, 1.0);
        self.changed.insert(i, fires_at);
    }
}

mod reach;
#[cfg(test)]
mod tests;
mod usual;
