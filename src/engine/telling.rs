//! Who is told of an alert, and when: routes, quiet hours, those who are told when nobody looks, alerts that are put off.
//!
//! In: an alert in the transaction that stores it, or the passing of time. Out: messages in the outbox, due at once or
//! when the quiet hours of a way are over. A message has one key, so that what is told again after a kill is told once.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::query::{Query, Target};
use pipelines::record::{Alert, AlertState};
use pipelines::watch::RuleConfig;

use crate::config::{Config, NotifierConfig, RouteConfig};
use crate::notify::{AlertNotice, Growth, alert_message};
use crate::report::DigestPost;
use crate::store::{PostRange, Result, Store, StoreError, StoreWrite};

/// Evidence posts handed to the writer of a message, and looked at by routes.
const TOLD: usize = 5;

/// Days after which an alert that nobody looked at is no more told to others.
const UNATTENDED_DAYS: i64 = 7;

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
        let named = telling.rule.map_or(&[][..], |rule| &rule.notify);
        for way in self.ways(write, alert, named)? {
            self.queue(write, alert, telling, (way, &mark), now)?;
        }
        Ok(())
    }

    /// Those that the rule names; else those of the routes that fit; else the default ones.
    fn ways(
        &self,
        write: &dyn StoreWrite,
        alert: &Alert,
        named: &[String],
    ) -> Result<Vec<&NotifierConfig>> {
        if named.is_empty() {
            let mut routed: Vec<&str> = Vec::new();
            for route in self.fitting(write, alert)? {
                let ways = self.config.notifiers(&route.notify).map(|way| way.name.as_str());
                routed.extend(ways);
            }
            if !routed.is_empty() {
                let is_routed = |way: &&NotifierConfig| routed.contains(&way.name.as_str());
                return Ok(self.config.notifiers.iter().filter(is_routed).collect());
            }
        }
        Ok(self.config.notifiers(named).collect())
    }

    /// The routes whose conditions the alert meets, by one of its newest posts.
    fn fitting(&self, write: &dyn StoreWrite, alert: &Alert) -> Result<Vec<&RouteConfig>> {
        let mut posts = Vec::new();
        if self.routes.iter().any(Option::is_some) {
            for evidence in alert.evidence.iter().take(TOLD) {
                posts.extend(write.post(evidence.post)?);
            }
        }
        let fits = |(route, query): &(&RouteConfig, &Option<Query>)| {
            (route.rules.is_empty() || route.rules.contains(&alert.rule))
                && route
                    .severity
                    .is_none_or(|least| alert.severity.max(alert.told.severity) >= least)
                && query.as_ref().is_none_or(|query| {
                    posts.iter().any(|post| query.matches(&Target::new(post)).is_some())
                })
        };
        let routes = self.config.routes.iter().zip(self.routes);
        Ok(routes.filter(fits).map(|(route, _)| route).collect())
    }

    fn queue(
        &self,
        write: &dyn StoreWrite,
        alert: &Alert,
        telling: Telling,
        (way, mark): (&NotifierConfig, &str),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (zone, lang) = (self.config.station.zone, self.config.station.lang);
        let key = format!("{}{mark}@{}", alert.key, way.name);
        let notice = AlertNotice {
            alert,
            rule: telling.rule,
            query_in_words: telling.in_words,
            evidence: &self.evidence(write, alert)?,
            again: telling.again,
            zone,
            lang,
        };
        let message = alert_message(key.clone(), &notice);
        let grade = alert.severity.max(alert.told.severity);
        let due = way.due(grade, now, &self.config.calendar, zone);
        write.enqueue(&key, &way.name, &message.json(), due).map(drop)
    }

    fn evidence(&self, write: &dyn StoreWrite, alert: &Alert) -> Result<Vec<DigestPost>> {
        let mut posts = Vec::new();
        for evidence in alert.evidence.iter().take(TOLD) {
            if let Some(post) = write.post(evidence.post)? {
                let source = self.config.sources.iter().find(|s| s.id == post.post.source);
                let name = source.map_or(post.post.source.as_str(), |s| s.name.as_str());
                posts.push(DigestPost::of(&post, name));
            }
        }
        Ok(posts)
    }

    /// Tells others of alerts that nobody looked at in their time, and of those that were put off until now.
    pub fn look_at_unattended(
        &self,
        store: &dyn Store,
        write: &dyn StoreWrite,
        rule_of: &dyn Fn(&Alert) -> Option<RuleConfig>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let put_off = store.states(SNOOZE)?;
        if put_off.is_empty() && self.config.routes.iter().all(|route| route.escalate.is_empty()) {
            return Ok(());
        }
        let from = now - TimeDelta::days(UNATTENDED_DAYS);
        let open = store.alerts(&PostRange::default(), usize::MAX)?;
        let open = open.into_iter().map(|stored| stored.alert);
        for alert in open.filter(|alert| alert.state == AlertState::Open) {
            let rule = rule_of(&alert);
            let telling =
                |again| Telling { rule: rule.as_ref(), in_words: None, again: Some(again) };
            let name = format!("{SNOOZE}{}", alert.key);
            let wakes = put_off.iter().find(|(of, _)| *of == name);
            if let Some(at) = until(wakes.map(|(_, text)| text.clone()))? {
                if at <= now {
                    write.drop_state(&name)?;
                    let mark = format!("+woken{}", at.timestamp());
                    let named = rule.as_ref().map_or(&[][..], |rule| &rule.notify);
                    for way in self.ways(write, &alert, named)? {
                        self.queue(write, &alert, telling(Growth::Woken), (way, &mark), now)?;
                    }
                }
                continue;
            }
            let Some(since) = alert.told.since.filter(|since| *since >= from) else { continue };
            for route in self.fitting(write, &alert)? {
                let wait = TimeDelta::minutes(i64::from(route.escalate_minutes));
                if route.escalate_minutes == 0 || since + wait > now {
                    continue;
                }
                for way in self.config.notifiers(&route.escalate) {
                    if route.escalate.contains(&way.name) {
                        let telling = telling(Growth::Unattended);
                        self.queue(write, &alert, telling, (way, "+unattended"), now)?;
                    }
                }
            }
        }
        Ok(())
    }
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
