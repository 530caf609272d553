//! What was told by several sources, and what one source published: reads for reports.
//!
//! In: spans of time, a source. Out: stories and posts. It reads whole posts of one source only; stories are counted by
//! their columns, so that a month of many posts costs no more than a walk over them.

use pipelines::record::{AnnotatedPost, PostId, SourceId, StoryId};

use super::posts::{COLUMNS, read_post};
use super::sql::{Database, params};
use super::values::millis;
use super::{PostRange, Result};

/// Posts by how far they spread, and by source.
pub trait ReadSpread {
    /// Stories of the range that at least `least` sources told, those of most sources first, at most `limit`.
    fn widely_told(&self, range: &PostRange, least: u32, limit: usize) -> Result<Vec<StoryId>>;
    /// Posts of `source` in the range, newest first, at most `limit`.
    fn posts_of(
        &self,
        source: &SourceId,
        range: &PostRange,
        limit: usize,
    ) -> Result<Vec<AnnotatedPost>>;
}

fn bounds(range: &PostRange) -> (i64, i64) {
    (range.from.map_or(i64::MIN, millis), range.until.map_or(i64::MAX, millis))
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl<D: Database> ReadSpread for D {
    fn widely_told(&self, range: &PostRange, least: u32, limit: usize) -> Result<Vec<StoryId>> {
        let (from, until) = bounds(range);
        self.read(|c| {
            let sql = "SELECT story FROM posts WHERE time >= ?1 AND time < ?2 GROUP BY story
                       HAVING COUNT(DISTINCT source) >= ?3
                       ORDER BY COUNT(DISTINCT source) DESC, COUNT(*) DESC, story LIMIT ?4";
            c.rows(sql, params![from, until, least, count(limit)], |r| {
                Ok(StoryId(PostId(r.get::<i64>(0)?.cast_unsigned())))
            })
        })
    }

    fn posts_of(
        &self,
        source: &SourceId,
        range: &PostRange,
        limit: usize,
    ) -> Result<Vec<AnnotatedPost>> {
        let (from, until) = bounds(range);
        self.read(|c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM posts WHERE source = ?1 AND time >= ?2 AND time < ?3
                 ORDER BY time DESC, id LIMIT ?4"
            );
            c.rows(&sql, params![source.as_str(), from, until, count(limit)], read_post)
        })
    }
}
