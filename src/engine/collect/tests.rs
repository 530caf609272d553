//! What an entry may claim.

use pipelines::record::Found;

use super::*;
use crate::config::{Config, Overrides};
use crate::engine::{Station, nobody, system_clock};

#[test]
fn a_link_to_another_house_never_keeps_that_house_from_asking() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = Some(dir.path().join("data"));
    let config = Config::shipped(&Overrides { data_dir, ..Overrides::default() });
    let station = Station::open(config, system_clock(), nobody()).unwrap();
    let feed = |url: &str| SourceKind::Feed { url: url.to_owned(), full_page: true };
    let evil = SourceConfig::new("evil", "e", feed("https://evil.example/rss"));
    let good = SourceConfig::new("good", "g", feed("https://good.example/rss"));
    let link = "https://good.example/a".to_owned();
    let entries = || Entries { jobs: vec![(link.clone(), Found::default())], ..Entries::default() };
    let now = Utc::now();
    let collector = &station.collector;
    let step = |source| entry_step(&*station.store, &collector.stages, source, entries(), now);
    let claim = step(&evil).unwrap();
    assert!(claim.jobs.is_empty());
    let tally = collector.committer.commit_blocking(claim).unwrap();
    assert_eq!((tally.received, tally.dropped_total()), (1, 1));
    let own = step(&good).unwrap();
    assert_eq!(own.jobs.len(), 1, "the house itself must still ask for its page");
    station.close().unwrap();
}

/// Complaints that a linear judge is not sure of, as items of a feed.
fn items() -> Vec<(String, Found)> {
    let said = [
        "又到月底了，卡里还是那点数，谁懂。",
        "云岭矿业集团的班车今天又让我们在风里站了四十分钟。",
        "楼下那条路挖了填，填了挖，云岭矿业集团真有钱。",
    ];
    let item = |(number, text): (usize, &&str)| {
        let found = Found { text: Some((*text).to_owned()), ..Found::default() };
        (format!("https://feed.example/{number}"), found)
    };
    said.iter().enumerate().map(item).collect()
}

#[test]
fn a_long_line_is_judged_in_haste_and_read_deeply_when_it_is_short_and_what_is_known_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = Some(dir.path().join("data"));
    let config = Config::shipped(&Overrides { data_dir, ..Overrides::default() });
    let station = Station::open(config, system_clock(), nobody()).unwrap();
    let feed = SourceKind::Feed { url: "https://feed.example/rss".to_owned(), full_page: false };
    let mut source = SourceConfig::new("feed", "f", feed);
    source.evidence = Some(false);
    let (collector, store, now) = (&station.collector, &*station.store, Utc::now());
    let stages = &*collector.stages;
    let entries = || Entries { items: items(), ..Entries::default() };
    let step = || entry_step(store, stages, &source, entries(), now).unwrap();

    let others = stages.line().enter(1000);
    let hasty = step();
    let ids: Vec<_> = hasty.posts.iter().map(|post| post.post.id).collect();
    assert!(hasty.posts.iter().all(|post| post.meaning.is_none()), "by the fast models alone");
    collector.committer.commit_blocking(hasty).unwrap();
    assert_eq!((stages.deep_read().posts, deep::waiting(store).unwrap()), (0, 3));
    deep::come_back(stages, store, now).unwrap();
    assert_eq!(deep::waiting(store).unwrap(), 3, "while the line is long it steps aside");

    drop(others);
    deep::come_back(stages, store, now).unwrap();
    assert_eq!(deep::waiting(store).unwrap(), 0);
    for id in ids {
        let is = store.post(id).unwrap().unwrap();
        let deeply = stages.annotator().annotate(is.post.clone(), now);
        assert_eq!((&is.polarity, &is.filing), (&deeply.polarity, &deeply.filing));
    }

    let known = step();
    assert!(known.posts.is_empty() && known.tally.dropped_total() == 3);
    let mut edited = items();
    edited[1].1.text = Some("云岭矿业集团的班车今天准点到了。".to_owned());
    let edited = Entries { items: edited, ..Entries::default() };
    let changed = entry_step(store, stages, &source, edited, now).unwrap();
    assert_eq!((changed.posts.len(), stages.deep_read().posts), (1, 1), "only what changed");
    station.close().unwrap();
}
