//! Alerts: what fired, why, on which posts; acknowledged, closed, reopened, or marked as a false alarm.
//!
//! In: a span of days, or an alert's number. Out: plain values. Each change of state is audited with the name of
//! who made it; a false alarm closes the alert and becomes an example that its rule must not hit.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::record::{AlertState, Evidence, Severity, StoryId};
use serde::Serialize;

use super::line::PostLine;
use super::{Act, Desk, DeskError, Result, Who};
use crate::engine::telling::SNOOZE;
use crate::engine::watching::rule_of;
use crate::report;
use crate::store::{CaseLink, PostRange, StoredAlert};

/// Hours an alert may be put off.
const PUT_OFF_AT_MOST: u32 = 30 * 24;

/// One line of the queue.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AlertRow {
    /// Its number.
    pub id: i64,
    /// When it fired.
    pub fired: DateTime<Utc>,
    /// When a further post was last merged into it.
    pub updated: DateTime<Utc>,
    /// Its grade.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// What became of it.
    #[schema(value_type = String)]
    pub state: AlertState,
    /// The rule's id.
    pub rule: String,
    /// The rule's name; its id where the rule is gone.
    pub rule_name: String,
    /// What the rule asks; none where the rule is gone.
    pub query: Option<String>,
    /// Why it fired, in words.
    pub why: String,
    /// Posts merged into it.
    pub posts: u64,
    /// Until when it is put off.
    pub put_off: Option<DateTime<Utc>>,
    /// Its key: no two alerts have the same.
    pub key: String,
    /// What was counted.
    pub measured: f64,
    /// Against what.
    pub threshold: f64,
    /// The posts it rests on, with the times they counted by; not in lists that doors hand on.
    #[serde(skip)]
    pub evidence: Vec<Evidence>,
    /// The story, for rules that fire by story.
    #[schema(value_type = Option<String>)]
    pub story: Option<StoryId>,
    /// The newest post it rests on.
    pub newest: Option<PostLine>,
}

/// Everything shown of one alert.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AlertSheet {
    /// As in the queue.
    pub row: AlertRow,
    /// The posts it rests on that are still stored, newest first.
    pub posts: Vec<PostLine>,
    /// Posts it rested on that are past their date.
    pub purged: usize,
    /// Cases that are about it, latest first.
    pub cases: Vec<String>,
    /// What was done to it, oldest first.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub history: Vec<(DateTime<Utc>, String)>,
}

impl Desk {
    /// The alerts of the last `days`, open ones first, then newest first; `state` narrows them.
    ///
    /// # Errors
    /// A broken store.
    pub fn alerts(
        &self,
        who: &Who,
        days: u32,
        state: Option<AlertState>,
        limit: usize,
    ) -> Result<Vec<AlertRow>> {
        self.check(who, Act::SeeAlerts)?;
        let mut stored = self.stored_alerts(who, days, state)?;
        stored.sort_by_key(|stored| {
            let alert = &stored.alert;
            (alert.state != AlertState::Open, std::cmp::Reverse((alert.fired_at, stored.id)))
        });
        stored.iter().take(limit).map(|alert| self.row(who, alert)).collect()
    }

    /// How many alerts of the last `days` nobody has looked at.
    ///
    /// # Errors
    /// A broken store.
    pub fn open_alerts(&self, who: &Who, days: u32) -> Result<usize> {
        self.check(who, Act::SeeAlerts)?;
        Ok(self.stored_alerts(who, days, Some(AlertState::Open))?.len())
    }

    fn stored_alerts(
        &self,
        who: &Who,
        days: u32,
        state: Option<AlertState>,
    ) -> Result<Vec<StoredAlert>> {
        let from = self.now() - TimeDelta::days(i64::from(days));
        let range = PostRange { from: Some(from), until: None };
        let mut stored = self.store.alerts(&range, usize::MAX)?;
        stored.retain(|alert| state.is_none_or(|state| alert.alert.state == state));
        if self.bounds(who).is_none() {
            return Ok(stored);
        }
        let mut seen = Vec::new();
        for alert in stored {
            if self.sees_alert(who, &alert)? {
                seen.push(alert);
            }
        }
        Ok(seen)
    }

    /// One alert with the posts it rests on.
    ///
    /// # Errors
    /// `Unknown`; a broken store.
    pub fn alert(&self, who: &Who, id: i64) -> Result<AlertSheet> {
        self.check(who, Act::SeeAlerts)?;
        let stored = self.stored_alert(who, id)?;
        // The silence of a source is watched by a rule that asks for nothing.
        let rule = rule_of(&self.config, &stored.alert.rule).filter(|rule| !rule.query.is_empty());
        let query = rule.map(|rule| self.query(&rule.query)).transpose()?;
        let (mut posts, mut unseen) = (Vec::new(), 0);
        for evidence in &stored.alert.evidence {
            match self.store.post(evidence.post)? {
                Some(post) if self.sees(who, &post) => {
                    posts.push(self.line(&post, query.as_ref())?)
                }
                Some(_) => unseen += 1,
                None => {}
            }
        }
        let mut history = self.store.audits("alert", &id.to_string(), usize::MAX)?;
        history.retain(|line| line.object == id.to_string());
        history.reverse();
        Ok(AlertSheet {
            row: self.row(who, &stored)?,
            cases: self.cases_about(who, CaseLink::Alert(id))?,
            purged: stored.alert.evidence.len() - posts.len() - unseen,
            posts,
            history: history.into_iter().map(|line| (line.at, line.detail)).collect(),
        })
    }

    /// Puts an alert off for so many `hours`: until then it is told again only where it becomes graver, and nobody else is
    /// told that nobody looked at it; then it is told anew. 0 ends that at once.
    ///
    /// # Errors
    /// `Unknown`; `Value` beyond thirty days; a broken store.
    pub fn put_off(&self, who: &Who, id: i64, hours: u32) -> Result<()> {
        self.check(who, Act::MoveAlert)?;
        if hours > PUT_OFF_AT_MOST {
            return Err(DeskError::Value { what: "hours", value: hours.to_string() });
        }
        let stored = self.stored_alert(who, id)?;
        let name = format!("{SNOOZE}{}", stored.alert.key);
        let until = (self.now() + TimeDelta::hours(i64::from(hours))).to_rfc3339();
        let detail =
            if hours == 0 { "taken up again".to_owned() } else { format!("put off until {until}") };
        self.audited(who, ("alert", &id.to_string(), &detail), &mut |write| {
            if hours == 0 {
                write.drop_state(&name)?
            } else {
                write.put_state(&name, &until)?
            }
            Ok(true)
        })
        .map(drop)
    }

    /// Moves an alert to another state.
    ///
    /// # Errors
    /// `Unknown`; a broken store.
    pub fn move_alert(&self, who: &Who, id: i64, state: AlertState) -> Result<()> {
        self.check(who, Act::MoveAlert)?;
        self.stored_alert(who, id)?;
        let now = self.now();
        let act = ("alert", id.to_string(), state.as_str());
        let moved = self.audited(who, (act.0, &act.1, act.2), &mut |write| {
            write.set_alert_state(id, state, now)
        })?;
        if moved { Ok(()) } else { Err(unknown(id)) }
    }

    /// A false alarm: the newest post it rests on becomes an example that the rule must not hit, and the alert
    /// is closed. Answers the file the example was written into.
    ///
    /// # Errors
    /// `Unknown` where alert, rule or post is gone; a file that cannot be written.
    pub fn false_alarm(&self, who: &Who, id: i64) -> Result<std::path::PathBuf> {
        self.check(who, Act::FalseAlarm)?;
        let stored = self.stored_alert(who, id)?;
        let evidence = stored.alert.evidence.first().ok_or_else(|| unknown(id))?;
        let post = self.store.post(evidence.post)?.ok_or_else(|| unknown(id))?;
        let file = self.mark_false(&stored.alert.rule, &post.post)?;
        let now = self.now();
        self.audited(who, ("alert", &id.to_string(), "closed as a false alarm"), &mut |write| {
            write.set_alert_state(id, AlertState::Closed, now)
        })?;
        Ok(file)
    }

    pub(super) fn put_off_until(&self, key: &str) -> Result<Option<DateTime<Utc>>> {
        let text = self.store.state(&format!("{SNOOZE}{key}"))?;
        let until = text.map(|text| text.parse()).transpose().map_err(anyhow::Error::from)?;
        Ok(until.filter(|until| *until > self.now()))
    }

    pub(super) fn stored_alert(&self, who: &Who, id: i64) -> Result<StoredAlert> {
        let all = self.store.alerts(&PostRange::default(), usize::MAX)?;
        let found = all.into_iter().find(|stored| stored.id == id).ok_or_else(|| unknown(id))?;
        if self.sees_alert(who, &found)? { Ok(found) } else { Err(unknown(id)) }
    }

    /// Whether one of the posts it rests on is seen.
    fn sees_alert(&self, who: &Who, stored: &StoredAlert) -> Result<bool> {
        if self.bounds(who).is_none() {
            return Ok(true);
        }
        for evidence in &stored.alert.evidence {
            if self.store.post(evidence.post)?.is_some_and(|post| self.sees(who, &post)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn row(&self, who: &Who, stored: &StoredAlert) -> Result<AlertRow> {
        let alert = &stored.alert;
        let rule = rule_of(&self.config, &alert.rule);
        let newest = match alert.evidence.first() {
            Some(evidence) => self.store.post(evidence.post)?,
            None => None,
        };
        let newest = newest.filter(|post| self.sees(who, post));
        Ok(AlertRow {
            id: stored.id,
            fired: alert.fired_at,
            updated: stored.updated_at,
            severity: alert.severity,
            state: alert.state,
            rule: alert.rule.0.clone(),
            rule_name: rule.as_ref().map_or_else(|| alert.rule.0.clone(), |r| r.name.clone()),
            query: rule.as_ref().map(|rule| rule.query.clone()),
            why: report::why(rule.as_ref(), alert, who.lang),
            posts: stored.hits,
            put_off: self.put_off_until(&alert.key)?,
            key: alert.key.clone(),
            measured: alert.measured,
            threshold: alert.threshold,
            evidence: alert.evidence.clone(),
            story: alert.story,
            newest: newest.map(|post| self.line(&post, None)).transpose()?,
        })
    }
}

fn unknown(id: i64) -> DeskError {
    DeskError::Unknown { what: "alert", id: id.to_string() }
}
