//! Who is told of an alert, and when: routes, quiet hours, those who are told when nobody looks, alerts that are put off.
//!
//! In: an alert in the transaction that stores it, or the passing of time. Out: messages in the outbox, due at once or
//! when the quiet hours of a way are over. A message has one key, so that what is told again after a kill is told once.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::query::{Query, Target};
use pipelines::record::{Alert, AlertState, AnnotatedPost, Severity, Subject, SubjectId};
use pipelines::watch::RuleConfig;

use super::cases::policy;
use crate::config::{Config, NotifierConfig, RouteConfig};
use crate::notify::{About, AlertNotice, Growth, alert_message};
use crate::report::DigestPost;
use crate::store::{PostRange, Result, Store, StoreError, StoreWrite};

/// Evidence posts handed to the writer of a message, and looked at by routes.
const TOLD: usize = 5;

/// Days after which an alert that nobody looked at is no more told to others.
const UNATTENDED_DAYS: i64 = 7;

/// What the key of a message has that tells others of an alert that nobody looked at.
const UNATTENDED: &str = "+unattended";

/// The state that says until when an alert is put off: `snooze:KEY`.
pub const SNOOZE: &str = "snooze:";

/// Tells of alerts as config says.
#[derive(Clone, Copy)]
pub(super) struct Teller<'a> {
    pub config: &'a Config,
    /// What the routes of config ask, in their order.
    pub routes: &'a [Option<Query>],
}

/// What is told, beside the alert.
#[derive(Clone, Copy)]
pub(super) struct Telling<'a> {
    /// The rule; absent where it was removed since.
    pub rule: Option<&'a RuleConfig>,
    /// What it asks, in words.
    pub in_words: Option<&'a str>,
    /// Why it is told again.
    pub again: Option<Growth>,
}

impl Teller<'_> {
    /// Queues the message of an alert for everyone who is told of it. One that is put off is told only where it became
    /// graver.
    pub fn tell(
        &self,
        write: &dyn StoreWrite,
        alert: &Alert,
        telling: Telling,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let may_wait = !matches!(telling.again, None | Some(Growth::Graver));
        if may_wait && until(write.state(&format!("{SNOOZE}{}", alert.key))?)? > Some(now) {
            return Ok(());
        }
        let mark = telling
            .again
            .map_or_else(String::new, |growth| format!("+{}{}", growth.as_str(), alert.told.posts));
        let posts = posts_of(write, alert)?;
        let named = telling.rule.map_or(&[][..], |rule| &rule.notify);
        let ways = self.ways(alert, &posts, named, now);
        self.queue(write, (alert, &posts), telling, (&ways, &mark), now)
    }

    /// Those that the rule names; else those of the routes that fit; else the default ones.
    fn ways(
        &self,
        alert: &Alert,
        posts: &[AnnotatedPost],
        named: &[String],
        now: DateTime<Utc>,
    ) -> Vec<&NotifierConfig> {
        if named.is_empty() {
            let fitting = self.fitting(alert, posts);
            let units = units_of(posts);
            let routed = fitting.iter().flat_map(|route| match route.notify.as_slice() {
                [] => self.config.notifiers(&[]).collect(),
                names => self.config.ways_with_duty(names, &units, now),
            });
            let routed = routed.map(|way| way.name.as_str()).collect::<Vec<_>>();
            if !routed.is_empty() {
                let is_routed = |way: &&NotifierConfig| routed.contains(&way.name.as_str());
                return self.config.notifiers.iter().filter(is_routed).collect();
            }
        }
        self.config.notifiers(named).collect()
    }

    /// The routes whose conditions the alert meets, by one of its newest posts.
    fn fitting(&self, alert: &Alert, posts: &[AnnotatedPost]) -> Vec<&RouteConfig> {
        let newest = posts.iter().take(TOLD);
        let fits = |(route, query): &(&RouteConfig, &Option<Query>)| {
            (route.rules.is_empty() || route.rules.contains(&alert.rule))
                && route.severity.is_none_or(|least| grade(alert) >= least)
                && query.as_ref().is_none_or(|query| {
                    newest.clone().any(|post| query.matches(&Target::new(post)).is_some())
                })
        };
        let routes = self.config.routes.iter().zip(self.routes);
        routes.filter(fits).map(|(route, _)| route).collect()
    }

    /// One message for each of `ways`, due when its quiet hours are over.
    fn queue(
        &self,
        write: &dyn StoreWrite,
        (alert, posts): (&Alert, &[AnnotatedPost]),
        telling: Telling,
        (ways, mark): (&[&NotifierConfig], &str),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (zone, lang) = (self.config.station.zone, self.config.station.lang);
        let about = self.about(write, alert, posts, now)?;
        let evidence = posts.iter().take(TOLD).map(|post| {
            let source = self.config.sources.iter().find(|s| s.id == post.post.source);
            DigestPost::of(post, source.map_or(post.post.source.as_str(), |s| s.name.as_str()))
        });
        let evidence = evidence.collect::<Vec<_>>();
        for way in ways {
            let key = format!("{}{mark}@{}", alert.key, way.name);
            let notice = AlertNotice {
                about: about.as_ref(),
                alert,
                rule: telling.rule,
                query_in_words: telling.in_words,
                evidence: &evidence,
                again: telling.again,
                zone,
                lang,
            };
            let message = alert_message(key.clone(), &notice);
            let due = way.due(grade(alert), now, &self.config.calendar, zone);
            write.enqueue(&key, &way.name, &message.json(), due)?;
        }
        Ok(())
    }

    /// What is known of the posts it rests on; none where it rests on none.
    fn about(
        &self,
        write: &dyn StoreWrite,
        alert: &Alert,
        posts: &[AnnotatedPost],
        now: DateTime<Utc>,
    ) -> Result<Option<About>> {
        if posts.is_empty() {
            return Ok(None);
        }
        let config = self.config;
        let outlet = |post: &AnnotatedPost| {
            let source = config.sources.iter().find(|source| source.id == post.post.source);
            let name = || source.map_or_else(|| post.post.source.0.clone(), |s| s.name.clone());
            post.post.outlet.clone().unwrap_or_else(name)
        };
        let subject = |id: &str| config.subjects.iter().find(|subject| subject.id.as_str() == id);
        let unit = |id: &str| {
            let name = subject(id).map_or_else(|| id.to_owned(), |subject| subject.name.clone());
            let above = |unit: &&Subject| unit.parent.as_ref().and_then(|id| subject(id.as_str()));
            // Config refuses circles.
            (std::iter::successors(subject(id), above).count(), name)
        };
        let station = &config.station;
        let number = write.alert_number(&alert.key)?;
        let policy = policy(config);
        let limit = policy.limits.verify.of(grade(alert));
        let until = policy.due(alert.told.since.unwrap_or(now), limit);
        let link = Some(&station.public_url).filter(|url| !url.is_empty()).zip(number);
        Ok(Some(About {
            number,
            link: link
                .map(|(base, number)| format!("{}/alerts/{number}", base.trim_end_matches('/'))),
            until: Some(until),
            ..About::of(posts, &outlet, &unit, now, station.lang)
        }))
    }

    /// Tells others of alerts that nobody looked at in their time, and of those that were put off until now.
    pub fn look_at_unattended(
        &self,
        store: &dyn Store,
        write: &dyn StoreWrite,
        rule_of: &dyn Fn(&Alert) -> Option<RuleConfig>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut put_off = BTreeMap::new();
        for (name, text) in store.states(SNOOZE)? {
            put_off.extend(until(Some(text))?.map(|at| (name, at)));
        }
        if put_off.is_empty() && self.config.routes.iter().all(|route| route.escalate.is_empty()) {
            return Ok(());
        }
        let open = store.alerts(&PostRange::default(), usize::MAX)?.into_iter();
        let open = open.map(|stored| stored.alert).filter(|alert| alert.state == AlertState::Open);
        for alert in open {
            let rule = rule_of(&alert);
            let telling =
                |again| Telling { rule: rule.as_ref(), in_words: None, again: Some(again) };
            match put_off.get(&format!("{SNOOZE}{}", alert.key)) {
                Some(at) if *at <= now => {
                    let posts = posts_of(write, &alert)?;
                    let named = rule.as_ref().map_or(&[][..], |rule| &rule.notify);
                    let mark = format!("+woken{}", at.timestamp());
                    let ways = self.ways(&alert, &posts, named, now);
                    let woken = telling(Growth::Woken);
                    self.queue(write, (&alert, &posts), woken, (&ways, &mark), now)?;
                }
                Some(_) => {}
                None => self.escalate(write, &alert, telling(Growth::Unattended), now)?,
            }
        }
        // Also of alerts that were closed or purged meanwhile.
        for name in put_off.iter().filter(|(_, at)| **at <= now).map(|(name, _)| name) {
            write.drop_state(name)?;
        }
        Ok(())
    }

    /// Tells those above of an alert, where its time is over and they were not told yet.
    fn escalate(
        &self,
        write: &dyn StoreWrite,
        alert: &Alert,
        telling: Telling,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(since) = alert.told.since else { return Ok(()) };
        let waited = now - since;
        let is_over = |route: &RouteConfig| {
            route.escalate_minutes > 0
                && waited >= TimeDelta::minutes(i64::from(route.escalate_minutes))
        };
        if waited > TimeDelta::days(UNATTENDED_DAYS) || !self.config.routes.iter().any(is_over) {
            return Ok(());
        }
        let posts = posts_of(write, alert)?;
        let units = units_of(&posts);
        let mut ways: Vec<&NotifierConfig> = Vec::new();
        for route in self.fitting(alert, &posts).into_iter().filter(|route| is_over(route)) {
            // Also the next shift hears of what nobody has looked at.
            for way in self.config.ways_with_duty(&route.escalate, &units, now) {
                if !write.is_queued(&format!("{}{UNATTENDED}@{}", alert.key, way.name))? {
                    ways.push(way);
                }
            }
        }
        if ways.is_empty() {
            return Ok(());
        }
        self.queue(write, (alert, &posts), telling, (&ways, UNATTENDED), now)
    }
}

/// The grade it is told with: its own, or that of the gravest post that joined it.
fn grade(alert: &Alert) -> Severity {
    alert.severity.max(alert.told.severity)
}

/// The units that the posts name, each once.
fn units_of(posts: &[AnnotatedPost]) -> Vec<SubjectId> {
    let mut units: Vec<SubjectId> = Vec::new();
    for mention in posts.iter().flat_map(|post| &post.mentions) {
        if !units.contains(&mention.subject) {
            units.push(mention.subject.clone());
        }
    }
    units
}

/// The posts it rests on that are still stored, newest first.
fn posts_of(write: &dyn StoreWrite, alert: &Alert) -> Result<Vec<AnnotatedPost>> {
    let mut posts = Vec::new();
    for evidence in &alert.evidence {
        posts.extend(write.post(evidence.post)?);
    }
    Ok(posts)
}

/// Until when something is put off.
fn until(state: Option<String>) -> Result<Option<DateTime<Utc>>> {
    let Some(text) = state else { return Ok(None) };
    let corrupt = |cause: chrono::ParseError| StoreError::Corrupt {
        what: SNOOZE.to_owned(),
        cause: cause.to_string(),
    };
    text.parse().map(Some).map_err(corrupt)
}

#[cfg(test)]
#[path = "telling/tests.rs"]
mod tests;
