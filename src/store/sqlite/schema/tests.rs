//! First starts and migrations, stopped at every step.

use std::path::PathBuf;

use rusqlite::fallible_iterator::FallibleIterator as _;

use super::*;

/// What a kill leaves of the store in `dir`: its files as they stand, copied aside.
fn as_killed(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

fn file(dir: &Path) -> PathBuf {
    dir.join("guanlan.db")
}

fn objects(c: &Connection) -> i64 {
    c.query_row("SELECT COUNT(*) FROM sqlite_master", [], |r| r.get(0)).unwrap()
}

/// Runs `migrations` from `from` on, statement by statement, within a transaction; after each of them what a kill
/// would leave must still be of version `from`, and open through the door.
fn killed_between_statements(dir: &Path, migrations: &[&str], from: i64) {
    let mut c = Connection::open(file(dir)).unwrap();
    c.pragma_update(None, "journal_mode", "WAL").unwrap();
    let tx = c.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let mut kills = 0;
    for migration in migrations.iter().skip(usize::try_from(from).unwrap()) {
        let mut batch = rusqlite::Batch::new(&tx, migration);
        while let Some(mut statement) = batch.next().unwrap() {
            statement.raw_execute().unwrap();
            // Everything is pushed out of memory, as a large migration would do by itself.
            tx.cache_flush().unwrap();
            let killed = as_killed(dir);
            let mut left = Connection::open(file(killed.path())).unwrap();
            assert_eq!(version(&left).unwrap(), from);
            bring_up(&mut left, &file(killed.path())).unwrap();
            assert_eq!(version(&left).unwrap(), CURRENT);
            kills += 1;
        }
    }
    assert!(kills > 5, "only {kills} statements");
}

#[test]
fn the_count_of_migrations_is_the_version() {
    assert_eq!(i64::try_from(MIGRATIONS.len()).unwrap(), CURRENT);
}

#[test]
fn a_first_start_killed_at_any_statement_leaves_a_directory_that_opens() {
    let dir = tempfile::tempdir().unwrap();
    killed_between_statements(dir.path(), &MIGRATIONS, 0);
}

#[test]
fn a_migration_killed_at_any_statement_leaves_the_old_version_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut c = Connection::open(file(dir.path())).unwrap();
    migrate(&mut c, &file(dir.path()), &MIGRATIONS[..1]).unwrap();
    killed_between_statements(dir.path(), &MIGRATIONS, 1);
}

#[test]
fn a_migration_that_fails_leaves_the_old_version_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut c = Connection::open(file(dir.path())).unwrap();
    migrate(&mut c, &file(dir.path()), &MIGRATIONS[..1]).unwrap();
    let before = objects(&c);
    let broken =
        [MIGRATIONS[0], "CREATE TABLE more (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"];
    migrate(&mut c, &file(dir.path()), &broken).unwrap_err();
    assert_eq!((version(&c).unwrap(), objects(&c)), (1, before));
}

/// What versions before 0.2 left of a first start that was killed: some tables, no version.
#[test]
fn a_directory_half_made_by_the_first_version_opens() {
    let dir = tempfile::tempdir().unwrap();
    let mut c = Connection::open(file(dir.path())).unwrap();
    c.execute_batch(MIGRATIONS[0].split_once("CREATE TABLE entries").unwrap().0).unwrap();
    bring_up(&mut c, &file(dir.path())).unwrap();
    assert_eq!(version(&c).unwrap(), CURRENT);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut c = Connection::open(file(dir.path())).unwrap();
    c.execute_batch("CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO b VALUES (1)").unwrap();
    let refused = bring_up(&mut c, &file(dir.path())).unwrap_err();
    assert!(matches!(refused, StoreError::Foreign { .. }), "{refused}");
    assert_eq!(objects(&c), 2);
}

#[test]
fn a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut c = Connection::open(file(dir.path())).unwrap();
    bring_up(&mut c, &file(dir.path())).unwrap();
    c.pragma_update(None, "user_version", CURRENT + 1).unwrap();
    let refused = bring_up(&mut c, &file(dir.path())).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
}

#[test]
fn a_search_beside_a_first_start_meets_no_half_made_store() {
    let dir = tempfile::tempdir().unwrap();
    let first = Connection::open(file(dir.path())).unwrap();
    first.pragma_update(None, "journal_mode", "WAL").unwrap();
    first.execute_batch("BEGIN IMMEDIATE").unwrap();
    first.execute_batch(MIGRATIONS[0]).unwrap();
    let reader = Connection::open(file(dir.path())).unwrap();
    let met = check(&reader, &file(dir.path())).unwrap_err();
    assert!(matches!(met, StoreError::Older { found: 0, .. }), "{met}");
}

#[test]
fn posts_that_name_a_subject_are_found_without_the_others() {
    let mut c = Connection::open_in_memory().unwrap();
    bring_up(&mut c, Path::new("memory")).unwrap();
    let names = crate::store::posts::NAMES_A_SUBJECT;
    let plan: String = c
        .query_row(
            &format!(
                "EXPLAIN QUERY PLAN SELECT record FROM posts WHERE time >= 1 AND time < 2 AND {names} ORDER BY time, id"
            ),
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("posts_naming"), "{plan}");
}
