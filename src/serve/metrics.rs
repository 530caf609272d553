//! What a monitoring system reads: measures of the station in the text format of Prometheus, and whether it answers.
//!
//! In: `GET /metrics` with a token whose account may see station and sources; `GET /healthz` without any. Out: gauges and
//! counters named `guanlan_…`, times in seconds since the epoch; `ok`, or 503 where the store cannot be read. Nothing of
//! posts, people or messages is in either: a monitoring system is no officer.

use std::fmt::{Display, Write as _};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Console;
use super::api::{Bearer, Problem, act, at_the_door, bearing};
use crate::desk::sources::SourceRow;
use crate::desk::station::StationSheet;

/// What Prometheus wants the format to be called.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What became of the records of a source, in the order of [`SourceRow::counts`].
const OUTCOMES: [&str; 4] = ["received", "kept", "dropped", "failed"];

/// `/metrics`, by a token as the API; `/healthz`, by anybody.
pub(super) fn router(console: &Arc<Console>) -> Router<Arc<Console>> {
    Router::new()
        .route("/metrics", get(metrics))
        .layer(middleware::from_fn_with_state(console.clone(), bearing))
        .route("/healthz", get(healthy))
        .layer(middleware::from_fn_with_state(console.clone(), at_the_door))
}

async fn metrics(State(console): State<Arc<Console>>, bearer: Bearer) -> Result<Response, Problem> {
    let read = |desk: &crate::desk::Desk, who: &crate::desk::Who| {
        Ok((desk.station(who)?, desk.sources(who)?))
    };
    let (station, sources) = act(&console, &bearer, read).await?;
    Ok(([(header::CONTENT_TYPE, FORMAT)], page(&station, &sources)).into_response())
}

async fn healthy(State(console): State<Arc<Console>>) -> Response {
    let desk = console.seat.desk();
    match tokio::task::spawn_blocking(move || desk.is_answered()).await {
        Ok(Ok(())) => "ok\n".into_response(),
        // Which fault it is stands on the board and in the log, not here.
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response(),
    }
}

/// The measures, each with what it is.
fn page(station: &StationSheet, sources: &[SourceRow]) -> String {
    let mut page = Page::default();
    page.of_station(station);
    page.of_sources(sources);
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn of_station(&mut self, station: &StationSheet) {
        self.head("build_info", "gauge", "The program that answers.");
        self.line("build_info", &[("version", &station.version)], 1);
        self.head("posts", "gauge", "Posts stored.");
        self.line("posts", &[], station.posts);
        if !station.workers.is_empty() {
            self.head(
                "workers",
                "gauge",
                "Processes on the store that are heard, and that are lost.",
            );
            let lost = station.workers.iter().filter(|worker| worker.is_lost).count();
            self.line("workers", &[("state", &"heard")], station.workers.len() - lost);
            self.line("workers", &[("state", &"lost")], lost);
        }
        self.head("index_up", "gauge", "Whether the index can be asked.");
        self.line("index_up", &[], u8::from(station.index_fault.is_none()));
        if let Some(behind) = station.behind {
            self.head(
                "index_behind_changes",
                "gauge",
                "Changes of the store the index has not taken up.",
            );
            self.line("index_behind_changes", &[], behind);
        }
        self.head("clock_doubted", "gauge", "Whether the clock is doubted, which stops purging.");
        self.line("clock_doubted", &[], u8::from(station.clock.is_some()));
        self.head("fault_count", "gauge", "Failures in a row of a part that does not work.");
        for fault in &station.faults {
            self.line("fault_count", &[("part", &fault.name)], fault.count);
        }
        self.head(
            "outbox_messages",
            "gauge",
            "Messages that wait, and that were given up; 1000 stands for more.",
        );
        self.line("outbox_messages", &[("state", &"pending")], station.outbox.0);
        self.line("outbox_messages", &[("state", &"dead")], station.outbox.1);
        self.head("size_bytes", "gauge", "What lies where.");
        for size in &station.sizes {
            self.line("size_bytes", &[("part", &size.part)], size.bytes);
        }
    }

    fn of_sources(&mut self, sources: &[SourceRow]) {
        self.head("source_records_total", "counter", "What became of what a source brought.");
        for source in sources {
            for (outcome, count) in OUTCOMES.iter().zip(source.counts) {
                self.line(
                    "source_records_total",
                    &[("source", &source.id), ("outcome", outcome)],
                    count,
                );
            }
        }
        self.head("source_troubled", "gauge", "Whether an officer should look at a source.");
        for source in sources {
            self.line("source_troubled", &[("source", &source.id)], u8::from(source.troubled));
        }
        self.head("source_waiting_pages", "gauge", "Pages of a source that wait to be read.");
        for source in sources {
            self.line("source_waiting_pages", &[("source", &source.id)], source.waiting);
        }
        self.head("source_last_good_timestamp_seconds", "gauge", "The last good run of a source.");
        for source in sources {
            if let Some(at) = source.last_good {
                self.line(
                    "source_last_good_timestamp_seconds",
                    &[("source", &source.id)],
                    at.timestamp(),
                );
            }
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP guanlan_{name} {help}\n# TYPE guanlan_{name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &dyn Display)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "guanlan_{name}{labels} {value}");
    }
}

/// A value of a label as the format wants it.
fn escaped(value: &dyn Display) -> String {
    value.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_end_their_line() {
        let mut page = Page::default();
        page.line("source_troubled", &[("source", &"a\"b\\c\nd")], 1);
        assert_eq!(page.0, "guanlan_source_troubled{source=\"a\\\"b\\\\c\\nd\"} 1\n");
    }
}
