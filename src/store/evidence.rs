//! Which records of the evidence files hold a post as it was served, and whether it is still served.
//!
//! In: places of records that are on disk already. Out: rows. It holds no byte of a page and reads no file;
//! what lies in the files is `evidence`'s business. A row is written in the transaction of its post, so that
//! no post refers to a record that is not there.

use chrono::{DateTime, Utc};
use pipelines::crawl::warc::Location;
use pipelines::record::PostId;
use serde::{Deserialize, Serialize};

use super::sql::{Database, Row, Sql, Write, params};
use super::values::{instant, millis};
use super::{Result, StoreError};

/// What a record is to a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The page the post was read from.
    Page,
    /// A page that continues it.
    Part,
    /// The feed or answer the post came in as an item.
    Entry,
}

impl Role {
    /// The name stored, shown in manifests, and used in locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Part => "part",
            Self::Entry => "entry",
        }
    }

    fn parse(name: &str) -> Result<Self> {
        [Self::Page, Self::Part, Self::Entry].into_iter().find(|role| role.as_str() == name).ok_or(
            StoreError::Corrupt {
                what: "role of evidence".to_owned(),
                cause: format!("`{name}` is none"),
            },
        )
    }
}

/// A record of evidence: where it lies and what was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRecord {
    /// Where it lies.
    pub place: Location,
    /// The address after redirects.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// SHA-256 of the body, in hex.
    pub payload: String,
    /// When the answer was complete.
    pub fetched_at: DateTime<Utc>,
}

/// A record as one post refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// What it is to the post.
    pub role: Role,
    /// The step that brought it; the parts of one reading share it.
    pub seen_at: DateTime<Utc>,
    /// The record.
    pub record: EvidenceRecord,
}

/// A record as its file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiledRecord {
    /// Row number.
    pub id: i64,
    /// Where it lies.
    pub place: Location,
    /// When the answer was complete.
    pub fetched_at: DateTime<Utc>,
    /// Whether a stored post refers to it.
    pub has_post: bool,
}

/// A file of evidence as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileStanding {
    /// Its name.
    pub file: String,
    /// Records in it whose time is over, or whose post is not stored.
    pub over: u64,
}

/// What became of a post's page since it was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// When another content was last seen under its address.
    pub edited: Option<DateTime<Utc>>,
    /// Since when its address answers 404 or 410; none while it is served.
    pub gone: Option<DateTime<Utc>>,
}

/// What decides whether a reading of a page is worth a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the page was gone when last asked for.
    pub is_gone: bool,
    /// Whether any record is kept of it.
    pub has_evidence: bool,
}

/// Evidence as readers of the store see it.
pub trait ReadEvidence {
    /// What became of a post's page; no marks for a post that is not stored.
    fn marks(&self, id: PostId) -> Result<Marks>;
    /// What decides whether a reading of this post is worth a record; none where it is not stored.
    fn standing(&self, id: PostId) -> Result<Option<Standing>>;
    /// The evidence of a post, oldest first, the parts of a reading in their order.
    fn evidence(&self, id: PostId) -> Result<Vec<Exhibit>>;
    /// The records of one evidence file, in the order they lie there.
    fn filed_records(&self, file: &str) -> Result<Vec<FiledRecord>>;
    /// The files that hold records, from `first` to `last` by name, and how many are over: fetched before `before`
    /// (none: no date) or of no stored post.
    fn filed(
        &self,
        first: &str,
        last: &str,
        before: Option<DateTime<Utc>>,
    ) -> Result<Vec<FileStanding>>;
    /// Bytes of all records.
    fn filed_bytes(&self) -> Result<u64>;
}

/// Evidence as a transaction writes it.
pub trait WriteEvidence {
    /// Notes a record that is on disk for those of `posts` that are stored. Answers how many those are; where
    /// there are none, nothing is noted.
    fn put_evidence(
        &self,
        record: &EvidenceRecord,
        role: Role,
        posts: &[PostId],
        now: DateTime<Utc>,
    ) -> Result<usize>;
    /// A record lies elsewhere now.
    fn move_record(&self, id: i64, place: &Location) -> Result<()>;
    /// A record is to be forgotten, and that posts refer to it.
    fn drop_record(&self, id: i64) -> Result<()>;
    /// An address answers 404 or 410: the post it led to, or the one that stands under it, is gone. Answers whether
    /// that is new.
    fn mark_gone(&self, url: &str, now: DateTime<Utc>) -> Result<bool>;
    /// An address answers with a page, of the post `led_to` where it was read. Answers whether that was gone before.
    fn mark_served(&self, url: &str, led_to: Option<PostId>) -> Result<bool>;
}

impl<D: Database> ReadEvidence for D {
    fn marks(&self, id: PostId) -> Result<Marks> {
        self.read(|c| marks(c, id))
    }

    fn standing(&self, id: PostId) -> Result<Option<Standing>> {
        self.read(|c| standing(c, id))
    }

    fn evidence(&self, id: PostId) -> Result<Vec<Exhibit>> {
        self.read(|c| of_post(c, id))
    }

    fn filed_records(&self, file: &str) -> Result<Vec<FiledRecord>> {
        self.read(|c| of_file(c, file))
    }

    fn filed(
        &self,
        first: &str,
        last: &str,
        before: Option<DateTime<Utc>>,
    ) -> Result<Vec<FileStanding>> {
        self.read(|c| of_files(c, (first, last), before))
    }

    fn filed_bytes(&self) -> Result<u64> {
        let sql = "SELECT CAST(COALESCE(SUM(length), 0) AS BIGINT) FROM records";
        self.read(|c| Ok(c.value::<i64>(sql, params![])?.cast_unsigned()))
    }
}

impl WriteEvidence for Write<'_> {
    fn put_evidence(
        &self,
        record: &EvidenceRecord,
        role: Role,
        posts: &[PostId],
        now: DateTime<Utc>,
    ) -> Result<usize> {
        put(self.tx, record, role, posts, now)
    }

    fn move_record(&self, id: i64, place: &Location) -> Result<()> {
        shift(self.tx, id, place)
    }

    fn drop_record(&self, id: i64) -> Result<()> {
        drop_record(self.tx, id)
    }

    fn mark_gone(&self, url: &str, now: DateTime<Utc>) -> Result<bool> {
        mark_gone(self.tx, url, now)
    }

    fn mark_served(&self, url: &str, led_to: Option<PostId>) -> Result<bool> {
        mark_served(self.tx, url, led_to)
    }
}

fn place(row: &Row<'_>, from: usize) -> Result<Location> {
    Ok(Location {
        file: row.get(from)?,
        offset: row.get::<i64>(from + 1)?.cast_unsigned(),
        length: row.get::<i64>(from + 2)?.cast_unsigned(),
        sha256: row.get(from + 3)?,
    })
}

fn put(
    c: &dyn Sql,
    record: &EvidenceRecord,
    role: Role,
    posts: &[PostId],
    now: DateTime<Utc>,
) -> Result<usize> {
    let mut stored = Vec::new();
    for post in posts {
        if c.exists("SELECT 1 FROM posts WHERE id = ?1", params![post.0.cast_signed()])? {
            stored.push(post);
        }
    }
    if stored.is_empty() {
        return Ok(0);
    }
    let id: i64 = c.value(
        "INSERT INTO records (file, \"offset\", length, sha256, url, status, payload, fetched)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        params![
            record.place.file,
            record.place.offset.cast_signed(),
            record.place.length.cast_signed(),
            record.place.sha256,
            record.url,
            record.status,
            record.payload,
            millis(record.fetched_at),
        ],
    )?;
    let exhibit = "INSERT INTO exhibits (post, record, role, seen) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (post, record) DO NOTHING";
    for post in &stored {
        c.execute(exhibit, params![post.0.cast_signed(), id, role.as_str(), millis(now)])?;
    }
    Ok(stored.len())
}

fn of_post(c: &dyn Sql, post: PostId) -> Result<Vec<Exhibit>> {
    let sql = "SELECT r.file, r.offset, r.length, r.sha256, r.url, r.status, r.payload, r.fetched, e.role, e.seen
         FROM exhibits e JOIN records r ON r.id = e.record WHERE e.post = ?1 ORDER BY e.seen, r.id";
    c.rows(sql, params![post.0.cast_signed()], |row| {
        let record = EvidenceRecord {
            place: place(row, 0)?,
            url: row.get(4)?,
            status: row.get(5)?,
            payload: row.get(6)?,
            fetched_at: instant(row.get(7)?),
        };
        let role = Role::parse(&row.get::<String>(8)?)?;
        Ok(Exhibit { role, seen_at: instant(row.get(9)?), record })
    })
}

fn of_file(c: &dyn Sql, file: &str) -> Result<Vec<FiledRecord>> {
    let sql = "SELECT file, \"offset\", length, sha256, id, fetched,
           EXISTS (SELECT 1 FROM exhibits e JOIN posts p ON p.id = e.post WHERE e.record = records.id)
         FROM records WHERE file = ?1 ORDER BY \"offset\"";
    c.rows(sql, params![file], |row| {
        Ok(FiledRecord {
            place: place(row, 0)?,
            id: row.get(4)?,
            fetched_at: instant(row.get(5)?),
            has_post: row.get(6)?,
        })
    })
}

fn of_files(
    c: &dyn Sql,
    (first, last): (&str, &str),
    before: Option<DateTime<Utc>>,
) -> Result<Vec<FileStanding>> {
    let sql = "SELECT file, CAST(SUM(CASE WHEN fetched < ?3 THEN 1
             WHEN EXISTS (SELECT 1 FROM exhibits e JOIN posts p ON p.id = e.post WHERE e.record = records.id) THEN 0
             ELSE 1 END) AS BIGINT)
         FROM records WHERE file >= ?1 AND file <= ?2 GROUP BY file ORDER BY file";
    c.rows(sql, params![first, last, before.map_or(i64::MIN, millis)], |row| {
        Ok(FileStanding { file: row.get(0)?, over: row.get::<i64>(1)?.cast_unsigned() })
    })
}

fn shift(c: &dyn Sql, id: i64, place: &Location) -> Result<()> {
    c.execute(
        "UPDATE records SET file = ?2, \"offset\" = ?3, length = ?4 WHERE id = ?1",
        params![id, place.file, place.offset.cast_signed(), place.length.cast_signed()],
    )?;
    Ok(())
}

fn drop_record(c: &dyn Sql, id: i64) -> Result<()> {
    c.execute("DELETE FROM records WHERE id = ?1", params![id])?;
    Ok(())
}

fn standing(c: &dyn Sql, post: PostId) -> Result<Option<Standing>> {
    let sql = "SELECT gone IS NOT NULL, EXISTS (SELECT 1 FROM exhibits WHERE post = posts.id)
               FROM posts WHERE id = ?1";
    c.row(sql, params![post.0.cast_signed()], |r| {
        Ok(Standing { is_gone: r.get(0)?, has_evidence: r.get(1)? })
    })
}

fn marks(c: &dyn Sql, post: PostId) -> Result<Marks> {
    let sql = "SELECT edited, gone FROM posts WHERE id = ?1";
    let marks = c.row(sql, params![post.0.cast_signed()], |r| {
        let at = |n| Ok::<_, StoreError>(r.get::<Option<i64>>(n)?.map(instant));
        Ok(Marks { edited: at(0)?, gone: at(1)? })
    })?;
    Ok(marks.unwrap_or_default())
}

/// The post a page was read into, by its address: a redirect may have led elsewhere.
fn behind(c: &dyn Sql, url: &str) -> Result<Option<i64>> {
    c.value("SELECT COALESCE((SELECT post FROM frontier WHERE url = ?1), (SELECT id FROM posts WHERE url = ?1))", params![url])
}

/// The first time it was found gone stands until it is served again.
fn mark_gone(c: &dyn Sql, url: &str, now: DateTime<Utc>) -> Result<bool> {
    let changed = c.execute(
        "UPDATE posts SET gone = ?2 WHERE id = ?1 AND gone IS NULL",
        params![behind(c, url)?, millis(now)],
    )?;
    Ok(changed > 0)
}

fn mark_served(c: &dyn Sql, url: &str, led_to: Option<PostId>) -> Result<bool> {
    if let Some(post) = led_to {
        // A page that leads to a post of another source says nothing of that post's own address.
        c.execute(
            "UPDATE frontier SET post = ?2 WHERE url = ?1
             AND EXISTS (SELECT 1 FROM posts WHERE id = ?2 AND source = frontier.source)",
            params![url, post.0.cast_signed()],
        )?;
    }
    let changed = c.execute(
        "UPDATE posts SET gone = NULL WHERE id = ?1 AND gone IS NOT NULL",
        params![behind(c, url)?],
    )?;
    Ok(changed > 0)
}
