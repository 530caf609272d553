//! Why a rule told nothing on a day: step by step from what was collected to what became of each message.
//!
//! In: a rule and a day. Out: sentences, in the order in which a post becomes a message, each with where to look further.
//! It guesses nothing: each sentence is a count or a state that is stored.

use std::fmt::Display;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use index::{SearchIndex, SearchOptions, Sort};
use pipelines::locale::Lang;
use pipelines::query::Query;
use pipelines::watch::RuleConfig;
use serde::Serialize;

use super::line::{PostLine, SNIPPET_CHARS};
use super::today::ALL;
use super::{Act, Desk, DeskError, Result, Who};
use crate::engine::StoredPosts;
use crate::store::{OutboxAsk, OutboxLine, StoredAlert};

/// Posts that are named.
const NAMED: usize = 5;

/// Messages looked through for those of an alert.
const MESSAGES: usize = 5_000;

/// One step.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Finding {
    /// Whether it is here that it ended.
    pub ends: bool,
    /// What was found, in words.
    pub words: String,
    /// A path of the console where more stands.
    pub path: Option<String>,
}

/// From what was collected to what was told.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct NothingSheet {
    /// The rule's id.
    pub rule: String,
    /// Its name.
    pub name: String,
    /// The local day.
    pub day: String,
    /// In order.
    pub steps: Vec<Finding>,
    /// Some of the posts that the rule was about on that day.
    pub posts: Vec<PostLine>,
}

/// The steps as they are found.
struct Steps {
    lang: Lang,
    steps: Vec<Finding>,
}

impl Steps {
    fn add(&mut self, ends: bool, key: &str, args: &[(&str, &dyn Display)], path: &str) {
        let words = self.lang.fill(&format!("desk.nothing.{key}"), args);
        let path = Some(path.to_owned()).filter(|path| !path.is_empty());
        self.steps.push(Finding { ends, words, path });
    }
}

struct Day {
    day: NaiveDate,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Desk {
    /// What became of `rule` on `day`, or today.
    ///
    /// # Errors
    /// `Unknown`; a broken store or index.
    pub fn why_nothing(
        &self,
        who: &Who,
        rule: &str,
        day: Option<NaiveDate>,
    ) -> Result<NothingSheet> {
        self.check(who, Act::Rehearse)?;
        self.unbounded(who)?;
        let unknown = || DeskError::Unknown { what: "rule", id: rule.to_owned() };
        let found = self.config.rules.iter().find(|known| known.id.as_str() == rule);
        let rule = found.ok_or_else(unknown)?;
        let day = self.day(day);
        let mut steps = Steps { lang: who.lang, steps: Vec::new() };
        if !rule.enabled {
            steps.add(true, "off", &[], &format!("/entry/rule/{}", rule.id));
        }
        let (_, behind) = self.asked()?;
        if behind > 0 {
            steps.add(false, "behind", &[("n", &behind)], "");
        }
        let (all, _) = self.within(&self.query(ALL)?, &day)?;
        steps.add(all == 0, "collected", &[("n", &all)], "/sources");
        let query = self.rule_query(&rule.query)?;
        let (met, posts) = self.within(&query, &day)?;
        let asked = format!("({}) published:{}", rule.query, day.day);
        let asked: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
        steps.add(met == 0, "met", &[("n", &met)], &format!("/search?q={asked}&posts=true"));
        let alerts = self.alerts_of(rule, &day)?;
        if met > 0 && alerts.is_empty() {
            steps.add(true, "below", &[], &format!("/rules?rule={}", rule.id));
        }
        let messages = self.store.outbox(&OutboxAsk { limit: MESSAGES, ..OutboxAsk::default() })?;
        for stored in &alerts {
            self.told(stored, &day, &messages, &mut steps)?;
        }
        Ok(NothingSheet {
            rule: rule.id.0.clone(),
            name: rule.name.clone(),
            day: day.day.to_string(),
            steps: steps.steps,
            posts,
        })
    }

    fn day(&self, day: Option<NaiveDate>) -> Day {
        let zone = self.config.station.zone;
        let day = day.unwrap_or_else(|| self.now().with_timezone(&zone).date_naive());
        let midnight = |day: NaiveDate| {
            let local = zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
            local.map_or_else(|| self.now(), |at| at.with_timezone(&Utc))
        };
        let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
        Day { day, from: midnight(day), to: midnight(next) }
    }

    /// Posts of the day that meet `query`, and some of them.
    fn within(&self, query: &Query, day: &Day) -> Result<(u64, Vec<PostLine>)> {
        let within = query.during(Some(day.from), Some(day.to), self.config.station.zone);
        let options = SearchOptions {
            limit: NAMED,
            sort: Sort::Risk,
            group_by_story: false,
            ..SearchOptions::default()
        };
        let (index, _) = self.asked()?;
        let results = index.search(&within, &options, Some(&StoredPosts(&*self.store)))?;
        let lines = results.hits.iter().map(|hit| self.line_of(hit, Some(query), SNIPPET_CHARS));
        let lines = lines.filter_map(Result::transpose).collect::<Result<_>>()?;
        Ok((results.posts.unwrap_or(0), lines))
    }

    /// Alerts of the rule that fired on the day or took up a post of it.
    fn alerts_of(&self, rule: &RuleConfig, day: &Day) -> Result<Vec<StoredAlert>> {
        let all = self.store.alerts(&crate::store::PostRange::default(), usize::MAX)?;
        let is_within = |at: DateTime<Utc>| (day.from..day.to).contains(&at);
        let mut found = Vec::new();
        for stored in all.into_iter().filter(|stored| stored.alert.rule == rule.id) {
            let mut times = vec![stored.alert.fired_at];
            for evidence in &stored.alert.evidence {
                times.extend(self.store.post(evidence.post)?.map(|post| post.post.time()));
            }
            if times.into_iter().any(is_within) {
                found.push(stored);
            }
        }
        Ok(found)
    }

    /// What became of an alert, and of each message of it.
    fn told(
        &self,
        stored: &StoredAlert,
        day: &Day,
        messages: &[OutboxLine],
        steps: &mut Steps,
    ) -> Result<()> {
        let alert = &stored.alert;
        let shown = |at: DateTime<Utc>| {
            at.with_timezone(&self.config.station.zone).format("%Y-%m-%d %H:%M").to_string()
        };
        let (id, fired) = (stored.id, shown(alert.fired_at));
        let is_new = (day.from..day.to).contains(&alert.fired_at);
        let key = if is_new { "fired" } else { "merged" };
        let args: [(&str, &dyn Display); 3] = [("id", &id), ("at", &fired), ("n", &stored.hits)];
        steps.add(!is_new, key, &args, &format!("/alerts/{id}"));
        if let Some(until) = self.put_off_until(&alert.key)? {
            steps.add(true, "put_off", &[("id", &id), ("at", &shown(until))], "");
        }
        let is_of = |line: &&OutboxLine| {
            let rest = line.delivery.key.strip_prefix(alert.key.as_str());
            rest.is_some_and(|rest| rest.starts_with(['@', '+']))
        };
        let mut messages = messages.iter().filter(is_of).peekable();
        if messages.peek().is_none() {
            steps.add(true, "no_message", &[("id", &id)], "/deliveries");
        }
        for line in messages {
            let (delivery, state) = (&line.delivery, line.delivery.state.as_str());
            let no_answer = || steps.lang.text("desk.nothing.no_answer");
            let why = delivery.error.clone().unwrap_or_else(no_answer);
            let at = shown(line.sent.unwrap_or(line.due));
            let args: [(&str, &dyn Display); 3] =
                [("way", &delivery.notifier), ("at", &at), ("why", &why)];
            let key = match state {
                "sent" => "sent",
                "dead" => "dead",
                _ if delivery.attempts == 0 && line.due > self.now() => "quiet",
                _ => "waiting",
            };
            steps.add(state != "sent", key, &args, &format!("/deliveries?state={state}"));
        }
        Ok(())
    }
}
