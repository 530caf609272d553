//! Where index and store part: an index that was deleted, damaged, or is of another history is noticed by whoever
//! opens it, rebuilt by whoever writes, and never answers "nothing found". `guanlan reindex` beside a station.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use guanlan::config::{Config, Depth, Overrides};
use guanlan::engine::import;
use guanlan::engine::{DataDir, Station, nobody, rebuild_index, segmenter};
use index::{Index, examine};
use pipelines::crawl::{ColumnMap, FileFormat, SourceConfig};

use crate::lab::{Lab, stored};

fn rows(lab: &Lab, name: &str, ids: std::ops::Range<u32>) -> std::path::PathBuf {
    let line = |id| format!("{{\"id\": {id}, \"text\": \"青岚沟煤矿第{id}号通知\"}}\n");
    lab.write(name, &ids.map(line).collect::<String>())
}

fn config(lab: &Lab) -> Config {
    let mut config =
        Config::shipped(&Overrides { data_dir: Some(lab.data()), ..Overrides::default() });
    // What is judged is not what is looked at here.
    config.judge.depth = Depth::Fast;
    config
}

fn open(lab: &Lab) -> Station {
    Station::open(config(lab), Arc::new(Utc::now), nobody()).unwrap()
}

/// Takes in one post for each of `ids`.
fn take(lab: &Lab, station: &Station, ids: std::ops::Range<u32>) {
    let source: SourceConfig = toml::from_str(
        "id = \"s\"\nname = \"s\"\nkind = \"files\"\npath = \"x\"\nformat = \"jsonl\"",
    )
    .unwrap();
    let (expected, path) = (u64::from(ids.end - ids.start), rows(lab, "rows.jsonl", ids));
    let (format, map) = (FileFormat::Jsonl, ColumnMap::default());
    let taken = import::file(&station.collector, &path, format, &map, &source).unwrap();
    assert_eq!(taken.tally.kept, expected);
}

/// A station that opens, takes in posts, and closes.
fn import(lab: &Lab, ids: std::ops::Range<u32>) {
    let station = open(lab);
    take(lab, &station, ids);
    station.close().unwrap();
}

fn search(lab: &Lab, query: &str) -> crate::lab::Run {
    let data = lab.data();
    let data = data.to_str().unwrap();
    lab.run(&["--data-dir", data, "search", query, "--format", "jsonl", "--limit", "1000"])
}

#[track_caller]
fn check_found(lab: &Lab, query: &str, expected: usize) {
    let run = search(lab, query).good();
    assert_eq!(run.rows().len(), expected, "{}", run.err);
    assert!(!run.err.contains("behind"), "{}", run.err);
}

/// A search that must not be answered, and why not.
#[track_caller]
fn check_refused(lab: &Lab, why: &str) {
    let run = search(lab, "青岚沟");
    assert_eq!(run.code, Some(1), "stdout:\n{}\nstderr:\n{}", run.out, run.err);
    assert!(run.err.contains(why), "{}", run.err);
    let data = lab.data();
    let status = lab.run(&["--data-dir", data.to_str().unwrap(), "status"]).good();
    assert!(status.out.contains(why), "{}", status.out);
}

fn index_dir(lab: &Lab) -> std::path::PathBuf {
    DataDir(lab.data()).index()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// A copy of the store takes its place, as the manual says: with nothing of the newer one left beside it.
fn put_back(kept: &Path, db: &Path) {
    for beside in ["db-wal", "db-shm"] {
        let beside = db.with_extension(beside);
        if beside.exists() {
            std::fs::remove_file(beside).unwrap();
        }
    }
    std::fs::copy(kept, db).unwrap();
}

#[test]
fn the_station_goes_on_with_the_rebuilt_index() {
    let lab = Lab::new();
    let station = open(&lab);
    take(&lab, &station, 0..40);
    let dir = station.dir.index();
    let place = index::Place::from(&dir);
    let built = rebuild_index(&*station.store, &place, Utc::now(), &|| false, &mut |_| {}).unwrap();
    assert_eq!(built, 40);
    take(&lab, &station, 40..70);
    station.close().unwrap();
    check_found(&lab, "青岚沟", 70);
}

#[test]
fn a_deleted_index_is_told_and_rebuilt_not_answered_from_an_empty_one() {
    let lab = Lab::new();
    import(&lab, 0..30);
    std::fs::remove_dir_all(index_dir(&lab)).unwrap();
    check_refused(&lab, "there is no index");
    import(&lab, 30..35);
    check_found(&lab, "青岚沟", 35);
}

#[test]
fn an_index_without_its_current_is_told_and_rebuilt() {
    let lab = Lab::new();
    import(&lab, 0..30);
    std::fs::remove_file(index_dir(&lab).join("CURRENT")).unwrap();
    check_refused(&lab, "there is no index");
    import(&lab, 30..31);
    check_found(&lab, "青岚沟", 31);
}

#[test]
fn an_empty_index_beside_a_full_store_is_told() {
    let lab = Lab::new();
    import(&lab, 0..30);
    Index::create(index_dir(&lab), &segmenter(&config(&lab))).unwrap();
    check_refused(&lab, "the index is empty");
    let data = lab.data();
    lab.run(&["--data-dir", data.to_str().unwrap(), "reindex"]).good();
    check_found(&lab, "青岚沟", 30);
}

#[test]
fn posts_after_an_older_store_was_put_back_are_found() {
    let lab = Lab::new();
    import(&lab, 0..30);
    let (db, kept) = (DataDir(lab.data()).store(), lab.path().join("kept.db"));
    std::fs::copy(&db, &kept).unwrap();
    import(&lab, 30..330);
    put_back(&kept, &db);
    check_refused(&lab, "another history");
    import(&lab, 1_000..1_050);
    check_found(&lab, "青岚沟", 80);
    check_found(&lab, "第1007号", 1);
    check_found(&lab, "第100号", 0);
}

#[test]
fn an_older_store_that_has_outgrown_the_index_is_told_as_well() {
    let lab = Lab::new();
    import(&lab, 0..30);
    let (db, kept) = (DataDir(lab.data()).store(), lab.path().join("kept.db"));
    std::fs::copy(&db, &kept).unwrap();
    let aside = lab.path().join("aside");
    import(&lab, 30..60);
    copy(&index_dir(&lab), &aside);
    // The older store goes on, beyond where the index has been.
    put_back(&kept, &db);
    import(&lab, 1_000..1_100);
    std::fs::remove_dir_all(index_dir(&lab)).unwrap();
    copy(&aside, &index_dir(&lab));
    check_refused(&lab, "another history");
    import(&lab, 2_000..2_001);
    check_found(&lab, "青岚沟", 131);
}

#[test]
fn the_index_of_another_store_is_told_and_rebuilt() {
    let (lab, other) = (Lab::new(), Lab::new());
    import(&lab, 0..30);
    import(&other, 500..530);
    std::fs::remove_dir_all(index_dir(&lab)).unwrap();
    copy(&index_dir(&other), &index_dir(&lab));
    check_refused(&lab, "another store");
    import(&lab, 30..31);
    check_found(&lab, "青岚沟", 31);
    check_found(&lab, "第507号", 0);
}

#[test]
fn posts_are_as_hot_after_a_rebuild_as_before() {
    let lab = Lab::new();
    import(&lab, 0..30);
    check_found(&lab, "heat:>0", 30);
    let data = lab.data();
    lab.run(&["--data-dir", data.to_str().unwrap(), "reindex"]).good();
    check_found(&lab, "heat:>0", 30);
}

#[test]
fn a_rebuild_that_was_killed_does_not_hold_the_log_for_ever() {
    let lab = Lab::new();
    import(&lab, 0..30);
    // What a kill leaves: the mark, and nobody who holds the lock.
    let store = stored(&lab.data());
    store.write(&mut |write| write.put_state("reindex_from", "1")).unwrap();
    drop(store);
    import(&lab, 30..60);
    let store = stored(&lab.data());
    assert_eq!(store.state("reindex_from").unwrap(), None);
    assert_eq!(store.changes_after(0, 1_000).unwrap().len(), 1, "only the last change stands");
}

#[test]
fn an_index_taken_away_under_a_station_comes_back() {
    let lab = Lab::new();
    let station = open(&lab);
    take(&lab, &station, 0..20);
    // Moved, not deleted piece by piece, which races with who writes there.
    std::fs::rename(index_dir(&lab), lab.path().join("gone")).unwrap();
    take(&lab, &station, 20..40);
    station.close().unwrap();
    check_found(&lab, "青岚沟", 40);
}

#[test]
fn bytes_that_the_disk_turned_are_told_by_status_and_mended_by_a_station() {
    let lab = Lab::new();
    import(&lab, 0..30);
    let name = std::fs::read_to_string(index_dir(&lab).join("CURRENT")).unwrap();
    let entries = std::fs::read_dir(index_dir(&lab).join(name)).unwrap();
    let postings =
        entries.map(|e| e.unwrap().path()).find(|p| p.extension() == Some("idx".as_ref()));
    let postings = postings.expect("a segment has postings");
    let mut bytes = std::fs::read(&postings).unwrap();
    bytes[5] ^= 0xff;
    std::fs::write(&postings, bytes).unwrap();
    let data = lab.data();
    let status = lab.run(&["--data-dir", data.to_str().unwrap(), "status"]).good();
    assert!(status.out.contains("damaged"), "{}", status.out);
    let station = open(&lab);
    let begun = Instant::now();
    while examine(index_dir(&lab), Duration::MAX).and_then(|found| found.whole()).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(120), "it was never mended");
        std::thread::yield_now();
    }
    station.close().unwrap();
    check_found(&lab, "青岚沟", 30);
}

#[test]
fn an_index_that_lags_is_said_with_the_answer() {
    let lab = Lab::new();
    import(&lab, 0..3);
    let run = search(&lab, "青岚沟").good();
    let id = run.rows()[0]["id"].as_str().unwrap().to_owned();
    let data = lab.data();
    let data = data.to_str().unwrap();
    // What a full disk leaves as well: a change in the store that the index has not.
    lab.run(&["--data-dir", data, "label", &id, "--polarity", "positive"]).good();
    let table = lab.run(&["--data-dir", data, "search", "没有这样的字"]).good();
    assert!(table.out.contains("1 steps behind"), "{}", table.out);
    assert!(table.out.contains("so far"), "{}", table.out);
    let run = search(&lab, "青岚沟").good();
    assert_eq!(run.rows().len(), 3);
    assert!(run.err.contains("1 steps behind"), "{}", run.err);
    import(&lab, 3..4);
    check_found(&lab, "青岚沟", 4);
}

#[test]
fn a_station_in_haste_does_not_wait_for_the_index_and_the_next_one_catches_up() {
    let lab = Lab::new();
    let station = open(&lab);
    take(&lab, &station, 0..200);
    station.stop.ask();
    let begun = Instant::now();
    station.close().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    open(&lab).close().unwrap();
    check_found(&lab, "青岚沟", 200);
}
