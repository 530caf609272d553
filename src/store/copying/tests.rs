//! Copies from file to file: the way is the same for a server, which `tests/cluster` has.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::DateTime;
use rusqlite::Connection;

use super::*;

/// Rows of the table that takes several transactions.
const MANY: u32 = 12_000;

fn order<'a>(is_stopped: &'a (dyn Fn() -> bool + Sync), is_anew: bool) -> Order<'a> {
    let now = DateTime::UNIX_EPOCH;
    Order { is_anew, who: "tester", now, is_stopped, told: &|_| () }
}

/// A store with three rows in each table, whatever tables there are, and many in one.
fn filled(path: &Path) -> Place {
    let place = Place::File(path.to_owned());
    drop(place.open().unwrap());
    let c = Connection::open(path).unwrap();
    for table in layout::tables().unwrap() {
        for n in 1..=3 {
            // Equal for all columns of text, so that rows which refer to others find them; some must be JSON.
            let values = table.columns.iter().map(|column| match column.is_number {
                true => n.to_string(),
                false => format!("'[\t\"x{n} \\\\N''\u{4e00}\"]'"),
            });
            let values = values.collect::<Vec<_>>().join(", ");
            let sql =
                format!("INSERT INTO {} ({}) VALUES ({values})", table.quoted(), table.columns());
            c.execute_batch(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }
    c.execute_batch("BEGIN").unwrap();
    for n in 0..MANY {
        c.execute("INSERT INTO terms VALUES (?1, ?2)", (format!("term {n}"), n)).unwrap();
    }
    c.execute_batch("COMMIT; UPDATE outbox SET error = NULL, sent = NULL WHERE id = 2").unwrap();
    // Numbers that were drawn and given up are not drawn again.
    c.execute_batch("UPDATE sqlite_sequence SET seq = 99 WHERE name = 'alerts'").unwrap();
    place
}

fn proofs_of(place: &Place) -> Vec<TableProof> {
    let side = side(place, true).unwrap();
    let tables = layout::tables().unwrap();
    tables
        .iter()
        .map(|table| proof::of(side.sql(), table, &mut || true).unwrap().unwrap())
        .collect()
}

#[test]
fn every_table_goes_over_however_often_it_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let from = filled(&dir.path().join("from.db"));
    let to = Place::File(dir.path().join("to.db"));
    let (asked, mut ended) = (AtomicUsize::new(0), 0);
    let copied = loop {
        asked.store(0, Ordering::Relaxed);
        // Each call gets one transaction further, then is ended.
        match copy(&from, &to, &order(&|| asked.fetch_add(1, Ordering::Relaxed) > 0, false)) {
            Ok(copied) => break copied,
            Err(CopyError::Stopped { .. }) => ended += 1,
            Err(error) => panic!("{error}"),
        }
        let refused = to.open().err().map(|error| format!("{error:?}"));
        assert!(refused.is_some_and(|error| error.starts_with("Unfinished")));
        if ended > layout::tables().unwrap().len() {
            break copy(&from, &to, &order(&|| false, false)).unwrap();
        }
    };
    assert!(ended > 10, "ended {ended} times only");
    assert_eq!(copied.tables, proofs_of(&from));
    assert_eq!(proofs_of(&to), proofs_of(&from));
    assert!(copied.tables.iter().all(|table| table.rows >= 3), "{:?}", copied.tables);
    let sequences = |place: &Place| {
        let Place::File(path) = place else { panic!() };
        let c = Connection::open(path).unwrap();
        let sql = "SELECT name || ' ' || seq FROM sqlite_sequence ORDER BY name";
        let mut rows = c.prepare(sql).unwrap();
        let rows = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(std::result::Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(sequences(&to), sequences(&from));
    assert!(sequences(&to).contains(&"alerts 99".to_owned()));
    let identity = |place: &Place| place.open().unwrap().position(0).unwrap().map(|p| p.store);
    assert_eq!(identity(&to), identity(&from));
}

fn refused(from: &Place, to: &Place, is_anew: bool) -> String {
    format!("{:?}", copy(from, to, &order(&|| false, is_anew)).unwrap_err())
}

/// Begins a copy and ends it after the first table.
fn begin(from: &Place, to: &Place) {
    let ended = copy(from, to, &order(&|| true, false)).unwrap_err();
    assert!(matches!(ended, CopyError::Stopped { .. }), "{ended}");
}

#[test]
fn nothing_is_written_into_but_a_copy_of_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| Place::File(dir.path().join(name));
    let from = filled(&dir.path().join("from.db"));
    assert!(refused(&place("none.db"), &place("to.db"), false).starts_with("Nothing"));
    let other = filled(&dir.path().join("other.db"));
    assert!(refused(&from, &other, false).starts_with("Occupied"));
    assert!(refused(&from, &other, true).starts_with("Occupied"), "what is no copy stays");
    begin(&from, &place("to.db"));
    assert!(refused(&other, &place("to.db"), false).starts_with("OfAnother"));
    // The source was used meanwhile.
    from.open().unwrap().write(&mut |write| write.put_state("new", "state")).unwrap();
    assert!(refused(&from, &place("to.db"), false).starts_with("Moved"));
    copy(&from, &place("to.db"), &order(&|| false, true)).unwrap();
    assert_eq!(proofs_of(&from), proofs_of(&place("to.db")));
    assert!(refused(&from, &place("to.db"), false).starts_with("Occupied"), "it is a store now");
}

#[test]
fn what_was_changed_behind_its_back_is_no_copy() {
    let dir = tempfile::tempdir().unwrap();
    let from = filled(&dir.path().join("from.db"));
    let path = dir.path().join("to.db");
    let to = Place::File(path.clone());
    // Of a table that is there already when the copy is ended the second time.
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) == 5;
    assert!(copy(&from, &to, &order(&stop, false)).is_err());
    let meddled = Connection::open(&path).unwrap();
    let changed = meddled.execute("UPDATE alerts SET hits = 7 WHERE id = 1", []).unwrap();
    assert_eq!(changed, 1);
    drop(meddled);
    let error = copy(&from, &to, &order(&|| false, false)).unwrap_err();
    assert!(matches!(&error, CopyError::Differs { tables } if tables == "alerts"), "{error}");
    assert!(matches!(to.open().err(), Some(StoreError::Unfinished { .. })));
    copy(&from, &to, &order(&|| false, true)).unwrap();
}

#[test]
fn nobody_writes_to_what_is_being_copied() {
    let dir = tempfile::tempdir().unwrap();
    let from = filled(&dir.path().join("from.db"));
    let met = std::sync::Mutex::new(None);
    let told = |_: Progress| {
        let mut met = met.lock().unwrap();
        if met.is_none() {
            let store = from.open_to_read().unwrap().unwrap();
            *met = Some(store.write(&mut |write| write.put_state("a", "b")).is_err());
        }
    };
    let to = Place::File(dir.path().join("to.db"));
    copy(&from, &to, &Order { told: &told, ..order(&|| false, false) }).unwrap();
    assert_eq!(*met.lock().unwrap(), Some(true), "it was written to");
}
