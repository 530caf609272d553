//! The end date of data: posts, and all that hangs on them, go when their time is over.
//!
//! In: the days from config. Out: an audit line per purge with what went. Deletes in small transactions so
//! that the station goes on meanwhile; the index follows through the change log.

use chrono::{DateTime, TimeDelta, Utc};

use super::station::Station;
use crate::store::{PostRange, Store};

/// Posts deleted in one transaction.
const AT_ONCE: usize = 500;

const STATE: &str = "retention";

/// Purges once a day.
///
/// # Errors
/// Those of the store.
pub fn purge_due(station: &Station, now: DateTime<Utc>) -> anyhow::Result<()> {
    let today = now.format("%Y-%m-%d").to_string();
    if station.store.state(STATE)?.as_deref() == Some(&today) {
        return Ok(());
    }
    let days = station.config.retention.posts_days;
    if days > 0 {
        purge(&*station.store, now - TimeDelta::days(i64::from(days)), now)?;
        station.nudge_index();
    }
    Ok(station.store.write(&mut |write| write.put_state(STATE, &today))?)
}

/// Deletes every post older than `before`; answers how many.
///
/// # Errors
/// Those of the store; what was deleted before stays deleted.
pub fn purge(store: &dyn Store, before: DateTime<Utc>, now: DateTime<Utc>) -> anyhow::Result<u64> {
    let mut purged = 0;
    loop {
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
                write.delete_post(*id)?;
            }
            write.audit(now, "purge", &before.to_rfc3339(), &format!("{} posts", ids.len()))
        })?;
        purged += ids.len() as u64;
    }
    Ok(purged)
}
