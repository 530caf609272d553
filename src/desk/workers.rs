//! The processes that work on a shared store, as a station's board shows them.
//!
//! In: the desk. Out: a row a process: what it does, what it has for itself, and whether it is still heard. A store that is
//! one file has none.

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;
use serde::Serialize;

use super::{Desk, Result};
use crate::engine::holding::About;

/// One that was not heard for so long is told as lost: its leases have run out by then.
const LOST_AFTER_MS: u64 = 15_000;

/// A process on a shared store.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WorkerRow {
    /// Its name, of its own making.
    pub name: String,
    /// What it does: `crawl`, `judge`, `keep`, `serve`.
    pub roles: Vec<String>,
    /// Whether it keeps the store now: one at a time does.
    pub keeps: bool,
    /// Since when it is there, by the server.
    pub since: DateTime<Utc>,
    /// When it was last heard, by the server.
    pub seen: DateTime<Utc>,
    /// Whether it is not heard any more.
    pub is_lost: bool,
    /// Sources that it reads now.
    pub sources: u64,
    /// Hosts that it asks now.
    pub hosts: u64,
    /// Records it took up, or judged for others, since it began.
    pub received: u64,
    /// Whether it runs on other sources, rules or subjects than the first one.
    pub is_of_other_config: bool,
}

impl WorkerRow {
    /// The row in words.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        let roles: Vec<String> =
            self.roles.iter().map(|role| lang.text(&format!("cli.worker.role.{role}"))).collect();
        let standing = match (self.is_lost, self.keeps) {
            (true, _) => "cli.worker.lost",
            (false, true) => "cli.worker.keeps",
            (false, false) => "cli.worker.works",
        };
        let roles = roles.join(&lang.text("cli.worker.joint"));
        let seen = self.seen.format("%H:%M:%S UTC");
        let line = lang.fill(
            standing,
            &[
                ("name", &self.name),
                ("roles", &roles),
                ("sources", &self.sources),
                ("hosts", &self.hosts),
                ("received", &self.received),
                ("seen", &seen),
            ],
        );
        match self.is_of_other_config {
            true => format!("{line}\n{}", lang.text("cli.worker.other_config")),
            false => line,
        }
    }
}

impl Desk {
    /// The processes on this desk's store, by name; none where it is not shared.
    pub(super) fn workers(&self) -> Result<Vec<WorkerRow>> {
        let Some(cluster) = self.store.cluster() else { return Ok(Vec::new()) };
        let (workers, leases) = (cluster.workers()?, cluster.leases()?);
        let held = |name: &str, kind: &str| {
            leases.iter().filter(|lease| lease.holder == name && lease.kind == kind).count() as u64
        };
        let abouts: Vec<About> = workers
            .iter()
            // What another version says of itself may lack what this one knows.
            .map(|worker| serde_json::from_str(&worker.about).unwrap_or_default())
            .collect();
        let first = abouts.first().map(|about| about.config.clone());
        let row = |(worker, about): (crate::store::cluster::Worker, About)| WorkerRow {
            sources: held(&worker.name, "source"),
            hosts: held(&worker.name, "host"),
            is_lost: worker.silent_ms > LOST_AFTER_MS,
            keeps: about.keeps && worker.silent_ms <= LOST_AFTER_MS,
            roles: about.roles,
            since: worker.since,
            seen: worker.seen,
            received: about.received,
            is_of_other_config: Some(&about.config) != first.as_ref(),
            name: worker.name,
        };
        Ok(workers.into_iter().zip(abouts).map(row).collect())
    }
}
