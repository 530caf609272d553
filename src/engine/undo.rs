//! An import taken back as a whole: what it brought goes, as if the file had never been read.
//!
//! In: the number of an import. Out: how many posts went; they leave the store with their hits and stories, and
//! the index by the change log. Posts that were there before the import, or were brought by another source
//! since, are not touched. A file that was taken back may be imported again.

use chrono::{DateTime, Utc};

use super::station::Station;
use crate::store::{Import, Store};

/// Posts deleted in one transaction.
const AT_ONCE: usize = 500;

/// Imports looked through for a number.
const MOST_IMPORTS: usize = 100_000;

/// The import of this number.
///
/// # Errors
/// Those of the store.
pub fn import_of(store: &dyn Store, number: i64) -> anyhow::Result<Option<Import>> {
    Ok(store.imports(MOST_IMPORTS)?.into_iter().find(|import| import.id == number))
}

/// Takes back `import`; answers how many posts went.
///
/// # Errors
/// Those of the store; what was deleted before stays deleted, and undoing again goes on from there.
pub fn undo(station: &Station, import: &Import, now: DateTime<Utc>) -> anyhow::Result<u64> {
    let store = &*station.store;
    let mut gone = 0;
    loop {
        let ids = store.import_posts(import.id, AT_ONCE)?;
        if ids.is_empty() {
            break;
        }
        store.write(&mut |write| {
            for id in &ids {
                write.delete_post(*id)?;
            }
            write.audit(now, "undo", &import.id.to_string(), &format!("{} posts", ids.len()))
        })?;
        gone += ids.len() as u64;
    }
    store.write(&mut |write| write.mark_import_undone(import.id, now))?;
    store.forget_deleted()?;
    if let Some(shared) = station.shared() {
        shared.nudge.nudge();
    }
    Ok(gone)
}
