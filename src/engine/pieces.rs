//! Sending piece by piece: what a way takes in parts, or takes so much of a minute.
//!
//! In: a message for such a way. Out: all of its pieces out, in their order; or nothing more for now; or why not. What is
//! out, and when, stands in the store before anything follows it, so that a restart neither doubles a part nor exceeds
//! a limit. A recipient of a letter who is refused holds up none of the others. Only what goes out in the instant between
//! an answer and its note may go out twice.

use anyhow::Context as _;
use chrono::TimeDelta;

use super::delivery::insist;
use super::shared::Shared;
use crate::notify::{Blame, DeliverError, Message, Notifier, Pace, Refusal, Why};
use crate::store::{Delivery, Store};

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// All of it is out.
    Whole,
    /// The way takes no more for a while; what is missing goes later.
    Later,
}

/// The state that holds what `way` remembers.
#[must_use]
pub fn state_of(way: &str) -> String {
    format!("way:{way}")
}

/// What `way` remembers.
///
/// # Errors
/// The store; a state that is none.
pub fn pace(store: &dyn Store, way: &str) -> anyhow::Result<Pace> {
    let kept = store.state(&state_of(way))?;
    let pace = kept.map(|json| serde_json::from_str(&json)).transpose();
    Ok(pace.with_context(|| format!("cannot read what `{way}` remembers"))?.unwrap_or_default())
}

/// Sends what is not out yet of `message`.
///
/// # Errors
/// Those of the store; why the way did not take it is in the answer.
pub(super) async fn send(
    shared: &Shared,
    notifier: &Notifier,
    delivery: &Delivery,
    message: &Message,
) -> anyhow::Result<Result<Sent, DeliverError>> {
    let way = delivery.notifier.as_str();
    let mut pace = pace(&*shared.store, way)?;
    let mut refused: Vec<Refusal> = Vec::new();
    for piece in notifier.pieces(message) {
        if pace.is_out(&message.key, &piece.label) {
            continue;
        }
        // Refused for good, until an officer sends it again: that begins to count the attempts anew.
        let refusal_of = format!("refused:{}", piece.label);
        if delivery.attempts > 0 && pace.is_out(&message.key, &refusal_of) {
            refused.push(Refusal::new(notifier.kind(), Why::Recipient, &piece.label));
            continue;
        }
        let now = shared.now();
        if pace.next(notifier.limits(), now).is_some() {
            return Ok(Ok(Sent::Later));
        }
        // Counted before it goes: a crash costs one of the minute, never the limit.
        pace.take(notifier.limits(), now);
        keep(shared, way, &pace).await?;
        if let Err(error) = notifier.send(message, &piece, now).await {
            if let DeliverError::Told(refusal) = &error
                && piece.stands_alone()
                && refusal.is_of_one_recipient()
            {
                if refusal.blame() == Blame::Message {
                    pace.note_out(&message.key, &refusal_of);
                    keep(shared, way, &pace).await?;
                }
                refused.push(refusal.clone());
                continue;
            }
            if let DeliverError::Told(refusal) = &error
                && let Some(wait) = refusal.wait
            {
                pace.hold(TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX), shared.now());
                keep(shared, way, &pace).await?;
            }
            return Ok(Err(error));
        }
        pace.note_out(&message.key, &piece.label);
        keep(shared, way, &pace).await?;
    }
    Ok(Refusal::together(&refused).map_or(Ok(Sent::Whole), |refusal| Err(refusal.into())))
}

async fn keep(shared: &Shared, way: &str, pace: &Pace) -> anyhow::Result<()> {
    let (name, json) = (state_of(way), serde_json::to_string(pace)?);
    insist(shared, move |write| write.put_state(&name, &json)).await
}
