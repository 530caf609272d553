//! Since when each rare word is known: the time of the first post that had it.
//!
//! In: words with the time of their post. Out: the earliest time of each. A word stays known when its posts are
//! purged: what was said before is not new.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Result;
use super::sql::{Sql, params};
use super::values::{instant, millis};

pub(super) fn note(c: &dyn Sql, terms: &[String], at: DateTime<Utc>) -> Result<()> {
    let sql = "INSERT INTO terms (term, first_seen) VALUES (?1, ?2)
         ON CONFLICT (term) DO UPDATE SET first_seen = excluded.first_seen
         WHERE excluded.first_seen < terms.first_seen";
    for term in terms {
        c.execute(sql, params![term, millis(at)])?;
    }
    Ok(())
}

pub(super) fn first_seen(c: &dyn Sql, terms: &[&str]) -> Result<BTreeMap<String, DateTime<Utc>>> {
    let sql = "SELECT first_seen FROM terms WHERE term = ?1";
    let mut known = BTreeMap::new();
    for term in terms {
        let at: Option<i64> = c.row(sql, params![term], |r| r.get(0))?;
        if let Some(at) = at {
            known.insert((*term).to_owned(), instant(at));
        }
    }
    Ok(known)
}
