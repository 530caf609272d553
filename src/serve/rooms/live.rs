//! News while a page is open: counts, sent when they change.
//!
//! In: a visit. Out: server-sent events, each with the counts of the pulse; a stream ends after some minutes, and the
//! browser that comes back passes the guard again. Nothing is sent that the page could not ask for.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;

use super::act;
use super::reading::Pulse;
use crate::desk::DeskError;
use crate::serve::Console;
use crate::serve::guard::Visit;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Looks of one stream: five minutes.
const LOOKS: usize = 100;

/// What a stream goes on with: the counts told last, and looks left.
struct Watch {
    console: Arc<Console>,
    visit: Visit,
    told: Option<Pulse>,
    looks: usize,
}

pub(super) async fn live(State(console): State<Arc<Console>>, visit: Visit) -> Response {
    // Whoever may not look is told so before a stream begins.
    let first = match look(&console, &visit).await {
        Ok(first) => first,
        Err(page) => return *page,
    };
    let watch = Watch { console, visit, told: None, looks: LOOKS };
    let events = stream::unfold((watch, Some(first)), |(mut watch, first)| async move {
        let mut now = first;
        loop {
            if let Some(counts) = now.filter(|now| watch.told.as_ref() != Some(now)) {
                watch.told = Some(counts);
                let event = Event::default().json_data(counts).unwrap_or_default();
                return Some((Ok::<_, Infallible>(event), (watch, None)));
            }
            watch.looks = watch.looks.checked_sub(1)?;
            tokio::time::sleep(LOOK_EVERY).await;
            // A store that fails for a moment ends the stream; the browser comes back.
            now = Some(look(&watch.console, &watch.visit).await.ok()?);
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

async fn look(console: &Console, visit: &Visit) -> Result<Pulse, Box<Response>> {
    act(console, visit, |desk, who| {
        let (posts, open_alerts) = desk.pulse(who)?;
        Ok::<_, DeskError>(Pulse { posts, open_alerts })
    })
    .await
}
