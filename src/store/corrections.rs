//! What officers said of posts: one row a post and field, with who and when.
//!
//! In: corrections. Out: the same. How they go over a post stands in `pipelines::record::correct`; the post is written
//! by whoever can judge it, in the transaction that keeps the row.

use pipelines::record::{Correction, PostId, Said, SourceId};

use super::sql::{Row, Sql, params};
use super::values::{instant, millis};
use super::{Result, StoreError};

const COLUMNS: &str = "c.post, c.field, c.value, c.who, c.at";

fn read(row: &Row<'_>) -> Result<Correction> {
    let post = PostId(row.get::<i64>(0)?.cast_unsigned());
    let (field, value): (String, String) = (row.get(1)?, row.get(2)?);
    let said = Said::parse(&field, &value).ok_or_else(|| StoreError::Corrupt {
        what: format!("correction of post {post}"),
        cause: format!("{field} cannot be `{value}`"),
    })?;
    Ok(Correction { post, said, by: row.get(3)?, at: instant(row.get(4)?) })
}

pub(super) fn put(c: &dyn Sql, correction: &Correction) -> Result<()> {
    let Correction { post, said, by, at } = correction;
    c.execute(
        "INSERT INTO corrections (post, field, value, who, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (post, field) DO UPDATE
         SET value = excluded.value, who = excluded.who, at = excluded.at",
        params![post.0.cast_signed(), said.field(), said.value(), by, millis(*at)],
    )?;
    Ok(())
}

pub(super) fn drop_of(c: &dyn Sql, post: PostId) -> Result<u64> {
    let gone =
        c.execute("DELETE FROM corrections WHERE post = ?1", params![post.0.cast_signed()])?;
    Ok(gone as u64)
}

pub(super) fn of(c: &dyn Sql, post: PostId) -> Result<Vec<Correction>> {
    let sql = format!("SELECT {COLUMNS} FROM corrections c WHERE c.post = ?1 ORDER BY c.field");
    c.rows(&sql, params![post.0.cast_signed()], read)
}

pub(super) fn all(c: &dyn Sql) -> Result<Vec<Correction>> {
    let sql = format!("SELECT {COLUMNS} FROM corrections c ORDER BY c.at, c.post, c.field");
    c.rows(&sql, &[], read)
}

pub(super) fn on(c: &dyn Sql, source: &SourceId, limit: usize) -> Result<Vec<Correction>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let sql = format!(
        "SELECT {COLUMNS} FROM corrections c JOIN posts p ON p.id = c.post WHERE p.source = ?1
         ORDER BY c.at DESC, c.post, c.field LIMIT ?2"
    );
    c.rows(&sql, params![source.as_str(), limit], read)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{DateTime, TimeDelta, Utc};
    use pipelines::record::{Polarity, PostKind};

    use super::super::{Store, lab};
    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-01T00:00:00Z".parse().unwrap()
    }

    fn say(store: &Arc<dyn Store>, post: u64, said: Said, by: &str, minutes: i64) {
        let at = start() + TimeDelta::minutes(minutes);
        let correction = Correction { post: PostId(post), said, by: by.to_owned(), at };
        store.write(&mut |write| write.put_correction(&correction)).unwrap();
    }

    #[test]
    fn a_field_of_a_post_has_one_word_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let store = lab::open(dir.path());
        say(&store, 7, Said::Polarity(Polarity::Negative), "王", 0);
        say(&store, 7, Said::Kind(PostKind::Grievance), "王", 1);
        say(&store, u64::MAX, Said::Urgency(2), "李", 2);
        say(&store, 7, Said::Polarity(Polarity::Neutral), "李", 3);
        let of: Vec<_> = store.corrections_of(PostId(7)).unwrap();
        let told: Vec<_> = of.iter().map(|c| (c.said.value(), c.by.as_str())).collect();
        assert_eq!(told, [("grievance".to_owned(), "王"), ("neutral".to_owned(), "李")]);
        assert_eq!(of[1].at, start() + TimeDelta::minutes(3));
        assert_eq!(store.corrections().unwrap().len(), 3);
        let mut dropped = 0;
        store
            .write(&mut |write| {
                dropped = write.drop_corrections(PostId(7))?;
                Ok(())
            })
            .unwrap();
        assert_eq!((dropped, store.corrections().unwrap().len()), (2, 1));
    }
}
