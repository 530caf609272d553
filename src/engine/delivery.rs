//! The outbox at work: what is due goes out, what fails is tried again, what never succeeds is shown.
//!
//! In: an open station and the time. Out: deliveries marked sent, postponed or dead. A delivery that went out
//! just before a crash goes out again under the same key; the other side can tell.

use chrono::{DateTime, Utc};

use super::station::Station;
use crate::notify::{DeliverError, Message, Notifier, next_attempt};
use crate::store::Delivery;

/// Deliveries taken up at a time.
const AT_ONCE: usize = 100;

/// Sends everything that is due.
///
/// # Errors
/// Those of the store; a notifier that fails is noted at its delivery.
pub async fn deliver_due(station: &Station, now: DateTime<Utc>) -> anyhow::Result<()> {
    for delivery in station.store.deliveries("pending", now, AT_ONCE)? {
        let sent = send(station, &delivery, now).await;
        station.store.write(&mut |write| match &sent {
            Ok(()) => write.mark_sent(delivery.id, now),
            Err(error) => {
                tracing::warn!(key = %delivery.key, notifier = %delivery.notifier, %error, "not delivered");
                let attempts = delivery.attempts + 1;
                let again = error.is_retryable().then(|| next_attempt(attempts, error.retry_after(), now));
                write.mark_failed(delivery.id, &error.to_string(), again.flatten())
            }
        })?;
    }
    Ok(())
}

async fn send(
    station: &Station,
    delivery: &Delivery,
    now: DateTime<Utc>,
) -> Result<(), DeliverError> {
    let unusable = |why: String| DeliverError::Config { name: delivery.notifier.clone(), why };
    let config = station.config.notifiers.iter().find(|n| n.name == delivery.notifier);
    let config = config.ok_or_else(|| unusable("it is no longer in the config".to_owned()))?;
    let message: Message = serde_json::from_str(&delivery.body)
        .map_err(|e| unusable(format!("unreadable message: {e}")))?;
    Notifier::from_config(config)?.deliver(&message, now).await
}
