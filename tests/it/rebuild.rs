//! `guanlan reindex` beside a station at work: the station goes on with the new index and misses nothing.

use std::sync::Arc;

use chrono::Utc;
use guanlan::config::{Config, Overrides};
use guanlan::engine::import;
use guanlan::engine::{Station, nobody, rebuild_index};
use pipelines::crawl::{ColumnMap, FileFormat, SourceConfig};

use crate::lab::Lab;

fn rows(lab: &Lab, name: &str, ids: std::ops::Range<u32>) -> std::path::PathBuf {
    let line = |id| format!("{{\"id\": {id}, \"text\": \"青岚沟煤矿第{id}号通知\"}}\n");
    lab.write(name, &ids.map(line).collect::<String>())
}

#[test]
fn the_station_goes_on_with_the_rebuilt_index() {
    let lab = Lab::new();
    let overrides = Overrides { data_dir: Some(lab.data()), ..Overrides::default() };
    let config = Config::shipped(&overrides);
    let source: SourceConfig = toml::from_str(
        "id = \"s\"\nname = \"s\"\nkind = \"files\"\npath = \"x\"\nformat = \"jsonl\"",
    )
    .unwrap();
    let station = Station::open(config, Arc::new(Utc::now), nobody()).unwrap();
    let take = |path: &std::path::Path| {
        import::file(&station.collector, path, FileFormat::Jsonl, &ColumnMap::default(), &source)
            .unwrap()
    };
    assert_eq!(take(&rows(&lab, "a.jsonl", 0..40)).tally.kept, 40);
    let built = rebuild(&station);
    assert_eq!(built, 40);
    assert_eq!(take(&rows(&lab, "b.jsonl", 40..70)).tally.kept, 30);
    station.close().unwrap();
    let found = lab.run(&[
        "--data-dir",
        lab.data().to_str().unwrap(),
        "search",
        "青岚沟",
        "--format",
        "jsonl",
        "--limit",
        "1000",
    ]);
    assert_eq!(found.good().rows().len(), 70);
}
