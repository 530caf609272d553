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
