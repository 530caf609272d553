//! What a station holds in the end, and that it is whole.
//!
//! In: a laboratory whose station has ended. Out: everything that must be the same as in a station that was
//! never killed; broken bytes, lost deliveries and an index that is not the store's fail on the way.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use guanlan::store::{PostRange, ReadEvidence, SqliteStore, Store};
use pipelines::crawl::warc;
use pipelines::record::{PostId, RuleId, SourceId};
use serde_json::Value;

use super::birth::Old;
use super::world::Heard;
use crate::lab::Lab;

/// What must not depend on whether a station was killed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Title and text by address.
    pub posts: BTreeMap<String, (String, String)>,
    /// The posts that met the rule.
    pub hits: BTreeSet<PostId>,
    /// Rule and story of each alert; the time in its key may be that of a wrong clock.
    pub alerts: BTreeSet<String>,
}

impl Holding {
    /// Of the station in `lab`, of which the hook has `heard`; the `old` alerts were told before.
    pub fn of(lab: &Lab, heard: &Heard, old: &Old) -> Self {
        sound(lab);
        let store = SqliteStore::open(&lab.data().join("guanlan.db")).unwrap();
        let posts = posts(&store);
        assert_eq!(indexed(lab), posts.keys().cloned().collect(), "the index is not the store's");
        every_fetched_post_has_its_evidence(lab, &store);
        counts_tie_out(&store);
        let alerts = alerts_told(lab, &store, heard, old);
        let hits = store.hits(&RuleId::from("accident"), DateTime::UNIX_EPOCH).unwrap();
        Self { posts, hits: hits.into_iter().map(|hit| hit.post).collect(), alerts }
    }
}

/// The database as SQLite checks it, and nothing left that keeps the change log growing.
fn sound(lab: &Lab) {
    let db = rusqlite::Connection::open(lab.data().join("guanlan.db")).unwrap();
    let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let changes: i64 = db.query_row("SELECT COUNT(*) FROM changes", [], |row| row.get(0)).unwrap();
    assert!(changes <= 1, "{changes} changes are kept though the index has them all");
}

fn posts(store: &SqliteStore) -> BTreeMap<String, (String, String)> {
    let mut posts = BTreeMap::new();
    store
        .each_post(&PostRange::default(), &mut |post| {
            let post = post.post;
            let known = posts.insert(post.url, (post.title, post.text));
            assert!(known.is_none(), "a post is stored twice");
            true
        })
        .unwrap();
    posts
}

/// The addresses that a search finds, each once.
fn indexed(lab: &Lab) -> BTreeSet<String> {
    let everything = "published:1990-01-01..2099-01-01";
    let search = ["search", everything, "--format", "jsonl", "--limit", "100000"];
    let rows = lab.run(&search).good().rows();
    let urls: BTreeSet<_> = rows.iter().map(|r| r["url"].as_str().unwrap().to_owned()).collect();
    assert_eq!(urls.len(), rows.len(), "a post stands twice in the index");
    urls
}

fn every_fetched_post_has_its_evidence(lab: &Lab, store: &SqliteStore) {
    let mut fetched = Vec::new();
    let each = &mut |post: pipelines::record::AnnotatedPost| {
        if ["s0", "s1", "s2"].contains(&post.post.source.as_str()) {
            fetched.push(post.post.id);
        }
        true
    };
    store.each_post(&PostRange::default(), each).unwrap();
    for id in fetched {
        let exhibits = store.evidence(id).unwrap();
        assert!(!exhibits.is_empty(), "post {id} has no evidence");
        for exhibit in exhibits {
            warc::read_at(&lab.data().join("evidence"), &exhibit.record.place).unwrap();
        }
    }
}

fn counts_tie_out(store: &SqliteStore) {
    for source in ["import", "inbox", "s0", "s1", "s2"] {
        let tally = store.source_state(&SourceId::from(source)).unwrap().tally;
        assert!(tally.ties_out(), "{source}: {tally:?}");
    }
}

/// The alerts, each of a story of its own; each told once by the file, at least once by the hook.
fn alerts_told(lab: &Lab, store: &SqliteStore, heard: &Heard, old: &Old) -> BTreeSet<String> {
    for state in ["pending", "dead"] {
        let left = store.deliveries(state, DateTime::<Utc>::MAX_UTC, 10).unwrap();
        assert!(left.is_empty(), "{state}: {left:?}");
    }
    let keys: BTreeSet<String> = store
        .alerts(&PostRange::default(), 100_000)
        .unwrap()
        .into_iter()
        .map(|stored| stored.alert.key)
        .filter(|key| !old.contains(key))
        .collect();
    let lines = std::fs::read_to_string(lab.data().join("alerts.jsonl")).unwrap_or_default();
    let messages: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let told: BTreeSet<&str> = messages.iter().map(|m| m["key"].as_str().unwrap()).collect();
    assert_eq!(told.len(), messages.len(), "the file was told twice");
    for key in &keys {
        assert!(told.contains(format!("{key}@file").as_str()), "the file was never told {key}");
        assert!(heard.told.contains_key(&format!("{key}@hook")), "the hook was never told {key}");
    }
    let alert_messages =
        told.iter().filter(|key| key.ends_with("@file") && key.starts_with("accident/"));
    assert_eq!(alert_messages.count(), keys.len(), "the file tells of alerts that are not stored");
    let of_hook = heard.told.keys().filter(|key| key.starts_with("accident/")).count();
    assert_eq!(of_hook, keys.len(), "the hook heard of alerts that are not stored");
    let stories = keys.iter().map(|key| key.split('@').next().unwrap().to_owned());
    let stories: BTreeSet<String> = stories.collect();
    assert_eq!(stories.len(), keys.len(), "a story fired twice: {keys:?}");
    stories
}
