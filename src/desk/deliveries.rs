//! Deliveries: every message with its way out, what became of it, and the answer it got.
//!
//! In: a state, where the page before ended. Out: lines, newest first, and how many wait and were given up; or messages
//! that were given up made due again. It sends nothing itself: the station does.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Act, Desk, DeskError, Result, Who};
use crate::engine::delivery;
use crate::store::OutboxAsk;

/// Lines on a page.
const PAGE: usize = 50;

/// What a delivery can be.
pub const STATES: [&str; 3] = ["pending", "dead", "sent"];

/// One message by one way out.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryRow {
    /// Its number.
    pub id: i64,
    /// What it says in one line; empty where the text was not kept.
    pub title: String,
    /// The way out, as config names it.
    pub notifier: String,
    /// `pending`, `sent` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is due, or was.
    pub due: DateTime<Utc>,
    /// When it was taken.
    pub sent: Option<DateTime<Utc>>,
    /// What the last answer said, where it was not taken.
    pub error: Option<String>,
}

/// A way out, and how it stands.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WayRow {
    /// As config names it.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Messages that wait.
    pub waiting: u64,
    /// Messages that were given up.
    pub dead: u64,
    /// Why it does not work, where it does not.
    pub fault: Option<String>,
}

/// A page of deliveries.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Deliveries {
    /// The ways out.
    pub ways: Vec<WayRow>,
    /// Newest first.
    pub rows: Vec<DeliveryRow>,
    /// What the next page begins with; none where this is the last.
    pub next: Option<i64>,
}

impl Desk {
    /// The deliveries of a state, or all.
    ///
    /// # Errors
    /// `Value` for a state that there is not; a broken store.
    pub fn deliveries(
        &self,
        who: &Who,
        state: Option<&str>,
        before: Option<i64>,
    ) -> Result<Deliveries> {
        self.check(who, Act::SeeDeliveries)?;
        if let Some(value) = state.filter(|state| !STATES.contains(state)) {
            return Err(DeskError::Value { what: "delivery_state", value: value.to_owned() });
        }
        // What is said in a message is of all units.
        self.unbounded(who)?;
        let ask = OutboxAsk { state: state.map(str::to_owned), before, limit: PAGE + 1 };
        let mut lines = self.store.outbox(&ask)?;
        let has_more = lines.len() > PAGE;
        lines.truncate(PAGE);
        let next = lines.last().filter(|_| has_more).map(|line| line.delivery.id);
        let rows = lines.into_iter().map(|line| {
            let delivery = line.delivery;
            let body: serde_json::Value = serde_json::from_str(&delivery.body).unwrap_or_default();
            DeliveryRow {
                id: delivery.id,
                title: body["title"].as_str().unwrap_or_default().to_owned(),
                notifier: delivery.notifier,
                state: delivery.state,
                attempts: delivery.attempts,
                due: line.due,
                sent: line.sent,
                error: delivery.error,
            }
        });
        Ok(Deliveries { rows: rows.collect(), next, ways: self.ways()? })
    }

    fn ways(&self) -> Result<Vec<WayRow>> {
        let faults = crate::engine::faults::stored(&*self.store)?;
        let counts = self.store.outbox_counts()?;
        let count = |name: &str, state: &str| {
            counts.iter().filter(|(way, of, _)| way == name && of == state).map(|(.., n)| n).sum()
        };
        let kind = |name: &str| {
            let known = self.config.notifiers.iter().find(|notifier| notifier.name == name);
            known.map(|notifier| notifier.kind.as_str().to_owned())
        };
        let mut names: Vec<&str> = self.config.notifiers.iter().map(|n| n.name.as_str()).collect();
        // Also those that config no longer has and messages still wait for.
        for (way, state, _) in &counts {
            if state != "sent" && !names.contains(&way.as_str()) {
                names.push(way);
            }
        }
        let row = |name: &str| WayRow {
            name: name.to_owned(),
            kind: kind(name).unwrap_or_default(),
            waiting: count(name, "pending"),
            dead: count(name, "dead"),
            fault: faults
                .iter()
                .find(|fault| fault.part.kind() == "way" && fault.part.name() == name)
                .map(|fault| fault.words.clone()),
        };
        Ok(names.into_iter().map(row).collect())
    }

    /// Makes what was given up due again: of one way out or all; `to` sends what waits for `by` another way. How many.
    ///
    /// # Errors
    /// `Unknown` for a way out that config does not have; a broken store.
    pub fn resend(&self, who: &Who, by: Option<&str>, to: Option<&str>) -> Result<u64> {
        self.check(who, Act::Resend)?;
        let known = |name: &str| self.config.notifiers.iter().any(|n| n.name == name);
        if let Some(unknown) = to.filter(|name| !known(name)) {
            return Err(DeskError::Unknown { what: "notifier", id: unknown.to_owned() });
        }
        let (mut count, now) = (0, self.now());
        self.store.write(&mut |write| {
            count = write.revive(by, now)?;
            if let (Some(by), Some(to)) = (by, to) {
                count = write.reroute(by, to, now)?;
            }
            // A station at work hears of it, and tries at once what it has been waiting with.
            write.put_state(delivery::RESEND, &now.to_rfc3339())?;
            let by = by.unwrap_or("*");
            let detail = format!("{count} deliveries to {} by {}", to.unwrap_or(by), who.name);
            write.audit_by(now, &who.name, "resend", by, &detail)
        })?;
        Ok(count)
    }
}
