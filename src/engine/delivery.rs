//! The outbox at work: one task a way out, so that a slow one holds up no other.
//!
//! In: a way out with something due. Out: deliveries marked sent, put off, or dead. Only a refusal of the message
//! itself is final. Where the way is at fault (config, secret, address, no answer) everything waits, with pauses
//! that grow, and stands on the board. What went out just before a crash goes out again under the same key.

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::faults::Part;
use super::pieces::{self, Sent};
use super::shared::Shared;
use super::together;
use crate::config::NotifierKind;
use crate::notify::{Blame, DeliverError, LONGEST_WAIT_SECS, Message, Notifier, next_attempt};
use crate::store::{Delivery, Result, StoreWrite};

/// The state that says when an officer last asked for everything to be sent again.
pub const RESEND: &str = "resend";

/// Messages under way to one webhook at a time.
const AT_ONCE: usize = 4;

/// The ways out that have something due and may be tried.
///
/// # Errors
/// Those of the store.
pub fn ways_due(shared: &Shared, now: DateTime<Utc>) -> Result<Vec<String>> {
    let ways = shared.store.ways_due(now)?;
    Ok(ways.into_iter().filter(|way| shared.board.may_try(&Part::Way(way.clone()), now)).collect())
}

/// Sends all that is due by every way, each for itself.
///
/// # Errors
/// Those of the store.
pub async fn deliver_due(shared: &Shared) -> anyhow::Result<()> {
    let ways = ways_due(shared, shared.now())?;
    let served = ways.into_iter().map(|way| serve(shared.clone(), way));
    let served: anyhow::Result<Vec<()>> =
        futures::future::join_all(served).await.into_iter().collect();
    served.map(drop)
}

/// Sends what is due by `way` until nothing is, the way fails, or the station stops.
///
/// # Errors
/// Those of the store; what the way fails of is on the board.
pub async fn serve(shared: Shared, way: String) -> anyhow::Result<()> {
    let part = Part::Way(way.clone());
    let (notifier, at_once) = match notifier(&shared, &way) {
        Ok(ready) => ready,
        Err(error) => {
            shared.board.failed(&part, error, shared.now());
            return Ok(());
        }
    };
    let mut may_join = notifier.is_piecewise();
    loop {
        let at_fault = shared.board.is_at_fault(&part);
        if may_join && !at_fault {
            match together::send(&shared, &notifier, &way).await? {
                Some(Ok(Sent::Whole)) => continue,
                Some(Ok(Sent::Later)) => return Ok(()),
                // Why it was not taken is found out with one of them.
                Some(Err(_)) => may_join = false,
                None => may_join = false,
            }
        }
        // A way that failed is tried with one message.
        let limit = if at_fault { 1 } else { at_once };
        let due = shared.store.deliveries_by(&way, shared.now(), limit)?;
        if due.is_empty() {
            return Ok(());
        }
        let (shared, notifier) = (&shared, &notifier);
        let mut under_way = due
            .iter()
            .map(|delivery| async move { (delivery, send(shared, notifier, delivery).await) })
            .collect::<FuturesUnordered<_>>();
        let mut round = Round::default();
        loop {
            tokio::select! {
                () = shared.stop.asked() => return Ok(()),
                next = under_way.next() => {
                    let Some((delivery, sent)) = next else { break };
                    round.note(shared, delivery, sent?, !at_fault).await?;
                }
            }
        }
        if !round.goes_on(shared, &part) || shared.stop.is_asked() {
            return Ok(());
        }
    }
}

/// The way out as config has it now, and how many messages it takes at once.
fn notifier(shared: &Shared, way: &str) -> Result<(Notifier, usize), DeliverError> {
    let config = shared.config.notifiers.iter().find(|n| n.name == way);
    let config = config.ok_or_else(|| DeliverError::Config {
        name: way.to_owned(),
        why: "it is not in the config; put it back, or send what waits by another way with \
              `guanlan alerts resend --by THIS --to NAME`"
            .to_owned(),
    })?;
    let at_once = if matches!(config.kind, NotifierKind::Webhook { .. }) { AT_ONCE } else { 1 };
    Ok((Notifier::from_config(config)?, at_once))
}

async fn send(
    shared: &Shared,
    notifier: &Notifier,
    delivery: &Delivery,
) -> anyhow::Result<Result<Sent, DeliverError>> {
    let message: Message = match serde_json::from_str(&delivery.body) {
        Ok(message) => message,
        Err(e) => return Ok(Err(DeliverError::Unreadable { why: e.to_string() })),
    };
    if notifier.is_piecewise() {
        return pieces::send(shared, notifier, delivery, &message).await;
    }
    // The time of this attempt, not of the round: who checks signatures checks how old they are.
    Ok(notifier.deliver(&message, shared.now()).await.map(|_| Sent::Whole))
}

/// What the messages sent together say of their way.
#[derive(Default)]
struct Round {
    passed: bool,
    /// The way takes no more for a while.
    full: bool,
    way: Option<(String, TimeDelta)>,
    unclear: Option<(String, TimeDelta)>,
}

impl Round {
    async fn note(
        &mut self,
        shared: &Shared,
        delivery: &Delivery,
        sent: Result<Sent, DeliverError>,
        was_working: bool,
    ) -> anyhow::Result<()> {
        let (id, now) = (delivery.id, shared.now());
        let error = match sent {
            Ok(Sent::Whole) => {
                self.passed = true;
                return insist(shared, move |write| write.mark_sent(id, now)).await;
            }
            Ok(Sent::Later) => {
                self.full = true;
                return Ok(());
            }
            Err(error) => error,
        };
        let words = error.words(shared.config.station.lang);
        let asked = error.retry_after().and_then(|wait| TimeDelta::from_std(wait).ok());
        let asked = asked.unwrap_or_default().min(TimeDelta::seconds(LONGEST_WAIT_SECS));
        let attempts = delivery.attempts.saturating_add(1);
        let due = match error.blame() {
            Blame::Message => {
                tracing::error!(key = %delivery.key, notifier = %delivery.notifier, %error, "refused for good");
                self.passed = true;
                None
            }
            Blame::Way => {
                self.way = Some((words.clone(), asked));
                return insist(shared, move |write| write.note_wait(id, &words)).await;
            }
            Blame::Unclear => {
                self.unclear = Some((words.clone(), asked));
                let next = next_attempt(attempts, error.retry_after(), now);
                // A message is given up only where others pass: else it is the way that does not work.
                let last = now + TimeDelta::seconds(LONGEST_WAIT_SECS);
                next.or_else(|| (!was_working).then_some(last))
            }
        };
        insist(shared, move |write| write.mark_failed(id, &words, due)).await
    }

    /// Puts on the board how the way stands; answers whether it goes on.
    fn goes_on(self, shared: &Shared, part: &Part) -> bool {
        let fault = self.way.or(self.unclear.filter(|_| !self.passed));
        match fault {
            Some((words, asked)) => {
                shared.board.failed_for(part, words, shared.now(), asked);
                false
            }
            // Nothing was tried, which says nothing of the way.
            None if self.full && !self.passed => false,
            None => {
                shared.board.worked(part);
                !self.full
            }
        }
    }
}

/// Writes until it is written or the station stops: what went out must not go out again because the database was
/// held by another program.
pub(super) async fn insist(
    shared: &Shared,
    work: impl Fn(&dyn StoreWrite) -> Result<()> + Clone + Send + 'static,
) -> anyhow::Result<()> {
    loop {
        let Err(error) = shared.write(work.clone()).await else {
            shared.board.worked(&Part::Store);
            return Ok(());
        };
        let now = shared.now();
        let next = shared.board.failed(&Part::Store, &error, now);
        let pause = (next - now).to_std().unwrap_or_default();
        tokio::select! {
            () = shared.stop.asked() => return Err(error),
            () = tokio::time::sleep(pause) => {}
        }
    }
}
