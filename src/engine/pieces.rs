//! Sending piece by piece: what a way takes in parts, or takes so much of a minute.
//!
//! In: a message for such a way. Out: all of its pieces out, in their order; or nothing more for now; or why not. What is
//! out, and when, stands in the store before anything follows it, so that a restart neither doubles a part nor exceeds
//! a limit. A recipient of a letter who is refused holds up none of the others. Only what goes out in the instant between
//! an answer and its note may go out twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};

use super::delivery::insist;
use super::shared::Shared;
use crate::notify::{Blame, DeliverError, Limit, Message, Notifier, Pace, Refusal, Why};
use crate::store::{self, Delivery, Store, StoreError, StoreWrite};

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// All of it is out.
    Whole,
    /// The way takes no more for a while; what is missing goes later.
    Later,
}

/// The state that holds what `way` remembers of its messages.
fn state_of(way: &str) -> String {
    format!("way:{way}")
}

/// What `way` remembers of its messages.
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
        // Counted before it goes: a crash costs one of the minute, never the limit.
        if !take(shared, notifier, way, now).await? {
            return Ok(Ok(Sent::Later));
        }
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
                hold(shared, notifier, way, TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX))
                    .await?;
            }
            return Ok(Err(error));
        }
        pace.note_out(&message.key, &piece.label);
        keep(shared, way, &pace).await?;
    }
    Ok(Refusal::together(&refused).map_or(Ok(Sent::Whole), |refusal| Err(refusal.into())))
}

/// Takes down that one goes now, in the bucket that all ways to this robot share; answers whether there was room.
async fn take(
    shared: &Shared,
    notifier: &Notifier,
    way: &str,
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let (bucket, limits) = (notifier.bucket(way), notifier.limits());
    let is_free = Arc::new(AtomicBool::new(false));
    let found = is_free.clone();
    insist(shared, move |write| {
        let taken = take_one(write, &bucket, limits, now)?;
        found.store(taken.is_none(), Ordering::SeqCst);
        Ok(())
    })
    .await?;
    Ok(is_free.load(Ordering::SeqCst))
}

/// Takes down that one goes now; or answers when there will be room. One transaction, whoever else is at it.
pub fn take_one(
    write: &dyn StoreWrite,
    bucket: &str,
    limits: &[Limit],
    now: DateTime<Utc>,
) -> store::Result<Option<DateTime<Utc>>> {
    let mut pace = bucket_of(write, bucket)?;
    let next = pace.next(limits, now);
    if next.is_none() && !limits.is_empty() {
        pace.take(limits, now);
        write.put_state(bucket, &json_of(bucket, &pace)?)?;
    }
    Ok(next)
}

/// Nothing goes by any way to this robot for so long.
async fn hold(
    shared: &Shared,
    notifier: &Notifier,
    way: &str,
    wait: TimeDelta,
) -> anyhow::Result<()> {
    let (bucket, now) = (notifier.bucket(way), shared.now());
    insist(shared, move |write| {
        let mut pace = bucket_of(write, &bucket)?;
        pace.hold(wait, now);
        write.put_state(&bucket, &json_of(&bucket, &pace)?)
    })
    .await
}

fn bucket_of(write: &dyn StoreWrite, bucket: &str) -> store::Result<Pace> {
    let kept = write.state(bucket)?;
    let read = kept.map(|json| serde_json::from_str(&json)).transpose();
    Ok(read.map_err(|error| corrupt(bucket, &error))?.unwrap_or_default())
}

fn json_of(bucket: &str, pace: &Pace) -> store::Result<String> {
    serde_json::to_string(pace).map_err(|error| corrupt(bucket, &error))
}

fn corrupt(bucket: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt { what: bucket.to_owned(), cause: error.to_string() }
}

async fn keep(shared: &Shared, way: &str, pace: &Pace) -> anyhow::Result<()> {
    let (name, json) = (state_of(way), serde_json::to_string(pace)?);
    insist(shared, move |write| write.put_state(&name, &json)).await
}
