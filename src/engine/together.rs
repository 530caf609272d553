//! Many small alerts to one group told as one message, so that the grave ones are not lost among them.
//!
//! In: what waits for a way that takes so much of a minute. Out: one message for all alerts of the lower two grades, where
//! there are at least four; each of them counts as sent with it. Which ones they are stands in the store before anything
//! goes out: after a kill the same message is told to its end, and no alert twice.

use pipelines::record::Severity;
use serde::{Deserialize, Serialize};

use super::delivery::insist;
use super::pieces::{self, Sent};
use super::shared::Shared;
use crate::notify::{DeliverError, Message, MessageKind, Notifier, many_message};
use crate::store::Delivery;

/// Fewer go one by one.
const LEAST: usize = 4;

/// More wait for the next one.
const MOST: usize = 20;

/// Messages looked at.
const LOOKED_AT: usize = 200;

/// What goes as one.
#[derive(Debug, Serialize, Deserialize)]
struct Together {
    key: String,
    ids: Vec<i64>,
}

/// Sends what goes as one by `way`; none where there is too little of it.
///
/// # Errors
/// Those of the store; why the way did not take it is in the answer: then they go one by one.
pub(super) async fn send(
    shared: &Shared,
    notifier: &Notifier,
    way: &str,
) -> anyhow::Result<Option<Result<Sent, DeliverError>>> {
    let state = format!("together:{way}");
    let due = shared.store.deliveries_by(way, shared.now(), LOOKED_AT)?;
    let begun = shared.store.state(&state)?;
    let begun: Option<Together> = begun.map(|json| serde_json::from_str(&json)).transpose()?;
    let is_new = begun.is_none();
    let Some(together) = begun.or_else(|| chosen(&due, way)) else { return Ok(None) };
    // One that was sent another way meanwhile, or taken away, is no member any more.
    let members = due.iter().filter(|delivery| together.ids.contains(&delivery.id));
    let members = members.filter_map(|delivery| Some((delivery.id, small(delivery)?)));
    let (ids, messages): (Vec<i64>, Vec<Message>) = members.unzip();
    if is_new {
        let (name, json) = (state.clone(), serde_json::to_string(&together)?);
        insist(shared, move |write| write.put_state(&name, &json)).await?;
    }
    let sent = if messages.is_empty() {
        Ok(Sent::Whole)
    } else {
        let lang = shared.config.station.lang;
        let message = many_message(together.key.clone(), &messages, lang);
        let delivery = Delivery {
            id: 0,
            key: together.key.clone(),
            notifier: way.to_owned(),
            body: String::new(),
            attempts: 0,
            state: String::new(),
            error: None,
        };
        tokio::select! {
            () = shared.stop.asked() => return Ok(Some(Ok(Sent::Later))),
            sent = pieces::send(shared, notifier, &delivery, &message) => sent?,
        }
    };
    if matches!(sent, Ok(Sent::Later)) {
        return Ok(Some(sent));
    }
    let (now, is_sent) = (shared.now(), sent.is_ok());
    insist(shared, move |write| {
        for id in ids.iter().filter(|_| is_sent) {
            write.mark_sent(*id, now)?;
        }
        write.drop_state(&state)
    })
    .await?;
    Ok(Some(sent))
}

/// The alerts of lower grades among what is due, where there are enough of them.
fn chosen(due: &[Delivery], way: &str) -> Option<Together> {
    let small = due.iter().filter(|delivery| delivery.attempts == 0 && small(delivery).is_some());
    let ids: Vec<i64> = small.map(|delivery| delivery.id).take(MOST).collect();
    let (first, last) = (ids.first()?, ids.last()?);
    let key = format!("many:{first}-{last}@{way}");
    (ids.len() >= LEAST).then_some(Together { key, ids })
}

/// The message of an alert of the lower two grades; none for any other.
fn small(delivery: &Delivery) -> Option<Message> {
    let message: Message = serde_json::from_str(&delivery.body).ok()?;
    let severity = Severity::deserialize(message.data.get("severity")?).ok()?;
    (message.kind == MessageKind::Alert && severity <= Severity::Serious).then_some(message)
}
