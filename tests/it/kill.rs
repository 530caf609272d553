//! Kill -9 at any instant: no post, alert or delivery is lost or doubled; index and store agree.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::Utc;
use guanlan::store::{ReadEvidence, SqliteStore, Store};
use pipelines::crawl::warc;
use pipelines::record::{PostId, RuleId};
use serde_json::Value;

use crate::lab::{Dice, Lab};

fn set_up(lab: &Lab, site: &guanlan::demo::DemoSite) {
    for (path, text) in guanlan::demo::config_files(&site.addresses, &lab.data()) {
        lab.write(path, &text);
    }
}

/// The addresses stored, as the index finds them and the store has them.
fn posts(lab: &Lab) -> BTreeSet<String> {
    let data = lab.data();
    let run = lab.run(&[
        "--data-dir",
        data.to_str().unwrap(),
        "search",
        "published:1990-01-01..2099-01-01",
        "--format",
        "jsonl",
        "--limit",
        "100000",
    ]);
    let rows = run.good().rows();
    let urls = rows.iter().map(|r| r["url"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(urls.len(), rows.len(), "a post stands twice in the index");
    let store = SqliteStore::open(&data.join("guanlan.db")).unwrap();
    assert_eq!(store.post_count().unwrap(), rows.len() as u64);
    urls
}

fn alerts(lab: &Lab) -> BTreeSet<String> {
    let data = lab.data();
    let run = lab.run(&[
        "--data-dir",
        data.to_str().unwrap(),
        "alerts",
        "--format",
        "jsonl",
        "--limit",
        "1000",
    ]);
    run.good().rows().iter().map(|r| r["key"].as_str().unwrap().to_owned()).collect()
}

/// The keys delivered to the alert file; none twice.
fn delivered(lab: &Lab) -> BTreeSet<String> {
    let text = std::fs::read_to_string(lab.data().join("alerts.jsonl")).unwrap();
    let keys = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["key"].as_str().unwrap().to_owned())
        // A delivery's key is its alert's and the notifier's.
        .map(|key| key.rsplit_once('@').unwrap().0.to_owned())
        .collect::<Vec<_>>();
    let unique = keys.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(unique.len(), keys.len(), "a delivery went out twice");
    unique
}

/// The posts that met a rule.
fn hits(lab: &Lab, rule: &str) -> BTreeSet<PostId> {
    let store = SqliteStore::open(&lab.data().join("guanlan.db")).unwrap();
    let hits = store.hits(&RuleId::from(rule), chrono::DateTime::UNIX_EPOCH).unwrap();
    hits.into_iter().map(|hit| hit.post).collect()
}

/// The rules of alert keys.
fn rules(keys: &BTreeSet<String>) -> BTreeSet<&str> {
    keys.iter().filter_map(|key| key.split(['/', '@']).next()).collect()
}

/// Every post was fetched, and what each of its rows refers to is there, whole.
fn every_post_has_its_evidence(lab: &Lab) {
    let store = SqliteStore::open(&lab.data().join("guanlan.db")).unwrap();
    let mut ids = Vec::new();
    let all = guanlan::store::PostRange::default();
    let each = &mut |post: pipelines::record::AnnotatedPost| {
        ids.push(post.post.id);
        true
    };
    store.each_post(&all, each).unwrap();
    for id in ids {
        let exhibits = store.evidence(id).unwrap();
        assert!(!exhibits.is_empty(), "post {id} has no evidence");
        for exhibit in exhibits {
            warc::read_at(&lab.data().join("evidence"), &exhibit.record.place).unwrap();
        }
    }
}

fn crawl_to_the_end(lab: &Lab) {
    let data = lab.data();
    lab.run(&["--data-dir", data.to_str().unwrap(), "--quiet", "crawl"]);
}

#[test]
fn killed_twenty_times_loses_and_doubles_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let site = runtime.block_on(guanlan::demo::serve_at(Utc::now())).unwrap();
    let reference = Lab::new();
    set_up(&reference, &site);
    crawl_to_the_end(&reference);
    assert!(posts(&reference).len() > 40, "the reference run found too little");

    let lab = Lab::new();
    set_up(&lab, &site);
    let data = lab.data();
    let mut dice = Dice(9);
    let mut killed = 0;
    for round in 0..20 {
        let mut child = lab
            .command(&["--data-dir", data.to_str().unwrap(), "--quiet", "crawl"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The instant is counted in requests the sites were asked, so that it falls within the crawl on a fast
        // machine and a slow one; every run asks at least for robots.txt and the entry of ten sites. Every
        // other kill comes a little later, when what was asked for is on its way into the store.
        let asked = site.requests() + 1 + dice.below(18);
        let late = Duration::from_millis(if round % 2 == 1 { dice.below(120) as u64 } else { 0 });
        let mut deadline = None;
        // Waiting is the point here: the kill must come from outside, at any moment.
        while child.try_wait().unwrap().is_none() {
            let reached = site.requests() >= asked;
            if reached && Instant::now() >= *deadline.get_or_insert_with(|| Instant::now() + late) {
                break;
            }
            std::thread::yield_now();
        }
        killed += usize::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert!(killed >= 10, "only {killed} of 20 runs were alive when they were killed");
    crawl_to_the_end(&lab);
    assert_eq!(posts(&lab), posts(&reference));
    every_post_has_its_evidence(&lab);
    for rule in ["accident", "pay", "river"] {
        assert_eq!(hits(&lab, rule), hits(&reference, rule), "hits of {rule}");
    }
    // Which posts share a story, and so which hit anchors an alert, may follow the order of arrival; what
    // fired at all may not.
    assert_eq!(rules(&alerts(&lab)), rules(&alerts(&reference)));
    assert_eq!(delivered(&lab), alerts(&lab));
}
