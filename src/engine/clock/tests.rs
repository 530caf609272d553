//! A clock that leaps, goes back, is confirmed and is not.

use super::*;
use crate::store::SqliteStore;

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap() + TimeDelta::hours(hours)
}

fn lab() -> (tempfile::TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("guanlan.db")).unwrap();
    (dir, store)
}

fn look(
    keeper: &Timekeeper,
    store: &SqliteStore,
    now: DateTime<Utc>,
    told: &[TimeDelta],
) -> Observed {
    let observed = keeper.look(store, now, &|_| told.to_vec());
    keeper.keep_if_stale(store).unwrap();
    observed
}

const TWO_YEARS: i64 = 2 * 365 * 24;

#[test]
fn a_clock_that_leaps_ahead_is_doubted_until_it_is_set_right() {
    let (_dir, store) = lab();
    let keeper = Timekeeper::open(&store, at(0)).unwrap();
    for hour in [0, 1, 7, 8] {
        look(&keeper, &store, at(hour), &[]);
        assert!(!keeper.is_doubted(), "hour {hour}");
    }
    let seen = look(&keeper, &store, at(TWO_YEARS), &[]);
    assert!(seen.changed && keeper.is_doubted());
    assert_eq!(keeper.no_later(at(TWO_YEARS)), at(8));
    // Also after a restart, and however long it goes on.
    let keeper = Timekeeper::open(&store, at(TWO_YEARS + 200)).unwrap();
    look(&keeper, &store, at(TWO_YEARS + 200), &[]);
    assert!(keeper.is_doubted());
    let seen = look(&keeper, &store, at(9), &[]);
    assert!(seen.went_back && seen.was_ahead && !keeper.is_doubted());
    assert_eq!(keeper.known().trusted, at(9));
}

#[test]
fn a_clock_set_back_by_mistake_changes_no_date() {
    let (_dir, store) = lab();
    let keeper = Timekeeper::open(&store, at(100)).unwrap();
    look(&keeper, &store, at(100), &[]);
    for hour in [76, 77, 100] {
        let seen = look(&keeper, &store, at(hour), &[]);
        assert!(!seen.was_ahead, "hour {hour}");
        assert_eq!((keeper.is_doubted(), seen.went_back), (hour < 100, hour == 76));
    }
    // Where two sites say that it is right, it was the time before that was wrong.
    look(&keeper, &store, at(76), &[]);
    let near = TimeDelta::zero();
    assert!(look(&keeper, &store, at(76), &[near, near]).was_ahead);
    assert_eq!(keeper.known().trusted, at(76));
}

#[test]
fn two_sites_confirm_a_clock_and_one_or_a_minority_does_not() {
    let (_dir, store) = lab();
    let keeper = Timekeeper::open(&store, at(0)).unwrap();
    look(&keeper, &store, at(0), &[]);
    let (near, far) = (TimeDelta::minutes(2), TimeDelta::days(700));
    for (told, confirmed) in
        [(vec![near], false), (vec![near, near, far, far], false), (vec![near, near, far], true)]
    {
        look(&keeper, &store, at(100), &told);
        look(&keeper, &store, at(100), &told);
        assert_eq!(keeper.is_doubted(), !confirmed, "{told:?}");
    }
    assert_eq!(keeper.known().trusted, at(100));
}

#[test]
fn the_officers_word_counts_once_and_for_the_time_it_was_said_of() {
    let (_dir, store) = lab();
    let keeper = Timekeeper::open(&store, at(0)).unwrap();
    look(&keeper, &store, at(0), &[]);
    confirm_by_hand(&store, at(100)).unwrap();
    look(&keeper, &store, at(101), &[]);
    assert!(!keeper.is_doubted());
    look(&keeper, &store, at(200), &[]);
    assert!(keeper.is_doubted(), "the word of an hour is none for another");
    confirm_by_hand(&store, at(100)).unwrap();
    look(&keeper, &store, at(200), &[]);
    assert!(keeper.is_doubted());
}

#[test]
fn a_store_that_never_saw_a_clock_is_as_old_as_what_is_in_it() {
    let (_dir, store) = lab();
    store.write(&mut |write| write.audit(at(0), "label", "1", "")).unwrap();
    let keeper = Timekeeper::open(&store, at(TWO_YEARS)).unwrap();
    look(&keeper, &store, at(TWO_YEARS), &[]);
    assert!(keeper.is_doubted());
    assert_eq!(keeper.known().trusted, at(0));
}

#[test]
fn a_leap_that_was_never_noted_is_seen_by_what_it_dated() {
    let (_dir, store) = lab();
    let keeper = Timekeeper::open(&store, at(0)).unwrap();
    look(&keeper, &store, at(0), &[]);
    // It leaps, puts a message into the outbox and dies before it says so.
    store.write(&mut |write| write.enqueue("told", "file", "{}", at(TWO_YEARS)).map(drop)).unwrap();
    assert!(store.deliveries("pending", at(1), 9).unwrap().is_empty());
    let keeper = Timekeeper::open(&store, at(1)).unwrap();
    assert!(look(&keeper, &store, at(1), &[]).was_ahead);
    assert!(!keeper.is_doubted());
    assert_eq!(store.deliveries("pending", at(1), 9).unwrap().len(), 1);
    let keeper = Timekeeper::open(&store, at(2)).unwrap();
    assert_eq!(look(&keeper, &store, at(2), &[]), Observed::default(), "said once");
}
