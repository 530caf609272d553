//! Since when each rare word is known: the time of the first post that had it.
//!
//! In: words with the time of their post. Out: the earliest time of each. A word stays known when its posts are
//! purged: what was said before is not new.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Result;
use super::sql::{Sql, ToCell, places};
use super::values::{instant, millis};

/// Words asked for or noted in one statement.
const AT_ONCE: usize = 32;

pub(super) fn note(c: &dyn Sql, terms: &BTreeMap<String, DateTime<Utc>>) -> Result<()> {
    let terms: Vec<_> = terms.iter().map(|(term, at)| (term, millis(*at))).collect();
    for some in terms.chunks(AT_ONCE) {
        let rows: Vec<_> = (0..some.len()).map(|n| format!("({})", places(2 * n + 1, 2))).collect();
        let sql = format!(
            "INSERT INTO terms (term, first_seen) VALUES {}
             ON CONFLICT (term) DO UPDATE SET first_seen = excluded.first_seen
             WHERE excluded.first_seen < terms.first_seen",
            rows.join(", ")
        );
        let values: Vec<_> = some.iter().flat_map(|(term, at)| [term.cell(), at.cell()]).collect();
        c.execute(&sql, &values)?;
    }
    Ok(())
}

pub(super) fn first_seen(c: &dyn Sql, terms: &[&str]) -> Result<BTreeMap<String, DateTime<Utc>>> {
    let mut known = BTreeMap::new();
    for some in terms.chunks(AT_ONCE) {
        let places = places(1, some.len());
        let sql = format!("SELECT term, first_seen FROM terms WHERE term IN ({places})");
        let values: Vec<_> = some.iter().map(ToCell::cell).collect();
        known.extend(c.rows(&sql, &values, |row| Ok((row.get(0)?, instant(row.get(1)?))))?);
    }
    Ok(known)
}
