//! The figures of digests by other code: SQL over the records of the store.
//!
//! In: a data directory, a span in milliseconds. Out: counts. It shares nothing with what makes digests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The table of units by other code: SQL over the records, span by span.
pub fn units(data: &Path, (from, to): (i64, i64)) -> BTreeMap<String, Vec<u64>> {
    let store = rusqlite::Connection::open(data.join("guanlan.db")).unwrap();
    let mut ask = store
        .prepare(
            "SELECT json_extract(m.value, '$.subject'), json_extract(m.value, '$.polarity.polarity'), count(*)
             FROM posts, json_each(record, '$.mentions') m WHERE time >= ?1 AND time < ?2 GROUP BY 1, 2",
        )
        .unwrap();
    let mut counts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    for row in ask.query_map([from, to], read).unwrap() {
        let (subject, polarity, n): (String, String, i64) = row.unwrap();
        let n = n.cast_unsigned();
        let at =
            ["negative", "neutral", "positive"].iter().position(|name| *name == polarity).unwrap();
        let line = counts.entry(subject).or_insert_with(|| vec![0; 4]);
        line[at + 1] += n;
        line[0] += n;
    }
    counts
}

/// The table of channels by other code: posts, and by what they say of any subject, the worst first.
pub fn channels(data: &Path, (from, to): (i64, i64)) -> BTreeMap<String, Vec<u64>> {
    let store = rusqlite::Connection::open(data.join("guanlan.db")).unwrap();
    let mut ask = store
        .prepare(
            "WITH ours AS (
               SELECT json_extract(record, '$.post.channel') AS channel,
                      max(CASE json_extract(m.value, '$.polarity.polarity')
                            WHEN 'negative' THEN 2 WHEN 'positive' THEN 1 ELSE 0 END) AS says
               FROM posts, json_each(record, '$.mentions') m WHERE time >= ?1 AND time < ?2
               GROUP BY posts.id)
             SELECT channel, says, count(*) FROM ours GROUP BY 1, 2",
        )
        .unwrap();
    let mut counts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    for row in ask.query_map([from, to], read).unwrap() {
        let (channel, says, n): (String, i64, i64) = row.unwrap();
        let line = counts.entry(channel).or_insert_with(|| vec![0; 4]);
        line[[2, 3, 1][usize::try_from(says).unwrap()]] += n.cast_unsigned();
        line[0] += n.cast_unsigned();
    }
    counts
}

/// The table of units by day by other code: SQL over the records, by local day (Shanghai keeps one time all year).
pub fn by_day(data: &Path, (from, days): (i64, u32)) -> BTreeMap<String, Vec<u64>> {
    let store = rusqlite::Connection::open(data.join("guanlan.db")).unwrap();
    let mut ask = store
        .prepare(
            "SELECT json_extract(m.value, '$.subject'), (time - ?1) / 86400000, count(DISTINCT posts.id)
             FROM posts, json_each(record, '$.mentions') m
             WHERE time >= ?1 AND time < ?1 + ?2 * 86400000 GROUP BY 1, 2",
        )
        .unwrap();
    let mut counts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    for row in ask.query_map(rusqlite::params![from, days], read).unwrap() {
        let (subject, day, n): (String, u32, i64) = row.unwrap();
        counts.entry(subject).or_insert_with(|| vec![0; days as usize])[day as usize] =
            n.cast_unsigned();
    }
    counts
}

/// The cases that had not ended by then, by other code; those of the demo are opened once and end never.
pub fn open_cases(data: &Path, to: i64) -> BTreeSet<String> {
    let store = rusqlite::Connection::open(data.join("guanlan.db")).unwrap();
    let sql = "SELECT number FROM cases WHERE opened < ?1 AND state NOT IN ('closed', 'dismissed')";
    let mut ask = store.prepare(sql).unwrap();
    let numbers = ask.query_map([to], |row| row.get(0)).unwrap();
    numbers.map(Result::unwrap).collect()
}
