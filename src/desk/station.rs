//! The station itself: what lies where and how large, how far the index is, what does not work, what has an end date.
//!
//! In: nothing but the station. Out: plain values, and sentences for what is wrong. Sizes are of files as they lie.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use index::{ClusterPlace, Health, Place};
use pipelines::locale::Lang;
use serde::Serialize;

use super::layers::LayerLine;
use super::trouble::index_words;
use super::workers::WorkerRow;
use super::{Act, Desk, Result, Who};
use crate::engine::{clock, deep, faults};
use crate::store::About;

/// How long the files of the index are looked through.
const LOOKED_THROUGH: Duration = Duration::from_secs(2);

/// Something that does not work, and is tried again.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FaultRow {
    /// Which part, as logs name it.
    pub name: String,
    /// Which part, in words.
    pub part: String,
    /// When it last failed.
    pub last: DateTime<Utc>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Failures in a row.
    pub count: u32,
    /// When it is tried again; none: at once.
    pub next: Option<DateTime<Utc>>,
    /// What the last failure said.
    pub words: String,
}

/// Something on the disk.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SizeRow {
    /// `store`, `index`, `evidence` or `digests`; a locale key under `desk.part`.
    #[schema(value_type = String)]
    pub part: &'static str,
    /// Where it lies.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Days after which its contents go; none where they stay.
    pub days: Option<u32>,
}

/// What the deep reader read since the station was opened, and what waits for it.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct DeepLine {
    /// Posts.
    pub posts: u64,
    /// Posts it was asked about, since the fast reader was unsure.
    pub asked: u64,
    /// The same in a hundred.
    pub percent: u64,
    /// Posts a second.
    pub speed: u64,
    /// Imports that were read in haste and wait to be read again.
    pub waiting: usize,
}

/// How a station stands.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct StationSheet {
    /// Its name.
    pub name: String,
    /// The program's version.
    #[schema(value_type = String)]
    pub version: &'static str,
    /// By its own clock.
    pub now: DateTime<Utc>,
    /// Where the clock is doubted: what to do.
    pub clock: Option<String>,
    /// What keeps the store: its kind and version.
    pub database: String,
    /// Posts stored.
    pub posts: u64,
    /// Changes that the index has not taken up; none where it cannot be asked, which `index_fault` says.
    pub behind: Option<u64>,
    /// Why the index cannot be asked.
    pub index_fault: Option<String>,
    /// How the search cluster stands, where the index lies in one and it answers.
    pub cluster: Option<String>,
    /// Whether one of the processes on the store keeps it; none where it is not shared, or nobody is there.
    pub is_kept: Option<bool>,
    /// The processes on the store, where several share it.
    pub workers: Vec<WorkerRow>,
    /// What does not work.
    pub faults: Vec<FaultRow>,
    /// What lies on the disk.
    pub sizes: Vec<SizeRow>,
    /// Messages that wait, and that were given up.
    pub outbox: (usize, usize),
    /// How much the deep reader read, where it read anything.
    pub deep: Option<DeepLine>,
    /// The layers that corrections lay over the models, one a source; none of those that rest on nothing.
    pub layers: Vec<LayerLine>,
    /// The day of the last purge.
    pub purged: Option<String>,
}

impl Desk {
    /// How the station stands.
    ///
    /// # Errors
    /// A broken store.
    pub fn station(&self, who: &Who) -> Result<StationSheet> {
        self.check(who, Act::SeeStation)?;
        let (behind, index_fault) = match self.asked() {
            Ok((_, behind)) => (Some(behind), None),
            Err(error) => (None, Some(error.in_words(who.lang))),
        };
        let health = self.cluster_health();
        let cluster = health.as_ref().map(|(at, health)| health_words(at, health, who.lang));
        let row = |fault: faults::Fault| FaultRow {
            name: fault.part.to_string(),
            part: part_in_words(&fault.part, who.lang),
            last: fault.last,
            since: fault.since,
            count: fault.count,
            next: fault.next,
            words: fault.words,
        };
        let about = self.store.about()?;
        let workers = self.workers()?;
        let mut layers = self.layer_lines()?;
        layers.retain(|layer| layer.corrections() > 0);
        Ok(StationSheet {
            name: self.config.station.name.clone(),
            version: env!("CARGO_PKG_VERSION"),
            now: self.now(),
            clock: clock_line(&*self.store, who.lang, self.config.station.zone)?,
            database: database_line(&about),
            posts: self.store.post_count()?,
            behind,
            index_fault,
            is_kept: (!workers.is_empty()).then(|| workers.iter().any(|worker| worker.keeps)),
            workers,
            faults: faults::stored(&*self.store)?.into_iter().map(row).collect(),
            sizes: self.sizes(&about, health.as_ref())?,
            cluster,
            outbox: self.outbox_counts()?,
            deep: self.deep_line()?,
            layers,
            purged: self.store.state(crate::engine::retention::STATE)?,
        })
    }

    /// Whether the store answers: what a health check asks, which knows nobody and is told nothing else.
    ///
    /// # Errors
    /// A broken store.
    pub fn is_answered(&self) -> Result<()> {
        self.store.last_change()?;
        Ok(())
    }

    /// Looks through the files of the index for about two seconds: what of them is not as it was written, else how many
    /// of how many were looked at.
    ///
    /// # Errors
    /// An index that cannot be opened.
    pub fn examined(&self, who: &Who) -> Result<std::result::Result<(usize, usize), String>> {
        self.check(who, Act::SeeStation)?;
        let found = index::examine(crate::engine::index_place(&self.config), LOOKED_THROUGH)?;
        Ok(match found.whole() {
            Err(damaged) => Err(index_words(&damaged, who.lang).unwrap_or_default()),
            Ok(()) => Ok((found.checked, found.files)),
        })
    }

    /// Messages that wait, and that were given up.
    pub(super) fn outbox_counts(&self) -> Result<(usize, usize)> {
        let count = |state, due| self.store.deliveries(state, due, 1_000).map(|list| list.len());
        Ok((count("pending", DateTime::<Utc>::MAX_UTC)?, count("dead", self.now())?))
    }

    fn deep_line(&self) -> Result<Option<DeepLine>> {
        let waiting = deep::waiting(&*self.store)?;
        let read = deep::noted(&*self.store)?.or((waiting > 0).then(deep::DeepRead::default));
        Ok(read.map(|read| DeepLine {
            posts: read.posts,
            asked: read.asked,
            percent: read.percent(),
            speed: read.per_second(),
            waiting,
        }))
    }

    /// How the search cluster stands; none where the index lies in none, or it does not answer.
    fn cluster_health(&self) -> Option<(ClusterPlace, Health)> {
        match crate::engine::index_place(&self.config) {
            Place::Cluster(at) => at.health().ok().map(|health| (*at, health)),
            Place::Folder(_) => None,
        }
    }

    fn sizes(
        &self,
        about: &About,
        cluster: Option<&(ClusterPlace, Health)>,
    ) -> Result<Vec<SizeRow>> {
        let (dir, kept) = (&self.dir, &self.config.retention);
        let parts = [
            ("index", dir.index(), Some(kept.posts_days)),
            ("evidence", dir.evidence(), Some(kept.evidence_days)),
            ("digests", dir.digests(), Some(kept.digests_days)),
            ("published", dir.published(), None),
        ];
        let in_cluster = |part: &str| cluster.filter(|_| part == "index");
        let row = |(part, path, days): (&'static str, std::path::PathBuf, Option<u32>)| SizeRow {
            part,
            bytes: in_cluster(part).map_or_else(|| bytes_in(&path), |(_, health)| health.bytes),
            path: in_cluster(part).map_or(path.display().to_string(), |(at, _)| at.shown()),
            // 0 keeps for good.
            days: days.filter(|days| *days > 0),
        };
        let days = Some(kept.posts_days).filter(|days| *days > 0);
        let store = SizeRow { part: "store", bytes: about.bytes, path: about.place.clone(), days };
        let mut rows: Vec<SizeRow> =
            std::iter::once(store).chain(parts.into_iter().map(row)).collect();
        if let Some(place) = self.config.evidence.shown() {
            // What lies elsewhere is counted by what the store knows of it, published pages aside.
            let bytes = self.store.filed_bytes()?;
            let evidence = rows.iter_mut().find(|row| row.part == "evidence");
            evidence.into_iter().for_each(|row| (row.bytes, row.path) = (bytes, place.clone()));
            rows.retain(|row| row.part != "published");
        }
        Ok(rows)
    }
}

/// How a search cluster stands.
#[must_use]
pub fn health_words(at: &ClusterPlace, health: &Health, lang: Lang) -> String {
    let light = format!("cli.cluster.{}", health.light.as_str());
    let light = lang.fill(&light, &[("lacking", &health.lacking)]);
    let size = format!("{:.1} MiB", health.bytes as f64 / 1_048_576.0);
    let address = at.addresses.join(", ");
    let filling: [(&str, &dyn std::fmt::Display); 7] = [
        ("address", &address),
        ("version", &health.version),
        ("name", &at.name),
        ("light", &light),
        ("nodes", &health.nodes),
        ("at_work", &health.at_work),
        ("size", &size),
    ];
    lang.fill("cli.cluster.line", &filling)
}

/// What keeps a store, by the names its makers gave it.
fn database_line(about: &About) -> String {
    let name = if about.kind == "sqlite" { "SQLite" } else { "PostgreSQL" };
    format!("{name} {}", about.version)
}

/// A part as officers know it.
fn part_in_words(part: &faults::Part, lang: Lang) -> String {
    lang.fill(&format!("cli.part.{}", part.kind()), &[("name", &part.name())])
}

/// Where the clock is doubted: what it says, what was seen before, and what to do.
///
/// # Errors
/// Those of the store.
pub fn clock_line(
    store: &dyn crate::store::Store,
    lang: Lang,
    zone: chrono_tz::Tz,
) -> anyhow::Result<Option<String>> {
    let known = clock::stored(store)?.filter(|known| known.doubted_since.is_some());
    let shown = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    Ok(known.map(|known| {
        let key = if known.is_behind() { "clock_behind" } else { "clock_ahead" };
        let (now, trusted) = (shown(known.last), shown(known.trusted));
        lang.fill(&format!("cli.status.{key}"), &[("now", &now), ("trusted", &trusted)])
    }))
}

/// Bytes of a file, or of all files below a folder; what is not there or cannot be read counts as none.
fn bytes_in(path: &Path) -> u64 {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return 0 };
    if !meta.is_dir() {
        return meta.len();
    }
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    entries.flatten().map(|entry| bytes_in(&entry.path())).sum()
}
