//! The end date of data: posts and all that hangs on them, pages as they were served, alerts, digests.
//!
//! In: the days from config. Out: an audit line per purge with what went, and the counts. Deletes in small
//! transactions so that the station goes on meanwhile; the index follows through the change log. Evidence has a
//! date of its own and goes with its post at the latest.

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::LEAP;
use super::shared::Shared;
use crate::config::Retention;
use crate::evidence::Purged;
use crate::store::{PostRange, Result, Store};

/// Posts deleted in one transaction.
const AT_ONCE: usize = 500;

/// The day of the last purge.
pub const STATE: &str = "retention";

/// What is older than these instants is to go; none: kept for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Posts.
    pub posts: Option<DateTime<Utc>>,
    /// Evidence.
    pub evidence: Option<DateTime<Utc>>,
    /// Alerts and what was sent of them.
    pub alerts: Option<DateTime<Utc>>,
    /// Digest files.
    pub digests: Option<DateTime<Utc>>,
    /// Posts go on purpose, not by their date: they stay away for good, whoever brings them again.
    pub buries: bool,
}

impl Cut {
    /// What `retention` says as of `now`.
    #[must_use]
    pub fn of(retention: &Retention, now: DateTime<Utc>) -> Self {
        let before = |days: u32| (days > 0).then(|| now - TimeDelta::days(i64::from(days)));
        Self {
            posts: before(retention.posts_days),
            evidence: before(retention.evidence_days),
            alerts: before(retention.alerts_days),
            digests: before(retention.digests_days),
            buries: false,
        }
    }

    /// Posts and evidence before one instant, on purpose.
    #[must_use]
    pub fn before(at: DateTime<Utc>) -> Self {
        Self { posts: Some(at), evidence: Some(at), buries: true, ..Self::default() }
    }
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Posts.
    pub posts: u64,
    /// Records and files of evidence.
    pub evidence: Purged,
    /// Alerts.
    pub alerts: u64,
    /// Digest files.
    pub digests: u64,
}

/// Whether the purge of the day is still to be done. A clock in doubt purges nothing.
///
/// # Errors
/// Those of the store.
pub fn is_due(shared: &Shared, now: DateTime<Utc>) -> Result<bool> {
    Ok(!shared.time.is_doubted() && shared.store.state(STATE)?.as_deref() != Some(&day(now)))
}

fn day(now: DateTime<Utc>) -> String {
    now.format("%Y-%m-%d").to_string()
}

/// Purges once a day, and by so much later as a clock may be ahead without being doubted.
///
/// # Errors
/// Those of the store and the evidence folder.
pub fn purge_due(shared: &Shared) -> anyhow::Result<()> {
    let now = shared.now();
    if !is_due(shared, now)? {
        return Ok(());
    }
    let cut = Cut::of(&shared.config.retention, now - LEAP);
    let cleared = clear(shared, cut, now)?;
    super::thinning::thin(&*shared.store, cut.posts, now - LEAP)?;
    super::hosts::forget_old(&*shared.store, now)?;
    if cleared != Cleared::default() {
        tracing::info!(?cleared, "what was past its date is deleted");
    }
    if shared.stop.is_asked() {
        return Ok(());
    }
    Ok(shared.store.write(&mut |write| write.put_state(STATE, &day(now)))?)
}

/// Deletes what is older than `cut`: posts, what was told of them, then the evidence past its own date and that of
/// no stored post. Ends early where the station stops; the rest goes the next time.
///
/// # Errors
/// Those of the store and the evidence folder; what was deleted before stays deleted.
pub fn clear(shared: &Shared, cut: Cut, now: DateTime<Utc>) -> anyhow::Result<Cleared> {
    let store = &*shared.store;
    let posts = cut.posts.map_or(Ok(0), |before| purge(shared, before, cut.buries, now))?;
    shared.nudge.nudge();
    if shared.stop.is_asked() {
        return Ok(Cleared { posts, ..Cleared::default() });
    }
    store.write(&mut |write| write.strip_deliveries().map(drop))?;
    let evidence = shared.archive().purge(store, cut.evidence, now)?;
    let alerts = cut.alerts.map_or(Ok(0), |before| purge_alerts(store, before, now))?;
    let digests = cut.digests.map_or(Ok(0), |before| purge_digests(shared, before, now))?;
    store.forget_deleted()?;
    Ok(Cleared { posts, evidence, alerts, digests })
}

fn purge_alerts(
    store: &dyn Store,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let mut alerts = 0;
    store.write(&mut |write| {
        alerts = write.delete_alerts(before)?;
        if alerts > 0 {
            write.audit(now, "purge", &before.to_rfc3339(), &format!("{alerts} alerts"))?;
        }
        Ok(())
    })?;
    Ok(alerts)
}

fn purge_digests(
    shared: &Shared,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let folder = shared.dir.digests();
    if !folder.exists() {
        return Ok(0);
    }
    let mut removed = 0;
    for entry in std::fs::read_dir(&folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_file() && DateTime::<Utc>::from(about.modified()?) < before {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    if removed > 0 {
        let is_gone = |name: &str| !folder.join(format!("{name}.md")).exists();
        super::digests::approval::forget(&*shared.store, is_gone)?;
        let detail = format!("{removed} digest files");
        shared
            .store
            .write(&mut |write| write.audit(now, "purge", &before.to_rfc3339(), &detail))?;
    }
    Ok(removed)
}

/// Deletes every post older than `before`; answers how many.
fn purge(
    shared: &Shared,
    before: DateTime<Utc>,
    buries: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    let store = &*shared.store;
    let mut purged = 0;
    while !shared.stop.is_asked() {
        let mut ids = Vec::new();
        store.each_post(&PostRange { from: None, until: Some(before) }, &mut |post| {
            ids.push(post.post.id);
            ids.len() < AT_ONCE
        })?;
        if ids.is_empty() {
            break;
        }
        store.write(&mut |write| {
            for id in &ids {
                if buries {
                    write.bury_post(*id, now)?;
                } else {
                    write.delete_post(*id)?;
                }
            }
            write.audit(now, "purge", &before.to_rfc3339(), &format!("{} posts", ids.len()))
        })?;
        purged += ids.len() as u64;
    }
    Ok(purged)
}
