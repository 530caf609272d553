//! What a station begins with: nothing, or the kept data directory of version 1.
//!
//! In: the laboratory. Out: what the directory held before, which must be there in the end too, as far as the
//! purge by hand leaves it.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::store::{PostRange, SqliteStore, Store};
use pipelines::record::RuleId;

use super::whole::Holding;
use super::world::PURGED_AFTER_DAYS;
use crate::kept;
use crate::lab::Lab;

/// How a station begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Birth {
    Nothing,
    VersionOne,
}

/// The alerts that were told under another config.
pub type Old = BTreeSet<String>;

impl Birth {
    /// Lays the directory down.
    pub fn prepare(self, lab: &Lab) {
        if self == Self::VersionOne {
            kept::copy(Path::new(kept::V1), &lab.data());
        }
    }

    /// What is expected beside what everyone has, and the alerts that were told before.
    pub fn adds(self, now: DateTime<Utc>) -> (Holding, Old) {
        let (mut holding, mut old) = (Holding::default(), Old::new());
        if self == Self::Nothing {
            return (holding, old);
        }
        let lab = Lab::new();
        self.prepare(&lab);
        let store = SqliteStore::open(&lab.data().join("guanlan.db")).unwrap();
        let cut = now - TimeDelta::days(PURGED_AFTER_DAYS);
        let young = PostRange { from: Some(cut), until: None };
        let mut ids = BTreeSet::new();
        store
            .each_post(&young, &mut |post| {
                ids.insert(post.post.id);
                holding.posts.insert(post.post.url, (post.post.title, post.post.text));
                true
            })
            .unwrap();
        let hits = store.hits(&RuleId::from("accident"), DateTime::UNIX_EPOCH).unwrap();
        holding.hits = hits.into_iter().map(|hit| hit.post).filter(|id| ids.contains(id)).collect();
        for stored in store.alerts(&PostRange::default(), 1_000).unwrap() {
            old.insert(stored.alert.key);
        }
        (holding, old)
    }
}
