//! Answers on record as rows: each entry as it stands, and every version of it with who made it.
//!
//! In: JSON as the entry makes it. Out: rows. A version is written once, together with the entry as it makes it; one that
//! is there already is refused, so that two people cannot make the same version. Nothing is deleted: the schema refuses.
//! It knows nothing of what an entry says.

use chrono::{DateTime, Utc};

use super::Result;
use super::sql::{Database, Sql, Write, params};
use super::values::{instant, millis};

/// A version of an answer on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerVersion {
    /// The entry.
    pub number: i64,
    /// Which version, from 1.
    pub version: u32,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// By whom.
    pub who: String,
    /// What was done: a name of the entry's own.
    pub done: String,
    /// The entry after it, as JSON.
    pub record: String,
}

/// Answers on record as readers see them.
pub trait ReadAnswers {
    /// All entries as JSON, by number.
    fn answers(&self) -> Result<Vec<String>>;
    /// One entry as JSON.
    fn answer(&self, number: i64) -> Result<Option<String>>;
    /// The versions of one entry, or of all, oldest first.
    fn answer_versions(&self, number: Option<i64>) -> Result<Vec<AnswerVersion>>;
}

/// What a transaction does to answers on record.
pub trait WriteAnswers {
    /// The next number.
    fn next_answer_number(&self) -> Result<i64>;
    /// One entry as JSON, as this transaction sees it.
    fn answer_now(&self, number: i64) -> Result<Option<String>>;
    /// Writes a version and puts the entry as it makes it.
    fn put_answer(&self, version: &AnswerVersion) -> Result<()>;
}

fn answer(c: &dyn Sql, number: i64) -> Result<Option<String>> {
    let sql = "SELECT record FROM answers WHERE number = ?1";
    c.row(sql, params![number], |r| r.get(0))
}

impl<D: Database> ReadAnswers for D {
    fn answers(&self) -> Result<Vec<String>> {
        self.read(|c| c.rows("SELECT record FROM answers ORDER BY number", &[], |r| r.get(0)))
    }

    fn answer(&self, number: i64) -> Result<Option<String>> {
        self.read(|c| answer(c, number))
    }

    fn answer_versions(&self, number: Option<i64>) -> Result<Vec<AnswerVersion>> {
        self.read(|c| {
            let sql = "SELECT number, version, at, who, done, record FROM answer_versions
                       WHERE number = ?1 OR ?1 IS NULL ORDER BY number, version";
            c.rows(sql, params![number], |r| {
                Ok(AnswerVersion {
                    number: r.get(0)?,
                    version: r.get(1)?,
                    at: instant(r.get(2)?),
                    who: r.get(3)?,
                    done: r.get(4)?,
                    record: r.get(5)?,
                })
            })
        })
    }
}

impl WriteAnswers for Write<'_> {
    fn next_answer_number(&self) -> Result<i64> {
        let sql = "SELECT COALESCE(MAX(number), 0) + 1 FROM answers";
        self.tx.value(sql, &[])
    }

    fn answer_now(&self, number: i64) -> Result<Option<String>> {
        answer(self.tx, number)
    }

    fn put_answer(&self, version: &AnswerVersion) -> Result<()> {
        let AnswerVersion { number, version, at, who, done, record } = version;
        self.tx.execute(
            "INSERT INTO answer_versions (number, version, at, who, done, record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![number, version, millis(*at), who, done, record],
        )?;
        self.tx.execute(
            "INSERT INTO answers (number, version, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (number) DO UPDATE SET version = ?2, record = ?3",
            params![number, version, record],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lab;

    #[test]
    fn a_version_is_written_once_and_nothing_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = lab::open(dir.path());
        let row = |number, version, record: &str| AnswerVersion {
            number,
            version,
            at: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
            who: "陆".to_owned(),
            done: "write".to_owned(),
            record: record.to_owned(),
        };
        let put = |row: &AnswerVersion| store.write(&mut |write| write.put_answer(row));
        let mut numbers = Vec::new();
        for record in ["{\"a\":1}", "{\"b\":1}"] {
            store
                .write(&mut |write| {
                    let number = write.next_answer_number()?;
                    numbers.push(number);
                    write.put_answer(&row(number, 1, record))
                })
                .unwrap();
        }
        assert_eq!(numbers, [1, 2]);
        put(&row(1, 2, "{\"a\":2}")).unwrap();
        put(&row(1, 2, "{\"a\":3}")).unwrap_err();
        assert_eq!(store.answers().unwrap(), ["{\"a\":2}", "{\"b\":1}"]);
        assert_eq!(store.answer(1).unwrap().unwrap(), "{\"a\":2}");
        assert_eq!(store.answer_versions(Some(1)).unwrap().len(), 2);
        assert_eq!(store.answer_versions(None).unwrap().len(), 3);
        for sql in [
            "UPDATE answer_versions SET who = 'x'",
            "DELETE FROM answer_versions",
            "DELETE FROM answers",
        ] {
            assert!(lab::meddle(dir.path(), sql).is_err(), "{sql}");
        }
    }
}
