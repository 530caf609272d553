//! A store without room, and one that another program holds.

use pipelines::record::SourceId;

use super::*;
use crate::store::Store as _;

fn store(dir: &Path) -> SqliteStore {
    SqliteStore::open(&dir.join("guanlan.db")).unwrap()
}

/// The file may grow to so many pages and no further, as on a full disk.
fn leave_room(store: &SqliteStore, pages: i64) {
    let writer = lock(&store.writer);
    writer.as_ref().unwrap().pragma_update(None, "max_page_count", pages).unwrap();
}

fn fill(write: &dyn StoreWrite) -> Result<()> {
    write.put_state("large", &"满".repeat(200_000))
}

#[test]
fn a_full_disk_is_a_state_that_passes_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.write(&mut |write| write.put_state("before", "stands")).unwrap();
    leave_room(&store, 50);
    let full = store.write(&mut |write| fill(write)).unwrap_err();
    assert!(matches!(full, StoreError::Full(_)) && full.passes(), "{full}");
    assert_eq!(store.state("before").unwrap().as_deref(), Some("stands"));
    leave_room(&store, 1_000_000);
    store.write(&mut |write| fill(write)).unwrap();
    assert!(store.state("large").unwrap().is_some());
}

#[test]
fn a_database_that_another_program_holds_is_a_state_that_passes() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let shell = Connection::open(store.path()).unwrap();
    shell.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = store.write(&mut |write| write.put_state("a", "b")).unwrap_err();
    assert!(matches!(busy, StoreError::Busy) && busy.passes(), "{busy}");
    shell.execute_batch("ROLLBACK").unwrap();
    store.write(&mut |write| write.put_state("a", "b")).unwrap();
}

#[test]
fn who_opened_to_read_writes_only_when_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    drop(store(dir.path()));
    let reader = SqliteStore::open_to_read(&dir.path().join("guanlan.db")).unwrap();
    assert!(lock(&reader.writer).is_none());
    reader.write(&mut |write| write.put_state("a", "b")).unwrap();
    assert_eq!(reader.state("a").unwrap().as_deref(), Some("b"));
}

#[test]
fn a_closed_store_leaves_no_log_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    store.write(&mut |write| write.put_state("a", "b")).unwrap();
    store.state("a").unwrap();
    drop(store);
    assert!(!dir.path().join("guanlan.db-wal").exists(), "the writer must be the last to go");
}

#[test]
fn counts_by_the_hour_become_counts_by_the_day_and_still_tie_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let source = SourceId::from("s");
    let start: chrono::DateTime<chrono::Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
    let tally = crate::store::Tally { received: 2, kept: 2, ..Default::default() };
    store
        .write(&mut |write| {
            for hour in 0..72 {
                write.add_tally(&source, start + chrono::TimeDelta::hours(hour), &tally)?;
            }
            write.thin_tallies(start + chrono::TimeDelta::hours(50)).map(drop)
        })
        .unwrap();
    let whole = store.source_state(&source).unwrap().tally;
    assert_eq!((whole.received, whole.kept), (144, 144));
    let rows: i64 = store.read(|c| c.value("SELECT COUNT(*) FROM tallies", &[])).unwrap();
    assert_eq!(rows, 2 * (2 + 24), "two days of one row each, and the last day by the hour");
}
