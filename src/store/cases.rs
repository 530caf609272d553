//! Cases and the log of their steps: one chain, each line with the hash of the line before.
//!
//! In: a number, JSON as the machine makes it, what a case is about. Out: rows. A number is drawn, a step logged and the
//! case put within one transaction, and only where the case is as the step expected it. Nothing here is ever rewritten or
//! deleted: the schema refuses. It knows nothing of states and steps.

use chrono::{DateTime, Utc};
use pipelines::record::{PostId, StoryId};
use pipelines::text::hex;
use sha2::{Digest, Sha256};

use super::sql::{Database, Row, Sql, Write, params};
use super::values::{instant, millis};
use super::{Result, changes};

/// What stands before the first line of the log.
const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A case as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// Its number.
    pub number: String,
    /// Events it has.
    pub version: u64,
    /// Its state.
    pub state: String,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// The case as JSON.
    pub record: String,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLine {
    /// Its place in the chain.
    pub id: i64,
    /// The case.
    pub number: String,
    /// Which of the case's lines it is, from 1.
    pub seq: u64,
    /// The event as JSON.
    pub body: String,
    /// The hash of the line before.
    pub before: String,
    /// Its own.
    pub hash: String,
}

impl CaseLine {
    /// The hash that its contents have.
    #[must_use]
    pub fn reckoned(&self) -> String {
        reckoned(&self.before, &self.number, &self.body)
    }

    /// What stands before the first line.
    #[must_use]
    pub fn nothing() -> &'static str {
        NOTHING
    }
}

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseLink {
    /// A post.
    Post(PostId),
    /// A happening.
    Story(StoryId),
    /// An alert.
    Alert(i64),
}

impl CaseLink {
    fn parts(self) -> (&'static str, i64) {
        match self {
            Self::Post(id) => ("post", id.0.cast_signed()),
            Self::Story(id) => ("story", id.0.0.cast_signed()),
            Self::Alert(id) => ("alert", id),
        }
    }
}

/// Cases as readers see them.
pub trait ReadCases {
    /// One case.
    fn case(&self, number: &str) -> Result<Option<CaseRow>>;
    /// All cases, latest opened first.
    fn cases(&self) -> Result<Vec<CaseRow>>;
    /// The log of one case, or of all, oldest first.
    fn case_log(&self, number: Option<&str>) -> Result<Vec<CaseLine>>;
    /// What a case is about.
    fn case_links(&self, number: &str) -> Result<Vec<CaseLink>>;
    /// The cases that are about it, latest first.
    fn cases_about(&self, link: CaseLink) -> Result<Vec<String>>;
}

/// What a transaction does to cases.
pub trait WriteCases {
    /// The next number of `year`.
    fn next_case_number(&self, year: i32) -> Result<String>;
    /// One case, as this transaction sees it.
    fn case_now(&self, number: &str) -> Result<Option<CaseRow>>;
    /// Logs a step and puts the case as it is after it; answers the hash of the line.
    fn put_case(&self, case: &CaseRow, body: &str) -> Result<String>;
    /// Notes what a case is about; the index hears of the posts.
    fn link_case(&self, number: &str, link: CaseLink) -> Result<()>;
    /// The cases that are about it, as this transaction sees them.
    fn cases_about_now(&self, link: CaseLink) -> Result<Vec<String>>;
}

fn reckoned(before: &str, number: &str, body: &str) -> String {
    hex(&Sha256::digest(format!("{before}\n{number}\n{body}")))
}

fn row_of(r: &Row) -> Result<CaseRow> {
    Ok(CaseRow {
        number: r.get(0)?,
        version: r.get::<i64>(1)?.cast_unsigned(),
        state: r.get(2)?,
        opened: instant(r.get(3)?),
        updated: instant(r.get(4)?),
        record: r.get(5)?,
    })
}

const CASE: &str = "SELECT number, version, state, opened, updated, record FROM cases";

fn case(c: &dyn Sql, number: &str) -> Result<Option<CaseRow>> {
    let sql = format!("{CASE} WHERE number = ?1");
    c.row(&sql, params![number], row_of)
}

fn about(c: &dyn Sql, link: CaseLink) -> Result<Vec<String>> {
    let (kind, target) = link.parts();
    let sql = "SELECT number FROM case_links WHERE kind = ?1 AND target = ?2 ORDER BY number DESC";
    c.rows(sql, params![kind, target], |r| r.get(0))
}

impl<D: Database> ReadCases for D {
    fn case(&self, number: &str) -> Result<Option<CaseRow>> {
        self.read(|c| case(c, number))
    }

    fn cases(&self) -> Result<Vec<CaseRow>> {
        self.read(|c| c.rows(&format!("{CASE} ORDER BY opened DESC, number DESC"), &[], row_of))
    }

    fn case_log(&self, number: Option<&str>) -> Result<Vec<CaseLine>> {
        self.read(|c| {
            let sql = "SELECT id, number, seq, body, before, hash FROM case_events
                       WHERE number = ?1 OR ?1 IS NULL ORDER BY id";
            c.rows(sql, params![number], |r| {
                Ok(CaseLine {
                    id: r.get(0)?,
                    number: r.get(1)?,
                    seq: r.get::<i64>(2)?.cast_unsigned(),
                    body: r.get(3)?,
                    before: r.get(4)?,
                    hash: r.get(5)?,
                })
            })
        })
    }

    fn case_links(&self, number: &str) -> Result<Vec<CaseLink>> {
        self.read(|c| {
            let sql = "SELECT kind, target FROM case_links WHERE number = ?1 ORDER BY kind, target";
            c.rows(sql, params![number], |r| {
                let (kind, target): (String, i64) = (r.get(0)?, r.get(1)?);
                let post = PostId(target.cast_unsigned());
                Ok(match kind.as_str() {
                    "post" => CaseLink::Post(post),
                    "story" => CaseLink::Story(StoryId(post)),
                    _ => CaseLink::Alert(target),
                })
            })
        })
    }

    fn cases_about(&self, link: CaseLink) -> Result<Vec<String>> {
        self.read(|c| about(c, link))
    }
}

impl WriteCases for Write<'_> {
    fn next_case_number(&self, year: i32) -> Result<String> {
        let sql = "SELECT COALESCE(MAX(CAST(substr(number, 6) AS BIGINT)), 0) FROM cases WHERE substr(number, 1, 5) = ?1";
        let last: i64 = self.tx.value(sql, params![format!("{year:04}-")])?;
        Ok(format!("{year:04}-{:04}", last + 1))
    }

    fn case_now(&self, number: &str) -> Result<Option<CaseRow>> {
        case(self.tx, number)
    }

    fn put_case(&self, case: &CaseRow, body: &str) -> Result<String> {
        let last = "SELECT hash FROM case_events ORDER BY id DESC LIMIT 1";
        let before = self.tx.row(last, &[], |r| r.get::<String>(0))?;
        let before = before.unwrap_or_else(|| NOTHING.to_owned());
        let hash = reckoned(&before, &case.number, body);
        let (version, opened, updated) =
            (case.version.cast_signed(), millis(case.opened), millis(case.updated));
        self.tx.execute(
            "INSERT INTO case_events (number, seq, body, before, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![case.number, version, body, before, hash],
        )?;
        self.tx.execute(
            "INSERT INTO cases (number, version, state, opened, updated, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (number) DO UPDATE SET version = ?2, state = ?3, updated = ?5, record = ?6",
            params![case.number, version, case.state, opened, updated, case.record],
        )?;
        Ok(hash)
    }

    fn link_case(&self, number: &str, link: CaseLink) -> Result<()> {
        let (kind, target) = link.parts();
        let sql = "INSERT INTO case_links (number, kind, target) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let is_new = self.tx.execute(sql, params![number, kind, target])? > 0;
        match link {
            CaseLink::Post(id) if is_new => changes::note(self.tx, id),
            _ => Ok(()),
        }
    }

    fn cases_about_now(&self, link: CaseLink) -> Result<Vec<String>> {
        about(self.tx, link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::lab;

    fn row(number: &str, version: u64) -> CaseRow {
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let (opened, updated) = (at, at);
        let record = "{}".to_owned();
        CaseRow {
            number: number.to_owned(),
            version,
            state: "new".to_owned(),
            opened,
            updated,
            record,
        }
    }

    #[test]
    fn numbers_count_by_year_and_lines_make_one_chain_that_nobody_rewrites() {
        let dir = tempfile::tempdir().unwrap();
        let store = lab::open(dir.path());
        let mut numbers = Vec::new();
        for year in [2026, 2026, 2027] {
            store
                .write(&mut |write| {
                    let number = write.next_case_number(year)?;
                    write.put_case(&row(&number, 1), "{\"a\":1}")?;
                    numbers.push(number);
                    Ok(())
                })
                .unwrap();
        }
        assert_eq!(numbers, ["2026-0001", "2026-0002", "2027-0001"]);
        store.write(&mut |write| write.put_case(&row("2026-0001", 2), "{}").map(drop)).unwrap();
        // The same step twice is refused as a whole.
        store.write(&mut |write| write.put_case(&row("2026-0001", 2), "{}").map(drop)).unwrap_err();
        let lines = store.case_log(None).unwrap();
        assert_eq!(lines.len(), 4);
        let mut before = CaseLine::nothing().to_owned();
        for line in &lines {
            assert_eq!((&line.before, &line.hash), (&before, &line.reckoned()));
            before.clone_from(&line.hash);
        }
        for sql in
            ["UPDATE case_events SET body = 'x'", "DELETE FROM case_events", "DELETE FROM cases"]
        {
            assert!(lab::meddle(dir.path(), sql).is_err(), "{sql}");
        }
    }
}
